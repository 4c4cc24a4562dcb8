"""What a dishonest exporter may do to its own bundle before it signs the list of files again."""

from collections.abc import Callable
from hashlib import sha256

from contracts import note
from contracts.bundle import layout
from contracts.bundle.archive import unpack
from contracts.bundle.completeness import is_of
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import GENESIS_TEXT, signed as mechanism
from contracts.record import sign
from contracts.signing import Signer
from contracts.vectors import material
from tests.unit.contracts.dossiers import AGENCIES, HAM, KEY, LPSK, bundle, dossier, told

Files = dict[str, bytes]

THREE = told()
FILES = dict(unpack(bundle(dossier(THREE))).files)
COURT_FILES = dict(unpack(bundle(dossier(THREE), "court")).files)
EVENTS = ("komnas-ham/1/2", "komnas-ham/1/3", "komnas-perempuan/1/1", "lpsk/1/1", "lpsk/1/2")
LOG, PEAKS = "logs/lpsk/1.jws", "logs/lpsk/1.json"
CONTENT, PROOF, NOTE = "content/komnas-ham/1/2.json", "proofs/lpsk/1/1.json", "checkpoints/lpsk/1/5.note"
FORK = f"forks/{'0' * 64}.json"
SECOND = GENESIS_TEXT.replace(b"version = 1\n", b"version = 2\n", 1)
LINES = FILES[LOG].splitlines(keepends=True)


def signed_again(files: Files, signer: Signer | None = None) -> Files:
    """The files with a manifest that fits them, signed by the exporter."""
    manifest = layout.read(layout.A_MANIFEST, files[layout.MANIFEST])
    sums = {name: sha256(data).hexdigest() for name, data in files.items() if not name.startswith("manifest.")}
    data = layout.write(layout.A_MANIFEST, manifest.model_copy(update={"files": sums}))
    signature = (signer or material.signer(f"{LPSK}.node.1")).sign(layout.signed_bytes(data))
    return files | {layout.MANIFEST: data, layout.SIGNATURE: signature}


def without(files: Files, place: str) -> Files:
    """No trace of one event is left in what the exporter hands out."""
    salts = layout.read(layout.SALT_LIST, files[layout.SALTS])
    kept = {name: salt for name, salt in salts.items() if name != place}
    left = {name: data for name, data in files.items() if f"/{place}." not in name}
    by = f"records/{place}.jws".encode()
    proven = {name: data for name, data in left.items() if not name.startswith("proofs/") or by not in data}
    return proven | {layout.SALTS: layout.write(layout.SALT_LIST, kept)}


def under_later_rules(*roots: str) -> Files:
    """The bundle of a case as if it ran under version 2 of the mechanism, which some agencies signed."""
    draft = mechanism.draft(SECOND, mechanism.BEGINNING, THREE.chain.latest)
    said = mechanism.joined(draft, [mechanism.signature(draft, material.root(agency)) for agency in roots])
    return dict(unpack(bundle(dossier(told())._replace(rules=said))).files)


def headless(exporter: str = LPSK) -> Files:
    """Whatever was said before a later event of the opener is denied; that one, which refers to it, is withheld."""
    three = told()
    denied = {one.id for log in three.logs.values() for one in log if is_of(one, KEY)}
    late = three.say(LPSK, UrgencyOverridden(level="BIASA", reason="lagi"), [three.logs[material.origin(LPSK)][1]])
    three.say(HAM, UrgencyOverridden(level="TINGGI", reason="lagi"), [late])
    for agency in AGENCIES:
        three.beat(agency)
    for agency in AGENCIES:
        three.cosign(agency, *(set(AGENCIES) - {agency}))
    held = dossier(three, agency=exporter, denied=denied, withheld=[late.id])
    return dict(unpack(bundle(held, agency=exporter)).files)


def _less(*names: str) -> Callable[[Files], Files]:
    return lambda files: {name: data for name, data in files.items() if name not in names}


def _other(name: str, data: bytes) -> Callable[[Files], Files]:
    return lambda files: files | {name: data}


