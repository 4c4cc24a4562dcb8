"""Nobody decides a grave thing alone: each act that takes two is played with the proposer as the second."""

import pytest

from docs import generate
from tests.unit.contracts.duties import DUTIES, Duty, row


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.name)
def test_nobody_agrees_to_what_they_proposed(duty: Duty) -> None:
    """The proposer's own word changes nothing, in whatever role; somebody else's counts; the page says who that is."""
    trial = duty.trial()
    unsupported = trial.case.case.unsupported
    assert trial.proposal.id not in unsupported
    assert trial.agreed.id not in unsupported
    assert trial.own is None or trial.own.id in unsupported
    assert f"| {' | '.join(row(duty))} |" in generate.DECIDERS.read_text()


def test_only_what_can_be_taken_back_is_for_one_officer() -> None:
    """Two of all these acts need nobody else: a consent is withdrawn, and two cases are about one person."""
    assert [duty.name for duty in DUTIES if duty.trial().own is None] == ["withdrawal", "duplicate"]


def test_the_page_of_who_decides_is_what_is_played() -> None:
    """`docs/who-decides.md` is what the rules and the mechanism make of these acts and nothing else."""
    assert generate.DECIDERS.read_text() == generate.deciders()
