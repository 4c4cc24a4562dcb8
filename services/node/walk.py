"""What `services.node.fsck` remembers on its way: how far it is in every log, and the cases that are not whole yet.

That is never much: 32 bytes a record, claims about records still to come, and the events of as many cases as
there is room for.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from contracts.hlc import Hlc
from contracts.merkle import EMPTY_ROOT, Tree
from contracts.record import Record, Seen
from services.node.admission import follows
from services.node.reading import Checked, Told

_ROOT_BYTES = len(EMPTY_ROOT)

Whole = tuple[str, list[Told]]  # a case by its id, and what is told of it


class Finding(NamedTuple):
    """One thing that does not hold."""

    place: str  # log and sequence number, or a table
    what: str


class Walk:
    """One log, as far as it has been walked."""

    def __init__(self, log: str, opened_by: bytes) -> None:
        """At the beginning of `log`; `opened_by` is what its first record must follow."""
        self.log = log
        self.tree, self.last, self.hlc = Tree(), opened_by, Hlc(0, 0)
        self._directory = 1  # version that the last record names
        self._roots = bytearray(EMPTY_ROOT)  # of the sizes 0, 1, 2...
        self._early: dict[int, list[tuple[Seen, str]]] = defaultdict(
            list
        )  # claims about sizes to come, and their places

    def take(self, place: str, row: Checked) -> Iterator[Finding]:
        """Go on to the next record; what does not hold of the chain, or of what was claimed about it."""
        if row.seq != self.tree.size:
            return  # beyond a hole: verified, but not part of the tree
        record = row.record
        if not (record and record.log == self.log and self._goes_on(record)):
            yield Finding(place, "does not follow the record before it")
        self.tree, self.last = self.tree.grow(row.leaf), row.id
        if record:
            self.hlc, self._directory = record.hlc, record.dir
        self._roots += self.tree.root()
        for claim, by in self._early.pop(self.tree.size, ()):
            yield from self.hear(claim, by)

    def _goes_on(self, record: Record) -> bool:
        return follows(record, self.last, self._directory, self.hlc)

    def hear(self, claim: Seen, by: str) -> Iterator[Finding]:
        """Compare what the author of a record had seen of this log with the log, as soon as it has that size."""
        if claim.size > self.tree.size:
            self._early[claim.size].append((claim, by))
        elif claim.root != self._roots[claim.size * _ROOT_BYTES : (claim.size + 1) * _ROOT_BYTES]:
            yield Finding(by, f"had seen another {self.log} of size {claim.size}")


class Cases:
    """What is told of each case, until all of it is there.

    Of what exceeds `room` bytes the cases that came up last are let go; they must be read again, one by one.
    """

    def __init__(self, events: Mapping[str, int], room: int) -> None:
        """`events` is how many there are, by case."""
        self._to_come = dict(events)
        self._held: dict[str, list[tuple[Told, int]]] = {}
        self._room = room
        self.let_go: set[str] = set()

    def add(self, case: str, told: Told, size: int) -> list[Told] | None:
        """One more of a case, of `size` bytes; the whole case if it was the last."""
        if case not in self._to_come or case in self.let_go:
            return None
        self._held.setdefault(case, []).append((told, size))
        self._room -= size
        self._to_come[case] -= 1
        if not self._to_come[case]:
            return self._release(case)
        while self._room < 0:
            self.let_go.add(last := next(reversed(self._held)))
            self._release(last)
        return None

    def rest(self) -> Iterator[Whole]:
        """Cases of which less came than there should be."""
        yield from ((case, self._release(case)) for case in list(self._held))

    def _release(self, case: str) -> list[Told]:
        told = self._held.pop(case)
        self._room += sum(size for _, size in told)
        return [one for one, _ in told]
