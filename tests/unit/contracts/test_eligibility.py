"""Whom LPSK takes as its subject is LPSK's to say, and is no measure of the danger."""

import pytest

from contracts.content import Actor
from contracts.events.triage import EligibilityDetermined
from tests.unit.contracts.assessments import KH, KP, LPSK, assessment, counts
from tests.unit.contracts.chronicle import Chronicle


@pytest.mark.parametrize(("agency", "stands"), [(KH, False), (KP, False), (LPSK, True)])
def test_only_lpsk_says_whom_it_takes(agency: str, stands: bool) -> None:  # noqa: FBT001
    """Eligibility is LPSK's to say, even when another agency's role would let it."""
    case = Chronicle()
    event = case.add(agency, EligibilityDetermined(category="TIDAK_MEMENUHI"), actor=Actor("pimpinan", "o-1"))
    assert counts(case, event) is stands
    assert case.case.in_force("eligibility") == ("TIDAK_MEMENUHI" if stands else "")


def test_eligibility_is_not_risk() -> None:
    """A suspect whom LPSK cannot take is as much at risk as before, and may have emergency protection."""
    case = Chronicle()
    case.add(KH, assessment(4, 4, 0))
    case.add(LPSK, EligibilityDetermined(category="TIDAK_MEMENUHI"))
    proposal = case.propose()
    case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    assert case.case.in_force("risk") == "EKSTREM"
    assert case.case.in_force("emergency") == "ACTIVE"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_categories_that_cross_the_one_that_asks_more_of_the_plan_holds(order: tuple[int, int]) -> None:
    """Until LPSK settles it the plan needs a measure by somebody else: nobody is left with LPSK alone."""
    case = Chronicle()
    root = (case.events[0].id,)
    for at in order:
        case.add(LPSK, EligibilityDetermined(category=("KORBAN", "TIDAK_MEMENUHI")[at]), parents=root)
    assert case.case.in_force("eligibility") == "TIDAK_MEMENUHI"
    assert "eligibility" in case.case.conflicts
