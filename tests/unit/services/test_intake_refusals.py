"""What a report and a consent are refused for at our own doors, although bodies take it."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events.intake import ConsentRecorded
from contracts.mechanism import LATEST
from contracts.report import read_report
from services.intake import consent, domain
from services.intake.domain import Door
from services.node.acts import Moment
from tests.unit.services.consents import reported

NOW = "2026-11-22T01:54:48.123Z"
REPORT = (Path(__file__).parents[2] / "cases" / "ppham-ancaman-langsung.json").read_text()


def with_value(place: str, value: object) -> bytes:
    """A good report with another value at a place."""
    report: Any = json.loads(REPORT)
    *above, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    inner = report
    for part in above:
        inner = inner[part]
    inner[last] = value
    return json.dumps(report).encode()


def refused(data: bytes) -> tuple[str, str]:
    """The code and the place of a report's refusal; nothing if it is taken."""
    report = read_report(data)
    door = Door(report.received_by, ("komnas-ham", "komnas-perempuan", "lpsk"), 1, NOW)
    try:
        domain.opening(report, door, Actor("petugas", "p-1"))
    except Rejected as rejected:
        return rejected.code, rejected.detail
    return "", ""


@pytest.mark.parametrize("blank", [" ", "\u00a0\u3000", "\u200b", "\u202e", "\u200b\u202e \ufeff", "\u3164"])
@pytest.mark.parametrize(
    "place",
    [
        *("defender.name", "defender.safe_contact.address", "consent.recorded_by", "reporter.name", "location.text"),
        *("defender.aliases.0", "work.organisation", "incidents.0.text"),
    ],
)
def test_a_report_says_something_wherever_it_has_a_text(place: str, blank: str) -> None:
    """A name, an address or a reason of blanks, or of letters that nobody sees, is refused by the field's name."""
    value: object = [blank] if place.endswith(".0") else blank
    assert refused(with_value(place.removesuffix(".0"), value)) == (Code.REPORT, place)


@pytest.mark.parametrize(
    "name",
    ["Siti", "مريم", "ꦱꦶꦠꦶ", "ᬲᬶᬢᬶ", "\U00011f12\U00011f36", "李", "あ", "क्षि", "ไทย", "עברית", "X", "🙂", "?", "\u200bA"],
)
def test_a_name_in_any_script_is_a_name(name: str) -> None:
    """Also in one that is younger than this Python's tables, such as Kawi, and if something unseen stands beside it."""
    assert refused(with_value("defender.name", name)) == ("", "")


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("consent.at", "2026-11-23T08:54:48+07:00", ""),
        ("consent.at", "2026-11-23T08:54:49+07:00", "consent.at"),
        ("consent.at", "2099-01-01T00:00:00Z", "consent.at"),
        ("consent.expires", "2026-11-20", ""),  # the day on which it was given
        ("consent.expires", "2026-11-19", "consent.expires"),
        ("incidents.0.occurred_at", "2026-11-23T01:54:48.123Z", ""),
        ("incidents.1.occurred_at", "2026-11-23T01:54:48.124Z", "incidents.1.occurred_at"),
        ("incidents.0.occurred_at", "2099-01-01T00:00:00+09:00", "incidents.0.occurred_at"),
    ],
)
def test_a_report_tells_of_nothing_that_is_still_to_come(place: str, value: str, named: str) -> None:
    """A day more than our clock is let pass; what is later, or ends before it begins, is refused by its field."""
    expected = (Code.REPORT, named) if named else ("", "")
    assert refused(with_value(place, value)) == expected


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"at": "2099-01-01T00:00:00+07:00"}, "at"),
        ({"at": "2026-11-22T08:00:00+07:00", "expires": "2026-11-21"}, "expires"),
    ],
)
def test_a_consent_that_cannot_be_is_refused_at_its_door(said: dict[str, str], field: str) -> None:
    """What is recorded later is held to the same as what a report brings, and a consent of today passes."""
    good = json.loads(REPORT)["consent"] | {"at": "2026-11-22T08:00:00+07:00", "expires": "2026-11-22"}
    act = next(act for act in consent.ACTS if act.body is ConsentRecorded)
    moment = Moment(reported().case, "komnas-perempuan", Actor("petugas_upr", "o-1"), LATEST, NOW)
    act.examine(moment, ConsentRecorded.read(good))
    with pytest.raises(Rejected) as rejected:
        act.examine(moment, ConsentRecorded.read(good | said))
    assert (rejected.value.code, rejected.value.detail) == (Code.SCHEMA, field)
