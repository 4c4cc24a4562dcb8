from collections.abc import Callable

import pytest

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import ConsentRecorded
from contracts.events.plan import (
    CaseClosed,
    CaseReopened,
    ClosureAgreed,
    ClosureProposed,
    MeasureCompleted,
    PlanProposed,
    ReviewHeld,
)
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import StatusDetermined, UrgencyOverridden
from contracts.timeline import Event
from tests.unit.contracts.plans import INCIDENT, LEAD, LPSKS, MOVED, OURS, Planning

REOPENING = CaseReopened(reason="ANCAMAN_BARU")
EMERGENCY = EmergencyProposed(ground="ANCAMAN_NYATA", needs=())


def closure(case: Planning) -> str:
    return case.case.in_force("closure")


def test_a_case_without_measures_is_closed_by_two_officers_of_the_lead() -> None:
    """One proposes, another agrees: nobody ends a case alone."""
    case = Planning()
    case.close()
    assert not case.case.unsupported
    assert closure(case) == "CLOSED"


def test_every_agency_with_an_active_measure_has_to_agree() -> None:
    """A measure that runs, or that a plan in force still asks for, keeps the case open until its agency agrees."""
    case = Planning()
    plan = case.agreed_plan(OURS, LPSKS)
    proposal = case.propose_closure()
    ours = case.agree_closure(proposal, LEAD)
    assert not case.counts(case.say(LEAD, CaseClosed(proposal=proposal, agreements=tuple(ours))))
    theirs = case.agree_closure(proposal, "lpsk")
    assert case.counts(case.say(LEAD, CaseClosed(proposal=proposal, agreements=(*ours, *theirs))))
    assert closure(case) == "CLOSED"
    assert plan


def test_what_is_over_asks_for_no_agreement() -> None:
    """An agency whose measures are done does not hold up the end."""
    case = Planning()
    plan = case.agreed_plan(OURS, LPSKS)
    case.say("lpsk", MeasureCompleted(plan=plan, measure=LPSKS.id))
    assert case.counts(case.close())


def test_a_measure_of_an_old_plan_that_still_runs_counts() -> None:
    """What LPSK once began and has not ended needs LPSK's agreement, whatever the later plan says."""
    case = Planning()
    old = case.agreed_plan(OURS, LPSKS)
    case.start(old, LPSKS)
    new = case.plan(OURS, replaces=(old,))
    case.agree(new, LEAD)
    assert not case.counts(case.close(LEAD))


def by_another(case: Planning) -> Event:
    return case.close(by="lpsk")


def on_an_unknown_proposal(case: Planning) -> Event:
    agreement = case.agree_closure(case.propose_closure(), LEAD)
    return case.say(LEAD, CaseClosed(proposal=b64(case.events[0].id), agreements=tuple(agreement)))


def on_no_agreement(case: Planning) -> Event:
    proposal = case.propose_closure()
    return case.say(LEAD, CaseClosed(proposal=proposal, agreements=(proposal,)))


def on_agreements_to_another_proposal(case: Planning) -> Event:
    agreements = case.agree_closure(case.propose_closure(), LEAD)
    return case.say(LEAD, CaseClosed(proposal=case.propose_closure(), agreements=tuple(agreements)))


def on_the_proposers_own_word(case: Planning) -> Event:
    proposal = case.propose_closure()
    own = case.say(LEAD, ClosureAgreed(proposal=proposal), officer="o-1")
    return case.say(LEAD, CaseClosed(proposal=proposal, agreements=(b64(own.id),)))


def after_an_incident(case: Planning) -> Event:
    proposal = case.propose_closure()
    agreements = case.agree_closure(proposal, LEAD)
    case.incident()
    return case.say(LEAD, CaseClosed(proposal=proposal, agreements=tuple(agreements)))


def with_an_emergency_proposed(case: Planning) -> Event:
    proposal = case.propose_closure()
    agreements = case.agree_closure(proposal, LEAD)
    case.propose("lpsk")
    return case.say(LEAD, CaseClosed(proposal=proposal, agreements=tuple(agreements)))


def twice(case: Planning) -> Event:
    closed = case.close()
    body = CaseClosed.read(closed.content.body)
    return case.say(LEAD, body)


@pytest.mark.parametrize(
    "mistake",
    [
        by_another,
        on_an_unknown_proposal,
        on_no_agreement,
        on_agreements_to_another_proposal,
        on_the_proposers_own_word,
        after_an_incident,
        with_an_emergency_proposed,
        twice,
    ],
)
def test_a_closing_that_does_not_rest_on_all_agreements_changes_nothing(mistake: Callable[[Planning], Event]) -> None:
    """A foreign, unfounded, overtaken or repeated closing is shown, and the case stays as it is."""
    case = Planning()
    assert not case.counts(mistake(case))


