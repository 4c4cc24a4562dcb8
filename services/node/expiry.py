"""Dates that people should know of early: the ends of keys and certificates, and what an agency owes every year.

A clock that decided whether a key is good would give two nodes two verdicts. So an expiry date is a note to
people. What ends a key is a later version of the directory, which no longer lets it sign. And whether a yearly report
was published no node knows: it says when the day comes, and never that it was missed (docs/adr/0025).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from contracts.directory import Chain, SealingKey, SigningKey
from contracts.mechanism import Mechanism
from services.node import telemetry
from services.node.clock import Clock

WARN_DAYS = 30
DAY_S = 86_400


class Ending(NamedTuple):
    """Something with a date: a key or certificate in use, a yearly date; negative once it has passed."""

    kid: str  # the name of a certificate's file, the code of a yearly date
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


def certificates(folder: Path, now_ms: int) -> list[Ending]:
    """The `.pem` files of a folder, each with the first certificate in it to end; the next one to end first."""
    ends = {path.name: _end(path) for path in folder.glob("*.pem")}
    return [
        Ending(name, str(end.date()), int(end.timestamp()) - now_ms // 1000)
        for name, end in sorted(ends.items(), key=lambda one: (one[1], one[0]))
    ]


def yearly(rules: Mechanism, agency: str, now_ms: int) -> list[Ending]:
    """What an agency owes every year, each with the end of the next such day at its office; the nearest first."""
    today = rules.office_day(datetime.fromtimestamp(now_ms / 1000, UTC), agency)
    days = {one.code: one.next(today) for one in rules.dates_of(agency)}
    ends = {code: rules.end_of(day, agency) for code, day in days.items()}
    found = [Ending(code, str(days[code]), int(end.timestamp()) - now_ms // 1000) for code, end in ends.items()]
    return sorted(found, key=lambda ending: ending.seconds)


class Expiry:
    """Watches the dates of one agency: of its keys, the certificates of its NATS connections, and its yearly ones."""

    def __init__(self, chain: Chain, agency: str, clock: Clock, folder: Path, rules: Callable[[], Mechanism]) -> None:
        """For the keys that the version in force lists, the certificates in `folder`, and the dates in `rules`."""
        self._rules = rules
        self._folder = folder
        self._chain = chain
        self._agency = agency
        self._clock = clock

    def warnings(self) -> list[str]:
        """One line for all that is to be replaced within 30 days, or overdue: no reason not to be ready."""
        soon = (one for one in self.all() if one.days < WARN_DAYS)
        return [f"{one.kid}: replace it by {one.expires}, {one.days} days from now" for one in soon]

    def all(self) -> list[Ending]:
        """Every key and certificate in use that has an end, the next one first."""
        return sorted((*self._endings(), *self._certificates()), key=lambda one: (one.seconds, one.kid))

    def yearly(self) -> list[Ending]:
        """The agency's yearly dates, the next one first."""
        return yearly(self._rules(), self._agency, self._clock.now_ms())

    async def look(self) -> None:
        """Tell the metrics how long each key and certificate lasts and when dates come, and the log what is near."""
        for one in self.yearly():
            telemetry.date_comes(one.kid, one.seconds)
            if one.days < WARN_DAYS:
                telemetry.log.warning("date comes", date=one.kid, day=one.expires, days=one.days)
        keys, certs = self._endings(), self._certificates()
        for one in keys:
            telemetry.key_lasts(one.kid, one.seconds)
        for one in certs:
            telemetry.certificate_lasts(one.kid, one.seconds)
        for one in (*keys, *certs):
            if one.days < WARN_DAYS:
                telemetry.log.warning("key ends", kid=one.kid, expires=one.expires, days=one.days)

    def _certificates(self) -> list[Ending]:
        return certificates(self._folder, self._clock.now_ms())

    def _endings(self) -> list[Ending]:
        return endings(self._chain, self._agency, self._clock.now_ms())


def _end(file: Path) -> datetime:
    return min(certificate.not_valid_after_utc for certificate in x509.load_pem_x509_certificates(file.read_bytes()))


def _seconds(expires: str, now_ms: int) -> int:
    return int(datetime.fromisoformat(expires).timestamp()) - now_ms // 1000
