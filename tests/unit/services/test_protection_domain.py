from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyRefused,
    RequirementsDeferred,
)
from contracts.events.session import SessionTabled
from contracts.events.triage import OfficerRecused
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.workflow.emergency import Vote, papers_due
from services.protection import domain
from tests.unit.contracts.chronicle import NOW, Chronicle

RULES = LATEST.emergency
LEADERS = [f"leader-{number}" for number in range(RULES.leaders)]
REASON = "DASAR_TIDAK_TERPENUHI"


def leader(name: str) -> Actor:
    return Actor(RULES.role, name)


def cast(case: Chronicle, name: str, vote: Vote) -> list[Body]:
    """Vote as the handler does; what follows from it."""
    domain.check_vote(case.case, RULES.decided_by, leader(name), vote, RULES)
    case.add(RULES.decided_by, vote, actor=leader(name))
    followed = []
    while body := domain.consequence(case.case, vote.proposal, LATEST, NOW):
        case.add(RULES.decided_by, body, actor=Actor("system", "rajut"))
        followed.append(body)
    return followed


def approval(proposal: str) -> EmergencyApproved:
    return EmergencyApproved(proposal=proposal)


def refusal(proposal: str) -> EmergencyRefused:
    return EmergencyRefused(proposal=proposal, reason=REASON)


def check_is_refused(case: Chronicle, agency: str, actor: Actor, vote: Vote) -> Code:
    with pytest.raises(Rejected) as refused:
        domain.check_vote(case.case, agency, actor, vote, RULES)
    return refused.value.code


def test_the_second_leader_activates_tables_and_defers_the_papers_at_once() -> None:
    """One approval changes nothing; the second is followed by activation, agenda and deferred list, each once."""
    case = Chronicle()
    proposal = case.propose()
    assert cast(case, "leader-1", approval(proposal)) == []
    active, tabled, deferred = cast(case, "leader-2", approval(proposal))
    assert isinstance(active, EmergencyActivated)
    assert isinstance(deferred, RequirementsDeferred)
    assert tabled == SessionTabled(emergency=b64(case.events[4].id))
    assert set(active.approvals) == {b64(event.id) for event in case.events[2:4]}
    assert deferred.emergency == b64(case.events[4].id)
    assert not case.case.unsupported
    assert case.case.in_force("emergency") == domain.State.ACTIVE
    assert domain.consequence(case.case, proposal, LATEST, NOW) is None


def test_need_is_reviewed_after_seven_days_and_papers_are_due_after_thirty_working_days() -> None:
    """Both clocks start with the activation; the working days are counted in the office's own day."""
    case = Chronicle()
    proposal = case.propose()
    cast(case, "leader-1", approval(proposal))
    active, _, deferred = cast(case, "leader-2", approval(proposal))
    assert isinstance(active, EmergencyActivated)
    assert isinstance(deferred, RequirementsDeferred)
    assert datetime.fromisoformat(active.review_by) - datetime.fromisoformat(NOW) == timedelta(days=7)
    assert deferred.due_on == papers_due(case.events[4], LATEST)


def test_an_evening_in_utc_is_the_next_day_in_the_office() -> None:
    """At 18:00 UTC it is 01:00 of the next day in Jakarta; a list that comes days later names the same day."""
    case = Chronicle()
    proposal = case.propose()
    active = case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    ms = int(datetime(2026, 11, 19, 18, tzinfo=UTC).timestamp() * 1000)
    case.events[-1] = active._replace(hlc=Hlc(ms, 0))
    tabled = domain.consequence(case.case, proposal, LATEST, NOW)
    assert isinstance(tabled, SessionTabled)
    case.add("lpsk", tabled)
    body = domain.consequence(case.case, proposal, LATEST, NOW)
    assert isinstance(body, RequirementsDeferred)
    assert body.due_on == "2027-01-07"


