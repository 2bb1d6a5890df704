"""Calls that wait: join, leave, go back, wake up, ask for their position."""

from __future__ import annotations

from uuid import UUID

from ucc.engine.acd.assign import choose_agents, is_served
from ucc.engine.acd.draft import Draft
from ucc.engine.acd.effects import RefuseQueue, TellPosition
from ucc.engine.acd.events import CallJoined
from ucc.engine.acd.model import Offer, Presence, Queue, QueuePolicy, Ticket, Waiting
from ucc.engine.acd.places import count_ahead, estimate_wait_s, needs_at, next_relax_at, place_of
from ucc.engine.acd.work import close_offer


def join(draft: Draft, event: CallJoined) -> None:
    call_id, ticket = event.call_id, event.ticket
    known = draft.waiting(call_id)
    if known is not None and known.ticket.queue_id == ticket.queue_id:
        return
    offer = draft.offer(call_id)
    if offer is not None and (offer.ticket is None or offer.ticket.queue_id == ticket.queue_id):
        draft.put_offer(call_id, Offer(ticket, offer.agent_ids))
        return
    leave(draft, call_id)
    queue = draft.queue(ticket.queue_id)
    refusal = "closed" if queue is None or not queue.policy.is_open else None
    if queue is not None and refusal is None:
        waiting = _stand(draft, call_id, ticket, queue.policy, can_be_kept=True)
        refusal = _refuse(draft, queue, waiting)
        if refusal is None:
            draft.enter(waiting)
    if refusal is not None:
        draft.effects.append(RefuseQueue(call_id, refusal))


def _refuse(draft: Draft, queue: Queue, waiting: Waiting) -> str | None:
    """Why the queue does not take this call; nobody is refused whom somebody could take at once."""
    policy = queue.policy
    if not is_served(queue):
        return "no_agents"
    if choose_agents(draft, queue, waiting):
        return None
    if policy.max_length and queue.length >= policy.max_length:
        return "full"
    if policy.max_ratio and queue.length + 1 > policy.max_ratio * queue.serving:
        return "full"
    wait_s = estimate_wait_s(queue, count_ahead(queue, waiting.place))
    if policy.max_estimate_s and wait_s is not None and wait_s > policy.max_estimate_s:
        return "wait_too_long"
    return None


def leave(draft: Draft, call_id: UUID) -> None:
    draft.take_out(call_id)
    offer = draft.offer(call_id)
    if offer is not None:
        close_offer(draft, call_id, offer)


def put_back(draft: Draft, call_id: UUID, ticket: Ticket) -> None:
    """The call goes to where it stood: its place goes by the time it first came."""
    queue = draft.queue(ticket.queue_id)
    if queue is None:
        draft.effects.append(RefuseQueue(call_id, "closed"))
    else:
        draft.enter(_stand(draft, call_id, ticket, queue.policy, can_be_kept=False))


def wake(draft: Draft, waiting: Waiting) -> None:
    """A moment has come: a skill is asked for less, or the wait for the last agent is over."""
    call_id = waiting.place[-1]
    draft.take_out(call_id)
    put_back(draft, call_id, waiting.ticket)


def stand_again(draft: Draft, waiting: Waiting) -> None:
    """After the settings of its queue have changed."""
    queue = draft.queue(waiting.ticket.queue_id)
    if queue is not None:
        is_kept = waiting.kept_for is not None
        draft.enter(_stand(draft, waiting.place[-1], waiting.ticket, queue.policy, can_be_kept=is_kept))


def tell_position(draft: Draft, call_id: UUID) -> None:
    waiting = draft.waiting(call_id)
    queue = draft.queue(waiting.ticket.queue_id) if waiting is not None else None
    if waiting is None or queue is None:
        return
    ahead = count_ahead(queue, waiting.place)
    draft.effects.append(TellPosition(call_id, ahead + 1, estimate_wait_s(queue, ahead)))


def _stand(draft: Draft, call_id: UUID, ticket: Ticket, policy: QueuePolicy, *, can_be_kept: bool) -> Waiting:
    """Where a call is to stand now."""
    place = place_of(call_id, ticket, policy)
    kept_until = ticket.since + policy.last_agent_s
    last_id = ticket.last_agent_id
    if can_be_kept and kept_until > draft.at and last_id is not None and last_id in policy.members:
        agent = draft.agent(last_id)
        if agent is not None and agent.presence is Presence.READY:
            return Waiting(ticket, place, (), last_id, kept_until)
    return Waiting(ticket, place, needs_at(ticket, policy, draft.at), None, next_relax_at(ticket, policy, draft.at))
