from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from contracts.codes import codes
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.ending import EndingWithdrawn, HandoverAccepted, HandoverOffered
from contracts.events.notify import NoticeAcknowledged, NoticeSent
from contracts.events.protection import EmergencyProposed, LetterIssued, LetterRequested, RequirementFulfilled
from contracts.events.triage import EligibilityDetermined
from contracts.mechanism import LATEST
from contracts.promises import emergency
from contracts.promises.promise import Promise
from contracts.timeline import claimed
from tests.unit.contracts.chronicle import NOW, Chronicle
from tests.unit.contracts.emergencies import DUE, OTHERS, START, Emergency


def owed(case: Chronicle, kind: str) -> list[Promise]:
    """The promises of one kind."""
    return [promise for promise in emergency.promises(case.case, LATEST) if promise.kind == kind]


def open_(case: Chronicle, kind: str) -> list[tuple[str, str, datetime]]:
    """Those that were not kept: subject, who owes it, by when."""
    return [(one.subject, one.agency, one.due) for one in owed(case, kind) if not one.kept]


def office_night(day: str) -> datetime:
    """23:59:59 of a day in Jakarta."""
    return datetime.fromisoformat(f"{day}T23:59:59+07:00")


def fulfil(case: Emergency) -> None:
    """Both papers come."""
    for agency, code in (("lpsk", "IDENTITAS"), ("komnas-ham", "KETERANGAN_STATUS")):
        case.say(agency, RequirementFulfilled(requirements=b64(case.listed.id), requirement=code))


def test_who_asks_sees_to_it_that_somebody_has_heard() -> None:
    """Within ten minutes; a machine that notes it hears nothing, and the agency that decides owes itself nothing."""
    case = Chronicle()
    case.propose("komnas-perempuan")
    ((_, agency, due),) = open_(case, "USULAN_DITERIMA")
    assert (agency, due) == ("komnas-perempuan", claimed(case.events[-1]) + timedelta(minutes=10))
    sent = NoticeSent(about=b64(case.events[-1].id), role="pimpinan", step=2, channel="email", respond_by=NOW)
    case.add("lpsk", sent, actor=Actor("system", "rajut"))
    assert open_(case, "USULAN_DITERIMA")
    case.add("lpsk", NoticeAcknowledged(notice=b64(case.events[-1].id)), actor=Actor("petugas_darurat", "o-1"))
    assert open_(case, "USULAN_DITERIMA") == []
    case = Chronicle()
    case.propose("lpsk")
    assert owed(case, "USULAN_DITERIMA") == []


def test_a_word_from_before_the_proposal_is_no_answer_to_it() -> None:
    """Somebody who spoke in the case without knowing of the proposal has not heard of it; a decision has."""
    case = Chronicle()
    start = (case.events[-1].id,)
    proposal = case.propose()
    case.add("lpsk", EligibilityDetermined(category="KORBAN"), parents=start)
    assert open_(case, "USULAN_DITERIMA")
    case.activate(proposal, case.approve(proposal, "l-1"), case.approve(proposal, "l-2"))
    assert open_(case, "USULAN_DITERIMA") == []


def test_leaders_decide_within_three_hours_at_the_latest_six() -> None:
    """Both clocks start with the proposal and stop with protection in force."""
    case = Chronicle()
    case.propose()
    proposed = datetime.fromtimestamp(case.events[-1].hlc.ms / 1000, UTC)
    for kind, hours in (("KEPUTUSAN_DARURAT", 3), ("BATAS_KEPUTUSAN_DARURAT", 6)):
        assert open_(case, kind) == [("", "lpsk", proposed + timedelta(hours=hours))]
        assert all(promise.kept for promise in owed(Emergency(), kind))


def test_each_paper_is_owed_by_its_owner_until_it_is_there() -> None:
    """By the deadline that is in force: an extension moves it."""
    case = Emergency()
    due = office_night(DUE)
    assert open_(case, "SYARAT") == [("IDENTITAS", "lpsk", due), ("KETERANGAN_STATUS", "komnas-ham", due)]
    case.extend("2027-01-29")
    assert {until for _, _, until in open_(case, "SYARAT")} == {office_night("2027-01-29")}
    fulfil(case)
    assert open_(case, "SYARAT") == []


def test_owners_are_reminded_on_four_days_of_what_is_not_there() -> None:
    """Days 3, 7, 14 and 21 after the list was made; a paper that is there reminds nobody."""
    case = Emergency()
    body = RequirementFulfilled(requirements=b64(case.listed.id), requirement="IDENTITAS")
    case.say("lpsk", body)
    found = [(one.promise.subject, one.at) for one in emergency.reminders(case.case, LATEST)]
    assert found == [("KETERANGAN_STATUS", START + timedelta(days=day)) for day in (3, 7, 14, 21)]


