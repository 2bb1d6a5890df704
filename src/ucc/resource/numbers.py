"""Numbers of resources as people write them: one, a range, the lines of a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from ucc.errors import BadLines, InvalidInput
from ucc.resource.schemas import MOST, MOST_LINES, ResourceKind
from ucc.trunk.number import find_e164

_EXTENSION = re.compile(r"[0-9]{2,16}")
MOST_SAID = 10


def read_number(kind: ResourceKind, text: str) -> str:
    """As it is stored: E.164, or an extension's digits. Raises ValueError."""
    if kind is ResourceKind.EXTENSION:
        if _EXTENSION.fullmatch(text) is None:
            raise ValueError(f"{text}: an extension has 2 to 16 digits")
        return text
    number = find_e164(text)
    if number is None:
        raise ValueError(f"{text}: no such number")
    return number


def read_numbers(kind: ResourceKind, texts: Iterable[str]) -> list[str]:
    """Raises InvalidInput for the first that is none, and for one that is named twice."""
    try:
        numbers = [read_number(kind, text) for text in texts]
    except ValueError as error:
        raise InvalidInput(f"numbers: {error}") from None
    if len(set(numbers)) < len(numbers):
        raise InvalidInput("numbers: one is named twice")
    return numbers


def list_range(kind: ResourceKind, first: str, last: str) -> list[str]:
    """From the first to the last, both included, at most 1000. Raises InvalidInput."""
    digits = [text.removeprefix("+") for text in (first, last)]
    if len(first) != len(last) or not all(text.isascii() and text.isdecimal() for text in digits):
        raise InvalidInput("first, last: digits, and as many in both")
    start, end = int(digits[0]), int(digits[1])
    if not 0 <= end - start < MOST:
        raise InvalidInput(f"first, last: a range goes up, and has at most {MOST} numbers")
    plus, width = "+" if first.startswith("+") else "", len(digits[0])
    return read_numbers(kind, (f"{plus}{value:0{width}d}" for value in range(start, end + 1)))


def read_file(kind: ResourceKind, content: bytes) -> list[str]:
    """A CSV file with a column `number`. Raises BadLines, which names up to ten lines: nothing is half done."""
    rows = csv.DictReader(io.StringIO(_decode(content), newline=""))
    heading = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = heading
    if heading != ["number"]:
        raise BadLines("line 1: the one column is `number`")
    problems: list[str] = []
    lines: dict[str, int] = {}
    try:
        for row in rows:
            if len(lines) + len(problems) >= MOST_LINES:
                raise BadLines(f"a file has at most {MOST_LINES} numbers")
            try:
                number = read_number(kind, (row["number"] or "").strip())
                if None in row:
                    raise ValueError("more fields than the heading")
                if number in lines:
                    raise ValueError(f"{number}: also in line {lines[number]}")
            except ValueError as error:
                problems.append(f"line {rows.line_num}: {error}")
            else:
                lines[number] = rows.line_num
    except csv.Error as error:
        raise BadLines(f"line {rows.line_num}: {error}") from None
    if problems:
        raise BadLines(say(problems))
    if not lines:
        raise BadLines("the file has no numbers")
    return list(lines)


def say(problems: list[str]) -> str:
    """The first ten of them, and how many more there are."""
    more = len(problems) - MOST_SAID
    return "; ".join(problems[:MOST_SAID]) + (f"; and {more} more" if more > 0 else "")


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadLines("the file is neither UTF-8 nor GB 18030")
