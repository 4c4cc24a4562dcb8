from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, strategies as st

from contracts.case import Case, fold
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
    StatusRequested,
)
from contracts.mechanism import LATEST
from contracts.promises.promise import Promise
from contracts.promises.status import APPEAL, FINAL_STATUS, PROVISIONAL_STATUS, promises
from contracts.record import EventId
from contracts.timeline import Event, claimed
from contracts.workflow.rule import Claim
from contracts.workflow.status import overall
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle
from tests.unit.contracts.test_case import by_id, ids, past, same

KH, KP, LPSK = AGENCIES
FIRST, SECOND = Actor("tim_hrd", "o-1"), Actor("komisioner_pengaduan", "o-2")
PIKET = Actor("komisioner_piket", "o-3")
ROLES = ("tim_hrd", "komisioner_pengaduan", "komisioner_piket", "petugas_upr", "tenaga_ahli_telaah", "petugas_darurat")
KINDS = ("PEMBELA", "PPHAM")
STATUSES = ("BELUM_DINILAI", "SEMENTARA", "TERVERIFIKASI", "DITOLAK", "DIBANDING")


def determined(status: str = "TERVERIFIKASI", kind: str = "PEMBELA") -> StatusDetermined:
    return StatusDetermined(defender_kind=kind, status=status, basis=("KERJA_HAM",))


def recognised(of: Event) -> StatusRecognised:
    return StatusRecognised(determination=b64(of.id))


def disputed(of: Event) -> StatusDisputed:
    return StatusDisputed(determination=b64(of.id), basis=("CARA_DAMAI",), reason="PENILAIAN_KELIRU")


def appealed(of: Event) -> StatusAppealed:
    return StatusAppealed(determination=b64(of.id), appealed_by="defender", reason="INFORMASI_BARU")


def decided(of: Event, status: str = "TERVERIFIKASI") -> AppealDecided:
    return AppealDecided(appeal=b64(of.id), status=status, basis=("KERJA_HAM",))


def rejected(*, to: tuple[str, ...] = AGENCIES) -> tuple[Chronicle, Event]:
    """A case in which Komnas HAM's first officer has rejected."""
    case = Chronicle(to=to)
    return case, case.add(KH, determined("DITOLAK"), actor=FIRST)


def under_appeal() -> tuple[Chronicle, Event]:
    """The same after an appeal for the defender, taken in by LPSK."""
    case, rejection = rejected()
    return case, case.add(LPSK, appealed(rejection))


def status(case: Case) -> str:
    return overall(lambda slot: case.slots.get(slot, ()), LATEST)


def counts(case: Chronicle, event: Event) -> bool:
    return event.id not in case.case.unsupported


def owed(case: Chronicle, kind: str) -> list[Promise]:
    return [one for one in promises(case.case, LATEST) if one.kind == kind]


def test_anybody_may_ask_and_asking_decides_nothing() -> None:
    """Every agency may ask for a status; the question stands in the case, and nothing else changes."""
    case = Chronicle()
    asked = [case.add(agency, StatusRequested(defender_kind="PPHAM")) for agency in AGENCIES]
    assert all(counts(case, event) for event in asked)
    assert set(case.case.slots) == {"lead"}


def test_each_kind_is_a_matter_of_its_own() -> None:
    """A later rejection as woman defender takes nothing from a verified defender: both stand, the better one rules."""
    case = Chronicle()
    case.add(KH, determined("TERVERIFIKASI"))
    case.add(KP, determined("DITOLAK", "PPHAM"))
    assert case.case.in_force("status/PEMBELA") == "TERVERIFIKASI"
    assert case.case.in_force("status/PPHAM") == "DITOLAK"
    assert status(case.case) == "TERVERIFIKASI"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_officers_who_did_not_know_of_each_other_leave_the_protective_status(order: tuple[int, int]) -> None:
    """Rejected here and provisional there, in either order: both are seen, and the person keeps the protection."""
    case = Chronicle()
    root, bodies = (case.events[0].id,), (determined("DITOLAK"), determined("SEMENTARA"))
    for at in order:
        case.add(KH, bodies[at], parents=root)
    assert case.case.in_force("status/PEMBELA") == "SEMENTARA"
    assert "status/PEMBELA" in case.case.conflicts
    case.add(KH, determined("DITOLAK"))
    assert case.case.in_force("status/PEMBELA") == "DITOLAK"
    assert not case.case.conflicts


