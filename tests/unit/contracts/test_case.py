from collections.abc import Callable, Mapping
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from contracts.case import Case, digest, fold, heads
from contracts.content import MAX_PARENTS, Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
)
from contracts.events.triage import OfficerReadmitted, OfficerRecused, StatusDetermined, UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.rule import PROTECTIVE
from tests.unit.contracts.chronicle import AGENCIES, Chronicle, opening

LEVELS = PROTECTIVE["urgency"]
STATUSES = PROTECTIVE["status"]
LEADERS = [f"leader-{number}" for number in range(1, 8)]
ACTORS = [Actor("pimpinan", leader) for leader in LEADERS[:4]] + [Actor("tim_hrd", "o-1")]
PROPOSERS = [
    ("komnas-ham", ACTORS[-1]),
    ("lpsk", Actor("petugas_darurat", "o-1")),
    *(("lpsk", one) for one in ACTORS[:4]),
]
ACTIVE_BY = "2026-11-29T01:54:48.123Z"


@st.composite
def chronicles(draw: st.DrawFn) -> Chronicle:
    """Any case that agencies could write, honest or not: every event knows any part of what came before."""
    case = Chronicle()
    for _ in range(draw(st.integers(0, 14))):
        names = [b64(event.id) for event in case.events]
        known = draw(st.lists(st.sampled_from(ids(case)), max_size=4, unique=True))
        case.add(
            draw(st.sampled_from([*AGENCIES, "lpsk", "lpsk"])),
            decision(names, draw),
            actor=draw(st.sampled_from(ACTORS)),
            parents=tuple(known),
            tick=draw(st.integers(0, 3)),
        )
    return case


def decision(names: list[str], draw: st.DrawFn) -> Body:
    """Any decision, about any event there is."""
    name = st.sampled_from(names)
    some = st.lists(name, min_size=1, max_size=4, unique=True).map(tuple)
    decisions: list[Callable[[], Body]] = [
        lambda: UrgencyOverridden(level=draw(st.sampled_from([*LEVELS, "BARU"])), reason="x"),
        lambda: StatusDetermined(defender_kind="PEMBELA", status=draw(st.sampled_from(STATUSES)), basis=()),
        lambda: OfficerRecused(officer=draw(st.sampled_from(ACTORS)).officer, role="pimpinan", reason="KERABAT"),
        lambda: OfficerReadmitted(recusal=draw(name)),
        lambda: EmergencyProposed(ground="ANCAMAN_NYATA", needs=()),
        lambda: EmergencyApproved(proposal=draw(name)),
        lambda: EmergencyRefused(proposal=draw(name), reason="DASAR_TIDAK_TERPENUHI"),
        lambda: EmergencyActivated(proposal=draw(name), approvals=draw(some), review_by=ACTIVE_BY),
        lambda: EmergencyDeclined(proposal=draw(name), refusals=draw(some), reason="BATAS_WAKTU_LEWAT"),
    ]
    return draw(st.sampled_from(decisions))()


@st.composite
def voted(draw: st.DrawFn) -> Chronicle:
    """Like `chronicles`, but steered to where votes are cast and outcomes are claimed."""
    case = Chronicle()
    agency, proposer = draw(st.sampled_from(PROPOSERS))
    proposal = case.propose(agency, actor=proposer)
    votes: list[str] = []
    for leader in draw(st.lists(st.sampled_from(LEADERS), min_size=1, max_size=8)):
        known = draw(st.lists(st.sampled_from(ids(case)[1:]), min_size=1, max_size=3, unique=True))
        votes.append(case.approve(proposal, leader, parents=tuple(known)))
    named = draw(st.just(votes) | st.lists(st.sampled_from(votes), min_size=1, max_size=4, unique=True))
    everything = st.just(ids(case))
    known = draw(everything | st.lists(st.sampled_from(ids(case)), min_size=1, max_size=8, unique=True))
    body = EmergencyActivated(proposal=proposal, approvals=tuple(named), review_by=ACTIVE_BY)
    case.add(draw(st.sampled_from(["lpsk", "lpsk", "komnas-ham"])), body, parents=tuple(known))
    return case


def past(events: Mapping[EventId, Event], of: EventId) -> set[EventId]:
    """Everything that an event's author could have known, found the slow way."""
    found: set[EventId] = set()
    todo = [of]
    while todo:
        for parent in events[todo.pop()].content.parents:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def ids(case: Chronicle) -> list[EventId]:
    return [event.id for event in case.events]


