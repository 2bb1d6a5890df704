"""Ratings per second on one core: find the rate of a call in a plan of 2,000 rates and price it, beside the usual way
of rating programs, which walk over the plan's rows for each call and reckon with decimals.

The same calls and the same plan; both must say the same amounts. Once more with numbers looked up for their cities.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from benches.result import Result
from ucc.rating.price import Area, Rate, RateTable, Service, Usage, area_of, cost_of
from ucc.rating.usage import make_usage
from ucc.reception.region import list_regions

SEED = 20261123
CALLS = 200_000
PEER_CALLS = 400
AIM_PER_S = 50_000
CHINA = ZoneInfo("Asia/Shanghai")
Row = dict[str, object]


def make_plan(draw: random.Random) -> list[Rate]:
    """Home by area, each province apart, nights cheaper, and some 1,900 foreign destinations."""
    rates: list[Rate] = []

    def add(**values: object) -> None:
        price = draw.randrange(1_000, 5_000_000, 1_000)
        rates.append(Rate(id=len(rates) + 1, price_micros=price, **values))  # type: ignore[arg-type]

    add(prefix="+86", area=Area.LOCAL, first_increment_s=60, increment_s=6)
    add(prefix="+86", area=Area.LONG_DISTANCE, first_increment_s=6, increment_s=6)
    add(prefix="+86", area=Area.LONG_DISTANCE, from_minute=1260, to_minute=480, first_increment_s=6, increment_s=6)
    add(service=Service.INBOUND, first_increment_s=60, increment_s=60)
    for province in list_regions():
        add(prefix="+86", callee_region=province, first_increment_s=60, increment_s=60)
    known = {f"+{draw.choice((1, 7, 20, 33, 44, 49, 61, 81, 91, 852))}{draw.randrange(10**4)}" for _ in range(5000)}
    for prefix in sorted(known)[: 2000 - len(rates) - 1]:
        add(prefix=prefix, included_s=draw.choice((0, 0, 5)), first_increment_s=30, increment_s=6)
    add(first_increment_s=60, increment_s=60)
    return rates


def make_calls(draw: random.Random, count: int) -> list[tuple[Usage, int]]:
    cities = [f"{province}/{city}" for province, found in list_regions().items() for city in found]
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    calls = []
    for _ in range(count):
        is_home = draw.random() < 0.9
        callee = f"+861{draw.randrange(3 * 10**9, 10**10)}" if is_home else f"+{draw.randrange(10**10, 10**11)}"
        at = begin + timedelta(seconds=draw.randrange(30 * 86_400))
        region = draw.choice(cities) if is_home else None
        usage = Usage(Service.OUTBOUND, "+861088880001", callee, at, "北京/北京", region)
        calls.append((usage, int(draw.expovariate(1 / 90_000))))
    return calls


def rate_by_rows(rows: list[Row], usage: Usage, duration_ms: int) -> Decimal:
    """The peer: every row is looked at; the best one is kept; the price is a decimal."""
    local = usage.at.astimezone(CHINA)
    minute, area = local.hour * 60 + local.minute, area_of(usage).value
    province = (usage.callee_region or "").partition("/")[0]
    best: tuple[tuple[int, bool, bool, bool], Row] | None = None
    for row in rows:
        if row["service"] != usage.service.value or not usage.callee.startswith(str(row["prefix"])):
            continue
        if row["area"] not in (None, area) or row["callee_region"] not in (None, province):
            continue
        begin, end = int(str(row["from_minute"])), int(str(row["to_minute"]))
        is_open = begin <= minute < end if begin < end else minute >= begin or minute < end
        if not is_open:
            continue
        is_always = (begin, end) == (0, 1440)
        rank = (len(str(row["prefix"])), row["callee_region"] is not None, row["area"] is not None, not is_always)
        if best is None or rank > best[0]:
            best = rank, row
    if best is None:
        raise LookupError("no rate")
    row = best[1]
    seconds = (Decimal(duration_ms) / 1000).to_integral_value(ROUND_CEILING)
    paid = seconds - Decimal(str(row["included_s"]))
    if duration_ms == 0 or paid <= 0:
        return Decimal(0)
    increment = Decimal(str(row["increment_s"]))
    first = Decimal(str(row["first_increment_s"]))
    later = max(Decimal(0), ((paid - first) / increment).to_integral_value(ROUND_CEILING))
    return (first / increment + later) * Decimal(str(row["price"]))


def to_row(rate: Rate) -> Row:
    names = ("prefix", "callee_region", "from_minute", "to_minute", "included_s", "first_increment_s", "increment_s")
    row: Row = {name: getattr(rate, name) for name in names}
    area = rate.area.value if rate.area is not None else None
    return row | {"service": rate.service.value, "area": area, "price": Decimal(rate.price_micros) / 1_000_000}


def per_second(count: int, work: Callable[[], None]) -> float:
    """By the CPU time of this thread: the machine's other work does not count."""
    begun = time.thread_time()
    work()
    return count / (time.thread_time() - begun)


def run() -> Result:
    draw = random.Random(SEED)  # noqa: S311
    rates = make_plan(draw)
    calls = make_calls(draw, CALLS)
    begun = time.thread_time()
    table = RateTable(rates)
    build_ms = (time.thread_time() - begun) * 1000
    rows = [to_row(rate) for rate in rates]
    for usage, duration_ms in calls[:PEER_CALLS]:
        ours = Decimal(cost_of(table.find(usage), duration_ms).amount_micros) / 1_000_000
        theirs = rate_by_rows(rows, usage, duration_ms)
        if ours != theirs:
            raise RuntimeError(f"{ours} is not {theirs} for {usage}")

    def rate_all() -> None:
        for usage, duration_ms in calls:
            cost_of(table.find(usage), duration_ms)

    def rate_from_numbers() -> None:
        for usage, duration_ms in calls:
            found = make_usage(usage.service, usage.caller, usage.callee, usage.at)
            cost_of(table.find(found), duration_ms)

    def rate_as_peer() -> None:
        for usage, duration_ms in calls[:PEER_CALLS]:
            rate_by_rows(rows, usage, duration_ms)

    ours_per_s = max(per_second(CALLS, rate_all) for _ in range(3))
    peer_per_s = max(per_second(PEER_CALLS, rate_as_peer) for _ in range(3))
    calls = calls[:20_000]
    cold_per_s = per_second(len(calls), rate_from_numbers)
    warm_per_s = per_second(len(calls), rate_from_numbers)
    notes = (
        f"a plan of {len(rates)} rates, {CALLS:,} calls of one month, one core; aim {AIM_PER_S:,} ratings/s",
        f"ours: {ours_per_s:,.0f}/s; the table of a version is built once, in {build_ms:.1f} ms",
        f"ours from bare numbers: {cold_per_s:,.0f}/s when none was seen before, {warm_per_s:,.0f}/s when all were",
        f"peer (every row for each call, decimals): {peer_per_s:,.0f}/s; the amounts are the same",
        f"aim of {AIM_PER_S:,}/s per core: {'reached' if ours_per_s >= AIM_PER_S else 'missed'}",
    )
    details = {"per_core_aim": AIM_PER_S, "cold_per_s": cold_per_s, "warm_per_s": warm_per_s, "build_ms": build_ms}
    return Result("rating", ours_per_s, peer_per_s, "ratings/s per core", 1.0, notes=notes, details=details)
