"""Free agents and waiting calls are brought together, from either side, after every event.

Between events no call waits whom a free agent could take; so it is enough to look at the agents who became free and
the calls that came or ask for less than before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from ucc.engine.acd.draft import Draft, FreeKey, standing
from ucc.engine.acd.effects import OfferAgents, RefuseQueue
from ucc.engine.acd.model import Agent, Offer, Place, Queue, Strategy, Waiting, Work
from ucc.engine.acd.places import fits

RESERVE_S = 10.0
"""A call that is offered an agent says within this time that it rings him."""
_MASK = (1 << 64) - 1


def assign(draft: Draft) -> None:
    """Refuse the calls of queues without agents, then offer."""
    _refuse_unserved(draft)
    for agent_id in draft.freed:
        while (agent := draft.agent(agent_id)) is not None and agent.is_free:
            waiting = _choose_call(draft, agent)
            if waiting is None or not _offer(draft, waiting):
                break
    if len(draft.arrived) > 1:
        draft.arrived.sort(key=lambda call_id: _urgency(draft, call_id))
    for call_id in draft.arrived:
        waiting = draft.waiting(call_id)
        if waiting is not None:
            _offer(draft, waiting)


def _urgency(draft: Draft, call_id: UUID) -> tuple[int, Place]:
    waiting = draft.waiting(call_id)
    queue = draft.queue(waiting.ticket.queue_id) if waiting is not None else None
    return (-queue.policy.weight if queue else 0, waiting.place if waiting else (0.0, 0.0, call_id))


def is_served(queue: Queue) -> bool:
    """Somebody of the queue is signed in, even if paused or in a call; paused ones may not count."""
    return queue.serving > 0 if queue.policy.is_refused_when_paused else queue.signed_in > 0


def _refuse_unserved(draft: Draft) -> None:
    for queue_id in draft.unserved:
        queue = draft.queue(queue_id)
        if queue is not None and queue.length and not is_served(queue):
            refuse_all(draft, queue, "no_agents")


def refuse_all(draft: Draft, queue: Queue, reason: str) -> None:
    for call_id in queue.waiting:
        draft.take_out(call_id)
        draft.effects.append(RefuseQueue(call_id, reason))


def _choose_call(draft: Draft, agent: Agent) -> Waiting | None:
    """The call that this free agent takes: of the heaviest queue, where his penalty is lowest, the first in line."""
    best: tuple[int, int, Place] | None = None
    agent_id = agent.target.agent_id
    for queue_id in agent.queue_ids:
        queue = draft.queue(queue_id)
        if queue is None or not queue.length or not _has_room(queue):
            continue
        member = queue.policy.members.get(agent_id)
        if member is None:
            continue
        lanes = [lane for needs, lane in queue.lanes.items() if fits(agent.skills, needs)]
        if agent_id in queue.kept:
            lanes.append(queue.kept[agent_id])
        for lane in lanes:
            candidate = (-queue.policy.weight, member.penalty, lane[0])
            if best is None or candidate < best:
                best = candidate
    return draft.waiting(best[2][-1]) if best is not None else None


def _has_room(queue: Queue) -> bool:
    return not queue.policy.max_agents or queue.held < queue.policy.max_agents


def _offer(draft: Draft, waiting: Waiting) -> bool:
    """Reserve the chosen agents, then tell the call."""
    queue = draft.queue(waiting.ticket.queue_id)
    chosen = choose_agents(draft, queue, waiting) if queue is not None else []
    if not chosen:
        return False
    _turn(draft, waiting.ticket.queue_id, chosen[0])
    call_id = waiting.place[-1]
    draft.take_out(call_id)
    for agent in chosen:
        reserve(draft, agent, call_id, waiting.ticket.queue_id)
    draft.put_offer(call_id, Offer(waiting.ticket, frozenset(agent.target.agent_id for agent in chosen)))
    draft.effects.append(OfferAgents(call_id, tuple(agent.target for agent in chosen)))
    return True


def reserve(draft: Draft, agent: Agent, call_id: UUID, queue_id: int | None) -> None:
    draft.put_agent(
        replace(
            agent,
            work=Work.RESERVED,
            detail=None,
            call_id=call_id,
            queue_id=queue_id,
            since=draft.at,
            deadline=draft.at + RESERVE_S,
            engaged_at=None,
            is_dialed=False,
        )
    )


def _turn(draft: Draft, queue_id: int, agent: Agent) -> None:
    """Note whose turn it was, or take the next random number."""
    queue = draft.own_queue(queue_id)
    if queue is None:
        return
    if queue.policy.strategy is Strategy.ROUND_ROBIN:
        queue.turn = standing(agent, queue.policy)[3] or ()
    elif queue.policy.strategy is Strategy.RANDOM:
        queue.seed = _next_random(queue.seed)


def choose_agents(draft: Draft, queue: Queue, waiting: Waiting) -> list[Agent]:
    """Who is to be offered the call now: nobody, one, or several who ring at once."""
    if not queue.free or not _has_room(queue):
        return []
    if waiting.kept_for is not None:
        agent = draft.agent(waiting.kept_for)
        is_free = agent is not None and agent.is_free and queue.queue_id in agent.queue_ids
        return [agent] if agent is not None and is_free else []
    keys = _eligible(draft, queue, waiting)
    first = next(keys, None)
    if first is None:
        return []
    strategy = queue.policy.strategy
    if strategy in (Strategy.LONGEST_IDLE, Strategy.FEWEST_CALLS, Strategy.ORDERED):
        return _agents_of(draft, [first])
    # the others choose among those with the lowest penalty
    group = [first]
    for key in keys:
        if key[0] != first[0]:
            break
        group.append(key)
    match strategy:
        case Strategy.ROUND_ROBIN:
            return _agents_of(draft, [group[bisect_right(group, queue.turn) % len(group)]])
        case Strategy.RANDOM:
            return _agents_of(draft, [group[_mix(queue.seed + queue.queue_id) % len(group)]])
        case Strategy.RING_ALL:
            room = queue.policy.max_agents - queue.held if queue.policy.max_agents else len(group)
            return _agents_of(draft, group[: min(room, queue.policy.ring_all_most)])
        case _:
            asked = waiting.ticket.skills
            agents = _agents_of(draft, group)
            return [max(agents, key=lambda agent: sum(agent.skills.get(name, 0) for name in asked))]


def _eligible(draft: Draft, queue: Queue, waiting: Waiting) -> Iterator[FreeKey]:
    needs = waiting.needs
    for key in queue.free:
        if not needs or ((agent := draft.agent(int(key[-1]))) is not None and fits(agent.skills, needs)):
            yield key


def _agents_of(draft: Draft, keys: list[FreeKey]) -> list[Agent]:
    found = (draft.agent(int(key[-1])) for key in keys)
    return [agent for agent in found if agent is not None]


def _next_random(seed: int) -> int:
    return (seed + 0x9E3779B97F4A7C15) & _MASK


def _mix(seed: int) -> int:
    """The number of 64 bits that belongs to a seed (splitmix64)."""
    number = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ number >> 27) * 0x94D049BB133111EB) & _MASK
    return number ^ number >> 31
