"""A node's store and log in dictionaries: the twin of `PostgresStore` and `Log` for tests and simulations.

What decides is the production code itself (`write`, `examine`, `decide`, `fits`, `heads`); only the tables
are replaced. One contract suite holds both stores to the same promises, so what a simulation shows of
this one is true of the other. Nothing here waits for I/O: `settled` runs its coroutines without a loop.
"""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeVar

from contracts import sealing
from contracts.case import Event
from contracts.content import Content
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.hlc import Hlc
from contracts.merkle import Tree
from contracts.record import EventId, Seen, Signed
from contracts.signing import Signer
from services.node.admission import (
    Arrival,
    Delivery,
    Examined,
    Head,
    Known,
    Parent,
    Plan,
    Refusal,
    State,
    fits,
    position,
)
from services.node.clock import Clock
from services.node.store import Bad
from services.node.writing import Desk, Draft, Timeline, Written, heartbeat, write

Result = TypeVar("Result")


class Kept(NamedTuple):
    """An event that this node may read."""

    signed: Signed
    content: Content
    state: State


class Sealing(NamedTuple):
    """Content as it is kept."""

    blob: bytes
    key: bytes


class Missing(NamedTuple):
    """Content for us that did not come or did not open."""

    log: str
    seq: int
    found: bool = False


class Gap(NamedTuple):
    """Records that are missing, both ends included."""

    log: str
    first: int
    last: int


@dataclass(kw_only=True, slots=True)
class Tables:
    """What a node writes down. Rows are immutable, so a copy of the tables is a snapshot."""

    heads: dict[str, Head] = field(default_factory=dict)
    records: dict[tuple[str, int], Signed] = field(default_factory=dict)
    forks: dict[tuple[str, int, EventId], Signed] = field(default_factory=dict)
    events: dict[EventId, Kept] = field(default_factory=dict)
    contents: dict[EventId, Sealing] = field(default_factory=dict)
    waiting: dict[tuple[EventId, bytes], int] = field(default_factory=dict)  # (event, parent or nothing) -> until, ms
    unreadable: dict[EventId, Missing] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)  # open ones
    quarantine: dict[bytes, Bad] = field(default_factory=dict)
    answered: set[bytes] = field(default_factory=set)
    held: set[bytes] = field(default_factory=set)
    seen: dict[tuple[str, str, int], tuple[int, Hlc]] = field(default_factory=dict)  # (log, by, size) -> record of by
    pointers: list[EventId] = field(default_factory=list)
    links: dict[str, tuple[str, int]] = field(default_factory=dict)