def test_another_agency_recognises_or_objects_beside_the_determination() -> None:
    """What the other owner says is visible under its own name; the determination stays as it was."""
    case = Chronicle()
    told = case.add(KH, determined())
    case.add(KP, recognised(told))
    assert case.case.in_force("recognition/PEMBELA/komnas-perempuan") == "DIAKUI"
    case.add(KP, disputed(told))
    case.add(LPSK, disputed(told))
    assert case.case.in_force("recognition/PEMBELA/komnas-perempuan") == "DISANGGAH"
    assert case.case.in_force("recognition/PEMBELA/lpsk") == "DISANGGAH"
    assert status(case.case) == "TERVERIFIKASI"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_recognition_and_objection_that_cross_are_both_seen(order: tuple[int, int]) -> None:
    """Two officers of one agency who differ: the conflict shows, with the objection on top, in either order."""
    case = Chronicle()
    told = case.add(KH, determined())
    bodies: tuple[Body, Body] = (recognised(told), disputed(told))
    for at in order:
        case.add(KP, bodies[at], parents=(told.id,))
    assert case.case.in_force("recognition/PEMBELA/komnas-perempuan") == "DISANGGAH"
    assert len(case.case.conflicts["recognition/PEMBELA/komnas-perempuan"]) == 2


@pytest.mark.parametrize(
    ("agency", "actor", "say"),
    [
        (KH, SECOND, recognised),  # its own
        (KH, SECOND, disputed),
        (LPSK, Actor("pimpinan", "o-9"), recognised),  # determines no kind
        (KP, Actor("petugas_upr", "o-9"), recognised),  # may not
        (KP, Actor("auditor", "o-9"), disputed),
    ],
)
def test_a_stance_of_who_may_not_changes_nothing(agency: str, actor: Actor, say: Callable[[Event], Body]) -> None:
    """An agency does not confirm itself, and only roles that may speak for their agency do."""
    case = Chronicle()
    told = case.add(KH, determined())
    assert not counts(case, case.add(agency, say(told), actor=actor))


def test_a_stance_on_what_is_no_determination_changes_nothing() -> None:
    """Neither the report nor a determination that its author did not know can be recognised."""
    case = Chronicle()
    told, root = case.add(KH, determined()), case.events[0]
    assert not counts(case, case.add(KP, recognised(root)))
    assert not counts(case, case.add(KP, disputed(told), parents=(root.id,)))


def test_no_objection_stops_an_emergency() -> None:
    """A rejection that everyone shares, and objections to all else: two leaders still put protection in force."""
    case, rejection = rejected()
    case.add(LPSK, disputed(rejection))
    case.add(KP, disputed(rejection))
    proposal = case.propose(KP)
    case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    assert case.case.in_force("emergency") == "ACTIVE"


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_appeal_taken_in_by_any_agency_lifts_the_rejection(agency: str) -> None:
    """Whoever the defender turns to: the rejection is under appeal for all."""
    case, rejection = rejected()
    case.add(agency, appealed(rejection))
    assert status(case.case) == "DIBANDING"
    assert not case.case.conflicts


@pytest.mark.parametrize("outcome", ["TERVERIFIKASI", "SEMENTARA", "DITOLAK"])
def test_another_officer_decides_the_appeal(outcome: str) -> None:
    """The outcome replaces the appeal, whatever it is, and the appeal's clock stops."""
    case, appeal = under_appeal()
    assert [one.kept for one in owed(case, APPEAL)] == [False]
    case.add(KH, decided(appeal, outcome), actor=SECOND)
    assert status(case.case) == outcome
    assert [one.kept for one in owed(case, APPEAL)] == [True]


