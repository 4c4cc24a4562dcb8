import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contracts.codes import codes
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import REGISTRY, Body, read_body
from contracts.events.breach import BreachFound
from contracts.events.intake import DisclosureMade, OutsiderNamed
from contracts.events.notify import NoticeEscalated, NoticeSent, ReminderGiven
from contracts.events.protection import DeferredItem, RequirementsDeferred
from contracts.events.referral import ReferralDeclined
from contracts.events.step import StepOverdue
from contracts.events.triage import RiskAssessed, UrgencyAssessed, UrgencyOverridden
from contracts.mechanism import LATEST, Permission
from contracts.promises import promises
from contracts.timeline import Event
from services.notify import domain
from services.notify.domain import Call
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle
from tests.unit.contracts.emergencies import Emergency
from tests.unit.contracts.test_referral import Story, escalated

GOLDEN = Path(__file__).parents[2] / "cases" / "bodies"
LPSK = LATEST.agencies["lpsk"]
DUTY = {agency: rules.ladder[0] for agency, rules in LATEST.agencies.items()}
EVERYBODY = {role for rules in LATEST.agencies.values() for role in rules.roles}


def called(case: Chronicle, event: Event, staffed: set[str] = EVERYBODY) -> dict[str, list[Call]]:
    """Whom each agency calls about an event; agencies that call nobody are left out."""
    each = {agency: domain.calls(case.case, event, agency, LATEST, staffed) for agency in AGENCIES}
    return {agency: calls for agency, calls in each.items() if calls}


def assessed(level: str) -> UrgencyAssessed:
    return UrgencyAssessed(level=level, rules=1, rule=1, because=())


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
    event = case.add("lpsk", RequirementsDeferred(emergency=b64(active.id), items=items, due_on="2027-01-07"))
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


def test_the_first_step_with_somebody_on_it_is_called() -> None:
    """A role that nobody holds does not swallow a call; if nobody is anywhere it still starts, and climbs."""
    case = Chronicle()
    event = case.add("komnas-ham", assessed("KRITIS"))
    assert called(case, event, {"pimpinan"})["lpsk"] == [Call(2, "pimpinan", "KRITIS")]
    assert called(case, event, set())["lpsk"] == [Call(0, "petugas_darurat", "KRITIS")]


def test_one_person_is_not_called_twice_about_one_thing() -> None:
    """Where only leaders are on duty they get one notice of a proposal, not two."""
    case = Chronicle()
    case.propose()
    assert called(case, case.events[-1], {"pimpinan"}) == {"lpsk": [Call(2, "pimpinan", "KRITIS")]}


def silence(case: Chronicle, agency: str, about: Event, step: int) -> Event:
    """A notice of `agency` that climbed to `step`."""
    body: Body = NoticeSent(about=b64(about.id), role=DUTY[agency], step=0, channel="email", respond_by=NOW)
    sent = case.add(agency, body)
    return case.add(agency, NoticeEscalated(notice=b64(sent.id), step=step))


def test_above_the_ladder_are_the_other_agencies() -> None:
    """When a whole agency stays silent the others of the case are called."""
    case = Chronicle()
    case.propose()
    event = silence(case, "lpsk", case.events[-1], len(LPSK.ladder))
    assert called(case, event) == {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES if agency != "lpsk"}


def test_a_climb_inside_an_agency_is_its_own_business() -> None:
    """As long as a step is left there, nobody else is called."""
    case = Chronicle()
    case.propose()
    assert called(case, silence(case, "lpsk", case.events[-1], len(LPSK.ladder) - 1)) == {}


def test_two_silent_agencies_do_not_call_each_other_for_ever() -> None:
    """Silence about a silence goes no further."""
    case = Chronicle()
    case.propose()
    first = silence(case, "lpsk", case.events[-1], len(LPSK.ladder))
    assert called(case, silence(case, "komnas-ham", first, 9)) == {}


