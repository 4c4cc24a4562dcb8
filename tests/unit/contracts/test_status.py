"""Whether somebody is a defender: each kind by its owner, others beside it, nothing in the way of an emergency."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, strategies as st

from contracts.case import fold
from contracts.content import Actor
from contracts.events import Body
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import (
    StatusRequested,
)
from contracts.mechanism import LATEST
from contracts.promises.status import FINAL_STATUS, PROVISIONAL_STATUS, promises
from contracts.timeline import Event, claimed
from contracts.workflow.rule import Claim
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.statuses import (
    KH,
    KP,
    LPSK,
    SECOND,
    counts,
    determined,
    disputed,
    owed,
    recognised,
    rejected,
    status,
    stories,
    under_appeal,
)
from tests.unit.contracts.test_case import by_id, past, same


def test_anybody_may_ask_and_asking_decides_nothing() -> None:
    """Every agency may ask for a status; the question stands in the case, and nothing else changes."""
    case = Chronicle()
    asked = [case.add(agency, StatusRequested(defender_kind="PPHAM")) for agency in AGENCIES]
    assert all(counts(case, event) for event in asked)
    assert set(case.case.slots) == {"lead"}


def test_each_kind_is_a_matter_of_its_own() -> None:
    """A later rejection as woman defender takes nothing from a verified defender: both stand, the better one rules."""
    case = Chronicle()
    case.add(KH, determined("TERVERIFIKASI"))
    case.add(KP, determined("DITOLAK", "PPHAM"))
    assert case.case.in_force("status/PEMBELA") == "TERVERIFIKASI"
    assert case.case.in_force("status/PPHAM") == "DITOLAK"
    assert status(case.case) == "TERVERIFIKASI"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_officers_who_did_not_know_of_each_other_leave_the_protective_status(order: tuple[int, int]) -> None:
    """Rejected here and provisional there, in either order: both are seen, and the person keeps the protection."""
    case = Chronicle()
    root, bodies = (case.events[0].id,), (determined("DITOLAK"), determined("SEMENTARA"))
    for at in order:
        case.add(KH, bodies[at], parents=root)
    assert case.case.in_force("status/PEMBELA") == "SEMENTARA"
    assert "status/PEMBELA" in case.case.conflicts
    case.add(KH, determined("DITOLAK"))
    assert case.case.in_force("status/PEMBELA") == "DITOLAK"
    assert not case.case.conflicts


def test_another_agency_recognises_or_objects_beside_the_determination() -> None:
    """What the other owner says is visible under its own name; the determination stays as it was."""
    case = Chronicle()
    told = case.add(KH, determined())
    case.add(KP, recognised(told))
    assert case.case.in_force("recognition/PEMBELA/komnas-perempuan") == "DIAKUI"
    case.add(KP, disputed(told))
    case.add(LPSK, disputed(told))
    assert case.case.in_force("recognition/PEMBELA/komnas-perempuan") == "DISANGGAH"
    assert case.case.in_force("recognition/PEMBELA/lpsk") == "DISANGGAH"
    assert status(case.case) == "TERVERIFIKASI"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_recognition_and_objection_that_cross_are_both_seen(order: tuple[int, int]) -> None:
    """Two officers of one agency who differ: the conflict shows, with the objection on top, in either order."""
    case = Chronicle()
    told = case.add(KH, determined())
    bodies: tuple[Body, Body] = (recognised(told), disputed(told))
    for at in order:
        case.add(KP, bodies[at], parents=(told.id,))
    assert case.case.in_force("recognition/PEMBELA/komnas-perempuan") == "DISANGGAH"
    assert len(case.case.conflicts["recognition/PEMBELA/komnas-perempuan"]) == 2


@pytest.mark.parametrize(
    ("agency", "actor", "say"),
    [
        (KH, SECOND, recognised),  # its own
        (KH, SECOND, disputed),
        (LPSK, Actor("pimpinan", "o-9"), recognised),  # determines no kind
        (KP, Actor("petugas_upr", "o-9"), recognised),  # may not
        (KP, Actor("auditor", "o-9"), disputed),
    ],
)
def test_a_stance_of_who_may_not_changes_nothing(agency: str, actor: Actor, say: Callable[[Event], Body]) -> None:
    """An agency does not confirm itself, and only roles that may speak for their agency do."""
    case = Chronicle()
    told = case.add(KH, determined())
    assert not counts(case, case.add(agency, say(told), actor=actor))


def test_a_stance_on_what_is_no_determination_changes_nothing() -> None:
    """Neither the report nor a determination that its author did not know can be recognised."""
    case = Chronicle()
    told, root = case.add(KH, determined()), case.events[0]
    assert not counts(case, case.add(KP, recognised(root)))
    assert not counts(case, case.add(KP, disputed(told), parents=(root.id,)))


def test_no_objection_stops_an_emergency() -> None:
    """A rejection that everyone shares, and objections to all else: two leaders still put protection in force."""
    case, rejection = rejected()
    case.add(LPSK, disputed(rejection))
    case.add(KP, disputed(rejection))
    proposal = case.propose(KP)
    case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    assert case.case.in_force("emergency") == "ACTIVE"


def test_a_status_is_promised_with_the_report_and_with_every_question() -> None:
    """The agency for the kind owes a provisional status in a day and a final one in a week, each time it is asked."""
    case = Chronicle(gender_lens=True)
    asked = case.add(LPSK, StatusRequested(defender_kind="PEMBELA"))
    day, week = timedelta(hours=24), timedelta(hours=7 * 24)
    begun = {event.id: claimed(event) for event in (case.events[0], asked)}
    for kind, within in ((PROVISIONAL_STATUS, day), (FINAL_STATUS, week)):
        told = {(one.source, one.subject, one.agency, one.due, one.kept) for one in owed(case, kind)}
        assert told == {
            (case.events[0].id, "PPHAM", KP, begun[case.events[0].id] + within, False),
            (asked.id, "PEMBELA", KH, begun[asked.id] + within, False),
        }


@pytest.mark.parametrize(
    ("said", "provisional", "final"),
    [
        ("BELUM_DINILAI", False, False),
        ("SEMENTARA", True, False),
        ("TERVERIFIKASI", True, True),
        ("DITOLAK", True, True),
    ],
)
def test_a_provisional_status_keeps_the_first_promise_only(said: str, provisional: bool, final: bool) -> None:  # noqa: FBT001
    """Good faith is enough within a day; the week asks for an answer."""
    case = Chronicle()
    case.add(KH, determined(said))
    assert [one.kept for one in owed(case, PROVISIONAL_STATUS)] == [provisional]
    assert [one.kept for one in owed(case, FINAL_STATUS)] == [final]


def test_recognising_another_agencys_determination_is_an_answer() -> None:
    """Nobody is interviewed twice: Komnas Perempuan takes over what Komnas HAM found; an objection is no answer."""
    case = Chronicle(gender_lens=True)
    told = case.add(KH, determined())
    case.add(KP, disputed(told))
    assert [one.kept for one in owed(case, FINAL_STATUS)] == [False]
    case.add(KP, recognised(told))
    assert [one.kept for one in owed(case, FINAL_STATUS)] == [True]


def test_nothing_is_promised_by_who_takes_no_part() -> None:
    """An agency that does not see the case cannot be late in it; an unknown kind is nobody's."""
    case = Chronicle(to=(KP, LPSK))
    case.add(LPSK, StatusRequested(defender_kind="PEMBELA"))
    case.add(LPSK, StatusRequested(defender_kind="JENIS_BARU"))
    assert list(promises(case.case, LATEST)) == []


