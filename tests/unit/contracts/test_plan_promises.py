from datetime import datetime, timedelta

import pytest

from contracts.codes import codes
from contracts.events.plan import CaseReopened, MeasureCompleted, MeasureFailed
from contracts.events.triage import EligibilityDetermined, UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.promises import plan, review
from contracts.promises.promise import Promise
from contracts.timeline import Event, claimed
from tests.unit.contracts.plans import DUE, LEAD, LPSKS, MOVED, OURS, PARTNERS, Planning, in_force


def owed(case: Planning, kind: str) -> list[Promise]:
    """What a case promises of one kind."""
    return [one for matter in (plan, review) for one in matter.promises(case.case, LATEST) if one.kind == kind]


def within(promise: Promise, event: Event) -> timedelta:
    return promise.due - claimed(event)


@pytest.mark.parametrize(
    ("urgency", "hours"), [("KRITIS", 72), ("MENDESAK", 72), ("TINGGI", 336), ("BIASA", 336), ("BARU", 72)]
)
def test_there_is_a_joint_plan_in_time(urgency: str, hours: int) -> None:
    """72 hours if urgent, 14 days otherwise, from the opening on; the lead owes it until it is in force."""
    case = Planning()
    case.say(LEAD, UrgencyOverridden(level=urgency, reason="x"))
    (promise,) = owed(case, "RENCANA")
    assert (promise.agency, within(promise, case.events[0]), promise.kept) == (LEAD, timedelta(hours=hours), False)
    drafted = case.plan(OURS)
    assert not owed(case, "RENCANA")[0].kept
    case.agree(drafted, LEAD)
    assert owed(case, "RENCANA")[0].kept


def test_an_emergency_is_urgent_whatever_was_said_of_urgency() -> None:
    """Active protection shortens the time for the plan."""
    case = Planning()
    case.say(LEAD, UrgencyOverridden(level="BIASA", reason="x"))
    case.activate_emergency()
    assert within(owed(case, "RENCANA")[0], case.events[0]) == timedelta(hours=72)


def test_a_plan_that_falls_short_does_not_keep_the_promise() -> None:
    """Once LPSK cannot take the person, a plan of its measures alone is not the joint plan that was promised."""
    case = Planning()
    case.agreed_plan(LPSKS)
    assert owed(case, "RENCANA")[0].kept
    case.say("lpsk", EligibilityDetermined(category="TIDAK_MEMENUHI"))
    assert not owed(case, "RENCANA")[0].kept


@pytest.fixture
def suspected() -> tuple[Planning, str]:
    """The case of a suspect, with a plan in force of LPSK's measure and one of Komnas HAM; the plan's name."""
    case = Planning(legal_status="TERSANGKA")
    return case, case.agreed_plan(LPSKS, OURS)


def test_a_suspect_who_is_left_to_one_agency_is_owed_another_plan(suspected: tuple[Planning, str]) -> None:
    """What they took back was all that LPSK does not do: the plan holds, and from that word on another one is due."""
    case, name = suspected
    back = case.unwant(name, OURS)
    first, anew = owed(case, "RENCANA")
    assert (first.kept, in_force(case)) == (True, [name])
    assert (anew.source, anew.agency, within(anew, back), anew.kept) == (back.id, LEAD, timedelta(hours=72), False)


def test_a_suspect_is_left_to_nobody_once_somebody_else_does_something(suspected: tuple[Planning, str]) -> None:
    """They want the measure again, or another version holds a new one: nothing more is owed."""
    case, name = suspected
    case.unwant(name, OURS)
    case.want(name, OURS)
    assert [one.kept for one in owed(case, "RENCANA")] == [True]
    case.unwant(name, OURS)
    assert [one.kept for one in owed(case, "RENCANA")] == [True, False]
    case.agree(case.plan(LPSKS, PARTNERS, replaces=(name,)), "lpsk")
    assert [one.kept for one in owed(case, "RENCANA")] == [True]


def test_the_last_measure_counts_whoever_heard_the_word() -> None:
    """Two agencies hear it of two measures, unknown to each other: together these leave the defender to one agency."""
    case = Planning(legal_status="TERSANGKA")
    name = case.agreed_plan(LPSKS, OURS, PARTNERS)
    known = case.now
    case.unwant(name, OURS, parents=known)
    assert [one.kept for one in owed(case, "RENCANA")] == [True]
    last = case.unwant(name, PARTNERS, by="lpsk", parents=known)
    assert [(within(one, last), one.kept) for one in owed(case, "RENCANA")][1:] == [(timedelta(hours=72), False)]


def test_who_is_a_subject_may_be_left_to_the_agency_that_takes_them() -> None:
    """Of a defender whom LPSK can take, nothing is lacking."""
    case = Planning()
    name = case.agreed_plan(LPSKS, OURS)
    case.unwant(name, OURS)
    assert [one.kept for one in owed(case, "RENCANA")] == [True]


