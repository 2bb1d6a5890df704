"""The price of a call. Pure: integers in, integers out; no clock, no database, no float.

Which rate of a plan counts: `RateTable.list_matches` says it; what a call costs by it: `cost_of`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

HOME = "+86"
DAY = 1440
WEEK = 7 * DAY
ALL_DAYS = 0b1111111
_MONDAY = datetime(2023, 12, 31, 16, 0, tzinfo=UTC)
"""A Monday's midnight in China, whose time is UTC+8 throughout: windows are read on that clock."""


class Service(StrEnum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"
    VERIFICATION = "verification"  # 语音验证码


class RateKind(StrEnum):
    DURATION = "duration"
    PER_CALL = "per_call"  # 按次


class Area(StrEnum):
    """Local (市话): both numbers belong to one city. Long distance (长途): any other two numbers of the home country.
    International (国际): one of them is abroad."""

    LOCAL = "local"
    LONG_DISTANCE = "long_distance"
    INTERNATIONAL = "international"


@dataclass(frozen=True, slots=True)
class Rate:
    """One price, and the calls it is for. What is None or empty is for all.

    `prefix` is of the number dialled (E.164; for inbound calls our own). A region is a province ("广东") or a city of
    one ("广东/深圳"). The window: minutes of a local day, on `weekdays` (bit 0 is Monday); one that ends before it
    begins goes on into the next day. Of `duration`: `connect_micros` for the answer, then nothing for `included_s`,
    then `price_micros` for each `increment_s`, the first time for all of those in `first_increment_s`. Of `per_call`:
    connect fee and price, once.
    """

    id: int = 0
    service: Service = Service.OUTBOUND
    kind: RateKind = RateKind.DURATION
    prefix: str = ""
    area: Area | None = None
    caller_region: str | None = None
    callee_region: str | None = None
    weekdays: int = ALL_DAYS
    from_minute: int = 0
    to_minute: int = DAY
    connect_micros: int = 0
    included_s: int = 0
    first_increment_s: int = 60
    increment_s: int = 60
    price_micros: int = 0

    @property
    def is_always(self) -> bool:
        return self.weekdays == ALL_DAYS and self.from_minute == 0 and self.to_minute == DAY


@dataclass(frozen=True, slots=True)
class Usage:
    """What is to be priced. Numbers in E.164 where they have one; `at`: the moment of answer, aware.

    Regions as in a rate, a city where it is known; None: nothing is known. `ucc.rating.usage.make_usage` finds them.
    """

    service: Service
    caller: str
    callee: str
    at: datetime
    caller_region: str | None = None
    callee_region: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """`billed_s`: the seconds that are paid for, rounded up to increments, without those included in the rate.

    `rate_id` None: no rate was found, so nothing is paid."""

    rate_id: int | None
    billed_s: int
    amount_micros: int


class NoRate(LookupError):
    """No rate of the plan fits this call. `tenant_id`: the level that would pay, where a chain is priced."""

    def __init__(self, message: str, tenant_id: int | None = None) -> None:
        super().__init__(message)
        self.tenant_id = tenant_id


def cost_of(rate: Rate, duration_ms: int) -> Charge:
    """What `duration_ms` answered milliseconds cost; none cost nothing. Longer never costs less.

    connect + first increment + ceil((duration - included - first increment) / increment) x price. A started second is a
    whole one. The first increment is a whole number of increments and costs as many prices. Raises ValueError for less
    than nothing.
    """
    if duration_ms <= 0:
        if duration_ms < 0:
            raise ValueError("a call has no negative duration")
        return Charge(rate.id, 0, 0)
    if rate.kind is RateKind.PER_CALL:
        return Charge(rate.id, 0, rate.connect_micros + rate.price_micros)
    paid_s = -(-duration_ms // 1000) - rate.included_s
    if paid_s <= 0:
        return Charge(rate.id, 0, rate.connect_micros)
    increment_s = rate.increment_s
    increments = max(rate.first_increment_s // increment_s, -(-paid_s // increment_s))
    return Charge(rate.id, increments * increment_s, rate.connect_micros + increments * rate.price_micros)


def longest_within(rate: Rate, amount_micros: int) -> int | None:
    """The milliseconds that can be talked for this amount: the most that cost no more. None: for ever.

    0: not even the first increment can be paid.
    """
    left = amount_micros - rate.connect_micros
    if rate.kind is RateKind.PER_CALL:
        return None if left >= rate.price_micros else 0
    if left < 0:
        return 0
    if rate.price_micros == 0:
        return None
    increments = left // rate.price_micros
    if increments * rate.increment_s < rate.first_increment_s:
        increments = 0
    return (rate.included_s + increments * rate.increment_s) * 1000


def find_rate(rates: Iterable[Rate], usage: Usage) -> Rate:
    """The rate that counts for a call. Raises NoRate. A `RateTable` kept for many calls is much faster."""
    return RateTable(rates).find(usage)


def area_of(usage: Usage) -> Area:
    """By the numbers, then by their cities. Where a city is not known the call is long distance."""
    for number in (usage.callee, usage.caller):
        if number.startswith("+") and not number.startswith(HOME):
            return Area.INTERNATIONAL
    city = usage.callee_region
    return Area.LOCAL if city is not None and "/" in city and city == usage.caller_region else Area.LONG_DISTANCE


def minute_of_week(at: datetime) -> int:
    """Minutes since Monday's midnight in China."""
    since: timedelta = at - _MONDAY
    return (since.days * DAY + since.seconds // 60) % WEEK


def open_minutes(rate: Rate) -> int:
    """The window as a number: bit n says whether the rate counts in minute n of the week."""
    end = rate.to_minute if rate.to_minute > rate.from_minute else rate.to_minute + DAY
    stretch = (1 << end - rate.from_minute) - 1
    minutes = 0
    for day in range(7):
        if rate.weekdays >> day & 1:
            minutes |= stretch << (day * DAY + rate.from_minute)
    return minutes & ((1 << WEEK) - 1) | minutes >> WEEK


def is_within(region: str | None, wanted: str | None) -> bool:
    """Whether a number of `region` is one of `wanted`: its province or its city; None wants all."""
    return wanted is None or (region is not None and (region == wanted or region.startswith(wanted + "/")))


def _depth(region: str | None) -> int:
    return 0 if region is None else 1 + region.count("/")


def rank_of(rate: Rate) -> tuple[int, int, int, int, int]:
    """How precisely a rate says what it is for: prefix, callee's region, caller's region, area, window. The higher rank
    wins; see `RateTable.list_matches`."""
    regions = _depth(rate.callee_region), _depth(rate.caller_region)
    return len(rate.prefix), *regions, int(rate.area is not None), int(not rate.is_always)


class RateTable:
    """The rates of one version of a plan, ordered once for many calls."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.rates = tuple(rates)
        lists: dict[tuple[Service, str], list[Rate]] = defaultdict(list)
        for rate in sorted(self.rates, key=lambda rate: (tuple(-part for part in rank_of(rate)), rate.id)):
            lists[rate.service, rate.prefix].append(rate)
        windows = {rate: open_minutes(rate) for rate in self.rates if not rate.is_always}
        self._by_prefix: dict[Service, dict[str, tuple[tuple[Rate, int | None], ...]]] = defaultdict(dict)
        for (service, prefix), found in lists.items():
            entry = tuple((rate, windows.get(rate)) for rate in found)
            self._by_prefix[service][prefix] = entry
        self._lengths = {
            service: sorted({len(prefix) for prefix in prefixes}, reverse=True)
            for service, prefixes in self._by_prefix.items()
        }

    def find(self, usage: Usage) -> Rate:
        """The first of `list_matches`. Raises NoRate."""
        for rate in self._walk(usage):
            return rate
        raise NoRate(f"no {usage.service} rate for a call from {usage.caller or 'nobody'} to {usage.callee}")

    def list_matches(self, usage: Usage) -> list[Rate]:
        """Every rate that fits, the one that counts first: the longest prefix; of those the one with the callee's city,
        then its province; then the caller's city or province; then one for the area; then one with a window. Two that
        are equal in all of that overlap, which no saved plan does; the older one would win.

        A plan without any rate for verification calls prices them as outbound calls.
        """
        return list(self._walk(usage))

    def find_for(self, usage: Usage, area: Area, minute: int) -> Rate | None:
        """The rate for all calls like this one in this area and minute of the week; `callee` may be the beginning of a
        number. For checks of whole plans."""
        return next(self._walk(usage, area, minute), None)

    def _walk(self, usage: Usage, area: Area | None = None, minute: int | None = None) -> Iterator[Rate]:
        service, callee = usage.service, usage.callee
        if service is Service.VERIFICATION and service not in self._by_prefix:
            service = Service.OUTBOUND
        if service not in self._by_prefix:
            return
        prefixes = self._by_prefix[service]
        for length in self._lengths[service]:
            if length > len(callee):
                continue
            for rate, window in prefixes.get(callee[:length], ()):
                if rate.area is not None:
                    area = area or area_of(usage)
                    if rate.area is not area:
                        continue
                if not is_within(usage.callee_region, rate.callee_region):
                    continue
                if not is_within(usage.caller_region, rate.caller_region):
                    continue
                if window is not None:
                    if minute is None:
                        minute = minute_of_week(usage.at)
                    if not window >> minute & 1:
                        continue
                yield rate
