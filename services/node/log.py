"""The agency's own log: services append to it inside their own transaction, and read cases from it.

`append` takes the sequencer lock, so sequence numbers have no gaps and commit in order; that makes the
log itself the outbox (see `services.node.relay`). Content is stored sealed; reading a case opens and
re-checks each event's commitment, so an edited row is found by whoever reads it.
"""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.case import Event
from contracts.delivery import open_content
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.hlc import Hlc
from contracts.merkle import Tree
from contracts.record import EventId, Seen, read
from services.node import telemetry
from services.node.admission import Head
from services.node.clock import Clock
from services.node.keys import Keyring
from services.node.sql import Connection, Row, queries
from services.node.writing import Desk, Draft, Timeline, Written, heartbeat, write

SQL = queries(Path(__file__).with_name("queries.sql"))


class Log:
    """One agency's log, as seen by one service process."""

    def __init__(self, log: str, keyring: Keyring, chain: Chain, clock: Clock) -> None:
        """`log` is the origin that this node writes; `keyring` must hold the keys of the calling services."""
        self.log = log
        self.agency = keyring.agency
        self.chain = chain
        self._keyring = keyring
        self._clock = clock

    async def append(
        self, connection: Connection, service: str, timeline: Timeline, drafts: Sequence[Draft]
    ) -> Timeline:
        """Append one record per draft, in the caller's transaction; return the timeline with them.

        The database role behind `connection` and the key of `service` must be granted the events' family.
        """
        desk = await self._desk(connection)
        written = write(desk, self._keyring.signer(service), timeline, drafts, telemetry.traceparent())
        await self._store(connection, desk, written)
        return timeline._replace(events=(*timeline.events, *(one.event for one in written if one.event)))

    async def heartbeat(self, connection: Connection) -> None:
        """Append a record that only says what we have seen."""
        desk = await self._desk(connection)
        await self._store(connection, desk, [heartbeat(desk, self._keyring.signer("node"))])

    async def lock(self, connection: Connection, case: str) -> Timeline:
        """Load a case to decide on it: no other writer of this node moves it before the transaction ends."""
        await connection.execute(SQL["lock_case"], case)
        return await self.load(connection, case)

    async def load(self, connection: Connection, case: str) -> Timeline:
        """All events of a case that this node may read; Rejected(NOT_FOUND), or as `open` if a row was edited."""
        rows = await connection.fetch(SQL["timeline"], case)
        if not rows:
            raise Rejected(Code.NOT_FOUND, "case")
        opened = [self.open(row) for row in rows]
        if any(event.content.case != case for event, _ in opened):
            raise Rejected(Code.BIND, "case")  # a row was moved here
        return Timeline(case, opened[0][1], tuple(event for event, _ in opened))

    async def event(self, connection: Connection, id_: EventId) -> Event:
        """One event by id; Rejected(NOT_FOUND) if we cannot read it."""
        row = await connection.fetchrow(SQL["event"], id_)
        if row is None:
            raise Rejected(Code.NOT_FOUND, "event")
        return self.open(row)[0]

    def open(self, row: Row) -> tuple[Event, bytes]:
        """Verify and unseal a stored event as if it had just come in: whoever wrote the row may not be who should have.

        Raises Rejected with the first rule that is broken, from the signature to the case it is filed under.
        """
        signed = read(row["jws"], self.chain)
        key = self._keyring.storage.unlock(row["key"], signed.id)
        opened = open_content(signed, row["blob"], key, self.chain)
        filed = (row["id"], row["log"], row["seq"], row["type"], row["case_id"] or "")
        if filed != (signed.id, signed.record.log, signed.record.seq, opened.content.type, opened.content.case):
            raise Rejected(Code.BIND, "filed as another event")
        return Event(
            signed.id, signed.record.log, signed.record.seq, signed.record.hlc, opened.content
        ), opened.case_key

    async def _desk(self, connection: Connection) -> Desk:
        rows = {row["log"]: row for row in await connection.fetch(SQL["own_and_mirrors"])}
        heads = {log: head_of(row) for log, row in rows.items()}
        others = {log: Seen(head.size, head.tree.root()) for log, head in heads.items() if log != self.log}
        version = self.chain.latest.version
        return Desk(self.log, heads[self.log], others, version, self._clock.now_ms(), secrets.token_bytes)

    async def _store(self, connection: Connection, desk: Desk, written: Sequence[Written]) -> None:
        tree, rows = desk.head.tree, []
        for one in written:
            tree = tree.append(one.signed.jws)
            rows.append(_row(one, tree, desk.seen, self._keyring))
        await connection.executemany(SQL["append"], rows)


def head_of(row: Row) -> Head:
    """The head in a database row."""
    peaks: bytes = row["peaks"]
    tree = Tree(row["size"], tuple(peaks[at : at + 32] for at in range(0, len(peaks), 32)))
    return Head(tree, row["last"], Hlc.parse(row["hlc"]), row["highest"])


def _row(one: Written, tree: Tree, seen: Mapping[str, Seen], keyring: Keyring) -> tuple[object, ...]:
    signed, record, event, sealed = one.signed, one.signed.record, one.event, one.sealed
    content = event.content if event else None
    return (
        record.seq,
        record.prev,
        signed.id,
        signed.jws,
        str(record.hlc),
        b"".join(tree.peaks),
        list(seen),
        [size for size, _ in seen.values()],
        content.type if content else None,
        content.case or None if content else None,
        b"".join(content.parents) if content else None,
        list(record.to),
        sealed.blob if sealed else None,
        keyring.storage.lock(sealed.key, signed.id) if sealed else None,
    )
