from typing import Any

import pytest
import rfc8785
from hypothesis import given, strategies as st

from contracts import canonical
from contracts.canonical import MAX_DEPTH, MAX_INT, dumps, loads, parse
from contracts.errors import Code, Rejected

BOUND = 1 << 20
SECRET = "Nama Rahasia"


def is_nfc(text: str) -> bool:
    try:
        canonical.check(text)
    except Rejected:
        return False
    return True


texts = st.text().filter(is_nfc)
names = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    st.booleans() | st.integers(-MAX_INT, MAX_INT) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def outcome(reader: Any, data: bytes) -> Any:
    try:
        return reader(data, max_bytes=BOUND)
    except Rejected as refused:
        return refused


@given(values)
def test_what_was_written_is_read_back(value: Any) -> None:
    """A value in the profile survives writing and reading unchanged."""
    assert loads(dumps(value), max_bytes=BOUND) == value


@given(values)
def test_our_writer_is_rfc_8785(value: Any) -> None:
    """In our profile the fast writer gives the bytes that RFC 8785 prescribes."""
    assert dumps(value) == rfc8785.dumps(value)


@given(st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    """Whatever arrives is either read, and then is its own canonical form, or refused with a code."""
    verdict = outcome(loads, data)
    assert verdict.code in {Code.JSON, Code.CANONICAL} if isinstance(verdict, Rejected) else dumps(verdict) == data


@given(st.text(alphabet='{}[]",:0123456789.eE+-ntrufalsINy\\ud8 \n\u0301\u00e9', max_size=40))
def test_what_looks_like_json_gets_a_verdict_from_both_readers(text: str) -> None:
    """Near-JSON never causes an accident; and what the strict reader takes, the reader of handwriting takes alike."""
    data = text.encode()
    strict, lenient = (outcome(reader, data) for reader in (loads, parse))
    if not isinstance(strict, Rejected):
        assert lenient == strict


@pytest.mark.parametrize("reader", [loads, parse])
def test_the_size_bound_binds(reader: Any) -> None:
    """Exactly the bound is read; one byte more is refused before it is looked at."""
    assert reader(b'"abc"', max_bytes=5) == "abc"
    with pytest.raises(Rejected) as caught:
        reader(b'"abcd"', max_bytes=5)
    assert caught.value.code == Code.SIZE


@pytest.mark.parametrize("reader", [loads, parse])
@pytest.mark.parametrize("inner", [b"", b"1", b'""', b"{}"])
def test_both_readers_stop_at_the_same_depth(reader: Any, inner: bytes) -> None:
    """Sixteen containers are read and a seventeenth is refused, even an empty one, by either reader."""
    room = MAX_DEPTH - (inner == b"{}")
    reader(b"[" * room + inner + b"]" * room, max_bytes=BOUND)
    with pytest.raises(Rejected) as caught:
        reader(b"[" * (room + 1) + inner + b"]" * (room + 1), max_bytes=BOUND)
    assert caught.value.code == Code.JSON


@pytest.mark.parametrize("reader", [loads, parse])
@pytest.mark.parametrize("depth", [300, 5000, 200_000])
def test_hostile_nesting_is_a_verdict(reader: Any, depth: int) -> None:
    """A megabyte of brackets cannot bring the reader down."""
    with pytest.raises(Rejected):
        reader(b"[" * depth + b"]" * depth, max_bytes=BOUND)


def test_handwriting_comes_out_in_nfc_names_included() -> None:
    """However a letter was typed, the value that we keep has one form."""
    assert parse('{"cafe\u0301": "cafe\u0301"}'.encode(), max_bytes=BOUND) == {"caf\u00e9": "caf\u00e9"}


def test_two_names_that_nfc_makes_one_are_refused() -> None:
    """Neither of two answers to the same question is lost silently."""
    with pytest.raises(Rejected) as caught:
        parse('{"caf\u00e9": 1, "cafe\u0301": 2}'.encode(), max_bytes=BOUND)
    assert caught.value.code == Code.JSON


@pytest.mark.parametrize("data", [f'{{"{SECRET}":1,"{SECRET}":2}}', f'["{SECRET}", 0.5]', f'"{SECRET}'])
def test_a_refusal_does_not_repeat_the_input(data: str) -> None:
    """No word of what somebody wrote gets out through an error."""
    for reader in (loads, parse):
        with pytest.raises(Rejected) as caught:
            reader(data.encode(), max_bytes=BOUND)
        assert SECRET not in str(caught.value)