@pytest.mark.parametrize(("gender_lens", "owner"), [(False, "komnas-ham"), (True, "komnas-perempuan")])
def test_each_paper_has_an_owner_that_fits_the_case(gender_lens: bool, owner: str) -> None:  # noqa: FBT001
    """The statement of status falls to the agency that determines it for this person."""
    case = Chronicle(gender_lens=gender_lens)
    assert _owners(case)["KETERANGAN_STATUS"] == owner


def test_no_paper_is_owned_by_an_agency_outside_the_case() -> None:
    """Whoever may not know of the case cannot owe anything in it; the deciding agency sees to it instead."""
    case = Chronicle(to=("lpsk",))
    assert set(_owners(case).values()) == {"lpsk"}


def _owners(case: Chronicle) -> dict[str, str]:
    proposal = case.propose(case.to[0])
    cast(case, "leader-1", approval(proposal))
    deferred = cast(case, "leader-2", approval(proposal))[-1]
    assert isinstance(deferred, RequirementsDeferred)
    return {item.code: item.owner for item in deferred.items}


def test_declined_once_two_can_no_longer_be_reached() -> None:
    """The refusal after which one leader is left says so; none before it does."""
    case = Chronicle()
    proposal = case.propose()
    followed = [cast(case, name, refusal(proposal)) for name in LEADERS[:6]]
    assert followed[:5] == [[]] * 5
    (declined,) = followed[5]
    assert isinstance(declined, EmergencyDeclined)
    assert len(declined.refusals) == 6
    assert not case.case.unsupported
    assert case.case.in_force("emergency") == domain.State.DECLINED


def test_leaders_who_take_no_part_are_not_waited_for() -> None:
    """Once six of seven have stepped back the proposal is declined, though nobody refused it; with five it waits."""
    case = Chronicle()
    proposal, followed = case.propose(), []
    for name in LEADERS[:6]:
        stepped = OfficerRecused(officer=name, role=RULES.role, reason="KERABAT")
        case.add(RULES.decided_by, stepped, actor=leader(name))
        followed.append(domain.consequence(case.case, proposal, LATEST, NOW))
    declined = EmergencyDeclined(proposal=proposal, refusals=(), reason=domain.UNREACHABLE)
    assert followed == [None] * 5 + [declined]
    assert case.add(RULES.decided_by, declined).id not in case.case.unsupported


def test_a_leader_votes_once() -> None:
    """Nobody changes or doubles a vote."""
    case = Chronicle()
    proposal = case.propose()
    cast(case, "leader-1", approval(proposal))
    for vote in (approval(proposal), refusal(proposal)):
        assert check_is_refused(case, "lpsk", leader("leader-1"), vote) is Code.STATE


def test_a_proposer_does_not_vote() -> None:
    """A leader who proposed leaves the decision to two others."""
    case = Chronicle()
    proposal = case.propose("lpsk", actor=leader("leader-1"))
    assert check_is_refused(case, "lpsk", leader("leader-1"), approval(proposal)) is Code.FORBIDDEN
    cast(case, "leader-2", approval(proposal))
    assert cast(case, "leader-3", approval(proposal))


@pytest.mark.parametrize(("agency", "role"), [("komnas-ham", "pimpinan"), ("lpsk", "petugas_darurat")])
def test_only_leaders_of_the_deciding_agency_vote(agency: str, role: str) -> None:
    """This node never signs a vote that the other nodes would ignore."""
    case = Chronicle()
    vote = approval(case.propose())
    assert check_is_refused(case, agency, Actor(role, "leader-1"), vote) is Code.FORBIDDEN


@pytest.mark.parametrize(("vote", "leaders"), [(approval, 2), (refusal, 6)])
def test_a_decided_proposal_takes_no_more_votes(vote: Callable[[str], Vote], leaders: int) -> None:
    """After activation or decline a vote would only confuse."""
    case = Chronicle()
    proposal = case.propose()
    for name in LEADERS[:leaders]:
        cast(case, name, vote(proposal))
    assert check_is_refused(case, "lpsk", leader(LEADERS[6]), approval(proposal)) is Code.STATE