class MemoryStore:
    """The `Store` of one node, without its database."""

    def __init__(self, own: str, chain: Chain) -> None:
        """`own` is the origin that this node writes; every log of the directory is followed from its start."""
        self.own = own
        self.tables = Tables(
            heads={log: Head(Tree(), chain.opened_by(log), Hlc(0, 0), 0) for log in chain.logs().values()}
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing: whatever is raised inside undoes what was written."""
        before = Tables(**{part.name: copy(getattr(self.tables, part.name)) for part in fields(Tables)})
        try:
            yield
        except BaseException:
            self.tables = before
            raise

    async def known(self, log: str, batch: Sequence[Examined]) -> Known:
        """See `services.node.store.Store`."""
        rows, head = self.tables, self.tables.heads[log]
        places = (item.signed.record.seq for item in batch)
        ids = {seq: rows.records[log, seq].id for seq in places if (log, seq) in rows.records}
        named = {id_ for item in batch if item.readable for id_ in item.readable.content.parents}
        ahead = (rows.records.get((log, seq)) for seq in range(head.size, head.highest))
        return Known(
            head,
            ids,
            frozenset(id_ for id_ in ids.values() if id_ in rows.events),
            self._parents(named),
            {signed.record.seq: signed.jws for signed in ahead if signed},
        )

    async def save(self, plan: Plan) -> Sequence[EventId]:
        """See `services.node.store.Store`."""
        self._save_records(plan)
        self._save_trouble(plan)
        for arrival in plan.arrivals:
            self._save_arrival(arrival)
        applied = [arrival.signed.id for arrival in plan.arrivals if arrival.state == "applied"]
        return self._point(applied + self._release(applied))

    async def release_clocks(self, now_ms: int) -> Sequence[EventId]:
        """Apply events whose time has come."""
        due = [key for key, until in self.tables.waiting.items() if not key[1] and until <= now_ms]
        freed = self._settle(due)
        return self._point(freed + self._release(freed))

    async def quarantine(self, source: str, bad: Sequence[Bad]) -> None:  # noqa: ARG002  the port has it
        """See `services.node.store.Store`."""
        for one in bad:
            if one.refusal.digest not in self.tables.quarantine and not one.refusal.answer:
                self.tables.answered.add(one.refusal.digest)
            self.tables.quarantine.setdefault(one.refusal.digest, one)

    def unanswered(self) -> list[Refusal]:
        """Refusals that their authors have not been told."""
        told = self.tables.answered
        return [bad.refusal for digest, bad in self.tables.quarantine.items() if digest not in told]

    def holes(self) -> list[Gap]:
        """What is missing: gaps, ends that others have seen, content for us that did not open."""
        rows = self.tables
        missing = (Gap(one.log, one.seq, one.seq) for one in rows.unreadable.values() if not one.found)
        return [*rows.gaps.values(), *self._unheard(), *missing]

    def seen_by(self, log: str, other: str) -> int:
        """How much of a log another one says that it holds."""
        return max((size for of, by, size in self.tables.seen if (of, by) == (log, other)), default=0)

    def add(self, head: Head, desk: Desk, one: Written) -> None:
        """Append one finished record to the own log."""
        rows, signed = self.tables, one.signed
        self._insert(signed)
        rows.heads[self.own] = head
        for log, seen in desk.seen.items():
            rows.seen.setdefault((log, self.own, seen.size), (signed.record.seq, signed.record.hlc))
        if one.sealed:
            rows.contents[signed.id] = Sealing(one.sealed.blob, one.sealed.key)
        if one.event:
            rows.events[signed.id] = Kept(signed, one.event.content, "applied")
            rows.pointers.append(signed.id)

    def _insert(self, signed: Signed) -> None:
        place = (signed.record.log, signed.record.seq)
        if place in self.tables.records:
            message = "a record is written once"
            raise KeyError(message)
        self.tables.records[place] = signed

    def _save_records(self, plan: Plan) -> None:
        rows, head = self.tables, plan.head
        for signed in plan.records:
            self._insert(signed)
            for other, seen in signed.record.seen.items():
                rows.seen.setdefault((other, plan.log, seen.size), (signed.record.seq, signed.record.hlc))
        rows.heads[plan.log] = head
        rows.gaps.pop(plan.log, None)
        if head.highest > head.size:
            rows.gaps[plan.log] = Gap(plan.log, head.size, head.highest - 1)

    def _save_trouble(self, plan: Plan) -> None:
        for signed in plan.forks:
            self.tables.forks.setdefault((plan.log, signed.record.seq, signed.id), signed)
        for signed in plan.unreadable:
            self.tables.unreadable.setdefault(signed.id, Missing(plan.log, signed.record.seq))
        settled(self.quarantine(plan.log, [Bad(refusal, b"") for refusal in plan.refusals]))

    def _save_arrival(self, arrival: Arrival) -> None:
        rows, id_ = self.tables, arrival.signed.id
        rows.events[id_] = Kept(arrival.signed, arrival.readable.content, arrival.state)
        rows.contents[id_] = Sealing(arrival.readable.blob, arrival.readable.key)
        if arrival.state == "waiting":
            rows.waiting |= {(id_, parent): 0 for parent in arrival.missing}
            rows.waiting |= {(id_, b""): arrival.signed.record.hlc.ms} if arrival.early else {}
        if id_ in rows.unreadable:
            rows.unreadable[id_] = rows.unreadable[id_]._replace(found=True)

    def _release(self, done: Sequence[EventId]) -> list[EventId]:
        applied: list[EventId] = []
        while done:
            done = self._settle([key for key in self.tables.waiting if key[1] in set(done)])
            applied += done
        return applied

    def _settle(self, keys: Sequence[tuple[EventId, bytes]]) -> list[EventId]:
        """Nothing waits for these any more; the events that thereby wait for nothing are judged."""
        for key in keys:
            del self.tables.waiting[key]
        still = {id_ for id_, _ in self.tables.waiting}
        freed = [id_ for id_ in dict.fromkeys(id_ for id_, _ in keys) if id_ not in still]
        return [id_ for id_ in freed if self._judge(id_) == "applied"]

    def _judge(self, id_: EventId) -> State:
        kept = self.tables.events[id_]
        record, content = kept.signed.record, kept.content
        fit = fits(content.case, record.to, self._parents(content.parents).values())
        self.tables.events[id_] = kept = kept._replace(state="applied" if fit else "refused")
        if not fit:
            refusal = Refusal(id_, record.log, record.seq, Code.VISIBILITY, answer=record.kind == "case")
            settled(self.quarantine(record.log, [Bad(refusal, b"")]))
        return kept.state

    def _parents(self, ids: Iterable[EventId]) -> dict[EventId, Parent]:
        kept = {id_: self.tables.events[id_] for id_ in ids if id_ in self.tables.events}
        return {id_: Parent(one.state, one.content.case, one.signed.record.to) for id_, one in kept.items()}

    def _point(self, applied: list[EventId]) -> Sequence[EventId]:
        events = self.tables.events
        self.tables.pointers += sorted(applied, key=lambda id_: (events[id_].signed.record.hlc, id_))
        return applied

    def _unheard(self) -> Iterator[Gap]:
        for log, head in self.tables.heads.items():
            most = max((size for of, _, size in self.tables.seen if of == log), default=0)
            if log != self.own and most > head.size:
                yield Gap(log, head.size, most - 1)


class MemoryLog:
    """The own log of one node, and its cases, over a `MemoryStore`."""

    def __init__(
        self, store: MemoryStore, signer: Callable[[str], Signer], chain: Chain, clock: Clock, entropy: sealing.Entropy
    ) -> None:
        """`signer` gives the key of a service; `entropy` makes salts and content keys."""
        self.store = store
        self.log = store.own
        self._signer = signer
        self._chain = chain
        self._clock = clock
        self._entropy = entropy
        self._opened: dict[EventId, bytes] = {}

    def append(self, service: str, timeline: Timeline, drafts: Sequence[Draft]) -> Timeline:
        """One record per draft; the timeline with them. PermissionError for another family's events."""
        if any(draft.body.type.split(".")[0] != service for draft in drafts):
            message = "a service appends events of its own family only"
            raise PermissionError(message)
        desk = self.desk()
        written = write(desk, self._signer(service), timeline, drafts)
        self.keep(desk, written)
        return timeline._replace(events=(*timeline.events, *(one.event for one in written if one.event)))

    def heartbeat(self) -> None:
        """Append a record that only says what we have seen."""
        desk = self.desk()
        self.keep(desk, [heartbeat(desk, self._signer("node"))])

    def load(self, case: str) -> Timeline:
        """All applied events of a case; Rejected(NOT_FOUND) if there are none."""
        kept = [one for one in self.store.tables.events.values() if one.content.case == case and one.state == "applied"]
        if not kept:
            raise Rejected(Code.NOT_FOUND, "case")
        events = tuple(Event(s.id, s.record.log, s.record.seq, s.record.hlc, content) for s, content, _ in kept)
        return Timeline(case, self._case_key(kept[0].signed), events)

    def delivery(self, signed: Signed, reader: str) -> Delivery:
        """A record as `reader` gets it: with the content, wrapped to it, if it is one of its readers and we hold it."""
        content = self.store.tables.contents.get(signed.id)
        if content is None or reader not in signed.record.to:
            return Delivery(signed.jws)
        public = self._chain.sealing_key(signed.record.dir, reader)
        return Delivery(signed.jws, sealing.wrap(content.key, public, signed.id, reader), content.blob)

    def outgoing(self, log: str, first: int, end: int) -> list[Signed]:
        """The records of a log that we hold from `first` on, before `end`."""
        rows = self.store.tables
        end = min(end, rows.heads[log].highest)
        return [rows.records[log, seq] for seq in range(first, end) if (log, seq) in rows.records]

    def desk(self) -> Desk:
        """What the next record is made from."""
        heads = self.store.tables.heads
        others = {log: Seen(head.size, head.tree.root()) for log, head in heads.items() if log != self.log}
        version = self._chain.latest.version
        return Desk(self.log, heads[self.log], others, version, self._clock.now_ms(), self._entropy)

    def keep(self, desk: Desk, written: Sequence[Written]) -> None:
        """Append finished records."""
        tree = desk.head.tree
        for one in written:
            tree = tree.append(one.signed.jws)
            self.store.add(Head(tree, one.signed.id, one.signed.record.hlc, tree.size), desk, one)

    def _case_key(self, signed: Signed) -> bytes:
        if signed.id not in self._opened:
            record, content = signed.record, self.store.tables.contents[signed.id]
            opened = sealing.unseal(content.blob, content.key, position(record), cm=record.cm, tag=record.tag)
            self._opened[signed.id] = opened.case_key
        return self._opened[signed.id]


def settled(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine that never waits; RuntimeError if it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    coroutine.close()
    message = "a memory store waits for nothing"
    raise RuntimeError(message)