@pytest.mark.parametrize("by", ["lpsk", "komnas-perempuan"])
def test_only_the_lead_proposes_the_end(by: str) -> None:
    """Others agree, or do not."""
    case = Planning()
    case.propose_closure(by=by)
    assert closure(case) == ""


def test_no_case_ends_in_an_emergency() -> None:
    """Protection in force has to end in its own way first."""
    case = Planning()
    case.activate_emergency()
    case.propose_closure()
    assert closure(case) == "OPEN"


def test_who_agrees_agrees_once_to_what_stands() -> None:
    """A second agreement, and one to a proposal that an incident overtook, count nothing."""
    case = Planning()
    proposal = case.propose_closure()
    case.agree_closure(proposal, "lpsk", "lpsk")
    assert not case.counts(case.events[-1])
    case.incident()
    case.agree_closure(proposal, "komnas-perempuan")
    assert not case.counts(case.events[-1])


@pytest.mark.parametrize("protective", [INCIDENT, EMERGENCY], ids=["incident", "emergency"])
@pytest.mark.parametrize("swapped", [False, True])
def test_what_the_closing_agencies_did_not_know_keeps_the_case_open(protective: Body, swapped: bool) -> None:  # noqa: FBT001
    """An incident or an emergency that crosses the closing: open everywhere, a conflict in sight, settled by people."""
    case = Planning()
    proposal = case.propose_closure()
    agreements = tuple(case.agree_closure(proposal, LEAD))
    known, closing = case.now, CaseClosed(proposal=proposal, agreements=agreements)
    said: list[tuple[str, Body]] = [(LEAD, closing), ("lpsk", protective)]
    for agency, body in reversed(said) if swapped else said:
        case.say(agency, body, parents=known)
    assert closure(case) == "OPEN"
    assert "closure" in case.case.conflicts
    assert case.counts(case.say("komnas-perempuan", REOPENING))
    assert closure(case) == "OPEN"
    assert "closure" not in case.case.conflicts


@pytest.mark.parametrize("body", [INCIDENT, EMERGENCY, REOPENING], ids=["incident", "emergency", "reopening"])
@pytest.mark.parametrize("agency", ["lpsk", "komnas-perempuan"])
def test_a_closed_case_opens_again(body: Body, agency: str) -> None:
    """Any participant reopens it; an incident or an emergency does so by itself, and everything counts again."""
    case = Planning()
    case.close()
    assert case.counts(case.say(agency, body))
    assert closure(case) == "OPEN"
    case.plan(OURS)
    assert case.counts(case.events[-1])


@pytest.mark.parametrize(
    "body",
    [
        UrgencyOverridden(level="BIASA", reason="x"),
        StatusDetermined(defender_kind="PEMBELA", status="DITOLAK", basis=("KERJA_HAM",)),
        PlanProposed(measures=(OURS,), replaces=()),
        ReviewHeld(occasion="BERKALA", before="SEDANG", after="RENDAH"),
        ClosureProposed(reason="PERMINTAAN_PEMBELA"),
        MOVED,
    ],
    ids=lambda body: body.type,
)
def test_in_a_closed_case_nothing_else_counts(body: Body) -> None:
    """Whoever knows that it is closed reopens it first."""
    case = Planning()
    assert case.counts(case.say(LEAD, body))
    case.close()
    assert not case.counts(case.say(LEAD, body))


def test_consent_is_the_persons_also_in_a_closed_case() -> None:
    """What the person says about their data counts whatever the agencies have closed."""
    case = Planning()
    case.close()
    consent = ConsentRecorded(
        given_by="defender",
        form="spoken",
        recorded_by="petugas",
        at="2026-11-22T08:54:48+07:00",
        share_with=(),
        fields=(),
        purpose="protection",
    )
    assert case.counts(case.say(LEAD, consent))


def test_what_was_said_without_knowing_of_the_closing_still_counts() -> None:
    """A decision that crossed the closing is not lost; it only does not open the case."""
    case = Planning()
    known = case.now
    case.close()
    crossed = case.say("lpsk", UrgencyOverridden(level="MENDESAK", reason="x"), parents=known)
    assert case.counts(crossed)
    assert closure(case) == "CLOSED"


def test_an_open_case_cannot_be_reopened() -> None:
    """There is nothing to reopen."""
    assert not (case := Planning()).counts(case.say("lpsk", REOPENING))
