"""The own log of one node over a `MemoryStore`, written by the same pure functions as the real one."""

from collections.abc import Callable, Sequence

from contracts import sealing
from contracts.delivery import Delivery, position
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.record import EventId, Seen, Signed
from contracts.signing import Signer
from contracts.timeline import Event
from services.node.admission import Head
from services.node.clock import Clock
from services.node.testing.store import MemoryStore
from services.node.testing.tables import Kept
from services.node.writing import Desk, Draft, Timeline, Written, heartbeat, write


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
        return Timeline(case, self._case_key(kept[0].signed), tuple(self._event(one) for one in kept))

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

    def now_ms(self) -> int:
        """Milliseconds since 1970, by the node's clock."""
        return self._clock.now_ms()

    def desk(self) -> Desk:
        """What the next record is made from; Rejected(BEHIND) if our own keys have signed more than we hold."""
        if self.store.is_behind():
            raise Rejected(Code.BEHIND, "log")
        heads = self.store.tables.heads
        others = {log: Seen(head.size, head.tree.root()) for log, head in heads.items() if log != self.log}
        version = self._chain.latest.version
        return Desk(self.log, heads[self.log], others, version, self.now_ms(), self._entropy)

    def keep(self, desk: Desk, written: Sequence[Written]) -> None:
        """Append finished records."""
        tree = desk.head.tree
        for one in written:
            tree = tree.append(one.signed.jws)
            self.store.add(Head(tree, one.signed.id, one.signed.record.hlc, tree.size), desk, one)

    def _event(self, kept: Kept) -> Event:
        signed, record = kept.signed, kept.signed.record
        void = self._chain.is_void(signed.kid, record)
        return Event(signed.id, record.log, record.seq, record.hlc, kept.content, void)

    def _case_key(self, signed: Signed) -> bytes:
        if signed.id not in self._opened:
            record, content = signed.record, self.store.tables.contents[signed.id]
            opened = sealing.unseal(content.blob, content.key, position(record), cm=record.cm, tag=record.tag)
            self._opened[signed.id] = opened.case_key
        return self._opened[signed.id]