def test_each_measure_in_force_is_due_at_its_own_time() -> None:
    """By whoever answers for it, until the defender has it; what is only proposed is promised by nobody."""
    case = Planning()
    drafted = case.plan(OURS, LPSKS)
    assert owed(case, "TINDAKAN") == []
    case.agree(drafted, LEAD, "lpsk")
    due = datetime.fromisoformat(DUE)
    assert [(one.subject, one.agency, one.due) for one in owed(case, "TINDAKAN")] == [
        (OURS.id, LEAD, due),
        (LPSKS.id, "lpsk", due),
    ]
    case.start(drafted, OURS)
    assert [one.kept for one in owed(case, "TINDAKAN")] == [True, False]
    case.say("lpsk", MeasureCompleted(plan=drafted, measure=LPSKS.id))
    assert [one.kept for one in owed(case, "TINDAKAN")] == [True, True]


def test_a_first_measure_is_in_place_within_half_a_day_of_an_emergency() -> None:
    """Twelve hours after the activation, whoever's measure it is."""
    case = Planning()
    active = case.activate_emergency()
    drafted = case.plan(OURS)
    (promise,) = owed(case, "TINDAKAN_PERTAMA")
    assert (promise.agency, within(promise, active), promise.kept) == ("lpsk", timedelta(hours=12), False)
    case.start(drafted, OURS)
    assert owed(case, "TINDAKAN_PERTAMA")[0].kept


def test_a_failed_measure_is_not_in_place() -> None:
    """What failed keeps no promise, and calls for a review at once."""
    case = Planning()
    case.activate_emergency()
    agreed = case.agreed_plan(OURS)
    failed = case.say(LEAD, MeasureFailed(plan=agreed, measure=OURS.id, reason="DIHALANGI"))
    assert not owed(case, "TINDAKAN_PERTAMA")[0].kept
    assert [within(one, failed) for one in owed(case, "TINJAUAN") if one.source == failed.id] == [timedelta(hours=24)]


@pytest.mark.parametrize(
    ("level", "days"), [("EKSTREM", 30), ("TINGGI", 30), ("SEDANG", 90), ("RENDAH", 90), ("BARU", 30)]
)
def test_the_risk_is_looked_at_again_on_a_cadence(level: str, days: int) -> None:
    """Each review makes the next one due, sooner where the risk is higher or not understood."""
    case = Planning()
    held = case.review(level)
    (promise,) = owed(case, "TINJAUAN")
    assert (promise.agency, within(promise, held), promise.kept) == (LEAD, timedelta(days=days), False)
    case.review(level)
    assert [one.kept for one in owed(case, "TINJAUAN")] == [True, False]


def test_need_is_looked_at_a_week_into_an_emergency() -> None:
    """Day 7 is a review, not an end."""
    case = Planning()
    active = case.activate_emergency()
    assert [within(one, active) for one in owed(case, "TINJAUAN")] == [timedelta(days=7)]


def test_a_change_of_circumstances_calls_for_a_review_at_once() -> None:
    """Where the person lives, or a stage of proceedings that ended: within a day, by the lead, knowing of it."""
    case = Planning()
    changed = case.say("lpsk", MOVED)
    asked = [one for one in owed(case, "TINJAUAN") if one.source == changed.id]
    assert [(one.agency, within(one, changed), one.kept) for one in asked] == [(LEAD, timedelta(hours=24), False)]
    case.review("SEDANG")
    assert [one.kept for one in owed(case, "TINJAUAN") if one.source == changed.id] == [True]


def test_an_incident_calls_for_a_review_of_somebody_who_knew_of_it() -> None:
    """A review held elsewhere without knowing of the incident does not answer it."""
    case = Planning()
    known = case.now
    incident = case.incident(parents=known)
    case.review("SEDANG", parents=known)
    asked = [one for one in owed(case, "TINJAUAN") if one.source == incident.id]
    assert [(within(one, incident), one.kept) for one in asked] == [(timedelta(hours=24), False)]
    case.review("SEDANG")
    assert [one.kept for one in owed(case, "TINJAUAN") if one.source == incident.id] == [True]


def test_a_closed_case_owes_nothing_and_a_reopened_one_begins_anew() -> None:
    """Closing ends the clocks; reopening asks for a review at once, and for a plan."""
    case = Planning()
    case.agreed_plan(OURS)
    case.review("SEDANG")
    case.close()
    assert [*plan.promises(case.case, LATEST), *review.promises(case.case, LATEST)] == []
    reopened = case.say("lpsk", CaseReopened(reason="ANCAMAN_BARU"))
    assert reopened.id in {one.source for one in owed(case, "TINJAUAN")}
    assert reopened.id in {one.source for one in owed(case, "RENCANA")}


def test_every_kind_has_a_name() -> None:
    """Nobody is shown work that has no words."""
    kinds = {plan.JOINT_PLAN, plan.MEASURE, plan.FIRST_MEASURE, review.REVIEW}
    assert kinds <= {*codes("work_kind")}


def test_no_level_waits_longer_than_a_lower_one() -> None:
    """More risk or more urgency is never looked at later, and no known level is forgotten."""
    assert set(LATEST.review.cadence) == {*codes("risk")}
    assert [LATEST.review.after(level) for level in codes("risk")] == sorted(
        LATEST.review.cadence.values(), reverse=True
    )
    assert list(LATEST.plan.joint) == list(codes("urgency"))
    assert list(LATEST.plan.joint.values()) == sorted(LATEST.plan.joint.values())
