import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contracts.case import Case, fold
from contracts.content import Actor, Content
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body, read_body
from contracts.events.intake import CaseOpened
from contracts.events.protection import (
    DeferredItem,
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
    RequirementsDeferred,
)
from contracts.events.triage import StatusDetermined, UrgencyAssessed, UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism import LATEST as MECHANISM
from contracts.promises.emergency import DECISION, PAPER
from contracts.promises.plan import JOINT_PLAN
from contracts.promises.review import YEARLY
from contracts.promises.risk import AGAIN, FIRST, STUDY
from contracts.promises.status import APPEAL, FINAL_STATUS, PROVISIONAL_STATUS
from contracts.promises.triage import HUMAN_TRIAGE
from contracts.record import EventId
from contracts.report import read_report
from contracts.timeline import Event
from services.intake.domain import case_opened
from services.node import vocabulary
from services.triage import domain
from services.triage.rules import LATEST
from tests.unit.contracts.chronicle import officer

CASES = Path(__file__).parents[2] / "cases"
KOMNAS_HAM, KOMNAS_PEREMPUAN, LPSK = AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
NOW = datetime(2026, 11, 22, 1, 54, 48, tzinfo=UTC)


def text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def opening(name: str = "ppham-ancaman-langsung") -> CaseOpened:
    return case_opened(read_report((CASES / f"{name}.json").read_bytes()), AGENCIES, 1)


def happened(body: Body, agency: str, after: Sequence[Event] = (), **claim: str) -> Event:
    """An event whose author knew of `after`."""
    place = len(after)
    content = Content(
        type=body.wire_type,
        case="0" * 26,
        time=claim.get("time", text(NOW)),
        actor=Actor(claim.get("role", officer(agency, body).role), claim.get("officer", "p-1")),
        to=AGENCIES,
        parents=tuple(event.id for event in after[-1:]),
        body=body.wire(),
    )
    id_ = EventId(sha256(json.dumps([place, agency, str(content)]).encode()).digest())
    ms = int(NOW.timestamp() * 1000) + place
    return Event(id_, f"rajut.example/{agency}/1", place, Hlc(ms, 0), content)


def story(*acts: tuple[Body, str] | tuple[Body, str, str]) -> list[Event]:
    """Events one after the other; the third part of an act names the leader who did it."""
    events: list[Event] = []
    for act in acts:
        leader = {"role": "pimpinan", "officer": act[2]} if len(act) > 2 else {}
        events.append(happened(act[0], act[1], events, **leader))
    return events


def case(events: Sequence[Event]) -> Case:
    return fold(events, MECHANISM)


def work(events: Sequence[Event], agency: str) -> dict[tuple[str, str], domain.Item]:
    return {(item.kind, item.subject): item for item in domain.work(case(events), MECHANISM, agency)}


def emergency() -> list[Event]:
    """A report, a proposal, two leaders' approvals, protection in force, and the papers that may come later."""
    events = story((opening(), KOMNAS_PEREMPUAN), (EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), KOMNAS_HAM))
    proposal = b64(events[1].id)
    for leader in ("l-1", "l-2"):
        vote = EmergencyApproved(proposal=proposal)
        events.append(happened(vote, LPSK, events, role="pimpinan", officer=leader))
    approvals = tuple(b64(event.id) for event in events[2:])
    active = EmergencyActivated(proposal=proposal, approvals=approvals, review_by=text(NOW + timedelta(days=7)))
    events.append(happened(active, LPSK, events))
    items = (*MECHANISM.deferred_items(gender_lens=True), DeferredItem(code="SYARAT_BARU", owner=LPSK))
    deferred = RequirementsDeferred(emergency=b64(events[-1].id), items=items, due_on="2027-01-08")
    return [*events, happened(deferred, LPSK, events)]


