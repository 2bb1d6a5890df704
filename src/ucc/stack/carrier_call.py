"""One call from the demo's carrier, by hand: `ucc emulator call`."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from ucc.config import get_settings
from ucc.emulator import EmulatorError, hang_up, place_call
from ucc.secrets import get_secrets

ANSWERED_WITHIN_S = 60.0


async def call_did(screen: Console, did: str, caller: str, seconds: float) -> int:
    """Calls `did`, talks for `seconds` after the answer, hangs up: 0 when it was answered, 1 when not."""
    settings, secrets = get_settings(), get_secrets()
    try:
        call = await place_call(settings, secrets, caller, did, answered_within_s=ANSWERED_WITHIN_S)
        if call.is_answered:
            screen.print(f"Answered; talking for {seconds:g} s.")
            if await call.wait_ended(seconds):
                screen.print("The other side hung up.")
        await hang_up(settings, secrets, call)
    except EmulatorError as error:
        screen.print(f"[red]{escape(str(error))}[/]")
        return 1
    status = f", SIP {call.sip_status}" if call.sip_status else ""
    screen.print(f"Ended: {call.cause_text or 'normal'} (cause {call.cause}{status}). Heard: {call.heard}")
    return 0 if call.is_answered else 1
