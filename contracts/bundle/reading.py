"""The files of a bundle, each read and verified by itself, with whatever does not hold written down.

Nothing stops at the first fault: a reader wants to know all that is wrong, and what holds nevertheless.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple, ParamSpec, TypeVar

from pydantic import TypeAdapter

from contracts import evidence, note, record
from contracts.bundle import layout
from contracts.bundle.layout import Erasure, Gap, Manifest
from contracts.bundle.verdict import Finding
from contracts.content import Content, check_case, decode
from contracts.delivery import position
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.evidence import Split
from contracts.note import Checkpoint
from contracts.record import LaterDirectory, Signed, header
from contracts.roster import read as read_directory
from contracts.sealing import case_tag, commitment, framed
from contracts.signing import verify

Files = Mapping[str, bytes]
Result = TypeVar("Result")
Item = TypeVar("Item")
With = ParamSpec("With")
_KEY_TEXT = re.compile(rb"[0-9a-f]{64}\n")


class Told(NamedTuple):
    """What a note says, and who has cosigned it when, in seconds since 1970."""

    checkpoint: Checkpoint
    cosigned: Mapping[str, int]


class Ledger:
    """Writes down what does not hold."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.findings: list[Finding] = []
        self._codes: dict[str, str] = {}

    def found(self, file: str, what: str) -> None:
        """Something about a file does not hold."""
        self.findings.append(Finding(file, what))
        if what.startswith("E_"):
            self._codes.setdefault(file, what.partition(":")[0])

    def attempt(self, file: str, work: Callable[With, Result], *args: With.args, **more: With.kwargs) -> Result | None:
        """What `work` makes of a file, or nothing if the file breaks a rule."""
        try:
            return work(*args, **more)
        except Rejected as rejected:
            self.found(file, str(rejected))
        except LaterDirectory:
            self.found(file, f"{Code.DIRECTORY}: names a version that is not here")
        return None

    def code(self, file: str) -> str:
        """The first code that a file was refused with; empty if it was not."""
        return self._codes.get(file, "")


class Material(NamedTuple):
    """What could be read, and holds by itself; by place, or by the name of the file."""

    manifest: Manifest
    chain: Chain
    case_key: bytes  # empty if no content is disclosed
    records: Mapping[str, Signed]
    anchors: Mapping[str, Signed]
    contents: Mapping[str, Content]
    notes: Mapping[str, Told]
    erasures: tuple[Erasure, ...]
    gaps: tuple[Gap, ...]
    forks: tuple[Split, ...]


def read_manifest(files: Files, ledger: Ledger) -> Manifest | None:
    """The manifest, and every file held against it: what was changed, removed or added is named."""
    if layout.MANIFEST not in files:
        ledger.found(layout.MANIFEST, "was removed")
        return None
    manifest = ledger.attempt(layout.MANIFEST, layout.read, layout.A_MANIFEST, files[layout.MANIFEST])
    listed = dict(manifest.files) if manifest else {}
    for name, digest in listed.items():
        if name not in files:
            ledger.found(name, "was removed")
        elif sha256(files[name]).hexdigest() != digest:
            ledger.found(name, "was changed")
    for name in files.keys() - listed.keys() - {layout.MANIFEST, layout.SIGNATURE} if manifest else ():
        ledger.found(name, "was added")
    return manifest


def read_chain(files: Files, ledger: Ledger) -> Chain | None:
    """All versions of the directory, the first one taken as it is: whether it is the right one is the pin's to say."""
    numbers = sorted(int(number) for number in named(files, "directory"))
    paths = [f"directory/{number}.json" for number in numbers]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        ledger.found("directory/1.json" if 1 not in numbers else paths[-1], "the versions have a hole")
        return None
    chain = ledger.attempt(paths[0], _first, files[paths[0]])
    for path in paths[1:]:
        if chain is None or ledger.attempt(path, chain.adopt, files[path]) is None:
            return None
    return chain


def check_signature(files: Files, manifest: Manifest, chain: Chain, ledger: Ledger) -> None:
    """The manifest is the exporting agency's word, by a key that the newest directory here lets speak for it."""
    entry = chain.latest.agencies.get(manifest.agency)
    keys = [key for key in entry.keys if key.kid == manifest.kid and not key.revoked] if entry else []
    if not any(key.may_sign(layout.EXPORT) for key in keys):
        ledger.found(layout.MANIFEST, f"{Code.GRANT}: its key may not sign for its agency")
        return
    message, public = layout.signed_bytes(files[layout.MANIFEST]), chain.key(header(manifest.kid)).public
    ledger.attempt(layout.SIGNATURE, verify, public, message, files.get(layout.SIGNATURE, b""))


