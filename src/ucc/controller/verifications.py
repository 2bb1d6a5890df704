"""Verification calls (语音验证码): placed by the API's word, their codes kept in memory only, their progress told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from ucc.controller.commands import Refusal
from ucc.controller.routes import CAUSES, REFUSED, Routes
from ucc.controller.store import AWAY, CallStore
from ucc.db.unit import Database
from ucc.engine.events import CodeRequested
from ucc.engine.record import Direction, EndedBy, FinishedCall, Result
from ucc.engine.spoken import speak_digits
from ucc.engine.state import CallState, Live, ReadingCode
from ucc.errors import CallRefused
from ucc.secrets import Secrets
from ucc.verification.service import OpenVerification, note_answered, note_heard, open_verification

log = structlog.get_logger("verification")
MAX_PROGRESS = 10_000
RETRY_S = 1.0


class Verifications:
    """The calls that read a code. The call of a verification has the same id."""

    def __init__(
        self, database: Database, secrets: Secrets, routes: Routes, store: CallStore, time: Callable[[], float]
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._routes = routes
        self._store = store
        self._time = time
        self._codes: dict[UUID, str] = {}
        self._told: dict[UUID, str] = {}
        self._progress: asyncio.Queue[tuple[UUID, str]] = asyncio.Queue(MAX_PROGRESS)
        self.begin: Callable[[CodeRequested, UUID], object]

    async def place(self, verification_id: UUID) -> None:
        """Place the call of a stored verification; one that a rule refuses leaves a record. Raises Refusal."""
        try:
            wanted = await self._open(verification_id)
            if wanted is None:
                raise Refusal(404, "unknown_verification", "there is no such verification to be called")
            if verification_id in self._codes:
                return
            self._codes[verification_id] = wanted.code
            at = self._time()
            try:
                plan = await self._routes.plan_verification(verification_id, wanted.tenant_id, wanted.callee, at)
            except CallRefused as refused:
                del self._codes[verification_id]
                self._refuse(verification_id, wanted, refused.refusal, at)
                return
        except AWAY as error:
            self._codes.pop(verification_id, None)
            raise Refusal(409, "database_unavailable", "the database does not answer") from error
        self.begin(CodeRequested(at, wanted.tenant_id, plan, wanted.language.split("-")[0]), verification_id)

    async def adopt(self, states: list[CallState]) -> None:
        """Read the codes of calls that go on after a restart. Raises what the database raises."""
        for state in states:
            if isinstance(state, Live) and isinstance(state.stage, ReadingCode):
                found = await self._open(state.facts.call_id)
                if found is not None:
                    self._codes[state.facts.call_id] = found.code

    def read_code(self, call_id: UUID) -> tuple[str, ...]:
        """The sounds of its digits."""
        return speak_digits(self._codes.get(call_id, ""))

    def note(self, state: CallState) -> None:
        """Tell the database how far the reading is."""
        if not isinstance(state, Live) or not isinstance(state.stage, ReadingCode) or state.stage.customer is None:
            return
        word = "heard" if state.stage.is_heard else "answered"
        call_id = state.facts.call_id
        if self._told.get(call_id) != word and not self._progress.full():
            self._told[call_id] = word
            self._progress.put_nowait((call_id, word))

    def forget(self, call_id: UUID) -> None:
        self._codes.pop(call_id, None)
        self._told.pop(call_id, None)

    async def run(self) -> None:
        """Write progress as it comes; waits for the database when it is away."""
        while True:
            call_id, word = await self._progress.get()
            while True:
                try:
                    async with self._database.begin() as session:
                        await (note_heard if word == "heard" else note_answered)(session, call_id)
                    break
                except AWAY as error:
                    log.warning("the progress of a verification waits", why=type(error).__name__)
                    await asyncio.sleep(RETRY_S)

    async def _open(self, verification_id: UUID) -> OpenVerification | None:
        async with self._database.begin() as session:
            return await open_verification(session, self._secrets, verification_id)

    def _refuse(self, verification_id: UUID, wanted: OpenVerification, code: str, at: float) -> None:
        log.info("a verification call is refused", callee=wanted.callee, code=code)
        self._store.finish(
            FinishedCall(
                call_id=verification_id,
                tenant_id=wanted.tenant_id,
                direction=Direction.OUTBOUND,
                caller="",
                callee=wanted.callee,
                started_at=at,
                ended_at=at,
                cause=CAUSES.get(code, REFUSED),
                ended_by=EndedBy.SYSTEM,
                result=Result.REFUSED,
                refusal=code,
            )
        )
