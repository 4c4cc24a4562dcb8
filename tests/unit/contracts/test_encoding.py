import pytest
from hypothesis import given, strategies as st

from contracts.encoding import b64, fixed, unb64
from contracts.errors import Code, Rejected


@given(st.binary(max_size=100))
def test_bytes_survive_the_round_trip(data: bytes) -> None:
    """What was encoded is decoded to the same bytes, from text and from ASCII bytes."""
    assert unb64(b64(data)) == unb64(b64(data).encode()) == data


@given(st.text(max_size=12) | st.text(alphabet="AQgw_-+/= \n", max_size=12))
def test_there_is_one_text_for_the_same_bytes(text: str) -> None:
    """Whatever is decoded at all is exactly what we would write for those bytes."""
    assert written_again(text) in {text, Code.ENCODING}


def written_again(text: str) -> str:
    try:
        return b64(unb64(text))
    except Rejected as refused:
        return refused.code


@given(st.binary(min_size=1, max_size=40), st.integers(1, 64))
def test_a_fixed_size_is_exact(data: bytes, size: int) -> None:
    """A field of 32 bytes takes 32 bytes, not one more or less."""
    if len(data) == size:
        assert fixed(b64(data), size) == data
    else:
        with pytest.raises(Rejected) as caught:
            fixed(b64(data), size)
        assert caught.value.code == Code.SCHEMA


@pytest.mark.parametrize("value", [None, 7, b"AA", ["AA"], True])
def test_a_fixed_size_field_is_text(value: object) -> None:
    """What is no text is refused, not converted."""
    with pytest.raises(Rejected) as caught:
        fixed(value, 1)
    assert caught.value.code == Code.SCHEMA
