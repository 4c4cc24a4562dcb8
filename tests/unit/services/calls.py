"""Who is called about an event, agency by agency."""

from contracts.events.triage import UrgencyAssessed
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.notify import domain
from services.notify.domain import Call
from tests.unit.contracts.chronicle import AGENCIES, Chronicle

LPSK = LATEST.agencies["lpsk"]
DUTY = {agency: rules.ladder[0] for agency, rules in LATEST.agencies.items()}
EVERYBODY = {role for rules in LATEST.agencies.values() for role in rules.roles}


def called(case: Chronicle, event: Event, staffed: set[str] = EVERYBODY) -> dict[str, list[Call]]:
    """Whom each agency calls about an event; agencies that call nobody are left out."""
    each = {agency: domain.calls(case.case, event, agency, LATEST, staffed) for agency in AGENCIES}
    return {agency: calls for agency, calls in each.items() if calls}


def assessed(level: str) -> UrgencyAssessed:
    return UrgencyAssessed(level=level, rules=1, rule=1, because=())
