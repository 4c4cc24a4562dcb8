"""What judged deliveries mean for a node that already holds others: pure decisions, no I/O.

The verdict itself is `contracts.delivery`'s, the same on every node. Here a record that is authentic is
kept and its event delivered whatever is missing before it; what is missing becomes a gap that is filled
from the origin or from a third agency. Nothing waits behind a bad record.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
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
    dir: int = 1  # directory version that the last record before the first hole names


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
    roots: list[tuple[int, bytes]]  # size and root of the log at each step of `head`
    moved: bool = False  # whether `head` is another than before
    hole: tuple[int, int] | None = None  # the first and the last place that turned out to be missing now


def decide(
    log: str, batch: Iterable[Examined], known: Known, *, reader: str, now_ms: int, recovering: bool = False
) -> Plan:
    """What a batch of examined deliveries of one log means for a node that holds `known`.

    Our own log is written by us alone: what comes from elsewhere and is not known is kept as evidence, unless we
    are recovering from a backup. A record that is void is refused, unless the one behind it names it: what a good key
    has built upon is part of the log, and what only a stolen one says never is.
    """
    plan = Plan(log, known.head, [], [], [], [], [], [])
    ids, parents, readable = dict(known.ids), dict(known.parents), set(known.readable)
    taken: dict[int, Signed] = {}
    for item in _void_last(batch):
        signed, seq = item.signed, item.signed.record.seq
        own = signed.record.agency == reader
        if own and not recovering and ids.get(seq) != signed.id:
            _accuse(plan, item)
            continue
        if item.void and not own and _kept_out(signed, ids, plan, known):
            continue
        if ids.get(seq, signed.id) != signed.id or (seq not in ids and _contradicts(signed.record, taken, known)):
            plan.forks.append(signed)
            continue
        if seq not in ids:
            ids[seq], taken[seq] = signed.id, signed
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


def _void_last(batch: Iterable[Examined]) -> list[Examined]:
    """First what stands for itself, in its order; then what is void, from behind: each meets what builds on it."""
    items = list(batch)
    void = sorted((item for item in items if item.void), key=lambda item: -item.signed.record.seq)
    return [*(item for item in items if not item.void), *void]


def _accuse(plan: Plan, item: Examined) -> None:
    """Keep what our own keys have signed without our knowing; what a stolen one signs is no evidence against us."""
    if item.void:
        plan.refusals.append(_refusal(item.signed, Code.REVOKED)._replace(answer=False))
    else:
        plan.forks.append(item.signed)


def _kept_out(signed: Signed, ids: Mapping[int, EventId], plan: Plan, known: Known) -> bool:
    """Whether a void record is not taken; said to its author in any case, unless we held it before."""
    if ids.get(signed.record.seq) == signed.id:
        return False
    plan.refusals.append(_refusal(signed, Code.REVOKED))
    return signed.record.seq in ids or not _built_upon(signed, plan, known)


def _built_upon(signed: Signed, plan: Plan, known: Known) -> bool:
    """Whether we hold the record behind this one, and it names this one as the record before it."""
    behind = signed.record.seq + 1
    held = {one.record.seq: one.record for one in plan.records}
    if behind in held:
        return held[behind].prev == signed.id
    return behind in known.ahead and stored(known.ahead[behind]).record.prev == signed.id


def _contradicts(record: Record, taken: Mapping[int, Signed], known: Known) -> bool:
    """Whether we hold the record before this one, or take it now, and this one cannot stand behind it."""
    if record.seq == known.head.size:
        return not follows(record, known.head.last, known.dir, known.head.hlc)
    before = taken.get(record.seq - 1)
    if before is None and record.seq - 1 in known.ahead:
        before = stored(known.ahead[record.seq - 1])
    return before is not None and not follows(record, before.id, before.record.dir, before.record.hlc)


def follows(record: Record, last: EventId | bytes, version: int, hlc: Hlc) -> bool:
    """Whether a record may stand behind one with this id, directory version and time.

    The version never gets lower, and time grows.
    """
    return record.prev == last and record.dir >= version and record.hlc > hlc


def _arrive(signed: Signed, readable: Readable, parents: Mapping[EventId, Parent], now_ms: int) -> Arrival:
    content = readable.content
    if not fits(content.case, content.to, (parents[id_] for id_ in content.parents if id_ in parents)):
        return Arrival(signed, readable, "refused")
    missing = tuple(id_ for id_ in content.parents if id_ not in parents or parents[id_].state != "applied")
    early = signed.record.hlc.ms > now_ms + CLOCK_BOUND_MS
    return Arrival(signed, readable, "waiting" if missing or early else "applied", missing, early)


def fits(case: str, audience: Iterable[str], parents: Iterable[Parent]) -> bool:
    """Whether parents are of the same case, readable by every reader of the child (signed-log 2.3), and not refused."""
    readers = set(audience)
    return all(
        parent.state != "refused" and parent.case == case and readers <= set(parent.audience) for parent in parents
    )


def _refusal(signed: Signed, code: Code) -> Refusal:
    return Refusal(signed.id, signed.record.log, signed.record.seq, code, answer=signed.record.kind == "case")


def _advance(plan: Plan, known: Known) -> Plan:
    """Grow the unbroken part over the new records and those that waited beyond the hole they fill."""
    steps = {signed.record.seq: signed for signed in plan.records}
    tree, last, hlc, version = known.head.tree, known.head.last, known.head.hlc, known.dir
    while (signed := _step(tree.size, steps, known.ahead)) is not None:
        if not follows(signed.record, last, version, hlc):
            plan.forks.append(signed)
            break
        tree, last, hlc, version = tree.append(signed.jws), signed.id, signed.record.hlc, signed.record.dir
        plan.roots.append((tree.size, tree.root()))
    highest = max((known.head.highest, tree.size, *(seq + 1 for seq in steps)))
    refused = [_refusal(a.signed, Code.VISIBILITY) for a in plan.arrivals if a.state == "refused"]
    head = Head(tree, last, hlc, highest)
    hole = _hole(known.head.highest, steps)
    return plan._replace(head=head, refusals=plan.refusals + refused, moved=head != known.head, hole=hole)


def _hole(highest: int, steps: Iterable[int]) -> tuple[int, int] | None:
    """The first and the last place that new records beyond all held ones leave out; None if they leave out none."""
    ends = sorted({highest - 1, *(seq for seq in steps if seq >= highest)})
    holes = [(before + 1, after - 1) for before, after in pairwise(ends) if after > before + 1]
    return (holes[0][0], holes[-1][1]) if holes else None


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
