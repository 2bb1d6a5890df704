"""The PSTN emulator: a second Asterisk that plays the demo's carrier. The last digit of a callee decides how a call to
it goes (`conf/extensions.conf`); `place_call` calls UCC as a customer does.
"""

from ucc.emulator.calls import EmulatorError, PlacedCall, hang_up, place_call, wait_ended
from ucc.emulator.conf import command, render
from ucc.emulator.heard import Heard, list_heard
from ucc.emulator.keys import press

__all__ = [
    "EmulatorError",
    "Heard",
    "PlacedCall",
    "command",
    "hang_up",
    "list_heard",
    "place_call",
    "press",
    "render",
    "wait_ended",
]
