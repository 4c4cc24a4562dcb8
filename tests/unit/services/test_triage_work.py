"""What each agency has to do in a case, by when, and what settles it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.protection import EmergencyActivated, EmergencyDeclined, EmergencyProposed, EmergencyRefused
from contracts.events.triage import StatusDetermined, UrgencyAssessed, UrgencyOverridden
from contracts.mechanism import LATEST as MECHANISM
from contracts.promises.emergency import DECISION, PAPER
from contracts.promises.plan import JOINT_PLAN
from contracts.promises.review import YEARLY
from contracts.promises.risk import AGAIN, FIRST, STUDY
from contracts.promises.status import APPEAL, FINAL_STATUS, PROVISIONAL_STATUS
from contracts.promises.triage import HUMAN_TRIAGE
from contracts.timeline import Event
from services.triage import domain
from tests.unit.services.stories import (
    AGENCIES,
    KOMNAS_HAM,
    KOMNAS_PEREMPUAN,
    LPSK,
    NOW,
    case,
    emergency,
    happened,
    opening,
    story,
    text,
    work,
)


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
    assert work(events, LPSK)["SYARAT", "IDENTITAS"].due_at == datetime(2027, 1, 7, 16, 59, 59, tzinfo=UTC)


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


BY_EVENT = (PROVISIONAL_STATUS, FINAL_STATUS, APPEAL, FIRST, AGAIN, DECISION, PAPER, "KERJA_BARU")


@pytest.mark.parametrize("kind", BY_EVENT)
def test_what_an_event_settles_cannot_be_ticked_off(kind: str) -> None:
    """Nobody makes a decision or a paper disappear from the list while the case goes on waiting for it."""
    with pytest.raises(Rejected) as refused:
        domain.check_done(kind)
    assert refused.value.code == Code.STATE


def test_what_people_do_outside_of_the_software_can_be_ticked_off() -> None:
    """Having looked at a case is an officer's word."""
    domain.check_done(HUMAN_TRIAGE)
