"""Leaders who take no part in a case: how many say it of them, and what becomes of an emergency without them."""

from collections.abc import Sequence

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.protection import EmergencyApproved, EmergencyProposed, EmergencyRefused, RecordSupplemented
from contracts.events.session import SessionDecided
from contracts.timeline import Event
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import SEATED, Emergency
from tests.unit.contracts.test_recusal import HAM, LEADERS, LPSK, OVERRIDE, counts, kept_out, recusal, steps_back


def test_one_leader_keeps_no_others_from_protecting() -> None:
    """Six others recused by one of them: two of them approve all the same, and nothing is declined."""
    case = Chronicle()
    proposal = case.propose()
    for leader in LEADERS[1:]:
        kept_out(case, LPSK, leader, LEADERS[0])
    assert not counts(case, case.decline(proposal))
    assert counts(case, case.activate(proposal, case.approve(proposal, "p-2"), case.approve(proposal, "p-3")))


@pytest.mark.parametrize(("sayers", "stands"), [(2, False), (3, False), (4, True)])
def test_of_a_leader_it_takes_as_many_as_make_a_quorum(sayers: int, *, stands: bool) -> None:
    """Fewer leaders than decide in session keep none of the others from putting protection in force."""
    case = Chronicle()
    proposal = case.propose()
    for leader in LEADERS[5:]:
        kept_out(case, LPSK, leader, *LEADERS[:sayers])
    case.activate(proposal, case.approve(proposal, "p-6"), case.approve(proposal, "p-7"))
    assert (case.case.in_force("emergency") == "ACTIVE") is not stands


def test_a_leader_is_not_kept_out_by_another_roles_number() -> None:
    """Two who call a leader an officer of another role, of whom it takes two, keep nobody from deciding as a leader."""
    case = Chronicle()
    proposal = case.propose()
    for leader in LEADERS[2:]:
        for sayer in LEADERS[:2]:
            case.add(LPSK, recusal(leader, "petugas_darurat"), actor=sayer)
    case.activate(proposal, case.approve(proposal, "p-6"), case.approve(proposal, "p-7"))
    assert case.case.in_force("emergency") == "ACTIVE"
    assert not counts(case, case.add(LPSK, OVERRIDE, actor=Actor("petugas_darurat", "p-6")))


def voted(case: Chronicle, body: type[EmergencyApproved | EmergencyRefused], leaders: Sequence[Actor]) -> list[Event]:
    """A proposal, and a vote by each of these leaders."""
    proposal = case.propose()
    reason = {} if body is EmergencyApproved else {"reason": "DASAR_TIDAK_TERPENUHI"}
    return [case.add(LPSK, body(proposal=proposal, **reason), actor=leader) for leader in leaders]


def test_an_approval_from_before_still_protects() -> None:
    """A leader approves and then steps back: with another's vote protection is in force. A vote after it is none."""
    case = Chronicle()
    yes = voted(case, EmergencyApproved, LEADERS[:1])
    proposal = b64(case.events[1].id)
    steps_back(case, LPSK, LEADERS[0])
    steps_back(case, LPSK, LEADERS[1])
    late, other = case.approve(proposal, "p-2"), case.approve(proposal, "p-3")
    assert not counts(case, case.activate(proposal, b64(yes[0].id), late))
    assert counts(case, case.activate(proposal, b64(yes[0].id), other))
    assert case.case.in_force("emergency") == "ACTIVE"


def test_a_vote_that_crosses_the_recusal_counts() -> None:
    """The leader's approval did not know of it: what protects stays, in whatever order the two arrive."""
    case = Chronicle()
    proposal = case.propose()
    before = known = (case.events[-1].id,)
    for leader in LEADERS[2:6]:
        known = (case.add(LPSK, recusal(LEADERS[0]), actor=leader, parents=known).id,)
    crossed = case.approve(proposal, "p-1", parents=before)
    assert counts(case, case.activate(proposal, crossed, case.approve(proposal, "p-3")))


@pytest.mark.parametrize(
    ("away", "against", "lost"), [(5, 0, False), (6, 0, True), (3, 2, False), (3, 3, True), (0, 6, True)]
)
def test_leaders_who_are_out_can_no_longer_approve(away: int, against: int, *, lost: bool) -> None:
    """An emergency is declined once too few are left, who refused and who takes no part together, nobody twice."""
    case = Chronicle()
    no = voted(case, EmergencyRefused, LEADERS[:against])
    for leader in LEADERS[max(against - 1, 0) : max(against - 1, 0) + away + (against > 0)]:
        steps_back(case, LPSK, leader)
    proposal = b64(case.events[1].id)
    assert counts(case, case.decline(proposal, *(b64(one.id) for one in no))) is lost


def test_only_leaders_are_missed() -> None:
    """Officers who step back, and those of other agencies, leave as many leaders as there are; so does who approved."""
    case = Chronicle()
    voted(case, EmergencyApproved, LEADERS[:1])
    for leader in LEADERS[:6]:
        steps_back(case, LPSK, leader)
    for number in range(8):
        steps_back(case, LPSK, Actor("petugas_darurat", f"o-{number}"))
        steps_back(case, HAM, Actor("tim_hrd", f"p-{number}"))
    assert not counts(case, case.decline(b64(case.events[1].id)))


def test_a_leader_who_proposed_and_is_out_is_missed_once() -> None:
    """Of seven the proposer and four others: two are left."""
    case = Chronicle()
    proposal = case.propose(LPSK, actor=LEADERS[0])
    for leader in LEADERS[:5]:
        steps_back(case, LPSK, leader)
    assert not counts(case, case.decline(proposal))
    steps_back(case, LPSK, LEADERS[5])
    assert counts(case, case.decline(proposal))


def test_a_session_of_leaders_who_are_out_decides_nothing() -> None:
    """Their names make no quorum once that is known."""
    case = Emergency()
    minutes = SessionDecided(emergency=case.active, decision="DITERIMA", leaders=SEATED)
    steps_back(case, LPSK, LEADERS[3])
    assert not counts(case, case.say(LPSK, minutes))
    assert counts(case, case.say(LPSK, minutes.model_copy(update={"leaders": (*SEATED[:3], "p-5")})))


@pytest.mark.parametrize(("minutes", "right"), [(-1, True), (1, False)])
def test_a_vote_by_phone_counts_if_it_was_cast_before(minutes: int, *, right: bool) -> None:
    """Written down afterwards: what a leader said before stepping back stays, what they said after it does not."""
    case = Emergency()
    proposal = next(event for event in case.events if event.content.type == EmergencyProposed.wire_type)
    case.later(hours=1)
    case.say(LPSK, recusal(LEADERS[2]), "p-3", role="pimpinan")
    case.later(minutes=minutes)
    at = case.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    case.later(hours=1)
    record = RecordSupplemented(proposal=b64(proposal.id), leaders=("p-3", "p-4"), decided_at=at)
    assert counts(case, case.say(LPSK, record, "o-1")) is right
