"""From a scenario's Markdown to its steps: a title, a story in each language, one table; anything else is refused."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts.codes import codes, event_title
from contracts.events import BODIES
from tests.scenarios.matters import SLOTS, SUBJECTS, VIEWS
from tests.scenarios.words import ACTS, AGENCIES, FIELDS, Unknown, agency, officer, span_ms

HEAD = ("Siapa", "Melakukan", "Lalu terlihat")
RULE = ("---", "---", "---")
ENGLISH = "> *In English.* "
REPORT, CUT, JOINED, PASSED = "menerima laporan ", " terputus", " tersambung", " berlalu"
REFUSED, TOLD, UNTOLD, CASE, OWES = "ditolak", "tercatat", "tidak tercatat", "kasus", "janji"
_OTHERS = (REFUSED, TOLD, UNTOLD, CASE)
_WITH_SUBJECT = (f"{OWES} ", *(f"{word} " for word, slot in SLOTS.items() if "{}" in slot))
_TITLES = {event_title(body.type, "id") for body in BODIES}
_AT = re.compile(rf"(?:di ({'|'.join(AGENCIES)}): )?(.+) = (.+)")


class Claim(NamedTuple):
    """What is then seen of a matter, at one agency or, if none is named, at all that are entitled and connected."""

    where: str | None
    matter: str
    value: str


class Step(NamedTuple):
    """One row: who does what, with which fields, under which names it is kept, and what must then be seen."""

    who: str  # an officer, `Waktu` or `Jaringan`
    does: str
    fields: Mapping[str, str]
    names: Sequence[str]
    claims: Sequence[Claim]


class Scenario(NamedTuple):
    """A document."""

    title: str
    steps: Sequence[Step]


def read(path: Path) -> Scenario:
    """Read a document; Unknown, with the row, for anything that would not be played and checked."""
    lines = path.read_text("utf-8").splitlines()
    titles = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
    if len(titles) != 1 or sum(line.startswith(ENGLISH) for line in lines) != 1:
        raise Unknown(f"{path.name}: a title and a story in both languages")
    head, rule, *rows = [_cells(line) for line in lines if line.startswith("|")] or [()]
    if (head, rule) != (HEAD, RULE) or not rows:
        raise Unknown(f"{path.name}: one table with the columns {HEAD}")
    return Scenario(titles[0], [_step(path.name, row) for row in rows])


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))


def _step(document: str, row: Sequence[str]) -> Step:
    try:
        who, does, seen = row
        claims = [_claim(one) for one in seen.split("; ")]
        what, *names = does.split(" → ")
        step = Step(who, *_fields(what), [name.strip("*") for one in names for name in one.split(", ")], claims)
        _known(step)
    except ValueError as error:
        raise Unknown(f"{document}: {' | '.join(row)}: {error}") from None
    return step


def _fields(what: str) -> tuple[str, Mapping[str, str]]:
    does, _, said = what.partition(": ")
    pairs = [one.partition(": ")[::2] for one in said.split("; ")] if said else []
    return does, dict(pairs)


def _claim(said: str) -> Claim:
    if not (read_ := _AT.fullmatch(said)):
        raise Unknown(f"checks nothing: {said!r}")
    where, matter, value = read_.groups()
    if not (matter in {*SLOTS, *VIEWS, *_OTHERS} or matter.startswith(_WITH_SUBJECT)):
        raise Unknown(f"nobody can see {matter!r}")
    word, _, subject = matter.partition(" ")
    if word in SUBJECTS and matter not in VIEWS and subject not in codes(SUBJECTS[word]):
        raise Unknown(f"no such code: {matter!r}")
    if matter in {TOLD, UNTOLD} and value not in _TITLES:
        raise Unknown(f"no such event: {value!r}")
    return Claim(agency(where) if where else None, matter, value)


def _known(step: Step) -> None:
    if step.who == "Waktu" and step.does.endswith(PASSED):
        span_ms(step.does.removesuffix(PASSED))
    elif step.who == "Jaringan" and step.does.endswith((CUT, JOINED)):
        agency(step.does.removesuffix(CUT).removesuffix(JOINED))
    else:
        officer(step.who)
        if not step.does.startswith(REPORT) and step.does not in ACTS:
            raise Unknown(f"no such act: {step.does!r}")
    if unknown := step.fields.keys() - FIELDS.keys():
        raise Unknown(f"no such fields: {sorted(unknown)}")
