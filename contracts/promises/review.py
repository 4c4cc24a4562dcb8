"""When the risk is looked at again: on a cadence by its level, a week into an emergency, at once when things change.

A review keeps every such promise that its author knew of the cause of, and makes the next one.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from contracts.case import Case
from contracts.events import Body
from contracts.events.plan import CaseReopened, IncidentRecorded, MeasureFailed, ReviewHeld
from contracts.events.protection import EmergencyActivated
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.timeline import Past, claimed
from contracts.workflow.closure import CLOSED, CLOSURE

REVIEW = "TINJAUAN"
Within = Callable[[Body], timedelta]


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """A review for everything that calls for one. A closed case owes none."""
    if case.in_force(CLOSURE) == CLOSED:
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
