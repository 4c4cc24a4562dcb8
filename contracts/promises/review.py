"""When the risk is looked at again: on a cadence by its level, a week into an emergency, at once when things change.

Once a year the case is looked at as a whole, whatever its risk: a review on that occasion, which no other one replaces.

A review keeps every such promise that its author knew of the cause of, and makes the next one: as long as
protection is in force there is always one that is not kept yet.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.plan import CaseReopened, CircumstancesChanged, IncidentRecorded, MeasureFailed, ReviewHeld
from contracts.events.protection import EmergencyActivated
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Event, Past, claimed
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.emergency import ACTIVE

REVIEW, YEARLY = "TINJAUAN", "TINJAUAN_TAHUNAN"
WHOLE = "TAHUNAN"  # the occasion, of list `review_occasion`
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
    yield from _yearly(case, past, rules)


def _yearly(case: Case, past: Past, rules: Mechanism) -> Iterator[Promise]:
    """From the opening, and from each such review: one more within a year."""
    whole = [event for event, body in case.of_type(ReviewHeld) if body.occasion == WHOLE]
    begun: list[Event] = [event for event, _ in case.of_type(CaseOpened)]
    for event in begun + whole:
        kept = any(past.has(review.id, event.id) for review in whole)
        yield Promise(YEARLY, "", event.id, case.in_force("lead"), claimed(event) + rules.review.yearly, kept)


def _causes(rules: Mechanism) -> Mapping[type[Body], Within]:
    return {
        EmergencyActivated: lambda _: rules.emergency.review,
        IncidentRecorded: lambda _: rules.review.at_once,
        CircumstancesChanged: lambda _: rules.review.at_once,
        MeasureFailed: lambda _: rules.review.at_once,
        CaseReopened: lambda _: rules.review.at_once,
        ReviewHeld: lambda body: rules.review.after(body.after) if isinstance(body, ReviewHeld) else timedelta(),
    }