@pytest.mark.parametrize(
    ("name", "level", "rule", "because"),
    [
        ("ppham-ancaman-langsung", "KRITIS", 3, ("ANCAMAN", "EVAKUASI", "RUMAH_AMAN")),
        ("petani-kriminalisasi", "MENDESAK", 6, ("PENAHANAN_SEWENANG",)),
        ("jurnalis-doxing", "MENDESAK", 7, ("ANCAMAN", "KBGO", "PELECEHAN_SEKSUAL")),
        ("buruh-perempuan-dua-pintu-a", "TINGGI", 12, ("INTIMIDASI", "PENGUNTITAN")),
        ("buruh-perempuan-dua-pintu-b", "TINGGI", 12, ("INTIMIDASI",)),
        ("saksi-hanya-lpsk", "MENDESAK", 4, ("PENGANIAYAAN",)),
    ],
)
def test_a_sample_report_is_as_urgent_as_people_would_say(
    name: str, level: str, rule: int, because: tuple[str, ...]
) -> None:
    """Each sample, reported on 22 November 2026, gets its level by the row that a reader of the table would pick."""
    body = opening(name)
    assessed = domain.assess(happened(body, LPSK), body, LATEST, MECHANISM)
    assert assessed == UrgencyAssessed(level=level, rules=1, rule=rule, because=because)


def test_an_old_attack_is_less_urgent() -> None:
    """The same report handed in months later is judged by the days that have passed until then."""
    body = opening()
    event = happened(body, KOMNAS_PEREMPUAN)
    late = event._replace(
        hlc=Hlc(int((NOW + timedelta(days=200)).timestamp() * 1000), 0),
        content=event.content._replace(time=text(NOW + timedelta(days=200))),
    )
    assert domain.assess(event, body, LATEST, MECHANISM).level == "KRITIS"
    assert domain.assess(late, body, LATEST, MECHANISM).level == "MENDESAK"


def test_an_assessment_can_always_be_said() -> None:
    """However many strange codes a case has, what the table says of it is a body that others can read."""
    forms = tuple(f"KODE_BARU_{number}" for number in range(200))
    body = opening().model_copy(update={"forms": forms, "requested": (), "violence": (), "gendered_forms": ()})
    assessed = domain.assess(happened(body, LPSK), body, LATEST, MECHANISM)
    assert read_body(assessed.wire_type, assessed.wire()) == assessed
    assert set(assessed.because) < set(forms)


def test_an_assessment_explains_itself() -> None:
    """Officers read which rule decided, why, and by which codes, in both languages."""
    body = opening("jurnalis-doxing")
    assessed = domain.assess(happened(body, KOMNAS_HAM), body, LATEST, MECHANISM)
    assert domain.explain(assessed, "id") == (
        "Aturan 7: ancaman yang disertai serangan seksual dalam sebulan terakhir; "
        "karena Ancaman, Kekerasan berbasis gender online, Pelecehan seksual"
    )
    assert domain.explain(assessed, "en").startswith("Rule 7: a threat together with a sexual attack in the last month")


@pytest.mark.parametrize(("rules", "rule"), [(9, 7), (1, 99)])
def test_a_rule_of_a_later_table_is_shown_not_hidden(rules: int, rule: int) -> None:
    """An agency with newer rules is not misread: its row, table and codes are named as they are."""
    assessed = UrgencyAssessed(level="KRITIS", rules=rules, rule=rule, because=("KODE_BARU",))
    explanation = domain.explain(assessed, "en")
    assert f"Rule {rule} of table {rules}" in explanation
    assert "KODE_BARU" in explanation


def test_an_unknown_code_is_marked_in_the_explanation() -> None:
    """An officer sees which code nobody here knows yet."""
    body = opening().model_copy(
        update={"forms": ("SERANGAN_BARU",), "requested": (), "violence": (), "gendered_forms": ()}
    )
    explanation = domain.explain(domain.assess(happened(body, LPSK), body, LATEST, MECHANISM), "id")
    assert "SERANGAN_BARU (kode tidak dikenal)" in explanation


