"""Measures are begun, ended and looked at again by who answers for them, and in an emergency nobody waits."""

import pytest

from contracts.encoding import b64
from contracts.events.plan import MeasureCompleted, MeasureFailed, MeasureStarted
from tests.unit.contracts.plans import LEAD, LPSKS, OURS, PARTNERS, Planning


def test_a_measure_is_reported_of_by_who_answers_for_it() -> None:
    """Started, completed: each by the responsible agency, also for a partner's."""
    case = Planning()
    plan = case.agreed_plan(OURS, PARTNERS)
    case.start(plan, PARTNERS)
    assert case.case.in_force("measure/komnas-ham-3") == "STARTED"
    foreign = case.say(LEAD, MeasureCompleted(plan=plan, measure=PARTNERS.id))
    assert not case.counts(foreign)
    case.say("lpsk", MeasureCompleted(plan=plan, measure=PARTNERS.id))
    assert case.case.in_force("measure/komnas-ham-3") == "COMPLETED"
    assert not case.counts(case.start(plan, PARTNERS))


def test_nobody_waits_for_the_others_to_begin() -> None:
    """An agency may begin once it has agreed itself, and in an emergency at once; otherwise a draft is a draft."""
    case = Planning()
    plan = case.plan(OURS, LPSKS)
    assert not case.counts(case.start(plan, OURS))
    case.agree(plan, LEAD)
    assert case.counts(case.start(plan, OURS))
    assert not case.counts(case.start(plan, LPSKS))
    case.activate_emergency()
    assert case.counts(case.start(plan, LPSKS))


def test_what_was_begun_can_be_ended_under_a_later_plan() -> None:
    """A version that drops a measure does not leave it hanging, and does not let it begin again."""
    case = Planning()
    old = case.agreed_plan(OURS, LPSKS)
    case.start(old, LPSKS)
    new = case.plan(OURS, replaces=(old,))
    case.agree(new, LEAD)
    assert case.counts(case.say("lpsk", MeasureFailed(plan=old, measure=LPSKS.id, reason="DIHALANGI")))
    assert not case.counts(case.start(old, LPSKS))


@pytest.mark.parametrize("body", [MeasureStarted, MeasureCompleted])
def test_a_measure_that_no_plan_has_cannot_be_reported_of(body: type[MeasureStarted | MeasureCompleted]) -> None:
    """A report names a version and one of its measures."""
    case = Planning()
    plan = case.agreed_plan(OURS)
    assert not case.counts(case.say(LEAD, body(plan=plan, measure="komnas-ham-9")))
    assert not case.counts(case.say(LEAD, body(plan=b64(case.events[0].id), measure=OURS.id)))


def test_what_failed_can_be_tried_again() -> None:
    """A failed measure is not over for good."""
    case = Planning()
    plan = case.agreed_plan(OURS)
    case.say(LEAD, MeasureFailed(plan=plan, measure=OURS.id, reason="TAK_TERHUBUNGI"))
    assert case.case.in_force("measure/komnas-ham-1") == "FAILED"
    assert case.counts(case.start(plan, OURS))


@pytest.mark.parametrize("emergency", [False, True])
def test_reviews_are_the_leads_and_in_an_emergency_anybodys(emergency: bool) -> None:  # noqa: FBT001
    """Looking at the risk again waits for no lead that cannot be reached."""
    case = Planning()
    if emergency:
        case.activate_emergency()
    assert case.counts(case.review("SEDANG", by="komnas-perempuan")) == emergency
    assert case.counts(case.review("TINGGI"))


def test_of_two_reviews_that_cross_the_graver_one_holds() -> None:
    """Both are seen, and the higher risk is in force until somebody has looked at both."""
    case = Planning()
    case.activate_emergency()
    known = case.now
    case.review("RENDAH", parents=known)
    case.review("EKSTREM", by="lpsk", parents=known)
    assert case.case.in_force("review") == "EKSTREM"
    assert "review" in case.case.conflicts
