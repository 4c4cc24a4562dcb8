"""What the defender says of a measure after the plan was written: yes, later; no more; and again."""

from collections.abc import Callable

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.plan import Agreement, MeasureFailed
from contracts.mechanism import LATEST
from contracts.promises import plan as promised
from contracts.promises.plan import planned
from contracts.timeline import Event
from contracts.workflow.plan import owing
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.plans import LATER, LEAD, LPSKS, OURS, Planning, in_force, measure

DEAF = Actor("komisioner_pengaduan", "o-2")  # in a role that hears no defender


def unsaid(case: Planning, said: Event) -> Body:
    """What was just said, taken out of the case: to be said again otherwise."""
    body = case.case.bodies[said.id]
    case.events.pop()
    return body


@pytest.mark.parametrize("heard_by", AGENCIES)
def test_a_defender_who_says_yes_later_needs_no_new_plan(heard_by: str) -> None:
    """Whichever agency they tell, the version that waited for their word alone is in force from then on."""
    case = Planning()
    plan = case.agreed_plan(OURS, LATER)
    assert case.counts(case.want(plan, LATER, by=heard_by))
    assert in_force(case) == [plan]


def test_their_word_may_come_before_the_agencies_have_agreed() -> None:
    """What is missing may come in any order, and words that cross count together."""
    case = Planning()
    plan, known = case.plan(OURS, LATER, LPSKS), case.now
    case.want(plan, LATER, by="lpsk", parents=known)
    case.agree(plan, LEAD, parents=known)
    assert in_force(case) == []
    case.agree(plan, "lpsk", parents=known)
    assert in_force(case) == [plan]


def test_two_agencies_may_have_heard_the_same_word() -> None:
    """Neither knew that the other had written it down: both count, and nothing is in conflict."""
    case = Planning()
    plan, known = case.agreed_plan(OURS, LATER), case.now
    assert all(case.counts(case.want(plan, LATER, by=agency, parents=known)) for agency in AGENCIES)
    assert in_force(case) == [plan]
    assert not case.case.conflicts


def want_what_was_wanted(case: Planning, plan: str) -> Event:
    return case.want(plan, OURS)


def want_twice(case: Planning, plan: str) -> Event:
    case.want(plan, LATER)
    return case.want(plan, LATER)


def want_what_no_plan_has(case: Planning, plan: str) -> Event:
    return case.want(plan, measure("komnas-ham-9"))


def want_of_nothing(case: Planning, _: str) -> Event:
    return case.want(b64(case.events[0].id), LATER)


def want_of_an_old_version(case: Planning, plan: str) -> Event:
    case.plan(LATER, replaces=(plan,))
    return case.want(plan, LATER)


def want_in_a_role_that_hears_nobody(case: Planning, plan: str) -> Event:
    return case.add(LEAD, unsaid(case, case.want(plan, LATER)), actor=DEAF)


def want_so_that_some_do_not_hear(case: Planning, plan: str) -> Event:
    return case.add(LEAD, unsaid(case, case.want(plan, LATER)), to=(LEAD, "lpsk"))


@pytest.mark.parametrize(
    "mistake",
    [
        want_what_was_wanted,
        want_twice,
        want_what_no_plan_has,
        want_of_nothing,
        want_of_an_old_version,
        want_in_a_role_that_hears_nobody,
        want_so_that_some_do_not_hear,
    ],
)
def test_a_later_word_is_of_a_measure_that_waits_for_it(mistake: Callable[[Planning, str], Event]) -> None:
    """What was agreed to, what no version that stands has, and what was not heard as it should be changes nothing."""
    case = Planning()
    assert not case.counts(mistake(case, case.agreed_plan(OURS, LATER)))


def test_a_later_word_holds_for_the_version_of_which_it_was_said() -> None:
    """A new version may describe the measure otherwise, so it says anew whether the defender agrees."""
    case = Planning()
    first = case.agreed_plan(OURS, LATER)
    case.want(first, LATER)
    second = case.plan(OURS, LATER.model_copy(update={"raises_risk": True}), replaces=(first,))
    case.agree(second, LEAD)
    assert in_force(case) == [first]
    case.want(second, LATER)
    assert in_force(case) == [second]


def owed(case: Planning) -> list[str]:
    """The measures that are promised and not kept."""
    return [one.subject for one in promised.promises(case.case, LATEST) if one.kind == "TINDAKAN" and not one.kept]


