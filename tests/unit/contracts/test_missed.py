"""That a promise was missed is said truly, once as far as known, and changes nothing."""

from datetime import datetime

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.notify import PromiseMissed
from contracts.events.protection import RequirementFulfilled
from contracts.mechanism import LATEST
from contracts.promises import promises
from contracts.record import EventId
from contracts.timeline import Event
from tests.unit.contracts.emergencies import DUE, Emergency

SYSTEM = Actor("system", "rajut")
PAPER = ("SYARAT", "IDENTITAS")


def paper(case: Emergency) -> PromiseMissed:
    """What is said when the paper does not come in time."""
    (found,) = (one for one in promises(case.case, LATEST) if (one.kind, one.subject) == PAPER)
    return found.missed()


def say(
    case: Emergency, body: PromiseMissed, agency: str = "lpsk", *, parents: tuple[EventId, ...] | None = None
) -> Event:
    """A node says it."""
    return case.say(agency, body, SYSTEM.officer, role=SYSTEM.role, parents=parents)


@pytest.fixture
def late() -> Emergency:
    """A case in which the day for the papers is over."""
    case = Emergency()
    case.now = datetime.fromisoformat(f"{DUE}T17:00:00+00:00")
    return case


@pytest.mark.parametrize("agency", ["lpsk", "komnas-ham", "komnas-perempuan"])
def test_anybody_in_the_case_may_say_what_was_missed(late: Emergency, agency: str) -> None:
    """The agency that owes it, or another for it; nothing that anybody decided changes."""
    slots = late.case.slots
    assert late.counts(say(late, paper(late), agency))
    assert late.case.slots == slots


def test_a_promise_is_not_missed_before_it_is_due() -> None:
    """One second earlier it is not true yet, whatever time is claimed for it."""
    case = Emergency()
    case.now = datetime.fromisoformat(f"{DUE}T16:59:58+00:00")
    early = say(case, paper(case))
    case.events[-1] = early._replace(content=early.content._replace(time="2036-01-01T00:00:00.000Z"))
    assert not case.counts(early)


@pytest.mark.parametrize(
    "field",
    [{"kind": "SURAT"}, {"subject": "LAIN"}, {"agency": "komnas-ham"}, {"due": "2026-11-24T00:00:00.000Z"}],
)
def test_what_nobody_promised_was_not_missed(late: Emergency, field: dict[str, str]) -> None:
    """Another kind, paper, agency or time than the case has."""
    assert not late.counts(say(late, paper(late).model_copy(update=field)))


def test_what_was_kept_was_not_missed(late: Emergency) -> None:
    """Said by somebody who knew that the paper is there it does not count; unknown to each other both stand."""
    missed, before = paper(late), late.events[-1].id
    late.say("lpsk", RequirementFulfilled(requirements=b64(late.listed.id), requirement="IDENTITAS"))
    assert not late.counts(say(late, missed))
    assert late.counts(say(late, missed, "komnas-ham", parents=(before,)))


def test_it_is_said_once_by_all_who_know(late: Emergency) -> None:
    """A second time does not count; two that crossed on the wire both do, and neither is a conflict."""
    missed, before = paper(late), (late.events[-1].id,)
    assert late.counts(say(late, missed, parents=before))
    assert late.counts(say(late, missed, "komnas-ham", parents=before))
    assert not late.counts(say(late, missed, "komnas-perempuan"))
    assert not late.case.conflicts


def test_what_was_put_off_can_be_missed_again() -> None:
    """An extension makes another day, and that can pass, too."""
    case = Emergency()
    first = paper(case)
    case.extend("2027-01-29")
    second = paper(case)
    assert first.due < second.due
    case.now = datetime.fromisoformat("2027-01-29T17:00:00+00:00")
    assert not case.counts(say(case, first))
    assert case.counts(say(case, second))


def test_nobody_outside_says_it_and_nobody_says_it_to_some(late: Emergency) -> None:
    """An agency that takes no part, or one that leaves somebody out, says nothing that counts."""
    assert not late.counts(say(late, paper(late), "lbh"))
    told = late.add("lpsk", paper(late), actor=SYSTEM, to=("komnas-ham", "lpsk"), time="2027-01-08T17:00:00.000Z")
    late.events[-1] = told._replace(hlc=told.hlc._replace(ms=int(late.now.timestamp() * 1000)))
    assert not late.counts(told)
