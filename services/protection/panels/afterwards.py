"""What was decided by phone and written down later: when it was made, and whether a second officer stands for it.

Leaders' votes by phone stand with their proposal; this is of everything else that the agency decides.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from contracts.content import type_name
from contracts.encoding import b64
from contracts.events.protection import DecisionSupplemented, RecordConfirmed
from contracts.mechanism import Permission
from contracts.timeline import Event
from services.node.web.panel import Look, Offer
from services.node.web.present import would_count

MOST = 5  # of the decisions that are offered, the newest
LONG_AGO = "1970-01-01T00:00:00.000Z"  # of a specimen: before anything was written


class Decision(NamedTuple):
    """Something that was decided: what, by which agency, and when it was written."""

    name: str
    what: str
    agency: str
    written: str


class Noted(NamedTuple):
    """When a decision was made, as somebody wrote it down."""

    name: str
    of: Decision
    decided: str
    confirmed: bool


class Afterwards(NamedTuple):
    """What was noted, and the newest decisions of this agency of which it may still be."""

    noted: list[Noted]
    newest: list[Decision]


def show(look: Look) -> Afterwards | None:
    """None where there is nothing, and nothing to add."""
    told = Afterwards(_noted(look), _newest(look))
    return told if any(told) else None


def offers(look: Look) -> Iterator[Offer]:
    """Say of one's agency's newest decisions when they were made; stand for what somebody else wrote."""
    counts = would_count(look)
    for noted in _noted(look):
        if not noted.confirmed and counts(RecordConfirmed(record=noted.name)):
            yield Offer(RecordConfirmed.type, {"record": noted.name}, about=noted.name)
    for one in _newest(look):
        yield Offer(DecisionSupplemented.type, {"decision": one.name}, about=one.name)


def _noted(look: Look) -> list[Noted]:
    events = {b64(event.id): event for event in look.case.timeline}
    seconds = {body.record for _, body in look.case.of_type(RecordConfirmed)}
    told = [(b64(event.id), body) for event, body in look.case.of_type(DecisionSupplemented)]
    return [Noted(name, _decision(events[body.decision]), body.decided_at, name in seconds) for name, body in told]


def _newest(look: Look) -> list[Decision]:
    """Of this agency and not noted yet, the newest first."""
    if not look.may(Permission.SUPPLEMENT_RECORD):
        return []
    noted, counts = {body.decision for _, body in look.case.of_type(DecisionSupplemented)}, would_count(look)
    told = (_decision(event) for event in reversed(look.case.timeline) if event.agency == look.agency)
    new = (one for one in told if one.name not in noted)
    return [*islice((one for one in new if counts(_specimen(one))), MOST)]


def _specimen(decision: Decision) -> DecisionSupplemented:
    return DecisionSupplemented(decision=decision.name, decided_at=LONG_AGO)


def _decision(event: Event) -> Decision:
    return Decision(b64(event.id), type_name(event.content.type), event.agency, event.content.time)
