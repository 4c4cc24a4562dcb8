from datetime import timedelta

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyProposed,
    RecordConfirmed,
    RecordSupplemented,
)
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.node.acts import Moment
from services.protection.session import activation
from tests.unit.contracts.chronicle import opening
from tests.unit.contracts.emergencies import START, Emergency


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
