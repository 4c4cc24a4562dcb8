"""What judged deliveries mean for a node that already holds others: pure decisions, no I/O.

The verdict itself is `contracts.delivery`'s, the same on every node. Here a record that is authentic is
kept and its event delivered whatever is missing before it; what is missing becomes a gap that is filled
from the origin or from a third agency. Nothing waits behind a bad record.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from contracts.delivery import Examined, Readable
from contracts.errors import Code
from contracts.hlc import Hlc
from contracts.merkle import Tree
from contracts.record import EventId, Record, Signed, stored

CLOCK_BOUND_MS = 5 * 60 * 1000  # a record from further ahead waits until its time has come (signed-log 2.4)

State = Literal["applied", "waiting", "refused"]


class Head(NamedTuple):
    """How far we hold a log without a hole, and the tree over that part."""

    tree: Tree
    last: bytes  # id of the last record, or the digest of the directory that opened the log
    hlc: Hlc
    highest: int  # 1 + the highest sequence number held, beyond holes too

    @property
    def size(self) -> int:
        """Records held without a hole."""
        return self.tree.size


class Parent(NamedTuple):
    """What we know of an event that another one names as parent."""

    state: State
    case: str
    audience: tuple[str, ...]


class Known(NamedTuple):
    """What this node already holds, as far as one batch of one log is concerned."""

    head: Head
    ids: Mapping[int, EventId]  # records held at the batch's sequence numbers
    readable: frozenset[EventId]  # of those, the ones whose content we hold
    parents: Mapping[EventId, Parent]
    ahead: Mapping[int, bytes]  # records held beyond the first hole, by sequence number


class Arrival(NamedTuple):
    """An event that became readable, with what to do about it."""

    signed: Signed
    readable: Readable
    state: State
    missing: tuple[EventId, ...] = ()
    early: bool = False  # its clock is too far ahead; it waits for that too


class Refusal(NamedTuple):
    """Something we will not act on; kept, and said to its author in a signed record."""

    digest: bytes
    log: str
    seq: int
    code: Code
    answer: bool = True  # refused control records are not answered: two nodes would refuse each other for ever


class Plan(NamedTuple):
    """What to write down, in one transaction."""

    log: str
    head: Head
    records: list[Signed]
    arrivals: list[Arrival]
    unreadable: list[Signed]  # addressed to us, but no content that opens: to be fetched again
    forks: list[Signed]
    refusals: list[Refusal]
    moved: bool = False  # whether `head` is another than before


def decide(log: str, batch: Iterable[Examined], known: Known, *, reader: str, now_ms: int) -> Plan:
    """What a batch of examined deliveries of one log means for a node that holds `known`."""
    plan = Plan(log, known.head, [], [], [], [], [])
    ids, parents, readable = dict(known.ids), dict(known.parents), set(known.readable)
    for item in batch:
        signed, seq = item.signed, item.signed.record.seq
        if signed.record.agency == reader:  # our own log is written by us alone; what we do not know of it is evidence
            plan.forks.extend([signed] if ids.get(seq) != signed.id else [])
            continue
        if ids.get(seq, signed.id) != signed.id or (seq not in ids and _contradicts(signed.record, ids, known)):
            plan.forks.append(signed)
            continue
        if seq not in ids:
            ids[seq] = signed.id
            plan.records.append(signed)
        if signed.id in readable:
            continue
        if item.readable:
            readable.add(signed.id)
            arrival = _arrive(signed, item.readable, parents, now_ms)
            parents[signed.id] = Parent(arrival.state, arrival.readable.content.case, signed.record.to)
            plan.arrivals.append(arrival)
        elif reader in signed.record.to:
            plan.unreadable.append(signed)
        if item.refused:
            plan.refusals.append(_refusal(signed, item.refused.code))
    return _advance(plan, known)


def _contradicts(record: Record, ids: Mapping[int, EventId], known: Known) -> bool:
    """Whether we hold the record before this one, and it is not the one that this one names."""
    before = record.seq - 1
    if record.seq == known.head.size:
        return record.prev != known.head.last
    held = stored(known.ahead[before]).id if before in known.ahead else ids.get(before)
    return held is not None and record.prev != held


def _arrive(signed: Signed, readable: Readable, parents: Mapping[EventId, Parent], now_ms: int) -> Arrival:
    content = readable.content
    if not fits(content.case, content.to, (parents[id_] for id_ in content.parents if id_ in parents)):
        return Arrival(signed, readable, "refused")
    missing = tuple(id_ for id_ in content.parents if id_ not in parents or parents[id_].state != "applied")
    early = signed.record.hlc.ms > now_ms + CLOCK_BOUND_MS
    return Arrival(signed, readable, "waiting" if missing or early else "applied", missing, early)


def fits(case: str, audience: Iterable[str], parents: Iterable[Parent]) -> bool:
    """Whether parents are of the same case and readable by every reader of the child (signed-log 2.3)."""
    readers = set(audience)
    return all(parent.case == case and readers <= set(parent.audience) for parent in parents)


def _refusal(signed: Signed, code: Code) -> Refusal:
    return Refusal(signed.id, signed.record.log, signed.record.seq, code, answer=signed.record.kind == "case")


def _advance(plan: Plan, known: Known) -> Plan:
    """Grow the unbroken part over the new records and those that waited beyond the hole they fill."""
    steps = {signed.record.seq: signed for signed in plan.records}
    tree, last, hlc = known.head.tree, known.head.last, known.head.hlc
    while (signed := _step(tree.size, steps, known.ahead)) is not None:
        if signed.record.prev != last:
            plan.forks.append(signed)
            break
        tree, last, hlc = tree.append(signed.jws), signed.id, signed.record.hlc
    highest = max((known.head.highest, tree.size, *(seq + 1 for seq in steps)))
    refused = [_refusal(a.signed, Code.VISIBILITY) for a in plan.arrivals if a.state == "refused"]
    head = Head(tree, last, hlc, highest)
    return plan._replace(head=head, refusals=plan.refusals + refused, moved=head != known.head)


def _step(seq: int, steps: Mapping[int, Signed], ahead: Mapping[int, bytes]) -> Signed | None:
    if seq in steps:
        return steps[seq]
    if seq in ahead:
        return stored(ahead[seq])
    return None


def is_news(plan: Plan) -> bool:
    """Whether a plan is worth an acknowledgement.

    Heartbeats are not, nor is what we held already: else two nodes would make each other write for ever, and
    so would one that says the same again and again.
    """
    return any(signed.record.kind != "hb" for signed in plan.records)
