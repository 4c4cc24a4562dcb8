"""`python -m contracts.vectors.generate` writes the cases anew; two runs write the same bytes.

HPKE draws its own randomness, so wraps cannot be made twice: those once made are kept in `wraps.json`
under the key, event and reader that they are for, and only missing ones are made.
"""

import json
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from contracts import sealing
from contracts.encoding import b64, unb64
from contracts.vectors import contents, directories, envelopes, material, mechanisms, records, texts
from contracts.vectors.vector import Vector, pretty

FOLDER = Path(__file__).parent
WRAPS = "wraps.json"
VERDICTS = ("accept", "reject", "wait")


class Wraps:
    """Wraps that were made before, and those that were asked for now."""

    def __init__(self, kept: dict[str, str]) -> None:
        """`kept` is name -> wrap in base64url, as `asked` comes out."""
        self._kept = kept
        self.asked: dict[str, str] = {}

    def __call__(self, key: bytes, event: bytes, agency: str) -> bytes:
        """The wrap of a content key, bound to an event and an agency."""
        name = sha256(b"\0".join((key, event, agency.encode()))).hexdigest()[:32]
        if name not in self._kept:
            reader = sealing.public_key(sealing.public_bytes(material.sealing_seed(agency)))
            self._kept[name] = b64(sealing.wrap(key, reader, event, agency))
        self.asked[name] = self._kept[name]
        return unb64(self._kept[name])


def cases(wraps: Wraps) -> Iterator[Vector]:
    """Every case there is."""
    yield from texts.cases()
    yield from envelopes.cases()
    yield from records.cases()
    yield from contents.cases(wraps)
    yield from directories.cases()
    yield from mechanisms.cases()


def files(kept: dict[str, str]) -> dict[str, bytes]:
    """Every generated file, by its path below this folder."""
    wraps, written = Wraps(dict(kept)), dict[str, bytes]()
    for vector in cases(wraps):
        if not written.keys().isdisjoint(vector.files()):
            raise ValueError(f"two cases with one name: {vector.name}")
        written |= vector.files()
    first, second, third = material.chain()
    versions = {"directory.json": first, "directory-2.json": second, "directory-3.json": third}
    shared = {**versions, "keys.json": pretty(material.published())}
    return written | shared | {WRAPS: pretty(wraps.asked)}


def kept(folder: Path = FOLDER) -> dict[str, str]:
    """The wraps that a former run made."""
    path = folder / WRAPS
    return {str(name): str(text) for name, text in json.loads(path.read_bytes()).items()} if path.exists() else {}


def main(folder: Path = FOLDER) -> None:
    """Make the folder hold exactly what `files` says, besides the modules and README.md."""
    generated = files(kept(folder))
    for verdict in VERDICTS:
        shutil.rmtree(folder / verdict, ignore_errors=True)
    for name, data in generated.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
