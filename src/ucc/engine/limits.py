"""并发控制: how many calls are live for each trunk, caller ID and tenant, and how many began within the last second.

Counted in the memory of the one controller that owns the tenant, from the calls that are live; after a restart it is
rebuilt from their states. Reads no clock: `at` is given.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from ucc.engine.target import LimitKey, TrunkPlan

CALLS_PER_SECOND = "calls_per_second"
TENANT_CALLS_PER_SECOND = "tenant_calls_per_second"
TRUNK_KINDS = frozenset({"trunk", CALLS_PER_SECOND})
RATES = frozenset({CALLS_PER_SECOND, TENANT_CALLS_PER_SECOND})
"""Limits of how many begin, not of how many are live."""
WINDOW_S = 1.0
CODES = {
    "trunk": "trunk_limit",
    "caller_id": "caller_id_limit",
    "tenant": "tenant_limit",
    "reseller": "reseller_limit",
    CALLS_PER_SECOND: "calls_per_second",
    TENANT_CALLS_PER_SECOND: "tenant_calls_per_second",
}


def refusal_code(key: LimitKey) -> str:
    """The code that an agent sees when this limit is reached."""
    return CODES[key.kind]


class LimitCounter:
    """`holder` is whatever holds places: a call, or one of its legs when a call has several to the outside."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()
        self._held: dict[Hashable, list[LimitKey]] = {}
        self._begun: dict[tuple[str, int], deque[float]] = {}

    def count(self, kind: str, id: int) -> int:
        """Live calls that hold a place of this kind now."""
        return self._counts[kind, id]

    @property
    def holders(self) -> frozenset[Hashable]:
        return frozenset(self._held)

    def acquire(self, holder: Hashable, keys: Sequence[LimitKey], at: float) -> LimitKey | None:
        """Take a place of every key, or of none; the key that is full, None when all are taken."""
        if (full := self._find_full(keys, at)) is not None:
            return full
        self._take(holder, keys, at)
        return None

    def admit(self, holder: Hashable, plan: TrunkPlan, at: float) -> TrunkPlan | LimitKey:
        """Take the places of a call that begins, with its first trunk that has room: the plan that starts with that
        trunk, or the key that is full."""
        shared = [key for key in plan.limits if key.kind not in TRUNK_KINDS]
        if (full := self._find_full(shared, at)) is not None:
            return full
        refused: LimitKey | None = None
        for number, route in enumerate(plan.routes):
            keys = _keys_of_trunk(plan, route.trunk_id)
            full = self._find_full(keys, at)
            if full is None:
                self._take(holder, [*shared, *keys], at)
                return replace(plan, routes=plan.routes[number:])
            refused = refused or full
        if refused is None:
            raise ValueError("a plan has at least one route")
        return refused

    def move(self, holder: Hashable, plan: TrunkPlan, trunk_id: int, at: float) -> LimitKey | None:
        """Second choice: give the place on the trunk that failed for one on `trunk_id`; the key that is full then, and
        the call holds no trunk."""
        held = self._held.get(holder, [])
        for key in [key for key in held if key.kind in TRUNK_KINDS]:
            held.remove(key)
            self._give_back(key)
        return self.acquire(holder, _keys_of_trunk(plan, trunk_id), at)

    def release(self, holder: Hashable) -> None:
        """Give back all that it holds; repeated, nothing."""
        for key in self._held.pop(holder, []):
            self._give_back(key)

    def rebuild(self, held: Iterable[tuple[Hashable, Sequence[LimitKey]]]) -> None:
        """Start again from the calls that are live, however many there are."""
        self._counts.clear()
        self._held.clear()
        for holder, keys in held:
            self._hold(holder, keys)

    def _find_full(self, keys: Iterable[LimitKey], at: float) -> LimitKey | None:
        for key in keys:
            taken = self._count_begun(key, at) if key.kind in RATES else self._counts[key.kind, key.id]
            if taken >= key.most:
                return key
        return None

    def _take(self, holder: Hashable, keys: Sequence[LimitKey], at: float) -> None:
        for key in keys:
            if key.kind in RATES:
                self._begun.setdefault((key.kind, key.id), deque()).append(at)
        self._hold(holder, keys)

    def _hold(self, holder: Hashable, keys: Sequence[LimitKey]) -> None:
        live = [key for key in keys if key.kind not in RATES]
        self._held.setdefault(holder, []).extend(live)
        self._counts.update((key.kind, key.id) for key in live)

    def _give_back(self, key: LimitKey) -> None:
        self._counts[key.kind, key.id] -= 1
        if self._counts[key.kind, key.id] == 0:
            del self._counts[key.kind, key.id]

    def _count_begun(self, key: LimitKey, at: float) -> int:
        begun = self._begun.get((key.kind, key.id))
        while begun and begun[0] <= at - WINDOW_S:
            begun.popleft()
        return len(begun) if begun else 0


def _keys_of_trunk(plan: TrunkPlan, trunk_id: int) -> list[LimitKey]:
    return [key for key in plan.limits if key.kind in TRUNK_KINDS and key.id == trunk_id]
