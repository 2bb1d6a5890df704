"""Talk: the customer with one or more participants; hold, transfers, consultations, conferences, park. A failed errand
gives the customer back to the agent."""

from __future__ import annotations

from dataclasses import replace

from ucc.engine import events as ev
from ucc.engine import reach as rc
from ucc.engine.dialled import RECORDING_KEYS
from ucc.engine.effects import AgentTarget, SendKeys, SettleTransfer
from ucc.engine.ending import count_hold, end_call
from ucc.engine.flows import inbound, rejoin
from ucc.engine.record import EndedBy, Result
from ucc.engine.state import Ended, Errand, Facts, Live, Parked, Participant, Queued, Reach, Seeking, Talking
from ucc.engine.target import Target, ToNumber, ToQueue


def enter(live: Live, facts: Facts, customer: str, participants: tuple[Participant, ...], at: float) -> Live:
    """Connect them. The customer's leg is answered now if it was not."""
    leg = facts.leg(customer)
    if leg is not None and leg.answered_at is None:
        facts = facts.answer_leg(customer)
    agent = participants[0].agent
    facts = replace(
        facts,
        connected_at=facts.connected_at if facts.connected_at is not None else at,
        agent_id=facts.agent_id if facts.agent_id is not None or agent is None else agent.agent_id,
    )
    return replace(live, facts=facts, stage=Talking(customer, participants))


def decide(live: Live, stage: Talking, event: ev.CallEvent) -> Live | Ended:
    rejoined = rejoin.decide(live, stage, event)
    if rejoined is not None:
        return rejoined
    match event:
        case ev.LegEnded(leg=leg):
            return _lose_leg(live, stage, leg, event)
        case ev.HoldRequested(agent_id=agent_id):
            return _hold(live, stage, _of_agent(live, stage, agent_id), event.is_held, event.at)
        case ev.LegHeld(leg=leg):
            return _hold(live, stage, _of_leg(live, stage, leg), event.is_held, event.at)
        case ev.MuteRequested(agent_id=agent_id):
            return _mute(live, stage, _of_agent(live, stage, agent_id), event.is_muted)
        case ev.TransferRequested(agent_id=agent_id):
            found = _of_agent(live, stage, agent_id)
            return _begin_errand(live, found, event.target, event.is_attended, event.at)
        case ev.TransferAsked(leg=leg):
            return _transfer_by_phone(live, stage, leg, event)
        case ev.TransferCompleted(agent_id=agent_id) if _is_by(stage, agent_id):
            return _complete(live, stage, event.at)
        case ev.TransferCancelled(agent_id=agent_id) if _is_by(stage, agent_id):
            return _give_back(live, stage, None, event.at)
        case ev.ConferenceRequested(agent_id=agent_id) if _is_by(stage, agent_id):
            return _confer(live, stage, event.at)
        case ev.ParticipantDropped(agent_id=agent_id, leg=leg):
            return _drop_participant(live, stage, agent_id, leg, event.at)
        case ev.ParkRequested(agent_id=agent_id):
            return _park(live, _of_agent(live, stage, agent_id), event)
        case ev.KeysRequested(agent_id=agent_id) if _of_agent(live, stage, agent_id) is not None:
            return replace(live, once=(SendKeys(stage.customer, event.keys),))
        case ev.KeyPressed(leg=leg) if any(x.leg == leg for x in stage.participants):
            return _type(live, stage, event.key)
        case _ if stage.errand is not None and stage.errand.reach is not None:
            return _go_errand(live, stage, stage.errand, stage.errand.reach, event)
        case _:
            return live


# --- who asks ---------------------------------------------------------------------------------------------------------


def _of_agent(live: Live, stage: Talking, agent_id: int) -> tuple[Talking, Participant] | None:
    """The stage with this agent on our side, and its part; in an internal call either agent may be the one."""
    for one in stage.participants:
        if one.agent is not None and one.agent.agent_id == agent_id:
            return stage, one
    customer = live.facts.leg(stage.customer)
    if customer is None or customer.agent_id != agent_id or len(stage.participants) != 1 or stage.errand is not None:
        return None
    turned = Participant(customer.leg, AgentTarget(agent_id, customer.address), customer.address)
    muted, held = stage.muted, stage.held_since
    return Talking(stage.participants[0].leg, (turned,), held, muted), turned


