"""Feature codes (功能键): what an agent's phone hears and does when it dials *65 and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from ucc.controller.floors import Floors
from ucc.db.unit import Database
from ucc.engine import events as ev
from ucc.engine.acd.events import FloorEvent, PresenceAsked
from ucc.engine.acd.model import Agent, Presence
from ucc.engine.dialled import Feature, FeatureCode
from ucc.engine.spoken import speak_balance, speak_own_number, speak_state
from ucc.ledger.service import find_balance


class CallBoard(Protocol):
    """What feature codes need of the calls of a tenant."""

    def find_ringing(self, tenant_id: int, agent_id: int | None) -> UUID | None:
        """A call that rings at this agent (None: at anybody) and may be picked up."""

    def find_parked(self, tenant_id: int, slot: str) -> UUID | None: ...

    def end_line(self, agent_id: int) -> bool:
        """Give the agent's nailed-up line up; False: there is none."""


class Features:
    def __init__(
        self,
        database: Database,
        floors: Floors,
        post_floor: Callable[[int, FloorEvent], None],
        board: Callable[[], CallBoard],
    ) -> None:
        self._database = database
        self._floors = floors
        self._post_floor = post_floor
        self._board = board

    async def serve(self, tenant_id: int, agent: Agent, feature: Feature, at: float) -> ev.FeatureFound:
        sounds: tuple[str, ...] = ()
        is_line, give_to = False, None
        match feature.code:
            case FeatureCode.OWN_NUMBER:
                sounds = speak_own_number(agent.target.extension, agent.work_number)
            case FeatureCode.BALANCE:
                async with self._database.begin() as session:
                    sounds = speak_balance(await find_balance(session, tenant_id), "zh-CN")
            case FeatureCode.STATE:
                sounds = speak_state(agent.state)
            case FeatureCode.SIGN_IN | FeatureCode.READY:
                self._ask(tenant_id, agent, Presence.READY, at)
                signed_in = feature.code is FeatureCode.SIGN_IN
                sounds = ("signed_in",) if signed_in else ("your_state_is", "state_ready")
            case FeatureCode.SIGN_OUT:
                self._ask(tenant_id, agent, Presence.OFFLINE, at)
                sounds = ("signed_out",)
            case FeatureCode.PAUSE:
                self._ask(tenant_id, agent, Presence.PAUSED, at)
                sounds = ("your_state_is", "state_paused")
            case FeatureCode.LINE_ON:
                is_line = agent.line is None
                sounds = ("line_on",)
            case FeatureCode.LINE_OFF:
                sounds = ("line_off",) if self._board().end_line(agent.target.agent_id) else ("refused",)
            case FeatureCode.PICK_UP:
                give_to = self._find_to_pick_up(tenant_id, feature.number)
                sounds = ("nobody_rings",)
            case FeatureCode.RETRIEVE:
                give_to = self._board().find_parked(tenant_id, feature.number)
                sounds = ("slot_empty",)
        return ev.FeatureFound(at, tenant_id, agent.target, feature.code.value, sounds, is_line, give_to)

    def _find_to_pick_up(self, tenant_id: int, work_number: str) -> UUID | None:
        if not work_number:
            return self._board().find_ringing(tenant_id, None)
        colleague = self._floors.find_colleague(tenant_id, work_number)
        return self._board().find_ringing(tenant_id, colleague.target.agent_id) if colleague is not None else None

    def _ask(self, tenant_id: int, agent: Agent, presence: Presence, at: float) -> None:
        self._post_floor(tenant_id, PresenceAsked(at, agent.target.agent_id, presence))
