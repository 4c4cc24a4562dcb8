"""Every pair of decisions that can cross on the wire: how each comes about, and how people end it.

`docs/crossing-decisions.md` is written from what the fold makes of these; a test holds the page to that.
"""

from contracts.encoding import b64
from contracts.events.intake import DisclosureConfirmed
from contracts.events.lead import DecisionConfirmed, LeadAccepted, LeadSupported
from contracts.events.plan import (
    CaseReopened,
    MeasureCompleted,
    MeasureFailed,
    MeasureStarted,
    MeasureUnwanted,
    MeasureWanted,
    PlanProposed,
    ReviewHeld,
)
from contracts.events.referral import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralUnanswered,
    ReferralWithdrawn,
)
from contracts.events.triage import AppealDecided, EligibilityDetermined, StatusAppealed, UrgencyOverridden
from contracts.timeline import Event
from tests.unit.contracts import closing_crossings, emergency_crossings
from tests.unit.contracts.assessments import PRESENT, assessment
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.crossing import Crossing, Known, Say, Scene, by
from tests.unit.contracts.plans import OURS, Planning
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay, in_emergency
from tests.unit.contracts.statuses import SECOND, appealed, determined, disputed, recognised
from tests.unit.contracts.test_consent import ENDED, allowed
from tests.unit.contracts.test_duplicate import DISMISSED, LINKED
from tests.unit.contracts.test_referral import Story, consent

REOPENED = CaseReopened(reason="KEJADIAN_BARU")


def _urgencies() -> Scene:
    case = Chronicle()
    low, high, middle = (UrgencyOverridden(level=level, reason="x") for level in ("BIASA", "KRITIS", "TINGGI"))
    return Scene(case, by(case, HAM, low), by(case, LPSK, high), by(case, PEREMPUAN, middle))


def _threat_and_urgency() -> Scene:
    case = Chronicle()
    low = UrgencyOverridden(level="BIASA", reason="x")
    return Scene(case, by(case, HAM, low), by(case, LPSK, PRESENT), by(case, HAM, low))


def _risks() -> Scene:
    case = Chronicle()
    calm, grave = assessment(), assessment(4, 4)
    return Scene(case, by(case, HAM, calm), by(case, LPSK, grave), by(case, PEREMPUAN, calm))


def _eligibility() -> Scene:
    case = Chronicle()
    victim, none = (EligibilityDetermined(category=code) for code in ("KORBAN", "TIDAK_MEMENUHI"))
    return Scene(case, by(case, LPSK, victim), by(case, LPSK, none), by(case, LPSK, victim))


def _determinations() -> Scene:
    case = Chronicle()
    no, yes = determined("DITOLAK"), determined("SEMENTARA")
    return Scene(case, by(case, HAM, no), by(case, HAM, yes), by(case, HAM, determined("TERVERIFIKASI")))


def _appeal_and_determination() -> Scene:
    case = Chronicle()
    rejected = case.add(HAM, determined("DITOLAK"))
    appeal = by(case, PEREMPUAN, appealed(rejected))

    def decide(known: Known) -> Event:
        (asked,) = case.case.acts(StatusAppealed)
        body = AppealDecided(appeal=asked.name, status="TERVERIFIKASI", basis=("KERJA_HAM",))
        return case.add(HAM, body, actor=SECOND, parents=known)

    return Scene(case, appeal, by(case, HAM, determined("SEMENTARA")), decide)


def _stances() -> Scene:
    case = Chronicle()
    told = case.add(HAM, determined())
    yes, no = by(case, PEREMPUAN, recognised(told)), by(case, PEREMPUAN, disputed(told))
    return Scene(case, yes, no, yes)


def _consents() -> Scene:
    case = allowed()
    anew = consent(recorded_by="petugas lain")
    return Scene(case, by(case, HAM, anew), by(case, LPSK, ENDED), by(case, HAM, anew))


def _disclosure_and_withdrawal() -> Scene:
    case = allowed()
    made = case.disclose()

    def confirm(disclosure: Event, known: Known) -> Event:
        return case.add(HAM, DisclosureConfirmed(disclosure=b64(disclosure.id)), actor=SECOND, parents=known)

    one, anew = (lambda known: confirm(made, known)), (lambda known: confirm(case.disclose(), known))
    return Scene(case, one, by(case, LPSK, ENDED), anew)


def _answer_and_deadline() -> Scene:
    case = Story()
    name = b64(case.send(answer_by="2026-11-21T00:00:00.000Z").id)
    yes, none = ReferralAccepted(referral=name), ReferralUnanswered(referral=name)
    return Scene(case, by(case, HAM, none), by(case, LPSK, yes), by(case, LPSK, ReferralCompleted(referral=name)))


def _answer_and_withdrawal() -> Scene:
    case = Story()
    name = b64(case.send().id)
    yes, back = ReferralAccepted(referral=name), ReferralWithdrawn(referral=name, reason="LAINNYA")
    return Scene(case, by(case, LPSK, yes), by(case, HAM, back))


