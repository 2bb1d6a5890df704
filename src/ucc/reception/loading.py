"""What a call needs to know of its enterprise, read when the call asks: a change acts on the next call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.blacklist.service import is_listed
from ucc.config import Settings, get_settings
from ucc.credit.service import hold_first, open_credit
from ucc.engine.dialled import SHORT_DIGITS
from ucc.engine.effects import AgentTarget
from ucc.engine.ivr_tree import Caller, CallerSwitch, SubMenu, Tree, link
from ucc.engine.target import (
    AgentPlan,
    MenuPlan,
    Plan,
    QueuePlan,
    RecordingPolicy,
    Target,
    ToAgent,
    ToMenu,
    ToNumber,
    ToQueue,
    ToVoicemail,
    VoicemailPlan,
)
from ucc.identity.models import User
from ucc.ivr.loading import equip, load_published, load_tree
from ucc.kit.clock import now
from ucc.prompt.files import voice_dir
from ucc.prompt.service import find_sounds
from ucc.queue.models import Queue
from ucc.rating.price import Service
from ucc.rating.usage import make_usage
from ucc.reception.compile import compile_did
from ucc.reception.destination import find_choice, to_choice, to_target
from ucc.reception.models import Destination, LastAgent, PriorityCaller, ReceptionSetting
from ucc.reception.region import find_region
from ucc.recording_policy.service import load_policies
from ucc.resource.models import Did, Extension
from ucc.tenant.models import Tenant
from ucc.tenant.service import load_chain
from ucc.trunk.number import find_e164
from ucc.voicemail.models import VoicemailBox, VoicemailMessage

LAST_AGENT_WITHIN = timedelta(days=30)
STANDARD_LANGUAGE = "zh-CN"
"""Numbers of at most so many digits may be work numbers or extensions."""


@dataclass(frozen=True, slots=True)
class InboundPlan:
    """How a call to a DID begins. `voice` is the folder of built-in sounds in the enterprise's language; `ringback` is
    its own ring-back, as a sound; `recording` is the enterprise's policy, before any queue or agent is known."""

    tenant_id: int
    did_id: int
    callee: str
    tree: Tree
    caller: Caller
    recording: RecordingPolicy
    language: str
    voice: str
    ringback: str | None


class CallerBlacklisted(Exception):
    """The enterprise, or a level above it, lets this caller in no more; the call leaves a record of the enterprise."""

    def __init__(self, tenant_id: int) -> None:
        super().__init__(tenant_id)
        self.tenant_id = tenant_id


