"""How urgent, and is this a defender: the table speaks once, a person always may, each agency for its own kind."""

from contracts.events.triage import StatusDetermined, UrgencyAssessed, UrgencyOverridden
from contracts.mechanism import Permission
from contracts.workflow.opening import openers
from contracts.workflow.rule import Act, Known, Writes, rule


def _before_any_person(act: Act[UrgencyAssessed], known: Known) -> bool:
    """The table does not talk back to a person."""
    return act.agency in openers(known) and not known.of(UrgencyOverridden)


def _by_its_owner(act: Act[StatusDetermined], known: Known) -> bool:
    return act.agency == known.rules.status.owners.get(act.body.defender_kind)


def _urgency(act: Act[UrgencyAssessed] | Act[UrgencyOverridden], _: Known) -> Writes:
    return [("urgency", act.body.level)]


def _status(act: Act[StatusDetermined], _: Known) -> Writes:
    return [("status", act.body.status)]


RULES = (
    rule(UrgencyAssessed, counts=_before_any_person, writes=_urgency),
    rule(UrgencyOverridden, Permission.OVERRIDE_URGENCY, writes=_urgency),
    rule(StatusDetermined, Permission.DETERMINE_STATUS, counts=_by_its_owner, writes=_status),
)