def test_each_agency_gets_its_own_work_when_a_case_opens() -> None:
    """Who received it looks at it and the risk, and leads to a plan; who determines such a defender does; no other."""
    events = story((opening("jurnalis-doxing"), KOMNAS_HAM))
    theirs = {HUMAN_TRIAGE, FIRST, STUDY, JOINT_PLAN, YEARLY}
    assert set(work(events, KOMNAS_HAM)) == {(kind, "") for kind in theirs}
    assert set(work(events, KOMNAS_PEREMPUAN)) == {(PROVISIONAL_STATUS, "PPHAM"), (FINAL_STATUS, "PPHAM")}
    assert not work(events, LPSK)
    assert work(events, KOMNAS_PEREMPUAN)[PROVISIONAL_STATUS, "PPHAM"].due_at == NOW + timedelta(hours=24)


def test_status_of_others_is_determined_by_the_agency_for_defenders() -> None:
    """A case without gender lens asks Komnas HAM for the status, whoever received it."""
    assert (PROVISIONAL_STATUS, "PEMBELA") in work(story((opening("petani-kriminalisasi"), LPSK)), KOMNAS_HAM)


@pytest.mark.parametrize(("level", "minutes"), [("KRITIS", 60), ("MENDESAK", 240), ("BIASA", 1440), ("LUAR_BIASA", 60)])
def test_a_person_looks_the_sooner_the_more_urgent(level: str, minutes: int) -> None:
    """The time until a person looks follows the urgency in force; an unknown level gets the shortest."""
    assessed = UrgencyAssessed(level=level, rules=1, rule=1, because=())
    events = story((opening(), KOMNAS_PEREMPUAN), (assessed, KOMNAS_PEREMPUAN))
    assert work(events, KOMNAS_PEREMPUAN)[HUMAN_TRIAGE, ""].due_at == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(("agency", "settled"), [(KOMNAS_PEREMPUAN, True), (LPSK, False)])
def test_an_officers_judgement_is_the_human_triage(agency: str, settled: bool) -> None:  # noqa: FBT001
    """Once an officer of the receiving agency has judged the urgency, a person has looked; another's does not count."""
    judged = UrgencyOverridden(level="TINGGI", reason="sudah dihubungi")
    events = story((opening(), KOMNAS_PEREMPUAN), (judged, agency))
    assert work(events, KOMNAS_PEREMPUAN)[HUMAN_TRIAGE, ""].settled is settled


@pytest.mark.parametrize(("status", "settled"), [("SEMENTARA", True), ("DITOLAK", True), ("BELUM_DINILAI", False)])
def test_a_determined_status_is_done(status: str, settled: bool) -> None:  # noqa: FBT001
    """A provisional status is enough to be done; saying that it is not assessed yet is not."""
    determined = StatusDetermined(defender_kind="PPHAM", status=status, basis=())
    events = story((opening(), KOMNAS_PEREMPUAN), (determined, KOMNAS_PEREMPUAN))
    assert work(events, KOMNAS_PEREMPUAN)[PROVISIONAL_STATUS, "PPHAM"].settled is settled


def test_leaders_get_a_decision_to_make_until_protection_is_in_force() -> None:
    """A proposal is work for the deciding agency alone, due within its target, and done once it is decided."""
    events = emergency()
    asked = work(events[:4], LPSK)[DECISION, ""]
    assert (asked.due_at, asked.settled) == (NOW + timedelta(hours=3), False)
    assert work(events, LPSK)[DECISION, ""].settled
    assert (DECISION, "") not in work(events, KOMNAS_HAM)


def test_a_declined_proposal_is_decided_too() -> None:
    """Once too few leaders are left who could approve, the leaders' work on that proposal is done."""
    events = story((opening(), KOMNAS_PEREMPUAN), (EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), KOMNAS_HAM))
    proposal = b64(events[1].id)
    for leader in range(6):
        refusal = EmergencyRefused(proposal=proposal, reason="LAINNYA")
        events.append(happened(refusal, LPSK, events, role="pimpinan", officer=f"l-{leader}"))
    refusals = tuple(b64(event.id) for event in events[2:])
    assert not work(events, LPSK)[DECISION, ""].settled
    declined = EmergencyDeclined(proposal=proposal, refusals=refusals, reason="PERSETUJUAN_TIDAK_TERCAPAI")
    assert work([*events, happened(declined, LPSK, events)], LPSK)[DECISION, ""].settled


