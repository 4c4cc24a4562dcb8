"""What was decided by phone is written down with both times, and a second person stands for it."""

from datetime import timedelta

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import (
    DecisionSupplemented,
    EmergencyActivated,
    EmergencyApproved,
    EmergencyProposed,
    RecordConfirmed,
    RecordSupplemented,
)
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.node.acts import Moment
from services.protection.session import activation
from tests.unit.contracts.chronicle import opening
from tests.unit.contracts.emergencies import START, Emergency
from tests.unit.contracts.plans import INCIDENT


class Outage(Emergency):
    """A case with a proposal that leaders approved by phone."""

    def __init__(self) -> None:
        self.to, self.events, self.now = ("komnas-ham", "komnas-perempuan", "lpsk"), [], START
        self.say("komnas-ham", opening())
        self.proposal = b64(self.say("lpsk", EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), "p-3").id)

    def write(self, *leaders: str, who: str = "o-1", hours: int = -2, agency: str = "lpsk") -> Event:
        """Somebody writes down what was decided some hours from now."""
        at = (self.now + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self.say(agency, RecordSupplemented(proposal=self.proposal, leaders=leaders, decided_at=at), who)

    def confirm(self, record: Event, who: str = "o-2", agency: str = "lpsk") -> Event:
        """Somebody else stands for it."""
        return self.say(agency, RecordConfirmed(record=b64(record.id)), who)

    def activate_on(self, *events: Event) -> Event:
        """The node says that protection is in force."""
        names, by = tuple(b64(event.id) for event in events), "2026-11-30T03:00:00.000Z"
        return self.say("lpsk", EmergencyActivated(proposal=self.proposal, approvals=names, review_by=by))


def test_what_was_decided_by_phone_counts_once_a_second_person_stands_for_it() -> None:
    """Both times are kept; before the confirmation nothing is in force."""
    case = Outage()
    record = case.write("p-1", "p-2")
    assert not case.counts(case.activate_on(record))
    assert case.state == "PROPOSED"
    confirmation = case.confirm(record)
    assert not case.counts(case.activate_on(record))
    assert case.counts(case.activate_on(confirmation))
    assert case.state == "ACTIVE"


def test_nobody_confirms_their_own_record() -> None:
    """The second person is another one, of the same agency."""
    case = Outage()
    record = case.write("p-1", "p-2")
    assert not case.counts(case.confirm(record, "o-1"))
    assert not case.counts(case.confirm(record, agency="komnas-ham"))


def test_one_leader_by_phone_and_one_at_the_desk_are_two() -> None:
    """Named twice, a leader is one."""
    case = Outage()
    phoned = case.confirm(case.write("p-1"))
    again = case.confirm(case.write("p-1"))
    assert not case.counts(case.activate_on(phoned, again))
    vote = case.say("lpsk", EmergencyApproved(proposal=case.proposal), "p-2", role="pimpinan")
    assert case.counts(case.activate_on(phoned, vote))


@pytest.mark.parametrize(
    ("leaders", "who", "hours", "agency"),
    [
        (("p-1", "p-3"), "o-1", -2, "lpsk"),  # the proposer
        (("p-1", "p-2"), "p-1", -2, "lpsk"),  # by one of those who are named
        (("p-1", "p-2"), "o-1", 1, "lpsk"),  # not yet decided
        (("p-1", "p-2"), "o-1", -2, "komnas-ham"),
    ],
)
def test_a_record_that_cannot_be_true_counts_nowhere(
    leaders: tuple[str, ...], who: str, hours: int, agency: str
) -> None:
    """Neither about the proposer, nor by a leader about themselves, of times to come, or by another agency."""
    case = Outage()
    assert not case.counts(case.write(*leaders, who=who, hours=hours, agency=agency))


def test_the_confirmation_is_followed_by_all_that_follows_from_votes() -> None:
    """Activation, the session's agenda and the deferred list, in the transaction of the confirmation."""
    case, said = Outage(), list[Body]()
    confirmation = case.confirm(case.write("p-1", "p-2"))
    now = case.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    while body := activation(Moment(case.case, "lpsk", Actor("pimpinan", "o-2"), LATEST, now), confirmation):
        assert case.counts(case.say("lpsk", body, role="system"))
        said.append(body)
    assert [body.type for body in said] == [
        "protection.emergency.activated",
        "protection.session.tabled",
        "protection.requirements.deferred",
    ]


class Earlier(Outage):
    """A case in which somebody wrote down in time, or later, that something happened."""

    def __init__(self) -> None:
        super().__init__()
        self.decision = self.say("komnas-ham", INCIDENT)
        self.later(minutes=5)

    def date(
        self, decision: Event | None = None, *, who: str = "o-1", agency: str = "komnas-ham", hours: int = -2
    ) -> Event:
        """Somebody says when it was decided, some hours from now."""
        at = (self.now + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = DecisionSupplemented(decision=b64((decision or self.decision).id), decided_at=at)
        return self.say(agency, body, who)


def test_any_decision_may_have_been_made_before_it_was_written() -> None:
    """It counts since it was written; when it was made is said beside it, and confirmed by somebody else."""
    case = Earlier()
    noted = case.date()
    assert case.counts(case.decision)
    assert case.counts(noted)
    assert not case.counts(case.confirm(noted, "o-1", "komnas-ham"))
    assert not case.counts(case.confirm(noted, "o-2", "lpsk"))
    assert case.counts(case.confirm(noted, "o-2", "komnas-ham"))


def test_a_time_that_cannot_be_true_counts_nowhere() -> None:
    """Not after it was written, not of another agency's decision, of what machines said, or of a note itself."""
    case = Earlier()
    noted = case.date()
    assert not case.counts(case.date(hours=0))
    assert not case.counts(case.date(agency="lpsk"))
    assert not case.counts(case.date(noted))
    assert not case.counts(case.date(case.events[0]))


def test_what_only_some_have_read_is_noted_by_nobody() -> None:
    """Who does not hold a decision could not judge what is said of it."""
    case = Earlier()
    body = UrgencyOverridden(level="TINGGI", reason="x")
    some, told = case.add("komnas-ham", body, to=("komnas-ham", "lpsk")), case.add("komnas-ham", body)
    assert case.counts(some)
    assert not case.counts(case.date(some, hours=-48))
    assert case.counts(case.date(told, hours=-48))


def test_confirming_a_time_puts_nothing_in_force() -> None:
    """The second officer's word on another decision is no vote of a leader."""
    case = Earlier()
    noted = case.date(case.say("lpsk", INCIDENT), agency="lpsk", hours=-3)
    assert case.counts(noted)
    confirmation = case.confirm(noted)
    now = case.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert activation(Moment(case.case, "lpsk", Actor("pimpinan", "o-2"), LATEST, now), confirmation) is None
    assert not case.counts(case.activate_on(confirmation))
