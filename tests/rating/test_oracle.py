"""Rating equals an exact oracle on generated plans and calls: 50,000 of them, `UCC_RATING_CASES` says another number.

The numbers, moments and lengths are those at which prices change, and some between; a million take about a minute.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from rating.oracle import price
from ucc.rating.price import Area, NoRate, Rate, RateKind, RateTable, Service, Usage, cost_of, longest_within

CASES = int(os.environ.get("UCC_RATING_CASES", "50000"))
CALLS_OF_A_PLAN = 100
SEED = 20261123
PREFIXES = ("", "", "", "+", "+86", "+86", "+861", "+8610", "+86755", "+8675588", "+1", "+1415", "+44")
REGIONS = (*[None] * 16, "北京", "北京/北京", "广东", "广东/深圳", "广东/广州")
NUMBERS = {
    "+861088880001": "北京/北京",
    "+8675588880001": "广东/深圳",
    "+8675526000000": "广东/深圳",
    "+862088880001": "广东/广州",
    "+8613800138000": "北京/北京",
    "+8619900000000": None,
    "+8675": "广东",
    "+14155552671": None,
    "+442071838750": None,
    "10086": None,
    "": None,
}
MINUTES = (0, 1, 479, 480, 1080, 1259, 1260, 1439)
SECONDS = (0, 1, 6, 30, 59, 60, 61, 120, 180, 600, 3600, 86_400)
MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)  # 00:00 in China


def test_a_price_is_what_the_oracle_says() -> None:
    draw = random.Random(SEED)
    refused = 0
    for _ in range(max(1, CASES // CALLS_OF_A_PLAN)):
        rates = [make_rate(draw, number) for number in range(draw.randint(1, 30))]
        table = RateTable(rates)
        for _ in range(CALLS_OF_A_PLAN):
            usage, duration_ms = make_usage(draw), make_duration(draw)
            expected = price(rates, usage, duration_ms)
            try:
                rate = table.find(usage)
            except NoRate:
                refused += 1
                assert expected is None, (rates, usage)
                continue
            charge = cost_of(rate, duration_ms)
            amount = Fraction(charge.amount_micros, 1_000_000)
            assert (charge.rate_id, amount) == expected, (rates, usage, duration_ms)
            lasts_ms = longest_within(rate, charge.amount_micros)
            assert lasts_ms is None or lasts_ms >= duration_ms
    assert 0.05 < refused / CASES < 0.7  # both kinds of answer were compared


def make_rate(draw: random.Random, number: int) -> Rate:
    increment_s = draw.choice((1, 6, 30, 60, 7))
    kind = draw.choice((RateKind.DURATION, RateKind.DURATION, RateKind.DURATION, RateKind.PER_CALL))
    begin = draw.choice(MINUTES)
    end = draw.choice([minute for minute in (*MINUTES[1:], 1440) if minute != begin])
    is_always = draw.random() < 0.6
    return Rate(
        id=number + 1,
        service=draw.choice((Service.OUTBOUND, Service.OUTBOUND, Service.INBOUND, Service.VERIFICATION)),
        kind=kind,
        prefix=draw.choice(PREFIXES),
        area=draw.choice((*[None] * 5, *Area)),
        caller_region=draw.choice(REGIONS),
        callee_region=draw.choice(REGIONS),
        weekdays=127 if is_always else draw.randint(1, 127),
        from_minute=0 if is_always else begin,
        to_minute=1440 if is_always else end,
        connect_micros=draw.choice((0, 0, 1, 220_000)),
        included_s=draw.choice((0, 0, 60, 180)),
        first_increment_s=increment_s * draw.choice((0, 1, 1, 2, 10)),
        increment_s=increment_s,
        price_micros=draw.choice((0, 1, 9_999, 10_000, 100_000, 10**10)),
    )


def make_usage(draw: random.Random) -> Usage:
    caller, callee = draw.choice(list(NUMBERS)), draw.choice(list(NUMBERS)[:-1])
    at = MONDAY + timedelta(days=draw.randint(0, 6), minutes=draw.choice(MINUTES), seconds=draw.choice((0, 59)))
    return Usage(draw.choice(list(Service)), caller, callee, at, NUMBERS[caller], NUMBERS[callee])


def make_duration(draw: random.Random) -> int:
    """At a second's edge, or anywhere."""
    if draw.random() < 0.2:
        return draw.randint(0, 10**8)
    return max(0, draw.choice(SECONDS) * 1000 + draw.choice((-1, 0, 0, 1, 400)))
