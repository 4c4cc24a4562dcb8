"""What a report or a consent says that cannot be: refused at our own doors, with the field that is wrong.

Bodies take it, because what another agency signed stays readable. Here it would do harm at once: a consent of next
year would name its recipients from today on, and an incident of next year would be the latest one for good.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from contracts.errors import Code, Rejected
from contracts.events.intake import ConsentRecorded
from contracts.events.report import Consent, Report
from services.node.blank import blanks

AHEAD = timedelta(days=1)  # so far a clock elsewhere, or an offset that was noted wrongly, may be ahead of ours


def check_report(report: Report, now: str) -> None:
    """Raise Rejected(REPORT), naming the field, for text that says nothing, and for times that cannot be."""
    for place in (*blanks(report.wire()), *_foretold(report, now)):
        raise Rejected(Code.REPORT, place)


def check_times(consent: ConsentRecorded, now: str) -> None:
    """Raise Rejected(SCHEMA), naming the field, for a consent of the future, and for one that ends before it begins."""
    for field in _impossible(consent, now):
        raise Rejected(Code.SCHEMA, field)


def _foretold(report: Report, now: str) -> Iterator[str]:
    yield from (f"consent.{field}" for field in _impossible(report.consent, now))
    for number, incident in enumerate(report.incidents):
        if _is_ahead(incident.occurred_at, now):
            yield f"incidents.{number}.occurred_at"


def _impossible(consent: Consent | ConsentRecorded, now: str) -> Iterator[str]:
    if _is_ahead(consent.at, now):
        yield "at"
    if consent.expires is not None and consent.expires < consent.at[:10]:
        yield "expires"


def _is_ahead(at: str, now: str) -> bool:
    return datetime.fromisoformat(at) > datetime.fromisoformat(now) + AHEAD
