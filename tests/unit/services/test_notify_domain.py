"""What happens in a case calls whoever has to know of it, and nobody else."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import REGISTRY, Body, read_body
from contracts.events.breach import BreachFound
from contracts.events.intake import DisclosureMade, OutsiderNamed
from contracts.events.notify import NoticeSent, ReminderGiven
from contracts.events.protection import DeferredItem, RequirementsDeferred
from contracts.events.referral import ReferralDeclined
from contracts.events.step import StepOverdue
from contracts.events.triage import RiskAssessed, UrgencyOverridden
from contracts.mechanism import LATEST, Permission
from contracts.workflow.emergency import papers_due
from services.notify import domain
from services.notify.domain import Call
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle
from tests.unit.contracts.test_referral import Story, escalated
from tests.unit.services.calls import DUTY, EVERYBODY, assessed, called

GOLDEN = Path(__file__).parents[2] / "cases" / "bodies"


def test_a_proposal_calls_duty_and_leaders_of_the_agency_that_decides() -> None:
    """An emergency goes straight to those who decide, without waiting for a climb; nobody else is woken."""
    case = Chronicle()
    case.propose()
    duty, leaders = Call(0, "petugas_darurat", "KRITIS"), Call(2, "pimpinan", "KRITIS")
    assert called(case, case.events[-1]) == {"lpsk": [duty, leaders]}


@pytest.mark.parametrize("level", ["KRITIS", "MENDESAK", "LEBIH_DARI_KRITIS"])
def test_an_urgent_case_calls_every_agency_of_it(level: str) -> None:
    """Urgent, or of a level that this version does not know: the duty officer of each participant learns of it."""
    case = Chronicle(to=("komnas-ham", "lpsk"))
    expected = {agency: [Call(0, DUTY[agency], level)] for agency in case.to}
    assert called(case, case.add("komnas-ham", assessed(level))) == expected
    assert called(case, case.add("lpsk", UrgencyOverridden(level=level, reason="x"))) == expected


@pytest.mark.parametrize("level", ["TINGGI", "BIASA"])
def test_an_ordinary_case_wakes_nobody(level: str) -> None:
    """What can wait waits as work at the desk."""
    case = Chronicle()
    assert called(case, case.add("komnas-ham", assessed(level))) == {}


def test_a_new_case_calls_the_duty_officer_of_the_agency_that_opened_it() -> None:
    """Somebody has it in hand, whatever becomes of the assessment; the other agencies are not called yet."""
    case = Chronicle()
    assert called(case, case.events[0]) == {"komnas-ham": [Call(0, "petugas_pengaduan", "BIASA")]}


def test_a_case_that_is_assessed_already_is_not_announced_again() -> None:
    """The assessment decides who is called."""
    case = Chronicle()
    case.add("komnas-ham", assessed("TINGGI"))
    assert called(case, case.events[0]) == {}


@pytest.mark.parametrize("decided", ["activate", "decline"])
def test_the_decision_reaches_every_agency_of_the_case(decided: str) -> None:
    """All learn that protection is in force, or that it is not and they must find another way."""
    case = Chronicle()
    proposal = case.propose()
    if decided == "activate":
        event = case.activate(proposal, case.approve(proposal, "l-1"), case.approve(proposal, "l-2"))
    else:
        event = case.decline(proposal, *(case.refuse(proposal, f"l-{number}") for number in range(6)))
    assert called(case, event) == {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES}


def test_deferred_papers_call_their_owners() -> None:
    """An agency that owes nothing is not bothered, and paper is never pressing."""
    case = Chronicle()
    proposal = case.propose()
    active = case.activate(proposal, case.approve(proposal, "l-1"), case.approve(proposal, "l-2"))
    items = tuple(DeferredItem(code=code, owner=owner) for code, owner in [("IDENTITAS", "lpsk"), ("X", "komnas-ham")])
    due_on = papers_due(active, LATEST)
    event = case.add("lpsk", RequirementsDeferred(emergency=b64(active.id), items=items, due_on=due_on))
    assert called(case, event) == {agency: [Call(0, DUTY[agency], "BIASA")] for agency in ("komnas-ham", "lpsk")}


INSIDE = DisclosureMade(
    ground="KEPENTINGAN_VITAL", fields=("identity",), recipients=("lpsk",), reason="Ancaman pembunuhan."
)
OUTSIDE = OutsiderNamed(
    ground="KEPENTINGAN_VITAL", kind="KEPOLISIAN", recipient="Unit PPA", fields=("identity",), reason="Diculik."
)


@pytest.mark.parametrize(("body", "to"), [(INSIDE, AGENCIES), (OUTSIDE, ("komnas-ham",))])
def test_a_disclosure_without_consent_is_told_to_the_auditor_alone(body: Body, to: tuple[str, ...]) -> None:
    """At the agency that discloses, above its ladder: nobody on it answers instead of the auditor."""
    case = Chronicle()
    made = case.add("komnas-ham", body, actor=Actor("tim_hrd", "o-1"), to=to)
    rules = LATEST.agencies["komnas-ham"]
    assert called(case, made) == {"komnas-ham": [Call(domain.ladder_end(rules), "auditor", "KRITIS")]}
    assert domain.may_answer(rules, domain.ladder_end(rules), "auditor", "auditor")
    assert not any(domain.may_answer(rules, domain.ladder_end(rules), "auditor", role) for role in rules.ladder)
    assert LATEST.may("komnas-ham", "auditor", Permission.ACKNOWLEDGE_NOTICE)


def test_an_agency_that_the_rules_of_a_case_do_not_name_calls_nobody() -> None:
    """Who joins later takes part in an older case, too; its rules give it no ladder, and nothing breaks."""
    case = Chronicle(to=tuple(sorted((*AGENCIES, "lembaga-keempat"))))
    urgent = case.add("komnas-ham", assessed("KRITIS"))
    assert set(called(case, urgent)) == {*AGENCIES}
    assert domain.calls(case.case, urgent, "lembaga-keempat", LATEST, EVERYBODY) == []


def test_a_claim_that_does_not_hold_calls_nobody() -> None:
    """An activation without two leaders is shown, and no officer acts on it."""
    case = Chronicle()
    proposal = case.propose()
    assert called(case, case.activate(proposal, case.approve(proposal, "l-1"))) == {}


def test_a_case_without_an_opening_calls_nobody() -> None:
    """Without participants there is nobody to tell; nothing breaks."""
    case = Chronicle(opened=False)
    assert called(case, case.add("komnas-ham", assessed("KRITIS"))) == {}


@pytest.mark.parametrize("present", [True, False])
def test_a_clear_and_present_threat_calls_by_itself(present: bool) -> None:  # noqa: FBT001
    """Who sees it in an assessment need not think of proposing anything, too: every agency of the case is called."""
    case = Chronicle()
    body = RiskAssessed(
        threats=(), vulnerabilities=(), capacities=(), present_threat=present, level="EKSTREM", valid_until="2026-11-25"
    )
    event = case.add("komnas-ham", body, actor=Actor("tim_hrd", "o-1"))
    everybody = {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES}
    assert called(case, event) == (everybody if present else {})


def test_an_overdue_step_is_the_own_agency_s_business() -> None:
    """Its own officers are called, as urgently as the case is; no other agency."""
    case = Chronicle()
    body = StepOverdue(
        machine="komnas-ham",
        version=1,
        region="PENGADUAN",
        state="DITERIMA",
        source=b64(case.events[0].id),
        due="2026-11-01T00:00:00.000Z",
    )
    event = case.add("komnas-ham", body, to=("komnas-ham",), tick=round(datetime.fromisoformat(NOW).timestamp() * 1000))
    assert called(case, event) == {"komnas-ham": [Call(0, DUTY["komnas-ham"], "BIASA")]}


def test_a_need_that_nobody_meets_goes_to_the_top_of_its_sender() -> None:
    """The second failure is for the commissioner, and for no other agency: it was this one's referral."""
    case = Story()
    sent = [case.send() for _ in range(2)]
    for one in sent:
        case.say("lpsk", ReferralDeclined(referral=b64(one.id), reason="TANPA_KAPASITAS"))
    event = case.say("komnas-ham", escalated(*sent))
    assert called(case, event) == {"komnas-ham": [Call(2, "komisioner_pengaduan", "BIASA")]}


