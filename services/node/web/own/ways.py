"""What could decide a matter anew, matter by matter: specimens that the rules are asked about. Pure.

Which of them count, for whom, and whether they end the conflict is not said here but by the workflow's rules.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from contracts.codes import codes
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.ending import EmergencyEnded, EndingWithdrawn
from contracts.events.fields import LAST_DAY
from contracts.events.intake import (
    ConsentRecorded,
    DisclosureConfirmed,
    DisclosureMade,
    DuplicateDismissed,
    DuplicateLinked,
)
from contracts.events.lead import DecisionConfirmed
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
from contracts.events.protection import EmergencyProposed
from contracts.events.referral import ReferralAccepted, ReferralCompleted, ReferralDeclined, ReferralWithdrawn
from contracts.events.session import SessionDecided
from contracts.events.triage import (
    AppealDecided,
    EligibilityDetermined,
    RiskAssessed,
    Score,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
    UrgencyOverridden,
)
from contracts.mechanism import Mechanism
from contracts.mechanism.calendar import day_after
from contracts.workflow.rule import Claim
from contracts.workflow.session import ACCEPTED, EXTENSION
from services.node.web.panel import Look
from services.node.web.present import instant


class Way(NamedTuple):
    """A specimen of what would decide a matter, and the fields of it that the case tells."""

    body: Body
    given: tuple[str, ...] = ()


def ways(look: Look, slot: str, claims: Sequence[Claim]) -> Iterator[Way]:
    """What could decide a matter anew."""
    matter, _, name = slot.partition("/")
    rules = look.case.judged_by
    if rules is not None:
        yield from _of_danger(rules, matter)
        yield from _of_person(look, matter, name, claims)
        yield from _of_emergency(look, rules, slot, claims)
        yield from _of_course(look, matter, name, claims)


def _of_danger(rules: Mechanism, matter: str) -> Iterator[Way]:
    match matter:
        case "urgency":
            yield Way(UrgencyOverridden(level=codes("urgency")[0], reason="-"))
        case "risk":
            yield Way(_assessed(rules))
        case "review":
            level = codes("risk")[0]
            yield Way(ReviewHeld(occasion=codes("review_occasion")[0], before=level, after=level))
        case "eligibility":
            yield Way(EligibilityDetermined(category=codes("eligibility")[0]))
        case _:
            pass


def _of_person(look: Look, matter: str, name: str, claims: Sequence[Claim]) -> Iterator[Way]:
    events, basis = [b64(claim.event) for claim in claims], codes("basis")[:1]
    match matter:
        case "status":
            verified = StatusDetermined(defender_kind=name, status="TERVERIFIKASI", basis=basis)
            yield Way(verified, ("defender_kind",))
            yield from (
                Way(AppealDecided(appeal=one, status=verified.status, basis=basis), ("appeal",)) for one in events
            )
        case "recognition":
            determined = [b64(event.id) for event, body in look.case.of_type(StatusDetermined)]
            for one in determined[-1:]:
                reason = codes("objection_reason")[0]
                yield Way(StatusRecognised(determination=one), ("determination",))
                yield Way(StatusDisputed(determination=one, basis=basis, reason=reason), ("determination",))
        case "consent":
            recorded = [body for _, body in look.case.of_type(ConsentRecorded)]
            yield from (Way(body) for body in recorded[-1:])
        case "disclosure":
            made = [b64(event.id) for event, _ in look.case.of_type(DisclosureMade) if event.agency == name]
            yield from (Way(DisclosureConfirmed(disclosure=one), ("disclosure",)) for one in made[-1:])
        case "duplicate":
            yield Way(DuplicateLinked(other=name, reason=codes("duplicate_link")[0]), ("other",))
            yield Way(DuplicateDismissed(other=name, reason=codes("duplicate_dismissal")[0]), ("other",))
        case _:
            pass


def _of_emergency(look: Look, rules: Mechanism, slot: str, claims: Sequence[Claim]) -> Iterator[Way]:
    matter, _, name = slot.partition("/")
    reason = codes("withdrawal_reason")[0]
    match matter:
        case "emergency":
            yield Way(EmergencyProposed(ground=codes("ground")[0], needs=()))
            ids = {claim.event for claim in claims}
            ended = [body for event, body in look.case.of_type(EmergencyEnded) if event.id in ids]
            for body in ended:
                yield Way(EndingWithdrawn(announcement=body.announcement, reason=reason), ("announcement",))
        case "ending":
            yield Way(EndingWithdrawn(announcement=name, reason=reason), ("announcement",))
        case "session" | "deadline":
            leaders = tuple(str(seat) for seat in range(rules.session.quorum))
            decided = SessionDecided(emergency=name, decision=ACCEPTED, leaders=leaders)
            if matter == "deadline":
                decided = decided.model_copy(update={"decision": EXTENSION, "until": _after(claims)})
            yield Way(decided, ("emergency",))
        case _:
            pass


def _of_course(look: Look, matter: str, name: str, claims: Sequence[Claim]) -> Iterator[Way]:
    match matter:
        case "lead":
            mine = [claim for claim in claims if claim.value == look.agency]
            yield from (Way(DecisionConfirmed(decision=b64(claim.event)), ("decision",)) for claim in mine)
        case "closure":
            yield Way(CaseReopened(reason=codes("reopening_reason")[0]))
        case "plan_proposal":
            waiting = [act for act in look.case.acts(PlanProposed) if act.name in {claim.value for claim in claims}]
            replaces = tuple(act.name for act in waiting)
            yield from (Way(PlanProposed(measures=act.body.measures, replaces=replaces)) for act in waiting[:1])
        case "measure" | "wish":
            yield from _of_measure(look, matter, name)
        case "referral":
            failure, back = codes("referral_failure")[0], codes("referral_withdrawal")[0]
            for one in (
                ReferralAccepted(referral=name),
                ReferralCompleted(referral=name),
                ReferralDeclined(referral=name, reason=failure),
                ReferralWithdrawn(referral=name, reason=back),
            ):
                yield Way(one, ("referral",))
        case _:
            pass


def _of_measure(look: Look, matter: str, name: str) -> Iterator[Way]:
    """How far a measure is, or whether the defender wants it."""
    plans = [act for act in look.case.acts(PlanProposed) if act.body.measure(name)]
    word = {"given_by": codes("consent_giver")[0], "form": codes("consent_form")[0], "at": instant(look)}
    for plan in plans[-1:]:
        given, fields = {"plan": plan.name, "measure": name}, ("plan", "measure")
        failed = MeasureFailed(**given, reason=codes("measure_failure")[0])
        bodies: tuple[Body, ...] = (MeasureStarted(**given), MeasureCompleted(**given), failed)
        if matter == "wish":
            bodies = (MeasureWanted(**given, **word), MeasureUnwanted(**given, **word))
        yield from (Way(body, fields) for body in bodies)


def _assessed(rules: Mechanism) -> RiskAssessed:
    """A complete assessment, at the lowest of everything."""
    parts = (rules.risk.threats, rules.risk.vulnerabilities, rules.risk.capacities)
    threats, vulnerabilities, capacities = (tuple(Score(dimension=one, score=0) for one in part) for part in parts)
    return RiskAssessed(
        threats=threats,
        vulnerabilities=vulnerabilities,
        capacities=capacities,
        present_threat=False,
        level=codes("risk")[0],
        reason=codes("risk_reason")[0],
        valid_until=str(LAST_DAY),
    )


def _after(claims: Sequence[Claim]) -> str:
    """A day later than all that were named, if there is one."""
    return str(day_after(max(date.fromisoformat(claim.value) for claim in claims)))
