"""One who asks too much waits; nobody else does."""

import pytest

from contracts.errors import Code, Rejected
from services.node.pace import PER_S, STORE, Pace


def test_who_asks_without_pause_waits_alone() -> None:
    """A store of requests is used up by one officer alone, and fills again with time, never beyond its size."""
    now_s = [0.0]
    pace = Pace(lambda: now_s[0])
    for _ in range(2):
        for _ in range(STORE):
            pace.step("lpsk-darurat")
        with pytest.raises(Rejected) as refused:
            pace.step("lpsk-darurat")
        assert refused.value.code is Code.PACE
        pace.step("lpsk-hotline")
        now_s[0] += 10 * STORE / PER_S


def test_asking_on_does_not_keep_the_store_empty() -> None:
    """Who was refused gets through a moment later, though they never stopped asking."""
    now_s = [0.0]
    pace = Pace(lambda: now_s[0])
    for _ in range(STORE):
        pace.step("lpsk-darurat")
    got = 0
    for _ in range(100):
        now_s[0] += 0.5 / PER_S
        try:
            pace.step("lpsk-darurat")
        except Rejected:
            continue
        got += 1
    assert got in {49, 50}
