"""When the risk is looked at again: on a cadence by its level, a week into an emergency, at once when things change.

A review keeps every such promise that its author knew of the cause of, and makes the next one: as long as
protection is in force there is always one that is not kept yet.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from contracts.events import Body
from contracts.events.plan import CaseReopened, IncidentRecorded, MeasureFailed, ReviewHeld
from contracts.events.protection import EmergencyActivated
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Past, claimed
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.emergency import ACTIVE

REVIEW = "TINJAUAN"
Within = Callable[[Body], timedelta]


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """A review for everything that calls for one. A closed case owes none, unless protection is in force."""
    if case.in_force(CLOSURE) == CLOSED and case.in_force("emergency") != ACTIVE:
        return
    past, lead = Past(case.timeline), case.in_force("lead")
    held = [event for event, _ in case.of_type(ReviewHeld)]
    for kind, within in _causes(rules).items():
        for event, body in case.of_type(kind):
            kept = any(past.has(review.id, event.id) for review in held)
            yield Promise(REVIEW, "", event.id, lead, claimed(event) + within(body), kept)


def _causes(rules: Mechanism) -> Mapping[type[Body], Within]:
    return {
        EmergencyActivated: lambda _: rules.emergency.review,
        IncidentRecorded: lambda _: rules.review.at_once,
        MeasureFailed: lambda _: rules.review.at_once,
        CaseReopened: lambda _: rules.review.at_once,
        ReviewHeld: lambda body: rules.review.after(body.after) if isinstance(body, ReviewHeld) else timedelta(),
    }
