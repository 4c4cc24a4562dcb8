"""Documents that somebody spoiled, for every door alike: what was done to a good one, and the code that it earns."""

import gzip
import json
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

MIB = 1 << 20
SAID = """select (select count(*) from log.event where type !~ '^rajut[.](node[.]|[a-z]+[.]case[.]read)'),
    (select count(*) from intake.submission), (select count(*) from intake.person_key),
    (select count(*) from triage.work_item), (select count(*) from notify.notice);"""


@contextmanager
def ordinary() -> Iterator[None]:
    """Be somebody to whom a file can be closed, which root is not."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


def twice(good: bytes) -> bytes:
    """The document with its first member repeated."""
    name, value = next(iter(json.loads(good).items()))
    return f'{{"{name}": {json.dumps(value)}, '.encode() + good.lstrip()[1:]


def with_member(good: bytes, value: bytes) -> bytes:
    """The document with a member that does not belong there."""
    return b'{"member": ' + value + b", " + good.lstrip()[1:]


def marked(good: bytes, mark: bytes) -> bytes:
    """The document with something inside its last text."""
    before, quote, after = good.rpartition(b'"')
    return before + mark + quote + after


def unsaid(value: object) -> object:
    """A document's value with nothing that anybody sees where it has words of its own."""
    if isinstance(value, dict):
        return {name: unsaid(part) for name, part in value.items()}
    if isinstance(value, list):
        return [unsaid(part) for part in value]
    return " \u200b\u202e" if isinstance(value, str) and " " in value else value


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "E_JSON E_SCHEMA"),
    "every byte there is": (lambda _: bytes(range(256)), "E_ENCODING"),
    "one member twice": (twice, "E_JSON"),
    "UTF-16": (lambda good: good.decode().encode("utf-16"), "E_ENCODING"),
    "UTF-32": (lambda good: good.decode().encode("utf-32-le"), "E_JSON"),  # ASCII and NUL bytes: UTF-8, and no JSON
    "Latin-1": (lambda good: marked(good, b"\xe9"), "E_ENCODING"),
    "overlong": (lambda good: marked(good, b"\xc0\xaf"), "E_ENCODING"),
    "lone surrogate": (lambda good: marked(good, b"\\ud800"), "E_JSON"),
    "byte order mark": (lambda good: b"\xef\xbb\xbf" + good, "E_JSON"),
    "compressed": (partial(gzip.compress, mtime=0), "E_ENCODING"),
    "last byte missing": (lambda good: good.rstrip()[:-1], "E_JSON"),
    "cut in half": (lambda good: good[: len(good) // 2], "E_JSON"),
    "twice in a row": (lambda good: good + good, "E_JSON"),
    "NUL before": (lambda good: b"\0" + good, "E_JSON"),
    "NUL after": (lambda good: good + b"\0", "E_JSON"),
    "NUL inside": (lambda good: marked(good, b"\0"), "E_JSON"),
    "NUL as an escape": (lambda good: marked(good, b"\\u0000"), "E_SCHEMA E_REPORT"),
    "nothing but NUL": (lambda _: bytes(100_000), "E_JSON"),
    "arrays without end": (lambda _: b"[" * 200_000, "E_JSON"),
    "objects without end": (lambda _: b'{"a":' * 40_000, "E_JSON"),
    "deep, and whole": (lambda good: with_member(good, b"[" * 50_000 + b"]" * 50_000), "E_JSON"),
    "just too deep": (lambda good: with_member(good, b"[" * 16 + b"]" * 16), "E_JSON"),
    "a fraction": (lambda good: with_member(good, b"1.5"), "E_JSON"),
    "no number": (lambda good: with_member(good, b"NaN"), "E_JSON"),
    "no end of a number": (lambda good: with_member(good, b"-Infinity"), "E_JSON"),
    "a number of 100,000 digits": (lambda good: with_member(good, b"9" * 100_000), "E_JSON"),
    "a member more": (lambda good: with_member(good, b"1"), "E_SCHEMA E_REPORT"),
    "a list": (lambda _: b"[]", "E_SCHEMA E_REPORT"),
    "a form": (lambda _: b"level=KRITIS&reason=x", "E_JSON"),
    "XML with an entity": (lambda _: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "E_JSON"),
    "words that nobody sees": (lambda good: json.dumps(unsaid(json.loads(good))).encode(), "E_SCHEMA E_REPORT"),
    "more than fits": (lambda good: good + b" " * MIB, "E_SIZE"),
}
