"""Whoever asks without pause is told to wait: a runaway page or a stolen token takes the desk from nobody else.

Each officer has a store of requests that fills again at a steady rate (a token bucket). It is large enough for every
person, and for a system of the agency that asks in an officer's name. Kept in memory, by process.
"""

from collections.abc import Callable
from typing import NamedTuple

from contracts.errors import Code, Rejected

STORE = 1000  # requests at once
PER_S = 50  # and so many more every second


class _Left(NamedTuple):
    requests: float
    at_s: float


class Pace:
    """What each officer has left."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """`now_s` counts seconds and never jumps; it needs no calendar."""
        self._now_s = now_s
        self._left: dict[str, _Left] = {}  # as many as there are officers

    def step(self, officer: str) -> None:
        """One more request; Rejected(PACE) if there are none left."""
        now_s = self._now_s()
        left = self._left.get(officer, _Left(STORE, now_s))
        filled = min(STORE, left.requests + (now_s - left.at_s) * PER_S)
        self._left[officer] = _Left(filled if filled < 1 else filled - 1, now_s)
        if filled < 1:
            raise Rejected(Code.PACE)
