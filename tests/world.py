"""A small customer tree for tests: one operator, two resellers, an enterprise below each, complete enough to call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.db.models import metadata
from ucc.engine.record import Direction, EndedBy, FinishedCall, LegKind, LegRecord, Party, RecordingRecord, Result
from ucc.identity.models import User
from ucc.identity.password import hash_password
from ucc.kit.ids import new_id
from ucc.ledger.service import create_accounts, top_up
from ucc.queue.models import Queue, QueueMember
from ucc.rating.models import RatePlan
from ucc.rating.plans import add_version, create_plan
from ucc.rating.price import Rate, Service
from ucc.reception.models import Destination
from ucc.resource.models import CallerId, Did, Extension
from ucc.tenant.models import Tenant
from ucc.trunk.models import Trunk

assert metadata.tables
YUAN = 1_000_000
PASSWORD = "correct horse"
PASSWORD_HASH = hash_password(PASSWORD)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 22, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


@dataclass
class Branch:
    """A reseller and its one enterprise."""

    reseller_id: int
    enterprise_id: int
    queue_id: int
    did_id: int
    did: str
    agent_id: int
    extension: str
    users: dict[str, int]
    """User ids by user name."""


@dataclass
class World:
    operator_id: int
    operator_user_id: int
    trunk_id: int
    first: Branch
    second: Branch
    plans: dict[str, int] = field(default_factory=dict)


async def build_world(session: AsyncSession) -> World:
    operator_id = await add_tenant(session, "operator", "operator", None)
    plans = {
        "carrier": await add_plan(session, operator_id, "carrier", 60, 30_000),
        "reseller": await add_plan(session, operator_id, "reseller", 6, 10_000),
    }
    (await session.get_one(Tenant, operator_id)).rate_plan_id = plans["carrier"]
    trunk = Trunk(tenant_id=operator_id, name="carrier", host="192.0.2.1", port=5060)
    session.add(trunk)
    operator_user_id = await add_user(session, operator_id, "operator", "operator")
    await session.flush()
    first = await _add_branch(session, 1, operator_id, plans["reseller"], trunk.id)
    second = await _add_branch(session, 2, operator_id, plans["reseller"], trunk.id)
    return World(operator_id, operator_user_id, trunk.id, first, second, plans)


async def add_tenant(
    session: AsyncSession, code: str, kind: str, parent_id: int | None, plan_id: int | None = None
) -> int:
    tenant = Tenant(code=code, kind=kind, name=code.upper(), parent_id=parent_id, rate_plan_id=plan_id)
    session.add(tenant)
    await session.flush()
    limit = None if parent_id is None else 0
    await create_accounts(session, tenant.id, is_operator=parent_id is None, limit_micros=limit)
    return tenant.id


async def add_plan(
    session: AsyncSession, owner_id: int, name: str, increment_s: int, price_micros: int, **rate: Any
) -> int:
    """A plan in force since long ago, with one price for all calls in and out."""
    rates = [make_rate(service, increment_s, price_micros, **rate) for service in (Service.INBOUND, Service.OUTBOUND)]
    return await create_plan(session, owner_id, name, rates, effective_from=LONG_AGO)


def make_rate(service: Service, increment_s: int, price_micros: int, **rate: Any) -> Rate:
    values = {"first_increment_s": increment_s} | rate
    return Rate(service=service, increment_s=increment_s, price_micros=price_micros, **values)


async def replace_rates(session: AsyncSession, plan_id: int, *rates: Rate, effective_from: datetime) -> None:
    """From that moment on the plan has these rates and no others."""
    plan = await session.get_one(RatePlan, plan_id)
    await add_version(session, plan, rates, effective_from=effective_from)


async def plan_of(session: AsyncSession, branch: Branch) -> int:
    """The plan that the branch's enterprise is charged by."""
    return (await session.scalars(select(Tenant.rate_plan_id).where(Tenant.id == branch.enterprise_id))).one() or 0


async def add_user(session: AsyncSession, tenant_id: int, username: str, role: str) -> int:
    user = User(
        tenant_id=tenant_id, username=username, role=role, display_name=username.title(), password_hash=PASSWORD_HASH
    )
    session.add(user)
    await session.flush()
    return user.id


async def _add_branch(session: AsyncSession, number: int, operator_id: int, plan_id: int, trunk_id: int) -> Branch:
    reseller_id = await add_tenant(session, f"reseller{number}", "reseller", operator_id, plan_id)
    enterprise_plan = await add_plan(session, reseller_id, f"enterprise{number}", 60, 100_000)
    enterprise_id = await add_tenant(session, f"enterprise{number}", "enterprise", reseller_id, enterprise_plan)
    await top_up(session, reseller_id, operator_id, 1000 * YUAN, f"r{number}", "test")
    await top_up(session, enterprise_id, reseller_id, 100 * YUAN, f"e{number}", "test")
    users = {f"reseller{number}": await add_user(session, reseller_id, f"reseller{number}", "reseller")}
    for role in ("enterprise", "supervisor", "agent"):
        users[f"{role}{number}"] = await add_user(session, enterprise_id, f"{role}{number}", role)
    queue = Queue(tenant_id=enterprise_id, name=f"queue{number}")
    extension = Extension(tenant_id=enterprise_id, number=f"800{number}", ha1=f"{number}" * 32)
    session.add_all((queue, extension))
    await session.flush()
    did = Did(number=f"+86108888000{number}", tenant_id=enterprise_id)
    agent = Agent(
        tenant_id=enterprise_id, user_id=users[f"agent{number}"], extension_id=extension.id, work_number="1001"
    )
    session.add_all((did, agent, CallerId(number=did.number, tenant_id=enterprise_id, trunk_id=trunk_id)))
    await session.flush()
    session.add(QueueMember(queue_id=queue.id, agent_id=agent.id, tenant_id=enterprise_id))
    session.add(Destination(tenant_id=enterprise_id, did_id=did.id, occasion="open", kind="queue", queue_id=queue.id))
    await session.flush()
    return Branch(reseller_id, enterprise_id, queue.id, did.id, did.number, agent.id, extension.number, users)


def finished_call(branch: Branch, talk_s: float | None, **changes: Any) -> FinishedCall:
    """A call of this enterprise's agent to a mobile, answered for `talk_s` seconds; None: not answered."""
    started = changes.pop("started_at", NOON)
    answered = None if talk_s is None else started + 5
    ended = started + 5 + (talk_s or 0)
    legs = (
        LegRecord(new_id(), LegKind.PHONE, Party.AGENT, branch.extension, started, ended, branch.agent_id),
        LegRecord(new_id(), LegKind.TRUNK, Party.CUSTOMER, "+8613800138000", started + 1, ended, answered_at=answered),
    )
    recordings: tuple[RecordingRecord, ...] = ()
    if answered is not None:
        recordings = (RecordingRecord(new_id(), "leg@switch", answered, ended),)
    values: dict[str, Any] = {
        "call_id": new_id(),
        "tenant_id": branch.enterprise_id,
        "direction": Direction.OUTBOUND,
        "caller": branch.did,
        "callee": "+8613800138000",
        "started_at": started,
        "answered_at": answered,
        "connected_at": answered,
        "ended_at": ended,
        "cause": 16 if talk_s is not None else 19,
        "ended_by": EndedBy.CUSTOMER,
        "result": Result.ANSWERED if talk_s is not None else Result.NO_ANSWER,
        "agent_id": branch.agent_id,
        "legs": legs,
        "recordings": recordings,
    }
    return FinishedCall(**(values | changes))
