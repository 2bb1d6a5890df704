"""One party's part of a call."""

from __future__ import annotations

from dataclasses import dataclass

from ucc.engine.effects import DialAgent, DialTrunk
from ucc.engine.record import LegKind, Party


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's part of a call, named by its channel in the switch. Times are seconds since 1970.

    `number` is what a trunk leg dials, in E.164. `is_gone`: the switch itself told the end. `is_wanted_answered`: we
    pick it up. `outcome`: why an agent's leg ended without talk: no_answer, declined, unreachable.
    """

    leg: str
    kind: LegKind
    party: Party
    address: str
    started_at: float
    agent_id: int | None = None
    trunk_id: int | None = None
    number: str | None = None
    sip_call_id: str | None = None
    ringing_at: float | None = None
    early_media_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    cause: int = 16
    made_by: DialAgent | DialTrunk | None = None
    is_line: bool = False
    is_gone: bool = False
    is_wanted_answered: bool = False
    outcome: str | None = None

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    @property
    def is_up(self) -> bool:
        return self.ended_at is None and self.answered_at is not None
