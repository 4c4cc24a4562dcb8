from collections.abc import Callable

import pytest

from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.plan import (
    Agreement,
    CaseReopened,
    ClosureAgreed,
    ClosureProposed,
    IncidentRecorded,
    Measure,
    MeasureFailed,
    MeasureWanted,
    PlanAgreed,
    PlanDeclined,
    PlanProposed,
    ReviewHeld,
)
from contracts.mechanism import LATEST
from services.node.acts import Moment
from services.protection import closure, outlook, plan
from tests.unit.contracts.chronicle import NOW
from tests.unit.contracts.plans import INCIDENT, LEAD, LPSKS, MOVED, OURS, Planning, measure


def moment(case: Planning, agency: str = LEAD) -> Moment:
    return Moment(case.case, agency, Actor("tim_hrd", "o-1"), LATEST, NOW)


def refused(check: Callable[[], None]) -> tuple[Code, str]:
    with pytest.raises(Rejected) as refusal:
        check()
    return refusal.value.code, refusal.value.detail


def said(at: Moment, body: Body) -> None:
    """What the desk has to say of this before it is said."""
    (act,) = [one for one in (*plan.ACTS, *closure.ACTS) if one.body is type(body)]
    act.examine(at, body)


def proposal(one: Measure) -> PlanProposed:
    return PlanProposed(measures=(one,), replaces=())


@pytest.mark.parametrize(
    "change",
    [
        {"code": "BARU"},
        {"risk_answer": "BARU"},
        {"agreement": OURS.agreement.model_copy(update={"given_by": "neighbour"}) if OURS.agreement else None},
        {"raises_risk": True},
        {"risk_answer": "DIKURANGI"},
    ],
    ids=["measure", "answer", "giver", "risk without an answer", "answer without a risk"],
)
def test_a_plan_is_said_in_known_codes_and_answers_every_risk(change: dict[str, object]) -> None:
    """A slip is found at the desk, before anything is signed; a measure that adds risk says what is done about it."""
    body = proposal(OURS.model_copy(update=change))
    assert refused(lambda: said(moment(Planning()), body))[0] is Code.SCHEMA


def test_a_plan_is_for_agencies_that_take_part_and_on_what_stands() -> None:
    """Who is not in the case is named, and a version that is gone means: look again."""
    case = Planning()
    plan.check_proposal(moment(case), proposal(OURS))
    stranger = proposal(measure(responsible="lembaga-empat"))
    assert refused(lambda: plan.check_proposal(moment(case), stranger)) == (Code.STATE, "responsible")
    old = case.plan(OURS)
    case.plan(OURS, replaces=(old,))
    late = PlanProposed(measures=(OURS,), replaces=(old,))
    assert refused(lambda: plan.check_proposal(moment(case), late)) == (Code.STATE, "replaces")


def test_an_agreement_that_would_leave_the_defender_alone_is_refused_with_the_reason() -> None:
    """The officer learns that it is the measures, not the role."""
    case = Planning(legal_status="TERSANGKA")
    alone = case.plan(LPSKS)
    said = PlanAgreed(plan=alone)
    assert refused(lambda: plan.check_agreement(moment(case, "lpsk"), said)) == (Code.STATE, "measures")
    whole = case.plan(LPSKS, OURS, replaces=(alone,))
    plan.check_agreement(moment(case, "lpsk"), PlanAgreed(plan=whole))


@pytest.mark.parametrize(
    "body",
    [
        PlanDeclined(plan="A" * 43, reason="BARU"),
        MeasureFailed(plan="A" * 43, measure=OURS.id, reason="BARU"),
        INCIDENT.model_copy(update={"forms": ("BARU",)}),
        INCIDENT.model_copy(update={"gendered_forms": ("BARU",)}),
        INCIDENT.model_copy(update={"sphere": "BARU"}),
        INCIDENT.model_copy(update={"happened": "BARU"}),
        INCIDENT.model_copy(update={"forms": ()}),
        MOVED.model_copy(update={"change": "BARU"}),
        ReviewHeld(occasion="BARU", before="SEDANG", after="SEDANG"),
        ReviewHeld(occasion="BERKALA", before="BARU", after="SEDANG"),
        ReviewHeld(occasion="BERKALA", before="SEDANG", after="BARU"),
        ClosureProposed(reason="BARU"),
        CaseReopened(reason="BARU"),
    ],
)
def test_what_we_say_ourselves_we_say_in_known_codes(body: Body) -> None:
    """A code that no list has is refused at our own desk, and so is an incident of no form."""
    assert refused(lambda: said(moment(Planning()), body))[0] is Code.SCHEMA


