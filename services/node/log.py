"""The agency's own log: services append to it inside their own transaction, and read cases from it.

`append` takes the sequencer lock, so sequence numbers have no gaps and commit in order; that makes the
log itself the outbox (see `services.node.relay`). Content is stored sealed; reading a case opens and
re-checks each event's commitment, so an edited row is found by whoever reads it.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg

from contracts.case import lacks_rules
from contracts.delivery import Reader, open_content, position
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.events.node import MechanismAdopted
from contracts.hlc import Hlc
from contracts.mechanism import GENESIS, Mechanism
from contracts.mechanism.rulebook import Rulebook
from contracts.merkle import Tree
from contracts.record import MAX_AGENCIES, EventId, Seen, Signed, header, read, stored
from contracts.roster import Directory
from contracts.sealing import case_tag, unseal
from contracts.signing import Signer
from contracts.timeline import Event
from contracts.workflow.erasure import remains
from services.node import telemetry
from services.node.admission import Head
from services.node.adoption import Adoption, adoption, newest, rulebook, since
from services.node.clock import Clock
from services.node.keys import Keyring
from services.node.sql import Connection, Pool, Row, queries
from services.node.writing import Desk, Draft, Timeline, Written, heartbeat, write

UNREAD = "rajut.node.content.unread.v1"  # no type of ours: shown, and decides nothing
_BEHIND = "RJ001"  # how log.lock_own says it
SQL = queries(Path(__file__).with_name("queries.sql"))


class Log:
    """One agency's log, as seen by one service process."""

    def __init__(self, log: str, keyring: Keyring, chain: Chain, clock: Clock) -> None:
        """`log` is the origin that this node writes; `keyring` must hold the keys of the calling services."""
        self.log = log
        self.agency = keyring.agency
        self.chain = chain
        self.rules = Rulebook()
        self.writes_by = chain.latest.version  # the version that our records name; see `services.node.succession`
        self._adoptions: dict[EventId, Adoption] = {}
        self._keyring = keyring
        self._clock = clock

    async def append(
        self, connection: Connection, service: str, timeline: Timeline, drafts: Sequence[Draft]
    ) -> Timeline:
        """Append one record per draft, in the caller's transaction; return the timeline with them.

        The database role behind `connection` and the key of `service` must be granted the events' family.
        """
        desk = await self._desk(connection)
        places = range(desk.head.size, desk.head.size + len(drafts))
        written = write(desk, self.signer(service, *places), timeline, drafts, telemetry.traceparent())
        await self._store(connection, desk, written)
        return timeline._replace(events=(*timeline.events, *(one.event for one in written if one.event)))

    async def heartbeat(self, connection: Connection) -> None:
        """Append a record that only says what we have seen."""
        desk = await self._desk(connection)
        await self._store(connection, desk, [heartbeat(desk, self.signer("node", desk.head.size))])

    def signer(self, purpose: str, *places: int) -> Signer:
        """The newest key here that the version which we write by lets sign for a purpose, at these places of our log.

        Raises Rejected(UNAVAILABLE) if there is none, Rejected(KEY) if it is not the one that the directory lists,
        KeyError if this process holds no keys for that.
        """
        return self.signer_by(self.writes_by, purpose, *places)

    def signer_by(self, version: int, purpose: str, *places: int) -> Signer:
        """As `signer`, by another version of the directory."""
        signer = self._keyring.signer(purpose, self.chain.signers(self.log, purpose, *places, version=version))
        if signer.public != self.chain.key(header(signer.kid)).public:
            raise Rejected(Code.KEY, f"{signer.kid}: not the one in the directory")
        return signer

    @property
    def directory(self) -> Directory:
        """The version of the directory that our records name."""
        return self.chain.version(self.writes_by)

    def reader(self) -> Reader:
        """Whose eyes content for us is opened with: all our sealing keys that are here, the newest first."""
        return Reader(self.agency, lambda: self._keyring.sealing_keys(self.chain.sealing_kids(self.agency)))

    async def lock(self, connection: Connection, case: str, *, lost: bool = False) -> Timeline:
        """Load a case to decide on it: no other writer of this node moves it before the transaction ends."""
        await connection.execute(SQL["lock_case"], case)
        return await self.load(connection, case, lost=lost)

    async def lock_what_is_left(self, connection: Connection, case: str) -> Timeline | None:
        """As `lock`; None if nothing of the case can be read here any more, as after an erasure."""
        try:
            return await self.lock(connection, case)
        except Rejected as rejected:
            if rejected.code is not Code.NOT_FOUND:
                raise
        return None

    async def load(self, connection: Connection, case: str, *, lost: bool = False) -> Timeline:
        """All events of a case that this node may read, or might before they were erased.

        With `lost`, content whose key is gone counts as erased, too: an older backup has brought it back. Content that
        is as it was signed, in a form that is refused by now, is an event of type `UNREAD`: it stops no other one.
        Rejected(NOT_FOUND), or as `open` if a row was edited.
        """
        rows = await connection.fetch(SQL["timeline"], case)
        opened = [self._ruin(row) if lost else self._told(row) for row in rows]
        key = next((case_key for _, case_key in opened if case_key), b"")
        if not key:
            raise Rejected(Code.NOT_FOUND, "case")
        here = all(event.content.case == case for event, _ in opened)
        left = (row for row, (_, case_key) in zip(rows, opened, strict=True) if not case_key)
        if not here or not all(_tagged(row["jws"], key) for row in left):
            raise Rejected(Code.BIND, "case")  # a row was moved here
        events = tuple(event for event, _ in opened)
        if lacks_rules(events, self.rules):
            await self.follow_rules(connection)
        return Timeline(case, key, events)

    async def follow_rules(self, connection: Connection | Pool) -> None:
        """Take the versions of the mechanism that our own log and the partners' have adopted since we last looked."""
        rows = await connection.fetch(SQL["adopted_mechanisms"], list(self._adoptions))
        if rows:
            self._adoptions |= dict(filter(None, map(self._adopted, rows)))
            self.rules = rulebook(self._adoptions.values())

    @property
    def own_rules(self) -> Adoption | None:
        """The newest version that we have adopted ourselves, if any but the first."""
        return newest(self._adoptions.values(), self.agency)

    def followed_since(self, holds: Callable[[Mechanism], bool]) -> datetime | None:
        """When we adopted a version of which that holds; None for what was so from the first version on, or never."""
        return None if holds(GENESIS) else since(self._adoptions.values(), self.agency, holds)

    def document(self, rules: Mechanism | None) -> MechanismAdopted | None:
        """The signed document behind a version that `rules` has; None for the first one, or if it is not here."""
        return next((one.said for one in self._adoptions.values() if rules and one.mechanism is rules), None)

    async def event(self, connection: Connection, id_: EventId) -> Event:
        """One event by id, erased or not; Rejected(NOT_FOUND) if we never could read it."""
        row = await connection.fetchrow(SQL["event"], id_)
        if row is None:
            raise Rejected(Code.NOT_FOUND, "event")
        return self.open(row)[0]

    def open(self, row: Row) -> tuple[Event, bytes]:
        """Verify and unseal a stored event as if it had just come in: whoever wrote the row may not be who should have.

        Of an event that an order erased only its place is left, and no case key. Raises Rejected with the first rule
        that is broken, from the signature to the case it is filed under; (BLOB) if content is missing without order.
        """
        signed = read(row["jws"], self.chain)
        event, case_key = self.remains(signed, row) if row["blob"] is None else self.unseal(signed, row)
        filed = (row["id"], row["log"], row["seq"], row["type"], row["case_id"] or "")
        if filed != (event.id, event.log, event.seq, event.content.type, event.content.case):
            raise Rejected(Code.BIND, "filed as another event")
        return event, case_key

    def unseal(self, signed: Signed, row: Row) -> tuple[Event, bytes]:
        """The event of a verified record, and the key of its case; Rejected if the row's content is not its own."""
        key = self._keyring.vault.unlock(row["key"], signed.id)
        opened = open_content(signed, row["blob"], key, self.chain)
        record, void = signed.record, self.chain.is_void(signed.kid, signed.record)
        return Event(signed.id, record.log, record.seq, record.hlc, opened.content, void), opened.case_key

    def remains(self, signed: Signed, row: Row) -> tuple[Event, bytes]:
        """What is left of an erased event, and no case key; Rejected(BLOB) if no order erased it."""
        if row["erased"] is None:
            raise Rejected(Code.BLOB, "content is missing")
        return self._place(signed, row), b""

    def _adopted(self, row: Row) -> tuple[EventId, Adoption] | None:
        """What an event adopts; None, as if it had not come, for a row that was edited: the others must go on."""
        try:
            event = self.open(row)[0]
        except Rejected as rejected:
            telemetry.stumbled("mechanism", rejected)
            return None
        return event.id, adoption(event, stored(row["jws"]).record.dir, self.chain)

    def _told(self, row: Row) -> tuple[Event, bytes]:
        try:
            return self.open(row)
        except Rejected as rejected:
            if rejected.code not in {Code.SCHEMA, Code.BODY}:
                raise
        signed = read(row["jws"], self.chain)
        record, key = signed.record, self._keyring.vault.unlock(row["key"], signed.id)
        opened = unseal(row["blob"], key, position(record), cm=record.cm, tag=record.tag)
        event = self._place(signed, row)
        return event._replace(content=event.content._replace(type=UNREAD)), opened.case_key

    def _ruin(self, row: Row) -> tuple[Event, bytes]:
        try:
            return self._told(row)
        except Rejected as rejected:
            if rejected.code is not Code.WRAP:
                raise
            return self._place(read(row["jws"], self.chain), row), b""

    def _place(self, signed: Signed, row: Row) -> Event:
        record, void = signed.record, self.chain.is_void(signed.kid, signed.record)
        left = remains(row["case_id"], record.to, split(row["parents"]))
        return Event(signed.id, record.log, record.seq, record.hlc, left, void)

    async def _desk(self, connection: Connection) -> Desk:
        rows = {row["log"]: row for row in await _own_and_mirrors(connection)}
        heads = {log: head_of(row) for log, row in rows.items()}
        others = {log: Seen(heads[log].size, heads[log].tree.root()) for log in newest_of_others(heads, self.log)}
        return Desk(self.log, heads[self.log], others, self.writes_by, self._clock.now_ms(), secrets.token_bytes)

    async def _store(self, connection: Connection, desk: Desk, written: Sequence[Written]) -> None:
        tree, rows = desk.head.tree, []
        for one in written:
            tree = tree.append(one.signed.jws)
            rows.append(_row(one, tree, desk.seen, self._keyring))
        await connection.executemany(SQL["append"], rows)


