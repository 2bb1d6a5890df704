"""Limits and alerts that a scope may see."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ucc.credit.models import HOME_ONLY, Alert, SpendRule, TenantSpend
from ucc.credit.schemas import AlertFilter, AlertList, AlertView, SpendRuleBody, SpendRuleView
from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.kit.money import format_yuan, parse_yuan
from ucc.tenant.models import Tenant

AMOUNTS = ("hourly", "daily", "low_balance", "suspend_below")


async def show_rule(scoped: Scoped, tenant_id: int) -> SpendRuleView:
    """Raises NotFound for a tenant out of sight."""
    session = scoped.session
    if await session.get(Tenant, tenant_id) is None:
        raise NotFound
    found = await session.scalars(
        select(SpendRule).where(SpendRule.tenant_id == tenant_id).execution_options(populate_existing=True)
    )
    rule, spend = found.one_or_none(), await session.get(TenantSpend, tenant_id)
    amounts = {name: getattr(rule, f"{name}_micros") if rule is not None else None for name in AMOUNTS}
    hour, day = (spend.hour_micros, spend.day_micros) if spend is not None else (0, 0)
    return SpendRuleView(
        tenant_id=tenant_id,
        is_default=rule is None,
        calls_per_second=rule.calls_per_second if rule is not None else None,
        destinations=list(rule.destinations if rule is not None else HOME_ONLY),
        spent_hour=format_yuan(hour),
        spent_hour_micros=hour,
        spent_day=format_yuan(day),
        spent_day_micros=day,
        counted_at=spend.counted_at if spend is not None else None,
        **{name: None if micros is None else format_yuan(micros) for name, micros in amounts.items()},
    )


async def store_rule(scoped: Scoped, tenant_id: int, body: SpendRuleBody) -> None:
    """In place of the limits before."""
    values: dict[str, object] = {
        "calls_per_second": body.calls_per_second,
        "destinations": sorted({*body.destinations}),
    }
    for name in AMOUNTS:
        amount: str | None = getattr(body, name)
        values[f"{name}_micros"] = None if amount is None else parse_yuan(amount)
    row = insert(SpendRule).values(tenant_id=tenant_id, **values)
    await scoped.session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_=values))


async def list_alerts(scoped: Scoped, wanted: AlertFilter) -> AlertList:
    """The newest first; row-level security leaves the own tenant's and those below."""
    query = select(Alert, Tenant.code, Tenant.name).join(Tenant, Tenant.id == Alert.tenant_id)
    if wanted.tenant_id is not None:
        query = query.where(Alert.tenant_id == wanted.tenant_id)
    if wanted.kind is not None:
        query = query.where(Alert.kind == wanted.kind)
    if wanted.is_open is not None:
        query = query.where(Alert.ended_at.is_(None) if wanted.is_open else Alert.ended_at.is_not(None))
    if wanted.before_id is not None:
        query = query.where(Alert.id < wanted.before_id)
    rows = (await scoped.session.execute(query.order_by(Alert.id.desc()).limit(wanted.limit + 1))).all()
    items = [_show(*row) for row in rows[: wanted.limit]]
    open_count = await scoped.session.scalar(select(func.count()).select_from(Alert).where(Alert.ended_at.is_(None)))
    next_before = items[-1].id if len(rows) > wanted.limit else None
    return AlertList(items=items, open_count=open_count or 0, next_before=next_before)


def _show(alert: Alert, code: str, name: str) -> AlertView:
    is_count = alert.kind == "ledger"
    return AlertView.model_validate(
        {
            "id": alert.id,
            "tenant_id": alert.tenant_id,
            "tenant_code": code,
            "tenant_name": name,
            "kind": alert.kind,
            "severity": alert.severity,
            "amount": str(alert.amount_micros) if is_count else format_yuan(alert.amount_micros),
            "amount_micros": alert.amount_micros,
            "limit": format_yuan(alert.limit_micros),
            "limit_micros": alert.limit_micros,
            "raised_at": alert.raised_at,
            "ended_at": alert.ended_at,
        }
    )
