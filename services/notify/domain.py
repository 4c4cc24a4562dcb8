"""Who must know, decided purely: which event calls whom, how long they may take, and who is next.

Each agency tells its own officers only. A notice stands on a step of the agency's ladder (a role); an
unanswered one climbs to the next step with officers on it that does not know yet. Above the last step
are the other agencies of the case: they hear the escalation as an event and call their own officers,
once, so that two silent agencies do not call each other for ever.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.case import Case
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.breach import BreachFound
from contracts.events.intake import CaseOpened, ConsentWithdrawn, DisclosureMade, IdentityShared, OutsiderNamed
from contracts.events.notify import NoticeEscalated, NoticeSent, PromiseMissed, ReminderGiven
from contracts.events.plan import MeasureUnwanted
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.events.referral import ReferralEscalated
from contracts.events.step import StepOverdue
from contracts.events.triage import RiskAssessed, UrgencyAssessed, UrgencyOverridden
from contracts.mechanism import AgencyRules, Mechanism
from contracts.promises.plan import planned
from contracts.timeline import Event
from contracts.workflow.breach import endangers
from contracts.workflow.lead import IN_EMERGENCY
from contracts.workflow.plan import owing

GRAVE = "KRITIS"
CALM = "BIASA"
QUIET = (CALM, "TINGGI")  # these wait at the desk as work; any other level, known or not, calls
CHANNEL = "email"
MINUTE = timedelta(minutes=1)

TELLING: tuple[type[Body], ...] = (
    CaseOpened,
    UrgencyAssessed,
    UrgencyOverridden,
    EmergencyProposed,
    EmergencyActivated,
    EmergencyDeclined,
    RequirementsDeferred,
    NoticeEscalated,
    PromiseMissed,
    DisclosureMade,
    OutsiderNamed,
    BreachFound,
    ConsentWithdrawn,
    MeasureUnwanted,
    RiskAssessed,
    StepOverdue,
    ReferralEscalated,
    ReminderGiven,
)


class Call(NamedTuple):
    """Somebody to tell: the step of the ladder they stand on, their role, the level that sets their time."""

    step: int
    role: str
    level: str


def calls(
    case: Case,
    event: Event,
    agency: str,
    mechanism: Mechanism,
    staffed: Collection[str],
    late: timedelta = timedelta(),
) -> list[Call]:
    """Whom `agency` tells about an event; `staffed` are its roles that somebody holds.

    What is `late` by so much goes straight to the step that it would have climbed to by now, and a need for which
    referrals have failed again to the highest.
    Empty for events that concern others, that their past does not bear out, or of a case without this agency, or whose
    rules do not name it: they give it no ladder.
    """
    takes_part = agency in case.participants and agency in mechanism.agencies and event.id not in case.unsupported
    if not takes_part or not _concerns(case, event, agency, mechanism):
        return []
    body = case.bodies.get(event.id)
    level = _level(case, body, mechanism)
    if isinstance(body, DisclosureMade | OutsiderNamed):
        return [_auditor(agency, mechanism, level)]
    ladder = mechanism.agencies[agency].ladder
    climbed = len(ladder) if isinstance(body, ReferralEscalated) else rungs(level, mechanism, late)
    called = [first(ladder, level, staffed, climbed)]
    if isinstance(body, EmergencyProposed):
        called.append(_decider(mechanism, level))
    return list({call.step: call for call in called}.values())


def climb(
    rules: AgencyRules, step: int, level: str, staffed: Collection[str], told: Collection[int], missed: int = 0
) -> Call | None:
    """Who is told when `step` did not answer: the next step with somebody on it, or after `missed` more times a higher.

    A call without a role stands above the ladder, where the other agencies are; nobody gets there but from the last
    step. None if the step knows already: its own notice climbs on.
    """
    above = [place for place in range(step + 1, len(rules.ladder)) if rules.ladder[place] in staffed]
    place = above[min(missed, len(above) - 1)] if above else ladder_end(rules)
    if place in told:
        return None
    return Call(place, rules.ladder[place] if above else "", level)


def first(ladder: tuple[str, ...], level: str, staffed: Collection[str], climbed: int) -> Call:
    """The lowest step with somebody on it, or so many higher; the lowest of all if nobody is anywhere: it climbs."""
    places = [place for place, role in enumerate(ladder) if role in staffed] or [0]
    place = places[min(climbed, len(places) - 1)]
    return Call(place, ladder[place], level)


def rungs(level: str, mechanism: Mechanism, late: timedelta) -> int:
    """How many times to answer have passed in so long, in minutes of the mechanism."""
    return max(late // mechanism.notices.respond_within(level), 0)


def elapsed(then: datetime, now: datetime, minute: timedelta = MINUTE) -> timedelta:
    """How long ago that was, in minutes of the mechanism; what is still to come was not long ago."""
    return max(now - then, timedelta()) / minute * MINUTE


def may_answer(rules: AgencyRules, step: int, role: str, officer_role: str) -> bool:
    """Whether a role may answer a notice: the one that was told, or one higher on the ladder."""
    return officer_role == role or officer_role in rules.ladder[step:]


def respond_by(now: str, level: str, mechanism: Mechanism, minute: timedelta = MINUTE) -> datetime:
    """When an answer is due; `minute` is how long a minute of the mechanism lasts."""
    return datetime.fromisoformat(now) + mechanism.notices.respond_within(level) / MINUTE * minute


def notice(about: bytes, call: Call, due: datetime) -> NoticeSent:
    """What the log says of a call."""
    by = due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return NoticeSent(about=b64(about), role=call.role, step=call.step, channel=CHANNEL, respond_by=by)


def ladder_end(rules: AgencyRules) -> int:
    """The step that an escalation names when nobody of the agency is left to tell."""
    return len(rules.ladder)


def roles(rules: AgencyRules, mechanism: Mechanism) -> set[str]:
    """Every role that a notice of this agency may name."""
    return {*rules.ladder, mechanism.emergency.role, mechanism.disclosure.auditor}


def _concerns(case: Case, event: Event, agency: str, mechanism: Mechanism) -> bool:
    match case.bodies.get(event.id):
        case CaseOpened():
            concerned = event.agency == agency and not case.in_force("urgency")
        case UrgencyAssessed(level=level) | UrgencyOverridden(level=level):
            concerned = level not in QUIET
        case EmergencyProposed() | RequirementsDeferred() | ConsentWithdrawn() | MeasureUnwanted() as body:
            concerned = agency in _acting(case, body, mechanism)
        case DisclosureMade() | OutsiderNamed() | StepOverdue() | ReferralEscalated() | ReminderGiven():
            concerned = event.agency == agency
        case RiskAssessed(present_threat=threat):
            concerned = threat
        case BreachFound() as body:
            concerned = endangers(body)
        case NoticeEscalated() as body:
            concerned = _left_alone(case, event, body, agency, mechanism)
        case PromiseMissed() as body:
            heard = _told_with(case, event, agency, mechanism)
            concerned = not heard and _must_hear(case, event, body, agency, mechanism)
        case body:
            concerned = isinstance(body, EmergencyActivated | EmergencyDeclined)
    return concerned


def _level(case: Case, body: Body | None, mechanism: Mechanism) -> str:
    match body:
        case PromiseMissed(kind=kind):
            return mechanism.notices.missed.get(kind) or case.in_force("urgency") or CALM
        case ConsentWithdrawn() | MeasureUnwanted() if case.in_force("emergency") in IN_EMERGENCY:
            return GRAVE
        case StepOverdue() | ReferralEscalated() | ConsentWithdrawn() | MeasureUnwanted():
            return case.in_force("urgency") or CALM
        case UrgencyAssessed() | UrgencyOverridden():
            return body.level
        case CaseOpened() | RequirementsDeferred() | ReminderGiven():
            return CALM
        case _:
            return GRAVE


def _acting(
    case: Case,
    body: EmergencyProposed | RequirementsDeferred | ConsentWithdrawn | MeasureUnwanted,
    mechanism: Mechanism,
) -> set[str]:
    """Whose turn it is: who decides, who owes papers, who carries the measure that was taken back."""
    match body:
        case EmergencyProposed():
            return {mechanism.emergency.decided_by}
        case RequirementsDeferred(items=items):
            return {item.owner for item in items}
        case MeasureUnwanted(measure=name):
            measures = (plan.body.measure(name) for plan in planned(case).plans)
            return {case.in_force("lead"), *(one.responsible for one in measures if one)}
        case ConsentWithdrawn():
            return _relying(case, mechanism)


def _relying(case: Case, mechanism: Mechanism) -> set[str]:
    """The lead, who was told who the person is, who carries a measure for them, and in an emergency who decides it."""
    told = {agency for event, _ in case.of_type(IdentityShared) for agency in event.content.to}
    opened = {event.agency for event, _ in case.of_type(CaseOpened)}
    deciding = {mechanism.emergency.decided_by} if case.in_force("emergency") in IN_EMERGENCY else set[str]()
    return {case.in_force("lead"), *opened, *told, *deciding, *owing(planned(case), case.in_force)}


def _must_hear(case: Case, event: Event, body: PromiseMissed, agency: str, mechanism: Mechanism) -> bool:
    """Who owes it; all if everybody hears of such promises, or if its node left it to others. Nobody hears twice."""
    everybody = event.agency != body.agency or body.kind in mechanism.notices.everybody
    same = {b64(at.id) for at, said in case.of_type(PromiseMissed) if said == body and at.id != event.id}
    heard = any(at.agency == agency and sent.about in same for at, sent in case.of_type(NoticeSent))
    return (everybody or agency == body.agency) and not heard


def _told_with(case: Case, event: Event, agency: str, mechanism: Mechanism) -> bool:
    """Whether the agency is called about what was missed just before, in the same breath: one call tells of both."""
    if len(event.content.parents) != 1:
        return False
    before = next(one for one in case.timeline if one.id == event.content.parents[0])
    missed, same = case.bodies.get(before.id), (before.agency, before.content.time)
    if not isinstance(missed, PromiseMissed) or same != (event.agency, event.content.time):
        return False
    levels = [_level(case, body, mechanism) for body in (missed, case.bodies[event.id])]
    sooner, later = map(mechanism.notices.respond_within, levels)
    return sooner <= later and _must_hear(case, before, missed, agency, mechanism)


def _left_alone(case: Case, event: Event, body: NoticeEscalated, agency: str, mechanism: Mechanism) -> bool:
    """Whether another agency's whole ladder stayed silent, about something other than such a silence."""
    theirs = mechanism.agencies.get(event.agency)
    if event.agency == agency or theirs is None or body.step < ladder_end(theirs):
        return False
    sent = next((sent for at, sent in case.of_type(NoticeSent) if b64(at.id) == body.notice), None)
    escalations = {b64(at.id) for at, _ in case.of_type(NoticeEscalated)}
    return sent is not None and sent.about not in escalations


def _auditor(agency: str, mechanism: Mechanism, level: str) -> Call:
    """Who shared without consent is not who watches over it: above the ladder, so that nobody on it answers instead."""
    return Call(len(mechanism.agencies[agency].ladder), mechanism.disclosure.auditor, level)


def _decider(mechanism: Mechanism, level: str) -> Call:
    rules = mechanism.emergency
    ladder = mechanism.agencies[rules.decided_by].ladder
    return Call(ladder.index(rules.role) if rules.role in ladder else len(ladder), rules.role, level)
