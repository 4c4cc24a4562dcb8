"""The page of operations: what is said on its first line, and how long its bars are."""

import re
from collections.abc import Mapping
from html import unescape
from string import Formatter
from typing import Any

import pytest

from contracts.codes import LANGUAGES
from services.node.health import TEXTS, Missing, Problem
from services.node.operations import MissingView, ProblemView
from services.node.web.operations import LATE, WIDE, bars, worries
from tests.unit.services import looks

PARTNER = {"agency": "komnas-ham", "silent_s": 10.0, "missing": 0, "unread": 3, "unsigned": 3, "disputed": 0}
PROBLEM = {"kind": "unanswered", "values": {"part": "broker", "reason": "TimeoutError"}, "text": "broker: TimeoutError"}
MISSING = {"kind": "SEQUENCE", "log": "rajut.example/lpsk/1", "agency": "lpsk", "first": 1, "last": 2}
DATE = {"agency": "lpsk", "code": "CATAHU_TERBIT", "day": "2027-03-08", "days": 106, "told": [], "told_all": False}
DATE |= {"kept": None}
WELL: Mapping[str, Any] = {
    "ready": True,
    "problems": [],
    "missing": [],
    "heartbeat_s": 300.0,
    "partners": [PARTNER],
    "backlog": {},
    "checkpoint_due_s": 2.0,
    "disputed": 0,
    "parked": [],
    "ends": [{"name": "k1", "expires": "2027-01-01", "days": 40}],
    "dates": [DATE],
}
KEPT: Mapping[str, Any] = {"kinds": [{"kind": "TRIASE", "kept": 3, "missed": 0, "open": 1}], "weeks": []}


def test_a_node_in_good_order_worries_nobody() -> None:
    """A few records under way, a key that lasts, a promise that is open: all is well."""
    assert worries(WELL, KEPT) == []


@pytest.mark.parametrize(
    ("changed", "word", "grave"),
    [
        ({"ready": False, "problems": [PROBLEM]}, "problem.unanswered", True),
        ({"disputed": 1}, "worry.disputed", True),
        ({"parked": [{}]}, "worry.parked", True),
        ({"missing": [MISSING]}, "worry.missing", False),
        ({"checkpoint_due_s": 301.0}, "worry.checkpoint", False),
        ({"ends": [{"name": "k1", "expires": "", "days": 29}]}, "worry.ends", False),
        ({"ends": [{"name": "k1", "expires": "", "days": -1}]}, "worry.ended", True),
        ({"dates": [DATE | {"days": 29}]}, "worry.date", False),
        ({"dates": [DATE | {"days": -1}]}, "worry.date_missed", True),
        ({"partners": [PARTNER | {"silent_s": 601.0}]}, "worry.silent", True),
        ({"partners": [PARTNER | {"silent_s": -1}]}, "worry.silent", True),
        ({"partners": [PARTNER | {"unread": LATE + 1}]}, "worry.behind", False),
        ({"partners": [PARTNER | {"disputed": 1}]}, "worry.partner_disputed", True),
    ],
)
def test_whatever_is_not_as_it_should_be_is_said(changed: Mapping[str, Any], word: str, *, grave: bool) -> None:
    """Each in a line of its own, marked as grave where somebody must act at once."""
    assert [(one.word, one.grave) for one in worries({**WELL, **changed}, KEPT)] == [(word, grave)]


def test_missed_deadlines_are_counted() -> None:
    """Over all kinds; what is grave stands before them."""
    late = {"kinds": [{"missed": 2}, {"missed": 1}]}
    found = worries({**WELL, "parked": [{}, {}]}, late)
    assert [(one.word, one.values) for one in found] == [("worry.parked", {"count": 2}), ("worry.missed", {"count": 3})]


