"""Bencode, the encoding of rtpengine's control protocol: integers, byte strings, lists, dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Value = int | str | bytes | Sequence["Value"] | Mapping[str, "Value"]
Decoded = int | str | list["Decoded"] | dict[str, "Decoded"]


def encode(value: Value) -> bytes:
    match value:
        case int():
            return b"i%de" % value
        case str():
            return encode(value.encode())
        case bytes():
            return b"%d:%s" % (len(value), value)
        case Mapping():
            return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"
        case _:
            return b"l" + b"".join(encode(item) for item in value) + b"e"


def decode(data: bytes) -> Decoded:
    """Raises ValueError when `data` is no whole bencoded value."""
    try:
        value, end = _decode(data, 0)
    except (IndexError, RecursionError):
        raise ValueError("cut off or nested too deep") from None
    if end != len(data):
        raise ValueError("trailing bytes")
    return value


def _decode(data: bytes, at: int) -> tuple[Decoded, int]:
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind == b"l":
        items: list[Decoded] = []
        at += 1
        while data[at : at + 1] != b"e":
            item, at = _decode(data, at)
            items.append(item)
        return items, at + 1
    if kind == b"d":
        pairs: dict[str, Decoded] = {}
        at += 1
        while data[at : at + 1] != b"e":
            key, at = _decode(data, at)
            pairs[str(key)], at = _decode(data, at)
        return pairs, at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data):
        raise ValueError("cut off")
    return data[colon + 1 : end].decode(errors="replace"), end