@pytest.mark.parametrize(
    ("agency", "actor"),
    [
        (KH, FIRST),
        (KH, Actor("komisioner_pengaduan", FIRST.officer)),  # in another role it is still the same person
        (KH, Actor("petugas_pengaduan", "o-5")),
        (KP, PIKET),
        (LPSK, Actor("pimpinan", "o-6")),
    ],
)
def test_nobody_else_decides_the_appeal(agency: str, actor: Actor) -> None:
    """Not the officer who rejected, not a role without the permission, not another agency."""
    case, appeal = under_appeal()
    assert not counts(case, case.add(agency, decided(appeal, "DITOLAK"), actor=actor))
    assert status(case.case) == "DIBANDING"


def test_an_appeal_is_not_answered_in_passing() -> None:
    """While it waits, nobody who knows of it rejects anew without deciding it, nor names the status an appeal."""
    case, _ = under_appeal()
    for actor in (FIRST, SECOND):
        assert not counts(case, case.add(KH, determined("DITOLAK"), actor=actor))
    assert not counts(case, case.add(KP, determined("DIBANDING", "PPHAM")))
    assert counts(case, case.add(KP, determined("SEMENTARA", "PPHAM")))


def test_only_a_rejection_that_stands_is_appealed_and_once() -> None:
    """A verified status, a replaced rejection, one under appeal, and a confirmed one have no (further) appeal."""
    case = Chronicle()
    verified = case.add(KH, determined())
    assert not counts(case, case.add(KP, appealed(verified)))
    rejection = case.add(KH, determined("DITOLAK"), actor=FIRST)
    assert not counts(case, case.add(KP, appealed(verified)))
    appeal = case.add(KP, appealed(rejection))
    assert not counts(case, case.add(LPSK, appealed(rejection)))
    outcome = case.add(KH, decided(appeal, "DITOLAK"), actor=SECOND)
    assert not counts(case, case.add(KP, appealed(rejection)))
    assert not counts(case, case.add(KP, appealed(outcome)))
    assert not counts(case, case.add(KH, decided(appeal), actor=SECOND))
    assert status(case.case) == "DITOLAK"


def test_an_appeal_never_takes_a_better_status_away() -> None:
    """Once the agency has verified, an appeal against its old rejection changes nothing."""
    case, rejection = rejected()
    case.add(KH, determined("TERVERIFIKASI"), actor=SECOND)
    assert not counts(case, case.add(KP, appealed(rejection)))
    assert status(case.case) == "TERVERIFIKASI"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(("again", "rules"), [("TERVERIFIKASI", "TERVERIFIKASI"), ("DITOLAK", "DIBANDING")])
def test_an_appeal_and_a_determination_that_cross(order: tuple[int, int], again: str, rules: str) -> None:
    """The protective one of the two is in force in either order, and the outcome of the appeal settles both."""
    case, rejection = rejected()
    said: list[tuple[str, Body]] = [(KP, appealed(rejection)), (KH, determined(again))]
    events = {at: case.add(*said[at], parents=(rejection.id,)) for at in order}
    assert status(case.case) == rules
    case.add(KH, decided(events[0], "SEMENTARA"), actor=SECOND)
    assert status(case.case) == "SEMENTARA"
    assert not case.case.conflicts


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_appeals_that_cross_need_one_outcome(order: tuple[int, int]) -> None:
    """The defender told two agencies: whoever decides knowing both decides both, in either order."""
    case, rejection = rejected()
    events = [case.add((KP, LPSK)[at], appealed(rejection), parents=(rejection.id,)) for at in order]
    assert status(case.case) == "DIBANDING"
    case.add(KH, decided(events[0], "DITOLAK"), actor=SECOND)
    assert status(case.case) == "DITOLAK"
    assert all(one.kept for one in owed(case, APPEAL))


