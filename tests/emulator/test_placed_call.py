from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ucc.emulator import PlacedCall

AT = datetime(2026, 11, 23, tzinfo=UTC)


def make_call() -> PlacedCall:
    return PlacedCall("placed-1", "+8613800138000", "+861088880001", Path("heard.alaw"), AT)


def changed(state: str, channel_id: str = "placed-1") -> dict[str, Any]:
    return {"type": "ChannelStateChange", "channel": {"id": channel_id, "state": state}}


def destroyed(cause: int, tech_cause: int | None = None) -> dict[str, Any]:
    return {"type": "ChannelDestroyed", "channel": {"id": "placed-1", "state": "Up"}, "cause": cause,
            "cause_txt": "text", "tech_cause": tech_cause}  # fmt: skip


async def test_answered_then_ended() -> None:
    call = make_call()
    await call.apply(changed("Ringing"))
    assert call.ringing_at
    assert not await call.wait_answered(0)
    await call.apply(changed("Up", "placed-2"))
    assert not call.is_answered
    await call.apply(changed("Up"))
    assert await call.wait_answered(0)
    await call.apply(destroyed(16, 200))
    assert await call.wait_ended(0)
    assert (call.cause, call.sip_status) == (16, None)


async def test_refused() -> None:
    call = make_call()
    await call.apply(destroyed(34, 503))
    assert not await call.wait_answered(0)
    assert (call.has_ended, call.cause, call.sip_status) == (True, 34, 503)
