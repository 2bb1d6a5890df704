"""A SIP desk phone for demo and tests: registers, answers or dials, sends a tone, records what it hears."""

from ucc.softphone.phone import PhoneCall, SoftPhone, SoftPhoneError
from ucc.softphone.tone import tone_strength

__all__ = ["PhoneCall", "SoftPhone", "SoftPhoneError", "tone_strength"]
