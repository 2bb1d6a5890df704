"""The demo: an operator, a reseller and an enterprise with agents, numbers, plans and money. Filled once, whatever."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.config import Settings, get_settings
from ucc.db.base import Base
from ucc.db.models import metadata
from ucc.db.unit import Database
from ucc.identity.models import User
from ucc.identity.password import hash_password, is_password
from ucc.ivr.models import IvrTree, IvrTreeVersion
from ucc.ledger.service import create_accounts, top_up
from ucc.pause.models import PauseReason
from ucc.queue.models import Queue, QueueMember
from ucc.rating.models import RatePlan
from ucc.rating.plans import create_plan
from ucc.rating.price import Rate, Service
from ucc.reception.models import Destination
from ucc.resource.models import CallerId, Did, Extension
from ucc.resource.service import compute_ha1
from ucc.schedule.models import StoredSchedule
from ucc.secrets import Secrets, get_secrets
from ucc.team.models import Team, TeamMember, TeamSupervisor
from ucc.tenant.models import Tenant
from ucc.trunk.models import Trunk
from ucc.voicemail.models import VoicemailBox

M = TypeVar("M", bound=Base)

DID = "+861088880001"
EXTENSIONS = {"agent1": "8001", "agent2": "8002", "supervisor": "8003"}
WORK_NUMBERS = {"agent1": "1001", "agent2": "1002", "supervisor": "1003"}
PAUSE_REASONS = (
    ("rest", "小休", "Break", 900),
    ("meal", "用餐", "Meal", 3600),
    ("meeting", "会议", "Meeting", None),
    ("training", "培训", "Training", None),
    ("paperwork", "整理资料", "Paperwork", 1800),
)
YUAN = 1_000_000


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo's callers and its reader need to know. `phone_passwords` are by extension number."""

    tenant_id: int
    did: str
    logins: tuple[Login, ...]
    phone_passwords: dict[str, str]


def derive_phone_password(secrets: Secrets, extension: str) -> str:
    """The SIP password of a demo extension: derived, so that it is kept nowhere but in the installation's secrets."""
    return hmac.new(secrets.session_key.encode(), f"extension:{extension}".encode(), hashlib.sha256).hexdigest()[:32]


async def fill(database: Database | None = None) -> Demo:
    """Make whatever of the demo is missing, in one transaction. Raises SQLAlchemyError when the database is away."""
    if database is not None:
        async with database.begin() as session:
            return await _Filling(session, get_settings(), get_secrets()).fill()
    async with Database.of_role("system", pool_size=1) as own, own.begin() as session:
        return await _Filling(session, get_settings(), get_secrets()).fill()


