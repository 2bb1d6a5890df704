"""The office of the runner: answers to questions, kept calls, stored presence, what the live view shows."""

from __future__ import annotations

from uuid import UUID

from ucc.controller.floors import Floors
from ucc.controller.live import Live as LiveViews
from ucc.controller.metering import Metering
from ucc.controller.routes import Routes
from ucc.controller.store import CallStore
from ucc.controller.verifications import Verifications
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.acd.effects import KeepPresence, KeepStretch
from ucc.engine.acd.model import Floor
from ucc.engine.record import FinishedCall
from ucc.engine.state import CallState
from ucc.switch.runner import Question


class ControllerOffice:
    """Implements `switch.runner.Office` with the product's domains."""

    def __init__(
        self,
        store: CallStore,
        live: LiveViews,
        routes: Routes,
        floors: Floors,
        verifications: Verifications,
        metering: Metering,
    ) -> None:
        self._store = store
        self._live = live
        self._routes = routes
        self._floors = floors
        self._verifications = verifications
        self._metering = metering

    async def answer(self, call_id: UUID, question: Question, at: float) -> ev.CallEvent:
        return await self._routes.answer(call_id, question, at)

    def admit_trunk(self, call_id: UUID, trunk: ef.TrunkTarget, at: float) -> bool:
        return self._routes.admit_trunk(call_id, trunk, at)

    def read_code(self, call_id: UUID) -> tuple[str, ...]:
        return self._verifications.read_code(call_id)

    def note_ended(self, call_id: UUID) -> None:
        self._routes.note_ended(call_id)
        self._verifications.forget(call_id)

    def keep_state(self, state: CallState) -> None:
        self._store.keep(state)

    def finish(self, finished: FinishedCall) -> None:
        self._store.finish(finished)

    def keep_presence(self, effect: KeepPresence) -> None:
        self._floors.keep_presence(effect)

    def keep_stretch(self, effect: KeepStretch) -> None:
        self._floors.keep_stretch(effect)

    def publish_call(self, state: CallState) -> None:
        self._live.show_call(state)
        self._verifications.note(state)
        self._routes.note(state)
        self._metering.note(state)

    def publish_floor(self, before: Floor, after: Floor) -> None:
        self._live.show_floor(before, after)
