"""What admission reads and writes, as a port, and its PostgreSQL side.

One batch is one transaction: the reader's position in the partner's stream moves together with
what was admitted, so a crash at any moment neither loses nor doubles anything.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from contracts.delivery import Examined
from contracts.errors import Code
from contracts.record import EventId, Signed, stored
from services.node.admission import Arrival, Known, Parent, Plan, Refusal, fits
from services.node.log import SQL, head_of, split
from services.node.sql import Connection, Row
from services.node.vault import Vault

QUARANTINE_PER_HOUR = 1000  # from one source; what comes on top is counted and dropped


class Bad(NamedTuple):
    """A delivery that is no authentic record: kept with its bytes."""

    refusal: Refusal
    bytes: bytes


class Store(Protocol):
    """Where admitted records live."""

    async def known(self, log: str, batch: Sequence[Examined]) -> Known:
        """What we hold, as far as this batch of a log is concerned; locks the log for admission."""
        ...

    async def save(self, plan: Plan) -> Sequence[EventId]:
        """Write a plan down and release what waited for it; the events that are applied now."""
        ...

    async def quarantine(self, source: str, bad: Sequence[Bad]) -> None:
        """Keep what we refuse, once, to be answered."""
        ...


class PostgresStore:
    """The store inside one transaction of the node's own PostgreSQL."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """`connection` is in a transaction and has the role of the node."""
        self._connection = connection
        self._vault = vault

    async def known(self, log: str, batch: Sequence[Examined]) -> Known:
        """See `Store`."""
        await self._connection.execute(SQL["lock_admission"])
        row = await self._one("head", log)
        head = head_of(row)
        held = await self._connection.fetch(SQL["held_at"], log, [item.signed.record.seq for item in batch])
        named = {id_ for item in batch if item.readable for id_ in item.readable.content.parents}
        parents = await self._parents(named) if named else {}
        ahead = await self._connection.fetch(SQL["ahead"], log, head.size) if head.highest > head.size else []
        return Known(
            head,
            {row["seq"]: EventId(row["id"]) for row in held},
            frozenset(EventId(row["id"]) for row in held if row["readable"]),
            parents,
            {row["seq"]: row["jws"] for row in ahead},
            stored(row["jws"]).record.dir if row["jws"] else 1,
        )

    async def save(self, plan: Plan) -> Sequence[EventId]:
        """See `Store`."""
        await self._save_records(plan)
        await self._save_trouble(plan)
        if not plan.arrivals:
            return []
        await self._save_arrivals(plan.log, plan.arrivals)
        applied = [a.signed.id for a in plan.arrivals if a.state == "applied"]
        refused = [a.signed.id for a in plan.arrivals if a.state == "refused"]
        applied += await self.release([*applied, *refused])
        await self._connection.execute(SQL["add_pointers"], applied)
        return applied

    async def release(self, settled: Sequence[EventId]) -> list[EventId]:
        """Judge what waited for these events, and what waited for that, until nothing moves; what is applied."""
        applied: list[EventId] = []
        while settled:
            rows = await self._connection.fetch(SQL["settle_parents"], list(settled))
            fit, unfit = await self._free([row["id"] for row in rows])
            applied += fit
            settled = [*fit, *unfit]
        return applied

    async def release_clocks(self, now_ms: int) -> Sequence[EventId]:
        """Apply events whose time has come."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        rows = await self._connection.fetch(SQL["settle_clocks"], now)
        applied, refused = await self._free([row["id"] for row in rows])
        applied += await self.release([*applied, *refused])
        await self._connection.execute(SQL["add_pointers"], applied)
        return applied

    async def quarantine(self, source: str, bad: Sequence[Bad]) -> None:
        """See `Store`."""
        rows = [(*refusal[:3], str(refusal.code), data, refusal.answer) for refusal, data in bad]
        await self._connection.execute(SQL["add_quarantine"], source, *columns(rows), QUARANTINE_PER_HOUR)

    async def _free(self, ids: Sequence[EventId]) -> tuple[list[EventId], list[EventId]]:
        """Judge events that wait for less than before; those that are applied and those that are refused now."""
        rows = await self._connection.fetch(SQL["freed"], ids) if ids else []
        if not rows:
            return [], []
        parents = await self._parents({id_ for row in rows for id_ in split(row["parents"])})
        unfit = [row for row in rows if not self._fits(row, parents)]
        applied = [EventId(row["id"]) for row in rows if row["free"] and row not in unfit]
        await self._connection.execute(SQL["set_state"], applied, "applied")
        if unfit:
            await self._refuse(unfit)
        return applied, [EventId(row["id"]) for row in unfit]

    async def _refuse(self, rows: Sequence[Row]) -> None:
        ids = [row["id"] for row in rows]
        await self._connection.execute(SQL["set_state"], ids, "refused")
        await self._connection.execute(SQL["wait_no_more"], ids)
        for row in rows:
            refusal = Refusal(row["id"], row["log"], row["seq"], Code.VISIBILITY, answer=bool(row["case_id"]))
            await self.quarantine(row["log"], [Bad(refusal, b"")])

    @staticmethod
    def _fits(row: Row, parents: dict[EventId, Parent]) -> bool:
        return fits(row["case_id"], row["audience"], (parents[id_] for id_ in split(row["parents"]) if id_ in parents))

    async def _parents(self, ids: Iterable[EventId]) -> dict[EventId, Parent]:
        rows = await self._connection.fetch(SQL["parents"], list(ids))
        return {EventId(row["id"]): Parent(row["state"], row["case_id"], tuple(row["audience"])) for row in rows}

    async def _save_records(self, plan: Plan) -> None:
        head = plan.head
        if plan.records:
            rows = [(signed.record.seq, signed.id, signed.jws) for signed in plan.records]
            await self._connection.execute(SQL["add_records"], plan.log, *columns(rows))
            await self._save_seen(plan.log, plan.records)
        if not plan.moved:
            return
        if plan.roots:
            await self._connection.execute(SQL["add_roots"], plan.log, *columns(plan.roots))
        peaks = b"".join(head.tree.peaks)
        place = (head.size, head.last, str(head.hlc), peaks, head.highest)
        await self._connection.execute(SQL["move_head"], plan.log, *place)
        await self._connection.execute(SQL["close_gap"], plan.log)
        if plan.hole:
            await self._connection.execute(SQL["open_gap"], "SEQUENCE", plan.log, *plan.hole, b"")

    async def _save_seen(self, log: str, records: Sequence[Signed]) -> None:
        heard = {
            (other, seen.size): (other, seen.size, signed.record.seq, str(signed.record.hlc), seen.root)
            for signed in reversed(records)
            for other, seen in signed.record.seen.items()
        }
        if heard:
            await self._connection.execute(SQL["add_seen"], log, *columns(list(heard.values())))

    async def _save_arrivals(self, log: str, arrivals: Sequence[Arrival]) -> None:
        events = [_event_row(arrival) for arrival in arrivals]
        await self._connection.execute(SQL["add_events"], log, *columns(events))
        self._vault.prepare({arrival.readable.content.case for arrival in arrivals})
        await self._connection.execute(SQL["add_contents"], *columns([self._content_row(a) for a in arrivals]))
        waiting = [row for arrival in arrivals if arrival.state == "waiting" for row in _waiting_rows(arrival)]
        if waiting:
            await self._connection.execute(SQL["add_waiting"], *columns(waiting))
        await self._connection.execute(SQL["found_readable"], [a.signed.id for a in arrivals])

    def _content_row(self, arrival: Arrival) -> tuple[object, ...]:
        id_, readable = arrival.signed.id, arrival.readable
        return id_, readable.blob, self._vault.lock(readable.key, id_, readable.content.case)

    async def _save_trouble(self, plan: Plan) -> None:
        if plan.forks:
            rows = [(signed.record.seq, signed.id, signed.jws) for signed in plan.forks]
            await self._connection.execute(SQL["add_forks"], plan.log, *columns(rows))
        if plan.unreadable:
            rows_ = [(signed.id, signed.record.seq) for signed in plan.unreadable]
            await self._connection.execute(SQL["add_unreadable"], plan.log, *columns(rows_))
        if plan.refusals:
            await self.quarantine(plan.log, [Bad(refusal, b"") for refusal in plan.refusals])

    async def _one(self, query: str, *arguments: object) -> Row:
        row = await self._connection.fetchrow(SQL[query], *arguments)
        if row is None:
            message = f"{query}: no row"
            raise LookupError(message)
        return row


def columns(rows: Sequence[tuple[object, ...]]) -> Iterable[list[object]]:
    """Rows as one array per column, the way `unnest` takes them."""
    return map(list, zip(*rows, strict=True))


def _event_row(arrival: Arrival) -> tuple[object, ...]:
    record, content = arrival.signed.record, arrival.readable.content
    parents, audience = b"".join(content.parents), " ".join(record.to)
    return (
        arrival.signed.id,
        record.seq,
        content.case,
        content.type,
        str(record.hlc),
        parents,
        audience,
        arrival.state,
    )


def _waiting_rows(arrival: Arrival) -> list[tuple[bytes, bytes, datetime | None]]:
    rows: list[tuple[bytes, bytes, datetime | None]] = [(arrival.signed.id, id_, None) for id_ in arrival.missing]
    if arrival.early:
        rows.append((arrival.signed.id, b"", datetime.fromtimestamp(arrival.signed.record.hlc.ms / 1000, UTC)))
    return rows
