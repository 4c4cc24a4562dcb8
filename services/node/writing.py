"""How the next record of the own log is made: pure, under whatever lock the caller holds."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from contracts import record as records, sealing
from contracts.case import heads
from contracts.content import Actor, Content, encode
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.hlc import Hlc
from contracts.record import EventId, Record, Seen, Signed, agency_of
from contracts.signing import Signer
from contracts.timeline import Event
from services.node.admission import Head


class Draft(NamedTuple):
    """What a service wants to say; place, parents, seal and signature come from the log."""

    body: Body
    to: tuple[str, ...]
    actor: Actor
    time: str  # when it happened, as claimed


class Timeline(NamedTuple):
    """A case as this node may read it, in no particular order (the fold orders it)."""

    case: str
    key: bytes
    events: tuple[Event, ...] = ()

    @property
    def version(self) -> str:
        """A name for exactly these events: another one as soon as anything is added."""
        return version_of(event.id for event in self.events)

    def event(self, id_: EventId) -> Event | None:
        """One of its events, by id."""
        return next((event for event in self.events if event.id == id_), None)


def version_of(ids: Iterable[EventId]) -> str:
    """The version of a case that consists of these events."""
    return b64(sha256(b"".join(sorted(ids))).digest()[:12])


CONTROL = Timeline("", sealing.NO_CASE)  # control events belong to no case


class Written(NamedTuple):
    """A finished record, with what a reader needs to open it."""

    signed: Signed
    event: Event | None = None
    sealed: sealing.Sealed | None = None


class Desk(NamedTuple):
    """What writing needs to know: the own log's head, what was verified of the others, and the rules."""

    log: str
    head: Head
    seen: Mapping[str, Seen]
    directory: int
    now_ms: int
    entropy: sealing.Entropy


def write(
    desk: Desk, signer: Signer, timeline: Timeline, drafts: Sequence[Draft], traceparent: str = ""
) -> list[Written]:
    """The next records of a log, one per draft, each knowing the ones before it."""
    written: list[Written] = []
    for draft in drafts:
        parents = heads(timeline.events, draft.to)
        content = Content(
            draft.body.wire_type,
            timeline.case,
            draft.time,
            draft.actor,
            draft.to,
            parents,
            draft.body.wire(),
            traceparent,
        )
        one = _write_one(desk, signer, timeline, content)
        written.append(one)
        timeline = timeline._replace(events=(*timeline.events, one.event)) if one.event else timeline
        desk = desk._replace(head=_after(desk.head, one.signed))
    return written


def heartbeat(desk: Desk, signer: Signer) -> Written:
    """A record without content: says what we have seen, and that we are alive."""
    return Written(records.sign(_record(desk, Hlc(0, 0)), signer))


def _write_one(desk: Desk, signer: Signer, timeline: Timeline, content: Content) -> Written:
    if agency_of(desk.log) not in content.to:
        raise Rejected(Code.SCHEMA, "to")  # every partner would refuse it
    latest = max((event.hlc for event in timeline.events if event.id in content.parents), default=Hlc(0, 0))
    plain = _record(desk, latest)
    sealed = sealing.seal(
        encode(content, desk.log, plain.seq),
        timeline.key,
        sealing.Position(plain.log, plain.seq, plain.prev),
        desk.entropy,
    )
    record = plain._replace(
        kind="case" if content.case else "ctl", to=content.to, tag=sealed.tag, cm=sealed.cm, ct=sealed.ct
    )
    signed = records.sign(record, signer)
    return Written(signed, Event(signed.id, desk.log, record.seq, record.hlc, content), sealed)


def _record(desk: Desk, after: Hlc) -> Record:
    """A heartbeat at the next place; later than the log's last record and than every parent."""
    return Record(
        log=desk.log,
        seq=desk.head.size,
        prev=desk.head.last,
        hlc=max(desk.head.hlc, after).next(desk.now_ms),
        dir=desk.directory,
        kind="hb",
        to=(),
        seen=desk.seen,
    )


def _after(head: Head, signed: Signed) -> Head:
    return Head(head.tree.append(signed.jws), signed.id, signed.record.hlc, signed.record.seq + 1)