async def _own_and_mirrors(connection: Connection) -> Sequence[Row]:
    try:
        return await connection.fetch(SQL["own_and_mirrors"])
    except asyncpg.PostgresError as error:
        if error.sqlstate == _BEHIND:
            raise Rejected(Code.BEHIND, "log") from None
        raise


def newest_of_others(logs: Iterable[str], own: str) -> list[str]:
    """Of these logs as many as a record may name, the latest epochs first; our own earlier ones among them."""
    others = (log for log in logs if log != own)
    return sorted(others, key=lambda log: int(log.rpartition("/")[2]), reverse=True)[:MAX_AGENCIES]


def head_of(row: Row) -> Head:
    """The head in a database row."""
    peaks: bytes = row["peaks"]
    tree = Tree(row["size"], tuple(peaks[at : at + 32] for at in range(0, len(peaks), 32)))
    return Head(tree, row["last"], Hlc.parse(row["hlc"]), row["highest"])


def split(parents: bytes) -> tuple[EventId, ...]:
    """The event ids in a stored `parents` value."""
    return tuple(EventId(parents[at : at + 32]) for at in range(0, len(parents), 32))


def _tagged(jws: bytes, case_key: bytes) -> bool:
    """Whether a record is of the case with this key: for events whose content cannot say so any more."""
    record = stored(jws).record
    return record.tag == case_tag(case_key, position(record).encode())


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
        keyring.vault.lock(sealed.key, signed.id, content.case if content else "") if sealed else None,
    )
