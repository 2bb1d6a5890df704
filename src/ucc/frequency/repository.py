"""A level's own rules of frequency, and those above that bind it."""

from __future__ import annotations

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from ucc.db.scope import Scoped, TenantKind
from ucc.errors import NotFound, RuleTooLoose
from ucc.frequency.models import FrequencyRule
from ucc.frequency.schemas import FrequencyRules, FrequencyRuleView, RuleAbove, Subject
from ucc.frequency.service import SHIPPED


async def list_rules(scoped: Scoped) -> FrequencyRules:
    rows = list(
        await scoped.session.scalars(select(FrequencyRule).order_by(FrequencyRule.subject, FrequencyRule.window_s))
    )
    items = [FrequencyRuleView.model_validate(row, from_attributes=True) for row in rows]
    return FrequencyRules(items=items, above=await _list_above(scoped, items))


async def set_rule(scoped: Scoped, subject: Subject, window_s: int, most: int | None) -> None:
    """Raises RuleTooLoose when a level above allows less: a looser rule would never act."""
    if scoped.scope.kind is not TenantKind.OPERATOR:
        tightest = min(
            (
                rule.most
                for rule in await _list_above(scoped, [])
                if (rule.subject, rule.window_s) == (subject, window_s) and rule.most is not None
            ),
            default=None,
        )
        if most is None or (tightest is not None and most > tightest):
            raise RuleTooLoose
    values = {"tenant_id": scoped.scope.tenant_id, "subject": subject, "window_s": window_s}
    row = upsert(FrequencyRule).values(**values, most=most)
    await scoped.session.execute(row.on_conflict_do_update(index_elements=list(values), set_={"most": most}))


async def delete_rule(scoped: Scoped, subject: Subject, window_s: int) -> None:
    """Raises NotFound."""
    deleted = await scoped.session.scalar(
        delete(FrequencyRule)
        .where(FrequencyRule.subject == subject, FrequencyRule.window_s == window_s)
        .returning(FrequencyRule.id)
    )
    if deleted is None:
        raise NotFound


async def _list_above(scoped: Scoped, own: list[FrequencyRuleView]) -> list[RuleAbove]:
    rows = await scoped.session.execute(
        text("SELECT * FROM list_frequency_rules_above() ORDER BY depth DESC, subject, window_s")
    )
    above = [
        RuleAbove(level=row.tenant_kind, subject=row.subject, window_s=row.window_s, most=row.most) for row in rows
    ]
    is_operator = scoped.scope.kind is TenantKind.OPERATOR
    said = {
        (rule.subject, rule.window_s)
        for rule in (own if is_operator else [rule for rule in above if rule.level is TenantKind.OPERATOR])
    }
    shipped = [
        RuleAbove(level=TenantKind.OPERATOR, subject=subject, window_s=window_s, most=most)
        for subject, window_s, most in SHIPPED
        if (subject, window_s) not in said
    ]
    return shipped + [rule for rule in above if rule.most is not None]
