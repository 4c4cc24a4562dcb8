"""The words of the desk in both languages, and how times and codes read in them. Pure.

One file per language in the `locale` of the desk and of each service, with the same names; what a code, an event or an
error is called stands in `contracts.codes`. A word that is missing fails: no page falls back to another language.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from contracts import codes
from contracts.mechanism.calendar import ZONES, clock_of

PLACES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
MINUTE, HOUR, DAY = 60, 3600, 86400
SUBJECTS = ("requirement", "defender_kind", "measure", "subject_right", "breach_recipient")  # of work, where it has one


Catalogue = Mapping[str, str]


def catalogues(folders: Iterable[Path]) -> Mapping[str, Catalogue]:
    """The words of every language, by language; ValueError if two folders name the same one."""
    kept = list(folders)
    return {language: _merged(folder / f"{language}.json" for folder in kept) for language in codes.LANGUAGES}


def _merged(files: Iterable[Path]) -> Catalogue:
    words: dict[str, str] = {}
    for file in files:
        found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        if twice := words.keys() & found.keys():
            raise ValueError(f"{file.name}: said twice: {min(twice)}")
        words |= found
    return words


class Words(NamedTuple):
    """Everything that a page says, in one language, for an office in one time zone."""

    language: str
    catalogue: Catalogue
    zone: str

    def __call__(self, name: str, /, **values: object) -> str:
        """A word or sentence by its name; KeyError if there is none."""
        return self.catalogue[name].format(**values)

    def label(self, code_list: str, code: str) -> str:
        """What a code is called."""
        return codes.label(code_list, code, self.language)

    def work(self, kind: str, subject: str = "") -> str:
        """What is to be done, such as `Persyaratan yang ditangguhkan: Kronologi`; an id as subject goes unsaid."""
        known = next((one for one in SUBJECTS if subject in codes.codes(one)), None)
        what = self.label("work_kind", kind)
        return f"{what}: {self.label(known, subject)}" if known else what

    def call(self, role: str, event_type: str) -> str:
        """Who is called, and what has happened, such as `Panggilan untuk Pimpinan: Darurat diaktifkan`."""
        whom = self("queue.call", role=self.label("role", role))
        return f"{whom}: {self.event(event_type)}" if event_type else whom

    def event(self, event_type: str) -> str:
        """What an event is called."""
        return codes.event_title(event_type, self.language)

    def advice(self, code: str) -> str:
        """What an error means, and what to do."""
        return codes.advice(code, self.language)

    def moment(self, instant: datetime | str) -> str:
        """A moment in the office's zone, such as `22 Nov 2026 08.54 WIB`."""
        at = clock_of(ZONES[self.zone], _moment(instant))
        month = self.catalogue["months"].split()[at.month - 1]
        return f"{at.day} {month} {at.year} {self.clock(instant)} {self.zone}"

    def clock(self, instant: datetime | str) -> str:
        """The time of day in the office's zone, such as `08.54`; in English `08:54`."""
        return clock_of(ZONES[self.zone], _moment(instant)).strftime(self.catalogue["clock"])

    def zone_of(self, place: str) -> str:
        """What the time of a place is called here, such as `WITA`; the place itself, if it is none of these."""
        return PLACES.get(place, place)

    def day(self, day: str) -> str:
        """A day such as `22 Nov 2026`."""
        at = datetime.fromisoformat(day)
        month = self.catalogue["months"].split()[at.month - 1]
        return f"{at.day} {month} {at.year}"

    def left(self, due: datetime | str, now: datetime) -> str:
        """What is left until then, or by how much it is over."""
        over = (rest := _moment(due) - now) < timedelta(0)
        return self("time.over" if over else "time.left", span=self.span(abs(rest)))

    def span(self, time: timedelta) -> str:
        """A length of time in its two largest units."""
        seconds = int(time.total_seconds())
        if seconds >= 3 * DAY:
            return self("time.days", days=seconds // DAY)
        if seconds >= HOUR:
            return self("time.hours", hours=seconds // HOUR, minutes=seconds % HOUR // MINUTE)
        return self("time.minutes", minutes=max(seconds, 0) // MINUTE)

    def brief(self, seconds: float) -> str:
        """As `span`, and below a minute in seconds."""
        whole = max(round(seconds), 1)
        return self("time.seconds", seconds=whole) if whole < MINUTE else self.span(timedelta(seconds=whole))

    def short(self, case: str) -> str:
        """A case as people name it, such as `0QH-PAJ`."""
        return f"{case[:3]}-{case[3:6]}".upper()

    def listed(self, names: Sequence[str]) -> str:
        """Names as a sentence has them, such as `Komnas HAM, Komnas Perempuan dan LPSK`."""
        *others, last = names or [""]
        return f"{', '.join(others)} {self('and')} {last}" if others else last


class Speech(NamedTuple):
    """How values are told: in which words, and what agencies are called."""

    words: Words
    name_of: Callable[[str], str]


def _moment(instant: datetime | str) -> datetime:
    return datetime.fromisoformat(instant) if isinstance(instant, str) else instant
