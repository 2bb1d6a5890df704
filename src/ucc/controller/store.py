"""Live and finished calls on disk and in PostgreSQL.

Every decision writes the call's state to a local file at once, so a controller that is killed finds its calls again
even when the database is away; PostgreSQL gets the same state a moment later, for a controller on another machine.
A finished call stays in the spool until its one transaction (record, recording, money) has committed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import FinishedCall
from ucc.engine.state import CallState, Ended, New

log = structlog.get_logger("store")
RETRY_S = 1.0
MIRROR_EVERY_S = 0.2
STATE: TypeAdapter[CallState] = TypeAdapter(CallState)
FINISHED: TypeAdapter[FinishedCall] = TypeAdapter(FinishedCall)
AWAY = (OperationalError, InterfaceError, OSError, TimeoutError)

_MIRROR = text(
    """
    INSERT INTO call_state (call_id, tenant_id, controller, state, updated_at)
    VALUES (:call_id, :tenant_id, :controller, CAST(:state AS jsonb), now())
    ON CONFLICT (call_id) DO UPDATE SET tenant_id = excluded.tenant_id, controller = excluded.controller,
      state = excluded.state, updated_at = excluded.updated_at
    """
)

_FORGET = text("DELETE FROM call_state WHERE call_id IN :ids").bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class _Kept:
    """A live call's state as it was last written."""

    tenant_id: int | None
    state: bytes


class CallStore:
    """The keeper of calls for one controller."""

    def __init__(self, database: Database, spool: Path, controller: str) -> None:
        self._database = database
        self._controller = controller
        self._live = spool / "live"
        self._finished = spool / "finished"
        self._refused = spool / "refused"
        for folder in (self._live, self._finished, self._refused):
            folder.mkdir(parents=True, exist_ok=True)
        self._dirty: dict[UUID, _Kept | None] = {}
        """What the database has not heard yet; None: the call is over."""
        self._pending: asyncio.Queue[Path] = asyncio.Queue()
        self.is_database_away = False

    @property
    def pending(self) -> int:
        """Finished calls that are not in the database yet."""
        return self._pending.qsize()

    def keep(self, state: CallState) -> None:
        if isinstance(state, New):
            return
        if isinstance(state, Ended):
            self._dirty[state.call_id] = None
            (self._live / f"{state.call_id}.json").unlink(missing_ok=True)
            return
        kept = _Kept(state.facts.tenant_id, STATE.dump_json(state))
        self._dirty[state.facts.call_id] = kept
        _write(self._live / f"{state.facts.call_id}.json", kept.state)

    def finish(self, finished: FinishedCall) -> None:
        path = self._finished / f"{finished.call_id}.json"
        _write(path, FINISHED.dump_json(finished))
        self._pending.put_nowait(path)

    async def load(self) -> list[CallState]:
        """The calls that were live when this controller stopped: from the spool, else from the database."""
        states = {path.stem: state for path, state in self._read_live()}
        for path in sorted(self._finished.glob("*.json")):
            states.pop(path.stem, None)
            self._pending.put_nowait(path)
        with contextlib.suppress(*AWAY):
            async with self._database.begin() as session:
                rows = await session.execute(
                    text("SELECT call_id, state FROM call_state WHERE controller = :me"), {"me": self._controller}
                )
                for call_id, value in rows:
                    if str(call_id) not in states and not (self._finished / f"{call_id}.json").exists():
                        states[str(call_id)] = STATE.validate_python(value)
        return list(states.values())

    def _read_live(self) -> Iterator[tuple[Path, CallState]]:
        for path in self._live.glob("*.json"):
            try:
                yield path, STATE.validate_json(path.read_bytes())
            except ValidationError:
                log.error("a kept call cannot be read and is put aside", file=str(path))
                path.rename(self._refused / path.name)

    async def run(self) -> None:
        """Write to the database what it should have; waits for it when it is away."""
        await asyncio.gather(self._save_finished(), self._mirror())

    async def _save_finished(self) -> None:
        while True:
            path = await self._pending.get()
            while not await self._save_one(path):  # noqa: ASYNC110 - waits for the database, not for an event here
                await asyncio.sleep(RETRY_S)

    async def _save_one(self, path: Path) -> bool:
        """True when the spool file is done with, saved or refused."""
        try:
            finished = FINISHED.validate_json(path.read_bytes())
            async with self._database.begin() as session:
                await finish_call(session, finished)
        except AWAY as error:
            self._note_away(error)
            return False
        except Exception:
            log.exception("a finished call could not be saved and is put aside", file=path.name)
            path.rename(self._refused / path.name)
            return True
        self._note_back()
        path.unlink(missing_ok=True)
        log.info("call saved", call=path.stem, result=finished.result.value, talk_s=round(finished.talk_s, 3))
        return True

    async def _mirror(self) -> None:
        while True:
            await asyncio.sleep(MIRROR_EVERY_S)
            batch, self._dirty = self._dirty, {}
            if not batch:
                continue
            try:
                await self._write_batch(batch)
                self._note_back()
            except (*AWAY, DBAPIError) as error:
                self._note_away(error)
                self._dirty = batch | self._dirty
                await asyncio.sleep(RETRY_S)

    async def _write_batch(self, batch: dict[UUID, _Kept | None]) -> None:
        ended = [call_id for call_id, kept in batch.items() if kept is None]
        rows = [
            {
                "call_id": call_id,
                "tenant_id": kept.tenant_id,
                "controller": self._controller,
                "state": kept.state.decode(),
            }
            for call_id, kept in batch.items()
            if kept is not None
        ]
        async with self._database.begin() as session:
            if ended:
                await session.execute(_FORGET, {"ids": ended})
            if rows:
                await session.execute(_MIRROR, rows)

    def _note_away(self, error: BaseException) -> None:
        if not self.is_database_away:
            log.error("the database is away; calls go on and are kept here", why=str(error).splitlines()[0])
        self.is_database_away = True

    def _note_back(self) -> None:
        if self.is_database_away:
            log.info("the database is back", waiting_calls=self.pending)
        self.is_database_away = False


def _write(path: Path, content: bytes) -> None:
    """Replace a file whole: a reader sees the old one or the new one."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(content)
    temporary.replace(path)
