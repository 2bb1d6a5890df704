"""What a call costs, said a second time and on its own: exact fractions of a yuan, one rate after the other, calendars
of the standard library. Nothing here is shared with `ucc.rating` but the words of a rate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

from ucc.rating.price import Rate, Usage

CHINA = ZoneInfo("Asia/Shanghai")


def price(rates: Sequence[Rate], usage: Usage, duration_ms: int) -> tuple[int, Fraction] | None:
    """(id of the rate, yuan), or None when no rate fits."""
    service = str(usage.service.value)
    if service == "verification" and not any(rate.service.value == "verification" for rate in rates):
        service = "outbound"
    best: Rate | None = None
    for rate in rates:
        if rate.service.value == service and _fits(rate, usage) and (best is None or _beats(rate, best)):
            best = rate
    return None if best is None else (best.id, _cost(best, duration_ms))


def _fits(rate: Rate, usage: Usage) -> bool:
    if usage.callee[: len(rate.prefix)] != rate.prefix:
        return False
    abroad = any(number[:1] == "+" and number[:3] != "+86" for number in (usage.caller, usage.callee))
    cities = (usage.caller_region or "").split("/"), (usage.callee_region or "").split("/")
    same_city = cities[0] == cities[1] and len(cities[0]) == 2
    area = "international" if abroad else "local" if same_city else "long_distance"
    if rate.area is not None and rate.area.value != area:
        return False
    for wanted, found in ((rate.caller_region, cities[0]), (rate.callee_region, cities[1])):
        if wanted is not None and wanted.split("/") != found[: wanted.count("/") + 1]:
            return False
    return _is_open(rate, usage)


def _is_open(rate: Rate, usage: Usage) -> bool:
    local = usage.at.astimezone(CHINA)
    minute, today, yesterday = local.hour * 60 + local.minute, local.isoweekday(), (local.isoweekday() - 2) % 7 + 1
    days = {day for day in range(1, 8) if rate.weekdays & 2 ** (day - 1)}
    if rate.from_minute < rate.to_minute:
        return today in days and rate.from_minute <= minute < rate.to_minute
    return (today in days and minute >= rate.from_minute) or (yesterday in days and minute < rate.to_minute)


def _beats(rate: Rate, other: Rate) -> bool:
    """The words of docs/design/money.md, one after the other."""
    for more, less in (
        (len(rate.prefix), len(other.prefix)),
        (_precision(rate.callee_region), _precision(other.callee_region)),
        (_precision(rate.caller_region), _precision(other.caller_region)),
        (rate.area is not None, other.area is not None),
        (_has_window(rate), _has_window(other)),
    ):
        if more != less:
            return more > less
    return rate.id < other.id


def _precision(region: str | None) -> int:
    return 0 if region is None else len(region.split("/"))


def _has_window(rate: Rate) -> bool:
    return (rate.weekdays, rate.from_minute, rate.to_minute) != (127, 0, 1440)


def _cost(rate: Rate, duration_ms: int) -> Fraction:
    if duration_ms == 0:
        return Fraction(0)
    connect, one = Fraction(rate.connect_micros, 1_000_000), Fraction(rate.price_micros, 1_000_000)
    if rate.kind.value == "per_call":
        return connect + one
    paid = ceil(Fraction(duration_ms, 1000)) - rate.included_s
    if paid <= 0:
        return connect
    first = Fraction(rate.first_increment_s, rate.increment_s) * one
    return connect + first + max(0, ceil(Fraction(paid - rate.first_increment_s, rate.increment_s))) * one