def by_id(case: Chronicle) -> dict[EventId, Event]:
    return {event.id: event for event in case.events}


def same(one: Case, other: Case) -> bool:
    slots = [{slot: set(claims) for slot, claims in case.slots.items()} for case in (one, other)]
    return one.timeline == other.timeline and one.unsupported == other.unsupported and slots[0] == slots[1]


@given(st.one_of(chronicles(), voted()), st.integers())
def test_arrival_order_decides_nothing(case: Chronicle, seed: int) -> None:
    """In whatever order events arrive, and however often, every node tells the same case."""
    arrived = [*case.events, *case.events[:3]]
    Random(seed).shuffle(arrived)
    assert same(fold(arrived, LATEST), case.case)


@given(st.one_of(chronicles(), voted()))
def test_a_timeline_has_parents_before_children(case: Chronicle) -> None:
    """Nobody reads an answer before its question, and nothing is left out."""
    order = [event.id for event in case.case.timeline]
    assert sorted(order) == sorted(by_id(case))
    assert all(order.index(parent) < order.index(e.id) for e in case.events for parent in e.content.parents)


@given(st.one_of(chronicles(), voted()))
def test_an_event_is_judged_by_its_own_past_alone(case: Chronicle) -> None:
    """What others say later, or said unknown to its author, never turns a verdict."""
    events, verdicts = by_id(case), case.case.unsupported
    for event in case.events:
        alone = fold([events[id_] for id_ in past(events, event.id)] + [event], LATEST)
        assert (event.id in alone.unsupported) == (event.id in verdicts)


@pytest.mark.parametrize(("slot", "kind"), [("urgency", UrgencyOverridden), ("status/PEMBELA", StatusDetermined)])
@given(case=chronicles())
def test_what_stands_is_what_nobody_replaced(slot: str, kind: type[Body], case: Chronicle) -> None:
    """A decision goes only when a later one on the same matter knew of it; all others stand, and disagree in sight."""
    events, told = by_id(case), case.case
    written = [event.id for event, _ in told.of_type(kind)]
    standing = set(written).difference(*(past(events, later) for later in written))
    claims = told.slots.get(slot, ())
    assert {claim.event for claim in claims} == standing
    assert (slot in told.conflicts) == (len({claim.value for claim in claims}) > 1)


@settings(max_examples=400)
@given(chronicles())
def test_the_protective_decision_is_in_force(case: Chronicle) -> None:
    """On every matter, among decisions that disagree, none that protects more is passed over."""
    told = case.case
    for name, claims in told.slots.items():
        values = {claim.value for claim in claims}
        known = [value for value in PROTECTIVE.get(name.partition("/")[0], ()) if value in values]
        assert not known or told.in_force(name) == known[-1]


@given(st.one_of(chronicles(), voted()))
def test_no_protection_in_force_without_two_leaders(case: Chronicle) -> None:
    """Whatever is claimed, ACTIVE stands only on approvals by two different leaders, neither the proposer."""
    told, events = case.case, by_id(case)
    for claim in told.slots.get("emergency", ()):
        body = told.bodies[claim.event]
        if claim.value != "ACTIVE" or not isinstance(body, EmergencyActivated):
            continue
        known = {b64(id_): events[id_] for id_ in past(events, claim.event)}
        proposer = known[body.proposal]
        yes = [known[name] for name in body.approvals if name in known and _is_yes(told, known[name], body.proposal)]
        barred = proposer.content.actor.officer if proposer.agency == "lpsk" else ""
        assert events[claim.event].agency == "lpsk"
        assert len({event.content.actor.officer for event in yes} - {barred}) >= 2


def _is_yes(case: Case, event: Event, proposal: str) -> bool:
    body = case.bodies[event.id]
    leader = event.agency == "lpsk" and event.content.actor.role == "pimpinan"
    return leader and isinstance(body, EmergencyApproved) and body.proposal == proposal


@given(voted())
def test_two_leaders_are_always_enough(case: Chronicle) -> None:
    """An activation on the known approvals of two other leaders is in force: nothing else is asked."""
    events, last = by_id(case), case.events[-1]
    known = {b64(id_) for id_ in past(events, last.id)}
    body = case.case.bodies[last.id]
    assert isinstance(body, EmergencyActivated)
    proposer = case.events[1]
    yes = [event for event in case.events[2:-1] if b64(event.id) in known & set(body.approvals)]
    barred = proposer.content.actor.officer if proposer.agency == "lpsk" else ""
    enough = len({event.content.actor.officer for event in yes} - {barred}) >= 2
    assert (case.case.in_force("emergency") == "ACTIVE") == (enough and last.agency == "lpsk")


