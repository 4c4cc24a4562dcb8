"""What a bundle carries for readers who trust no software of ours: the steps to verify it, and a short program.

The steps are filled in with names from the bundle itself, so that they can be run as they stand. A step that this
bundle has nothing for is left out. The program is the same in every bundle.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files as resources

from contracts import note
from contracts.bundle import layout
from contracts.bundle.reading import Files, named
from contracts.directory import Chain
from contracts.encoding import fixed
from contracts.note import COSIGNATURE, ED25519, Note, NoteKey
from contracts.record import stored
from contracts.signing import KEY_BYTES

_GAP = re.compile(r"@([A-Z]+)@")
_STEP = re.compile(r"^(?=## )", re.MULTILINE)
_FOLDER = resources("contracts.bundle")
_TEMPLATE = _FOLDER.joinpath("VERIFY.md").read_text(encoding="utf-8")
_PROGRAM = _FOLDER.joinpath("verify.mjs").read_bytes()


def files(bundle: Files, chain: Chain, kid: str) -> dict[str, bytes]:
    """The two files, for a bundle with these others that is signed with the key `kid`."""
    words = dict(_words(bundle, chain)) | {"KID": kid}
    steps = (step for step in _STEP.split(_TEMPLATE) if set(_GAP.findall(step)) <= words.keys())
    text = "".join(_GAP.sub(lambda gap: words[gap[1]], step) for step in steps)
    return {layout.GUIDE: text.encode(), layout.PROGRAM: _PROGRAM}


def _words(bundle: Files, chain: Chain) -> Iterator[tuple[str, str]]:
    """What the template's gaps are filled with, as far as the bundle has it."""
    yield "PIN", chain.version(1).digest().hex()
    yield "NEWEST", str(chain.latest.version)
    yield "RULES", sha256(bundle[layout.RULES]).hexdigest()
    yield "ROOTS", " ".join(sorted(entry.root.kid for entry in chain.version(1).agencies.values()))
    contents, records = named(bundle, "content"), named(bundle, "record")
    place = next(iter(contents or records))
    yield "PLACE", place
    yield "RECORDKID", stored(bundle[records[place]]).kid
    if contents:
        yield "CONTENT", place
    notes = {name: note.read(bundle[name]) for name in named(bundle, "checkpoint").values()}
    if notes:
        name = max(sorted(notes), key=lambda name: len(notes[name].lines))
        yield "CHECKPOINT", name
        yield from _signers(notes[name], chain)


def _signers(told: Note, chain: Chain) -> Iterator[tuple[str, str]]:
    """The log's own key and one cosigner's, by the names that the note and the directory have for them."""
    log = told.checkpoint.log
    lines = {(line.name, line.key_id) for line in told.lines}
    for word, grant, algorithm in (("LOG", "checkpoint", ED25519), ("WITNESS", "witness", COSIGNATURE)):
        for key in chain.granted(grant):
            name = log if grant == "checkpoint" else key.log.rpartition("/")[0]
            if (name, NoteKey(name, algorithm, fixed(key.public, KEY_BYTES)).key_id) in lines:
                yield word, name
                yield f"{word}KID", key.kid
