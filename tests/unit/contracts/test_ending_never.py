from collections.abc import Callable

from hypothesis import given, settings, strategies as st

from contracts.case import Case
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.ending import (
    DecisionApproved,
    EmergencyEnded,
    EmergencyExtended,
    EndingAcknowledged,
    EndingAnnounced,
    EndingProposed,
    EndingWithdrawn,
    ExtensionProposed,
    HandoverAccepted,
    HandoverOffered,
)
from contracts.events.protection import EmergencyDeclined, EmergencyProposed
from contracts.events.session import SessionDecided
from contracts.mechanism.calendar import office_day
from contracts.timeline import Event, Past, claimed, latest
from tests.unit.contracts.emergencies import OTHERS, SEATED, Emergency

# No way out: whatever anybody says, in whatever order, knowing whatever part of the case.

LEADERS = ("p-1", "p-2", "p-3")
ROLES = ("", "", "", "pimpinan", "petugas_darurat", "system")
DAYS = st.integers(-2, 12)  # from the present of the story
BASES = st.sampled_from(["RISIKO_RENDAH", "PERMINTAAN_PEMBELA", "LAINNYA"])
PARTNERS = st.sampled_from(OTHERS)
DECISIONS = st.sampled_from(["DITOLAK", "PENGHENTIAN", "DITERIMA"])


def anything(case: Emergency, draw: st.DrawFn) -> Body:
    """Any step there is, about any event of the case."""
    name = st.sampled_from([b64(event.id) for event in case.events])
    steps: list[Callable[[], Body]] = [
        lambda: DecisionApproved(decision=draw(name)),
        lambda: ExtensionProposed(emergency=case.active, until=case.day(draw(DAYS)), reason="LAINNYA"),
        lambda: EmergencyExtended(extension=draw(name), approvals=some(name, draw), until=case.day(draw(DAYS))),
        lambda: EndingProposed(
            emergency=case.active,
            basis=draw(BASES),
            risk=draw(st.none() | name),
            reason="x",
            exit_plan=("KONTAK_BERKALA",),
            ends_on=case.day(draw(DAYS)),
        ),
        lambda: EndingAnnounced(ending=draw(name), approvals=some(name, draw), ends_on=case.day(draw(DAYS))),
        lambda: EndingAcknowledged(announcement=draw(name)),
        lambda: EndingWithdrawn(announcement=draw(name), reason="LAINNYA"),
        lambda: EmergencyEnded(announcement=draw(name)),
        lambda: HandoverOffered(emergency=case.active, recipient=draw(PARTNERS), measures=("PENGAWALAN",)),
        lambda: HandoverAccepted(offer=draw(name)),
        lambda: SessionDecided(emergency=case.active, decision=draw(DECISIONS), leaders=SEATED),
        lambda: EmergencyProposed(ground="ANCAMAN_NYATA", needs=()),
        lambda: EmergencyDeclined(proposal=draw(name), refusals=(), reason="LAINNYA"),
    ]
    return draw(st.sampled_from(steps))()


def some(name: st.SearchStrategy[str], draw: st.DrawFn) -> tuple[str, ...]:
    """A few events of the case."""
    return tuple(draw(st.lists(name, min_size=1, max_size=3, unique=True)))


@st.composite
def mangled(draw: st.DrawFn) -> Emergency:
    """An end by the book with steps left out, out of time or said by others, among anything else."""
    case = Emergency()
    risk = case.assess(draw(st.sampled_from(["RENDAH", "RENDAH", "TINGGI"])))
    case.later(days=draw(st.sampled_from([0, 3, 7, 9])))
    basis = draw(BASES)
    asked = case.ask_to_end(risk, after=draw(st.sampled_from([5, 7, 7, 8])), basis=basis)
    yes = case.agree(asked, draw(st.sampled_from(LEADERS)))
    announced = case.announce(asked, yes)
    case.hear(announced, *draw(st.lists(st.sampled_from([*OTHERS, "lpsk"]), max_size=3, unique=True)))
    for _ in range(draw(st.integers(0, 4))):
        noise(case, draw)
    case.later(days=draw(st.sampled_from([0, 6, 7, 7, 40])))
    whole = st.none() | st.lists(st.sampled_from([e.id for e in case.events]), min_size=1, max_size=3, unique=True)
    parents = draw(whole)
    case.end(announced, parents=tuple(parents) if parents else None)
    for _ in range(draw(st.integers(0, 2))):
        noise(case, draw)
    return case


def noise(case: Emergency, draw: st.DrawFn) -> None:
    """Anybody says anything."""
    known = draw(
        st.none() | st.lists(st.sampled_from([e.id for e in case.events]), min_size=1, max_size=3, unique=True)
    )
    case.say(
        draw(st.sampled_from([*OTHERS, "lpsk", "lpsk"])),
        anything(case, draw),
        draw(st.sampled_from(LEADERS)),
        role=draw(st.sampled_from(ROLES)),
        parents=tuple(known) if known else None,
    )


def lawful(case: Case, ended: Event) -> bool:
    """Whether an end has all that it needs, found the slow way from the bare events that its author knew."""
    past, events = Past(case.timeline), {b64(event.id): event for event in case.timeline}
    body = case.bodies[ended.id]
    assert isinstance(body, EmergencyEnded)
    announced = events[body.announcement]
    notice = case.bodies[announced.id]
    assert isinstance(notice, EndingAnnounced)
    asked = case.bodies[events[notice.ending].id]
    assert isinstance(asked, EndingProposed)
    yes = {events[name].content.actor.officer for name in notice.approvals} | {
        events[notice.ending].content.actor.officer
    }
    known = [event for event in case.timeline if past.has(ended.id, event.id)]
    heard = {
        event.agency
        for event in known
        if isinstance(said := case.bodies[event.id], EndingAcknowledged) and said.announcement == body.announcement
    }
    fresh = asked.basis == "PERMINTAAN_PEMBELA" or (
        asked.risk is not None and (latest(announced) - claimed(events[asked.risk])).days <= 7
    )
    return (
        ended.agency == "lpsk"
        and len(yes) >= 2
        and {*OTHERS} <= heard
        and fresh
        and str(office_day(claimed(ended))) >= notice.ends_on
        and (office_day(claimed(ended)) - office_day(latest(announced))).days >= 7
    )


@settings(max_examples=300)
@given(mangled())
def test_there_is_no_automatic_end_ever(case: Emergency) -> None:
    """Out of ACTIVE leads a leader's written end with all that it needs, and no other sequence of events."""
    told = case.case
    ended = [event for event, _ in told.of_type(EmergencyEnded)]
    assert all(lawful(told, event) for event in ended)
    if not ended:
        assert told.in_force("emergency") == "ACTIVE"


@given(
    st.integers(1, 400), st.lists(st.sampled_from(["DITOLAK", "PENGHENTIAN", "DITERIMA", "REKOMENDASI"]), max_size=4)
)
def test_no_passing_of_time_and_no_session_ends_protection(days: int, decisions: list[str]) -> None:
    """However late it is and whatever the session says, protection is in force until leaders end it by the book."""
    case = Emergency()
    case.later(days=days)
    for decision in decisions:
        case.sit(decision)
    case.assess("EKSTREM")
    assert not case.case.unsupported
    assert case.state == "ACTIVE"