def test_a_vote_needs_a_proposal_of_this_case() -> None:
    """A name that is no proposal, or one that does not count, is not found."""
    case = Chronicle()
    opened = b64(case.events[0].id)
    assert check_is_refused(case, "lpsk", leader("leader-1"), approval(opened)) is Code.NOT_FOUND


def test_one_open_proposal_at_a_time() -> None:
    """A second proposal would split the leaders' votes, so whoever asks again is shown the first."""
    case = Chronicle()
    case.propose()
    with pytest.raises(Rejected) as refused:
        domain.propose(case.case, "komnas-perempuan", RULES)
    assert refused.value.code is Code.STATE


def test_no_proposal_while_protection_is_in_force() -> None:
    """What is in force is not put back to being discussed."""
    case = Chronicle()
    proposal = case.propose()
    for name in LEADERS[:2]:
        cast(case, name, approval(proposal))
    with pytest.raises(Rejected, match="E_STATE"):
        domain.propose(case.case, "komnas-ham", RULES)


def test_a_declined_case_can_be_proposed_again() -> None:
    """A new threat finds an open door."""
    case = Chronicle()
    proposal = case.propose()
    for name in LEADERS[:6]:
        cast(case, name, refusal(proposal))
    domain.propose(case.case, "komnas-ham", RULES)


def test_any_participant_may_propose_and_nobody_else() -> None:
    """Every agency of the case, not only the one that leads it."""
    case = Chronicle(to=("komnas-ham", "lpsk"))
    for agency in case.to:
        domain.propose(case.case, agency, RULES)
    with pytest.raises(Rejected, match="E_FORBIDDEN"):
        domain.propose(case.case, "komnas-perempuan", RULES)


def test_a_case_without_the_deciding_agency_says_that_nobody_could_decide() -> None:
    """A proposal that cannot reach the leaders is refused at once, so that somebody reaches for the phone."""
    case = Chronicle(to=("komnas-ham", "komnas-perempuan"))
    with pytest.raises(Rejected, match="E_STATE"):
        domain.propose(case.case, "komnas-ham", RULES)


def test_of_two_proposals_made_unknown_to_each_other_one_is_enough() -> None:
    """Once one of them is active the other takes no votes and cannot undo it."""
    case = Chronicle()
    root = (case.events[0].id,)
    first = case.propose()
    second = b64(case.add("komnas-perempuan", case.case.bodies[case.events[1].id], parents=root).id)
    cast(case, "leader-1", refusal(second))
    for name in LEADERS[2:4]:
        cast(case, name, approval(first))
    assert check_is_refused(case, "lpsk", leader("leader-5"), refusal(second)) is Code.STATE
    assert domain.consequence(case.case, second, LATEST, NOW) is None
    assert case.case.in_force("emergency") == domain.State.ACTIVE
    assert [domain.proposed(case.case, name).state for name in (first, second)] == ["ACTIVE", "PROPOSED"]


VOTES = st.lists(st.tuples(st.sampled_from(LEADERS), st.booleans()), max_size=20)


@given(VOTES, st.booleans())
def test_every_vote_that_is_let_through_counts_everywhere(votes: list[tuple[str, bool]], by_leader: bool) -> None:  # noqa: FBT001
    """However leaders vote, this node says nothing that another would ignore, and the outcome is what the votes say."""
    case = Chronicle()
    proposal = case.propose("lpsk", actor=leader(LEADERS[0])) if by_leader else case.propose()
    yes: set[str] = set()
    no: set[str] = set()
    for name, agrees in votes:
        try:
            cast(case, name, approval(proposal) if agrees else refusal(proposal))
        except Rejected:
            continue
        (yes if agrees else no).add(name)
    assert not case.case.unsupported
    declined = RULES.leaders - by_leader - len(no) < RULES.approvals
    expected = "ACTIVE" if len(yes) >= RULES.approvals else "DECLINED" if declined else "PROPOSED"
    assert case.case.in_force("emergency") == expected == domain.proposed(case.case, proposal).state
