"""Hybrid logical clock: time that never runs backwards in one log (Kulkarni et al. 2014).

Written `%013d.%04d`: milliseconds since 1970 UTC and a counter, fixed width, so that text order is
time order. It orders for display and bounds claims; it never decides between two people.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from contracts.errors import Code, Rejected

_FORM = re.compile(r"[0-9]{13}\.[0-9]{4}")
MAX_TICK = 9999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # of the years 1 and 9999


class Hlc(NamedTuple):
    """A reading: milliseconds since 1970 UTC, then a counter within the millisecond."""

    ms: int
    tick: int

    def __str__(self) -> str:
        """The wire form."""
        return f"{self.ms:013d}.{self.tick:04d}"

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read the wire form; Rejected(SCHEMA) for any other."""
        if not isinstance(text, str) or not _FORM.fullmatch(text):
            raise Rejected(Code.SCHEMA, "hlc")
        return cls(int(text[:13]), int(text[14:]))

    def next(self, now_ms: int) -> Self:
        """The reading of the next record of a log whose last one reads `self`."""
        if now_ms > self.ms:
            return type(self)(now_ms, 0)
        if self.tick < MAX_TICK:
            return type(self)(self.ms, self.tick + 1)
        return type(self)(self.ms + 1, 0)


def instant(ms: int) -> str:
    """Milliseconds since 1970 UTC as events write a time: `2026-11-22T01:54:48.123Z`.

    Cosignatures may claim a time that no calendar has (`contracts.note`): the last one that there is stands for it.
    """
    moment = _EPOCH + timedelta(milliseconds=min(max(ms, _FIRST_MS), _LAST_MS))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