def test_two_offices_that_did_not_know_of_each_other_disagree_in_sight() -> None:
    """Both decisions stand, the more urgent one is in force, and one that knew both ends the conflict."""
    case = Chronicle()
    root = (case.events[0].id,)
    high = case.add("komnas-ham", UrgencyOverridden(level="KRITIS", reason="x"), parents=root)
    low = case.add("lpsk", UrgencyOverridden(level="BIASA", reason="x"), parents=root, tick=99)
    assert {claim.event for claim in case.case.conflicts["urgency"]} == {high.id, low.id}
    assert case.case.in_force("urgency") == "KRITIS"
    case.add("lpsk", UrgencyOverridden(level="BIASA", reason="x"))
    assert not case.case.conflicts
    assert case.case.in_force("urgency") == "BIASA"


def test_two_offices_that_agree_are_no_conflict() -> None:
    """The same decision made twice is one decision with two authors."""
    case = Chronicle()
    root = (case.events[0].id,)
    for agency in ("komnas-ham", "lpsk"):
        case.add(agency, UrgencyOverridden(level="KRITIS", reason="x"), parents=root)
    assert len(case.case.slots["urgency"]) == 2
    assert not case.case.conflicts


def test_a_late_clock_does_not_win() -> None:
    """A decision that knew of another replaces it, even if its author's clock runs behind."""
    case = Chronicle()
    case.add("lpsk", UrgencyOverridden(level="KRITIS", reason="x"), tick=10**6)
    case.add("komnas-ham", UrgencyOverridden(level="TINGGI", reason="x"), tick=0)
    assert case.case.in_force("urgency") == "TINGGI"


def test_an_unknown_type_is_kept_and_changes_nothing() -> None:
    """An event from later software stands in the timeline and carries the graph on."""
    case = Chronicle()
    odd = case.add("lpsk", UrgencyOverridden(level="KRITIS", reason="x"))
    unread = odd._replace(content=odd.content._replace(type="rajut.triage.urgency.foreseen.v1"))
    case.events[-1] = unread
    case.add("lpsk", UrgencyOverridden(level="TINGGI", reason="x"))
    assert unread in case.case.timeline
    assert unread.id not in case.case.bodies
    assert case.case.in_force("urgency") == "TINGGI"


@given(chronicles(), st.sets(st.sampled_from(AGENCIES)))
def test_a_new_event_only_names_what_its_readers_may_read(case: Chronicle, readers: set[str]) -> None:
    """Parents never lead a reader to an event that was kept from them, and there are never too many."""
    for at in range(20):
        private = AGENCIES[at % 3]
        case.add(private, UrgencyOverridden(level="BIASA", reason="x"), to=(private,), parents=(case.events[0].id,))
    named = heads(case.events, readers)
    assert len(named) <= MAX_PARENTS
    assert list(named) == sorted(set(named))
    assert all(readers <= set(by_id(case)[id_].content.to) for id_ in named)


@given(chronicles())
def test_private_events_do_not_change_the_shared_digest(case: Chronicle) -> None:
    """Nodes compare what all may read: an agency's own notes make no difference."""
    before = digest(case.case, LATEST)
    case.add("lpsk", UrgencyOverridden(level="KRITIS", reason="x"), to=("lpsk",))
    assert digest(case.case, LATEST) == before
    case.add("lpsk", UrgencyOverridden(level="KRITIS", reason="x"))
    assert digest(case.case, LATEST) != before


def test_a_case_without_its_opening_says_so() -> None:
    """Events without a case opened have no participants, and nothing breaks."""
    case = Chronicle(opened=False)
    case.propose()
    assert case.case.opened is None
    assert case.case.participants == ()
    assert fold([], LATEST).in_force("emergency") == ""


def test_whoever_opens_a_case_leads_it() -> None:
    """The receiving agency leads until a handover; the participants are those the opening names."""
    case = Chronicle(opened=False)
    case.add("lpsk", opening("lpsk", gender_lens=False, to=("komnas-ham", "lpsk")), to=("komnas-ham", "lpsk"))
    assert case.case.in_force("lead") == "lpsk"
    assert case.case.participants == ("komnas-ham", "lpsk")
