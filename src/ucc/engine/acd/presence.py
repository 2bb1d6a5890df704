"""What a person asks to be: ready, paused, signed out; and the line that stays up (长签)."""

from __future__ import annotations

from dataclasses import replace

from ucc.engine.acd.draft import Draft
from ucc.engine.acd.effects import KeepPresence
from ucc.engine.acd.events import LineChanged, PresenceAsked
from ucc.engine.acd.model import Agent, Presence, Strategy, Work
from ucc.engine.acd.work import end_wrap_up


def ask(draft: Draft, event: PresenceAsked) -> None:
    """Takes effect at once for one without work, else when the work ends; signing out ends a wrap-up."""
    agent = draft.agent(event.agent_id)
    reason = event.reason if event.presence is Presence.PAUSED else None
    if agent is None:
        return
    is_repeated = agent.presence is event.presence
    if not is_repeated or (event.presence is Presence.PAUSED and reason != agent.reason):
        _set(draft, agent, event.presence, reason)


def _set(draft: Draft, agent: Agent, presence: Presence, reason: str | None) -> None:
    is_idle = agent.work is Work.NONE
    if presence is not Presence.OFFLINE and not agent.is_signed_in:
        agent = _catch_up(draft, agent)
    agent = replace(
        agent,
        presence=presence,
        reason=reason,
        is_signed_in=presence is not Presence.OFFLINE or (agent.is_signed_in and not is_idle),
        since=draft.at if is_idle else agent.since,
        idle_since=draft.at if is_idle else agent.idle_since,
        no_answers=0,
    )
    draft.effects.append(KeepPresence(agent.target.agent_id, presence, reason))
    draft.put_agent(agent)
    if presence is Presence.OFFLINE and agent.work is Work.WRAP_UP:
        end_wrap_up(draft, agent, draft.at)


def _catch_up(draft: Draft, agent: Agent) -> Agent:
    """One who signs in late counts as if he had taken as many calls as the least busy: he is not flooded."""
    answered = dict(agent.answered)
    for queue_id in agent.queue_ids:
        queue = draft.queue(queue_id)
        if queue is None or queue.policy.strategy is not Strategy.FEWEST_CALLS:
            continue
        others = (draft.agent(member) for member in queue.policy.members)
        counts = [x.answered.get(queue_id, 0) for x in others if x is not None and x.is_signed_in]
        answered[queue_id] = max(answered.get(queue_id, 0), min(counts, default=0))
    return replace(agent, answered=answered)


def change_line(draft: Draft, event: LineChanged) -> None:
    """Calls go to the line as long as it is up. An agent whose line is lost cannot be reached: he is signed out."""
    agent = draft.agent(event.agent_id)
    if agent is None or agent.target.line == event.leg:
        return
    draft.put_agent(replace(agent, target=replace(agent.target, line=event.leg)))
    agent = draft.agent(event.agent_id)
    if agent is not None and event.leg is None and event.is_lost and agent.presence is not Presence.OFFLINE:
        _set(draft, agent, Presence.OFFLINE, "line_lost")
