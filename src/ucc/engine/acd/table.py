"""A mapping that is never changed in place: a new one shares all but the shards it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

_SHARDS = 32


class Table(Mapping[K, V]):
    """Reads like a dict. `update` costs a thirty-second of a copy."""

    __slots__ = ("_length", "_shards")

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        shards: list[dict[K, V]] = [{} for _ in range(_SHARDS)]
        for key, value in (items or {}).items():
            shards[hash(key) % _SHARDS][key] = value
        self._shards = tuple(shards)
        self._length = sum(len(shard) for shard in shards)

    def update(self, changes: Mapping[K, V | None]) -> Table[K, V]:
        """Another table with these values; None takes a key out."""
        if not changes:
            return self
        shards = list(self._shards)
        copied: set[int] = set()
        length = self._length
        for key, value in changes.items():
            index = hash(key) % _SHARDS
            if index not in copied:
                shards[index] = dict(shards[index])
                copied.add(index)
            shard = shards[index]
            length -= len(shard)
            if value is None:
                shard.pop(key, None)
            else:
                shard[key] = value
            length += len(shard)
        table: Table[K, V] = Table.__new__(Table)
        table._shards = tuple(shards)
        table._length = length
        return table

    def changes_since(self, before: Table[K, V]) -> Iterator[tuple[K, V | None]]:
        """What is new or other here than in `before`, and None for what is gone. Skips the shards that both share."""
        for new, old in zip(self._shards, before._shards, strict=True):
            if new is old:
                continue
            for key, value in new.items():
                if old.get(key) is not value:
                    yield key, value
            for key in old:
                if key not in new:
                    yield key, None

    @overload
    def get(self, key: K, /) -> V | None: ...

    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...

    def get(self, key: K, default: V | T | None = None) -> V | T | None:
        return self._shards[hash(key) % _SHARDS].get(key, default)

    def __getitem__(self, key: K) -> V:
        return self._shards[hash(key) % _SHARDS][key]

    def __iter__(self) -> Iterator[K]:
        for shard in self._shards:
            yield from shard

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return f"Table({dict(self)!r})"