class _Filling:
    def __init__(self, session: AsyncSession, settings: Settings, secrets: Secrets) -> None:
        self._session = session
        self._settings = settings
        self._secrets = secrets

    async def fill(self) -> Demo:
        operator = await self._tenant("operator", "operator", "运营商", None, None)
        logins = [await self._user(operator.id, "operator", "operator", "运营商管理员")]
        if self._settings.has_billing:
            enterprise, reseller_login = await self._sellers(operator)
            logins.append(reseller_login)
        else:
            enterprise = await self._tenant("enterprise1", "enterprise", "企业一", operator.id, 0)
        logins += [
            await self._user(enterprise.id, "enterprise", "enterprise", "企业管理员"),
            await self._user(enterprise.id, "supervisor", "supervisor", "班长"),
            await self._user(enterprise.id, "agent1", "agent", "坐席一"),
            await self._user(enterprise.id, "agent2", "agent", "坐席二"),
        ]
        await self._lines(operator.id, enterprise.id)
        await self._agents(enterprise.id)
        await self._people(enterprise.id)
        await self._reception(enterprise.id)
        phones = {number: derive_phone_password(self._secrets, number) for number in EXTENSIONS.values()}
        return Demo(enterprise.id, DID, tuple(logins), phones)

    async def _sellers(self, operator: Tenant) -> tuple[Tenant, Login]:
        """A reseller with an enterprise below it, what each level pays, and money: the enterprise."""
        reseller = await self._tenant("reseller1", "reseller", "代理商一", operator.id, 0)
        enterprise = await self._tenant("enterprise1", "enterprise", "企业一", reseller.id, 0)
        operator.rate_plan_id = await self._plan(operator.id, "线路成本 0.03/60s", 60, 30_000)
        reseller.rate_plan_id = await self._plan(operator.id, "代理商 0.01/6s", 6, 10_000)
        enterprise.rate_plan_id = await self._plan(reseller.id, "企业 0.10/60s", 60, 100_000)
        await top_up(self._session, reseller.id, operator.id, 1000 * YUAN, "demo:reseller1", "演示充值")
        await top_up(self._session, enterprise.id, reseller.id, 100 * YUAN, "demo:enterprise1", "演示充值")
        return enterprise, await self._user(reseller.id, "reseller", "reseller", "代理商管理员")

    async def _ensure(self, model: type[M], key: dict[str, Any], **values: Any) -> M:
        """The row with this natural key, made when it is missing; `values` are set only then."""
        wanted = select(model).filter_by(**key)
        row = await self._session.scalar(wanted)
        if row is None:
            row = model(**key, **values)
            self._session.add(row)
            await self._session.flush()
            await self._session.refresh(row)
        return row

    async def _tenant(self, code: str, kind: str, name: str, parent_id: int | None, limit_micros: int | None) -> Tenant:
        tenant = await self._ensure(Tenant, {"code": code}, kind=kind, name=name, parent_id=parent_id)
        is_operator = kind == "operator"
        await create_accounts(self._session, tenant.id, is_operator=is_operator, limit_micros=limit_micros)
        return tenant

    async def _plan(self, owner_id: int, name: str, increment_s: int, price_micros: int) -> int:
        known = await self._session.scalar(select(RatePlan.id).filter_by(tenant_id=owner_id, name=name))
        if known is not None:
            return known
        rates = [
            Rate(service=service, first_increment_s=increment_s, increment_s=increment_s, price_micros=price_micros)
            for service in (Service.INBOUND, Service.OUTBOUND)
        ]
        return await create_plan(self._session, owner_id, name, rates)

    async def _user(self, tenant_id: int, username: str, role: str, name: str) -> Login:
        password = self._secrets.demo_password
        user = await self._session.scalar(select(User).filter_by(username=username))
        if user is None:
            password_hash = await asyncio.to_thread(hash_password, password)
            self._session.add(
                User(tenant_id=tenant_id, username=username, role=role, display_name=name, password_hash=password_hash)
            )
            await self._session.flush()
        elif not await asyncio.to_thread(is_password, user.password_hash, password):
            user.password_hash = await asyncio.to_thread(hash_password, password)
        return Login(username, password, role)

    async def _lines(self, operator_id: int, tenant_id: int) -> None:
        trunk = await self._ensure(
            Trunk,
            {"tenant_id": operator_id, "name": "emulator"},
            host=self._settings.emulator_address,
            port=self._settings.emulator_sip_port,
            codec="PCMA",
        )
        trunk.host, trunk.port = self._settings.emulator_address, self._settings.emulator_sip_port
        queue = await self._ensure(Queue, {"tenant_id": tenant_id, "name": "客服"})
        did = await self._ensure(Did, {"number": DID}, tenant_id=tenant_id)
        await self._ensure(
            Destination, {"did_id": did.id, "occasion": "open"}, tenant_id=tenant_id, kind="queue", queue_id=queue.id
        )
        await self._ensure(CallerId, {"tenant_id": tenant_id, "number": DID}, trunk_id=trunk.id, is_default=True)

    async def _agents(self, tenant_id: int) -> None:
        queue = await self._ensure(Queue, {"tenant_id": tenant_id, "name": "客服"})
        for username, number in EXTENSIONS.items():
            password = derive_phone_password(self._secrets, number)
            ha1 = compute_ha1(number, self._settings.sip_domain, password)
            extension = await self._ensure(Extension, {"number": number}, tenant_id=tenant_id, ha1=ha1)
            extension.ha1 = ha1
            user = await self._ensure(User, {"username": username})
            agent = await self._ensure(
                Agent,
                {"tenant_id": tenant_id, "work_number": WORK_NUMBERS[username]},
                user_id=user.id,
                extension_id=extension.id,
            )
            if username != "supervisor":  # who has a phone to listen with, and serves no queue
                await self._ensure(QueueMember, {"queue_id": queue.id, "agent_id": agent.id}, tenant_id=tenant_id)

    async def _people(self, tenant_id: int) -> None:
        """One team with both agents, and why they pause."""
        for position, (code, label_zh, label_en, max_s) in enumerate(PAUSE_REASONS):
            labels = {"label_zh": label_zh, "label_en": label_en, "max_s": max_s, "position": position}
            await self._ensure(PauseReason, {"tenant_id": tenant_id, "code": code}, **labels)
        team = await self._ensure(Team, {"tenant_id": tenant_id, "name": "客服一组"})
        leader = await self._ensure(User, {"username": "supervisor"})
        await self._ensure(TeamSupervisor, {"team_id": team.id, "user_id": leader.id}, tenant_id=tenant_id)
        members = select(Agent).where(Agent.tenant_id == tenant_id, Agent.user_id != leader.id)
        for agent in list(await self._session.scalars(members)):
            await self._ensure(TeamMember, {"team_id": team.id, "agent_id": agent.id}, tenant_id=tenant_id)

    async def _reception(self, tenant_id: int) -> None:
        """Something to begin with: office hours, a box, a published menu. The number leads to the queue until told."""
        office = [[[540, 1080]]] * 5 + [[], []]
        schedule = await self._ensure(StoredSchedule, {"tenant_id": tenant_id, "name": "工作时间"}, weekly=office)
        box = await self._ensure(VoicemailBox, {"tenant_id": tenant_id, "name": "留言"})
        queue = await self._ensure(Queue, {"tenant_id": tenant_id, "name": "客服"})
        body = make_switchboard(schedule.id, queue.id, box.id)
        tree = await self._ensure(IvrTree, {"tenant_id": tenant_id, "name": "总机"}, draft=body, published_version=1)
        await self._ensure(IvrTreeVersion, {"tree_id": tree.id, "version": 1}, tenant_id=tenant_id, body=body)