def missed(case: Emergency, kind: str, *, agency: str = "") -> Event:
    """A promise of this kind, said to be missed by whoever owes it, or by `agency`."""
    (body,) = (one.missed() for one in promises(case.case, LATEST) if (one.kind, one.kept) == (kind, False))
    case.now = max(case.now, datetime.fromisoformat(body.due)) + timedelta(seconds=1)
    return case.say(agency or body.agency, body, "rajut", role="system")


@pytest.mark.parametrize(
    ("kind", "agency", "level"),
    [
        ("SIDANG_SMPL", "lpsk", "MENDESAK"),
        ("TINDAKAN_PERTAMA", "lpsk", "KRITIS"),
        ("RENCANA", "komnas-ham", "MENDESAK"),
    ],
)
def test_a_missed_promise_calls_whoever_owes_it(kind: str, agency: str, level: str) -> None:
    """The lowest step of that agency's ladder, from where it climbs; as urgent as the case, or as the promise is."""
    case = Emergency()
    case.say("komnas-ham", assessed("MENDESAK"))
    assert called(case, missed(case, kind)) == {agency: [Call(0, DUTY[agency], level)]}


def test_what_a_silent_node_missed_is_told_everywhere() -> None:
    """Another agency had to say it: all are called, for whoever owes it may be dead; each once."""
    case = Emergency()
    first = missed(case, "TINDAKAN_PERTAMA", agency="komnas-ham")
    expected = {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES}
    assert called(case, first) == expected
    for agency in AGENCIES:
        case.say(agency, domain.notice(first.id, expected[agency][0], case.now), "rajut", role="system")
    parents = (case.events[-1 - len(AGENCIES)].content.parents[0],)
    crossed = case.say("lpsk", case.case.bodies[first.id], "rajut", role="system", parents=parents)
    assert case.counts(crossed)
    assert called(case, crossed) == {}


def test_some_promises_concern_everybody_when_they_are_missed() -> None:
    """Leaders who decide at no price, a lead that gives no sign: the other agencies hear at once, and may take over."""
    case = Emergency()
    assert set(called(case, missed(case, "TENGGAT_LEWAT"))) == set(AGENCIES)
    assert set(LATEST.notices.everybody) | set(LATEST.notices.missed) <= set(codes("work_kind"))
    assert set(LATEST.notices.missed.values()) <= set(codes("urgency"))


def test_a_promise_that_was_kept_calls_nobody() -> None:
    """Somebody says that it was missed, and the case shows otherwise."""
    case = Emergency()
    (body,) = (one.missed() for one in promises(case.case, LATEST) if one.kind == "KEPUTUSAN_DARURAT")
    case.later(days=1)
    assert called(case, case.say("lpsk", body, "rajut", role="system")) == {}


def test_what_was_missed_in_one_breath_is_one_call() -> None:
    """A node that was away says all at once: one call, about the gravest; the rest is found there."""
    case = Emergency()
    open_now = [one for one in promises(case.case, LATEST) if one.agency == "lpsk" and not one.kept]
    grave = sorted(open_now, key=lambda one: one.kind != "TINDAKAN_PERTAMA")
    case.now = max(one.due for one in open_now) + timedelta(days=1)
    said = [case.say("lpsk", one.missed(), "rajut", role="system") for one in grave]
    of_lpsk = [called(case, event).get("lpsk", []) for event in said]
    assert of_lpsk == [[Call(0, DUTY["lpsk"], "KRITIS")], *[[] for _ in said[1:]]]
    case.now += timedelta(seconds=1)
    assert all(case.counts(event) for event in said)


