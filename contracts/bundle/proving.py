"""What a bundle proves of each record: in which trees it stands, and so when it was made and who has seen it.

A file of proofs leads from one record to roots that others have stated: checkpoints, with the times of those who
cosigned them, and the `seen` of other agencies' records. So a record was made *before* whatever states a root that it
leads to. And it was made *after* every record that leads to a root in its own `seen`. Clocks give the times, those
of other agencies; nobody's own clock bounds its own events.
"""

from collections import defaultdict
from collections.abc import Iterator

from contracts.bundle import layout
from contracts.bundle.reading import Files, Ledger, Material, named
from contracts.bundle.verdict import Dated, Witness
from contracts.errors import Code, Rejected
from contracts.hlc import instant
from contracts.merkle import check_inclusion, leaf_hash
from contracts.record import Seen, Signed


class Proofs:
    """What leads where, after every proof was checked."""

    def __init__(self, files: Files, material: Material, ledger: Ledger) -> None:
        """Check all files of proofs; those that do not hold prove nothing."""
        self._material = material
        self._by_name = {f"records/{place}.jws": one for place, one in material.records.items()}
        self._by_name |= {f"anchors/{place}.jws": one for place, one in material.anchors.items()}
        self._leads: dict[str, set[str]] = defaultdict(set)
        self._led: dict[str, list[Signed]] = defaultdict(list)
        for place, name in named(files, "proof").items():
            subject = material.records.get(place) or material.anchors.get(place)
            if subject is None:
                ledger.found(name, "is about no record that is here and holds")
                continue
            audit = ledger.attempt(name, layout.read, layout.AUDIT_PATHS, files[name]) or {}
            for by, path in audit.items():
                if ledger.attempt(name, self._check, subject, by, path):
                    self._leads[place].add(by)
                    self._led[by].append(subject)

    def trees(self, place: str) -> int:
        """How many checkpoints are shown to cover a record."""
        return sum(name in self._material.notes for name in self._leads[place])

    def witnesses(self, place: str) -> tuple[Witness, ...]:
        """Who cosigned a checkpoint that covers a record, and by when first: the end of the second that it signed."""
        first: dict[str, int] = {}
        for note in (self._material.notes[name] for name in self._leads[place] if name in self._material.notes):
            for agency, seconds in note.cosigned.items():
                first[agency] = min(seconds, first.get(agency, seconds))
        return tuple(Witness(agency, instant((seconds + 1) * 1000)) for agency, seconds in sorted(first.items()))

    def before(self, place: str) -> Dated:
        """The earliest sign that others had the record, by their clocks."""
        seen = [self._by_name[name] for name in self._leads[place] if name in self._by_name]
        signs = [self._dated(one) for one in seen if self._by_another(one, place)]
        signs += [Dated(witness.at, witness.agency) for witness in self.witnesses(place)]
        return min(signs, default=Dated())

    def after(self, place: str) -> Dated:
        """The latest record of others that its author had seen, by their clocks."""
        known = self._led[f"records/{place}.jws"]
        return max((self._dated(one) for one in known if self._by_another(one, place)), default=Dated())

    def _by_another(self, one: Signed, place: str) -> bool:
        return one.record.agency != place.partition("/")[0]

    def _dated(self, one: Signed) -> Dated:
        return Dated(instant(one.record.hlc.ms), one.record.agency)

    def _check(self, subject: Signed, by: str, path: list[str]) -> bool:
        root = dict(self._roots(by)).get(subject.record.log)
        if root is None:
            raise Rejected(Code.PROOF, f"{by} states no root of this log")
        hashes = [bytes.fromhex(text) for text in path]
        check_inclusion(leaf_hash(subject.jws), subject.record.seq, root.size, hashes, root.root)
        return True

    def _roots(self, by: str) -> Iterator[tuple[str, Seen]]:
        """What a note or a record says of the logs."""
        if by in self._material.notes:
            log, size, root = self._material.notes[by].checkpoint
            yield log, Seen(size, root)
        elif by in self._by_name:
            yield from self._by_name[by].record.seen.items()
