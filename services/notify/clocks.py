"""When to look whether a promise was kept, and what is said before and if it was not: pure, from the case alone.

A case is looked at as a whole: at the first moment at which one of its promises may have been missed. Then all that
was missed meanwhile is said at once, however long a machine stood still.

A promise is looked at by who owes it when it is due. If that agency's node says nothing the others do, one after the
other, so that a dead node's missed promise is known and seldom said twice. Once it is said it is not looked at again:
what was said stands in the case, so neither a restart nor a clock that jumps says it a second time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from contracts.case import Case, fold
from contracts.encoding import b64
from contracts.events.notify import PromiseMissed, ReminderGiven
from contracts.mechanism import Mechanism
from contracts.promises import promises
from contracts.promises.emergency import Reminder, reminders
from contracts.promises.promise import Promise
from contracts.record import EventId
from contracts.workflow.lead import IN_EMERGENCY
from services.notify.domain import GRAVE, MINUTE


class Look(NamedTuple):
    """A promise that is not kept yet, and when to look at it again."""

    promise: Promise
    at: datetime


def looks(case: Case, agency: str, minute: timedelta = MINUTE) -> list[Look]:
    """What this agency waits for in a case; `minute` is how long a minute of the mechanism lasts, as for notices."""
    if agency not in case.participants:
        return []
    shared = _shared(case)
    said = {body for _, body in shared.of_type(PromiseMissed)}
    waiting = (one for one in promises(shared, case.mechanism) if not one.kept and one.missed() not in said)
    return [Look(one, one.due + _patience(case, one.agency, agency) / MINUTE * minute) for one in waiting]


def missed(looks: Sequence[Look], rules: Mechanism, now: datetime) -> list[PromiseMissed]:
    """What this agency says now, each promise for the first time; the gravest first, and then the longest overdue."""
    due = [look.promise for look in looks if look.at <= now]
    grave = sorted(due, key=lambda one: (rules.notices.missed.get(one.kind) != GRAVE, one.due))
    return [promise.missed() for promise in grave]


def recalls(case: Case, agency: str) -> list[Reminder]:
    """When this agency is reminded of papers that it still owes, past and to come."""
    return [one for one in reminders(case, case.mechanism) if one.promise.agency == agency]


def recalled(case: Case, recalls: Sequence[Reminder], now: datetime) -> list[ReminderGiven]:
    """The reminder of each list that is due and was not given; of several days that passed meanwhile the last one."""
    given = {(body.requirements, body.at) for _, body in case.of_type(ReminderGiven)}
    passed = [one for one in recalls if one.at <= now]
    due = [_last(source, passed) for source in dict.fromkeys(one.promise.source for one in passed)]
    return [body for body in due if (body.requirements, body.at) not in given]


def pressing(case: Case) -> bool:
    """Whether a case is looked at before the others."""
    return case.in_force("emergency") in IN_EMERGENCY or case.in_force("urgency") == GRAVE


def _last(source: EventId, passed: Sequence[Reminder]) -> ReminderGiven:
    of_list = [one for one in passed if one.promise.source == source]
    last = max(one.at for one in of_list)
    papers = tuple(one.promise.subject for one in of_list if one.at == last)
    at = last.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return ReminderGiven(requirements=b64(source), papers=papers, at=at)


def _patience(case: Case, owing: str, agency: str) -> timedelta:
    others = [one for one in case.participants if one != owing]
    return case.mechanism.notices.silent * (others.index(agency) + 1) if agency in others else timedelta()


def _shared(case: Case) -> Case:
    """The case as all who take part may read it: what only some know is no reason to tell all."""
    told = [event for event in case.timeline if set(case.participants) <= set(event.content.to)]
    return case if len(told) == len(case.timeline) else fold(told, case.mechanism)
