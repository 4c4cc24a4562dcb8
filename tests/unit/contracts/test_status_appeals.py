"""An appeal lifts a rejection until another officer of the owner has decided it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
)
from contracts.promises.status import APPEAL
from contracts.record import EventId
from contracts.timeline import claimed
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle
from tests.unit.contracts.statuses import (
    FIRST,
    KH,
    KP,
    LPSK,
    PIKET,
    SECOND,
    appealed,
    counts,
    decided,
    determined,
    owed,
    rejected,
    status,
    stories,
    under_appeal,
)
from tests.unit.contracts.test_case import by_id


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_appeal_taken_in_by_any_agency_lifts_the_rejection(agency: str) -> None:
    """Whoever the defender turns to: the rejection is under appeal for all."""
    case, rejection = rejected()
    case.add(agency, appealed(rejection))
    assert status(case.case) == "DIBANDING"
    assert not case.case.conflicts


@pytest.mark.parametrize("outcome", ["TERVERIFIKASI", "SEMENTARA", "DITOLAK"])
def test_another_officer_decides_the_appeal(outcome: str) -> None:
    """The outcome replaces the appeal, whatever it is, and the appeal's clock stops."""
    case, appeal = under_appeal()
    assert [one.kept for one in owed(case, APPEAL)] == [False]
    case.add(KH, decided(appeal, outcome), actor=SECOND)
    assert status(case.case) == outcome
    assert [one.kept for one in owed(case, APPEAL)] == [True]


@pytest.mark.parametrize(
    ("agency", "actor"),
    [
        (KH, FIRST),
        (KH, Actor("komisioner_pengaduan", FIRST.officer)),  # in another role it is still the same person
        (KH, Actor("petugas_pengaduan", "o-5")),
        (KP, PIKET),
        (LPSK, Actor("pimpinan", "o-6")),
    ],
)
def test_nobody_else_decides_the_appeal(agency: str, actor: Actor) -> None:
    """Not the officer who rejected, not a role without the permission, not another agency."""
    case, appeal = under_appeal()
    assert not counts(case, case.add(agency, decided(appeal, "DITOLAK"), actor=actor))
    assert status(case.case) == "DIBANDING"


def test_an_appeal_is_not_answered_in_passing() -> None:
    """While it waits, nobody who knows of it rejects anew without deciding it, nor names the status an appeal."""
    case, _ = under_appeal()
    for actor in (FIRST, SECOND):
        assert not counts(case, case.add(KH, determined("DITOLAK"), actor=actor))
    assert not counts(case, case.add(KP, determined("DIBANDING", "PPHAM")))
    assert counts(case, case.add(KP, determined("SEMENTARA", "PPHAM")))


def test_only_a_rejection_that_stands_is_appealed_and_once() -> None:
    """A verified status, a replaced rejection, one under appeal, and a confirmed one have no (further) appeal."""
    case = Chronicle()
    verified = case.add(KH, determined())
    assert not counts(case, case.add(KP, appealed(verified)))
    rejection = case.add(KH, determined("DITOLAK"), actor=FIRST)
    assert not counts(case, case.add(KP, appealed(verified)))
    appeal = case.add(KP, appealed(rejection))
    assert not counts(case, case.add(LPSK, appealed(rejection)))
    outcome = case.add(KH, decided(appeal, "DITOLAK"), actor=SECOND)
    assert not counts(case, case.add(KP, appealed(rejection)))
    assert not counts(case, case.add(KP, appealed(outcome)))
    assert not counts(case, case.add(KH, decided(appeal), actor=SECOND))
    assert status(case.case) == "DITOLAK"


def test_an_appeal_never_takes_a_better_status_away() -> None:
    """Once the agency has verified, an appeal against its old rejection changes nothing."""
    case, rejection = rejected()
    case.add(KH, determined("TERVERIFIKASI"), actor=SECOND)
    assert not counts(case, case.add(KP, appealed(rejection)))
    assert status(case.case) == "TERVERIFIKASI"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(("again", "rules"), [("TERVERIFIKASI", "TERVERIFIKASI"), ("DITOLAK", "DIBANDING")])
