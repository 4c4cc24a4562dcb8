"""Judges one committed case by its bytes alone, the way a node would."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts import canonical, sealing
from contracts.content import MAX_CONTENT, Content
from contracts.delivery import Delivery, Reader, examine
from contracts.directory import Chain
from contracts.encoding import b64, unb64
from contracts.errors import Code, Rejected
from contracts.mechanism import signed
from contracts.record import LaterDirectory, Record

FOLDER = Path(__file__).parents[2] / "contracts" / "vectors"
KEYS = json.loads((FOLDER / "keys.json").read_bytes())
VERSIONS = [(FOLDER / name).read_bytes() for name in ("directory.json", "directory-2.json", "directory-3.json")]

Outcome = dict[str, Any]


def chain(held: int = 3) -> Chain:
    """A fresh chain that holds this many versions, at least one."""
    grown = Chain(VERSIONS[0], pin=bytes.fromhex(KEYS["pin"]))
    for version in VERSIONS[1:held]:
        grown.adopt(version)
    return grown


CHAIN = chain()


def reader(agency: str) -> Reader:
    key = sealing.private_key(bytes.fromhex(KEYS["sealing_seeds"][agency]))
    return Reader(agency, lambda: (key,))


def judge(folder: Path) -> Outcome:
    """What comes out of a case, in the form of its `expected.json`."""
    expected = json.loads((folder / "expected.json").read_bytes())
    data = next(path for path in folder.iterdir() if path.name not in {"expected.json", "README.md"}).read_bytes()
    about = {name: expected[name] for name in ("kind", "reader", "held") if name in expected}
    try:
        return about | JUDGES[expected["kind"]](data, expected)
    except Rejected as refused:
        return about | {"code": str(refused.code)} | ({"of": "record"} if expected["kind"] == "delivery" else {})


def _delivery(data: bytes, expected: Outcome) -> Outcome:
    try:
        examined = examine(Delivery.decode(data), CHAIN, reader(expected["reader"]))
    except LaterDirectory:
        return {}
    if examined.void:
        return {"of": "effect", "code": str(Code.REVOKED)}
    if examined.refused:
        return {"of": "content", "code": str(examined.refused.code)}
    signed = examined.signed
    said: Outcome = {"id": signed.id.hex(), "kid": signed.kid, "record": record_fields(signed.record)}
    if examined.readable:
        said["content"] = content_fields(examined.readable.content, signed.record)
    return said


def record_fields(record: Record) -> Outcome:
    """A record in words, written without the code under test's own writer."""
    fields: Outcome = {
        "v": 1,
        "log": record.log,
        "seq": record.seq,
        "prev": b64(record.prev),
        "hlc": f"{record.hlc.ms:013}.{record.hlc.tick:04}",
        "dir": record.dir,
        "kind": record.kind,
        "to": list(record.to),
        "seen": {log: [seen.size, b64(seen.root)] for log, seen in record.seen.items()},
    }
    return fields | {name: b64(getattr(record, name)) for name in ("tag", "cm", "ct") if getattr(record, name)}


def content_fields(content: Content, record: Record) -> Outcome:
    """A content in words, with the members that CloudEvents wants around it."""
    fields: Outcome = {
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "id": str(record.seq),
        "source": f"urn:rajut:{record.log}",
        "type": content.type,
        "time": content.time,
        "data": {
            "actor": {"role": content.actor.role, "officer": content.actor.officer},
            "to": list(content.to),
            "parents": [b64(parent) for parent in content.parents],
            "body": content.body,
        },
    }
    optional = {"subject": content.case, "traceparent": content.traceparent}
    return fields | {name: value for name, value in optional.items() if value}


def _canonical(data: bytes, _expected: Outcome) -> Outcome:
    assert canonical.dumps(canonical.loads(data, max_bytes=MAX_CONTENT)) == data
    return {}


def _handwritten(data: bytes, _expected: Outcome) -> Outcome:
    return {"value": canonical.parse(data, max_bytes=MAX_CONTENT)}


def _encoding(data: bytes, _expected: Outcome) -> Outcome:
    decoded = unb64(data)
    assert b64(decoded).encode() == data
    return {"hex": decoded.hex()}


def _directory(data: bytes, expected: Outcome) -> Outcome:
    held = expected["held"]
    latest = chain(held).adopt(data) if held else Chain(data, pin=bytes.fromhex(KEYS["pin"])).latest
    return {"version": latest.version, "digest": latest.digest().hex()}


def _mechanism(data: bytes, expected: Outcome) -> Outcome:
    text = f"version = {expected['held']}\n"
    said = signed.read(data)
    signed.check_signed(said, CHAIN.version(said.directory))
    signed.check_follows(said, signed.Standing(expected["held"], sha256(text.encode()).hexdigest(), 2))
    return {"version": said.version, "text": sha256(said.text.encode()).hexdigest()}


JUDGES: dict[str, Callable[[bytes, Outcome], Outcome]] = {
    "canonical": _canonical,
    "delivery": _delivery,
    "directory": _directory,
    "encoding": _encoding,
    "handwritten": _handwritten,
    "mechanism": _mechanism,
}
