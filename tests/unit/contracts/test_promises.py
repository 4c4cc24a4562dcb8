"""All promises of a case together: once each, alike everywhere, never beyond the end, and one always live in danger."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, strategies as st

from contracts.case import fold
from contracts.codes import codes
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import BODIES, REGISTRY, read_body
from contracts.events.plan import CaseClosed, ClosureAgreed, ClosureProposed, ReviewHeld
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
    LetterRequested,
)
from contracts.events.triage import CaseTriaged, UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.promises import MOVING, promises
from contracts.promises.promise import Promise
from contracts.promises.triage import HUMAN_TRIAGE
from contracts.record import EventId
from contracts.timeline import Event, claimed
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.emergencies import Emergency
from tests.unit.contracts.plans import LEAD, Planning
from tests.unit.contracts.test_case import chronicles, voted

GOLDEN = Path(__file__).parents[2] / "cases" / "bodies"
IN_DANGER = {"PROPOSED", "ACTIVE"}


def owed(case: Chronicle) -> list[Promise]:
    """What is promised and not kept."""
    return [one for one in promises(case.case, LATEST) if not one.kept]


@st.composite
def reviewed(draw: st.DrawFn) -> Chronicle:
    """Like `voted`, with reviews by anybody, of any part of the case."""
    case = draw(st.one_of(chronicles(), voted()))
    for _ in range(draw(st.integers(0, 4))):
        known = draw(st.lists(st.sampled_from([event.id for event in case.events]), max_size=3, unique=True))
        after = draw(st.sampled_from(["RENDAH", "EKSTREM"]))
        body = ReviewHeld(occasion="BERKALA", before=after, after=after)
        case.add(draw(st.sampled_from(AGENCIES)), body, parents=tuple(known))
    return case


@given(reviewed())
def test_no_open_emergency_without_a_live_clock(case: Chronicle) -> None:
    """Whoever wrote what: while protection is asked for or in force, something is promised and not kept yet."""
    if case.case.in_force("emergency") in IN_DANGER:
        assert owed(case)
        kinds = {one.kind for one in owed(case)}
        expected = "TINJAUAN" if case.case.in_force("emergency") == "ACTIVE" else "KEPUTUSAN_DARURAT"
        assert expected in kinds


@given(reviewed(), st.integers())
def test_each_is_promised_once_and_alike_everywhere(case: Chronicle, seed: int) -> None:
    """In whatever order events arrived, all nodes derive the same list, each promise once, under codes with a name."""
    arrived = [*case.events]
    Random(seed).shuffle(arrived)
    found = promises(case.case, LATEST)
    assert found == promises(fold(arrived, LATEST), LATEST)
    assert len({one[:4] for one in found}) == len(found)
    assert {one.kind for one in found} <= set(codes("work_kind"))


def decline(case: Chronicle, proposal: Event, *known: EventId) -> Event:
    """Six leaders refuse, and LPSK says that a proposal is lost, all knowing of no more than this."""
    name, refusals = b64(proposal.id), []
    for number in range(6):
        body = EmergencyRefused(proposal=name, reason="LAINNYA")
        refusals.append(case.add("lpsk", body, actor=Actor("pimpinan", f"l-{number}"), parents=known).id)
        known = (refusals[-1],)
    lost = EmergencyDeclined(proposal=name, refusals=tuple(map(b64, refusals)), reason="PERSETUJUAN_TIDAK_TERCAPAI")
    return case.add("lpsk", lost, parents=known)


def test_refusals_that_crossed_leave_a_clock() -> None:
    """Two proposals, the second declined without knowing of the first one's end: what stands is still to be decided."""
    case = Chronicle()
    root, body = case.events[0].id, EmergencyProposed(ground="ANCAMAN_NYATA", needs=())
    first, second = case.add("komnas-ham", body, parents=(root,)), case.add("lpsk", body, parents=(root,))
    ends = decline(case, first, first.id), decline(case, second, first.id, second.id)
    assert case.case.unsupported == frozenset()
    assert case.case.in_force("emergency") == "PROPOSED"
    assert {one.source for one in owed(case) if one.kind == "KEPUTUSAN_DARURAT"} == {second.id}
    decline(case, second, *(end.id for end in ends))
    assert case.case.in_force("emergency") == "DECLINED"
    assert not [one for one in owed(case) if one.kind == "KEPUTUSAN_DARURAT"]


def closed() -> Planning:
    """A case that its lead has closed."""
    case = Planning()
    case.say(LEAD, LetterRequested(letter="KETERANGAN_PPHAM", issuer="komnas-perempuan"))
    proposal = b64(case.say(LEAD, ClosureProposed(reason="PERMINTAAN_PEMBELA"), officer="o-1").id)
    agreed = b64(case.say(LEAD, ClosureAgreed(proposal=proposal)).id)
    case.say(LEAD, CaseClosed(proposal=proposal, agreements=(agreed,)))
    return case