@pytest.mark.parametrize(("hours", "step"), [(0, 0), (0.9, 0), (1, 1), (2, 2), (24 * 20, 2)])
def test_what_is_long_overdue_begins_where_it_would_have_climbed_to(hours: float, step: int) -> None:
    """One call, to the step that is its due by now, and never beyond the agency's own: its leaders first hear of it."""
    case = Emergency()
    case.say("komnas-ham", assessed("MENDESAK"))
    event = missed(case, "SIDANG_SMPL")
    late = timedelta(hours=hours)
    assert domain.calls(case.case, event, "lpsk", LATEST, EVERYBODY, late) == [
        Call(step, LPSK.ladder[step], "MENDESAK")
    ]


def test_an_old_notice_climbs_at_once_to_where_it_belongs() -> None:
    """Rungs whose time passed while nobody looked are left out; own leaders come before other agencies."""
    assert domain.climb(LPSK, 0, "KRITIS", EVERYBODY, {0}) == Call(1, LPSK.ladder[1], "KRITIS")
    assert domain.climb(LPSK, 0, "KRITIS", EVERYBODY, {0}, 99) == Call(2, "pimpinan", "KRITIS")
    assert domain.climb(LPSK, 2, "KRITIS", EVERYBODY, {0, 2}, 99) == Call(3, "", "KRITIS")
    assert domain.rungs("KRITIS", LATEST, timedelta(minutes=25)) == 2
    assert domain.rungs("KRITIS", LATEST, timedelta(minutes=-25)) == 0


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


LADDERS = st.sampled_from(sorted(LATEST.agencies))


@given(LADDERS, st.sets(st.sampled_from(sorted(EVERYBODY))), st.sets(st.integers(0, 3)))
def test_every_climb_ends_and_only_goes_up(agency: str, staffed: set[str], told: set[int]) -> None:
    """Only staffed steps are told, each once, until the others are told or a higher notice carries on."""
    rules = LATEST.agencies[agency]
    steps = [0]
    while call := domain.climb(rules, steps[-1], "KRITIS", staffed, told):
        steps.append(call.step)
        assert call.step not in told
        if not call.role:
            break
        assert (call.role, call.role in staffed) == (rules.ladder[call.step], True)
    assert all(one < next_ for one, next_ in pairwise(steps))
    if not told:
        assert steps[-1] == domain.ladder_end(rules)
        assert {rules.ladder[step] for step in steps[1:-1]} == staffed & set(rules.ladder[1:])


def test_who_may_answer() -> None:
    """The role that was told, or one above it; not one below, and nobody from outside the ladder."""
    assert [domain.may_answer(LPSK, 1, LPSK.ladder[1], role) for role in LPSK.ladder] == [False, True, True]
    assert not domain.may_answer(LPSK, 1, LPSK.ladder[1], "psikolog")


@pytest.mark.parametrize(("whereabouts", "wakes"), [("YA", True), ("BELUM_DIKETAHUI", True), ("TIDAK", False)])
def test_a_breach_that_may_tell_where_somebody_is_calls_every_agency(whereabouts: str, *, wakes: bool) -> None:
    """Like a new threat, at once and as gravely; one that endangers nobody waits as work for who watches over data."""
    case = Chronicle()
    body = BreachFound(kind="KUNCI_DICURI", whereabouts=whereabouts, at="1970-01-01T00:00:00Z")
    found = case.add("komnas-ham", body, actor=Actor("pejabat_pdp", "o-1"))
    everybody = {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES}
    assert called(case, found) == (everybody if wakes else {})


@given(st.sampled_from(["KRITIS", "MENDESAK", "TINGGI", "BIASA", "BARU"]), st.floats(0.01, 120))
def test_the_time_to_answer_scales(level: str, unit_s: float) -> None:
    """A minute of the mechanism lasts as long as the node says; by default a minute."""
    limit = LATEST.notices.respond_within(level)
    start = datetime.fromisoformat(NOW)
    assert domain.respond_by(NOW, level, LATEST) - start == limit
    scaled = domain.respond_by(NOW, level, LATEST, timedelta(seconds=unit_s)) - start
    assert abs(scaled - limit * (unit_s / 60)) < timedelta(milliseconds=10)


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
