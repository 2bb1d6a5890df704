"""What is always true of a floor, worked out from nothing beside the indexes that it keeps."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from ucc.engine.acd.draft import standing
from ucc.engine.acd.model import Floor, Queue, Work
from ucc.engine.acd.places import fits


def check(floor: Floor) -> None:
    for queue in floor.queues.values():
        _check_queue(floor, queue)
    _check_offers(floor)
    _check_alarms(floor)


def _check_queue(floor: Floor, queue: Queue) -> None:
    policy = queue.policy
    standings = [standing(agent, policy) for agent in floor.agents.values()]
    assert queue.free == tuple(sorted(x[3] for x in standings if x[3] is not None))
    counts = tuple(sum(x[index] for x in standings) for index in range(3))
    assert (queue.signed_in, queue.serving, queue.held) == counts

    lanes = {None: queue.lanes, "kept": queue.kept}
    standing_calls = Counter(place[-1] for kind in lanes.values() for lane in kind.values() for place in lane)
    here = {call_id: x for call_id, x in floor.waiting.items() if x.ticket.queue_id == policy.queue_id}
    assert standing_calls == Counter(list(here))
    assert queue.length == len(here)
    for call_id, waiting in here.items():
        assert waiting.place[-1] == call_id
        lane = queue.kept[waiting.kept_for] if waiting.kept_for is not None else queue.lanes[waiting.needs]
        assert waiting.place in lane
    for lane in (*queue.lanes.values(), *queue.kept.values()):
        assert lane
        assert list(lane) == sorted(lane)

    if here:
        assert queue.serving if policy.is_refused_when_paused else queue.signed_in, "nobody will ever come"
    if not policy.max_agents or queue.held < policy.max_agents:
        free = [floor.agents[int(key[-1])] for key in queue.free]
        for waiting in here.values():
            able = [x for x in free if waiting.kept_for in (None, x.target.agent_id) and fits(x.skills, waiting.needs)]
            assert not able, "somebody waits whom somebody free could take"


def _check_offers(floor: Floor) -> None:
    offered: Counter[int] = Counter()
    for call_id, offer in floor.offers.items():
        offered.update(offer.agent_ids)
        assert offer.agent_ids
        assert offer.ticket is None or call_id not in floor.waiting
        for agent_id in offer.agent_ids:
            assert floor.agents[agent_id].call_id == call_id
    assert all(times == 1 for times in offered.values()), "an agent is offered two calls"
    busy = {x for x, agent in floor.agents.items() if agent.work in (Work.RESERVED, Work.RINGING)}
    assert busy >= set(offered)
    for agent in floor.agents.values():
        assert (agent.call_id is None) == (agent.work in (Work.NONE, Work.WRAP_UP))


def _check_alarms(floor: Floor) -> None:
    expected: Counter[tuple[int, int | UUID]] = Counter()
    expected.update((int(x.deadline), key) for key, x in floor.agents.items() if x.deadline is not None)
    expected.update((int(x.wakes_at), call_id) for call_id, x in floor.waiting.items() if x.wakes_at is not None)
    assert Counter((int(when), key) for alarms in floor.alarms.values() for when, key in alarms) == expected
    assert all(second == int(when) for second, alarms in floor.alarms.items() for when, _ in alarms)
    assert all(x.deadline is None or x.deadline > floor.at for x in floor.agents.values())
