from datetime import timedelta

import pytest

from contracts.events.session import SessionDecided, SessionTabled
from contracts.mechanism import LATEST
from tests.unit.contracts.emergencies import DUE, SEATED, Emergency

MANY = tuple(f"p-{number}" for number in range(1, 9))


def test_an_emergency_is_put_on_the_agenda_once_and_by_the_deciding_agency() -> None:
    """Nobody else sets the leaders' agenda, and what was decided is not tabled away again."""
    case = Emergency()
    slot = f"session/{case.active}"
    assert case.case.in_force(slot) == "TABLED"
    case.sit("DITERIMA")
    for agency in ("lpsk", "komnas-ham"):
        assert not case.counts(case.say(agency, SessionTabled(emergency=case.active)))
    assert case.case.in_force(slot) == "DITERIMA"


@pytest.mark.parametrize("seated", [SEATED[:3], MANY])
def test_a_session_decides_with_a_quorum_of_those_there_are(seated: tuple[str, ...]) -> None:
    """Too few leaders decide nothing, and more than there are cannot have sat there."""
    case = Emergency()
    assert not case.counts(case.sit("DITERIMA", leaders=seated))
    assert LATEST.session.quorum > LATEST.emergency.leaders / 2


@pytest.mark.parametrize("role", ["pimpinan", "petugas_darurat", "system"])
def test_the_secretary_records_it(role: str) -> None:
    """No other role writes the session's minutes."""
    case = Emergency()
    assert not case.counts(case.sit("DITERIMA", role=role))


@pytest.mark.parametrize("decision", ["DITOLAK", "PENGHENTIAN", "PENGURANGAN", "REKOMENDASI"])
def test_a_session_ends_nothing_by_itself(decision: str) -> None:
    """A rejection obliges the leaders to act; the person is protected until they have."""
    case = Emergency()
    assert case.counts(case.sit(decision))
    assert case.state == "ACTIVE"
    assert case.case.in_force(f"deadline/{case.active}") == DUE


@pytest.mark.parametrize(("until", "later"), [(DUE, False), ("2026-12-01", False), ("2027-01-11", True)])
def test_a_session_extends_to_a_later_day(until: str, *, later: bool) -> None:
    """An extension that would shorten the deadline is none."""
    case = Emergency()
    assert case.counts(case.sit("PERPANJANGAN", until)) == later


@pytest.mark.parametrize(("days", "extends"), [(180, True), (181, False)])
def test_a_session_extends_by_half_a_year_and_may_do_so_again(days: int, *, extends: bool) -> None:
    """A year that somebody mistypes would put the papers, and all that hangs on their day, off for good."""
    case = Emergency()
    for _ in range(2):
        case.later(days=100)
        assert case.counts(case.sit("PERPANJANGAN", case.day(days))) == extends
        assert (case.case.in_force(f"deadline/{case.active}") == case.day(days)) == extends
    assert LATEST.session.extension == timedelta(days=180)


def test_extensions_on_one_day_do_not_add_up() -> None:
    """However often a session sits, its limit counts from the day on which it does."""
    case = Emergency()
    assert case.counts(case.sit("PERPANJANGAN", case.day(180)))
    assert not case.counts(case.sit("PERPANJANGAN", case.day(181)))


@pytest.mark.parametrize(("decision", "until"), [("PERPANJANGAN", None), ("DITERIMA", "2027-01-11")])
def test_an_extension_and_nothing_else_names_a_day(decision: str, until: str | None) -> None:
    """Half of an extension changes nothing."""
    case = Emergency()
    assert not case.counts(case.sit(decision, until))
    assert case.case.in_force(f"deadline/{case.active}") == DUE


@pytest.mark.parametrize("accepted_first", [True, False])
def test_of_two_minutes_the_protective_decision_holds(*, accepted_first: bool) -> None:
    """Recorded unknown to each other, in either order: both are seen, and acceptance is in force."""
    case = Emergency()
    known = (case.events[-1].id,)
    decisions = ["DITERIMA", "DITOLAK"]
    for decision in decisions if accepted_first else decisions[::-1]:
        body = SessionDecided(emergency=case.active, decision=decision, leaders=SEATED)
        case.say("lpsk", body, parents=known)
    assert f"session/{case.active}" in case.case.conflicts
    assert case.case.in_force(f"session/{case.active}") == "DITERIMA"