def _of_leg(live: Live, stage: Talking, leg: str) -> tuple[Talking, Participant] | None:
    for one in stage.participants:
        if one.leg == leg:
            return stage, one
    found = live.facts.leg(leg)
    return _of_agent(live, stage, found.agent_id) if found is not None and found.agent_id is not None else None


def _is_by(stage: Talking, agent_id: int) -> bool:
    errand = stage.errand
    return errand is not None and any(
        x.leg == errand.by and x.agent is not None and x.agent.agent_id == agent_id for x in stage.participants
    )


# --- hold, mute, keys -------------------------------------------------------------------------------------------------


def _hold(live: Live, stage: Talking, found: tuple[Talking, Participant] | None, is_held: bool, at: float) -> Live:
    if found is None or stage.errand is not None or is_held == (stage.held_since is not None):
        return live
    if not is_held:
        return replace(live, facts=count_hold(live, live.facts, at), stage=replace(stage, held_since=None))
    return replace(live, stage=replace(found[0], held_since=at))


def _mute(live: Live, stage: Talking, found: tuple[Talking, Participant] | None, is_muted: bool) -> Live:
    if found is None:
        return live
    muted = tuple(x for x in stage.muted if x != found[1].leg)
    return replace(live, stage=replace(stage, muted=(*muted, found[1].leg) if is_muted else muted))


def _type(live: Live, stage: Talking, key: str) -> Live:
    """`*1` on an agent's phone turns recording on demand on and off."""
    typed = (stage.typed + key)[-len(RECORDING_KEYS) :]
    if typed != RECORDING_KEYS:
        return replace(live, stage=replace(stage, typed=typed))
    facts = replace(live.facts, is_recording_asked=live.facts.recording is None)
    return replace(live, facts=facts, stage=replace(stage, typed=""))


# --- errands ----------------------------------------------------------------------------------------------------------


def _begin_errand(
    live: Live, found: tuple[Talking, Participant] | None, target: Target, is_attended: bool, at: float
) -> Live:
    if found is None or found[0].errand is not None or len(found[0].participants) != 1:
        return live
    stage, by = found
    facts, reach = rc.find(live.facts, target, by.agent.agent_id if by.agent else None)
    errand = Errand(by.leg, reach, is_attended, target)
    held_since = stage.held_since if stage.held_since is not None else at
    return replace(live, facts=facts, stage=replace(stage, errand=errand, held_since=held_since, failure=None))


def _transfer_by_phone(live: Live, stage: Talking, leg: str, event: ev.TransferAsked) -> Live:
    after = _begin_errand(live, _of_leg(live, stage, leg), ToNumber(event.target), False, event.at)
    if not isinstance(after.stage, Talking) or after.stage.errand is None or after is live:
        return replace(live, once=(SettleTransfer(leg, False),))
    errand = replace(after.stage.errand, is_by_phone=True)
    return replace(after, stage=replace(after.stage, errand=errand))


def _settled(live: Live, errand: Errand | None, is_done: bool) -> Live:
    """Tell the phone that asked for it how its transfer went."""
    if errand is None or not errand.is_by_phone or not live.facts.is_up(errand.by):
        return live
    return replace(live, once=(SettleTransfer(errand.by, is_done),))


def _go_errand(live: Live, stage: Talking, errand: Errand, reach: Reach, event: ev.CallEvent) -> Live | Ended:
    facts, step = rc.step(reach, live.facts, event, rc.asking_for(live.facts))
    match step:
        case rc.Reached():
            reached = Participant(step.leg, step.agent, step.label)
            stage = replace(stage, errand=replace(errand, reach=None, reached=reached))
            live = replace(live, facts=facts, stage=stage)
            return live if errand.is_attended else _complete(live, stage, event.at)
        case rc.Failed():
            return _give_back(replace(live, facts=facts), stage, step.reason, event.at)
        case rc.Elsewhere():
            if errand.is_attended:
                return _give_back(replace(live, facts=facts), stage, "not_possible", event.at)
            live = _free_participants(replace(live, facts=facts), stage, event.at)
            return inbound.go_elsewhere(live, stage.customer, step.plan, event.at)
        case Queued() if not errand.is_attended:
            live = _free_participants(replace(live, facts=facts), stage, event.at)
            return replace(live, stage=Seeking(stage.customer, step))
        case _:
            return replace(live, facts=facts, stage=replace(stage, errand=replace(errand, reach=step)))


