"""How a call goes out: every rule between an agent and a carrier, in one transaction that also counts the attempt."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.blacklist.service import is_listed
from ucc.credit.service import hold_first, open_credit
from ucc.db.scope import TenantKind
from ucc.engine.effects import TrunkTarget
from ucc.engine.limits import CALLS_PER_SECOND
from ucc.engine.target import LimitKey, TrunkPlan
from ucc.errors import CallRefused
from ucc.frequency.service import SUBJECTS, note_attempt, require_frequency
from ucc.rating.price import Service
from ucc.rating.usage import make_usage
from ucc.recording_policy.service import load_policies
from ucc.resource.models import CallerId
from ucc.tenant.service import Level, load_chain
from ucc.trunk.models import Trunk, TrunkFallback, TrunkRule
from ucc.trunk.number import find_e164
from ucc.trunk.rule import is_carried, order_choices, write_number

MAX_ROUTES = 6
Admit = Callable[[TrunkPlan], TrunkPlan]
_draw = random.SystemRandom().random


@dataclass(frozen=True, slots=True)
class ChosenCallerId:
    id: int
    number: str
    trunk_id: int
    max_calls: int | None


async def find_outbound_plan(
    session: AsyncSession,
    tenant_id: int,
    agent_id: int | None,
    callee: str,
    caller_id: str | None,
    at: float,
    *,
    call_id: UUID | None = None,
    service: Service = Service.OUTBOUND,
    is_forwarded: bool = False,
    admit: Admit | None = None,
) -> TrunkPlan:
    """The trunks to try, with the numbers as each wants them, and the limits that the call takes part in.

    `caller_id` asks for one of the tenant's own. `is_forwarded`: the enterprise lets its callers through to a number it
    chose itself; how often that number is called is then its own affair. `admit` is asked before the attempt is
    counted, and may raise CallRefused. The call holds the price of its first increment at every level; without a
    `call_id` it only asks. Raises CallRefused with one of REFUSALS.
    """
    number = find_e164(callee)
    if number is None:
        raise CallRefused("invalid_number")
    moment = datetime.fromtimestamp(at, UTC)
    chain = await load_chain(session, tenant_id)
    chosen = await _choose_caller_id(session, chain, agent_id, caller_id)
    first = await open_credit(session, chain, make_usage(service, chosen.number, number, moment))
    if await is_listed(session, tenant_id, number, "outbound"):
        raise CallRefused("blacklisted")
    trunks = await _find_trunks(session, chain, chosen, number)
    policies = await load_policies(session, tenant_id)
    plan = TrunkPlan(
        callee=number,
        caller_id=chosen.number,
        routes=await _write_routes(session, trunks, number, chosen.number),
        limits=(
            *_limits_of(chain),
            *first.limits,
            *_limit("caller_id", chosen.id, chosen.max_calls),
            *_limits_of_trunks(trunks),
        ),
        recording=policies.choose(agent_id=agent_id),
    )
    subjects = ("caller_id",) if is_forwarded else SUBJECTS
    await require_frequency(session, chain, chosen.number, number, moment, subjects)
    if admit is not None:
        plan = admit(plan)
    await note_attempt(session, tenant_id, chosen.number, number, moment, call_id)
    if call_id is not None:
        await hold_first(session, call_id, first)
    return plan


async def find_inbound_limits(session: AsyncSession, tenant_id: int, trunk_address: str = "") -> tuple[LimitKey, ...]:
    """The limits that an inbound call takes part in: the tenant's and those above it, and (HOST:PORT) its trunk's."""
    keys = _limits_of(await load_chain(session, tenant_id))
    trunk = await session.scalar(select(Trunk).where(func.concat(Trunk.host, ":", Trunk.port) == trunk_address))
    return keys if trunk is None else (*keys, *_limit("trunk", trunk.id, trunk.max_calls))


def _is_open_to(chain: Sequence[Level]) -> ColumnElement[bool]:
    """Whether a tenant may go out on a trunk: it or a level above it holds it. The one place that says so."""
    return Trunk.holder_id.in_([level.tenant_id for level in chain])


async def _choose_caller_id(
    session: AsyncSession, chain: Sequence[Level], agent_id: int | None, wanted: str | None
) -> ChosenCallerId:
    """The one asked for, else the agent's, else the enterprise's default, else the oldest with a trunk that is open to
    the enterprise and in service."""
    is_wanted = true() if wanted is None else CallerId.number == (find_e164(wanted) or wanted)
    rows = await session.execute(
        select(
            CallerId.id, CallerId.number, CallerId.trunk_id, CallerId.max_calls, CallerId.is_default, Agent.id, Trunk.id
        )
        .outerjoin(Agent, (Agent.caller_id_id == CallerId.id) & (Agent.id == agent_id))
        .outerjoin(Trunk, (Trunk.id == CallerId.trunk_id) & Trunk.is_active & _is_open_to(chain))
        .where(CallerId.tenant_id == chain[0].tenant_id, is_wanted)
        .order_by(Agent.id.is_(None), CallerId.is_default.desc(), Trunk.id.is_(None), CallerId.id)
        .limit(1)
    )
    row = rows.first()
    if row is None:
        raise CallRefused("no_caller_id" if wanted is None else "caller_id_not_granted")
    return ChosenCallerId(*row[:4])


async def _find_trunks(
    session: AsyncSession, chain: Sequence[Level], chosen: ChosenCallerId, number: str
) -> list[Trunk]:
    """The caller ID's own trunk and its second choices, of those open to the enterprise and in service that carry the
    number."""
    is_next = (TrunkFallback.next_trunk_id == Trunk.id) & (TrunkFallback.trunk_id == chosen.trunk_id)
    rows = await session.execute(
        select(Trunk, TrunkFallback, _is_open_to(chain))
        .outerjoin(TrunkFallback, is_next)
        .where((Trunk.id == chosen.trunk_id) | TrunkFallback.trunk_id.is_not(None))
        .order_by(Trunk.id)
    )
    trunks = {trunk.id: (trunk, fallback, is_open) for trunk, fallback, is_open in rows}
    ordered = order_choices([fallback for _, fallback, _ in trunks.values() if fallback is not None], _draw)
    found = [trunks[trunk_id] for trunk_id in (chosen.trunk_id, *(choice.next_trunk_id for choice in ordered))]
    granted = [trunk for trunk, _, is_open in found if is_open]
    if not granted:
        raise CallRefused("trunk_not_granted")
    active = [trunk for trunk in granted if trunk.is_active]
    if not active:
        raise CallRefused("no_trunk")
    carrying = [trunk for trunk in active if is_carried(trunk.allowed_prefixes, number)]
    if not carrying:
        raise CallRefused("destination_not_allowed")
    return carrying[:MAX_ROUTES]


async def _write_routes(
    session: AsyncSession, trunks: Sequence[Trunk], number: str, caller_id: str
) -> tuple[TrunkTarget, ...]:
    rows = await session.scalars(select(TrunkRule).where(TrunkRule.trunk_id.in_([trunk.id for trunk in trunks])))
    rules = list(rows)

    def write(trunk: Trunk, kind: str, text: str) -> str:
        return write_number([rule for rule in rules if rule.trunk_id == trunk.id], kind, text)

    return tuple(
        TrunkTarget(
            trunk.id, trunk.host, trunk.port, write(trunk, "callee", number), write(trunk, "caller_id", caller_id)
        )
        for trunk in trunks
    )


def _limits_of(chain: Sequence[Level]) -> tuple[LimitKey, ...]:
    return tuple(
        key
        for level in chain
        for key in _limit(
            "tenant" if level.kind is TenantKind.ENTERPRISE else "reseller", level.tenant_id, level.max_calls
        )
    )


def _limits_of_trunks(trunks: Sequence[Trunk]) -> list[LimitKey]:
    return [
        key
        for trunk in trunks
        for key in (
            *_limit("trunk", trunk.id, trunk.max_calls),
            *_limit(CALLS_PER_SECOND, trunk.id, trunk.calls_per_second),
        )
    ]


def _limit(kind: str, id: int, most: int | None) -> tuple[LimitKey, ...]:
    return () if most is None else (LimitKey(kind, id, most),)
