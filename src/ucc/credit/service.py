"""Lets calls in that every level can pay, and holds money ahead of them while they talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.config import get_settings
from ucc.credit.models import HOME_ONLY, SpendRule, TenantSpend
from ucc.credit.slices import MeteredLeg, paid_until, slice_ahead
from ucc.engine.limits import TENANT_CALLS_PER_SECOND
from ucc.engine.target import LimitKey
from ucc.errors import CallRefused
from ucc.ledger.models import Account
from ucc.ledger.reservation import NotCovered, hold, hold_more
from ucc.rating.price import NoRate, Service, Usage, cost_of
from ucc.rating.service import LevelPrice, price_chain
from ucc.tenant.service import Level

AHEAD_MS = 180_000
"""So far ahead of the talk every level holds what the call will have cost it."""
RENEW_MS = 75_000
"""What is held ahead is renewed when less than this is left: more than the minute of the warning tone."""
RETRY_MS = 5_000
"""A call whose end is in sight asks so often whether there is more money."""
FREE_MS = 60_000
"""A call that costs nobody with a limit anything asks so often whether that is still so."""


@dataclass(frozen=True, slots=True)
class FirstHold:
    """What the first increment of a call takes of each balance that has a limit, and how many may begin in a second."""

    amounts: Mapping[int, int]
    limits: tuple[LimitKey, ...] = ()


async def open_credit(session: AsyncSession, chain: Sequence[Level], usage: Usage) -> FirstHold:
    """Whether the call may be let in: what must be held for it then.

    Raises CallRefused: tenant_suspended, no_rate, country_not_allowed, hourly_spend_limit, daily_spend_limit,
    balance_exhausted.
    """
    if any(level.is_suspended for level in chain):
        raise CallRefused("tenant_suspended")
    if not get_settings().has_billing:
        return FirstHold({})
    try:
        prices = await price_chain(session, chain, usage)
    except NoRate:
        raise CallRefused("no_rate") from None
    first = {price.tenant_id: cost_of(price.rate, 1).amount_micros for price in prices}
    amounts: dict[int, int] = {}
    seconds: list[LimitKey] = []
    for tenant_id, account, rule, spend in await _load_purses(session, chain):
        is_outward = usage.service is not Service.INBOUND
        if is_outward and not usage.callee.startswith(tuple(rule.destinations if rule else HOME_ONLY)):
            raise CallRefused("country_not_allowed")
        if rule is not None:
            _require_spend(rule, spend, account.reserved_micros + first[tenant_id])
            if is_outward and rule.calls_per_second is not None:
                seconds.append(LimitKey(TENANT_CALLS_PER_SECOND, tenant_id, rule.calls_per_second))
        if account.limit_micros is not None:
            if account.balance_micros - account.reserved_micros + account.limit_micros < first[tenant_id]:
                raise CallRefused("balance_exhausted")
            if first[tenant_id]:
                amounts[account.id] = first[tenant_id]
    return FirstHold(amounts, tuple(seconds))


async def hold_first(session: AsyncSession, call_id: UUID, first: FirstHold) -> None:
    """Hold it, on top of what the call holds already; the last thing before the call is let in, as balances are locked
    until the end of the transaction. Raises CallRefused: balance_exhausted."""
    if first.amounts:
        try:
            await hold_more(session, call_id, first.amounts)
        except NotCovered:
            raise CallRefused("balance_exhausted") from None


async def _load_purses(
    session: AsyncSession, chain: Sequence[Level]
) -> list[tuple[int, Account, SpendRule | None, TenantSpend | None]]:
    """The balance of every level, and what limits it."""
    rows = await session.execute(
        select(Account, SpendRule, TenantSpend)
        .outerjoin(SpendRule, SpendRule.tenant_id == Account.tenant_id)
        .outerjoin(TenantSpend, TenantSpend.tenant_id == Account.tenant_id)
        .where(Account.tenant_id.in_([level.tenant_id for level in chain]), Account.kind == "balance")
        .order_by(Account.id)
    )
    return [(row[0].tenant_id, row[0], row[1], row[2]) for row in rows]


def _require_spend(rule: SpendRule, spend: TenantSpend | None, more_micros: int) -> None:
    """`more_micros`: what calls in progress hold, and this one."""
    hour, day = (spend.hour_micros, spend.day_micros) if spend is not None else (0, 0)
    if rule.hourly_micros is not None and hour + more_micros > rule.hourly_micros:
        raise CallRefused("hourly_spend_limit")
    if rule.daily_micros is not None and day + more_micros > rule.daily_micros:
        raise CallRefused("daily_spend_limit")


# --- while it talks ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TalkingLeg:
    """An answered leg to the outside, and what each level pays for it. `ended_ms` None: it goes on."""

    prices: Sequence[LevelPrice]
    answered_ms: int
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class Cover:
    """How far a call is paid. `until_ms` None: no end is in sight; else the first level's money ends there.
    `due_ms`: when to ask again."""

    until_ms: int | None
    due_ms: int


async def find_balances(session: AsyncSession, tenant_ids: Sequence[int]) -> dict[int, int]:
    """The id of each tenant's balance; it never changes."""
    wanted = select(Account.tenant_id, Account.id).where(Account.tenant_id.in_(tenant_ids), Account.kind == "balance")
    return {row[0]: row[1] for row in await session.execute(wanted)}


async def extend(
    session: AsyncSession, call_id: UUID, legs: Sequence[TalkingLeg], balances: Mapping[int, int], now_ms: int
) -> Cover:
    """Let every level hold what the call will have cost it a good while from now, or as much of that as it has.

    `balances`: account ids by tenant.
    """
    if not get_settings().has_billing:
        return Cover(None, now_ms + FREE_MS)
    ahead = {
        balances[tenant_id]: slice_ahead(_legs_of(legs, tenant_id), now_ms, now_ms + AHEAD_MS)
        for tenant_id in {price.tenant_id for leg in legs for price in leg.prices}
    }
    wanted = {account_id: tuple(one.amount_micros for one in slices) for account_id, slices in ahead.items()}
    try:
        held = await hold(session, call_id, wanted)
    except NotCovered:
        return Cover(now_ms, now_ms + RETRY_MS)
    ends = [end for account_id in held if (end := paid_until(ahead[account_id], held[account_id])) is not None]
    if ends:
        return Cover(min(ends), now_ms + RETRY_MS)
    covered = [last for account_id in held if (last := ahead[account_id][-1].until_ms) is not None]
    return Cover(None, min([max(now_ms + RETRY_MS, last - RENEW_MS) for last in covered], default=now_ms + FREE_MS))


def _legs_of(legs: Sequence[TalkingLeg], tenant_id: int) -> list[MeteredLeg]:
    return [
        MeteredLeg(price.rate, leg.answered_ms, leg.ended_ms)
        for leg in legs
        for price in leg.prices
        if price.tenant_id == tenant_id
    ]
