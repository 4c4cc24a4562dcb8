"""A clock that was ahead is put right, and nobody waits for what it has put off."""

import pytest

from services.node.leap import BACK_MS, Leap

DAY_MS = 24 * 60 * 60 * 1000


class Machine:
    """Two clocks, of which one can be set; and how often everything was looked at."""

    def __init__(self) -> None:
        self.steady_ms = 0
        self.off_ms = 0
        self.looked = 0
        self.broken = False
        self.leap = Leap(self, lambda: self.steady_ms / 1000, self.look_now)

    def now_ms(self) -> int:
        return self.steady_ms + self.off_ms

    async def look_now(self) -> None:
        if self.broken:
            raise OSError
        self.looked += 1

    async def after(self, off_ms: int) -> int:
        """How often everything was looked at when the clock is so far off, a second later."""
        self.steady_ms += 1000
        self.off_ms = off_ms
        await self.leap.look()
        return self.looked


async def test_what_a_clock_ahead_has_put_off_is_looked_at_once_it_is_right() -> None:
    """And at the start, when nobody knows how right it was before; a clock that goes on, or ahead, moves nothing."""
    machine = Machine()
    assert [await machine.after(off) for off in (0, 0, 20 * DAY_MS, 20 * DAY_MS, 0, 0, -DAY_MS)] == [
        1,
        1,
        1,
        1,
        2,
        2,
        3,
    ]


async def test_a_clock_that_is_slewed_moves_nothing() -> None:
    """A time server puts a clock right by little steps all the time."""
    machine = Machine()
    assert [await machine.after(-(BACK_MS // 2) * step) for step in range(10)] == [1] * 10


async def test_what_could_not_be_looked_at_is_tried_again() -> None:
    """A database that is away in that second costs that second only."""
    machine = Machine()
    assert await machine.after(DAY_MS) == 1
    machine.broken = True
    with pytest.raises(OSError):  # noqa: PT011  it has no text
        await machine.after(0)
    machine.broken = False
    assert [await machine.after(0) for _ in range(2)] == [2, 2]