class TargetFailed(Exception):
    """The target cannot be had; `reason` is one that IVR branches know: invalid, offline, closed, full."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def find_inbound_plan(
    session: AsyncSession,
    did: str,
    caller: str,
    at: float | None = None,
    settings: Settings | None = None,
    *,
    call_id: UUID | None = None,
) -> InboundPlan | None:
    """None: the number is nobody's, or leads nowhere. Raises CallRefused: tenant_suspended, balance_exhausted, no_rate;
    CallerBlacklisted, unless a tree of the number decides about such callers itself."""
    settings, moment = settings or get_settings(), now()
    at = moment.timestamp() if at is None else at
    number = find_e164(did)
    found = await _find_did(session, number) if number is not None else None
    if found is None or number is None:
        return None
    row, destinations = found
    opened = find_choice(destinations, "open")
    if opened is None:
        return None
    usage = make_usage(Service.INBOUND, caller, row.number, moment)
    first = await open_credit(session, await load_chain(session, row.tenant_id), usage)
    tree = compile_did(row.schedule_id, opened, find_choice(destinations, "closed"))
    named = {node.tree_id for node in tree.nodes.values() if isinstance(node, SubMenu)}
    tree = link(tree, await load_published(session, row.tenant_id, named))
    setting = await _find_standing(session, row.tenant_id, caller)
    known = await _find_known(session, row.tenant_id, setting)
    if known.is_blacklisted and not _decides_about_blacklist(tree):
        raise CallerBlacklisted(row.tenant_id)
    sounds = await find_sounds(session, settings, row.tenant_id, _some(setting.ringback_prompt_id))
    plan = InboundPlan(
        tenant_id=row.tenant_id,
        did_id=row.id,
        callee=number,
        tree=await equip(session, settings, row.tenant_id, tree, setting.language, at),
        caller=known,
        recording=(await load_policies(session, row.tenant_id)).choose(),
        language=setting.language,
        voice=str(voice_dir(settings, setting.language)),
        ringback=next(iter(sounds.values()), None),
    )
    if call_id is not None:
        await hold_first(session, call_id, first)
    return plan


async def find_caller(session: AsyncSession, tenant_id: int, caller: str) -> Caller:
    """What the enterprise knows of a caller: VIP, blacklisted, where from. A number that is none is withheld."""
    return await _find_known(session, tenant_id, await _find_standing(session, tenant_id, caller))


async def _find_known(session: AsyncSession, tenant_id: int, standing: Standing) -> Caller:
    number = standing.number
    if number is None:
        return Caller("")
    is_blacklisted = await is_listed(session, tenant_id, number, "inbound")
    return Caller(number, standing.priority > 0, is_blacklisted, *find_region(number))


async def find_target(
    session: AsyncSession,
    tenant_id: int,
    target: Target,
    caller: str = "",
    at: float | None = None,
    settings: Settings | None = None,
) -> Plan | None:
    """How to reach somebody of the enterprise. None: an outside number, which `find_outbound_plan` knows. Raises
    TargetFailed."""
    settings = settings or get_settings()
    at = now().timestamp() if at is None else at
    match target:
        case ToQueue():
            return await _plan_queue(session, settings, tenant_id, target, caller)
        case ToAgent():
            return await _plan_agent(session, settings, tenant_id, target.agent_id)
        case ToNumber():
            return await _plan_number(session, settings, tenant_id, target)
        case ToVoicemail():
            return await _plan_voicemail(session, settings, tenant_id, target.box_id)
        case ToMenu():
            setting = await _find_standing(session, tenant_id)
            tree = await load_tree(session, settings, tenant_id, target.tree_id, setting.language, at)
            if tree is None:
                raise TargetFailed("invalid")
            return MenuPlan(tree, await find_caller(session, tenant_id, caller))


async def _plan_queue(
    session: AsyncSession, settings: Settings, tenant_id: int, target: ToQueue, caller: str
) -> QueuePlan:
    found = (
        await session.execute(
            select(Queue, Destination)
            .outerjoin(Destination, Destination.of_queue_id == Queue.id)
            .where(Queue.tenant_id == tenant_id, Queue.id == target.queue_id)
        )
    ).first()
    if found is None:
        raise TargetFailed("invalid")
    queue: Queue = found[0]
    overflow = to_choice(found[1]) if found[1] is not None else None
    setting = await _find_standing(session, tenant_id, caller)
    music = queue.music_prompt_id or setting.music_prompt_id
    ringback = queue.ringback_prompt_id or setting.ringback_prompt_id
    sounds = await find_sounds(session, settings, tenant_id, _some(music, ringback))
    policies = await load_policies(session, tenant_id)
    skills = {name: max(queue.skills.get(name, 0), target.skills.get(name, 0)) for name in queue.skills | target.skills}
    return QueuePlan(
        queue_id=queue.id,
        max_wait_s=float(queue.max_wait_s),
        ring_timeout_s=float(queue.ring_timeout_s),
        music=sounds.get(music or 0, "default"),
        ringback=sounds.get(ringback or 0),
        announce_every_s=float(queue.announce_every_s),
        overflow=to_target(overflow) if overflow is not None else None,
        priority=queue.priority + target.priority + setting.priority,
        skills=skills,
        last_agent_id=setting.last_agent_id if queue.last_agent_s else None,
        recording=policies.choose(queue_id=queue.id),
        agent_recording=policies.agents,
    )


async def _plan_agent(session: AsyncSession, settings: Settings, tenant_id: int, agent_id: int) -> AgentPlan:
    row = (
        await session.execute(
            select(Extension.number, User.display_name)
            .select_from(Agent)
            .join(Extension, Extension.id == Agent.extension_id)
            .join(User, User.id == Agent.user_id)
            .where(Agent.tenant_id == tenant_id, Agent.id == agent_id, User.is_active)
        )
    ).first()
    if row is None:
        raise TargetFailed("invalid")
    setting = await _find_standing(session, tenant_id)
    sounds = await find_sounds(session, settings, tenant_id, _some(setting.ringback_prompt_id))
    box_id = await session.scalar(
        select(VoicemailBox.id)
        .where(VoicemailBox.tenant_id == tenant_id, VoicemailBox.agent_id == agent_id)
        .order_by(VoicemailBox.id)
        .limit(1)
    )
    return AgentPlan(
        agent=AgentTarget(agent_id, row[0], row[1]),
        ringback=next(iter(sounds.values()), None),
        overflow=ToVoicemail(box_id) if box_id is not None else None,
        recording=(await load_policies(session, tenant_id)).agents.get(agent_id),
    )


async def _plan_number(session: AsyncSession, settings: Settings, tenant_id: int, target: ToNumber) -> AgentPlan | None:
    """A work number first, then (not for callers from outside) an extension."""
    digits = target.number
    agent_id: int | None = None
    if digits.isascii() and digits.isdecimal() and len(digits) in SHORT_DIGITS:
        agent_id = await session.scalar(
            select(Agent.id).where(Agent.tenant_id == tenant_id, Agent.work_number == digits)
        )
        if agent_id is None and not target.is_short:
            agent_id = await session.scalar(
                select(Agent.id)
                .join(Extension, Extension.id == Agent.extension_id)
                .where(Agent.tenant_id == tenant_id, Extension.number == digits)
            )
    if agent_id is not None:
        return await _plan_agent(session, settings, tenant_id, agent_id)
    if target.is_short:
        raise TargetFailed("invalid")
    return None


async def _plan_voicemail(session: AsyncSession, settings: Settings, tenant_id: int, box_id: int) -> VoicemailPlan:
    box = await session.scalar(
        select(VoicemailBox).where(VoicemailBox.tenant_id == tenant_id, VoicemailBox.id == box_id)
    )
    if box is None:
        raise TargetFailed("invalid")
    count = await session.scalar(select(func.count()).where(VoicemailMessage.box_id == box.id))
    if (count or 0) >= box.max_messages:
        raise TargetFailed("full")
    voice = voice_dir(settings, (await _find_standing(session, tenant_id)).language)
    sounds = await find_sounds(session, settings, tenant_id, _some(box.greeting_prompt_id))
    greeting = next(iter(sounds.values()), f"{voice}/leave_message")
    return VoicemailPlan(box.id, (greeting, f"{voice}/beep"), float(box.max_message_s))


async def _find_did(session: AsyncSession, number: str) -> tuple[Did, list[Destination]] | None:
    rows = (
        await session.execute(
            select(Did, Destination).outerjoin(Destination, Destination.did_id == Did.id).where(Did.number == number)
        )
    ).all()
    return (rows[0][0], [row[1] for row in rows if row[1] is not None]) if rows else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an enterprise has set for all its calls, and who this caller is to it. `number` None: withheld."""

    number: str | None
    language: str
    ringback_prompt_id: int | None
    music_prompt_id: int | None
    priority: int
    last_agent_id: int | None