def test_a_closed_case_owes_no_status() -> None:
    """Nobody is late in a case that is over."""
    case, appeal = under_appeal()
    closed = case.case._replace(slots={**case.case.slots, "closure": (Claim("CLOSED", appeal.id),)})
    assert not all(one.kept for one in promises(case.case, LATEST))
    assert all(one.kept for one in promises(closed, LATEST))
    asked = Chronicle().case
    over = asked._replace(slots={**asked.slots, "closure": (Claim("CLOSED", asked.timeline[0].id),)})
    assert [one.kept for one in promises(over, LATEST)] == [True, True]


@given(stories(), st.randoms(use_true_random=False))
def test_every_node_tells_the_same_status(case: Chronicle, random: Random) -> None:
    """In whatever order events arrive, the same is in force, and what was said later turns no verdict."""
    arrived = list(case.events)
    random.shuffle(arrived)
    assert same(fold(arrived, LATEST), case.case)
    events = by_id(case)
    for event in case.events:
        alone = fold([*(events[id_] for id_ in past(events, event.id)), event], LATEST)
        assert (event.id in alone.unsupported) == (event.id in case.case.unsupported)


def test_an_emergency_can_be_proposed_whatever_the_status() -> None:
    """Emergency and verification run beside each other: a rejection under appeal is no obstacle to a proposal."""
    case, _ = under_appeal()
    assert counts(case, case.add(KP, EmergencyProposed(ground="ANCAMAN_NYATA", needs=())))
