"""Which of our own keys people should replace: said early, and never acted upon.

A clock that decided whether a key is good would give two nodes two verdicts. So an expiry date is a note to
people. What ends a key is a later version of the directory, which no longer lets it sign.
"""

from datetime import datetime
from typing import NamedTuple

from contracts.directory import Chain, SealingKey, SigningKey
from services.node import telemetry
from services.node.clock import Clock

WARN_DAYS = 30
DAY_S = 86_400


class Ending(NamedTuple):
    """A key in use that has an expiry date, and how long that is away; negative once it has passed."""

    kid: str
    expires: str
    seconds: int

    @property
    def days(self) -> int:
        """Whole days, rounded down."""
        return self.seconds // DAY_S


def endings(chain: Chain, agency: str, now_ms: int) -> list[Ending]:
    """The keys of an agency that have a date, as the version in force lists them; the next one to end first."""
    entry = chain.latest.agencies[agency]
    keys: list[SigningKey | SealingKey] = [*(key for key in entry.keys if not key.revoked), entry.sealing]
    found = [Ending(key.kid, key.expires, _seconds(key.expires, now_ms)) for key in keys if key.expires]
    return sorted(found, key=lambda ending: (ending.seconds, ending.kid))


class Expiry:
    """Watches the dates of one agency's keys."""

    def __init__(self, chain: Chain, agency: str, clock: Clock) -> None:
        """For the keys that the version in force lists."""
        self._chain = chain
        self._agency = agency
        self._clock = clock

    def warnings(self) -> list[str]:
        """One line for every key to be replaced within 30 days, or overdue: no reason not to be ready."""
        soon = (one for one in self._endings() if one.days < WARN_DAYS)
        return [f"{one.kid}: replace it by {one.expires}, {one.days} days from now" for one in soon]

    async def look(self) -> None:
        """Tell the metrics how long each key lasts, and the log which ones end soon."""
        for one in self._endings():
            telemetry.key_lasts(one.kid, one.seconds)
            if one.days < WARN_DAYS:
                telemetry.log.warning("key ends", kid=one.kid, expires=one.expires, days=one.days)

    def _endings(self) -> list[Ending]:
        return endings(self._chain, self._agency, self._clock.now_ms())


def _seconds(expires: str, now_ms: int) -> int:
    return int(datetime.fromisoformat(expires).timestamp()) - now_ms // 1000
