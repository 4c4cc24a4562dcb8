"""Dates that people should know of early: the ends of keys and certificates.

A clock that decided whether a key is good would give two nodes two verdicts. So an expiry date is a note to
people. What ends a key is a later version of the directory, which no longer lets it sign.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from contracts.directory import Chain, SealingKey, SigningKey
from services.node import telemetry
from services.node.clock import Clock

WARN_DAYS = 30
DAY_S = 86_400


class Ending(NamedTuple):
    """A key or certificate in use that has a date; negative once it has passed."""

    kid: str  # or the name of a certificate's file
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


class Expiry:
    """Watches the dates of one agency: of its keys, and of the certificates of its NATS connections."""

    def __init__(self, chain: Chain, agency: str, clock: Clock, folder: Path) -> None:
        """For the keys that the version in force lists, and the certificates in `folder`."""
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

    async def look(self) -> None:
        """Tell the metrics how long each key and certificate lasts, and the log which end soon."""
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
