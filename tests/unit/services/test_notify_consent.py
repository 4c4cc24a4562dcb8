"""Who is called when a person is said to have taken back their consent, or a measure."""

from contracts.content import Actor
from contracts.events.intake import ConsentWithdrawn
from contracts.events.triage import UrgencyAssessed
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.notify import domain
from services.notify.domain import Call
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.plans import Planning, measure
from tests.unit.services.test_intake_person import told, withdraw

HAM, PEREMPUAN, LPSK = AGENCIES
EVERYBODY = {role for rules in LATEST.agencies.values() for role in rules.roles}
THEIRS = measure("komnas-ham-1", PEREMPUAN, code="PENDAMPINGAN_MITRA")


def called(case: Chronicle, event: Event) -> dict[str, str]:
    """The level at which each agency calls its duty officer; an agency that calls nobody is left out."""
    each = {agency: domain.calls(case.case, event, agency, LATEST, EVERYBODY) for agency in AGENCIES}
    for agency, calls in each.items():
        assert all(call == Call(0, LATEST.agencies[agency].ladder[0], call.level) for call in calls)
    return {agency: call.level for agency, calls in each.items() for call in calls}


def urgent(case: Planning, level: str) -> None:
    case.add(HAM, UrgencyAssessed(level=level, rules=1, rule=1, because=()), actor=Actor("system", "rajut"))


def test_a_withdrawal_calls_the_lead_and_whoever_knows_who_the_person_is() -> None:
    """As urgently as the case is: who stops using what they hold hears of it; who was told nothing is not called."""
    case = told(LPSK)
    urgent(case, "MENDESAK")
    assert called(case, withdraw(case, PEREMPUAN)) == {HAM: "MENDESAK", LPSK: "MENDESAK"}


def test_a_withdrawal_calls_whoever_is_on_their_way_to_the_person() -> None:
    """Who carries a measure needs to know that it may be the last they were told."""
    case = told(LPSK)
    case.agreed_plan(THEIRS)
    assert called(case, withdraw(case, LPSK)) == dict.fromkeys(AGENCIES, "BIASA")


def test_in_an_emergency_it_calls_who_decides_and_at_once() -> None:
    """Nobody is cut off from somebody in danger by one officer's word that no other one hears of."""
    case = Planning()
    case.propose(PEREMPUAN)
    assert called(case, withdraw(case, PEREMPUAN)) == {HAM: "KRITIS", LPSK: "KRITIS"}


def test_a_measure_taken_back_calls_the_lead_and_who_carries_it() -> None:
    """An evacuation, too, is not called off by what one officer wrote down, unheard."""
    case = Planning()
    ours = measure("komnas-ham-2", LPSK, code="EVAKUASI")
    plan = case.agreed_plan(ours)
    assert called(case, case.unwant(plan, ours, by=PEREMPUAN)) == {HAM: "BIASA", LPSK: "BIASA"}
    case.want(plan, ours)
    case.activate_emergency()
    assert called(case, case.unwant(plan, ours, by=PEREMPUAN)) == {HAM: "KRITIS", LPSK: "KRITIS"}


def test_who_may_not_say_so_calls_nobody() -> None:
    """What does not count wakes nobody up."""
    case = told(LPSK)
    body = ConsentWithdrawn(given_by="defender", form="spoken", at="2026-11-22T08:54:48+07:00")
    assert called(case, case.add(PEREMPUAN, body, actor=Actor("auditor", "o-1"))) == {}
