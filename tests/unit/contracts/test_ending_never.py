from hypothesis import given, settings, strategies as st

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


def anything(case: Emergency, names: list[str]) -> st.SearchStrategy[Body]:
    """Any step there is, about any event of the case."""
    name, day = st.sampled_from(names), st.integers(-2, 12).map(case.day)
    some = st.lists(name, min_size=1, max_size=3, unique=True).map(tuple)
    emergency = st.just(case.active)
    return st.one_of(
        st.builds(DecisionApproved, decision=name),
        st.builds(ExtensionProposed, emergency=emergency, until=day, reason=st.just("LAINNYA")),
        st.builds(EmergencyExtended, extension=name, approvals=some, until=day),
        st.builds(
            EndingProposed,
            emergency=emergency,
            basis=st.sampled_from(["RISIKO_RENDAH", "PERMINTAAN_PEMBELA", "LAINNYA"]),
            risk=st.none() | name,
            reason=st.just("x"),
            exit_plan=st.just(("KONTAK_BERKALA",)),
            ends_on=day,
        ),
        st.builds(EndingAnnounced, ending=name, approvals=some, ends_on=day),
        st.builds(EndingAcknowledged, announcement=name),
        st.builds(EndingWithdrawn, announcement=name, reason=st.just("LAINNYA")),
        st.builds(EmergencyEnded, announcement=name),
        st.builds(
            HandoverOffered, emergency=emergency, recipient=st.sampled_from(OTHERS), measures=st.just(("PENGAWALAN",))
        ),
        st.builds(HandoverAccepted, offer=name),
        st.builds(
            SessionDecided,
            emergency=emergency,
            decision=st.sampled_from(["DITOLAK", "PENGHENTIAN", "DITERIMA"]),
            leaders=st.just(SEATED),
        ),
        st.just(EmergencyProposed(ground="ANCAMAN_NYATA", needs=())),
        st.builds(EmergencyDeclined, proposal=name, refusals=st.just(()), reason=st.just("LAINNYA")),
    )


@st.composite
def mangled(draw: st.DrawFn) -> Emergency:
    """An end by the book with steps left out, out of time or said by others, among anything else."""
    case = Emergency()
    risk = case.assess(draw(st.sampled_from(["RENDAH", "RENDAH", "TINGGI"])))
    case.later(days=draw(st.sampled_from([0, 3, 7, 9])))
    basis = draw(st.sampled_from(["RISIKO_RENDAH", "PERMINTAAN_PEMBELA", "LAINNYA"]))
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
    names = [b64(event.id) for event in case.events]
    known = draw(
        st.none() | st.lists(st.sampled_from([e.id for e in case.events]), min_size=1, max_size=3, unique=True)
    )
    case.say(
        draw(st.sampled_from([*OTHERS, "lpsk", "lpsk"])),
        draw(anything(case, names)),
        draw(st.sampled_from(LEADERS)),
        role=draw(st.sampled_from(ROLES)),
        parents=tuple(known) if known else None,
    )


def lawful(case: Emergency, ended: Event) -> bool:
    """Whether an end has all that it needs, found the slow way from the bare events that its author knew."""
    past, events = Past(case.case.timeline), {b64(event.id): event for event in case.events}
    body = case.case.bodies[ended.id]
    assert isinstance(body, EmergencyEnded)
    announced = events[body.announcement]
    notice = case.case.bodies[announced.id]
    assert isinstance(notice, EndingAnnounced)
    asked = case.case.bodies[events[notice.ending].id]
    assert isinstance(asked, EndingProposed)
    yes = {events[name].content.actor.officer for name in notice.approvals} | {
        events[notice.ending].content.actor.officer
    }
    known = [event for event in case.events if past.has(ended.id, event.id)]
    heard = {
        event.agency
        for event in known
        if isinstance(said := case.case.bodies[event.id], EndingAcknowledged) and said.announcement == body.announcement
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
    ended = [event for event, _ in case.case.of_type(EmergencyEnded)]
    assert all(lawful(case, event) for event in ended)
    if not ended:
        assert case.state == "ACTIVE"


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
