"""What is wrong with the rates of a version: a published plan has no gaps, no overlaps and no increments that do not
work out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ucc.rating.models import MAX_INCREMENT_S, MAX_PRICE_MICROS, MAX_STRETCH_S
from ucc.rating.price import DAY, HOME, WEEK, Area, Rate, RateKind, Service, open_minutes
from ucc.reception.region import list_regions

WHOLE_WEEK = (1 << WEEK) - 1
DOMESTIC = frozenset({Area.LOCAL, Area.LONG_DISTANCE})
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FaultCode = Literal["bad_increments", "bad_window", "bad_price", "unknown_region", "never_fits", "overlap", "gap"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`positions`: which rates of the list it is about, from 0. The message says it to people, in English. A gap is in
    an area, in the minutes of the week from `begin` to before `end`."""

    code: FaultCode
    positions: tuple[int, ...]
    message: str
    area: Area | None = None
    begin: int | None = None
    end: int | None = None


def find_faults(rates: Sequence[Rate]) -> list[Fault]:
    """Everything that keeps these rates from being saved; first what is wrong with one by itself."""
    own = [fault for position, rate in enumerate(rates) for fault in _check_one(position, rate)]
    if own:
        return own
    return [*_find_overlaps(rates), *_find_gaps(rates)]


def areas_of(service: Service, prefix: str) -> frozenset[Area]:
    """The areas that calls to numbers that begin so may belong to. Who calls out has a number at home."""
    if prefix.startswith(HOME):
        return DOMESTIC | {Area.INTERNATIONAL} if service is Service.INBOUND else DOMESTIC
    return frozenset(Area) if HOME.startswith(prefix) else frozenset({Area.INTERNATIONAL})


def describe(rate: Rate) -> str:
    """A rate in a few words: what it is for."""
    parts = [rate.service.value, rate.prefix or "any number"]
    if rate.area is not None:
        parts.append(rate.area.value)
    if rate.caller_region is not None or rate.callee_region is not None:
        parts.append(f"{rate.caller_region or 'anywhere'} -> {rate.callee_region or 'anywhere'}")
    if not rate.is_always:
        days = "" if rate.weekdays == 127 else ",".join(d for at, d in enumerate(DAYS) if rate.weekdays >> at & 1) + " "
        parts.append(f"{days}{_clock(rate.from_minute)}-{_clock(rate.to_minute)}")
    return " ".join(parts)


def _check_one(position: int, rate: Rate) -> Iterator[Fault]:
    def fault(code: FaultCode, why: str) -> Fault:
        return Fault(code, (position,), f"{describe(rate)}: {why}")

    seconds = (rate.included_s, rate.first_increment_s)
    if rate.kind is RateKind.PER_CALL:
        if any(seconds):
            yield fault("bad_increments", "a price per call has neither included seconds nor a first increment")
    elif not 1 <= rate.increment_s <= MAX_INCREMENT_S:
        yield fault("bad_increments", f"an increment has 1 to {MAX_INCREMENT_S} seconds")
    elif rate.first_increment_s % rate.increment_s:
        yield fault(
            "bad_increments",
            f"the first increment of {rate.first_increment_s} s is no whole number of increments of "
            f"{rate.increment_s} s",
        )
    if not all(0 <= found <= MAX_STRETCH_S for found in seconds):
        yield fault("bad_increments", f"included seconds and first increment have 0 to {MAX_STRETCH_S} seconds")
    if not all(0 <= found <= MAX_PRICE_MICROS for found in (rate.connect_micros, rate.price_micros)):
        yield fault("bad_price", f"a price is 0 to {MAX_PRICE_MICROS} micros")
    is_in_day = 0 <= rate.from_minute < DAY and 1 <= rate.to_minute <= DAY and rate.from_minute != rate.to_minute
    if not is_in_day or not 1 <= rate.weekdays <= 127:
        yield fault("bad_window", "a window has at least one weekday, and another end than its beginning")
    for region in (rate.caller_region, rate.callee_region):
        if region is not None and not is_region(region):
            yield fault("unknown_region", f"there is no region {region}: a province, or 省/市")
    if rate.area is not None and rate.area not in areas_of(rate.service, rate.prefix):
        yield fault("never_fits", f"no number that begins with {rate.prefix} is {rate.area.value}")
    if rate.callee_region is not None and DOMESTIC.isdisjoint(areas_of(rate.service, rate.prefix)):
        yield fault("never_fits", f"a number that begins with {rate.prefix} is in no region of the home country")


