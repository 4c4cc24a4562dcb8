"""What work that keeps failing has to say: at once, then after ever longer pauses, and how often it was in between.

Work that waits for a server tries again several times a second. Each failure by itself tells an operator nothing
that the one before did not; a whole night of them hides everything else in the log.
"""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 900.0
ANEW_S = 300.0  # of what was not heard of for so long, the next is a new accident


class Trouble:
    """One failure of one work, as often as it comes."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._last = self._due = float("-inf")
        self._pause = FIRST_PAUSE_S
        self._untold = 0

    def count(self, now: float) -> int:
        """It has happened once more, at `now` in seconds; how often since it was last told of, 0 if it is not yet due.

        Each pause is twice as long as the one before.
        """
        if now - self._last >= ANEW_S:
            self._pause, self._due = FIRST_PAUSE_S, now
        self._last = now
        self._untold += 1
        if now < self._due:
            return 0
        self._due, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE_S)
        told, self._untold = self._untold, 0
        return told
