"""The one place that reads the clock."""

import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Where time comes from, so that a simulation can bend it."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000


class RehearsalClock:
    """The machine's clock, behind by as many milliseconds as a file says: so that a rehearsal can play the last year.

    It is never ahead: the database refuses a record from the future, whoever made it.
    """

    def __init__(self, behind: Path) -> None:
        """`behind` is read anew each time; without it the clock is right."""
        self._behind = behind

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC; ValueError if the file holds no whole number."""
        behind = int(self._behind.read_text(encoding="ascii")) if self._behind.exists() else 0
        return SystemClock().now_ms() - max(behind, 0)