def test_an_appeal_and_a_determination_that_cross(order: tuple[int, int], again: str, rules: str) -> None:
    """The protective one of the two is in force in either order, and the outcome of the appeal settles both."""
    case, rejection = rejected()
    said: list[tuple[str, Body]] = [(KP, appealed(rejection)), (KH, determined(again))]
    events = {at: case.add(*said[at], parents=(rejection.id,)) for at in order}
    assert status(case.case) == rules
    case.add(KH, decided(events[0], "SEMENTARA"), actor=SECOND)
    assert status(case.case) == "SEMENTARA"
    assert not case.case.conflicts


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_appeals_that_cross_need_one_outcome(order: tuple[int, int]) -> None:
    """The defender told two agencies: whoever decides knowing both decides both, in either order."""
    case, rejection = rejected()
    events = [case.add((KP, LPSK)[at], appealed(rejection), parents=(rejection.id,)) for at in order]
    assert status(case.case) == "DIBANDING"
    case.add(KH, decided(events[0], "DITOLAK"), actor=SECOND)
    assert status(case.case) == "DITOLAK"
    assert all(one.kept for one in owed(case, APPEAL))


def test_an_appeal_that_its_outcome_did_not_know_stays_in_sight() -> None:
    """It keeps the person under appeal until its own outcome, by any officer but the one who rejected."""
    case, rejection = rejected()
    first = case.add(KP, appealed(rejection), parents=(rejection.id,))
    second = case.add(LPSK, appealed(rejection), parents=(rejection.id,))
    case.add(KH, decided(first, "DITOLAK"), actor=SECOND, parents=(first.id,))
    assert status(case.case) == "DIBANDING"
    case.add(KH, decided(second, "DITOLAK"), actor=SECOND)
    assert status(case.case) == "DITOLAK"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_outcomes_that_cross(order: tuple[int, int]) -> None:
    """Two officers decide one appeal without knowing: the protective outcome holds until the agency settles it."""
    case, appeal = under_appeal()
    outcomes = (decided(appeal, "DITOLAK"), decided(appeal, "TERVERIFIKASI"))
    for at in order:
        case.add(KH, outcomes[at], actor=Actor("tim_hrd", f"o-{at + 5}"), parents=(appeal.id,))
    assert status(case.case) == "TERVERIFIKASI"
    assert "status/PEMBELA" in case.case.conflicts
    case.add(KH, determined("TERVERIFIKASI"), actor=SECOND)
    assert not case.case.conflicts


def test_an_appeal_is_answered_within_the_agreed_days() -> None:
    """Counted from when it was taken in, owed by the agency that rejected."""
    case, appeal = under_appeal()
    (one,) = owed(case, APPEAL)
    assert (one.agency, one.source, one.subject) == (KH, appeal.id, "PEMBELA")
    assert one.due == claimed(appeal) + timedelta(days=14)
    assert claimed(appeal) <= datetime.fromisoformat(NOW)


@given(stories())
def test_who_rejected_never_decides_the_appeal(case: Chronicle) -> None:
    """Whatever is tried, an outcome in force comes from another officer than the rejection that it answers."""
    told = case.case
    names: dict[str, EventId] = {b64(event.id): event.id for event in told.timeline}
    for event, body in told.of_type(AppealDecided):
        appeal = told.bodies[names[body.appeal]]
        assert isinstance(appeal, StatusAppealed)
        rejection = by_id(case)[names[appeal.determination]]
        assert event.agency == rejection.agency
        assert event.content.actor.officer != rejection.content.actor.officer


@given(stories())
def test_an_appeal_is_kept_exactly_when_it_has_its_outcome(case: Chronicle) -> None:
    """No appeal leaves the list of what is owed without an answer to it or to one of the same rejection."""
    told = case.case
    answered = {body.appeal for _, body in told.of_type(AppealDecided)}
    settled = {body.determination for event, body in told.of_type(StatusAppealed) if b64(event.id) in answered}
    kept = {one.source: one.kept for one in owed(case, APPEAL)}
    assert kept == {event.id: body.determination in settled for event, body in told.of_type(StatusAppealed)}
