"""What an agent is in: reserved, ringing, dialing, on a call, wrap-up; and how each ends."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from ucc.engine.acd.assign import reserve
from ucc.engine.acd.draft import Draft
from ucc.engine.acd.effects import KeepPresence, OfferAgents, RefuseAgent
from ucc.engine.acd.events import AgentClaimed, WorkReported, WrapUpAsked
from ucc.engine.acd.model import Agent, Offer, Presence, Strategy, Work

LEASE_MARGIN_S = 15.0
DIRECT_RING_S = 120.0
FAILED = {"no_answer": "ring_timeout", "declined": "declined", "unreachable": "phone_unreachable"}
TALKS = ("talking", "held", "consulting", "conferencing", "watching")


def claim(draft: Draft, event: AgentClaimed) -> None:
    """Reserve this agent for a call that wants nobody else."""
    agent = draft.agent(event.agent_id)
    if agent is not None and agent.call_id == event.call_id:
        return
    code = None
    if agent is None or (not agent.is_signed_in and not event.is_forced):
        code = "agent_offline"
    elif agent.call_id is not None or (agent.work is Work.WRAP_UP and not event.is_forced):
        code = "agent_busy"
    elif agent.presence is Presence.PAUSED and not event.is_forced:
        code = "agent_paused"
    if agent is None or code is not None:
        draft.effects.append(RefuseAgent(event.call_id, event.agent_id, code or "agent_offline"))
        return
    if agent.work is Work.WRAP_UP:
        _measure(draft, agent, draft.at)
    reserve(draft, agent, event.call_id, None)
    draft.effects.append(OfferAgents(event.call_id, (agent.target,)))


def report(draft: Draft, event: WorkReported) -> None:
    agent = draft.agent(event.agent_id)
    if agent is None:
        return
    if event.work in ("ringing", "dialing", *TALKS):
        if agent.call_id is not None and agent.call_id != event.call_id:
            draft.effects.append(RefuseAgent(event.call_id, event.agent_id, "agent_busy"))
            return
        if agent.call_id is None:
            if agent.work is Work.WRAP_UP:
                _measure(draft, agent, draft.at)
            agent = replace(agent, queue_id=event.queue_id, engaged_at=None, is_dialed=False)
        if event.work == "ringing":
            _ring(draft, agent, event)
        elif event.work == "dialing":
            _dial(draft, agent, event)
        else:
            _talk(draft, agent, event)
    elif agent.call_id == event.call_id:
        if event.work in FAILED and agent.work is not Work.ON_CALL:
            _fail(draft, agent, event.work)
        else:
            _release(draft, agent)


def _ring(draft: Draft, agent: Agent, event: WorkReported) -> None:
    if agent.work not in (Work.NONE, Work.RESERVED, Work.WRAP_UP):
        return
    queue = draft.queue(agent.queue_id) if agent.queue_id is not None else None
    ring_s = queue.policy.ring_timeout_s if queue is not None else DIRECT_RING_S
    if agent.work is not Work.RESERVED:  # a call from before this floor began
        offer = draft.offer(event.call_id) or Offer(None, frozenset())
        waiting = draft.take_out(event.call_id)
        ticket = waiting.ticket if waiting is not None else offer.ticket
        draft.put_offer(event.call_id, Offer(ticket, offer.agent_ids | {event.agent_id}))
    deadline = draft.at + ring_s + LEASE_MARGIN_S
    draft.put_agent(
        replace(agent, work=Work.RINGING, call_id=event.call_id, since=draft.at, deadline=deadline, detail=None)
    )


def _dial(draft: Draft, agent: Agent, event: WorkReported) -> None:
    if agent.work in (Work.DIALING, Work.ON_CALL):
        return
    _drop_from_offer(draft, agent)
    draft.put_agent(
        replace(
            agent,
            work=Work.DIALING,
            detail=None,
            call_id=event.call_id,
            since=draft.at,
            deadline=None,
            is_dialed=True,
        )
    )


def _talk(draft: Draft, agent: Agent, event: WorkReported) -> None:
    is_watching = event.work == "watching"  # a supervisor handles nothing, and wraps nothing up
    if agent.work is Work.ON_CALL:
        if agent.detail != event.work:
            engaged_at = agent.engaged_at if agent.engaged_at is not None or is_watching else draft.at
            draft.put_agent(replace(agent, detail=event.work, engaged_at=engaged_at))
        return
    answered = agent.answered
    if is_watching:
        agent = replace(agent, queue_id=None)
    if agent.queue_id is not None:
        answered = {**answered, agent.queue_id: answered.get(agent.queue_id, 0) + 1}
    was_offered = agent.work in (Work.RESERVED, Work.RINGING)
    draft.put_agent(
        replace(
            agent,
            work=Work.ON_CALL,
            detail=event.work,
            call_id=event.call_id,
            since=draft.at,
            deadline=None,
            engaged_at=None if is_watching else draft.at,
            no_answers=0,
            answered=answered,
        )
    )
    offer = draft.offer(event.call_id)
    if was_offered and offer is not None:
        close_offer(draft, event.call_id, replace(offer, agent_ids=offer.agent_ids - {event.agent_id}))


def close_offer(draft: Draft, call_id: UUID, offer: Offer) -> None:
    """The call needs none of them any more: the reserved are free; who rings is so until the call says more."""
    draft.put_offer(call_id, None)
    for agent_id in sorted(offer.agent_ids):
        agent = draft.agent(agent_id)
        if agent is not None and agent.call_id == call_id and agent.work is Work.RESERVED:
            set_free(draft, agent)


def _drop_from_offer(draft: Draft, agent: Agent) -> Offer | None:
    """The agent rings no more for his call. The offer as it was, if he was the last of it."""
    offer = draft.offer(agent.call_id) if agent.call_id is not None else None
    if agent.call_id is None or offer is None or agent.target.agent_id not in offer.agent_ids:
        return None
    rest = offer.agent_ids - {agent.target.agent_id}
    draft.put_offer(agent.call_id, Offer(offer.ticket, rest) if rest else None)
    return None if rest else offer


def _fail(draft: Draft, agent: Agent, work: str) -> None:
    """The offer came to nothing: pause the agent if that is due, and let the call go back to its place."""
    queue = draft.queue(agent.queue_id) if agent.queue_id is not None else None
    no_answers = agent.no_answers + 1 if work == "no_answer" else agent.no_answers
    is_paused = work == "unreachable" or (work == "declined" and queue is not None)
    if work == "no_answer" and queue is not None and queue.policy.strategy is not Strategy.RING_ALL:
        is_paused = 0 < queue.policy.max_no_answers <= no_answers
    call_id, last_of = agent.call_id, _drop_from_offer(draft, agent)
    agent = replace(agent, no_answers=no_answers)
    if is_paused and agent.presence is Presence.READY:
        agent = replace(agent, presence=Presence.PAUSED, reason=FAILED[work], no_answers=0)
        draft.effects.append(KeepPresence(agent.target.agent_id, agent.presence, agent.reason))
    set_free(draft, agent, idle_since=draft.at)
    if call_id is not None and last_of is not None and last_of.ticket is not None:
        draft.returned.append((call_id, last_of.ticket))


def _release(draft: Draft, agent: Agent) -> None:
    _drop_from_offer(draft, agent)
    if agent.engaged_at is None:  # nobody spoke
        set_free(draft, agent, idle_since=draft.at if agent.is_dialed else None)
        return
    queue = draft.queue(agent.queue_id) if agent.queue_id is not None else None
    seconds = draft.outbound_wrap_up_s if agent.is_dialed else 0.0
    if queue is not None:
        seconds = queue.policy.wrap_up_s
    if seconds > 0 and agent.presence is not Presence.OFFLINE and agent.is_signed_in:
        draft.put_agent(
            replace(agent, work=Work.WRAP_UP, detail=None, call_id=None, since=draft.at, deadline=draft.at + seconds)
        )
        return
    _measure(draft, agent, draft.at)
    set_free(draft, agent, idle_since=draft.at)


def ask_wrap_up(draft: Draft, event: WrapUpAsked) -> None:
    agent = draft.agent(event.agent_id)
    if agent is None or agent.work is not Work.WRAP_UP:
        return
    if event.seconds > 0:
        draft.put_agent(replace(agent, deadline=draft.at + event.seconds))
    else:
        end_wrap_up(draft, agent, draft.at)


def end_wrap_up(draft: Draft, agent: Agent, at: float) -> None:
    _measure(draft, agent, at)
    set_free(draft, agent, at=at, idle_since=at)


def end_reservation(draft: Draft, agent: Agent) -> None:
    """The call never said what became of its agent: he is free, and the call, if there is one, waits on."""
    call_id, last_of = agent.call_id, _drop_from_offer(draft, agent)
    set_free(draft, agent, idle_since=draft.at)
    if call_id is not None and last_of is not None and last_of.ticket is not None:
        draft.returned.append((call_id, last_of.ticket))


def set_free(draft: Draft, agent: Agent, *, at: float | None = None, idle_since: float | None = None) -> None:
    """No work any more; what the person asked for meanwhile holds from now on."""
    at = draft.at if at is None else at
    draft.put_agent(
        replace(
            agent,
            work=Work.NONE,
            detail=None,
            call_id=None,
            queue_id=None,
            since=at,
            idle_since=agent.idle_since if idle_since is None else idle_since,
            deadline=None,
            engaged_at=None,
            is_dialed=False,
            is_signed_in=agent.presence is not Presence.OFFLINE,
        ),
        at,
    )


def _measure(draft: Draft, agent: Agent, at: float) -> None:
    """The handling time of the queue, wrap-up included: the mean of the first ten, then the late ones weigh more."""
    if agent.queue_id is None or agent.engaged_at is None:
        return
    queue = draft.own_queue(agent.queue_id)
    if queue is not None:
        queue.handled += 1
        queue.handling_s += max(0.1, 1 / queue.handled) * (max(0.0, at - agent.engaged_at) - queue.handling_s)
