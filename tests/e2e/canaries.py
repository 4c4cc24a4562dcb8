"""Searches whole folders for anything personal that stood in a report, in the forms in which it could hide."""

import json
import re
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from contracts.codes import CATALOGUES

PERSONAL = frozenset(
    {"name", "aliases", "contact", "address", "hours", "codeword", "text", "recorded_by", "organisation", "birth_date"}
)
SHORTEST = 6  # shorter strings occur by chance in megabytes of ciphertext
LONG_WORD = 9
_OURS = {word for catalogue in CATALOGUES.values() for word in re.findall(r"\w+", catalogue.model_dump_json())}


def canaries(reports: Iterable[Path]) -> list[str]:
    """Every personal string of reports, and the long words of their narratives."""
    strings = {text for file in reports for text in _personal(json.loads(file.read_text()), named=False)}
    words = {word for text in strings for word in re.findall(r"\w+", text) if len(word) >= LONG_WORD}
    return sorted(text for text in strings | (words - _OURS) if len(text) >= SHORTEST)


def forms(text: str) -> Iterator[bytes]:
    """A string as it could stand in a file: UTF-8, UTF-16, JSON, an address, hexadecimal, base64 at three offsets."""
    data = text.encode()
    yield from {
        data,
        text.encode("utf-16-le"),
        json.dumps(text)[1:-1].encode(),
        quote(text).encode(),
        quote_plus(text).encode(),
        data.hex().encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode(),
    }
    for offset, lost in ((0, 0), (1, 2), (2, 3)):
        whole = data[: len(data) - (len(data) + offset) % 3]
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(offset) + whole)[lost:]
            if len(encoded) >= SHORTEST:
                yield encoded


def hits(strings: Iterable[str], *places: Path, scratch: Path) -> list[str]:
    """Each place in which one of the strings is found in any form, as `file:match`; empty if there is none."""
    patterns = scratch / "patterns"
    patterns.write_bytes(b"\n".join(sorted({form for text in strings for form in forms(text)})))
    command: list[str | Path] = ["grep", "-raoF", "-f", patterns, *places]
    done = subprocess.run(command, capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=False)
    assert done.returncode in (0, 1), done.stderr
    return sorted(set(done.stdout.decode(errors="replace").splitlines()))


def _personal(value: object, *, named: bool) -> Iterator[str]:
    match value:
        case dict():
            for name, part in value.items():
                yield from _personal(part, named=name in PERSONAL)
        case list():
            for part in value:
                yield from _personal(part, named=named)
        case str() if named:
            yield value