@pytest.mark.parametrize("heard_by", AGENCIES)
def test_a_measure_taken_back_is_asked_of_nobody_and_the_rest_holds(heard_by: str) -> None:
    """Told to any agency: the plan stays in force, only this measure is neither owed nor started nor in the way."""
    case = Planning()
    plan = case.agreed_plan(OURS, LPSKS)
    assert case.counts(case.unwant(plan, OURS, by=heard_by))
    assert in_force(case) == [plan]
    assert owed(case) == [LPSKS.id]
    assert not case.counts(case.start(plan, OURS))
    assert case.counts(case.start(plan, LPSKS))
    assert owing(planned(case.case), case.case.in_force) == {"lpsk"}


def test_a_new_word_brings_it_back() -> None:
    """They want it again: owed as before, and it may begin."""
    case = Planning()
    plan = case.agreed_plan(OURS)
    case.unwant(plan, OURS)
    assert case.counts(case.want(plan, OURS, by="lpsk"))
    assert owed(case) == [OURS.id]
    assert case.counts(case.start(plan, OURS))
    assert case.counts(case.unwant(plan, OURS))


def test_what_has_begun_is_ended_by_who_carries_it() -> None:
    """Their word stops nothing by itself: an escort ends safely, by somebody who says so."""
    case = Planning()
    plan = case.agreed_plan(OURS)
    case.start(plan, OURS)
    case.unwant(plan, OURS)
    assert case.case.in_force(f"measure/{OURS.id}") == "STARTED"
    assert owing(planned(case.case), case.case.in_force) == {LEAD}
    assert case.counts(case.say(LEAD, MeasureFailed(plan=plan, measure=OURS.id, reason="DITOLAK_PEMBELA")))
    assert owing(planned(case.case), case.case.in_force) == set()


def test_a_new_version_needs_a_new_word() -> None:
    """An agreement from before it was taken back does not come again by being written into another version."""
    case = Planning()
    plan = case.agreed_plan(OURS, LPSKS)
    case.unwant(plan, OURS)
    case.plan(OURS, LPSKS, replaces=(plan,))
    assert not case.counts(case.events[-1])
    case.events.pop()
    anew = OURS.model_copy(update={"agreement": Agreement(given_by="defender", on="2026-11-25")})
    case.agree(case.plan(anew, LPSKS, replaces=(plan,)), LEAD, "lpsk")
    assert owed(case) == [OURS.id, LPSKS.id]


def test_a_version_that_did_not_know_of_it_does_not_overrule_them() -> None:
    """Proposed elsewhere at the same time: both are shown, and they are asked again before it may begin."""
    case = Planning()
    plan, known = case.agreed_plan(OURS), case.now
    case.unwant(plan, OURS, by="lpsk", parents=known)
    newer = case.plan(OURS, replaces=(plan,), parents=known)
    case.agree(newer)
    assert f"wish/{OURS.id}" in case.case.conflicts
    assert owed(case) == []
    assert case.counts(case.want(newer, OURS))
    assert not case.case.conflicts
    assert owed(case) == [OURS.id]


def unwant_what_was_never_wanted(case: Planning, plan: str) -> Event:
    return case.unwant(plan, LATER)


def unwant_twice(case: Planning, plan: str) -> Event:
    case.unwant(plan, OURS)
    return case.unwant(plan, OURS)


def unwant_what_no_plan_has(case: Planning, plan: str) -> Event:
    return case.unwant(plan, measure("komnas-ham-9"))


def unwant_what_is_over(case: Planning, plan: str) -> Event:
    case.say(LEAD, MeasureFailed(plan=plan, measure=OURS.id, reason="TANPA_KAPASITAS"))
    return case.unwant(plan, OURS)


def unwant_in_a_role_that_hears_nobody(case: Planning, plan: str) -> Event:
    return case.add(LEAD, unsaid(case, case.unwant(plan, OURS)), actor=DEAF)


def unwant_so_that_some_do_not_hear(case: Planning, plan: str) -> Event:
    return case.add(LEAD, unsaid(case, case.unwant(plan, OURS)), to=(LEAD, "lpsk"))


@pytest.mark.parametrize(
    "mistake",
    [
        unwant_what_was_never_wanted,
        unwant_twice,
        unwant_what_no_plan_has,
        unwant_what_is_over,
        unwant_in_a_role_that_hears_nobody,
        unwant_so_that_some_do_not_hear,
    ],
)
def test_a_word_that_nobody_gave_takes_nothing_away(mistake: Callable[[Planning, str], Event]) -> None:
    """Of nothing that was wanted, of what is over, by who hears nobody, or said to some only: shown, and no more."""
    case = Planning()
    plan = case.agreed_plan(OURS, LATER)
    assert not case.counts(mistake(case, plan))