def test_a_closed_case_owes_nothing() -> None:
    """Every promise ends with the case at the latest, also a letter that nobody wrote."""
    case = closed()
    assert case.case.in_force("closure") == "CLOSED"
    assert promises(case.case, LATEST)
    assert owed(case) == []


def test_an_emergency_that_a_closing_crossed_is_looked_after() -> None:
    """Protection that came in force unknown to those who closed the case is reviewed as any other."""
    case = Planning()
    proposal = case.propose()
    yes = [case.approve(proposal, leader) for leader in ("l-1", "l-2")]
    before = case.now
    refusals = [case.refuse(proposal, f"r-{number}") for number in range(6)]
    case.decline(proposal, *refusals)
    asked = b64(case.say(LEAD, ClosureProposed(reason="PERMINTAAN_PEMBELA"), officer="o-1").id)
    agreed = b64(case.say(LEAD, ClosureAgreed(proposal=asked)).id)
    case.say(LEAD, CaseClosed(proposal=asked, agreements=(agreed,)))
    active = EmergencyActivated(proposal=proposal, approvals=tuple(yes), review_by="2026-11-29T01:54:48.123Z")
    event = case.add("lpsk", active, parents=before)
    assert (case.case.in_force("closure"), case.case.in_force("emergency")) == ("CLOSED", "ACTIVE")
    assert event.id in {one.source for one in owed(case) if one.kind == "TINJAUAN"}


def triage(case: Chronicle) -> Promise:
    """The promise that a person looks."""
    (found,) = (one for one in promises(case.case, LATEST) if one.kind == HUMAN_TRIAGE)
    return found


@pytest.mark.parametrize(("level", "minutes"), [("KRITIS", 60), ("MENDESAK", 240), ("BIASA", 1440), ("BARU", 60)])
def test_a_person_of_the_receiving_agency_looks_in_time(level: str, minutes: int) -> None:
    """The sooner the more urgent; another agency's judgement is none of theirs."""
    case = Chronicle()
    case.add("lpsk", UrgencyOverridden(level=level, reason="x"), actor=Actor("pimpinan", "o-1"))
    found = triage(case)
    assert (found.agency, found.kept) == ("komnas-ham", False)
    assert found.due - claimed(case.events[0]) == timedelta(minutes=minutes)
    case.add("komnas-ham", CaseTriaged(opened=b64(case.events[0].id)))
    assert triage(case).kept


@pytest.mark.parametrize(
    ("agency", "role", "opened"),
    [
        ("lpsk", "pimpinan", 0),
        ("komnas-ham", "admin_node", 0),
        ("komnas-ham", "auditor", 0),
        ("komnas-ham", "tim_hrd", 1),
    ],
)
def test_nobody_else_says_that_a_case_was_looked_at(agency: str, role: str, opened: int) -> None:
    """Another agency, a role that handles no cases, or about something that opened none: nothing is kept by it."""
    case = Chronicle()
    case.add("lpsk", UrgencyOverridden(level="BIASA", reason="x"))
    said = case.add(agency, CaseTriaged(opened=b64(case.events[opened].id)), actor=Actor(role, "o-1"))
    assert said.id in case.case.unsupported
    assert not triage(case).kept


def test_a_day_that_nobody_lives_to_see_breaks_nothing() -> None:
    """A deadline at the end of the calendar is a promise like any other."""
    case = Emergency(start=datetime(2199, 11, 19, tzinfo=UTC))
    assert case.case.in_force(f"deadline/{case.active}") == "2199-12-31"
    assert {one.due.year for one in owed(case) if one.kind in {"TENGGAT_LEWAT", "KEPUTUSAN_TENGGAT"}} == {2199, 2200}


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_what_is_not_followed_moves_no_promise(wire_type: str) -> None:
    """An event for which nobody derives the promises anew leaves them as they are."""
    case = Emergency()
    before = promises(case.case, LATEST)
    body = read_body(wire_type, json.loads((GOLDEN / f"{wire_type}.json").read_text()))
    assert body is not None
    case.say("lpsk", body)
    assert type(body) in MOVING or promises(case.case, LATEST) == before


def test_what_is_said_in_cases_is_followed() -> None:
    """All types but those between nodes and what machines tell of promises."""
    left = {body.type for body in BODIES} - {body.type for body in MOVING}
    assert {name for name in left if not name.endswith(".case.read")} == {
        "node.directory.adopted",
        "node.mechanism.adopted",
        "node.fork.found",
        "node.record.refused",
        "notify.notice.sent",
        "notify.notice.escalated",
        "notify.reminder.given",
        "notify.promise.missed",
        "notify.date.kept",
        "notify.date.missed",
    }
