"""Telephone numbers at the edge: E.164 inside, whatever people and carriers write outside."""

from __future__ import annotations

import phonenumbers

REGION = "CN"


def find_e164(number: str) -> str | None:
    """E.164 of a number as written in mainland China, e.g. 01088880001 -> +861088880001; None: no such number."""
    if not 3 <= len(number) <= 32:
        return None
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