def _later(files: Files) -> Files:
    """The log begins one record later, with peaks that fit."""
    holding = dossier(THREE).holdings[material.origin(LPSK)]
    first = layout.read(layout.A_STRETCH, FILES[PEAKS]).first + 1
    begun = layout.Stretch(first=first, peaks=[peak.hex() for peak in holding.leaves.tree(first).peaks])
    return files | {LOG: b"".join(LINES[1:]), PEAKS: layout.write(layout.A_STRETCH, begun)}


def _forged(files: Files) -> Files:
    """The last cosignature of a checkpoint, with another time."""
    read = note.read(files[NOTE])
    last = read.lines[-1]
    lines = (*read.lines[:-1], last._replace(blob=b"\0" * 8 + last.blob[8:]))
    return files | {NOTE: note.Note(read.checkpoint, lines).encode()}


def _twin(files: Files) -> Files:
    """Another record in the place of one, with the same content, by the same key: its log has it not."""
    true = THREE.logs[material.origin(LPSK)][2]
    twin = sign(true.record._replace(hlc=true.record.hlc.next(0)), material.signer(true.kid))
    left = {name: data for name, data in files.items() if name != "proofs/lpsk/1/2.json"}
    return left | {"records/lpsk/1/2.jws": twin.jws}


# How, and the file that must be named for it.
ATTACKS: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "no log": (LOG, _less(LOG, PEAKS)),
    "no peaks": (PEAKS, _less(PEAKS)),
    "a log that begins later": (LOG, _later),
    "a log with a line less at the end": (LOG, _other(LOG, b"".join(LINES[:-1]))),
    "a log with a line less at the start": (LOG, _other(LOG, b"".join(LINES[1:]))),
    "a log with two lines swapped": (LOG, _other(LOG, b"".join([LINES[1], LINES[0], *LINES[2:]]))),
    "a log that ends without line feed": (LOG, _other(LOG, FILES[LOG][:-1])),
    "peaks of a tree of another size": (PEAKS, _other(PEAKS, b'{"first":2,"peaks":[]}')),
    "a content that says something else": (CONTENT, _other(CONTENT, FILES[CONTENT].replace(b"KRITIS", b"TINGGI"))),
    "a content of another event": (CONTENT, _other(CONTENT, FILES["content/lpsk/1/1.json"])),
    "a content that is missing": (CONTENT, _less(CONTENT)),
    "a record of another case": (
        "records/lpsk/1/3.jws",
        _other("records/lpsk/1/3.jws", THREE.logs[material.origin(LPSK)][3].jws),
    ),
    "a record that the log has not": ("records/lpsk/1/2.jws", _twin),
    "a record under another name": (
        "records/lpsk/1/7.jws",
        _other("records/lpsk/1/7.jws", FILES["records/lpsk/1/1.jws"]),
    ),
    "a record of the case as if it were of another": (
        "anchors/lpsk/1/2.jws",
        _other("anchors/lpsk/1/2.jws", FILES["records/lpsk/1/2.jws"]),
    ),
    "a proof that leads elsewhere": (PROOF, _other(PROOF, FILES["proofs/lpsk/1/2.json"])),
    "a proof about nothing": ("proofs/lpsk/1/9.json", _other("proofs/lpsk/1/9.json", FILES[PROOF])),
    "a cosignature of another time": (NOTE, _forged),
    "a checkpoint under another name": (
        "checkpoints/lpsk/1/9.note",
        _other("checkpoints/lpsk/1/9.note", FILES[NOTE]),
    ),
    "another case's key": ("casekey", _other("casekey", b"06" * 32 + b"\n")),
    "a case key in another form": ("casekey", _other("casekey", b"0505")),
    "a salt without content": (
        "content/komnas-ham/1/3.json",
        _other("salts.json", b'{"komnas-ham/1/3":"' + b"00" * 32 + b'"}'),
    ),
    "a fork that is none": (FORK, _other(FORK, b"{}")),
    "a file of its own": ("more.txt", _other("more.txt", b"x")),
}
