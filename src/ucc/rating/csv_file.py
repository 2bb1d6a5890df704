"""Rates as a CSV file, as spreadsheets write it: UTF-8 (or GB 18030), a heading, amounts in yuan, times as 08:00."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from ucc.kit.money import format_yuan, parse_yuan
from ucc.rating.price import Rate
from ucc.rating.schemas import MAX_RATES, RateBody

COLUMNS = (
    "service",
    "kind",
    "prefix",
    "area",
    "caller_region",
    "callee_region",
    "weekdays",
    "from",
    "to",
    "connect",
    "included_s",
    "first_increment_s",
    "increment_s",
    "price",
)
NEEDED = ("service", "price")
MOST_SAID = 10


class BadRates(ValueError):
    """The file cannot be read as rates; the message names up to ten lines and what is wrong in each."""


@dataclass(frozen=True, slots=True)
class _Problem:
    line: int
    why: str


def read_rates(content: bytes) -> list[RateBody]:
    """Every rate of the file, or BadRates: a file with a bad line is refused as a whole."""
    rows = csv.DictReader(io.StringIO(_decode(content), newline=""))
    heading = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = heading
    if unknown := sorted(set(heading) - set(COLUMNS)):
        raise BadRates(f"line 1: unknown columns {', '.join(unknown)}; there are {', '.join(COLUMNS)}")
    if missing := [name for name in NEEDED if name not in heading]:
        raise BadRates(f"line 1: the columns {', '.join(missing)} are missing")
    rates: list[RateBody] = []
    problems: list[_Problem] = []
    try:
        for row in rows:
            if len(rates) >= MAX_RATES:
                raise BadRates(f"a version has at most {MAX_RATES} rates")
            try:
                rates.append(_read(row))
            except (ValueError, TypeError, AttributeError) as error:
                problems.append(_Problem(rows.line_num, _say(error)))
    except csv.Error as error:
        raise BadRates(f"line {rows.line_num}: {error}") from None
    if problems:
        said = "; ".join(f"line {found.line}: {found.why}" for found in problems[:MOST_SAID])
        more = len(problems) - MOST_SAID
        raise BadRates(said + (f"; and {more} more lines" if more > 0 else ""))
    return rates


def write_rates(rates: Iterable[Rate]) -> str:
    """The same form, every column filled."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rate in rates:
        days = "".join(str(day + 1) for day in range(7) if rate.weekdays >> day & 1)
        writer.writerow(
            (
                rate.service.value,
                rate.kind.value,
                rate.prefix,
                rate.area.value if rate.area is not None else "",
                rate.caller_region or "",
                rate.callee_region or "",
                days,
                _write_clock(rate.from_minute),
                _write_clock(rate.to_minute),
                format_yuan(rate.connect_micros),
                rate.included_s,
                rate.first_increment_s,
                rate.increment_s,
                format_yuan(rate.price_micros),
            )
        )
    return out.getvalue()


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadRates("the file is neither UTF-8 nor GB 18030")


def _read(row: Mapping[str, str]) -> RateBody:
    if None in row or None in row.values():
        raise ValueError("it has not as many fields as the heading")
    values: dict[str, object] = {key: value.strip() for key, value in row.items() if value.strip()}
    for name in ("connect", "price"):
        if name in values:
            values[f"{name}_micros"] = _named(name, parse_yuan, str(values.pop(name)))
    for name in ("from", "to"):
        if name in values:
            values[f"{name}_minute"] = _named(name, _read_clock, str(values.pop(name)))
    if "weekdays" in values:
        values["weekdays"] = list(str(values["weekdays"]))
    return RateBody.model_validate(values)


def _named(column: str, read: Callable[[str], int], text: str) -> int:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def _read_clock(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) <= 24 and int(minutes) < 60):
        raise ValueError(f"not a time of day: {text}")
    return int(hours) * 60 + int(minutes)


def _write_clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _say(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'row'}: {first['msg']}"
    return str(error)
