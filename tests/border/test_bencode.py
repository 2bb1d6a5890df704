import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucc.border.bencode import decode, encode

words = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
values = st.recursive(
    st.integers() | words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4)
)


@given(values)
def test_what_is_encoded_is_decoded_again(value: object) -> None:
    assert decode(encode(value)) == value  # type: ignore[arg-type]


def test_the_words_of_the_protocol() -> None:
    assert encode({"command": "ping"}) == b"d7:command4:pinge"
    assert decode(b"d6:result4:ponge") == {"result": "pong"}
    assert encode({"b": 1, "a": ["x", b"y"]}) == b"d1:al1:x1:ye1:bi1ee"


@pytest.mark.parametrize("broken", [b"", b"d", b"i5", b"5:abc", b"x", b"i1ei2e", b"d1:ae", b"l" * 5000])
def test_what_is_no_whole_value_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode(broken)
