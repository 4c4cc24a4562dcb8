"""A machine's clock may run ahead, and be put right: what the wrong one has put off is then looked at now.

A time that was written down by such a clock looks like any other, and may be weeks away. So when the clock goes back,
and when a process starts, which does not know how right the clock was before, everything is looked at once.
"""

from collections.abc import Awaitable, Callable

from services.node.clock import Clock

BACK_MS = 1000  # more than a clock is slewed by between two looks
EVERY_S = 1.0


class Leap:
    """Notices that a clock went back."""

    def __init__(self, clock: Clock, steady_s: Callable[[], float], look_now: Callable[[], Awaitable[None]]) -> None:
        """`steady_s` counts seconds and never jumps; `look_now` lets nothing wait any longer."""
        self._clock = clock
        self._steady_s = steady_s
        self._look_now = look_now
        self._ahead_ms: float | None = None  # of the steady one

    async def look(self) -> None:
        """To be called every second; if `look_now` fails it is due again."""
        ahead_ms = self._clock.now_ms() - self._steady_s() * 1000
        if self._ahead_ms is None or ahead_ms < self._ahead_ms - BACK_MS:
            await self._look_now()
        self._ahead_ms = ahead_ms
