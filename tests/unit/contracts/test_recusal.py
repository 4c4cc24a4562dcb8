"""Who takes no part in a case: by whose word, what then counts no more, what stays, and who takes it back."""

from collections.abc import Sequence

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.notify import NoticeAcknowledged
from contracts.events.plan import ClosureProposed, IncidentRecorded
from contracts.events.protection import EmergencyApproved, EmergencyProposed, EmergencyRefused, RecordSupplemented
from contracts.events.session import SessionDecided
from contracts.events.triage import (
    EligibilityDetermined,
    OfficerReadmitted,
    OfficerRecused,
    StatusRequested,
    UrgencyOverridden,
)
from contracts.mechanism import LATEST, Permission
from contracts.timeline import Event
from contracts.workflow.recusal import told_recusals
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.emergencies import SEATED, Emergency
from tests.unit.contracts.plans import Planning

HAM, PEREMPUAN, LPSK = AGENCIES
OFFICER, CHIEF, SECOND = Actor("tim_hrd", "o-1"), Actor("komisioner_pengaduan", "o-2"), Actor("kabag_pengaduan", "o-3")
THIRD = Actor("kepala_perwakilan", "o-6")
LEADERS = [Actor("pimpinan", f"p-{number}") for number in range(1, 8)]
OVERRIDE = UrgencyOverridden(level="TINGGI", reason="x")


def recusal(actor: Actor, role: str = "") -> OfficerRecused:
    return OfficerRecused(officer=actor.officer, role=role or actor.role, reason="KERABAT")


def steps_back(case: Chronicle, agency: str, actor: Actor) -> Event:
    return case.add(agency, recusal(actor), actor=actor)


def kept_out(case: Chronicle, agency: str, actor: Actor, *by: Actor) -> list[Event]:
    return [case.add(agency, recusal(actor), actor=one) for one in by]


def back(event: Event) -> OfficerReadmitted:
    return OfficerReadmitted(recusal=b64(event.id))


def counts(case: Chronicle, event: Event) -> bool:
    return event.id not in case.case.unsupported


def out(case: Chronicle) -> list[str]:
    return [act.body.officer for act in told_recusals(case.case)]


@pytest.mark.parametrize("agency", AGENCIES)
def test_anybody_steps_back_by_their_own_word(agency: str) -> None:
    """In whatever role, of whatever agency, in an open case and in a closed one, once and again."""
    for role in LATEST.agencies[agency].roles:
        case, who = Planning(), Actor(role, "o-5")
        assert counts(case, steps_back(case, agency, who))
        case.close("komnas-perempuan", "komnas-ham", "lpsk")
        assert counts(case, steps_back(case, agency, who))
        assert out(case) == ["o-5", "o-5"]


@pytest.mark.parametrize(
    ("agency", "actor", "body", "right"),
    [
        (HAM, CHIEF, recusal(OFFICER), True),
        (HAM, Actor("petugas_pengaduan", "o-4"), recusal(OFFICER), False),
        (LPSK, LEADERS[0], recusal(LEADERS[1]), True),
        (LPSK, LEADERS[0], recusal(OFFICER), False),
        (HAM, OFFICER, recusal(OFFICER, "komisioner_pengaduan"), False),
        (HAM, Actor("system", "rajut"), recusal(Actor("system", "rajut")), False),
        (HAM, CHIEF, recusal(Actor("system", "rajut")), False),
    ],
)
def test_a_superior_may_say_it_of_others(agency: str, actor: Actor, body: OfficerRecused, *, right: bool) -> None:
    """Of a role that their own agency has; nobody names themself in another role, and no machine is named."""
    case = Chronicle()
    assert counts(case, case.add(agency, body, actor=actor)) is right


def test_of_others_it_takes_two() -> None:
    """One superior alone, however often, keeps nobody out; a second one does, and one word less lets them in again."""
    case = Chronicle()
    first, again = kept_out(case, HAM, OFFICER, CHIEF, CHIEF)
    assert (out(case), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))) == ([], True)
    kept_out(case, HAM, OFFICER, SECOND)
    assert (out(case), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))) == ([OFFICER.officer] * 3, False)
    for event in (first, again):
        assert counts(case, case.add(HAM, back(event), actor=THIRD))
    assert (out(case), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))) == ([], True)


def test_one_leader_keeps_no_others_from_protecting() -> None:
    """Six others recused by one of them: two of them approve all the same, and nothing is declined."""
    case = Chronicle()
    proposal = case.propose()
    for leader in LEADERS[1:]:
        kept_out(case, LPSK, leader, LEADERS[0])
    assert not counts(case, case.decline(proposal))
    assert counts(case, case.activate(proposal, case.approve(proposal, "p-2"), case.approve(proposal, "p-3")))


