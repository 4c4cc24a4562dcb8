"""Whether a bundle has all of its case: what was searched, what every event refers to, what is gone and why.

Whoever holds the case key can tell each record of the case by its tag. With the logs in the bundle every record since
the case began is looked at, and the tree says that none was left out of them. Without, it rests on what events say of
each other, and on the exporter's signed word. Which of the two it was is said in words.
"""

from collections.abc import Iterable, Mapping

from contracts.bundle import layout
from contracts.bundle.layout import Stretch
from contracts.bundle.reading import Files, Ledger, Material
from contracts.content import case_name
from contracts.delivery import position
from contracts.directory import Chain
from contracts.encoding import b64, fixed
from contracts.errors import Code, Rejected
from contracts.events import read_body
from contracts.events.node import ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.hlc import instant
from contracts.merkle import HASH_BYTES, Tree
from contracts.record import EventId, Signed, stored
from contracts.sealing import case_tag
from contracts.workflow.erasure import graph

COURT = (
    "The logs are not in this bundle, so nobody searched them for records of this case. That none was left out rests "
    "on two things: every event that a disclosed one refers to must be here, and the exporting agency has signed that "
    "these are all the records of the case that it holds."
)
WITHHELD = "What withheld events refer to is not visible."
REST = (
    "Not searched is what stood in the logs before the case's first record. And no search finds what an agency never "
    "wrote into its log."
)


class Search:
    """Looks for the case in the logs that the bundle has."""

    def __init__(self, files: Files, material: Material, ledger: Ledger) -> None:
        """Nothing is searched yet."""
        self._files, self._material, self._ledger = files, material, ledger

    def run(self) -> tuple[str, ...]:
        """Search every log of every agency from the case's first record on; what was searched, in words."""
        searched = []
        for log, bound in sorted(self._bounds().items()):
            name = f"logs/{layout.short(log)}"
            if f"{name}.jws" not in self._files:
                self._ledger.found(f"{name}.jws", "this log is not here, so nobody knows what it has of this case")
                continue
            stretch = self._ledger.attempt(f"{name}.json", self._stretch, name)
            if stretch and self._search(log, f"{name}.jws", stretch, bound):
                searched.append(self._words(log, stretch))
        return (*searched, REST)

    def _bounds(self) -> Mapping[str, int]:
        case, chain, key = self._material.manifest.case, self._material.chain, self._material.case_key
        records = self._material.records.values()
        first = _first(case, key, chain, records)
        if first is None:
            self._ledger.found(layout.CASE_KEY, "opens no case of this name, or the record that opened it is not here")
            return dict.fromkeys(chain.all_logs(chain.latest.version), 0)
        ours = (one for one in records if self._material.manifest.agency in one.record.to)
        self._check_begun(_first(case, key, chain, ours) or first)
        return _reach(chain, first)

    def _check_begun(self, first: Signed) -> None:
        """The opener's first word to the exporter refers to nothing earlier, by its content or by who has erased that.

        Whatever came later could refer to it, since its readers may read what it refers to.
        """
        place = layout.place(first.record.log, first.record.seq)
        content, name = self._material.contents.get(place), f"records/{place}.jws"
        gone = [entry.parents.get(b64(first.id)) for entry in self._material.erasures]
        if content.parents != () if content else [] not in gone:
            self._ledger.found(name, "is the first of the case here, and nothing shows that the case begins with it")

    def _stretch(self, name: str) -> Stretch:
        stretch = layout.read(layout.A_STRETCH, self._files.get(f"{name}.json", b""))
        if len(stretch.peaks) != stretch.first.bit_count():
            raise Rejected(Code.PROOF, "peaks")
        return stretch

    def _search(self, log: str, name: str, stretch: Stretch, bound: int) -> bool:
        lines = self._files[name].split(b"\n")[:-1]
        tree = Tree(stretch.first, tuple(map(bytes.fromhex, stretch.peaks)))
        for line in lines:
            tree = tree.append(line)
        told = [note.checkpoint for note in self._material.notes.values() if note.checkpoint.log == log]
        newest = max(told, key=lambda checkpoint: checkpoint.size, default=None)
        if (log, tree.size, tree.root()) != newest or b"".join(line + b"\n" for line in lines) != self._files[name]:
            self._ledger.found(name, "is not what the newest checkpoint of this log here says")
            return False
        if stretch.first > bound:
            self._ledger.found(name, f"begins at {stretch.first}; the case may have records from {bound} on")
        for seq, line in enumerate(lines, stretch.first):
            self._ledger.attempt(name, self._look, log, seq, line)
        return True

    def _look(self, log: str, seq: int, line: bytes) -> None:
        """Hold one line of a log against the records of the case."""
        signed, place = stored(line), layout.place(log, seq)
        ours = self._material.records.get(place)
        if (signed.record.log, signed.record.seq) != (log, seq):
            raise Rejected(Code.BIND, place)
        if is_of(signed, self._material.case_key) and ours is None:
            self._ledger.found(f"records/{place}.jws", "is of this case by its tag in the log, and was left out")
        if ours and ours.jws != line:
            self._ledger.found(f"records/{place}.jws", "is not the record that the log has there")

    def _words(self, log: str, stretch: Stretch) -> str:
        lines = self._files[f"logs/{layout.short(log)}.jws"].count(b"\n")
        end = stretch.first + lines
        notes = [one for one in self._material.notes.values() if one.checkpoint.log == log and one.cosigned]
        last = max((one.checkpoint.size, min(one.cosigned.values())) for one in notes) if notes else (0, 0)
        signed = f"the first {last[0]} cosigned at {instant(last[1] * 1000)}" if notes else "cosigned by nobody"
        what = f"records {stretch.first} to {end - 1}" if lines else "no record since the case began"
        return f"Searched with the case key: {log}, {what}, {signed}."


