"""Makes a bundle from what an agency holds of a case: the same holdings give the same bytes.

What dates an event comes with it: the checkpoints that others cosigned soon after, the records of others that had seen
it first, and the last ones that it had seen itself. They may be about anything else; without their content they show
who wrote something to whom, when.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from contracts.bundle import guide, layout, ruling
from contracts.bundle.archive import pack
from contracts.bundle.layout import Erasure, Gap, Manifest, Stretch, place, short
from contracts.bundle.verdict import Scope
from contracts.content import Actor
from contracts.directory import Chain
from contracts.events.node import MechanismAdopted
from contracts.merkle import Leaves
from contracts.note import Note
from contracts.record import EventId, Record, Seen, Signed
from contracts.sealing import Opened
from contracts.signing import Signer


class Holding(NamedTuple):
    """What the exporter holds of one log."""

    leaves: Leaves
    notes: Sequence[Note] = ()  # checkpoints with their cosignatures, all of them true of these leaves
    first: int = 0
    lines: Sequence[bytes] = ()  # the records from `first` on, as many as the largest of the notes covers


class Dossier(NamedTuple):
    """What the exporter holds of a case."""

    case: str
    chain: Chain
    holdings: Mapping[str, Holding]  # by log
    records: Sequence[Signed]
    anchors: Sequence[Signed]  # other records that date these
    opened: Mapping[EventId, Opened]  # content, as far as it is disclosed
    withheld: Sequence[EventId] = ()
    gaps: Sequence[Gap] = ()
    erasures: Sequence[Erasure] = ()
    forks: Sequence[bytes] = ()
    rules: MechanismAdopted | None = None  # the version that the case runs under; None if it is the first


class Export(NamedTuple):
    """Who makes a bundle, for whom, when by its own clock, and what for."""

    scope: Scope
    agency: str
    actor: Actor
    purpose: str
    exported: str


def last_seen_by(records: Sequence[Signed]) -> set[tuple[str, int]]:
    """The places of the last records of other logs that these had seen."""
    return {(log, seen.size - 1) for one in records for log, seen in one.record.seen.items() if seen.size}


def assemble(dossier: Dossier, export: Export, signer: Signer) -> bytes:
    """The bundle as one file, signed; Rejected(SIZE) if it is too large for one."""
    files = dict(_files(dossier, export))
    files |= guide.files(files, dossier.chain, signer.kid)
    spots = {one.id: _place(one) for one in dossier.records}
    manifest = Manifest(
        version=1,
        case=dossier.case,
        scope=export.scope,
        agency=export.agency,
        kid=signer.kid,
        role=export.actor.role,
        officer=export.actor.officer,
        purpose=export.purpose,
        exported=export.exported,
        withheld=sorted(spots[id_] for id_ in dossier.withheld),
        files={name: sha256(data).hexdigest() for name, data in files.items()},
    )
    signed = layout.write(layout.A_MANIFEST, manifest)
    signature = signer.sign(layout.signed_bytes(signed))
    return pack(files | {layout.MANIFEST: signed, layout.SIGNATURE: signature})


def _files(dossier: Dossier, export: Export) -> Iterator[tuple[str, bytes]]:
    for number, directory in enumerate(dossier.chain.signed, 1):
        yield f"directory/{number}.json", directory
    for folder, records in (("records", dossier.records), ("anchors", dossier.anchors)):
        yield from ((f"{folder}/{_place(one)}.jws", one.jws) for one in records)
    for log, holding in dossier.holdings.items():
        for note in holding.notes:
            yield f"checkpoints/{place(log, note.checkpoint.size)}.note", note.encode()
        if export.scope == "whole":
            yield from _log(log, holding)
    yield from _proofs(dossier)
    yield from _contents(dossier)
    yield layout.GAPS, layout.write(layout.GAP_LIST, list(dossier.gaps))
    yield layout.ERASURES, layout.write(layout.ERASURE_LIST, list(dossier.erasures))
    yield from ((f"forks/{sha256(proof).hexdigest()}.json", proof) for proof in dossier.forks)
    yield from ruling.files(dossier.rules)


def _log(log: str, holding: Holding) -> Iterator[tuple[str, bytes]]:
    peaks = holding.leaves.tree(holding.first).peaks
    stretch = Stretch(first=holding.first, peaks=[peak.hex() for peak in peaks])
    yield f"logs/{short(log)}.json", layout.write(layout.A_STRETCH, stretch)
    yield f"logs/{short(log)}.jws", b"".join(line + b"\n" for line in holding.lines)


def _contents(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    spots = {one.id: _place(one) for one in dossier.records}
    salts = {}
    for id_, opened in dossier.opened.items():
        salts[spots[id_]] = opened.salt.hex()
        yield f"content/{spots[id_]}.json", opened.content
        yield layout.CASE_KEY, opened.case_key.hex().encode() + b"\n"  # every frame of the case has the same
    yield layout.SALTS, layout.write(layout.SALT_LIST, salts)


def _proofs(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    records = {f"records/{_place(one)}.jws": one for one in dossier.records}
    sayers = records | {f"anchors/{_place(one)}.jws": one for one in dossier.anchors}
    for one in sayers.values():
        holding = dossier.holdings[one.record.log]
        roots = dict(_last_seen(one.record, records))
        if one in records.values():
            roots |= dict(_covering(one.record, holding.notes)) | dict(_first_to_see(one.record, sayers))
        audit = {by: _path(one.record.seq, seen, holding.leaves) for by, seen in roots.items() if _true(seen, holding)}
        if audit:
            yield f"proofs/{_place(one)}.json", layout.write(layout.AUDIT_PATHS, audit)


def _covering(record: Record, notes: Sequence[Note]) -> Iterator[tuple[str, Seen]]:
    """The first checkpoint over a record that each agency signed, and the largest one."""
    told: set[str] = set()
    covering = sorted((one for one in notes if one.checkpoint.size > record.seq), key=lambda one: one.checkpoint.size)
    for one in covering:
        signers = {line.name for line in one.lines}
        if not signers <= told or one is covering[-1]:
            yield f"checkpoints/{place(record.log, one.checkpoint.size)}.note", Seen(*one.checkpoint[1:])
        told |= signers


def _first_to_see(record: Record, sayers: Mapping[str, Signed]) -> Iterator[tuple[str, Seen]]:
    """The first record of each other log that had seen this one."""
    told: set[str] = set()
    for name, one in sorted(sayers.items(), key=lambda item: item[1].record.seq):
        seen = one.record.seen.get(record.log)
        if seen and seen.size > record.seq and one.record.log not in told:
            told.add(one.record.log)
            yield name, seen


def _last_seen(record: Record, records: Mapping[str, Signed]) -> Iterator[tuple[str, Seen]]:
    """The records of the case of which this one is the last that they had seen of its log."""
    for name, one in records.items():
        seen = one.record.seen.get(record.log)
        if seen and seen.size == record.seq + 1:
            yield name, seen


def _true(seen: Seen, holding: Holding) -> bool:
    """Whether somebody had seen the log that we hold; nothing can be proven from another one."""
    return seen.size <= holding.leaves.size and holding.leaves.root(seen.size) == seen.root


def _path(seq: int, seen: Seen, leaves: Leaves) -> list[str]:
    return [node.hex() for node in leaves.inclusion(seq, seen.size)]


def _place(one: Signed) -> str:
    return place(one.record.log, one.record.seq)
