"""How emergency protection goes on, changes hands or ends when papers do not come. It never ends by itself.

The only way out of ACTIVE is an `EmergencyEnded`. It stands on an announcement that enough leaders agreed to, on a
fresh low risk or the person's own request, on a notice that has run, and on the word of every other agency of the
case that it has heard. An announcement that did not know of what happened ends nothing, and neither does one that was
left lying. Whatever keeps protection in force (an extension, a withdrawal of the announcement, an incident, a higher
risk) says ACTIVE anew: against an end that did not know of it, it holds. Times are of the events, never of a clock.
"""

from collections.abc import Iterator
from datetime import date, datetime

from contracts.events.ending import (
    EmergencyEnded,
    EmergencyExtended,
    EndingAcknowledged,
    EndingAnnounced,
    EndingProposed,
    EndingWithdrawn,
    ExtensionProposed,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.intake import CaseOpened
from contracts.events.plan import CircumstancesChanged, IncidentRecorded
from contracts.events.protection import EmergencyActivated
from contracts.events.session import SessionDecided
from contracts.events.triage import RiskAssessed
from contracts.mechanism import Permission
from contracts.record import EventId
from contracts.timeline import claimed, latest
from contracts.workflow.emergency import ACTIVE, ongoing
from contracts.workflow.leaders import agreed, decides
from contracts.workflow.risk import is_low
from contracts.workflow.rule import Act, Known, Writes, rule

LOW_RISK, BY_REQUEST = "RISIKO_RENDAH", "PERMINTAAN_PEMBELA"  # the bases on which protection may end
ANNOUNCED, WITHDRAWN, ENDED = "ANNOUNCED", "WITHDRAWN", "ENDED"
OFFERED, ACCEPTED, DECLINED = "OFFERED", "ACCEPTED", "DECLINED"


def latest_extension(emergency: str, known: Known) -> date | None:
    """The last day to which leaders may extend; None if there is no deadline."""
    due = known.value(f"deadline/{emergency}")
    return (
        known.rules.working_days(date.fromisoformat(due), known.rules.requirements.extension_working_days)
        if due
        else None
    )


def _extendable(act: Act[ExtensionProposed], known: Known) -> bool:
    return decides(act.agency, known) and _first_extension(act.body, known)


def _first_extension(asked: ExtensionProposed, known: Known) -> bool:
    """To a later day within the limit, and the first by leaders: a further one is for the session."""
    last, until = latest_extension(asked.emergency, known), date.fromisoformat(asked.until)
    due = known.value(f"deadline/{asked.emergency}")
    within = last is not None and date.fromisoformat(due) < until <= last
    return within and ongoing(asked.emergency, known) and not _extended_before(asked.emergency, known)


def _extended_before(emergency: str, known: Known) -> bool:
    extended = {act.body.extension for act in known.of(EmergencyExtended).values()}
    asked = known.of(ExtensionProposed).values()
    return any(act.name in extended and act.body.emergency == emergency for act in asked)


def _extended(act: Act[EmergencyExtended], known: Known) -> bool:
    asked = agreed(act.body.extension, act.body.approvals, ExtensionProposed, known)
    agrees = asked is not None and act.body.until == asked.body.until
    return agrees and decides(act.agency, known) and asked is not None and _first_extension(asked.body, known)


def _writes_extended(act: Act[EmergencyExtended], known: Known) -> Writes:
    asked = known.named(act.body.extension, ExtensionProposed)
    return [(f"deadline/{asked.body.emergency}", act.body.until), ("emergency", ACTIVE)] if asked else []


def _may_be_proposed(act: Act[EndingProposed], known: Known) -> bool:
    grounded = _grounded(act.body, latest(act.event), known)
    return grounded and decides(act.agency, known) and ongoing(act.body.emergency, known)


def _grounded(ending: EndingProposed, at: datetime, known: Known) -> bool:
    """The person asks for it, or the risk that is in force is low and was assessed a short while before."""
    if ending.basis == BY_REQUEST:
        return True
    assessed = known.named(ending.risk, RiskAssessed) if ending.risk else None
    stands = assessed is not None and assessed.event.id in {claim.event for claim in known.standing("risk")}
    fresh = assessed is not None and at - claimed(assessed.event) <= known.rules.ending.risk_age
    return ending.basis == LOW_RISK and stands and fresh and _low(known)


def _low(known: Known) -> bool:
    levels = [claim.value for claim in known.standing("risk")]
    return bool(levels) and all(is_low(level, known.rules) for level in levels)


def _announced(act: Act[EndingAnnounced], known: Known) -> bool:
    ending, at = agreed(act.body.ending, act.body.approvals, EndingProposed, known), latest(act.event)
    if ending is None or act.body.ends_on != ending.body.ends_on or not decides(act.agency, known):
        return False
    noticed = date.fromisoformat(act.body.ends_on) >= known.rules.office_day(at + known.rules.ending.notice, act.agency)
    return noticed and ongoing(ending.body.emergency, known) and _grounded(ending.body, at, known)


def _heard_elsewhere(act: Act[EndingAcknowledged], known: Known) -> bool:
    return not decides(act.agency, known) and known.named(act.body.announcement, EndingAnnounced) is not None


def _taken_back(act: Act[EndingWithdrawn], known: Known) -> bool:
    stands = known.named(act.body.announcement, EndingAnnounced) is not None and known.value("emergency") == ACTIVE
    return stands and decides(act.agency, known)


def _ended(act: Act[EmergencyEnded], known: Known) -> bool:
    announced = known.named(act.body.announcement, EndingAnnounced)
    ending = known.named(announced.body.ending, EndingProposed) if announced else None
    if announced is None or ending is None or not decides(act.agency, known):
        return False
    low = ending.body.basis == BY_REQUEST or _low(known)
    due = _in_time(act, announced, known) and low and ongoing(ending.body.emergency, known)
    aware = all(known.informed(announced.event.id, one) for one in _to_be_known(ending.body.basis, known))
    return due and aware and _unopposed(announced, known)


def _in_time(act: Act[EmergencyEnded], announced: Act[EndingAnnounced], known: Known) -> bool:
    """The day has come, and is no longer past than an assessment stays fresh: a later end is announced anew."""
    day, rules = date.fromisoformat(announced.body.ends_on), known.rules
    earliest, last = rules.office_day(claimed(act.event), act.agency), rules.office_day(latest(act.event), act.agency)
    return day <= earliest and last <= day + rules.ending.risk_age


def _to_be_known(basis: str, known: Known) -> Iterator[EventId]:
    """What put or kept protection in force, and what happened; where low risk is the basis, what tells of more."""
    for kind in (EmergencyActivated, EmergencyExtended, IncidentRecorded):
        yield from known.of(kind)
    yield from (id_ for id_, act in known.of(SessionDecided).items() if act.body.until)
    if basis == LOW_RISK:
        yield from known.of(CircumstancesChanged)
        yield from (id_ for id_, act in known.of(RiskAssessed).items() if not is_low(act.body.level, known.rules))


def _unopposed(announced: Act[EndingAnnounced], known: Known) -> bool:
    """All others have heard, and nobody took it back."""
    acknowledged = known.of(EndingAcknowledged).values()
    heard = {act.agency for act in acknowledged if act.body.announcement == announced.name} | {announced.agency}
    told = {agency for act in known.of(CaseOpened).values() for agency in act.event.content.to}
    withdrawn = {act.body.announcement for act in known.of(EndingWithdrawn).values()}
    return told <= heard and announced.name not in withdrawn


def _offered(act: Act[HandoverOffered], known: Known) -> bool:
    return decides(act.agency, known) and act.body.recipient != act.agency and ongoing(act.body.emergency, known)


def _answered(act: Act[HandoverAccepted] | Act[HandoverDeclined], known: Known) -> bool:
    offer = known.named(act.body.offer, HandoverOffered)
    return offer is not None and act.agency == offer.body.recipient and known.value(handover(offer.name)) == OFFERED


def handover(offer: str) -> str:
    """The slot of an offer."""
    return f"handover/{offer}"


RULES = (
    rule(ExtensionProposed, Permission.DECIDE_EMERGENCY, counts=_extendable),
    rule(EmergencyExtended, counts=_extended, writes=_writes_extended),
    rule(EndingProposed, Permission.DECIDE_EMERGENCY, counts=_may_be_proposed),
    rule(EndingAnnounced, counts=_announced, writes=lambda act, _: [(f"ending/{act.name}", ANNOUNCED)]),
    rule(EndingAcknowledged, Permission.ACKNOWLEDGE_NOTICE, counts=_heard_elsewhere),
    rule(
        EndingWithdrawn,
        Permission.DECIDE_EMERGENCY,
        counts=_taken_back,
        writes=lambda act, _: [(f"ending/{act.body.announcement}", WITHDRAWN), ("emergency", ACTIVE)],
    ),
    rule(
        EmergencyEnded,
        Permission.DECIDE_EMERGENCY,
        counts=_ended,
        writes=lambda act, _: [(f"ending/{act.body.announcement}", ENDED), ("emergency", ENDED)],
    ),
    rule(
        HandoverOffered,
        Permission.DECIDE_EMERGENCY,
        counts=_offered,
        writes=lambda act, _: [(handover(act.name), OFFERED)],
    ),
    rule(
        HandoverAccepted,
        Permission.ANSWER_HANDOVER,
        counts=_answered,
        writes=lambda act, _: [(handover(act.body.offer), ACCEPTED)],
    ),
    rule(
        HandoverDeclined,
        Permission.ANSWER_HANDOVER,
        counts=_answered,
        writes=lambda act, _: [(handover(act.body.offer), DECLINED)],
    ),
)
