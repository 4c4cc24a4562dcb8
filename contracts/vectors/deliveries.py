"""Builds deliveries by hand, so that any one part can be bent while the rest stays right."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from contracts import canonical
from contracts.content import case_name
from contracts.encoding import b64, unb64
from contracts.errors import Code
from contracts.record import event_id, header
from contracts.sealing import NO_CASE, Position, case_tag, commitment
from contracts.vectors import material
from contracts.vectors.vector import Vector, rejected

Wrapper = Callable[[bytes, bytes, str], bytes]  # content key, event id, agency -> wrap

LOG = material.origin(material.AUTHOR)
PREV = material.digest("the record before")
CASE_KEY = material.secret("case key")
CONTENT_KEY = material.secret("content key")
NONCE = bytes(12)
CASE = case_name(CASE_KEY, LOG)

PAYLOAD: Mapping[str, object] = {
    "v": 1,
    "log": LOG,
    "seq": 7,
    "prev": b64(PREV),
    "hlc": "1795312488123.0007",
    "dir": 1,
    "kind": "case",
    "to": list(material.AGENCIES),
    "seen": {material.origin(material.READER): [881, b64(material.digest("a root"))]},
    "tag": b64(material.digest("a tag")[:16]),
    "cm": b64(material.digest("a commitment")),
    "ct": b64(material.digest("a ciphertext")),
}
EVENT: Mapping[str, object] = {
    "specversion": "1.0",
    "id": "7",
    "source": f"urn:rajut:{LOG}",
    "type": "rajut.protection.emergency.approved.v1",
    "time": material.ISSUED,
    "datacontenttype": "application/json",
    "subject": CASE,
    "data": {
        "actor": {"role": "pimpinan", "officer": "o-1"},
        "to": list(material.AGENCIES),
        "parents": [b64(material.digest("a proposal"))],
        "body": {"proposal": b64(material.digest("a proposal"))},
    },
}


def changed(members: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """The members with some replaced; None takes one away."""
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def payload(**changes: object) -> bytes:
    """Canonical bytes of a record's payload, bent."""
    return canonical.dumps(changed(PAYLOAD, changes))


def event(*, data: Mapping[str, object] = {}, **changes: object) -> bytes:
    """Canonical bytes of a content, bent; `data` bends its inner members."""
    inner = EVENT["data"]
    if not isinstance(inner, dict):
        raise TypeError
    return canonical.dumps(changed(EVENT, {"data": changed(inner, data), **changes}))


def compact(payload: bytes, kid: str = material.KID, first: bytes = b"") -> bytes:
    """A record in compact form, correctly signed by `kid` whatever its header and payload say."""
    return signed((first or header(kid)) + b"." + b64(payload).encode(), kid)


def signed(signing_input: bytes, kid: str = material.KID) -> bytes:
    """Any signing input with its signature."""
    return signing_input + b"." + b64(material.signer(kid).sign(signing_input)).encode()


def frame(content: bytes, case_key: bytes = CASE_KEY, *, size: int = 0, length: int = -1) -> bytes:
    """A frame around content, zero-padded to `size`, or to the bucket that it needs."""
    said = len(content) if length < 0 else length
    bare = b"".join((material.secret("salt"), case_key, said.to_bytes(4), content))
    return bare.ljust(size or max(1024, 1 << (len(bare) - 1).bit_length()), b"\0")


class Parcel(NamedTuple):
    """A record with sealed content before it is put together; every part can be bent."""

    frame: bytes
    changes: Mapping[str, object] = {}  # of the payload
    kid: str = material.KID
    case_key: bytes = CASE_KEY
    content_key: bytes = CONTENT_KEY
    sealed_at: int = 7  # the place that the encryption is bound to

    def place(self) -> bytes:
        """What encryption and tag are bound to."""
        return Position(LOG, self.sealed_at, PREV).encode()

    def blob(self) -> bytes:
        """The ciphertext."""
        return ChaCha20Poly1305(self.content_key).encrypt(NONCE, self.frame, self.place())

    def record(self, blob: bytes) -> bytes:
        """The record that names this ciphertext, unless `changes` says otherwise."""
        hashes = {"cm": b64(commitment(self.frame)), "ct": b64(sha256(blob).digest())}
        tag = b64(case_tag(self.case_key, self.place())) if self.case_key != NO_CASE else None
        return compact(payload(**{**hashes, "tag": tag, **self.changes}), self.kid)

    def deliver(self, wrap: Wrapper) -> bytes:
        """The whole delivery to READER."""
        blob = self.blob()
        jws = self.record(blob)
        return join(jws, wrap(self.content_key, identity(jws), material.READER), blob)


def join(jws: bytes, wrapped: bytes, blob: bytes) -> bytes:
    """Record, LF, wrap, ciphertext."""
    return b"".join((jws, b"\n", wrapped, blob))


def identity(jws: bytes) -> bytes:
    """The event id of a record in compact form."""
    return event_id(jws.rpartition(b".")[0])


def bad_record(name: str, code: Code, why: str, data: bytes) -> Vector:
    """A delivery whose record must be refused, for all readers alike."""
    outcome = rejected("delivery", code, of="record", reader=material.READER)
    return Vector("reject", f"record-{name}", why, "delivery.bin", data, outcome)


def void(name: str, why: str, data: bytes) -> Vector:
    """A delivery whose record is authentic, but of a key that was revoked before that place."""
    outcome = rejected("delivery", Code.REVOKED, of="effect", reader=material.READER)
    return Vector("reject", f"record-{name}", why, "delivery.bin", data, outcome)


def bad_content(name: str, code: Code, why: str, data: bytes) -> Vector:
    """A delivery whose record is good, but whose content its reader must refuse."""
    outcome = rejected("delivery", code, of="content", reader=material.READER)
    return Vector("reject", f"content-{name}", why, "delivery.bin", data, outcome)


def good(name: str, why: str, data: bytes, *, content: bytes = b"") -> Vector:
    """A delivery that must be taken, with what it says; `content` if its reader can open it."""
    jws = data.partition(b"\n")[0]
    first, middle, _ = jws.split(b".")
    outcome: dict[str, object] = {
        "kind": "delivery",
        "reader": material.READER,
        "id": identity(jws).hex(),
        "kid": members(first)["kid"],
        "record": members(middle),
    }
    if content:
        outcome["content"] = canonical.loads(content, max_bytes=len(content))
    return Vector("accept", name, why, "delivery.bin", data, outcome)


def members(part: bytes) -> Mapping[str, object]:
    """The JSON object in one part of a record."""
    text = unb64(part)
    value = canonical.loads(text, max_bytes=len(text))
    if not isinstance(value, dict):
        raise TypeError
    return value
