"""The stored floor over the live one: names and settings from the database, presence and work from here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from ucc.engine.acd.assign import refuse_all
from ucc.engine.acd.draft import Draft, standing
from ucc.engine.acd.events import SettingsRead, StoredAgent
from ucc.engine.acd.model import Agent, Presence, Queue, QueuePolicy, Work
from ucc.engine.acd.waiting import stand_again


def read_settings(draft: Draft, event: SettingsRead) -> None:
    draft.outbound_wrap_up_s = event.outbound_wrap_up_s
    stored = {item.profile.target.agent_id: item for item in event.agents}
    queue_ids: dict[int, list[int]] = defaultdict(list)
    for policy in event.queues:
        for agent_id in policy.members:
            queue_ids[agent_id].append(policy.queue_id)
    touched = {policy.queue_id for policy in event.queues if _is_new(draft, policy)}
    for agent_id, item in stored.items():
        touched |= _take_agent(draft, item, tuple(sorted(queue_ids[agent_id])))
    for agent_id, agent in draft.floor.agents.items():
        if agent_id not in stored:
            touched |= _let_go(draft, agent)
    policies = {policy.queue_id: policy for policy in event.queues}
    for queue_id, queue in draft.floor.queues.items():
        if queue_id not in policies:
            refuse_all(draft, queue, "closed")
            draft.remove_queue(queue_id)
    for queue_id in sorted(touched & policies.keys()):
        _rebuild(draft, policies[queue_id])


def _is_new(draft: Draft, policy: QueuePolicy) -> bool:
    known = draft.queue(policy.queue_id)
    return known is None or known.policy != policy


def _take_agent(draft: Draft, item: StoredAgent, queue_ids: tuple[int, ...]) -> set[int]:
    """The queues whose picture of this agent changes."""
    profile = item.profile
    agent_id = profile.target.agent_id
    old = draft.agent(agent_id)
    if old is None:
        is_in = item.presence is not Presence.OFFLINE
        draft.set_agent(
            Agent(
                profile.target,
                profile.work_number,
                profile.skills,
                queue_ids,
                item.presence,
                item.reason,
                is_in,
                since=item.since,
                idle_since=item.since,
                counted_since=item.since,
            )
        )
        return set(queue_ids)
    target = replace(profile.target, line=old.target.line)
    new = replace(old, target=target, work_number=profile.work_number, skills=profile.skills, queue_ids=queue_ids)
    if new == old:
        return set()
    draft.set_agent(new)
    return {*old.queue_ids, *queue_ids} if (old.queue_ids, old.skills) != (queue_ids, profile.skills) else set()


def _let_go(draft: Draft, agent: Agent) -> set[int]:
    if agent.work in (Work.NONE, Work.WRAP_UP):
        draft.remove_agent(agent)
    elif agent.queue_ids:
        draft.set_agent(replace(agent, queue_ids=()))
    return set(agent.queue_ids)


def _rebuild(draft: Draft, policy: QueuePolicy) -> None:
    """The queue with this policy, its indexes counted from nothing, its calls placed anew."""
    old = draft.queue(policy.queue_id)
    calls = old.waiting if old is not None else ()
    taken = [waiting for call_id in calls if (waiting := draft.take_out(call_id)) is not None]
    agents = draft.agents()
    standings = [standing(agent, policy) for agent in agents]
    queue = Queue(
        policy,
        free=tuple(sorted(x[3] for x in standings if x[3] is not None)),
        signed_in=sum(x[0] for x in standings),
        serving=sum(x[1] for x in standings),
        held=sum(x[2] for x in standings),
    )
    if old is not None:
        queue.turn, queue.seed = old.turn, old.seed
        queue.handling_s, queue.handled = old.handling_s, old.handled
    draft.put_queue(queue)
    for waiting in taken:
        stand_again(draft, waiting)
    draft.unserved.append(policy.queue_id)