def _free_participants(live: Live, stage: Talking, at: float) -> Live:
    """The customer goes on without those it talked with."""
    live = _settled(live, stage.errand, True)
    facts = rejoin.drop(count_hold(live, live.facts, at), stage, at)
    for one in stage.participants:
        facts = facts.drop_leg(one.leg, at)
    return replace(live, facts=facts)


def _complete(live: Live, stage: Talking, at: float) -> Live | Ended:
    """The target takes the customer over; while it rings, the transfer goes on without the agent."""
    errand = stage.errand
    if errand is None:
        return live
    by = next((x for x in stage.participants if x.leg == errand.by), None)
    live = _free_participants(live, stage, at)
    if errand.reached is not None:
        return replace(live, stage=Talking(stage.customer, (errand.reached,)))
    if errand.reach is None:
        return live
    return replace(live, stage=Seeking(stage.customer, errand.reach, back=by.agent if by else None))


def _give_back(live: Live, stage: Talking, failure: str | None, at: float) -> Live:
    """The errand is over without success: the customer and the agent talk again."""
    errand = stage.errand
    live = _settled(live, errand, False)
    facts = count_hold(live, live.facts, at)
    if errand is not None:
        facts = rc.drop(errand.reach, facts, at)
        if errand.reached is not None:
            facts = facts.drop_leg(errand.reached.leg, at)
    return replace(live, facts=facts, stage=replace(stage, errand=None, held_since=None, failure=failure))


def _confer(live: Live, stage: Talking, at: float) -> Live:
    errand = stage.errand
    if errand is None or errand.reached is None:
        return live
    participants = (*stage.participants, errand.reached)
    facts = count_hold(live, live.facts, at)
    after = replace(stage, participants=participants, errand=None, held_since=None)
    return replace(live, facts=facts, stage=after)


def _drop_participant(live: Live, stage: Talking, agent_id: int, leg: str, at: float) -> Live:
    """Only whoever is in charge drops others."""
    first = stage.participants[0].agent
    others = {x.leg for x in stage.participants[1:]}
    if first is None or first.agent_id != agent_id or leg not in others:
        return live
    rest = tuple(x for x in stage.participants if x.leg != leg)
    return replace(live, facts=live.facts.drop_leg(leg, at), stage=replace(stage, participants=rest))


def _park(live: Live, found: tuple[Talking, Participant] | None, event: ev.ParkRequested) -> Live:
    if found is None or found[0].errand is not None or len(found[0].participants) != 1:
        return live
    stage, by = found
    live = _free_participants(live, stage, event.at)
    return replace(live, stage=Parked(stage.customer, event.slot, by.agent, event.at + event.max_s))


# --- legs end ---------------------------------------------------------------------------------------------------------


def _lose_leg(live: Live, stage: Talking, leg: str, event: ev.LegEnded) -> Live | Ended:
    if stage.rejoin is not None and leg == stage.rejoin.old:
        live = replace(live, facts=rejoin.drop(live.facts, stage, event.at))
        stage = replace(stage, rejoin=None)
    errand = stage.errand
    if leg == stage.customer:
        return end_call(live, event.at, event.cause, EndedBy.CUSTOMER, Result.ANSWERED)
    if errand is not None and errand.reached is not None and leg == errand.reached.leg:
        return _give_back(live, replace(stage, errand=replace(errand, reached=None)), "target_hung_up", event.at)
    if not any(x.leg == leg for x in stage.participants):
        if errand is not None and errand.reach is not None:
            return _go_errand(live, stage, errand, errand.reach, event)
        return live
    if errand is not None and leg == errand.by:
        return _complete(live, stage, event.at)
    rest = tuple(x for x in stage.participants if x.leg != leg)
    if rest:
        return replace(live, stage=replace(stage, participants=rest))
    lost = next((x for x in live.facts.legs if x.leg == leg), None)
    if lost is not None and lost.is_line and live.facts.queue_id is not None:
        facts, reach = rc.find(count_hold(live, live.facts, event.at), ToQueue(live.facts.queue_id))
        reach = replace(reach, stands_since=facts.queued_at)  # at the head
        return replace(live, facts=facts, stage=Seeking(stage.customer, reach))
    return end_call(live, event.at, event.cause, EndedBy.AGENT, Result.ANSWERED)
