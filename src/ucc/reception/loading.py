"""What a call needs to know of its enterprise, read when the call asks: a change acts on the next call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.blacklist.service import is_listed
from ucc.config import Settings, get_settings
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
from ucc.errors import CallRefused
from ucc.identity.models import User
from ucc.ivr.loading import equip, load_published, load_tree
from ucc.kit.clock import now
from ucc.prompt.files import voice_dir
from ucc.prompt.service import find_sounds
from ucc.queue.models import Queue
from ucc.reception.compile import compile_did
from ucc.reception.destination import find_choice, to_target
from ucc.reception.models import Destination, LastAgent, PriorityCaller, ReceptionSetting
from ucc.reception.region import find_region
from ucc.recording_policy.service import load_policies
from ucc.resource.models import Did, Extension
from ucc.tenant.service import load_chain
from ucc.trunk.credit import require_credit
from ucc.trunk.number import find_e164
from ucc.voicemail.models import VoicemailBox, VoicemailMessage

LAST_AGENT_WITHIN = timedelta(days=30)
SHORT_DIGITS = 8
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


class CallerBlacklisted(CallRefused):
    """The enterprise, or a level above it, lets this caller in no more; the call leaves a record."""

    def __init__(self, tenant_id: int) -> None:
        super().__init__("blacklisted")
        self.tenant_id = tenant_id


class TargetFailed(Exception):
    """The target cannot be had; `reason` is one that IVR branches know: invalid, offline, closed, full."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def find_inbound_plan(
    session: AsyncSession, did: str, caller: str, at: float | None = None, settings: Settings | None = None
) -> InboundPlan | None:
    """None: the number is nobody's, or leads nowhere. Raises CallRefused: tenant_suspended, balance_exhausted, no_rate;
    blacklisted, unless a tree of the number decides about such callers itself."""
    settings, moment = settings or get_settings(), now()
    at = moment.timestamp() if at is None else at
    number = find_e164(did)
    row = await session.scalar(select(Did).where(Did.number == number)) if number is not None else None
    if row is None or number is None:
        return None
    destinations = list(await session.scalars(select(Destination).where(Destination.did_id == row.id)))
    opened = find_choice(destinations, "open")
    if opened is None:
        return None
    await require_credit(session, await load_chain(session, row.tenant_id), "inbound", row.number, moment)
    tree = compile_did(row.schedule_id, opened, find_choice(destinations, "closed"))
    named = {node.tree_id for node in tree.nodes.values() if isinstance(node, SubMenu)}
    tree = link(tree, await load_published(session, row.tenant_id, named))
    known = await find_caller(session, row.tenant_id, caller)
    if known.is_blacklisted and not _decides_about_blacklist(tree):
        raise CallerBlacklisted(row.tenant_id)
    setting = await _find_setting(session, row.tenant_id)
    sounds = await find_sounds(session, settings, row.tenant_id, _some(setting.ringback_prompt_id))
    return InboundPlan(
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


async def find_caller(session: AsyncSession, tenant_id: int, caller: str) -> Caller:
    """What the enterprise knows of a caller: VIP, blacklisted, where from. A number that is none is withheld."""
    number = find_e164(caller)
    if number is None:
        return Caller("")
    is_vip = await session.scalar(
        select(PriorityCaller.id).where(PriorityCaller.tenant_id == tenant_id, PriorityCaller.number == number)
    )
    province, city = find_region(number)
    return Caller(number, is_vip is not None, await is_listed(session, tenant_id, number, "inbound"), province, city)


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
            setting = await _find_setting(session, tenant_id)
            tree = await load_tree(session, settings, tenant_id, target.tree_id, setting.language, at)
            if tree is None:
                raise TargetFailed("invalid")
            return MenuPlan(tree, await find_caller(session, tenant_id, caller))


async def _plan_queue(
    session: AsyncSession, settings: Settings, tenant_id: int, target: ToQueue, caller: str
) -> QueuePlan:
    queue = await session.scalar(select(Queue).where(Queue.tenant_id == tenant_id, Queue.id == target.queue_id))
    if queue is None:
        raise TargetFailed("invalid")
    setting = await _find_setting(session, tenant_id)
    music = queue.music_prompt_id or setting.music_prompt_id
    ringback = queue.ringback_prompt_id or setting.ringback_prompt_id
    sounds = await find_sounds(session, settings, tenant_id, _some(music, ringback))
    overflow = find_choice(
        await session.scalars(select(Destination).where(Destination.of_queue_id == queue.id)), "overflow"
    )
    number = find_e164(caller)
    skills = {name: max(queue.skills.get(name, 0), target.skills.get(name, 0)) for name in queue.skills | target.skills}
    return QueuePlan(
        queue_id=queue.id,
        max_wait_s=float(queue.max_wait_s),
        ring_timeout_s=float(queue.ring_timeout_s),
        music=sounds.get(music or 0, "default"),
        ringback=sounds.get(ringback or 0),
        announce_every_s=float(queue.announce_every_s),
        overflow=to_target(overflow) if overflow is not None else None,
        priority=queue.priority + target.priority + await _find_priority(session, tenant_id, number),
        skills=skills,
        last_agent_id=await _find_last_agent(session, tenant_id, number) if queue.last_agent_s else None,
        recording=(await load_policies(session, tenant_id)).choose(queue_id=queue.id),
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
    setting = await _find_setting(session, tenant_id)
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
    )


async def _plan_number(session: AsyncSession, settings: Settings, tenant_id: int, target: ToNumber) -> AgentPlan | None:
    """A work number first, then (not for callers from outside) an extension."""
    digits = target.number
    agent_id: int | None = None
    if digits.isascii() and digits.isdecimal() and len(digits) <= SHORT_DIGITS:
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
    voice = voice_dir(settings, (await _find_setting(session, tenant_id)).language)
    sounds = await find_sounds(session, settings, tenant_id, _some(box.greeting_prompt_id))
    greeting = next(iter(sounds.values()), f"{voice}/leave_message")
    return VoicemailPlan(box.id, (greeting, f"{voice}/beep"), float(box.max_message_s))


async def _find_setting(session: AsyncSession, tenant_id: int) -> ReceptionSetting:
    row = await session.get(ReceptionSetting, tenant_id)
    return row or ReceptionSetting(tenant_id=tenant_id, language="zh-CN")


async def _find_priority(session: AsyncSession, tenant_id: int, number: str | None) -> int:
    if number is None:
        return 0
    found = await session.scalar(
        select(PriorityCaller.priority).where(PriorityCaller.tenant_id == tenant_id, PriorityCaller.number == number)
    )
    return found or 0


async def _find_last_agent(session: AsyncSession, tenant_id: int, number: str | None) -> int | None:
    if number is None:
        return None
    found: int | None = await session.scalar(
        select(LastAgent.agent_id).where(
            LastAgent.tenant_id == tenant_id,
            LastAgent.number == number,
            LastAgent.spoke_at > now() - LAST_AGENT_WITHIN,
        )
    )
    return found


def _decides_about_blacklist(tree: Tree) -> bool:
    switches = (node for node in tree.nodes.values() if isinstance(node, CallerSwitch))
    return any(case.is_blacklisted is not None for node in switches for case in node.cases)


def _some(*ids: int | None) -> set[int]:
    return {one for one in ids if one is not None}
