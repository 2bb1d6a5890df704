"""Where a plan sells for less than its owner pays by the plan above it, for calls of up to an hour. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ucc.rating.check import DOMESTIC, areas_of, describe
from ucc.rating.price import DAY, WEEK, Area, Rate, RateKind, RateTable, Service, Usage, is_within

LONGEST_S = 3600
MAX_CELLS = 60_000
_SECONDS = np.arange(1, LONGEST_S + 1, dtype=np.int64)
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
WarningCode = Literal[
    "negative_margin", "not_bought", "no_outbound", "no_inbound", "no_plan_above", "margin_checked_in_part"
]


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that the owner of a plan should know; the plan may be published all the same.

    negative_margin: a call of `duration_s` is sold for `sells_micros` and costs the owner `pays_micros`. not_bought:
    the plan above has no price for what `rate` is for. margin_checked_in_part: too many combinations to look at all.
    """

    code: WarningCode
    message: str
    rate: Rate | None = None
    paid_by: Rate | None = None
    duration_s: int | None = None
    sells_micros: int | None = None
    pays_micros: int | None = None


@dataclass(frozen=True, slots=True)
class _Cell:
    """Calls that are the same to both plans, but for area and time."""

    service: Service
    prefix: str
    caller_region: str | None
    callee_region: str | None


def find_cautions(selling: Sequence[Rate], paying: Sequence[Rate] | None) -> list[Caution]:
    """`paying`: the rates that the owner is charged by; None: it has no plan, so no call of it gets out."""
    services = {rate.service for rate in selling}
    cautions = []
    if Service.OUTBOUND not in services:
        cautions.append(Caution("no_outbound", "no outbound rate: such calls are refused"))
    if Service.INBOUND not in services:
        cautions.append(Caution("no_inbound", "no inbound rate: such calls are refused"))
    if paying is None:
        return [*cautions, Caution("no_plan_above", "the plan's owner is charged by no plan: every call is refused")]
    cells, is_all = _list_cells(selling, paying)
    pairs = _meet(RateTable(selling), RateTable(paying), cells, _boundaries((*selling, *paying)))
    for sells, pays in pairs:
        found = _compare(sells, pays)
        if found is not None:
            cautions.append(found)
    if not is_all:
        message = "the plans have too many combinations of numbers and regions; not all were compared"
        cautions.append(Caution("margin_checked_in_part", message))
    return cautions


def cost_by_second(rate: Rate) -> NDArray[np.int64]:
    """What calls of 1, 2, 3 ... 3600 seconds cost; `cost_of` in one go."""
    if rate.kind is RateKind.PER_CALL:
        return np.full(LONGEST_S, rate.connect_micros + rate.price_micros, dtype=np.int64)
    paid = _SECONDS - rate.included_s
    increments = np.maximum(rate.first_increment_s // rate.increment_s, -(-paid // rate.increment_s))
    return np.where(paid > 0, rate.connect_micros + increments * rate.price_micros, rate.connect_micros)


def _compare(sells: Rate, pays: Rate | None) -> Caution | None:
    if pays is None:
        return Caution("not_bought", f"{describe(sells)}: the plan above has no price for it", sells)
    sold, paid = cost_by_second(sells), cost_by_second(pays)
    losing = np.flatnonzero(sold < paid)
    if not losing.size:
        return None
    at = int(losing[0])
    message = f"{describe(sells)}: a call of {at + 1} s is sold for less than it costs by {describe(pays)}"
    return Caution("negative_margin", message, sells, pays, at + 1, int(sold[at]), int(paid[at]))


def _list_cells(selling: Sequence[Rate], paying: Sequence[Rate]) -> tuple[list[_Cell], bool]:
    """What both plans have in common, at its most precise; and whether that is everything."""
    sold = {_cell_of(rate): None for rate in selling}
    bought: dict[str, dict[_Cell, None]] = defaultdict(dict)
    for rate in paying:
        bought[rate.prefix][_cell_of(rate)] = None
    prefixes = sorted(bought)
    cells, joins = dict(sold), 0
    for left in sold:
        begin, end = bisect_left(prefixes, left.prefix), bisect_left(prefixes, left.prefix + "~")
        shorter = (left.prefix[:length] for length in range(len(left.prefix)))
        for prefix in (*shorter, *prefixes[begin:end]):
            for right in bought.get(prefix, ()):
                joins += 1
                if (joined := _join(left, right)) is not None:
                    cells[joined] = None
        if len(cells) > MAX_CELLS or joins > 10 * MAX_CELLS:
            return list(cells)[:MAX_CELLS], False
    return list(cells), True


def _cell_of(rate: Rate) -> _Cell:
    return _Cell(rate.service, rate.prefix, rate.caller_region, rate.callee_region)


def _join(left: _Cell, right: _Cell) -> _Cell | None:
    """The calls that are in both; None: there are none."""
    is_fallback = left.service is Service.VERIFICATION and right.service is Service.OUTBOUND
    if left.service is not right.service and not is_fallback:
        return None
    short, long = sorted((left.prefix, right.prefix), key=len)
    if not long.startswith(short):
        return None
    regions = []
    for one, other in ((left.caller_region, right.caller_region), (left.callee_region, right.callee_region)):
        if not is_within(one, other) and not is_within(other, one):
            return None
        regions.append(one if is_within(one, other) else other)
    return _Cell(left.service, long, *regions)


def _boundaries(rates: Sequence[Rate]) -> list[int]:
    """The minutes of the week at which some window opens or closes: between two of them nothing changes."""
    found = {0}
    for weekdays, begin, end in {(rate.weekdays, rate.from_minute, rate.to_minute) for rate in rates}:
        for day in (day for day in range(7) if weekdays >> day & 1):
            found |= {(day * DAY + begin) % WEEK, (day * DAY + end + (DAY if end < begin else 0)) % WEEK}
    return sorted(found)


def _meet(
    selling: RateTable, paying: RateTable, cells: Sequence[_Cell], minutes: Sequence[int]
) -> dict[tuple[Rate, Rate | None], None]:
    """Which rate of the one plan meets which of the other, each pair once."""
    pairs: dict[tuple[Rate, Rate | None], None] = {}
    for cell in cells:
        usage = Usage(cell.service, "", cell.prefix, _ANY_TIME, cell.caller_region, cell.callee_region)
        for area in _areas_in(cell):
            for minute in minutes:
                sells = selling.find_for(usage, area, minute)
                if sells is not None and sells.service is cell.service:
                    pairs[sells, paying.find_for(usage, area, minute)] = None
    return pairs


def _areas_in(cell: _Cell) -> Iterator[Area]:
    regions = (cell.caller_region, cell.callee_region)
    for area in sorted(areas_of(cell.service, cell.prefix)):
        if area not in DOMESTIC and None not in regions:
            continue
        if area is Area.LOCAL and None not in regions and not _may_be_one_city(*regions):
            continue
        yield area


def _may_be_one_city(one: str | None, other: str | None) -> bool:
    return is_within(one, other) or is_within(other, one)
