import pytest

from ucc.border.dtmf import ReportedKey, parse_key

REPORT = b'{"callid":"a@b","source_tag":"x","tags":["y"],"type":"DTMF","timestamp":1,"event":%d}'


@pytest.mark.parametrize(("event", "key"), [(0, "0"), (9, "9"), (10, "*"), (11, "#"), (15, "D")])
def test_a_key_and_its_call(event: int, key: str) -> None:
    assert parse_key(REPORT % event) == ReportedKey("a@b", key, is_near=False)


@pytest.mark.parametrize(("label", "is_near"), [(b"near", True), (b"far", False), (b"", False)])
def test_on_which_side_it_was_pressed(label: bytes, is_near: bool) -> None:
    data = b'{"callid":"a@b","source_label":"%s","type":"DTMF","event":1}' % label
    assert parse_key(data) == ReportedKey("a@b", "1", is_near)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"type":"DTMF"}', b'{"type":"other"}', REPORT % 16])
def test_what_is_no_key_is_nothing(data: bytes) -> None:
    assert parse_key(data) is None
