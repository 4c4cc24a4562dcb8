"""Cases as triage sees them, told event by event, and the work that they make."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from contracts.case import Case, fold
from contracts.content import Actor, Content
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.protection import (
    DeferredItem,
    EmergencyActivated,
    EmergencyApproved,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.hlc import Hlc
from contracts.mechanism import LATEST as MECHANISM
from contracts.record import EventId
from contracts.report import read_report
from contracts.timeline import Event
from services.intake.domain import case_opened
from services.triage import domain
from tests.unit.contracts.chronicle import officer

CASES = Path(__file__).parents[2] / "cases"
KOMNAS_HAM, KOMNAS_PEREMPUAN, LPSK = AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
NOW = datetime(2026, 11, 22, 1, 54, 48, tzinfo=UTC)


def text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def opening(name: str = "ppham-ancaman-langsung") -> CaseOpened:
    return case_opened(read_report((CASES / f"{name}.json").read_bytes()), AGENCIES, 1)


def happened(body: Body, agency: str, after: Sequence[Event] = (), **claim: str) -> Event:
    """An event whose author knew of `after`."""
    place = len(after)
    content = Content(
        type=body.wire_type,
        case="0" * 26,
        time=claim.get("time", text(NOW)),
        actor=Actor(claim.get("role", officer(agency, body).role), claim.get("officer", "p-1")),
        to=AGENCIES,
        parents=tuple(event.id for event in after[-1:]),
        body=body.wire(),
    )
    id_ = EventId(sha256(json.dumps([place, agency, str(content)]).encode()).digest())
    ms = int(NOW.timestamp() * 1000) + place
    return Event(id_, f"rajut.example/{agency}/1", place, Hlc(ms, 0), content)


def story(*acts: tuple[Body, str] | tuple[Body, str, str]) -> list[Event]:
    """Events one after the other; the third part of an act names the leader who did it."""
    events: list[Event] = []
    for act in acts:
        leader = {"role": "pimpinan", "officer": act[2]} if len(act) > 2 else {}
        events.append(happened(act[0], act[1], events, **leader))
    return events


def case(events: Sequence[Event]) -> Case:
    return fold(events, MECHANISM)


def work(events: Sequence[Event], agency: str) -> dict[tuple[str, str], domain.Item]:
    return {(item.kind, item.subject): item for item in domain.work(case(events), MECHANISM, agency)}


def emergency() -> list[Event]:
    """A report, a proposal, two leaders' approvals, protection in force, and the papers that may come later."""
    events = story((opening(), KOMNAS_PEREMPUAN), (EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), KOMNAS_HAM))
    proposal = b64(events[1].id)
    for leader in ("l-1", "l-2"):
        vote = EmergencyApproved(proposal=proposal)
        events.append(happened(vote, LPSK, events, role="pimpinan", officer=leader))
    approvals = tuple(b64(event.id) for event in events[2:])
    active = EmergencyActivated(proposal=proposal, approvals=approvals, review_by=text(NOW + timedelta(days=7)))
    events.append(happened(active, LPSK, events))
    items = (*MECHANISM.deferred_items(gender_lens=True), DeferredItem(code="SYARAT_BARU", owner=LPSK))
    deferred = RequirementsDeferred(emergency=b64(events[-1].id), items=items, due_on="2027-01-07")
    return [*events, happened(deferred, LPSK, events)]