def test_known_codes_pass() -> None:
    """Every code of the lists can be said."""
    at = moment(Planning())
    said(at, IncidentRecorded(forms=(), gendered_forms=("KBGO",), sphere="DIGITAL", happened="SEBULAN"))
    said(at, ReviewHeld(occasion="PENANGKAPAN", before="RENDAH", after="EKSTREM"))
    said(at, PlanDeclined(plan="A" * 43, reason="MENAMBAH_RISIKO"))
    said(at, ClosureProposed(reason="MENINGGAL"))
    said(at, CaseReopened(reason="PENUTUPAN_KELIRU"))


def test_the_lead_closes_when_the_last_agreement_is_there_and_only_then() -> None:
    """Who is missing is named meanwhile; no other agency closes; what is said counts."""
    case = Planning()
    case.agreed_plan(OURS, LPSKS)
    proposed = case.propose_closure()
    assert closure.missing(case.case, proposed) == [LEAD, "lpsk"]
    case.agree_closure(proposed, LEAD)
    assert (closure.missing(case.case, proposed), closure.consequence(case.case, LEAD)) == (["lpsk"], None)
    case.agree_closure(proposed, "lpsk")
    assert closure.consequence(case.case, "lpsk") is None
    closing = closure.consequence(case.case, LEAD)
    assert closing is not None
    assert case.counts(case.say(LEAD, closing))
    assert closure.consequence(case.case, LEAD) is None


@pytest.mark.parametrize("emergency", [False, True])
def test_what_happened_meanwhile_stops_the_closing(emergency: bool) -> None:  # noqa: FBT001
    """An incident or an emergency after the agreements: nothing follows from them any more."""
    case = Planning()
    proposed = case.propose_closure()
    case.agree_closure(proposed, LEAD)
    case.propose("lpsk") if emergency else case.incident()
    assert closure.consequence(case.case, LEAD) is None
    assert list(closure.proposals(case.case)) == []


def test_a_closing_for_ordinary_risk_waits_for_a_review_of_what_has_changed() -> None:
    """Nothing is tried that would not count; once a review that knows of it finds the same, it follows by itself."""
    case = Planning()
    for level in ("RENDAH", "RENDAH"):
        case.review(level)
    case.agree_closure(case.propose_closure("RISIKO_BIASA"), LEAD)
    case.say("lpsk", MOVED)
    assert closure.consequence(case.case, LEAD) is None
    case.review("RENDAH")
    closing = closure.consequence(case.case, LEAD)
    assert closing is not None
    assert case.counts(case.say(LEAD, closing))


def test_the_desk_sees_what_the_defender_agreed_to_later() -> None:
    """On the day that it was at the office that heard it, as if it had been agreed to at first."""
    case, later = Planning(), measure("komnas-ham-4", wanted=False)
    plan = case.agreed_plan(OURS, later)
    (waiting,) = outlook.shown(case.case).versions
    assert (waiting.waits_for_defender, waiting.in_force) == (True, False)
    wish = MeasureWanted(plan=plan, measure=later.id, given_by="defender", form="spoken", at="2026-11-22T18:30:00Z")
    case.say(LEAD, wish)
    (told,) = outlook.shown(case.case).versions
    assert (told.waits_for_defender, told.in_force) == (False, True)
    assert [one.agreement for one in told.measures] == [OURS.agreement, Agreement(given_by="defender", on="2026-11-23")]


def test_nobody_has_heard_tomorrows_word() -> None:
    """A slip in the time is found at the desk."""
    wish = MeasureWanted(plan="A" * 43, measure=OURS.id, given_by="defender", form="spoken", at="2026-11-23T08:54:48Z")
    assert refused(lambda: said(moment(Planning()), wish)) == (Code.SCHEMA, "at")


def test_the_desk_sees_who_has_yet_to_do_what() -> None:
    """Versions with agreements and refusals, measures, promises, and the end."""
    case = Planning()
    first = case.plan(OURS, LPSKS)
    case.agree(first, LEAD)
    case.say("lpsk", PlanDeclined(plan=first, reason="TANPA_KAPASITAS"))
    second = case.plan(OURS, replaces=(first,))
    case.agree(second, LEAD)
    case.start(second, OURS)
    case.review("RENDAH")
    case.say(LEAD, ClosureAgreed(proposal=case.propose_closure()))
    told = outlook.shown(case.case)
    old, new = told.versions
    assert (old.agreed, old.declined, old.waits_for) == ([LEAD], {"lpsk": "TANPA_KAPASITAS"}, ["lpsk"])
    assert (old.in_force, new.in_force, new.replaces) == (False, True, [first])
    assert told.measures == {OURS.id: "STARTED"}
    assert {one.kind for one in told.due} == {"RENCANA", "TINDAKAN", "TINJAUAN", "TINJAUAN_TAHUNAN"}
    assert (told.risk, told.closure, [one.waits_for for one in told.endings]) == ("RENDAH", "PROPOSED", [[]])
