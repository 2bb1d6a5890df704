"""Where a call stands in a queue, and what it asks of an agent as time goes by."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from uuid import UUID

from ucc.engine.acd.model import Needs, Place, Queue, QueuePolicy, Ticket


def place_of(call_id: UUID, ticket: Ticket, policy: QueuePolicy) -> Place:
    """Places never change while a call waits: a level of priority counts as `priority_s` of wait, or before it all."""
    if policy.priority_s > 0:
        return (0.0, ticket.since - ticket.priority * policy.priority_s, call_id)
    return (-float(ticket.priority), ticket.since, call_id)


def needs_at(ticket: Ticket, policy: QueuePolicy, at: float) -> Needs:
    """What is still asked for after the wait so far."""
    if not ticket.skills:
        return ()
    waited, drop = at - ticket.since, 0
    for step in policy.relax:
        if step.after_s <= waited:
            if step.drop is None:
                return ()
            drop += step.drop
    return tuple(sorted((name, level - drop) for name, level in ticket.skills.items() if level > drop))


def next_relax_at(ticket: Ticket, policy: QueuePolicy, at: float) -> float | None:
    """When less is asked for than now."""
    if not ticket.skills:
        return None
    return min((ticket.since + x.after_s for x in policy.relax if x.after_s > at - ticket.since), default=None)


def fits(skills: Mapping[str, int], needs: Needs) -> bool:
    return all(skills.get(name, 0) >= level for name, level in needs)


def insert(lane: tuple[Place, ...], place: Place) -> tuple[Place, ...]:
    index = bisect_left(lane, place)
    return (*lane[:index], place, *lane[index:])


def remove(lane: tuple[Place, ...], place: Place) -> tuple[Place, ...]:
    index = bisect_left(lane, place)
    return lane[:index] + lane[index + 1 :] if index < len(lane) and lane[index] == place else lane


def count_ahead(queue: Queue, place: Place) -> int:
    """How many are served before this place."""
    lanes = (*queue.lanes.values(), *queue.kept.values())
    return sum(bisect_left(lane, place) for lane in lanes)


def estimate_wait_s(queue: Queue, ahead: int) -> float | None:
    """Seconds until a call with so many ahead is taken: the agents who serve finish one call each handling time."""
    if queue.serving == 0:
        return None
    handling_s = queue.handling_s if queue.handled else queue.policy.expected_handling_s
    return (ahead + 1) * handling_s / queue.serving
