"""A risk is assessed within a day of an urgent report, a week of any other, and anew before the assessment runs out.

Where a clear and present threat spared the scores, a study of every dimension follows in some days.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from contracts.events.intake import CaseOpened
from contracts.events.triage import RiskAssessed
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Event, claimed
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.risk import unscored

FIRST = "ASESMEN_RISIKO"
STUDY = "STUDI_RISIKO"
AGAIN = "ASESMEN_ULANG"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """The first assessment and the full one by whoever received the report; each further by whoever assessed before."""
    assessed, closed = case.of_type(RiskAssessed), case.in_force(CLOSURE) == CLOSED
    for event, _ in case.of_type(CaseOpened):
        due = claimed(event) + rules.risk.initial_within(case.in_force("urgency"))
        yield Promise(FIRST, "", event.id, event.agency, due, kept=closed or bool(assessed))
        studied = any(not unscored(body, rules.risk) for _, body in assessed)
        yield Promise(STUDY, "", event.id, event.agency, claimed(event) + rules.risk.study, kept=closed or studied)
    standing = {claim.event for claim in case.slots.get("risk", ())}
    for event, body in assessed:
        due = runs_out(event, body, rules)
        yield Promise(AGAIN, "", event.id, event.agency, due, kept=closed or event.id not in standing)


def runs_out(event: Event, body: RiskAssessed, rules: Mechanism) -> datetime:
    """When an assessment ends: with the day that it names, and never later than its level allows."""
    last = rules.office_day(claimed(event), event.agency) + rules.risk.valid_for(body.level)
    day = min(date.fromisoformat(body.valid_until), last)
    return rules.end_of(day, event.agency).astimezone(UTC)
