"""Times that somebody made up, at either end of what can be written: nothing that is derived from them stumbles."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from contracts.canonical import Json
from contracts.case import fold
from contracts.errors import Rejected
from contracts.events import read_body
from contracts.hlc import Hlc, instant
from contracts.mechanism import LATEST
from contracts.promises import promises
from contracts.timeline import Event
from services.node.web import work
from services.notify import clocks
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.machine import overdue
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.crossing import play
from tests.unit.contracts.crossings import CROSSINGS
from tests.unit.contracts.emergencies import Emergency
from tests.unit.services.looks import PAGES, everybody, page

ENDS = {
    10: ("1900-01-01", "2199-12-31"),
    24: ("1800-01-01T00:00:00.000Z", "2999-12-31T23:59:59.999Z"),
    25: ("1900-01-01T00:00:00+23:59", "2199-12-31T23:59:59-23:59"),
}
"""The first and the last day, instant and noted time, by their length."""
READINGS = (0, 10**13 - 1)  # of a record's clock
TIME = re.compile(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.+-]+Z?)?"')
NOW = datetime(2026, 12, 1, tzinfo=UTC)
LATE = datetime(2199, 11, 19, tzinfo=UTC)  # papers from then are due on the last day that an event may name


def bent(event: Event, draw: st.DrawFn) -> Event:
    """An event with times from the ends, where its type allows them; it keeps its name, by which others cite it."""
    content, reading = event.content, draw(st.sampled_from((event.hlc.ms, *READINGS)))

    def end(found: re.Match[str]) -> str:
        return json.dumps(draw(st.sampled_from((found[0][1:-1], *ENDS[len(found[0]) - 2]))))

    body: Json = json.loads(TIME.sub(end, json.dumps(content.body)))
    try:
        read_body(content.type, body)
    except Rejected:  # such as two days that must differ
        body = content.body
    content = content._replace(time=draw(st.sampled_from((content.time, *ENDS[24]))), body=body)
    return event._replace(content=content, hlc=Hlc(reading, 0))


@st.composite
def far(draw: st.DrawFn) -> list[Event]:
    """Any of the cases in which decisions crossed, with times from the ends in some of its events."""
    played = play(draw(st.sampled_from(CROSSINGS)))
    events = [*played.before, played.one, played.other]
    some = draw(st.sets(st.integers(0, len(events) - 1)))
    return [bent(event, draw) if place in some else event for place, event in enumerate(events)]


@given(far())
def test_no_time_keeps_a_node_from_its_work(events: list[Event]) -> None:
    """Fold, promises, what is said when they are missed, and an agency's own limits: all can be derived and written."""
    case = fold(events, LATEST)
    for promise in promises(case, LATEST):
        assert "1800" <= promise.missed().due < "3000"
        assert "1800" <= instant(round(promise.due.timestamp() * 1000)) < "3000"
    for agency in AGENCIES:
        looks, recalls = clocks.looks(case, agency), clocks.recalls(case, agency)
        assert clocks.missed(looks, LATEST, NOW) is not None
        assert clocks.recalled(case, recalls, NOW) is not None
        assert overdue(case, MACHINES[agency]) is not None


@given(far())
def test_no_time_keeps_a_page_from_an_officer(events: list[Event]) -> None:
    """Every panel of a case is shown, and everything that can be said is offered."""
    case = fold(events, LATEST)
    for seen in (one._replace(now=NOW) for one in everybody(case)):
        assert [page(service, panel.name, seen) for service, pages in PAGES.items() for panel in pages.panels]


def test_a_deadline_on_the_last_day_leaves_every_page_as_it_is() -> None:
    """Whose clock stands that far, by mistake or not, takes no case from the desks."""
    case = Emergency(start=LATE)
    assert case.case.in_force(f"deadline/{case.active}") == "2199-12-31"
    assert not case.counts(case.sit("PERPANJANGAN", "2199-12-31"))
    for seen in everybody(case.case):
        assert [page("protection", panel.name, seen) for panel in PAGES["protection"].panels]


@pytest.mark.parametrize("ms", [-(2**63), -62135585999000, -1, 0, 253402300800000, 2**80])
def test_an_instant_of_any_number_can_be_read_again(ms: int) -> None:
    """Whatever second somebody claims, what is written of it has four digits of a year, and sorts."""
    desk = work.Desk("lpsk", "pimpinan", LATEST)
    asked = {"id": 1, "kind": "SURAT", "subject": "", "case": "a", "due_at": instant(ms), "by_hand": False}
    (line,) = work.lines(desk, [asked], [])
    assert instant(ms).startswith(f"{line.due.year:04}-")
