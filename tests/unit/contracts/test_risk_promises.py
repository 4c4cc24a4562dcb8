"""A risk is assessed in time, and again before the assessment runs out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.promises.risk import AGAIN, FIRST, promises, runs_out
from contracts.timeline import claimed
from contracts.workflow.rule import Claim
from tests.unit.contracts.assessments import KH, KP, LPSK, assessment
from tests.unit.contracts.chronicle import Chronicle


@pytest.mark.parametrize(("level", "within"), [("KRITIS", 24), ("MENDESAK", 24), ("TINGGI", 168), ("LUAR_BIASA", 24)])
def test_the_first_assessment_is_due_by_urgency(level: str, within: int) -> None:
    """A day when urgent, a week otherwise; an unknown level gets the day. The receiving agency owes it."""
    case = Chronicle()
    case.add(LPSK, UrgencyOverridden(level=level, reason="x"))
    first = next(iter(promises(case.case, LATEST)))
    assert (first.kind, first.agency, first.source) == (FIRST, KH, case.events[0].id)
    assert first.due == claimed(case.events[0]) + timedelta(hours=within)
    assert not first.kept


def test_an_assessment_by_any_agency_keeps_the_first_promise_and_makes_the_next() -> None:
    """Nobody assesses twice for form's sake; whoever assessed owes the next one, until somebody has made it."""
    case = Chronicle()
    event = case.add(LPSK, assessment(3, 3, 1))
    first, study, again = promises(case.case, LATEST)
    assert first.kept
    assert study.kept
    assert (again.kind, again.agency, again.source, again.kept) == (AGAIN, LPSK, event.id, False)
    case.add(KP, assessment(1, 1, 1))
    assert [one.kept for one in promises(case.case, LATEST)] == [True, True, True, False]


def test_a_closed_case_owes_no_assessment() -> None:
    """Nobody is late in a case that is over."""
    case = Chronicle()
    case.add(KH, assessment(3, 3, 1))
    told = case.case._replace(slots={**case.case.slots, "closure": (Claim("CLOSED", case.events[0].id),)})
    assert [one.kept for one in promises(case.case, LATEST)] == [True, True, False]
    assert all(one.kept for one in promises(told, LATEST))


@pytest.mark.parametrize(("until", "day"), [("2026-11-25", date(2026, 11, 25)), ("2099-01-01", date(2026, 12, 22))])
def test_nobody_claims_a_risk_to_be_settled_for_ever(until: str, day: date) -> None:
    """An assessment runs out with its day in Jakarta, and after its level's longest time whatever it claims."""
    case = Chronicle()
    body = assessment(4, 4, 0, valid_until=until, level="EKSTREM")
    event = case.add(KH, body, tick=2 * 10**12)
    assert runs_out(event, body, LATEST) == datetime(day.year, day.month, day.day, 16, 59, 59, tzinfo=UTC)