def test_a_reminder_of_papers_calls_who_owes_them_without_haste() -> None:
    """The own duty officer, as calmly as paper is; it is no other agency's business, and no mark of being late."""
    case = Chronicle()
    body = ReminderGiven(requirements=b64(case.events[0].id), papers=("KETERANGAN_STATUS",), at=NOW)
    event = case.add("komnas-ham", body, to=("komnas-ham",), actor=Actor("system", "rajut"))
    assert called(case, event) == {"komnas-ham": [Call(0, DUTY["komnas-ham"], "BIASA")]}


@pytest.mark.parametrize(("whereabouts", "wakes"), [("YA", True), ("BELUM_DIKETAHUI", True), ("TIDAK", False)])
def test_a_breach_that_may_tell_where_somebody_is_calls_every_agency(whereabouts: str, *, wakes: bool) -> None:
    """Like a new threat, at once and as gravely; one that endangers nobody waits as work for who watches over data."""
    case = Chronicle()
    body = BreachFound(kind="KUNCI_DICURI", whereabouts=whereabouts, at="1970-01-01T00:00:00Z")
    found = case.add("komnas-ham", body, actor=Actor("pejabat_pdp", "o-1"))
    everybody = {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES}
    assert called(case, found) == (everybody if wakes else {})


def test_what_the_log_says_of_a_call() -> None:
    """The event names role, step and deadline, and nothing of the case."""
    case = Chronicle()
    body = domain.notice(case.events[0].id, Call(1, "tim_hrd", "KRITIS"), datetime.fromisoformat(NOW))
    expected = NoticeSent(about=b64(case.events[0].id), role="tim_hrd", step=1, channel="email", respond_by=NOW)
    assert NoticeSent.read(body.wire()) == expected


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_what_is_not_listened_to_calls_nobody(wire_type: str) -> None:
    """A type that the node does not hand to this service would call nobody, so no call is missed."""
    case = Chronicle()
    body = read_body(wire_type, json.loads((GOLDEN / f"{wire_type}.json").read_text()))
    assert body is not None
    if called(case, case.add("lpsk", body)):
        assert type(body) in domain.TELLING