def test_an_appeal_that_its_outcome_did_not_know_stays_in_sight() -> None:
    """It keeps the person under appeal until its own outcome, by any officer but the one who rejected."""
    case, rejection = rejected()
    first = case.add(KP, appealed(rejection), parents=(rejection.id,))
    second = case.add(LPSK, appealed(rejection), parents=(rejection.id,))
    case.add(KH, decided(first, "DITOLAK"), actor=SECOND, parents=(first.id,))
    assert status(case.case) == "DIBANDING"
    case.add(KH, decided(second, "DITOLAK"), actor=SECOND)
    assert status(case.case) == "DITOLAK"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_outcomes_that_cross(order: tuple[int, int]) -> None:
    """Two officers decide one appeal without knowing: the protective outcome holds until the agency settles it."""
    case, appeal = under_appeal()
    outcomes = (decided(appeal, "DITOLAK"), decided(appeal, "TERVERIFIKASI"))
    for at in order:
        case.add(KH, outcomes[at], actor=Actor("tim_hrd", f"o-{at + 5}"), parents=(appeal.id,))
    assert status(case.case) == "TERVERIFIKASI"
    assert "status/PEMBELA" in case.case.conflicts
    case.add(KH, determined("TERVERIFIKASI"), actor=SECOND)
    assert not case.case.conflicts


def test_a_status_is_promised_with_the_report_and_with_every_question() -> None:
    """The agency for the kind owes a provisional status in a day and a final one in a week, each time it is asked."""
    case = Chronicle(gender_lens=True)
    asked = case.add(LPSK, StatusRequested(defender_kind="PEMBELA"))
    day, week = timedelta(hours=24), timedelta(hours=7 * 24)
    begun = {event.id: claimed(event) for event in (case.events[0], asked)}
    for kind, within in ((PROVISIONAL_STATUS, day), (FINAL_STATUS, week)):
        told = {(one.source, one.subject, one.agency, one.due, one.kept) for one in owed(case, kind)}
        assert told == {
            (case.events[0].id, "PPHAM", KP, begun[case.events[0].id] + within, False),
            (asked.id, "PEMBELA", KH, begun[asked.id] + within, False),
        }


@pytest.mark.parametrize(
    ("said", "provisional", "final"),
    [
        ("BELUM_DINILAI", False, False),
        ("SEMENTARA", True, False),
        ("TERVERIFIKASI", True, True),
        ("DITOLAK", True, True),
    ],
)
def test_a_provisional_status_keeps_the_first_promise_only(said: str, provisional: bool, final: bool) -> None:  # noqa: FBT001
    """Good faith is enough within a day; the week asks for an answer."""
    case = Chronicle()
    case.add(KH, determined(said))
    assert [one.kept for one in owed(case, PROVISIONAL_STATUS)] == [provisional]
    assert [one.kept for one in owed(case, FINAL_STATUS)] == [final]


def test_recognising_another_agencys_determination_is_an_answer() -> None:
    """Nobody is interviewed twice: Komnas Perempuan takes over what Komnas HAM found; an objection is no answer."""
    case = Chronicle(gender_lens=True)
    told = case.add(KH, determined())
    case.add(KP, disputed(told))
    assert [one.kept for one in owed(case, FINAL_STATUS)] == [False]
    case.add(KP, recognised(told))
    assert [one.kept for one in owed(case, FINAL_STATUS)] == [True]


def test_nothing_is_promised_by_who_takes_no_part() -> None:
    """An agency that does not see the case cannot be late in it; an unknown kind is nobody's."""
    case = Chronicle(to=(KP, LPSK))
    case.add(LPSK, StatusRequested(defender_kind="PEMBELA"))
    case.add(LPSK, StatusRequested(defender_kind="JENIS_BARU"))
    assert list(promises(case.case, LATEST)) == []


def test_an_appeal_is_answered_within_the_agreed_days() -> None:
    """Counted from when it was taken in, owed by the agency that rejected."""
    case, appeal = under_appeal()
    (one,) = owed(case, APPEAL)
    assert (one.agency, one.source, one.subject) == (KH, appeal.id, "PEMBELA")
    assert one.due == claimed(appeal) + timedelta(days=14)
    assert claimed(appeal) <= datetime.fromisoformat(NOW)


