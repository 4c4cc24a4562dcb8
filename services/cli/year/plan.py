"""What happens in a synthetic year, decided beforehand from a seed alone: pure.

Whether people keep a promise is drawn here, too; the days of a case count from its report. What then happens on the
nodes is the nodes' business: nothing is written behind their backs.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from itertools import count
from typing import Any, NamedTuple

from contracts.mechanism import LATEST

RATES: Mapping[str, Any] = tomllib.loads((files(__package__) / "rates.toml").read_text(encoding="utf-8"))
FORMS = ("ANCAMAN", "KRIMINALISASI", "PENCEMARAN_NAMA", "STIGMATISASI", "PENGUNTITAN", "DOXING", "PERUSAKAN_PROPERTI")
ISSUES = ("KTP", "AGRARIA_SDA", "LINGKUNGAN", "JURNALIS", "BURUH_MIGRAN", "ANTIKORUPSI")
NEEDS = ("PENGAWALAN", "PENDAMPINGAN_PROSES_HUKUM", "REHAB_PSIKOLOGIS", "BANTUAN_HUKUM", "PEMANTAUAN")


class Chance:
    """Even chances that a seed alone decides: the n-th is read off the digest of seed and n."""

    def __init__(self, seed: str) -> None:
        self._digests = (sha256(f"{seed}/{number}".encode()).digest() for number in count())

    def below(self, most: int) -> int:
        """A whole number from 0 to one less."""
        return int.from_bytes(next(self._digests)[:8]) * most >> 64

    def happens(self, rate: float) -> bool:
        """True as often as the rate says, from 0 to 1."""
        return self.below(1_000_000) < rate * 1_000_000

    def one_of(self, some: Sequence[str], weights: Sequence[int] = ()) -> str:
        """One of these, as often as its weight says among the others'; without weights each as often."""
        many = [one for one, weight in zip(some, weights or [1] * len(some), strict=True) for _ in range(weight)]
        return many[self.below(len(many))]


class Fate(NamedTuple):
    """What becomes of one report. `days` says on which day of the case each thing is done."""

    number: int
    day: int
    agency: str
    woman: bool
    share_with: tuple[str, ...]
    emergency: bool
    refused: bool
    referred: bool
    declined: bool
    scores: tuple[int, int, int]
    forms: tuple[str, ...]
    issue: str
    need: str
    days: Mapping[str, int]


# The day on which a thing is done in time, and the day on which it is done late.
_WHEN = {
    "triage": (0, 2),
    "risk": (0, 9),
    "provisional": (0, 3),
    "final": (5, 12),
    "approval": (0, 1),
    "paper": (14, 60),
    "eligibility": (8, 20),
    "plan": (2, 18),
    "measure": (0, 15),
    "referral": (1, 6),
    "report": (10, 25),
    "review": (5, 16),
    "reassessment": (28, 37),
    "session": (20, 50),
}


def year(cases: int, seed: int, agencies: Sequence[str], days: int) -> list[Fate]:
    """So many reports on so many days, as the seed has it, in the order in which they come."""
    fates = [_fate(number, Chance(f"{seed}/{number}"), sorted(agencies), days) for number in range(cases)]
    return sorted(fates, key=lambda fate: (fate.day, fate.number))


def _fate(number: int, chance: Chance, agencies: Sequence[str], days: int) -> Fate:
    def happens(rate: str) -> bool:
        return chance.happens(RATES[rate])

    agency = chance.one_of(agencies, [RATES["reports"].get(name, 1000) for name in agencies])
    others = tuple(name for name in agencies if name != agency)
    return Fate(
        number=number,
        day=chance.below(days),
        agency=agency,
        woman=happens("women"),
        share_with=others if happens("shared") else (),
        emergency=happens("emergencies"),
        refused=happens("refused"),
        referred=happens("referrals"),
        declined=happens("declined"),
        scores=(chance.below(5), chance.below(5), chance.below(5)),
        forms=tuple(sorted({chance.one_of(FORMS), chance.one_of(FORMS)})),
        issue=chance.one_of(ISSUES),
        need=chance.one_of(NEEDS),
        days={name: early if happens("punctual") else late for name, (early, late) in _WHEN.items()},
    )


def report(fate: Fate, now: datetime) -> dict[str, Any]:
    """The report as it is handed in at a moment. Nobody of that name exists."""
    at = now.isoformat(timespec="seconds")
    contact = {"channel": "phone", "address": f"+62 800-{fate.number:08d}", "hours": "09:00-17:00"}
    return {
        "received_by": fate.agency,
        "channel": "hotline",
        "reporter": {"relation": "self"},
        "defender": {
            "name": f"Tokoh Rekaan {fate.number}",
            "aliases": [],
            "gender": "female" if fate.woman else "male",
            "age_band": "30-39",
            "languages": ["id"],
            "disability_needs": [],
            "safe_contact": contact | {"timezone": "Asia/Jakarta", "codeword": "gladi"},
            "people_to_protect": [],
        },
        "work": {
            "activities": ["PENDAMPINGAN_KORBAN"],
            "issues": [fate.issue],
            "organisation": None,
            "peaceful": True,
        },
        "incidents": [_incident(fate, now)],
        "location": {"province": "31", "disclose_province": False, "text": None},
        "requested": [fate.need],
        "legal_status": "KORBAN",
        "consent": {
            "given_by": "defender",
            "form": "spoken",
            "recorded_by": "petugas",
            "at": at,
            "share_with": [*fate.share_with],
            "fields": ["identity", "incidents", "safe_contact"] if fate.share_with else [],
            "purpose": "protection",
            "expires": None,
        },
        "attachments": [],
    }


def _incident(fate: Fate, now: datetime) -> dict[str, Any]:
    return {
        "occurred_at": (now - timedelta(days=1)).isoformat(timespec="seconds"),
        "forms": [*fate.forms],
        "gendered_forms": ["TEROR_SEKSUAL"] if fate.woman and fate.emergency else [],
        "domain": "PUBLIK",
        "violence": ["PSIKIS"],
        "reported_actor": "TIDAK_DIKENAL",
        "text": "Kejadian rekaan untuk gladi.",
    }


def judgement(fate: Fate) -> dict[str, Any]:
    """The scores of the risk, for every agreed dimension."""
    parts = ("threats", "vulnerabilities", "capacities")
    return {
        part: [{"dimension": one, "score": score} for one in getattr(LATEST.risk, part)]
        for part, score in zip(parts, fate.scores, strict=True)
    }
