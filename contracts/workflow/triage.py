"""How urgent: the table speaks once, a person always may."""

from contracts.events.intake import CaseOpened
from contracts.events.triage import CaseTriaged, RiskAssessed, UrgencyAssessed, UrgencyOverridden
from contracts.mechanism import Permission
from contracts.workflow.opening import openers
from contracts.workflow.rule import PROTECTIVE, Act, Known, Writes, rule

GRAVEST = PROTECTIVE["urgency"][-1]


def _before_any_person(act: Act[UrgencyAssessed], known: Known) -> bool:
    """The table does not talk back to a person."""
    seen = any(told.body.present_threat for told in known.of(RiskAssessed).values())
    return act.agency in openers(known) and not known.of(UrgencyOverridden) and not seen


def _urgency(act: Act[UrgencyAssessed] | Act[UrgencyOverridden], _: Known) -> Writes:
    return [("urgency", act.body.level)]


def _own(act: Act[CaseTriaged], known: Known) -> bool:
    opened = known.named(act.body.opened, CaseOpened)
    return opened is not None and opened.agency == act.agency


RULES = (
    rule(UrgencyAssessed, counts=_before_any_person, writes=_urgency),
    rule(UrgencyOverridden, Permission.OVERRIDE_URGENCY, writes=_urgency),
    rule(CaseTriaged, Permission.RECEIVE_REPORT, counts=_own),
)
