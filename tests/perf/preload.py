"""Fills a log without waiting for it: real records for an outage, invented ones for a long history."""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

from contracts.hlc import Hlc
from contracts.merkle import Tree
from contracts.record import Seen
from services.node.admission import Head
from services.node.clock import SystemClock
from services.node.log import SQL, head_of
from services.node.sql import Connection
from services.node.writing import Desk, write
from tests.perf import floor
from tests.perf.floor import EVENTS_A_CASE
from tests.perf.sides import AUTHOR, SERVICE, OurWriter, Side, new_case, new_draft, owner

CHUNK = 2000
RECORD = ("log", "seq", "id", "jws")
EVENT = ("id", "log", "seq", "case_id", "type", "hlc", "parents", "audience", "state")
CONTENT = ("id", "blob", "key")


class Stored(NamedTuple):
    """One record with its event and content, as the tables take them, and the head after it."""

    record: tuple[object, ...]
    event: tuple[object, ...]
    content: tuple[object, ...]
    head: Head


async def fill(side: Side, count: int) -> int:
    """Append valid records at the author, in bulk; the size of its log after it."""
    connection = await owner(side, AUTHOR)
    rows = await connection.fetch(SQL["heads"])
    own = next(row for row in rows if row["own"])
    seen = {row["log"]: Seen(row["size"], head_of(row).tree.root()) for row in rows if not row["own"]}
    make = _ours if side.writer is OurWriter else _floors
    chunk: list[Stored] = []
    for stored in make(side, head_of(own), seen, count):
        chunk.append(stored)
        if len(chunk) == CHUNK or stored.head.size == own["size"] + count:
            await _copy(connection, own["log"], chunk)
            chunk = []
    await connection.close()
    return int(own["size"]) + count


async def invent(connection: Connection, count: int) -> None:
    """Make the own log of an empty database look as if it had `count` records. They verify nowhere."""
    own = await connection.fetchrow("select log, last from log.head where own")
    assert own is not None
    jws, blob = floor.RECORD_BYTES, floor.FRAME_BYTES + 16
    await connection.execute("set synchronous_commit = off")
    await connection.execute(
        f"""
        insert into log.record (log, seq, id, jws)
            select '{own["log"]}', n, sha256(int8send(n)), decode(repeat(md5(n::text), {jws // 16}), 'hex')
            from generate_series(0, {count - 1}) n;
        insert into log.event (id, log, seq, case_id, type, hlc, parents, audience, state)
            select sha256(int8send(n)), '{own["log"]}', n, substr(md5((n / {EVENTS_A_CASE})::text), 1, 26),
                '{floor.TYPE}', '{floor.HLC}', sha256(int8send(n - 1)), array['a', 'b', 'c'], 'applied'
            from generate_series(0, {count - 1}) n;
        insert into log.content (id, blob, key)
            select sha256(int8send(n)), decode(repeat(md5(n::text), {blob // 16}), 'hex'),
                substr(decode(repeat(md5(n::text), 4), 'hex'), 1, 60)
            from generate_series(0, {count - 1}) n;
        insert into log.root (log, size, root)
            select '{own["log"]}', n, sha256(int8send(n)) from generate_series(1, {count}) n;
        insert into log.seen (log, by_log, size, by_seq, hlc)
            select h.log, '{own["log"]}', n, n * 10, '{floor.HLC}'
            from log.head h, generate_series(0, {count // 10}) n where not h.own;
        update log.head set size = {count}, last = sha256(int8send({count - 1})), highest = {count},
            hlc = '{floor.HLC}', peaks = decode(repeat('00', 32 * bit_count({count}::bit(64))::int), 'hex')
            where own;
        analyze;
        """  # noqa: S608  numbers and our own names
    )


def _ours(side: Side, head: Head, seen: dict[str, Seen], count: int) -> Iterator[Stored]:
    writer = OurWriter(side.home(AUTHOR))
    log, cases = writer.log, [new_case(writer.log.log) for _ in range(0, count, EVENTS_A_CASE)]
    signer, vault = log._keyring.signer(SERVICE), log._keyring.vault
    vault.prepare(case.case for case in cases)
    draft = new_draft(tuple(sorted(log.chain.logs())))
    desk = Desk(log.log, head, seen, 1, SystemClock().now_ms(), secrets.token_bytes)
    for done, timeline in zip(range(0, count, EVENTS_A_CASE), cases, strict=True):
        drafts = [draft] * min(EVENTS_A_CASE, count - done)
        for one in write(desk, signer, timeline, drafts):
            assert one.event is not None
            assert one.sealed is not None
            record, content = one.signed.record, one.event.content
            head = Head(head.tree.append(one.signed.jws), one.signed.id, record.hlc, record.seq + 1)
            place, parents = (log.log, record.seq), b"".join(content.parents)
            yield Stored(
                (*place, one.signed.id, one.signed.jws),
                (
                    one.signed.id,
                    *place,
                    content.case,
                    content.type,
                    str(record.hlc),
                    parents,
                    list(record.to),
                    "applied",
                ),
                (one.signed.id, one.sealed.blob, vault.lock(one.sealed.key, one.signed.id, content.case)),
                head,
            )
        desk = desk._replace(head=head)


def _floors(side: Side, head: Head, _seen: dict[str, Seen], count: int) -> Iterator[Stored]:
    own = floor.Identity(side.home(AUTHOR))
    for _ in range(count):
        hlc = Hlc(head.hlc.ms + 1, 0)
        made = own.make(head.last, head.size, str(hlc))
        yield Stored(
            (own.log, head.size, made.id, made.jws),
            (made.id, own.log, head.size, floor.CASE, floor.TYPE, str(hlc), head.last, list(own.logs), "applied"),
            (made.id, made.blob, made.locked),
            head := Head(head.tree.append(made.jws), made.id, hlc, head.size + 1),
        )


async def _copy(connection: Connection, log: str, chunk: list[Stored]) -> None:
    async with connection.transaction():
        for table, names, rows in (
            ("record", RECORD, [one.record for one in chunk]),
            ("event", EVENT, [one.event for one in chunk]),
            ("content", CONTENT, [one.content for one in chunk]),
        ):
            await connection.copy_records_to_table(table, schema_name="log", columns=names, records=rows)
        head: Head = chunk[-1].head
        tree: Tree = head.tree
        moved = (tree.size, head.last, str(head.hlc), b"".join(tree.peaks), head.highest)
        await connection.execute(SQL["move_head"], log, *moved)