def make_switchboard(schedule_id: int, queue_id: int, box_id: int) -> dict[str, Any]:
    """The demo's menu: 1 queue, 2 work number, 0 voicemail; voicemail when closed or nobody is there."""
    nodes: dict[str, Any] = {
        "hours": {"kind": "time_switch", "schedule_id": schedule_id, "on_open": "menu", "on_closed": "closed"},
        "menu": {
            "kind": "menu",
            "sounds": ["builtin:welcome"],
            "keys": {"1": "queue", "2": "work_number", "0": "box"},
            "invalid_sounds": ["builtin:invalid_key"],
            "on_timeout": "queue",
            "on_invalid": "goodbye",
        },
        "queue": {"kind": "queue", "queue_id": queue_id, "exits": {"otherwise": "box"}},
        "work_number": {
            "kind": "work_number",
            "sounds": ["builtin:enter_work_number"],
            "invalid_sounds": ["builtin:unknown_work_number"],
            "on_timeout": "goodbye",
            "on_invalid": "goodbye",
            "exits": {"otherwise": "box"},
        },
        "closed": {"kind": "play", "sounds": ["builtin:closed"], "next": "box"},
        "box": {"kind": "voicemail", "box_id": box_id},
        "goodbye": {"kind": "play", "sounds": ["builtin:goodbye"], "next": "end"},
        "end": {"kind": "hang_up"},
    }
    return {"entry": "hours", "nodes": nodes}


assert metadata.tables  # every model is loaded, so that foreign keys between them resolve

if __name__ == "__main__":
    asyncio.run(fill())
