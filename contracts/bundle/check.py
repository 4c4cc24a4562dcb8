"""The verdict on a bundle: from its files alone, without a network, a database or a configuration.

1. Every file is what the manifest lists, and the manifest is what its exporter signed.
2. The directory is one chain; its first version is the pinned one.
3. Each record, content, checkpoint and proof of a fork holds by itself (`reading`).
4. Each record stands in its log, was made between two times, and was seen by others (`proving`).
5. Nothing of the case is missing without a reason (`completeness`).
"""

from collections.abc import Iterator
from datetime import datetime

from contracts.bundle.archive import unpack
from contracts.bundle.completeness import COURT, WITHHELD, Search, erased, is_of
from contracts.bundle.layout import Manifest
from contracts.bundle.proving import Proofs
from contracts.bundle.reading import (
    Files,
    Ledger,
    Material,
    check_signature,
    named,
    read_chain,
    read_manifest,
    read_material,
)
from contracts.bundle.ruling import rules_of
from contracts.bundle.verdict import YES, Absence, Dated, Line, Shown, Verdict
from contracts.directory import Chain
from contracts.encoding import b64
from contracts.errors import Code
from contracts.hlc import instant
from contracts.record import Signed

TOLERANCE_S = 5 * 60  # clocks of agencies may differ by as much


def verify_archive(data: bytes, pin: bytes | None = None) -> Verdict:
    """As `verify`, for the bundle as one file, with the bytes between its files; Rejected(SIZE) if it is too large."""
    unpacked = unpack(data)
    verdict = verify(unpacked.files, pin)
    return verdict._replace(findings=(*unpacked.findings, *verdict.findings))


def verify(files: Files, pin: bytes | None = None) -> Verdict:
    """Everything there is to say about a bundle with these files; `pin` is the digest of the first directory."""
    ledger = Ledger()
    manifest = read_manifest(files, ledger)
    chain = read_chain(files, ledger)
    found = chain.version(1).digest() if chain else b""
    if pin not in (None, found):
        ledger.found("directory/1.json", "is not the pinned directory")
    if manifest is None or chain is None:
        return _unread(manifest, chain, ledger)
    check_signature(files, manifest, chain, ledger)
    material = read_material(files, manifest, chain, ledger)
    proofs = Proofs(files, material, ledger)
    rules = rules_of(files, material, ledger)
    completeness = _search(files, material, ledger)
    lines = tuple(Lines(files, material, proofs, ledger))
    return _unread(manifest, chain, ledger)._replace(
        pinned=pin == found,
        rules=rules.version if rules else 0,
        rules_sha256=rules.sha256 if rules else "",
        completeness=completeness,
        lines=lines,
        forks=material.forks,
        gaps=tuple(Absence(**gap.model_dump()) for gap in material.gaps),
        findings=tuple(ledger.findings),
    )


def _unread(manifest: Manifest | None, chain: Chain | None, ledger: Ledger) -> Verdict:
    """What can be said of a bundle before its events are looked at."""
    names = ("case", "scope", "agency", "role", "officer", "purpose", "exported")
    told = {name: getattr(manifest, name, "") for name in names}
    return Verdict(
        **told,
        pin=chain.version(1).digest().hex() if chain else "",
        pinned=False,
        versions=chain.latest.version if chain else 0,
        rules=0,
        rules_sha256="",
        completeness=(),
        lines=(),
        forks=(),
        gaps=(),
        findings=tuple(ledger.findings),
    )


def _search(files: Files, material: Material, ledger: Ledger) -> tuple[str, ...]:
    for place, anchor in material.anchors.items():
        if place in material.records or (material.case_key and is_of(anchor, material.case_key)):
            ledger.found(f"anchors/{place}.jws", "is of this case, and stands apart from its records")
    for place, one in material.records.items():
        if material.case_key and not is_of(one, material.case_key):
            ledger.found(f"records/{place}.jws", "is not of this case")
    words = Search(files, material, ledger).run() if material.manifest.scope == "whole" else (COURT,)
    return (*words, WITHHELD) if material.manifest.withheld else words


