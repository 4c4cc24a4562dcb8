"""A bundle as one file: a zip archive in exactly one form.

Entries are stored, not compressed, since compressors differ from version to version; they stand in the order of
their names, with one fixed date and nothing optional. So the archive is a function of its files, whoever writes it,
and a byte that was changed anywhere in it, also between the files, is found by writing it again (PKWARE APPNOTE 4.3).
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from struct import Struct
from typing import NamedTuple

from contracts.bundle.verdict import Finding
from contracts.errors import Code, Rejected

_LOCAL, _CENTRAL, _END = (Struct(form) for form in ("<4s5H3L2H", "<4s6H3L5H2L", "<4s4H2LH"))
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_NEXT_MARK = re.compile(rb"PK(?:\x03\x04|\x01\x02)")
_NEEDS, _MADE_BY = 20, 3 << 8 | 20  # version 2.0; Unix
_DATE = 1 << 5 | 1  # 1980-01-01, the first day that the format has
_MODE = 0o100644 << 16
_MOST_FILES, _MOST_BYTES = 0xFFFF, 0xFFFFFFFF
_MOST_DAMAGED = 8  # heads that give no end: each costs a look at all that follows
_SUM_AT, _SIZE_AT, _NAME_AT = 6, 7, 9  # in what a local header unpacks to
ARCHIVE = "the archive"


class Unpacked(NamedTuple):
    """The files of an archive, and where it is not what these files give."""

    files: Mapping[str, bytes]
    findings: tuple[Finding, ...]


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files; Rejected(SIZE) if there are more than 65,535, or more than 4 GiB of them."""
    return b"".join(part for _, part in _parts(files))


def unpack(data: bytes) -> Unpacked:
    """Whatever files can still be told in `data`, and the first byte that is not as `pack` would have written it.

    Raises Rejected(SIZE) as `pack` does.
    """
    files = dict(islice(_entries(data), _MOST_FILES + 1))
    fault = _first_fault(data, files)
    return Unpacked(files, (fault,) if fault else ())


def _parts(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The archive in parts: each file with its head, then the list of all."""
    fixed = _LOCAL.size + _CENTRAL.size
    if len(files) > _MOST_FILES or sum(fixed + 2 * len(name) + len(files[name]) for name in files) > _MOST_BYTES:
        raise Rejected(Code.SIZE, "bundle")
    central, at = [], 0
    for name, data in sorted(files.items()):
        path = name.encode("ascii", "replace")
        sums = (0, _DATE, zlib.crc32(data), len(data), len(data), len(path), 0)
        local = _LOCAL.pack(_LOCAL_MARK, _NEEDS, 0, 0, *sums) + path + data
        central.append(_CENTRAL.pack(_CENTRAL_MARK, _MADE_BY, _NEEDS, 0, 0, *sums, 0, 0, 0, _MODE, at) + path)
        at += len(local)
        yield name, local
    listing = b"".join(central)
    yield ARCHIVE, listing + _END.pack(_END_MARK, 0, 0, len(files), len(files), len(listing), at, 0)


def _entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files between the marks that begin them: one whose head is damaged hides no other, a few of them at most.

    Whatever `data` is, the work grows no faster than it: entries never overlap.
    """
    at, damaged = data.find(_LOCAL_MARK), 0
    while 0 <= at <= len(data) - _LOCAL.size and damaged < _MOST_DAMAGED:
        head = _LOCAL.unpack_from(data, at)
        name = at + _LOCAL.size
        start = name + head[_NAME_AT] + head[_NAME_AT + 1]
        end = start + head[_SIZE_AT]
        if not (_NEXT_MARK.match(data, end) or _is_sound(data[start:end], head)):
            following = _NEXT_MARK.search(data, name)
            end = following.start() if following else len(data)
            damaged += 1
        yield data[name : name + head[_NAME_AT]].decode("ascii", "replace"), data[start:end]
        at = data.find(_LOCAL_MARK, end)


def _is_sound(content: bytes, head: tuple[int, ...]) -> bool:
    return 0 < len(content) == head[_SIZE_AT] and zlib.crc32(content) == head[_SUM_AT]


def _first_fault(data: bytes, files: Mapping[str, bytes]) -> Finding | None:
    at = 0
    for name, part in _parts(files):
        given = data[at : at + len(part)]
        if given != part:
            place = next(
                (n for n, (one, other) in enumerate(zip(given, part, strict=False)) if one != other), len(given)
            )
            return Finding(name, f"byte {at + place} of the archive is not as it was written")
        at += len(part)
    return Finding(ARCHIVE, f"goes on after its end, at byte {at}") if len(data) > at else None
