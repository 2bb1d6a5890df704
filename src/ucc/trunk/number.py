"""Telephone numbers at the edge: E.164 inside, whatever people and carriers write outside."""

from __future__ import annotations

import re

import phonenumbers

REGION = "CN"
COUNTRY_CODE = "86"
_FOR_PEOPLE = dict.fromkeys(map(ord, " -.()\u00a0"))
_CHINA = re.compile(
    r"""
    1[3-9][0-9]{9}                          # mobile
    | (?:10|2[0-57-9])[2-9][0-9]{7}         # fixed, area code of two digits
    | [3-9][0-9]{2}[2-9][0-9]{6,7}          # fixed, area code of three digits
    | [48]00[0-9]{7}                        # 400 and 800
    | 9[56][0-9]{3,6}                       # services of banks, insurers, airlines, towns
    | 1(?:00|1[02-8]|2[1345678])[0-9]{2}    # 10086, 11185, 12345
    | 1(?:1[0249]|2[02])                    # emergencies and directory
    """,
    re.VERBOSE,
)


def find_e164(number: str) -> str | None:
    """E.164 of a number as written in mainland China, e.g. 01088880001 -> +861088880001; None: no such number.

    A number of mainland China must have the length of its kind, a fixed one its area code.
    """
    digits = number.translate(_FOR_PEOPLE)
    is_international = digits.startswith(("+", "00"))
    if is_international:
        digits = digits.removeprefix("+").removeprefix("00")
    if not (digits.isascii() and digits.isdecimal() and 3 <= len(digits) <= 20):
        return None
    if is_international and not digits.startswith(COUNTRY_CODE):
        return _find_foreign(digits)
    national = (digits.removeprefix(COUNTRY_CODE) if is_international else digits).removeprefix("0")
    if _CHINA.fullmatch(national) is None and not is_international:
        national = digits.removeprefix(COUNTRY_CODE)
    return f"+{COUNTRY_CODE}{national}" if _CHINA.fullmatch(national) is not None else None


def _find_foreign(digits: str) -> str | None:
    try:
        parsed = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return None
    is_whole = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if is_whole else None


def find_prefix(text: str) -> str | None:
    """The beginning of numbers in E.164, as people write it: 0755 -> +86755, 138 -> +86138, +1 -> +1; None: none."""
    digits = text.translate(_FOR_PEOPLE)
    is_international = digits.startswith(("+", "00"))
    digits = digits.removeprefix("+").removeprefix("00") if is_international else digits.removeprefix("0")
    number = digits if is_international else COUNTRY_CODE + digits
    is_prefix = digits.isascii() and digits.isdecimal() and digits[0] != "0" and len(number) <= 15
    return f"+{number}" if is_prefix else None
