"""The timeline at the desk: what stands under which date, what is folded away, and what an event says in words."""

import json
from pathlib import Path

import pytest

from contracts.codes import LANGUAGES
from contracts.content import Actor, Content
from contracts.events import BODIES, Body
from contracts.hlc import Hlc
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.erasure import PERSONAL
from services.node.cases import Gap, Line
from services.node.web.timeline_event import Said, confirmed_after, covered, said
from services.node.web.timeline_rows import NEWEST, PER_PAGE, Wish, after, before, days, newest, part
from services.node.web.words import Speech, Words, catalogues

ROOT = Path(__file__).parents[3]
WORDS = catalogues(sorted({path.parent for path in (ROOT / "services").rglob("locale/*.json")}))
SAMPLES = ROOT / "tests" / "cases" / "bodies"
OF_CASES = [body for body in BODIES if body.of_case]


def line(name: str, claimed: str, type_: str = "triage.case.triaged", agency: str = "lpsk", *parents: str) -> Line:
    return Line(
        id=name,
        log=f"rajut.example/{agency}/1",
        seq=1,
        agency=agency,
        role="system",
        officer="rajut",
        type=f"rajut.{type_}.v1",
        title={"id": name, "en": name},
        claimed=claimed,
        after="",
        before="",
        witnesses=[],
        cosigners=[],
        level="local",
        state="PRESENT",
        erased_by="",
        signature="valid",
        parents=list(parents),
        to=["lpsk"],
        supported=True,
        readable=True,
    )


def event(seq: int, type_: str) -> Event:
    content = Content(f"rajut.{type_}.v1", "", "", Actor("system", "rajut"), ("lpsk",), (), {})
    return Event(EventId(bytes(31) + bytes([seq])), "rajut.example/lpsk/1", seq, Hlc(seq, 0), content)


def gap(opened: str, closed: str = "") -> Gap:
    return Gap(
        kind="SEQUENCE",
        title={},
        log="rajut.example/lpsk/1",
        agency="lpsk",
        first=1,
        last=2,
        opened=opened,
        closed=closed,
    )


def told(found: object) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Days with the kinds of their rows and the names in them."""
    return [(day.day, [(row.kind, [one.id for one in row.lines]) for row in day.rows]) for day in found]  # type: ignore[attr-defined]


LINES = [
    line("a", "2026-11-21T16:00:00.000Z", "intake.case.opened", "komnas-ham"),
    line("b", "2026-11-21T17:30:00.000Z", "notify.notice.sent", "komnas-ham", "a"),
    line("c", "2026-11-21T17:31:00.000Z", "notify.notice.acknowledged", "lpsk", "b"),
    line("d", "2026-11-22T01:00:00.000Z", "protection.emergency.proposed", "lpsk", "a", "c"),
]


def test_events_stand_under_the_date_of_the_office() -> None:
    """Half past midnight in Jakarta stands under the new day, although it is still the old one in UTC."""
    assert told(days(LINES, [], Wish(), "WIB")) == [
        ("2026-11-21", [("event", ["a"])]),
        ("2026-11-22", [("routine", ["b", "c"]), ("event", ["d"])]),
    ]


def test_what_is_missing_stands_where_it_was_noticed() -> None:
    """A gap is a row among the events, before the first one that is later; one after all of them comes last."""
    found = days(
        LINES,
        [gap("2026-11-21T18:00:00.000Z"), gap("2026-11-23T00:00:00.000Z", "2026-11-23T01:00:00.000Z")],
        Wish(),
        "WIB",
    )
    assert [[row.kind for row in day.rows] for day in found] == [["event"], ["routine", "gap", "event"], ["gap"]]


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(agency="komnas-ham"), ["a", "b"]),
        (Wish(kind="protection"), ["d"]),
        (Wish(since="2026-11-22"), ["b", "c", "d"]),
        (Wish(until="2026-11-21"), ["a"]),
        (Wish(agency="lpsk", kind="intake"), []),
    ],
)
def test_a_filter_leaves_what_was_asked_for(wish: Wish, names: list[str]) -> None:
    """By agency, by part of the work, and by days of the office, both included."""
    assert [one.id for day in days(LINES, [], wish, "WIB") for row in day.rows for one in row.lines] == names


def test_a_long_case_is_read_page_by_page() -> None:
    """Every row is on exactly one page, in order, under its date; whoever asks for no such page gets the newest."""
    many = [line(str(number), f"2026-11-{1 + number // 100:02}T05:00:00.000Z") for number in range(2 * PER_PAGE + 1)]
    whole = days(many, [], Wish(), "WIB")
    pages = [part(whole, page) for page in (1, 2, 3)]
    assert [one.id for page in pages for day in page.days for row in day.rows for one in row.lines] == [
        one.id for one in many
    ]
    assert {page.pages for page in pages} == {3}
    assert part(whole) == part(whole, 99) == pages[2]
    assert part(()) == ((), 1, 1)


def test_the_page_of_a_case_shows_its_end() -> None:
    """The last of it, in order; what machines say in the ordinary course is left out there."""
    whole = [event(number, "triage.case.triaged" if number % 2 else "notify.notice.sent") for number in range(99)]
    assert [one.seq for one in newest(whole)] == list(range(99 - 2 * NEWEST, 99, 2))


def test_an_event_is_linked_to_what_its_author_knew_and_to_what_followed() -> None:
    """Its parents, and the events that name it as one."""
    assert [one.id for one in after(LINES[3], LINES)] == ["a", "c"]
    assert [one.id for one in before(LINES[0], LINES)] == ["b", "d"]


def speech(language: str) -> Speech:
    return Speech(Words(language, WORDS[language], "WIB"), lambda agency: f"<{agency}>")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("body", OF_CASES, ids=lambda body: body.type)
def test_every_event_can_be_told(body: type[Body], language: str) -> None:
    """Each thing that each event of a case says has a word in both languages; the person is told of nowhere here."""
    sample = json.loads((SAMPLES / f"{body.wire_type}.json").read_text())
    found, catalogue = said(body.read(sample), sample, speech(language)), WORDS[language]
    assert (found == ()) == (issubclass(body, PERSONAL) or not sample)
    assert covered(body.read(sample)) == issubclass(body, PERSONAL)
    assert [word for word in words_of(found) if f"field.{word}" not in catalogue] == []


def words_of(found: tuple[Said, ...]) -> list[str]:
    return [word for one in found for word in (one.word, *(w for row in one.rows for w in words_of(row)))]


def test_values_are_told_in_words() -> None:
    """Codes by their labels, agencies by their names, times in the zone of the office, truth as yes or no."""
    body = next(one for one in BODIES if one.type == "protection.plan.proposed")
    sample = json.loads((SAMPLES / f"{body.wire_type}.json").read_text())
    values = [
        value
        for one in said(body.read(sample), sample, speech("id"))
        for row in one.rows
        for two in row
        for value in two.values
    ]
    assert any(value.startswith("<") for value in values)
    assert not any(value.isupper() and "_" in value for value in values)


def test_how_soon_others_had_it_is_counted_from_its_own_claim() -> None:
    """In seconds, never less than none; nothing is said while nobody else has it."""
    assert confirmed_after(LINES[0]) is None
    seen = {"claimed": "2026-11-22T01:00:00.000Z", "before": "2026-11-22T01:00:02.500Z"}
    assert confirmed_after(LINES[0].model_copy(update=seen)) == 2.5
    assert confirmed_after(LINES[0].model_copy(update=seen | {"before": "2026-11-22T00:00:00.000Z"})) == 0