def read_material(files: Files, manifest: Manifest, chain: Chain, ledger: Ledger) -> Material:
    """Everything else."""
    for name in files:
        if name not in layout.SINGLE and not any(form.fullmatch(name) for form in layout.KINDS.values()):
            ledger.found(name, "is no part of a bundle")
    records, anchors = (dict(_records(files, kind, chain, ledger)) for kind in ("record", "anchor"))
    key = ledger.attempt(layout.CASE_KEY, _case_key, files) or b""
    return Material(
        manifest=manifest,
        chain=chain,
        case_key=key,
        records=records,
        anchors=anchors,
        contents=dict(_contents(files, Circle(manifest.case, key, chain), records, ledger)),
        notes=dict(_notes(files, chain, ledger)),
        erasures=tuple(_listed(files, layout.ERASURES, layout.ERASURE_LIST, ledger)),
        gaps=tuple(_listed(files, layout.GAPS, layout.GAP_LIST, ledger)),
        forks=tuple(_forks(files, chain, ledger)),
    )


def named(files: Files, kind: str) -> dict[str, str]:
    """The files of a kind, by what their names say."""
    found = ((layout.KINDS[kind].fullmatch(name), name) for name in sorted(files))
    return {match[1]: name for match, name in found if match}


def _first(data: bytes) -> Chain:
    return Chain(data, pin=read_directory(data)[0].digest())


def _records(files: Files, kind: str, chain: Chain, ledger: Ledger) -> Iterator[tuple[str, Signed]]:
    for place, name in named(files, kind).items():
        signed = ledger.attempt(name, record.read, files[name], chain)
        if signed and layout.place(signed.record.log, signed.record.seq) != place:
            ledger.found(name, "is another record than its name says")
        elif signed:
            yield place, signed


def _case_key(files: Files) -> bytes:
    """32 bytes in hexadecimal digits with a line feed, or no file."""
    text = files.get(layout.CASE_KEY)
    if text is None:
        return b""
    if not _KEY_TEXT.fullmatch(text):
        raise Rejected(Code.SCHEMA, "not 32 bytes in hexadecimal digits")
    return bytes.fromhex(text.decode())


class Circle(NamedTuple):
    """What content is held against besides its record: the case, its key, the directory."""

    case: str
    key: bytes
    chain: Chain

    def open(self, signed: Signed, content: bytes, salt: bytes) -> Content:
        """Content that its record committed to, of this case, by a key that may say so; Rejected if it is not."""
        told, cm = signed.record, commitment(framed(content, self.key, salt))
        if cm != told.cm:
            raise Rejected(Code.COMMIT)
        if case_tag(self.key, position(told).encode()) != told.tag:
            raise Rejected(Code.BIND, "tag")
        opened = decode(content, told)
        if opened.case != self.case:
            raise Rejected(Code.BIND, "case")
        check_case(opened, told, self.key, self.chain.all_logs(told.dir))
        self.chain.check_grant(signed.kid, told, opened.type)
        return opened


def _contents(
    files: Files, circle: Circle, records: Mapping[str, Signed], ledger: Ledger
) -> Iterator[tuple[str, Content]]:
    salts = ledger.attempt(layout.SALTS, layout.read, layout.SALT_LIST, files.get(layout.SALTS, b"{}")) or {}
    contents = named(files, "content")
    for place in salts.keys() - contents.keys():
        ledger.found(f"content/{place}.json", "has a salt, and is not here")
    for place, name in contents.items():
        if place not in records:
            ledger.found(name, "belongs to no record that is here and holds")
            continue
        salt = bytes.fromhex(salts.get(place, ""))
        opened = ledger.attempt(name, circle.open, records[place], files[name], salt)
        if opened:
            yield place, opened


def _notes(files: Files, chain: Chain, ledger: Ledger) -> Iterator[tuple[str, Told]]:
    for place, name in named(files, "checkpoint").items():
        told = ledger.attempt(name, _told, files[name], chain)
        if told and layout.place(told.checkpoint.log, told.checkpoint.size) != place:
            ledger.found(name, "is another checkpoint than its name says")
        elif told:
            yield name, told


def _told(data: bytes, chain: Chain) -> Told:
    told = note.read(data)
    note.check_log(told, *note.named_keys(chain, told))
    found = note.cosignatures(chain, told)
    return Told(told.checkpoint, {agency: seconds for agency, (seconds, _) in found.items()})


def _listed(files: Files, name: str, shape: TypeAdapter[list[Item]], ledger: Ledger) -> list[Item]:
    return ledger.attempt(name, layout.read, shape, files.get(name, b"[]")) or []


def _split(data: bytes, chain: Chain) -> Split:
    return evidence.check(evidence.decode(data), chain)


def _forks(files: Files, chain: Chain, ledger: Ledger) -> Iterator[Split]:
    for digest, name in named(files, "fork").items():
        split = ledger.attempt(name, _split, files[name], chain)
        if split and sha256(files[name]).hexdigest() != digest:
            ledger.found(name, "is another proof than its name says")
        elif split:
            yield split
