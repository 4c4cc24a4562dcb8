"""A defender whom LPSK may not take alone is not left to one agency."""

import pytest

from contracts.events.triage import EligibilityDetermined
from contracts.mechanism import LATEST
from contracts.promises.plan import falls_short, plans_in_force
from tests.unit.contracts.plans import LPSKS, PARTNERS, Planning, in_force

NO_SUBJECT = EligibilityDetermined(category="TIDAK_MEMENUHI")


@pytest.mark.parametrize("suspect", ["TERSANGKA", "TERDAKWA", "TERPIDANA", None])
def test_a_defender_who_is_no_subject_is_not_left_to_one_agency(suspect: str | None) -> None:
    """For whom LPSK cannot take, its measures alone cannot be agreed; a partner's makes the plan whole."""
    case = Planning(legal_status=suspect)
    if suspect is None:
        case.say("lpsk", NO_SUBJECT)
    alone = case.plan(LPSKS)
    assert not case.counts(case.agree(alone, "lpsk"))
    assert in_force(case) == []
    whole = case.plan(LPSKS, PARTNERS, replaces=(alone,))
    assert case.counts(case.agree(whole, "lpsk"))
    assert in_force(case) == [whole]


def test_a_defender_who_is_a_subject_may_have_a_plan_of_one_agency() -> None:
    """The rule is for those whom the law leaves out, not for everybody."""
    case = Planning(legal_status="SAKSI")
    case.say("lpsk", EligibilityDetermined(category="SAKSI"))
    plan = case.agreed_plan(LPSKS)
    assert in_force(case) == [plan]


def test_of_two_decisions_on_eligibility_that_cross_the_careful_one_holds() -> None:
    """While it is disputed whether LPSK can take the person, the plan needs somebody else as well."""
    case = Planning()
    known = case.now
    case.say("lpsk", NO_SUBJECT, parents=known)
    case.say("lpsk", EligibilityDetermined(category="SAKSI"), officer="o-9", parents=known)
    case.agreed_plan(LPSKS)
    assert in_force(case) == []


def test_a_plan_agreed_before_stays_in_force_and_is_seen_to_fall_short() -> None:
    """Eligibility takes no measure away: it asks for more."""
    case = Planning()
    plan = case.agreed_plan(LPSKS)
    case.say("lpsk", NO_SUBJECT)
    assert in_force(case) == [plan]
    assert falls_short(case.case, plans_in_force(case.case)[0], LATEST)