async def _find_standing(session: AsyncSession, tenant_id: int, caller: str = "") -> Standing:
    number = find_e164(caller)
    priority = select(PriorityCaller.priority).where(
        PriorityCaller.tenant_id == tenant_id, PriorityCaller.number == number
    )
    last_agent = select(LastAgent.agent_id).where(
        LastAgent.tenant_id == tenant_id,
        LastAgent.number == number,
        LastAgent.spoke_at > now() - LAST_AGENT_WITHIN,
    )
    row = (
        await session.execute(
            select(
                ReceptionSetting.language,
                ReceptionSetting.ringback_prompt_id,
                ReceptionSetting.music_prompt_id,
                priority.scalar_subquery(),
                last_agent.scalar_subquery(),
            )
            .select_from(Tenant)
            .outerjoin(ReceptionSetting, ReceptionSetting.tenant_id == Tenant.id)
            .where(Tenant.id == tenant_id)
        )
    ).one()
    return Standing(number, row[0] or STANDARD_LANGUAGE, row[1], row[2], row[3] or 0, row[4])


def _decides_about_blacklist(tree: Tree) -> bool:
    switches = (node for node in tree.nodes.values() if isinstance(node, CallerSwitch))
    return any(case.is_blacklisted is not None for node in switches for case in node.cases)


def _some(*ids: int | None) -> set[int]:
    return {one for one in ids if one is not None}
