"""Proves a demo call: answered, recorded with both tones, charged at every level (in the single edition: at none), the
ledger in balance, visible in the API.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from ucc.db.unit import Database
from ucc.stack.api_client import ApiClient, wait_for
from ucc.stack.tones import count_tone_s, decode_mono

CARRIER_TONE_HZ = 425
AGENT_TONE_HZ = 1004
LEAST_TONE_S = 1.0
LENGTH_TOLERANCE_MS = 200
RECORDED_WITHIN_S = 30.0


@dataclass
class Charge:
    tenant: str
    billed_s: int
    amount_micros: int
    amount: str


@dataclass
class CallProof:
    """What was found of one demo call; it holds when `problems` is empty. Amounts in micros of a yuan."""

    direction: str
    call_id: str
    levels: int
    """How many levels are to be charged."""
    talk_ms: int = 0
    result: str = ""
    recording_bytes: int = 0
    recording_ms: int = 0
    carrier_tone_s: float = 0.0
    agent_tone_s: float = 0.0
    charges: list[Charge] = field(default_factory=list)
    postings: int = 0
    postings_sum_micros: int = 0
    sums_equal: bool = False
    """Postings sum to zero, the ledger took what was charged, every balance is the sum of its postings."""
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems


async def prove_call(api: ApiClient, database: Database, direction: str, call_id: str, levels: int) -> CallProof:
    """Looks at a finished call from outside; waits for its record and its MP3. `api` is logged in as the operator."""
    proof = CallProof(direction, call_id, levels)

    async def find_record() -> dict[str, Any] | None:
        record = await find_call(api, call_id)
        return record if record is not None and record["ended_at"] is not None else None

    async def find_recording() -> dict[str, Any] | None:
        record = await find_call(api, call_id)
        recording = record["recording"] if record else None
        return record if recording is not None and recording["state"] in ("ready", "failed") else None

    try:
        await wait_for(find_record, "the call record", 10)
        record = await wait_for(find_recording, "the recording", RECORDED_WITHIN_S)
    except TimeoutError as error:
        proof.problems.append(str(error))
        return proof
    _judge_record(proof, record)
    await _judge_recording(proof, api, record)
    await _judge_money(proof, database)
    return proof


async def find_call(api: ApiClient, call_id: str) -> dict[str, Any] | None:
    """The call's record with legs and charges; None when there is none yet."""
    listed = await api.get("/calls", limit=20)
    if not any(row["id"] == call_id for row in listed["items"]):
        return None
    found: dict[str, Any] = await api.get(f"/calls/{call_id}")
    return found


def _judge_record(proof: CallProof, record: dict[str, Any]) -> None:
    proof.talk_ms = record["talk_ms"] or 0
    proof.result = record["result"]
    if record["direction"] != proof.direction:
        proof.problems.append(f"its direction is {record['direction']}")
    if record["connected_at"] is None or proof.talk_ms <= 0:
        proof.problems.append(f"it was not answered: result {record['result']}, cause {record['cause']}")
    proof.charges = [
        Charge(charge["tenant_name"], charge["billed_s"], charge["amount_micros"], charge["amount"])
        for charge in record["charges"]
    ]
    if len(proof.charges) != proof.levels:
        proof.problems.append(f"it was charged at {len(proof.charges)} levels instead of {proof.levels}")
    if any(charge.amount_micros <= 0 for charge in proof.charges):
        proof.problems.append("a level was charged nothing")


async def _judge_recording(proof: CallProof, api: ApiClient, record: dict[str, Any]) -> None:
    recording = record["recording"]
    if recording["state"] != "ready":
        proof.problems.append(f"the recording is {recording['state']}: {recording['failure']}")
        return
    content = await api.download(f"/recordings/{recording['id']}/audio")
    with tempfile.NamedTemporaryFile(suffix=".mp3") as file:
        file.write(content)
        file.flush()
        samples = decode_mono(Path(file.name))
    proof.recording_bytes = len(content)
    proof.recording_ms = recording["duration_ms"]
    proof.carrier_tone_s = count_tone_s(samples, CARRIER_TONE_HZ)
    proof.agent_tone_s = count_tone_s(samples, AGENT_TONE_HZ)
    answered, ended = (datetime.fromisoformat(record[name]) for name in ("answered_at", "ended_at"))
    expected_ms = (ended - answered).total_seconds() * 1000
    if abs(proof.recording_ms - expected_ms) > LENGTH_TOLERANCE_MS:
        proof.problems.append(f"the recording lasts {proof.recording_ms} ms, the customer's leg {expected_ms:.0f} ms")
    if len(content) != recording["bytes"]:
        proof.problems.append(f"the API sent {len(content)} bytes, the record says {recording['bytes']}")
    for name, heard_s in (("carrier's 425 Hz", proof.carrier_tone_s), ("agent's 1004 Hz", proof.agent_tone_s)):
        if heard_s < LEAST_TONE_S:
            proof.problems.append(f"the {name} tone is heard for {heard_s:g} s only")


_POSTINGS = text(
    """
    select p.tenant_id, a.kind, p.amount_micros
    from posting p join posting_set s on s.id = p.posting_set_id join account a on a.id = p.account_id
    where s.call_id = :call_id
    """
)
_CHARGES = text("select tenant_id, amount_micros from call_charge where call_id = :call_id")
_DRIFT = text(
    """
    select a.id, a.balance_micros, coalesce(sum(p.amount_micros), 0) as posted
    from account_balance a left join posting p on p.account_id = a.id
    group by a.id, a.balance_micros having a.balance_micros <> coalesce(sum(p.amount_micros), 0)
    """
)


async def _judge_money(proof: CallProof, database: Database) -> None:
    async with database.begin() as session:
        key = {"call_id": UUID(proof.call_id)}
        postings = (await session.execute(_POSTINGS, key)).all()
        charges = (await session.execute(_CHARGES, key)).all()
        drift = (await session.execute(_DRIFT)).all()
    found_before = len(proof.problems)
    proof.postings = len(postings)
    proof.postings_sum_micros = sum(amount for _, _, amount in postings)
    if proof.postings_sum_micros != 0 or bool(postings) != bool(proof.levels):
        proof.problems.append(f"its {len(postings)} postings sum to {proof.postings_sum_micros}")
    debited = {tenant: -amount for tenant, kind, amount in postings if kind == "balance" and amount < 0}
    if debited != {tenant: amount for tenant, amount in charges}:
        proof.problems.append("the ledger and the charges differ")
    shown = sorted(charge.amount_micros for charge in proof.charges)
    if shown != sorted(amount for _, amount in charges):
        proof.problems.append("the API shows other charges than the database")
    proof.sums_equal = len(proof.problems) == found_before and not drift
    if drift:
        proof.problems.append(f"the balance of {len(drift)} accounts is not the sum of their postings")