def test_at_the_deadline_leaders_decide_and_three_working_days_later_it_climbs() -> None:
    """Friday 8 January; the Wednesday after it is the last day."""
    case = Emergency()
    assert open_(case, "KEPUTUSAN_TENGGAT") == [(DUE, "lpsk", office_night(DUE))]
    assert open_(case, "TENGGAT_LEWAT") == [(DUE, "lpsk", office_night("2027-01-13"))]


@pytest.mark.parametrize("way", ["papers", "extension", "handover", "ending", "session"])
def test_each_way_to_decide_at_the_deadline_keeps_the_promise(way: str) -> None:
    """Complete papers, a later deadline, measures in other hands, an announced end, or the session took it on."""
    case = Emergency()
    match way:
        case "papers":
            fulfil(case)
        case "extension":
            case.extend("2027-01-29")
        case "handover":
            body = HandoverOffered(emergency=case.active, recipient="komnas-ham", measures=("PENGAWALAN",))
            offer = case.say("lpsk", body)
            assert open_(case, "KEPUTUSAN_TENGGAT")
            assert open_(case, "SERAH_TERIMA") == [("", "komnas-ham", case.now + timedelta(hours=72))]
            case.say("komnas-ham", HandoverAccepted(offer=b64(offer.id)))
            assert open_(case, "SERAH_TERIMA") == []
        case "ending":
            case.announced()
        case _:
            case.sit("DITERIMA")
    assert office_night(DUE) not in {due for _, _, due in open_(case, "KEPUTUSAN_TENGGAT")}
    assert len(open_(case, "KEPUTUSAN_TENGGAT")) == (way == "extension")


def test_a_request_for_a_letter_is_answered_within_fourteen_days() -> None:
    """By the agency that was asked."""
    case = Emergency()
    letter = "KETERANGAN_STATUS_PEMBELA"
    asked = case.say("lpsk", LetterRequested(letter=letter, issuer="komnas-ham"))
    assert open_(case, "SURAT") == [(letter, "komnas-ham", START + timedelta(days=14))]
    case.say("komnas-ham", LetterIssued(letter=letter, number="1", sha256="0" * 64, request=b64(asked.id)))
    assert open_(case, "SURAT") == []


def test_the_session_sees_every_emergency_before_the_papers_are_due() -> None:
    """The promise is there from the activation, and kept by whatever the session decides."""
    case = Emergency()
    assert open_(case, "SIDANG_SMPL") == [("", "lpsk", office_night(DUE))]
    case.sit("REKOMENDASI")
    assert open_(case, "SIDANG_SMPL") == []


@pytest.mark.parametrize("decision", ["DITOLAK", "PENGHENTIAN"])
def test_a_rejection_obliges_the_leaders_to_act(decision: str) -> None:
    """Within three working days they hand over or announce an end; what they had announced before is no answer."""
    case = Emergency()
    before = case.announced()
    case.sit(decision)
    assert open_(case, "TINDAK_LANJUT_SMPL") == [(decision, "lpsk", office_night("2026-11-26"))]
    case.say("lpsk", EndingWithdrawn(announcement=b64(before.id), reason="LAINNYA"))
    case.announced()
    assert open_(case, "TINDAK_LANJUT_SMPL") == []


def test_the_others_hear_of_an_end_before_its_day() -> None:
    """Each of them owes a word; whoever was heard, or an end that was taken back, owes nothing."""
    case = Emergency()
    announced = case.announced()
    due = office_night(case.day(6))
    assert open_(case, "TANGGAPAN_PENGAKHIRAN") == [("", agency, due) for agency in OTHERS]
    case.hear(announced, OTHERS[0])
    assert open_(case, "TANGGAPAN_PENGAKHIRAN") == [("", OTHERS[1], due)]
    case.say("lpsk", EndingWithdrawn(announcement=b64(announced.id), reason="LAINNYA"))
    assert open_(case, "TANGGAPAN_PENGAKHIRAN") == []


def test_an_end_keeps_what_was_owed_for_the_emergency() -> None:
    """Nobody is reminded of papers for protection that is over."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=7)
    case.end(announced)
    assert [promise.kind for promise in emergency.promises(case.case, LATEST) if not promise.kept] == ["SIDANG_SMPL"]


@given(st.lists(st.sampled_from(["extend", "sit", "announce", "propose", "fulfil", "later"]), max_size=6))
def test_every_promise_has_a_name_and_stands_once(steps: list[str]) -> None:
    """No two promises are the same, and each kind is called something on the screens."""
    case = Emergency()
    for step in steps:
        match step:
            case "extend":
                case.extend("2027-01-29")
            case "sit":
                case.sit("DITOLAK")
            case "announce":
                case.announced(basis="PERMINTAAN_PEMBELA")
            case "propose":
                case.say("komnas-perempuan", EmergencyProposed(ground="ANCAMAN_NYATA", needs=()))
            case "fulfil":
                fulfil(case)
            case _:
                case.later(days=20)
    found = list(emergency.promises(case.case, LATEST))
    names = [promise[:4] for promise in found]
    assert len(set(names)) == len(names)
    assert {promise.kind for promise in found} <= set(codes("work_kind"))