def test_a_closed_case_owes_no_status() -> None:
    """Nobody is late in a case that is over."""
    case, appeal = under_appeal()
    closed = case.case._replace(slots={**case.case.slots, "closure": (Claim("CLOSED", appeal.id),)})
    assert not all(one.kept for one in promises(case.case, LATEST))
    assert all(one.kept for one in promises(closed, LATEST))
    asked = Chronicle().case
    over = asked._replace(slots={**asked.slots, "closure": (Claim("CLOSED", asked.timeline[0].id),)})
    assert [one.kept for one in promises(over, LATEST)] == [True, True]


@st.composite
def stories(draw: st.DrawFn) -> Chronicle:
    """Any sequence of things said of the status, by anybody, each knowing any part of what came before."""
    case = Chronicle()
    for _ in range(draw(st.integers(0, 10))):
        names = st.sampled_from([b64(event.id) for event in case.events])
        kind, said = st.sampled_from(KINDS), st.sampled_from(STATUSES)
        body = st.one_of(
            st.builds(StatusDetermined, defender_kind=kind, status=said, basis=st.just(())),
            st.builds(StatusRecognised, determination=names),
            st.builds(StatusAppealed, determination=names, appealed_by=st.just("defender"), reason=st.just("LAINNYA")),
            st.builds(AppealDecided, appeal=names, status=said, basis=st.just(())),
        )
        actor = Actor(draw(st.sampled_from(ROLES)), draw(st.sampled_from(["o-1", "o-2"])))
        known = draw(st.lists(st.sampled_from(ids(case)), max_size=3, unique=True) | st.just(ids(case)))
        case.add(draw(st.sampled_from([KH, KH, KP, LPSK])), draw(body), actor=actor, parents=tuple(known))
    return case


@given(stories(), st.randoms(use_true_random=False))
def test_every_node_tells_the_same_status(case: Chronicle, random: Random) -> None:
    """In whatever order events arrive, the same is in force, and what was said later turns no verdict."""
    arrived = list(case.events)
    random.shuffle(arrived)
    assert same(fold(arrived, LATEST), case.case)
    events = by_id(case)
    for event in case.events:
        alone = fold([*(events[id_] for id_ in past(events, event.id)), event], LATEST)
        assert (event.id in alone.unsupported) == (event.id in case.case.unsupported)


@given(stories())
def test_who_rejected_never_decides_the_appeal(case: Chronicle) -> None:
    """Whatever is tried, an outcome in force comes from another officer than the rejection that it answers."""
    told = case.case
    names: dict[str, EventId] = {b64(event.id): event.id for event in told.timeline}
    for event, body in told.of_type(AppealDecided):
        appeal = told.bodies[names[body.appeal]]
        assert isinstance(appeal, StatusAppealed)
        rejection = by_id(case)[names[appeal.determination]]
        assert event.agency == rejection.agency
        assert event.content.actor.officer != rejection.content.actor.officer


@given(stories())
def test_an_appeal_is_kept_exactly_when_it_has_its_outcome(case: Chronicle) -> None:
    """No appeal leaves the list of what is owed without an answer to it or to one of the same rejection."""
    told = case.case
    answered = {body.appeal for _, body in told.of_type(AppealDecided)}
    settled = {body.determination for event, body in told.of_type(StatusAppealed) if b64(event.id) in answered}
    kept = {one.source: one.kept for one in owed(case, APPEAL)}
    assert kept == {event.id: body.determination in settled for event, body in told.of_type(StatusAppealed)}


def test_an_emergency_can_be_proposed_whatever_the_status() -> None:
    """Emergency and verification run beside each other: a rejection under appeal is no obstacle to a proposal."""
    case, _ = under_appeal()
    assert counts(case, case.add(KP, EmergencyProposed(ground="ANCAMAN_NYATA", needs=())))