def is_region(text: str) -> bool:
    """Whether numbers may belong to it: 广东, 广东/深圳."""
    province, _, city = text.partition("/")
    cities = list_regions().get(province)
    return cities is not None and (text == province or city in cities)


def _find_overlaps(rates: Sequence[Rate]) -> Iterator[Fault]:
    """Two rates for the same calls, both always or both at the same time: nothing says which one counts."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, rate in enumerate(rates):
        match = (rate.service, rate.prefix, rate.area, rate.caller_region, rate.callee_region)
        groups[*match, rate.is_always].append(position)
    for positions in groups.values():
        taken: list[tuple[int, int]] = []
        any_taken = 0
        for position in positions:
            minutes = open_minutes(rates[position])
            if any_taken & minutes:
                other = next(earlier for earlier, found in taken if found & minutes)
                texts = describe(rates[other]), describe(rates[position])
                yield Fault("overlap", (other, position), f"{texts[0]} and {texts[1]} are for the same calls")
            taken.append((position, minutes))
            any_taken |= minutes


def _find_gaps(rates: Sequence[Rate]) -> Iterator[Fault]:
    """Calls to numbers that the plan sells, but not from everywhere, or not at every time of the week."""
    by_prefix: dict[tuple[Service, str], list[int]] = defaultdict(list)
    for position, rate in enumerate(rates):
        by_prefix[rate.service, rate.prefix].append(position)
    for (service, prefix), positions in sorted(by_prefix.items()):
        beginnings = (prefix[:length] for length in range(len(prefix) + 1))
        fitting = [rates[at] for beginning in beginnings for at in by_prefix.get((service, beginning), ())]
        for area in sorted(_sold_areas(service, prefix, (rates[at] for at in positions))):
            open_ = 0
            for rate in fitting:
                if rate.area in (None, area) and rate.caller_region is None and rate.callee_region is None:
                    open_ |= WHOLE_WEEK if rate.is_always else open_minutes(rate)
                if open_ == WHOLE_WEEK:
                    break
            else:
                what = f"{service.value} {prefix or 'any number'} {area.value}"
                begin, end = _find_closed(open_)
                yield Fault("gap", tuple(positions), f"{what}: no price {_say_gap(begin, end)}", area, begin, end)


def _sold_areas(service: Service, prefix: str, rates: Iterable[Rate]) -> set[Area]:
    """Who sells to one part of the country sells to all of it; international calls may be left out."""
    possible, sold = areas_of(service, prefix), set[Area]()
    for rate in rates:
        sold |= possible if rate.area is None else DOMESTIC if rate.area in DOMESTIC else {rate.area}
    return sold & possible


def _find_closed(open_: int) -> tuple[int, int]:
    """The first minutes of the week that are not open."""
    closed = WHOLE_WEEK & ~open_
    begin = (closed & -closed).bit_length() - 1
    rest = open_ >> begin
    return begin, begin + (rest & -rest).bit_length() - 1 if rest else WEEK


def _say_gap(begin: int, end: int) -> str:
    if (begin, end) == (0, WEEK):
        return "at any time, from and to regions that no other rate names"
    return f"from {_moment(begin)} to {_moment(end)}"


def _moment(minute: int) -> str:
    day, rest = divmod(minute % WEEK, DAY)
    return f"{DAYS[day]} {_clock(rest)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