def test_the_parts_of_a_bar_stand_side_by_side() -> None:
    """As wide as their share of the longest one; nothing at all has no width."""
    assert [(one.start, one.width) for one in bars({"kept": 1, "open": 1}, 4)] == [
        (0, WIDE // 4),
        (WIDE // 4, WIDE // 4),
    ]
    assert [one.width for one in bars({"kept": 0}, 0)] == [0]


def values_of(kind: str) -> dict[str, str]:
    """Something for every place in a text."""
    return {name: f"<{name}>" for _, name, _, _ in Formatter().parse(TEXTS[kind]) if name}


@pytest.mark.parametrize("kind", TEXTS)
def test_why_a_node_is_not_ready_is_told_in_both_languages(kind: str) -> None:
    """Every reason has its sentence in each language, with all that belongs to it; probes get a line in English."""
    values = values_of(kind)
    one = ProblemView(kind=kind, values=values, text=str(Problem(kind, values)))
    told = {**WELL, "ready": False, "problems": [one.model_dump()]}
    first, second = (unescape(looks.operations(told, KEPT, language)) for language in LANGUAGES)
    assert [value for value in values.values() if value not in first or value not in second] == []
    sentences = [re.findall("<li>.*?</li>", page, re.DOTALL) for page in (first, second)]
    assert sentences[0][0] != sentences[1][0]
    assert one.text not in first


@pytest.mark.parametrize("days", [3, -1])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_that_ends_takes_the_page_down_in_no_language(days: int, language: str) -> None:
    """What is about to end, or has, is named on the first line of the page."""
    ends = [{"name": "lpsk.node.7", "expires": "2027-01-01", "days": days}]
    assert "lpsk.node.7" in looks.operations({**WELL, "ends": ends}, KEPT, language).partition("ready")[0]


def test_a_yearly_date_is_named_before_it_comes_in_both_languages() -> None:
    """By what is due and by which day, on the first line of the page: no code of a machine."""
    told = {**WELL, "dates": [DATE | {"code": "CATAHU_BEKU", "day": "2027-02-28", "days": 29}]}
    first, second = (looks.operations(told, KEPT, language).partition("ready")[0] for language in LANGUAGES)
    assert "Data CATAHU dibekukan: paling lambat 28 Feb 2027" in first
    assert "Freeze the data of the Catahu: by 28 Feb 2027" in second


def test_who_was_told_of_a_missed_date_and_who_kept_the_last_one_is_shown() -> None:
    """By role and day in each language, with a button to say that it was done; none for another agency's date."""
    done = {"day": "2026-03-08", "role": "koordinator_upr", "at": "2026-03-07T02:00:00.000Z"}
    missed = DATE | {"days": -2, "told": ["petugas_upr"], "told_all": True, "kept": done}
    for language, words in zip(
        LANGUAGES, (("lembaga lain", "Lewat 2 hari"), ("the other agencies", "in days: 2")), strict=True
    ):
        told = looks.operations({**WELL, "dates": [missed]}, KEPT, language)
        assert [word for word in (*words, "8 Mar 2026", 'action="/desk/dates"') if word not in told] == []
    theirs = looks.operations({**WELL, "dates": [missed | {"agency": "komnas-perempuan"}]}, KEPT, "en")
    assert "komnas-perempuan has missed a yearly date: Publish the Catahu" in theirs
    assert 'action="/desk/dates"' not in theirs


def test_what_is_missing_and_what_failed_is_told_in_both_languages() -> None:
    """The kind of a gap by its label, the agency by its name, an error with a code by what it means."""
    gap = MissingView(**Missing("SEQUENCE", "rajut.example/lpsk/1", 1, 2)._asdict(), agency="lpsk").model_dump()
    parked = {"service": "triage", "event": "A" * 43, "type": "rajut.intake.case.opened.v1", "attempts": 5}
    told = {**WELL, "missing": [gap], "parked": [parked | {"reason": why} for why in ("Rejected: E_STATE", "KeyError")]}
    first, second = (looks.operations(told, KEPT, language) for language in LANGUAGES)
    assert "lpsk: Catatan belum sampai" in first
    assert "Rejected" not in first
    assert 'Bagian ini tersandung: <code lang="en">KeyError</code>' in first
    assert "This part stumbled" in second
