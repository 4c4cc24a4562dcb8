"""Work that fails for a whole night says so, and does not fill the log with it."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, strategies as st
from structlog.testing import capture_logs

from services.node.link import every
from services.node.repeats import ANEW_S, LONGEST_PAUSE_S, Trouble

NIGHT_S = 8 * 3600


def told(times_s: Sequence[float]) -> list[tuple[float, int]]:
    """When a failure that happens at these times is told of, and how many that line stands for."""
    trouble = Trouble()
    return [(now, count) for now in times_s if (count := trouble.count(now))]


def test_a_night_without_a_broker_is_some_forty_lines() -> None:
    """At once, then after pauses that double up to the longest; each line says how many failures it stands for."""
    tries = [number / 4 for number in range(4 * NIGHT_S)]
    lines = told(tries)
    assert [now for now, _ in lines[:5]] == [0, 1, 3, 7, 15]
    assert [count for _, count in lines[:5]] == [1, 4, 8, 16, 32]
    assert len(lines) <= 12 + NIGHT_S / LONGEST_PAUSE_S


def test_what_comes_again_after_a_quiet_time_is_told_at_once() -> None:
    """The pauses of the last trouble hide no new one."""
    night = [number / 4 for number in range(4 * NIGHT_S)]
    again = night[-1] + ANEW_S
    assert [now for now, _ in told([*night, again, again + 1])[-2:]] == [again, again + 1]


@given(st.lists(st.integers(0, 2 * int(ANEW_S)), min_size=1))
def test_no_failure_is_lost_from_the_count(pauses_s: Sequence[int]) -> None:
    """The first is told, and what one line leaves out the next one counts."""
    times_s = [sum(pauses_s[:number]) for number in range(1, len(pauses_s) + 1)]
    end = times_s[-1] + ANEW_S
    lines = told([*times_s, end])
    assert lines[0][1] == 1
    assert sum(count for _, count in lines) == len(times_s) + 1


async def test_a_loop_that_always_fails_is_told_of_at_once_and_not_at_every_try() -> None:
    """All loops say so in one way, of each cause by itself."""
    causes = [KeyError, OSError] * 50

    async def hopeless_loop() -> None:
        if causes:
            raise causes.pop()
        raise asyncio.CancelledError

    with capture_logs() as lines:
        await asyncio.gather(every(0, hopeless_loop), return_exceptions=True)
    said = [(line["reason"], line["times"]) for line in lines if line["event"] == "stumbled"]
    assert {("KeyError", 1), ("OSError", 1)} <= set(said)
    assert len(said) < 10