def test_all_who_take_part_are_told() -> None:
    """What only some hear could not be judged alike by all; and who takes no part has nobody to recuse."""
    case = Chronicle(to=(HAM, LPSK))
    assert not counts(case, case.add(HAM, recusal(OFFICER), actor=OFFICER, to=(HAM,)))
    assert not counts(case, case.add(PEREMPUAN, recusal(OFFICER, "petugas_upr"), actor=OFFICER))
    recused = steps_back(case, HAM, OFFICER)
    assert not counts(case, case.add(HAM, back(recused), actor=CHIEF, to=(HAM,)))
    assert counts(case, case.add(HAM, back(recused), actor=CHIEF))


@pytest.mark.parametrize(
    ("agency", "actor", "body"),
    [
        (HAM, OFFICER, OVERRIDE),
        (HAM, OFFICER, StatusRequested(defender_kind="PEMBELA")),
        (HAM, OFFICER, EmergencyProposed(ground="ANCAMAN_NYATA", needs=())),
        (HAM, OFFICER, ClosureProposed(reason="PERMINTAAN_PEMBELA")),
        (HAM, OFFICER, IncidentRecorded(forms=("ANCAMAN",), gendered_forms=(), sphere="FISIK", happened="HARI_INI")),
        (HAM, OFFICER, NoticeAcknowledged(notice="A" * 43)),
        (LPSK, LEADERS[0], EligibilityDetermined(category="KORBAN")),
    ],
    ids=lambda given: given.type if isinstance(given, Body) else "",
)
def test_what_they_say_after_it_counts_no_more(agency: str, actor: Actor, body: Body) -> None:
    """Whichever matter it is, also one that anybody may speak of; a colleague says the same, and that counts."""
    case = Chronicle()
    known = case.events[-1].id
    before = case.add(agency, body, actor=actor)
    recused = case.add(agency, recusal(actor), actor=actor, parents=(known,))
    after = case.add(agency, body, actor=actor, parents=(recused.id,))
    colleague = case.add(agency, body, actor=actor._replace(officer="o-9"), parents=(recused.id,))
    assert [counts(case, one) for one in (before, after, colleague)] == [True, False, True]


def test_who_is_called_alike_elsewhere_goes_on() -> None:
    """A pseudonym is its agency's own; and what rules and timers say is no person's word."""
    case = Chronicle()
    steps_back(case, HAM, OFFICER)
    assert counts(case, case.add(LPSK, OVERRIDE, actor=Actor("pimpinan", OFFICER.officer)))
    kept_out(case, HAM, Actor("tim_hrd", "rajut"), CHIEF, SECOND)
    assert counts(case, case.add(HAM, NoticeAcknowledged(notice="A" * 43), actor=Actor("system", "rajut")))


@pytest.mark.parametrize(
    ("agency", "actor", "right"),
    [
        (HAM, THIRD, True),
        (HAM, SECOND, True),
        (HAM, CHIEF, False),
        (HAM, OFFICER, False),
        (HAM, Actor("petugas_pengaduan", "o-4"), False),
        (LPSK, LEADERS[0], False),
    ],
)
def test_a_second_person_takes_it_back(agency: str, actor: Actor, *, right: bool) -> None:
    """Of the same agency, who may recuse, not who said so. What the officer said meanwhile stays without effect."""
    case = Chronicle()
    recused, _ = kept_out(case, HAM, OFFICER, CHIEF, SECOND)
    meanwhile = case.add(HAM, OVERRIDE, actor=OFFICER)
    assert counts(case, case.add(agency, back(recused), actor=actor)) is right
    assert [counts(case, meanwhile), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))] == [False, right]
    assert out(case) == ([] if right else [OFFICER.officer] * 2)


def test_each_recusal_is_taken_back_by_itself() -> None:
    """Who stepped back, and was asked to beside that, takes part again once both are taken back; neither twice."""
    case = Chronicle()
    first, other, _ = steps_back(case, HAM, OFFICER), *kept_out(case, HAM, OFFICER, CHIEF, SECOND)
    assert counts(case, case.add(HAM, back(first), actor=THIRD))
    assert not counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))
    assert not counts(case, case.add(HAM, back(first), actor=THIRD))
    assert counts(case, case.add(HAM, back(other), actor=THIRD))
    assert counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))


def test_who_is_out_recuses_and_readmits_nobody() -> None:
    """But for stepping back themself, which is always possible."""
    case = Chronicle()
    recused = steps_back(case, HAM, OFFICER)
    steps_back(case, HAM, CHIEF)
    assert not counts(case, case.add(HAM, back(recused), actor=CHIEF))
    assert not counts(case, case.add(HAM, recusal(SECOND), actor=CHIEF))
    assert counts(case, steps_back(case, HAM, CHIEF))


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
    for leader in LEADERS[1:3]:
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


def test_at_every_agency_somebody_can_take_a_recusal_back() -> None:
    """Who may recuse others is, at each agency, a role that may step back like all others."""
    for rules in LATEST.agencies.values():
        assert rules.permissions[Permission.RECUSE_OFFICER]
        assert {*rules.roles} - {*rules.permissions[Permission.STEP_BACK]} == {"admin_node"}
