"""Strict JSON in, canonical JSON out: the one byte form of every signed thing.

The profile is RFC 8785 (JCS) narrowed until two readers cannot disagree: member names are ASCII,
numbers are integers within 2^53-1, there is no null, strings are NFC. In this profile sorting by
code point equals JCS's UTF-16 order, so `orjson` with sorted keys *is* JCS (property-tested against
the `rfc8785` package). Bytes that are signed must already be canonical: we compare, never repair.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Never

import orjson

from contracts.errors import Code, Rejected

MAX_DEPTH = 16  # a case event needs six; the bound keeps hostile nesting cheap
MAX_INT = 2**53 - 1  # RFC 7493 (I-JSON) 2.2: beyond this, readers lose digits

Json = bool | int | str | Sequence["Json"] | Mapping[str, "Json"]


def dumps(value: object) -> bytes:
    """Canonical bytes of a value that is already in the profile (see `check`)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def loads(data: bytes, *, max_bytes: int) -> Json:
    """Read canonical bytes; raise Rejected(SIZE | JSON | CANONICAL) for anything else."""
    if len(data) > max_bytes:
        raise Rejected(Code.SIZE, f"more than {max_bytes} bytes")
    try:
        value = orjson.loads(data)
    except ValueError:
        raise Rejected(Code.JSON, "not JSON") from None
    check(value)
    if dumps(value) != data:  # also catches duplicate names: the second one is gone after reading
        raise Rejected(Code.CANONICAL, "not the canonical form of its value")
    return value  # type: ignore[no-any-return]


def parse(data: bytes, *, max_bytes: int) -> object:
    """Read JSON that people or programs wrote by hand: strict, but in any layout and with nulls.

    Refuses what readers disagree on: duplicate names, floats, NaN, integers beyond 2^53-1, lone
    surrogates, wrong encodings, depth. Strings come back in NFC. Raises Rejected(SIZE | ENCODING | JSON).
    """
    if len(data) > max_bytes:
        raise Rejected(Code.SIZE, f"more than {max_bytes} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected(Code.ENCODING, "not UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError):
        raise Rejected(Code.JSON, "not JSON") from None
    return _normal(value, MAX_DEPTH)


def check(value: object, depth: int = MAX_DEPTH) -> None:
    """Raise Rejected(JSON) if a value leaves the profile: floats, nulls, big integers, depth, non-NFC text.

    It has Python's own types, as `orjson` reads them. Every record goes through here, and its texts are mostly ASCII.
    """
    if isinstance(value, (dict, list)):
        if depth == 0:
            raise Rejected(Code.JSON, "nested too deep")
        for member in _members(value):
            if type(member) is not str or not member.isascii():
                check(member, depth - 1)
    elif isinstance(value, str):
        _check_text(value)
    elif not isinstance(value, int):
        raise Rejected(Code.JSON, "float or null")
    elif not -MAX_INT <= value <= MAX_INT:
        raise Rejected(Code.JSON, "integer beyond 2^53-1")


def _members(value: dict[str, object] | list[object]) -> Iterable[object]:
    if isinstance(value, list):
        return value
    if not "".join(value).isascii():
        raise Rejected(Code.JSON, "member name outside ASCII")
    return value.values()


def _check_text(text: str) -> None:
    if not unicodedata.is_normalized("NFC", text):
        raise Rejected(Code.JSON, "text not in NFC")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Rejected(Code.JSON, "duplicate member name")
    return members


def _no_float(_literal: str) -> Never:
    raise Rejected(Code.JSON, "float, NaN or Infinity")


def _normal(value: object, depth: int) -> object:
    match value:
        case dict() | list() if depth == 0:
            raise Rejected(Code.JSON, "nested too deep")
        case dict():  # names that were different may be equal in NFC
            return _unique([(_text(name), _normal(member, depth - 1)) for name, member in value.items()])
        case list():
            return [_normal(member, depth - 1) for member in value]
        case str():
            return _text(value)
        case bool() | None:
            return value
        case int() if -MAX_INT <= value <= MAX_INT:
            return value
    raise Rejected(Code.JSON, "integer beyond 2^53-1")


def _text(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Rejected(Code.JSON, "lone surrogate") from None
    return unicodedata.normalize("NFC", text)