def _refusal_and_withdrawal() -> Scene:
    case = Story()
    name = b64(case.send().id)
    no = ReferralDeclined(referral=name, reason="TANPA_KAPASITAS")
    return Scene(case, by(case, LPSK, no), by(case, HAM, ReferralWithdrawn(referral=name, reason="LAINNYA")))


def _leads() -> Scene:
    case = in_emergency()
    start = (case.events[-1],)
    mine, yours = (case.claim(agency, HAM, knows=start) for agency in (PEREMPUAN, LPSK))
    signed = [LeadSupported(claim=b64(claim.id)) for claim in (mine, yours)]
    return Scene(case, by(case, LPSK, signed[0]), by(case, PEREMPUAN, signed[1]), _confirmed(case))


def _acceptances() -> Scene:
    case = in_emergency()
    start = (case.events[-1],)
    accepted = [LeadAccepted(offer=b64(case.offer(HAM, to, knows=start).id)) for to in (PEREMPUAN, LPSK)]
    return Scene(case, by(case, PEREMPUAN, accepted[0]), by(case, LPSK, accepted[1]), _confirmed(case))


def _confirmed(case: Relay) -> Say:
    """The lead in force confirms what made it lead."""

    def confirm(known: Known) -> Event:
        made = next(claim.event for claim in case.case.slots["lead"] if claim.value == LPSK)
        return by(case, LPSK, DecisionConfirmed(decision=b64(made)))(known)

    return confirm


def _measure() -> Scene:
    case = Planning()
    plan = case.agreed_plan()
    case.start(plan, OURS)
    done = MeasureCompleted(plan=plan, measure=OURS.id)
    failed = MeasureFailed(plan=plan, measure=OURS.id, reason="TANPA_KAPASITAS")
    again = MeasureStarted(plan=plan, measure=OURS.id)
    return Scene(case, by(case, HAM, done), by(case, HAM, failed), by(case, HAM, again))


def _wishes() -> Scene:
    case = Planning()
    plan = case.agreed_plan()
    word = {"given_by": "defender", "form": "spoken", "at": "2026-11-24T08:54:48+07:00", "measure": OURS.id}
    anew, back = PlanProposed(measures=(OURS,), replaces=(plan,)), MeasureUnwanted(plan=plan, **word)

    def ask(known: Known) -> Event:
        newer = next(act.name for act in case.case.acts(PlanProposed) if act.name != plan)
        return by(case, HAM, MeasureWanted(plan=newer, **word))(known)

    return Scene(case, by(case, HAM, anew), by(case, LPSK, back), ask)


def _reviews() -> Scene:
    case = Planning()
    case.activate_emergency()
    calm, grave = (ReviewHeld(occasion="BERKALA", before="SEDANG", after=level) for level in ("RENDAH", "EKSTREM"))
    return Scene(case, by(case, HAM, calm), by(case, LPSK, grave), by(case, HAM, calm))


def _duplicates() -> Scene:
    case = Relay()
    return Scene(case, by(case, HAM, DISMISSED), by(case, LPSK, LINKED), by(case, PEREMPUAN, DISMISSED))


CROSSINGS = (
    Crossing("urgency", _urgencies),
    Crossing("urgency", _threat_and_urgency),
    Crossing("risk", _risks),
    Crossing("eligibility", _eligibility),
    Crossing("status", _determinations),
    Crossing("status", _appeal_and_determination),
    Crossing("recognition", _stances),
    Crossing("emergency", emergency_crossings.second_proposal_and_activation),
    Crossing("emergency", emergency_crossings.second_proposal_and_refusal),
    Crossing("emergency", emergency_crossings.end_and_session),
    Crossing("emergency", emergency_crossings.end_and_incident),
    Crossing("emergency", emergency_crossings.end_and_threat),
    Crossing("ending", emergency_crossings.end_and_withdrawal),
    Crossing("deadline", emergency_crossings.deadlines),
    Crossing("session", emergency_crossings.sessions),
    Crossing("requirement", emergency_crossings.papers),
    Crossing("handover", emergency_crossings.handovers),
    Crossing("consent", _consents),
    Crossing("disclosure", _disclosure_and_withdrawal),
    Crossing("referral", _answer_and_deadline),
    Crossing("referral", _answer_and_withdrawal),
    Crossing("referral", _refusal_and_withdrawal),
    Crossing("duplicate", _duplicates),
    Crossing("lead", _leads),
    Crossing("lead", _acceptances),
    Crossing("measure", _measure),
    Crossing("wish", _wishes),
    Crossing("review", _reviews),
    Crossing("closure", closing_crossings.incident),
    Crossing("closure", closing_crossings.emergency),
    Crossing("closure", closing_crossings.appeal),
    Crossing("closure", closing_crossings.threat),
    Crossing("closure", closing_crossings.urgency),
    Crossing("closure", closing_crossings.measure),
    Crossing("closure", closing_crossings.status),
)
