"""An agreement to a plan is said once, knowingly, by who answers for it, and by nobody in their own favour."""

from collections.abc import Callable

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.plan import PlanAgreed, PlanDeclined
from tests.unit.contracts.plans import LEAD, OURS, Planning


def say_twice(case: Planning, plan: str) -> None:
    case.agree(plan, LEAD, LEAD)


def agree_as_another(case: Planning, plan: str) -> None:
    case.agree(plan, "komnas-perempuan")


def agree_as_the_proposer(case: Planning, plan: str) -> None:
    case.say(LEAD, PlanAgreed(plan=plan), officer="o-1")


def agree_without_the_role(case: Planning, plan: str) -> None:
    case.add(LEAD, PlanAgreed(plan=plan), actor=Actor("petugas_pengaduan", "o-2"))


def agree_after_declining(case: Planning, plan: str) -> None:
    case.say(LEAD, PlanDeclined(plan=plan, reason="TANPA_KAPASITAS"))
    case.agree(plan, LEAD)


def agree_to_an_old_version(case: Planning, plan: str) -> None:
    case.plan(OURS, replaces=(plan,))
    case.agree(plan, LEAD)


def agree_to_nothing(case: Planning, _: str) -> None:
    case.agree(b64(case.events[0].id), LEAD)


def agree_unknowing(case: Planning, plan: str) -> None:
    case.agree(plan, LEAD, parents=(case.events[0].id,))


@pytest.mark.parametrize(
    "mistake",
    [
        say_twice,
        agree_as_another,
        agree_as_the_proposer,
        agree_without_the_role,
        agree_after_declining,
        agree_to_an_old_version,
        agree_to_nothing,
        agree_unknowing,
    ],
)
def test_an_agreement_is_by_who_answers_for_it_once_and_by_somebody_else(
    mistake: Callable[[Planning, str], None],
) -> None:
    """A second, foreign, own, unauthorised, late or uninformed agreement is shown and changes nothing."""
    case = Planning()
    mistake(case, case.plan(OURS))
    assert not case.counts(case.events[-1])
