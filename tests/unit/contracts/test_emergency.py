from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.protection import (
    DeferredItem,
    EmergencyActivated,
    EmergencyApproved,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.workflow.emergency import papers_due
from tests.unit.contracts.chronicle import Chronicle

LEADERS = [f"leader-{number}" for number in range(1, LATEST.emergency.leaders + 1)]
A_LEADER = Actor("pimpinan", LEADERS[0])


def test_two_leaders_put_protection_in_force() -> None:
    """A ground and two different leaders are enough: no paper, no status, no urgency is asked for."""
    case = Chronicle()
    proposal = case.propose()
    case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    assert not case.case.unsupported
    assert case.case.in_force("emergency") == "ACTIVE"


def test_one_leader_is_not_enough() -> None:
    """An activation on one approval is shown and changes nothing."""
    case = Chronicle()
    proposal = case.propose()
    claimed = case.activate(proposal, case.approve(proposal, "leader-1"))
    assert case.case.unsupported == {claimed.id}
    assert case.case.in_force("emergency") == "PROPOSED"


def test_one_leader_twice_is_one_leader() -> None:
    """Two approvals by the same leader count once."""
    case = Chronicle()
    proposal = case.propose()
    claimed = case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-1"))
    assert claimed.id in case.case.unsupported


def test_the_proposer_does_not_approve() -> None:
    """A leader who proposed is not one of the two."""
    case = Chronicle()
    proposal = case.propose("lpsk", actor=A_LEADER)
    own, other = case.approve(proposal, LEADERS[0]), case.approve(proposal, LEADERS[1])
    claimed = case.activate(proposal, own, other)
    assert {case.events[2].id, claimed.id} == case.case.unsupported


def test_a_namesake_at_another_agency_is_another_person() -> None:
    """Pseudonyms are an agency's own: the same one elsewhere takes no leader's vote away."""
    case = Chronicle()
    proposal = case.propose("komnas-ham", actor=Actor("tim_hrd", LEADERS[0]))
    case.approve(proposal, LEADERS[0])
    assert not case.case.unsupported


@pytest.mark.parametrize(
    ("agency", "role"), [("komnas-ham", "pimpinan"), ("lpsk", "petugas_darurat"), ("lpsk", "system")]
)
def test_only_leaders_of_the_deciding_agency_vote(agency: str, role: str) -> None:
    """A vote from another agency or another role counts nowhere, whoever signed it."""
    case = Chronicle()
    vote = case.add(agency, EmergencyApproved(proposal=case.propose()), actor=Actor(role, "leader-1"))
    assert case.case.unsupported == {vote.id}


@pytest.mark.parametrize("agency", ["komnas-ham", "komnas-perempuan"])
def test_nobody_else_announces_the_decision(agency: str) -> None:
    """Even with both approvals on the table, only the deciding agency says that protection is in force."""
    case = Chronicle()
    proposal = case.propose()
    claimed = case.activate(
        proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"), agency=agency
    )
    assert claimed.id in case.case.unsupported


def test_approvals_of_another_proposal_do_not_count() -> None:
    """Leaders approve one proposal, not whatever is announced in its name."""
    case = Chronicle()
    first, second = case.propose(), case.propose("komnas-perempuan")
    claimed = case.activate(second, case.approve(first, "leader-1"), case.approve(first, "leader-2"))
    assert claimed.id in case.case.unsupported


def test_approvals_that_the_announcement_did_not_know_do_not_count() -> None:
    """An activation is judged by what its author had seen, so all nodes judge alike."""
    case = Chronicle()
    proposal = case.propose()
    known = (case.events[-1].id,)
    first, second = (case.approve(proposal, leader, parents=known) for leader in LEADERS[:2])
    body = EmergencyActivated(proposal=proposal, approvals=(first, second), review_by="2026-11-29T01:54:48.123Z")
    blind = case.add("lpsk", body, parents=(case.events[-1].id,))
    assert blind.id in case.case.unsupported


@given(st.integers(0, LATEST.emergency.leaders), st.booleans())
def test_declined_exactly_when_two_can_no_longer_be_reached(refusing: int, by_leader: bool) -> None:  # noqa: FBT001
    """A decline counts once fewer than two leaders are left; a proposer among the leaders cannot be one of them."""
    case = Chronicle()
    proposal = case.propose("lpsk", actor=Actor("pimpinan", "leader-0")) if by_leader else case.propose()
    refusals = [case.refuse(proposal, leader) for leader in LEADERS[:refusing]]
    claimed = case.decline(proposal, *refusals)
    left = LATEST.emergency.leaders - refusing - by_leader
    assert (claimed.id in case.case.unsupported) == (left >= LATEST.emergency.approvals)


def test_loose_ends_of_one_author_keep_nobody_from_deciding() -> None:
    """However many events one agency leaves hanging, the proposal of another and the votes on it are still known."""
    case = Chronicle()
    root = (case.events[0].id,)
    proposal = case.propose("komnas-perempuan")
    for number in range(60):
        case.add("komnas-ham", UrgencyOverridden(level="BIASA", reason=str(number)), parents=root)
    case.activate(proposal, case.approve(proposal, LEADERS[0]), case.approve(proposal, LEADERS[1]))
    assert not case.case.unsupported
    assert case.case.in_force("emergency") == "ACTIVE"


def test_a_leader_who_approved_is_not_lost_by_a_later_no() -> None:
    """Protection is not talked away: who approved still counts as reachable."""
    case = Chronicle()
    proposal = case.propose()
    case.approve(proposal, LEADERS[0])
    refusals = [case.refuse(proposal, leader) for leader in LEADERS[:6]]
    assert case.decline(proposal, *refusals).id in case.case.unsupported


def test_a_decline_never_ends_protection_in_force() -> None:
    """Once active, protection is not ended by declining another proposal that was still open."""
    case = Chronicle()
    first, second = case.propose(), case.propose("komnas-perempuan")
    refusals = [case.refuse(second, leader) for leader in LEADERS[:6]]
    case.activate(first, case.approve(first, LEADERS[0]), case.approve(first, LEADERS[1]))
    assert case.decline(second, *refusals).id in case.case.unsupported
    assert case.case.in_force("emergency") == "ACTIVE"


def test_a_decline_does_not_hide_another_open_proposal() -> None:
    """While any proposal waits for its decision, the case says so."""
    case = Chronicle()
    first, second = case.propose(), case.propose("komnas-perempuan")
    case.decline(first, *(case.refuse(first, leader) for leader in LEADERS[:6]))
    assert case.case.in_force("emergency") == "PROPOSED"
    case.decline(second, *(case.refuse(second, leader) for leader in LEADERS[:6]))
    assert case.case.in_force("emergency") == "DECLINED"
    assert not case.case.unsupported


def test_after_a_decline_anybody_may_propose_again() -> None:
    """A new threat is a new proposal."""
    case = Chronicle()
    proposal = case.propose()
    case.decline(proposal, *(case.refuse(proposal, leader) for leader in LEADERS[:6]))
    case.propose()
    assert case.case.in_force("emergency") == "PROPOSED"


def test_no_proposal_on_top_of_protection_in_force() -> None:
    """Whoever knows that protection is in force cannot put it back to being discussed."""
    case = Chronicle()
    proposal = case.propose()
    case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    case.propose()
    assert case.events[-1].id in case.case.unsupported
    assert case.case.in_force("emergency") == "ACTIVE"


def test_papers_are_deferred_by_the_deciding_agency_after_an_activation() -> None:
    """Nobody else, and nobody before, hands out tasks in the name of an emergency."""
    case = Chronicle()
    proposal = case.propose()
    active = case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    items = (DeferredItem(code="IDENTITAS", owner="lpsk"),)
    due_on = papers_due(active, LATEST)
    told = [
        case.add(agency, RequirementsDeferred(emergency=emergency, items=items, due_on=due_on))
        for agency, emergency in [("lpsk", b64(active.id)), ("komnas-ham", b64(active.id)), ("lpsk", proposal)]
    ]
    assert case.case.unsupported == {told[1].id, told[2].id}
    assert case.case.in_force("requirement/IDENTITAS") == "lpsk"


@pytest.mark.parametrize("said", ["2026-11-23T16:59:59.999Z", "1999-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"])
def test_papers_are_due_on_the_day_that_the_rules_give_and_on_no_other(said: str) -> None:
    """Thirty working days from the day of the record at the office that decides, whatever time the activation claims.

    A list by a day before or after it counts nothing, and neither does a second one, which would undo an extension.
    """
    case = Chronicle()
    proposal = case.propose()
    yes = tuple(case.approve(proposal, leader) for leader in LEADERS[:2])
    body = EmergencyActivated(proposal=proposal, approvals=yes, review_by=said)
    active = case.add("lpsk", body, time=said)
    ms = int(datetime(2026, 11, 23, 16, 59, 59, 999_000, tzinfo=UTC).timestamp() * 1000)  # 23:59 of that day there
    case.events[-1] = active = active._replace(hlc=Hlc(ms, 0))
    items = (DeferredItem(code="IDENTITAS", owner="lpsk"),)
    told = {
        day: case.add("lpsk", RequirementsDeferred(emergency=b64(active.id), items=items, due_on=day), time=said)
        for day in ("1999-02-12", "2026-11-24", "2027-01-07", "2027-01-11", "2099-02-12", "2199-12-31", "2027-01-08")
    }
    again = case.add("lpsk", RequirementsDeferred(emergency=b64(active.id), items=items, due_on="2027-01-08"))
    assert {day for day, event in told.items() if event.id not in case.case.unsupported} == {"2027-01-08"}
    assert again.id in case.case.unsupported
    assert case.case.in_force(f"deadline/{b64(active.id)}") == "2027-01-08"
    case.events[case.events.index(active)] = active._replace(hlc=Hlc(ms + 1, 0))  # which is the next day there
    assert case.case.in_force(f"deadline/{b64(active.id)}") == "2027-01-11"


@given(st.from_regex(r"\A[A-Z][A-Z0-9_]{0,20}\Z"), st.lists(st.from_regex(r"\A[A-Z][A-Z0-9_]{0,20}\Z"), max_size=4))
def test_any_ground_can_be_proposed(ground: str, needs: list[str]) -> None:
    """A ground or a need that this version does not know is no obstacle."""
    case = Chronicle()
    case.add("komnas-ham", EmergencyProposed(ground=ground, needs=tuple(needs)))
    assert case.case.in_force("emergency") == "PROPOSED"