def beginnings(case: str, key: bytes, chain: Chain, records: Iterable[Signed]) -> Mapping[str, int] | None:
    """The first place of every log that can have a record of the case; None if its first record is not among these.

    The case key was made for that record. So what its author had seen of the other logs by then cannot have its tag.
    """
    first = _first(case, key, chain, records)
    return _reach(chain, first) if first else None


def _first(case: str, key: bytes, chain: Chain, records: Iterable[Signed]) -> Signed | None:
    openers = {log for log in chain.all_logs(chain.latest.version) if key and case_name(key, log) == case}
    begun = [one for one in records if one.record.log in openers]
    return min(begun, key=lambda one: one.record.seq, default=None)


def _reach(chain: Chain, first: Signed) -> Mapping[str, int]:
    logs, record = chain.all_logs(chain.latest.version), first.record
    seen = {log: seen.size for log, seen in record.seen.items() if log in logs}
    return dict.fromkeys(logs, 0) | seen | {record.log: record.seq}


def is_of(signed: Signed, case_key: bytes) -> bool:
    """Whether a record is of the case with this key."""
    return bool(signed.record.tag) and signed.record.tag == case_tag(case_key, position(signed.record).encode())


def erased(material: Material, ledger: Ledger) -> Mapping[EventId, tuple[EventId, ...]]:
    """The events that the exporter destroyed by order, and their parents as far as it held them.

    An order must be here with its confirmation, and the exporter's signed word that it carried it out.
    """
    bodies = {material.records[place].id: read_body(one.type, one.body) for place, one in material.contents.items()}
    ours = {one.id for one in material.records.values() if one.record.agency == material.manifest.agency}
    gone: dict[EventId, tuple[EventId, ...]] = {}
    for entry in material.erasures:
        asked, confirmed, executed = map(_id, (entry.asked, entry.confirmed, entry.executed))
        parents = {_id(name): tuple(map(_id, named)) for name, named in entry.parents.items()}
        match bodies.get(asked), bodies.get(confirmed), bodies.get(executed):
            case ErasureAsked() as order, ErasureConfirmed(asked=entry.asked), ErasureExecuted() as done if (
                executed in ours
                and (done.confirmed, done.events, done.graph)
                == (entry.confirmed, len(parents), b64(graph(parents.items())))
            ):
                gone |= {id_: gone.get(id_, ()) for id_ in map(_id, order.events)} | parents
            case _:
                ledger.found(layout.ERASURES, f"{entry.executed} is not the exporter's word about such an order")
    return gone


def _id(name: str) -> EventId:
    return EventId(fixed(name, HASH_BYTES))
