"""The `Store` of one node in dictionaries, with the transactions that a database would give it."""

from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, TypeVar

from contracts.delivery import Examined
from contracts.directory import Chain
from contracts.errors import Code
from contracts.hlc import Hlc
from contracts.merkle import Tree
from contracts.record import EventId, Signed
from services.node.admission import Arrival, Head, Known, Parent, Plan, Refusal, State, fits
from services.node.store import Bad
from services.node.testing.tables import Gap, Kept, Missing, Sealing, Tables
from services.node.writing import Desk, Written

Result = TypeVar("Result")

HOUR_MS = 3_600_000
_TABLES = tuple(table.name for table in fields(Tables))


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
        before = self.snapshot()
        try:
            yield
        except BaseException:
            self.tables = before
            raise

    def snapshot(self) -> Tables:
        """The tables as they are now."""
        return Tables(**{name: getattr(self.tables, name).copy() for name in _TABLES})

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
            rows.records[log, head.size - 1].record.dir if head.size else 1,
        )

    async def save(self, plan: Plan) -> Sequence[EventId]:
        """See `services.node.store.Store`."""
        self._save_records(plan)
        self._save_trouble(plan)
        for arrival in plan.arrivals:
            self._save_arrival(arrival)
        applied = [arrival.signed.id for arrival in plan.arrivals if arrival.state == "applied"]
        refused = [arrival.signed.id for arrival in plan.arrivals if arrival.state == "refused"]
        return self._point(applied + self._release([*applied, *refused]))

    async def release_clocks(self, now_ms: int) -> Sequence[EventId]:
        """Apply events whose time has come."""
        due = [key for key, until in self.tables.waiting.items() if not key[1] and until <= now_ms]
        applied, refused = self._settle(due)
        return self._point(applied + self._release([*applied, *refused]))

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
        """What is missing of other agencies' logs: holes, and ends that somebody else has seen."""
        hollow = ((log, head) for log, head in self.tables.heads.items() if head.highest > head.size)
        return [*(Gap(log, head.size, head.highest - 1) for log, head in hollow if log != self.own), *self._unheard()]

    def due(self, now_ms: int) -> list[Gap]:
        """Content for us that is still missing; the next time waits twice as long, at most an hour."""
        rows = self.tables.unreadable
        due = {id_: one for id_, one in rows.items() if not one.found and one.next_try <= now_ms}
        for id_, one in due.items():
            later = now_ms + min(HOUR_MS, 1000 * 2 ** min(one.tries, 12))
            rows[id_] = one._replace(tries=one.tries + 1, next_try=later)
        return [Gap(one.log, one.seq, one.seq) for one in due.values()]

    def still_missing(self, log: str, seq: int) -> bool:
        """Whether a place of a log, or the content at it, is still missing."""
        unread = (one for one in self.tables.unreadable.values() if not one.found)
        return self.tables.heads[log].size <= seq or (log, seq) in ((one.log, one.seq) for one in unread)

    def seen_by(self, log: str, other: str) -> int:
        """How much of a log another one says that it holds."""
        return max((size for of, by, size in self.tables.seen if (of, by) == (log, other)), default=0)

    def is_behind(self) -> bool:
        """Whether our own keys have signed more of our log than we hold."""
        size = self.tables.heads[self.own].size
        told = any(told.log == self.own and told.size > size for told in self.tables.checkpoints)
        return told or any(log == self.own and seq >= size for log, seq, _ in self.tables.forks)

    def add(self, head: Head, desk: Desk, one: Written) -> None:
        """Append one finished record to the own log."""
        rows, signed = self.tables, one.signed
        self._insert(signed)
        rows.heads[self.own] = head
        rows.roots.setdefault((self.own, head.size), head.tree.root())
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
        if not plan.moved:
            return
        rows.heads[plan.log] = head
        for size, root in plan.roots:
            rows.roots.setdefault((plan.log, size), root)
        if plan.log in rows.gaps and head.size > rows.gaps[plan.log].last:
            rows.closed.append(rows.gaps.pop(plan.log))
        if plan.hole:
            gap = rows.gaps.get(plan.log, Gap(plan.log, *plan.hole))
            rows.gaps[plan.log] = gap._replace(last=max(gap.last, plan.hole[1]))

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
            parents = set(done)
            fit, unfit = self._settle([key for key in self.tables.waiting if key[1] in parents])
            applied += fit
            done = [*fit, *unfit]
        return applied

    def _settle(self, keys: Sequence[tuple[EventId, bytes]]) -> tuple[list[EventId], list[EventId]]:
        """Nothing waits for these any more; those events that are applied thereby, and those that are refused."""
        for key in keys:
            del self.tables.waiting[key]
        still = {id_ for id_, _ in self.tables.waiting}
        states = {id_: self._judge(id_, free=id_ not in still) for id_ in dict.fromkeys(id_ for id_, _ in keys)}
        applied, refused = ([id_ for id_, now in states.items() if now == state] for state in ("applied", "refused"))
        return applied, refused

    def _judge(self, id_: EventId, *, free: bool) -> State:
        rows, kept = self.tables, self.tables.events[id_]
        record, content = kept.signed.record, kept.content
        fit = fits(content.case, record.to, self._parents(content.parents).values())
        if not fit:
            rows.events[id_] = kept._replace(state="refused")
            rows.waiting = {key: until for key, until in rows.waiting.items() if key[0] != id_}
            refusal = Refusal(id_, record.log, record.seq, Code.VISIBILITY, answer=record.kind == "case")
            settled(self.quarantine(record.log, [Bad(refusal, b"")]))
        elif free:
            rows.events[id_] = kept._replace(state="applied")
        return rows.events[id_].state

    def _parents(self, ids: Iterable[EventId]) -> dict[EventId, Parent]:
        kept = {id_: self.tables.events[id_] for id_ in ids if id_ in self.tables.events}
        return {id_: Parent(one.state, one.content.case, one.signed.record.to) for id_, one in kept.items()}

    def _point(self, applied: list[EventId]) -> Sequence[EventId]:
        events = self.tables.events
        self.tables.pointers += sorted(applied, key=lambda id_: (events[id_].signed.record.hlc, id_))
        return applied

    def _unheard(self) -> Iterator[Gap]:
        for log, head in self.tables.heads.items():
            heard = [size for of, _, size in self.tables.seen if of == log]
            most = max(heard + [told.size for told in self.tables.checkpoints if told.log == log], default=0)
            if log != self.own and most > head.size:
                yield Gap(log, head.size, most - 1)


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
