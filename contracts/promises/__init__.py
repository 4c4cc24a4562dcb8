"""What agencies promise in a case, matter by matter: from the case and the mechanism alone, the same at every node."""

from collections.abc import Iterator
from datetime import datetime

from contracts.events import BODIES, Body
from contracts.events.notify import NoticeEscalated, NoticeSent, PromiseMissed, ReminderGiven
from contracts.mechanism import Mechanism
from contracts.mechanism.calendar import HORIZON, end_of
from contracts.promises import (
    breach,
    emergency,
    lead,
    need,
    plan,
    police,
    referral,
    review,
    rights,
    risk,
    status,
    triage,
)
from contracts.promises.promise import Promise, Promises
from contracts.record import EventId
from contracts.state import Case
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.lead import IN_EMERGENCY

MATTERS: tuple[Promises, ...] = tuple(
    matter.promises
    for matter in (triage, status, risk, emergency, lead, need, plan, review, referral, police, rights, breach)
)
OUTLIVING = frozenset({rights.REQUEST, breach.NOTICE})
"""What a person is owed of their data, whether their case is open or closed."""
_LAST = end_of(HORIZON)
ONLY_TELLING: frozenset[type[Body]] = frozenset({NoticeSent, NoticeEscalated, ReminderGiven, PromiseMissed})
MOVING: tuple[type[Body], ...] = tuple(body for body in BODIES if body.of_case and body not in ONLY_TELLING)
"""Every event that can make, move or keep a promise: all that is said in cases, but for what machines tell of it."""


def promises(case: Case, rules: Mechanism) -> list[Promise]:
    """All that is promised in a case, kept or not, each (kind, subject, source, agency) once; the most pressing first.

    A case that is closed owes nothing more but what a person is owed of their data, unless somebody's protection is in
    force or asked for.
    """
    found: dict[tuple[str, str, EventId, str], Promise] = {}
    for promise in sorted(_all(case, rules), key=_pressing):
        found.setdefault(promise[:4], promise)
    over = case.in_force(CLOSURE) == CLOSED and case.in_force("emergency") not in IN_EMERGENCY
    return [one._replace(kept=one.kept or (over and one.kind not in OUTLIVING)) for one in found.values()]


def _all(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Nobody owes what the lead would owe in a case that has none, because its opening is not here."""
    for matter in MATTERS:
        yield from (one._replace(due=min(one.due, _LAST)) for one in matter(case, rules) if one.agency)


def _pressing(promise: Promise) -> tuple[bool, datetime, tuple[str, str, EventId, str]]:
    return promise.kept, promise.due, promise[:4]
