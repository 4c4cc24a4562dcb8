"""Two cases about one person: officers say so to all who take part, and can take it back."""

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import DuplicateDismissed, DuplicateLinked, DuplicateReopened
from contracts.timeline import Event
from contracts.workflow.duplicate import Decision, slot
from tests.unit.contracts.chronicle import CASE_ID
from tests.unit.contracts.plans import LEAD, Planning
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay

OTHER = "1" * 26
LINKED = DuplicateLinked(other=OTHER, reason="ORANG_YANG_SAMA")
DISMISSED = DuplicateDismissed(other=OTHER, reason="ORANG_BERBEDA")
REOPENED = DuplicateReopened(other=OTHER, reason="KELIRU")


def of(case: Relay) -> str:
    """What is in force of the two cases."""
    return case.case.in_force(slot(OTHER))


def test_each_decision_replaces_the_one_before() -> None:
    """Linked, taken back, dismissed, linked after all: by whichever participant, and nothing is final."""
    case = Relay()
    for agency, body, state in (
        (LPSK, LINKED, "LINKED"),
        (HAM, REOPENED, "OPEN"),
        (PEREMPUAN, DISMISSED, "DISMISSED"),
        (LPSK, LINKED, "LINKED"),
    ):
        assert case.counts(case.say(agency, body))
        assert of(case) == state
    assert not case.case.conflicts


def test_there_must_be_something_to_take_back() -> None:
    """What was never decided, or is open again, cannot be reopened."""
    case = Relay()
    assert not case.counts(case.say(HAM, REOPENED))
    case.say(HAM, DISMISSED)
    case.say(LPSK, REOPENED)
    assert not case.counts(case.say(HAM, REOPENED))


@pytest.mark.parametrize("body", [LINKED, DISMISSED])
def test_who_may_not_decide_decides_nothing(body: Decision) -> None:
    """No stranger, no role without the permission, nothing that a part of the participants does not hear of."""
    case = Relay(to=(HAM, LPSK))
    assert not case.counts(case.add(PEREMPUAN, body, actor=Actor("koordinator_upr", "o-1")))
    assert not case.counts(case.add(LPSK, body, actor=Actor("auditor", "o-1")))
    assert not case.counts(case.add(LPSK, body, to=(LPSK,)))
    assert of(case) == ""


def test_a_case_is_no_duplicate_of_itself() -> None:
    """The other case is another one."""
    case = Relay()
    assert not case.counts(case.say(HAM, LINKED.model_copy(update={"other": CASE_ID})))


@pytest.mark.parametrize("link_first", [True, False])
def test_a_link_outweighs_a_dismissal_that_did_not_know_of_it(link_first: bool) -> None:  # noqa: FBT001
    """Both are shown; the cases stay side by side until somebody who knows of both decides."""
    case = Relay()
    start = (case.events[-1],)
    said: list[tuple[str, Body]] = [(HAM, LINKED), (LPSK, DISMISSED)]
    heads = [case.say(agency, body, knows=start) for agency, body in (said if link_first else said[::-1])]
    assert of(case) == "LINKED"
    assert slot(OTHER) in case.case.conflicts
    last: Event = case.say(PEREMPUAN, DISMISSED)
    assert {*last.content.parents} == {event.id for event in heads}
    assert of(case) == "DISMISSED"
    assert not case.case.conflicts


def test_a_closed_case_can_be_linked() -> None:
    """Somebody who comes back after years is still the same person."""
    case = Planning()
    case.close()
    assert case.case.in_force("closure") == "CLOSED"
    assert case.counts(case.say(LEAD, LINKED))
    assert b64(case.events[-1].id) == case.case.acts(DuplicateLinked)[0].name
