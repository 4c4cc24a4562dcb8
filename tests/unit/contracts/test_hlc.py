import pytest
from hypothesis import given, strategies as st

from contracts.errors import Code, Rejected
from contracts.hlc import MAX_TICK, Hlc

LAST_MS = 10**13 - 1
readings = st.builds(Hlc, st.integers(0, LAST_MS - 1), st.integers(0, MAX_TICK))


@given(readings, st.integers(0, LAST_MS - 1))
def test_time_never_runs_backwards(last: Hlc, now_ms: int) -> None:
    """The next record's reading is later than the last one's, even if the clock was set back."""
    following = last.next(now_ms)
    assert following > last
    assert following.ms >= now_ms
    assert following.ms <= max(last.ms + 1, now_ms)


@given(readings, readings)
def test_text_order_is_time_order(one: Hlc, other: Hlc) -> None:
    """Databases and people may sort the text."""
    assert (str(one) < str(other)) == (one < other)


@given(readings)
def test_a_reading_survives_the_wire(reading: Hlc) -> None:
    """What was written is read back."""
    assert Hlc.parse(str(reading)) == reading


def test_a_full_counter_borrows_from_the_next_millisecond() -> None:
    """Ten thousand records in one millisecond are no reason to stop or to repeat a reading."""
    assert Hlc(5, MAX_TICK).next(5) == Hlc(6, 0)
    assert Hlc(5, MAX_TICK - 1).next(5) == Hlc(5, MAX_TICK)


@pytest.mark.parametrize(
    "text",
    ["", "1.1", "0000000000000.000", "00000000000000.0000", "0000000000000.0000\n", " 000000000000.0000", 7, None],
)
def test_only_the_one_form_is_read(text: object) -> None:
    """Fixed width is what makes text order time order."""
    with pytest.raises(Rejected) as caught:
        Hlc.parse(text)
    assert caught.value.code == Code.SCHEMA