def test_a_decision_that_nothing_bears_out_takes_no_work_away() -> None:
    """An activation without approvals, or by another agency, leaves the leaders' decision open."""
    events = story((opening(), KOMNAS_PEREMPUAN), (EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), KOMNAS_HAM))
    proposal = b64(events[1].id)
    active = EmergencyActivated(proposal=proposal, approvals=(proposal,), review_by=text(NOW))
    declined = EmergencyDeclined(proposal=proposal, refusals=(), reason="LAINNYA")
    for body in (active, declined):
        for agency in AGENCIES:
            assert not work([*events, happened(body, agency, events)], LPSK)[DECISION, ""].settled


def test_each_deferred_paper_is_work_for_its_owner() -> None:
    """Papers are asked of the agency that sees to them, until the end of the last day in Jakarta; new ones too."""
    events = emergency()
    papers = {agency: {subject for kind, subject in work(events, agency) if kind == "SYARAT"} for agency in AGENCIES}
    assert papers[KOMNAS_PEREMPUAN] == {"KETERANGAN_STATUS"}
    assert papers[KOMNAS_HAM] == set()
    assert {"IDENTITAS", "SYARAT_BARU"} < papers[LPSK]
    assert work(events, LPSK)["SYARAT", "IDENTITAS"].due_at == datetime(2027, 1, 8, 16, 59, 59, tzinfo=UTC)


@given(st.permutations(emergency()))
def test_work_does_not_depend_on_the_order_of_arrival(events: list[Event]) -> None:
    """However events were delivered, every node that holds them derives the same work."""
    for agency in AGENCIES:
        assert domain.work(case(events), MECHANISM, agency) == domain.work(case(emergency()), MECHANISM, agency)


def test_settled_work_stays_settled_while_a_story_goes_on() -> None:
    """What a case has shown to be done is not asked for again by what follows."""
    events = emergency()
    for before, after in pairwise(range(1, len(events) + 1)):
        done = {key for key, item in work(events[:before], LPSK).items() if item.settled}
        assert all(work(events[:after], LPSK)[key].settled for key in done)


@pytest.mark.parametrize("claim", ["2036-01-01T00:00:00.000Z", "2026-02-30T00:00:00.000Z", "0000-00-00T99:99:99.000Z"])
def test_nobody_claims_a_deadline_away(claim: str) -> None:
    """A claimed time after the record, or one that does not exist, counts as the time of the record."""
    events = [happened(opening(), KOMNAS_HAM, time=claim)]
    assert work(events, KOMNAS_PEREMPUAN)[PROVISIONAL_STATUS, "PPHAM"].due_at == NOW + timedelta(hours=24)


def test_what_was_noted_late_is_due_from_when_it_happened() -> None:
    """A report that was taken by telephone and entered later has its clock running since the call."""
    call = NOW - timedelta(hours=5)
    events = [happened(opening(), KOMNAS_HAM, time=text(call))]
    assert work(events, KOMNAS_PEREMPUAN)[PROVISIONAL_STATUS, "PPHAM"].due_at == call + timedelta(hours=24)


def test_a_level_that_no_list_has_is_refused_at_our_own_desk() -> None:
    """A typing error never becomes an urgency that nobody can rank."""
    with pytest.raises(Rejected) as refused:
        vocabulary.check(UrgencyOverridden(level="GAWAT", reason="x"))
    assert (refused.value.code, refused.value.detail) == (Code.SCHEMA, "level")


BY_EVENT = (PROVISIONAL_STATUS, FINAL_STATUS, APPEAL, FIRST, AGAIN, DECISION, "KERJA_BARU")


@pytest.mark.parametrize("kind", BY_EVENT)
def test_what_an_event_settles_cannot_be_ticked_off(kind: str) -> None:
    """Nobody makes a life-saving decision disappear from the list without deciding it."""
    with pytest.raises(Rejected) as refused:
        domain.check_done(kind)
    assert refused.value.code == Code.STATE


@pytest.mark.parametrize("kind", [HUMAN_TRIAGE, PAPER])
def test_what_people_do_outside_of_the_software_can_be_ticked_off(kind: str) -> None:
    """Having looked at a case and having received a paper are an officer's word."""
    domain.check_done(kind)