class Lines:
    """One line for each record of the case, by agency and place."""

    def __init__(self, files: Files, material: Material, proofs: Proofs, ledger: Ledger) -> None:
        """Take what was read and proven."""
        self._files, self._material, self._proofs, self._ledger = files, material, proofs, ledger
        self._here = {one.id for one in material.records.values()}
        self._erased = erased(material, ledger)

    def __iter__(self) -> Iterator[Line]:
        """The lines; what is missing is written down, too."""
        for place in sorted(named(self._files, "record"), key=_in_order):
            signed = self._material.records.get(place)
            yield self._line(place, signed) if signed else self._broken(place)

    def _line(self, place: str, signed: Signed) -> Line:
        content, shown = self._material.contents.get(place), self._shown(place, signed)
        after, before = self._proofs.after(place), self._proofs.before(place)
        return Line(
            place=place,
            event=b64(signed.id),
            agency=signed.record.agency,
            type=content.type if content else "",
            claimed=instant(signed.record.hlc.ms),
            content=shown,
            authentic=self._authentic(place, signed),
            complete=self._complete(place, signed, shown),
            after=after,
            before=before,
            witnesses=self._proofs.witnesses(place),
            others=len(self._material.chain.logs()) - 1,
            remarks=tuple(self._remarks(place, signed, after, before)),
        )

    def _broken(self, place: str) -> Line:
        """What is left to say if the record itself does not hold."""
        code = self._ledger.code(f"records/{place}.jws") or str(Code.BIND)
        agency, nothing = place.partition("/")[0], Dated()
        return Line(place, "", agency, "", "", "missing", code, "nothing of it holds", nothing, nothing, (), 0, ())

    def _authentic(self, place: str, signed: Signed) -> str:
        if self._material.chain.is_void(signed.kid, signed.record):
            return str(Code.REVOKED)
        return self._ledger.code(f"content/{place}.json") or YES

    def _shown(self, place: str, signed: Signed) -> Shown:
        if f"content/{place}.json" in self._files:
            return "disclosed"
        if self._material.manifest.agency not in signed.record.to:
            return "sealed to others"
        if signed.id in self._erased:
            return "erased"
        if place in self._material.manifest.withheld:
            return "withheld"
        self._ledger.found(f"content/{place}.json", "is missing, and nothing says why")
        return "missing"

    def _complete(self, place: str, signed: Signed, shown: Shown) -> str:
        content = self._material.contents.get(place)
        if shown == "missing" or (shown == "disclosed" and content is None):
            return "no: its content is missing"
        if shown in ("sealed to others", "withheld"):
            return "not visible: what it refers to is in its content"
        parents = content.parents if content else self._erased[signed.id]
        absent = [b64(parent) for parent in parents if parent not in self._here]
        for name in absent:
            self._ledger.found(f"records/{place}.jws", f"refers to event {name}, which is not here")
        return f"no: refers to {', '.join(absent)}, not here" if absent else YES

    def _remarks(self, place: str, signed: Signed, after: Dated, before: Dated) -> Iterator[str]:
        if not self._proofs.trees(place):
            yield "stands in no checkpoint that is here"
        if _apart(instant(signed.record.hlc.ms), after, before):
            yield "claims another time than is proven"
        content = self._material.contents.get(place)
        if content and _apart(content.time, after, before):
            yield f"says that it happened at {content.time}, another time than is proven"


def _apart(claimed: str, after: Dated, before: Dated) -> bool:
    """Whether a claimed time lies outside of its bounds by more than clocks may differ."""
    early = after.at and _seconds(claimed) < _seconds(after.at) - TOLERANCE_S
    late = before.at and _seconds(claimed) > _seconds(before.at) + TOLERANCE_S
    return bool(early or late)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _in_order(place: str) -> tuple[str, int, int]:
    agency, epoch, seq = place.split("/")
    return agency, int(epoch), int(seq)
