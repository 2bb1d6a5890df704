"""A call as rating sees it: numbers in E.164 and the cities they belong to."""

from __future__ import annotations

from datetime import datetime

from ucc.rating.price import Service, Usage
from ucc.reception.region import find_region
from ucc.trunk.number import find_e164


def make_usage(service: Service | str, caller: str, callee: str, at: datetime) -> Usage:
    """Numbers as people or trunks write them; one that is none, such as a withheld caller's, stays as it is."""
    caller, callee = find_e164(caller) or caller, find_e164(callee) or callee
    return Usage(Service(service), caller, callee, at, region_of(caller), region_of(callee))


def region_of(number: str) -> str | None:
    """省/市 of a number; the province alone where no city is known; None for one abroad or unknown."""
    province, city = find_region(number) if number.startswith("+") else ("", "")
    if not province:
        return None
    return f"{province}/{city}" if city else province
