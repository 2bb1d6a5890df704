"""What people ask of calls and agents, as events for the owner's mailboxes; refused with a code when it makes no sense
now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ucc.controller.floors import Floors
from ucc.engine import events as ev
from ucc.engine.acd.events import FloorEvent, PresenceAsked, WrapUpAsked
from ucc.engine.acd.model import Agent, Presence, Work
from ucc.engine.record import EndedBy
from ucc.engine.state import Line, Live, Parked, Ringing, Seeking, Talking
from ucc.engine.target import Target, ToAgent, ToNumber, ToQueue
from ucc.kit.clock import SteadyClock
from ucc.switch.runner import Actor, Runner

MAX_NUMBER = 32
MAX_KEYS = 32
MAX_WRAP_UP_S = 3600
KEYS = frozenset("0123456789*#ABCD")
MODES = ("listen", "whisper", "barge")
SLOTS = range(1, 100)


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why a command is refused: a status, a stable code, words."""

    status: int
    code: str
    message: str


class Commands:
    """Every method raises Refusal."""

    def __init__(self, runner: Runner, floors: Floors, clock: SteadyClock) -> None:
        self._runner = runner
        self._floors = floors
        self._clock = clock

    # --- presence and lines ---------------------------------------------------------------------------------------

    async def ask_presence(self, agent_id: int, presence: object, reason: object) -> None:
        if presence not in {x.value for x in Presence} or not isinstance(reason, str | None):
            raise Refusal(422, "invalid_presence", "presence is ready, paused or offline")
        tenant_id, _ = await self._agent(agent_id)
        why = reason[:64] if reason and presence == "paused" else None
        self._post_floor(tenant_id, PresenceAsked(self._now(), agent_id, Presence(presence), why))

    async def ask_line(self, agent_id: int, is_up: bool) -> None:
        """长签: ring the agent's phone once and keep the leg; or give it up."""
        tenant_id, agent = await self._agent(agent_id)
        if not is_up:
            if not self.end_line(agent_id):
                raise Refusal(409, "line_down", "the agent has no line")
            return
        if agent.line is not None or self._find_line(agent_id) is not None:
            raise Refusal(409, "line_up", "the agent has a line already")
        if agent.work is not Work.NONE:
            raise Refusal(409, "agent_busy", f"the agent is {agent.state}")
        self._runner.begin(ev.LineRequested(self._now(), tenant_id, agent.target))

    async def ask_wrap_up(self, agent_id: int, seconds: object) -> None:
        if not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_WRAP_UP_S:
            raise Refusal(422, "invalid_seconds", f"seconds are 0 to {MAX_WRAP_UP_S}")
        tenant_id, agent = await self._agent(agent_id)
        if agent.work is not Work.WRAP_UP:
            raise Refusal(409, "not_in_wrap_up", "the agent is not in wrap-up")
        self._post_floor(tenant_id, WrapUpAsked(self._now(), agent_id, float(seconds)))

    # --- calls ----------------------------------------------------------------------------------------------------

    async def place_call(self, agent_id: int, callee: object, caller_id: object) -> UUID:
        if not _is_number(callee):
            raise Refusal(422, "invalid_number", "callee is a number")
        if caller_id is not None and not _is_number(caller_id):
            raise Refusal(422, "invalid_number", "caller_id is a number")
        tenant_id, agent = await self._agent(agent_id)
        if agent.work not in (Work.NONE, Work.WRAP_UP):
            raise Refusal(409, "agent_busy", f"the agent is {agent.state}")
        event = ev.CallRequested(
            self._now(), tenant_id, agent.target, str(callee), str(caller_id) if caller_id is not None else None
        )
        return self._runner.begin(event)

    def hang_up(self, call_id: UUID, by: EndedBy) -> None:
        self._live(call_id)
        self._runner.post(call_id, ev.HangUpRequested(self._now(), by))

    def end_calls(self, tenant_ids: frozenset[int]) -> int:
        """Every call of these enterprises ends, also one that still rings or waits; nailed-up lines stay. How many."""
        ending = [
            actor.call_id
            for actor in self._runner.calls.values()
            if isinstance(actor.state, Live)
            and actor.state.facts.tenant_id in tenant_ids
            and not isinstance(actor.state.stage, Line)
        ]
        for call_id in ending:
            self._runner.post(call_id, ev.HangUpRequested(self._now(), EndedBy.SYSTEM))
        return len(ending)

    async def act(self, agent_id: int, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """What an agent does with the call it is in."""
        tenant_id, agent = await self._agent(agent_id)
        actor, live = self._call_of(agent)
        talking = live.stage if isinstance(live.stage, Talking) else None
        make = _ACTIONS.get(action)
        if make is None:
            raise Refusal(404, "unknown_action", "no such action")
        if talking is None:
            raise Refusal(409, "not_talking", "the agent is not talking")
        if action == "park":
            body = body | {"slot": self._free_slot(tenant_id)}
        event = make(self._now(), agent_id, talking, live, body)
        self._runner.post(actor.call_id, event)
        return {"slot": body["slot"]} if action == "park" else {}

    async def retrieve(self, agent_id: int, slot: object) -> None:
        tenant_id, agent = await self._agent(agent_id)
        call_id = self.find_parked(tenant_id, str(slot))
        if call_id is None:
            raise Refusal(404, "slot_empty", "nobody is parked there")
        self._pick_up(agent, call_id)

    async def pick_up(self, agent_id: int, from_agent_id: object) -> None:
        tenant_id, agent = await self._agent(agent_id)
        call_id = self.find_ringing(tenant_id, from_agent_id if isinstance(from_agent_id, int) else None)
        if call_id is None:
            raise Refusal(404, "nobody_rings", "no call rings there")
        self._pick_up(agent, call_id)

    def _pick_up(self, agent: Agent, call_id: UUID) -> None:
        if agent.work not in (Work.NONE, Work.WRAP_UP):
            raise Refusal(409, "agent_busy", f"the agent is {agent.state}")
        self._runner.post(call_id, ev.PickUpRequested(self._now(), agent.target))

    # --- supervision ----------------------------------------------------------------------------------------------

    async def watch(self, call_id: UUID, agent_id: int, mode: str) -> None:
        live = self._live(call_id)
        tenant_id, agent = await self._agent(agent_id)
        if tenant_id != live.facts.tenant_id:
            raise Refusal(404, "unknown_call", "no such call here")
        if not isinstance(live.stage, Talking):
            raise Refusal(409, "not_talking", "nobody talks in this call")
        is_watching = any(x.agent.agent_id == agent_id for x in live.watches)
        if not is_watching and (agent.work is not Work.NONE):
            raise Refusal(409, "agent_busy", f"the supervisor is {agent.state}")
        self._runner.post(call_id, ev.WatchRequested(self._now(), agent.target, mode))

    def end_watch(self, call_id: UUID, agent_id: int) -> None:
        live = self._live(call_id)
        if not any(x.agent.agent_id == agent_id for x in live.watches):
            raise Refusal(409, "not_watching", "the supervisor does not watch this call")
        self._runner.post(call_id, ev.WatchEnded(self._now(), agent_id))

    # --- the board ------------------------------------------------------------------------------------------------

    def find_ringing(self, tenant_id: int, agent_id: int | None) -> UUID | None:
        """A call that rings at this agent (None: at anybody); the one that waits longest first."""
        for actor, live in self._calls(tenant_id):
            reach = live.stage.reach if isinstance(live.stage, Seeking) else None
            if isinstance(reach, Ringing):
                ringing = {x.agent.agent_id for x in reach.offers if x.agent is not None}
                if ringing and (agent_id is None or agent_id in ringing):
                    return actor.call_id
        return None

    def find_parked(self, tenant_id: int, slot: str) -> UUID | None:
        for actor, live in self._calls(tenant_id):
            if isinstance(live.stage, Parked) and live.stage.slot == slot:
                return actor.call_id
        return None

    def end_line(self, agent_id: int) -> bool:
        call_id = self._find_line(agent_id)
        if call_id is None:
            return False
        self._runner.post(call_id, ev.HangUpRequested(self._now(), EndedBy.AGENT))
        return True

    def _find_line(self, agent_id: int) -> UUID | None:
        for actor in self._runner.calls.values():
            state = actor.state
            if isinstance(state, Live) and isinstance(state.stage, Line) and state.stage.agent.agent_id == agent_id:
                return actor.call_id
        return None

    def _free_slot(self, tenant_id: int) -> str:
        taken = {live.stage.slot for _, live in self._calls(tenant_id) if isinstance(live.stage, Parked)}
        free = next((str(x) for x in SLOTS if str(x) not in taken), None)
        if free is None:
            raise Refusal(409, "no_free_slot", "every slot is taken")
        return free

    def _calls(self, tenant_id: int) -> list[tuple[Actor, Live]]:
        found = [(x, x.state) for x in self._runner.calls.values() if isinstance(x.state, Live)]
        return [(x, live) for x, live in found if live.facts.tenant_id == tenant_id]

    # --- small things ---------------------------------------------------------------------------------------------

    async def _agent(self, agent_id: int) -> tuple[int, Agent]:
        found = await self._floors.get_agent(agent_id)
        if found is None:
            raise Refusal(404, "unknown_agent", "no such agent here")
        return found

    def _live(self, call_id: UUID) -> Live:
        actor = self._runner.calls.get(call_id)
        if actor is None or not isinstance(actor.state, Live):
            raise Refusal(404, "unknown_call", "no such call here")
        return actor.state

    def _call_of(self, agent: Agent) -> tuple[Actor, Live]:
        actor = self._runner.calls.get(agent.call_id) if agent.call_id is not None else None
        if actor is None or not isinstance(actor.state, Live):
            raise Refusal(409, "no_call", "the agent is in no call")
        return actor, actor.state

    def _post_floor(self, tenant_id: int, event: FloorEvent) -> None:
        self._runner.post_floor(tenant_id, event)

    def _now(self) -> float:
        return self._clock.time()


# --- actions ----------------------------------------------------------------------------------------------------------


def _is_number(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NUMBER


def _bool(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise Refusal(422, "invalid_request", f"{name} is true or false")
    return value


def read_target(body: object) -> Target:
    match body:
        case {"kind": "agent", "agent_id": int(agent_id)}:
            return ToAgent(agent_id)
        case {"kind": "queue", "queue_id": int(queue_id)}:
            return ToQueue(queue_id)
        case {"kind": "number", "number": str(number)} if _is_number(number):
            return ToNumber(number)
        case _:
            raise Refusal(422, "invalid_target", "the target is an agent, a queue or a number")


def _hold(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    if talking.errand is not None:
        raise Refusal(409, "consulting", "a consultation is going on")
    return ev.HoldRequested(at, agent_id, _bool(body, "is_held"))


def _mute(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    return ev.MuteRequested(at, agent_id, _bool(body, "is_muted"))


def _transfer(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    if talking.errand is not None or len(talking.participants) > 1:
        raise Refusal(409, "consulting", "a consultation or a conference is going on")
    mode = body.get("mode")
    if mode not in ("blind", "attended"):
        raise Refusal(422, "invalid_mode", "mode is blind or attended")
    return ev.TransferRequested(at, agent_id, read_target(body.get("target")), mode == "attended")


def _needs_errand(
    make: Callable[[float, int], ev.CallEvent],
) -> Callable[[float, int, Talking, Live, dict[str, Any]], ev.CallEvent]:
    def action(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
        if talking.errand is None:
            raise Refusal(409, "not_consulting", "no consultation is going on")
        return make(at, agent_id)

    return action


def _confer(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    if talking.errand is None or talking.errand.reached is None:
        raise Refusal(409, "not_consulting", "nobody has answered the consultation")
    return ev.ConferenceRequested(at, agent_id)


def _drop(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    leg = body.get("leg")
    if not isinstance(leg, str) or leg not in {x.leg for x in talking.participants[1:]}:
        raise Refusal(404, "unknown_leg", "no such participant")
    return ev.ParticipantDropped(at, agent_id, leg)


def _park(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    if talking.errand is not None or len(talking.participants) > 1:
        raise Refusal(409, "consulting", "a consultation or a conference is going on")
    return ev.ParkRequested(at, agent_id, str(body["slot"]))


def _keys(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    keys = body.get("keys")
    if not isinstance(keys, str) or not 0 < len(keys) <= MAX_KEYS or not set(keys) <= KEYS:
        raise Refusal(422, "invalid_keys", "keys are 0-9 * # A-D")
    return ev.KeysRequested(at, agent_id, keys)


def _record(at: float, agent_id: int, talking: Talking, live: Live, body: dict[str, Any]) -> ev.CallEvent:
    action = body.get("action")
    mode, policy = live.facts.policy.mode.value, live.facts.policy
    if action not in ("start", "stop", "pause", "resume"):
        raise Refusal(422, "invalid_action", "action is start, stop, pause or resume")
    if mode in ("forced", "forbidden") and action in ("start", "stop"):
        raise Refusal(409, f"recording_{mode}", f"recording is {mode} here")
    if action in ("pause", "resume") and not policy.can_pause:
        raise Refusal(409, "recording_unpausable", "recording may not be paused here")
    return ev.RecordingRequested(at, str(action))


_ACTIONS: dict[str, Callable[[float, int, Talking, Live, dict[str, Any]], ev.CallEvent]] = {
    "hold": _hold,
    "mute": _mute,
    "transfer": _transfer,
    "transfer/complete": _needs_errand(ev.TransferCompleted),
    "transfer/cancel": _needs_errand(ev.TransferCancelled),
    "conference": _confer,
    "conference/drop": _drop,
    "park": _park,
    "keys": _keys,
    "recording": _record,
}
