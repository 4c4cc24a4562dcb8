"""The record: one leaf of an agency's log, a small signed header without personal data.

A JWS in compact form (RFC 7515, RFC 9864 `Ed25519`). The exact ASCII bytes are what is signed, stored,
hashed and mirrored; the payload must also *be* canonical, so every reader sees the same fields.
Validity depends on these bytes and the directory alone, never on arrival order or a local clock.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Literal, NamedTuple, NewType, Protocol

from contracts import canonical
from contracts.encoding import b64, fixed, unb64
from contracts.errors import Code, Rejected
from contracts.hlc import Hlc
from contracts.signing import Signer, verify

EventId = NewType("EventId", bytes)
Kind = Literal["case", "ctl", "hb"]

MAX_RECORD = 16 * 1024  # bytes of the compact form
MAX_SEQ = 2**40
MAX_AGENCIES = 8
_DOTS = 2  # between header, payload and signature
_MANY_LOGS = 1024  # more than a directory has; every event is asked whose it is, again and again
_ORIGIN = re.compile(r"[a-z0-9.-]{1,64}/[a-z0-9-]{1,32}/[1-9][0-9]{0,3}")
_AGENCY = re.compile(r"[a-z0-9-]{1,32}")
_KID = re.compile(r"[a-z0-9-]{1,32}\.[a-z]{1,16}\.[1-9][0-9]{0,5}")
_ALWAYS = frozenset({"v", "log", "seq", "prev", "hlc", "dir", "kind", "to", "seen"})
_FIELDS: Mapping[object, frozenset[str]] = {
    "case": _ALWAYS | {"tag", "cm", "ct"},
    "ctl": _ALWAYS | {"cm", "ct"},
    "hb": _ALWAYS,
}


class Seen(NamedTuple):
    """What the author had verified of another log: its size in records and its Merkle root."""

    size: int
    root: bytes


class Record(NamedTuple):
    """A record's fields (signed-log reference 2.1; what we left out and why: ADR 4)."""

    log: str  # origin `<domain>/<agency>/<epoch>`
    seq: int  # index in the log, without gaps
    prev: bytes  # id of the record before; for the first, digest of the directory that opened the log
    hlc: Hlc
    dir: int  # directory version in force when it was made
    kind: Kind
    to: tuple[str, ...]  # agencies that may read the content, sorted, author included
    seen: Mapping[str, Seen]
    tag: bytes = b""  # blinded case mark, 16 bytes; only in `case`
    cm: bytes = b""  # commitment to the framed content, 32 bytes
    ct: bytes = b""  # SHA-256 of the sealed content, 32 bytes

    @property
    def agency(self) -> str:
        """Who wrote it."""
        return agency_of(self.log)


class Signed(NamedTuple):
    """A record as it travels: its fields, its exact bytes, its id, the key that signed it."""

    record: Record
    jws: bytes
    id: EventId
    kid: str


class Key(NamedTuple):
    """A signing key that the directory knows under `kid`."""

    kid: str
    public: bytes


class Keys(Protocol):
    """What verification needs from the directory chain (see `contracts.directory.Chain`)."""

    def key(self, header: bytes) -> Key:
        """The key whose protected header has exactly these base64url bytes; Rejected(KEY) if none."""
        ...

    def knows(self, version: int) -> bool:
        """Whether we hold this version of the directory."""
        ...

    def check_range(self, kid: str, record: Record) -> None:
        """Raise Rejected(KEY | GRANT) if `kid` may not sign this kind of record, in this log, here."""
        ...


class LaterDirectory(Exception):
    """A record that names a directory version we do not hold yet: no verdict, only patience."""


@lru_cache(_MANY_LOGS)
def agency_of(log: str) -> str:
    """The agency in a log's origin."""
    return log.split("/", 2)[1]


def event_id(signing_input: bytes) -> EventId:
    """The id of a record: independent of its signature, so signing again cannot mint a second id."""
    return EventId(sha256(b"rajut/id/v1\0" + signing_input).digest())


def header(kid: str) -> bytes:
    """The one protected header that records of key `kid` may carry, base64url."""
    return b64(canonical.dumps({"alg": "Ed25519", "kid": kid, "typ": "rajut-rec+jws"})).encode()


def sign(record: Record, signer: Signer) -> Signed:
    """Write, sign and name a record."""
    signing_input = header(signer.kid) + b"." + b64(canonical.dumps(_payload(record))).encode()
    jws = signing_input + b"." + b64(signer.sign(signing_input)).encode()
    return Signed(record, jws, event_id(signing_input), signer.kid)


def read(jws: bytes, keys: Keys, check: Callable[[bytes, bytes, bytes], None] = verify) -> Signed:
    """Verify a record from anywhere, as a numbered procedure; raise Rejected with the first broken rule.

    1. size; three parts.  2. the header is the one form of a known key.  3. signature.
    4. canonical payload, closed schema, bounds.  5. the directory lets this key write this log here.
    Raises LaterDirectory instead of a verdict where only a directory to come can tell.
    `check` stands for `verify` where signatures are verified elsewhere, many at a time: until that has said yes,
    what comes back is worth nothing.
    """
    # (1)
    if len(jws) > MAX_RECORD:
        raise Rejected(Code.SIZE, "record")
    if jws.count(b".") != _DOTS:
        raise Rejected(Code.ENCODING, "not three parts")
    first, payload, signature = jws.split(b".")
    # (2)
    key = _known_key(first, payload, keys)
    # (3)
    signing_input = jws[: -len(signature) - 1]
    check(key.public, signing_input, unb64(signature))
    # (4)
    record = parse_payload(unb64(payload))
    # (5)
    if not keys.knows(record.dir):
        raise LaterDirectory
    keys.check_range(key.kid, record)
    return Signed(record, jws, event_id(signing_input), key.kid)


def stored(jws: bytes) -> Signed:
    """A record whose signature was verified when it was stored: parsed again, not verified again."""
    signing_input, _, _ = jws.rpartition(b".")
    first, _, payload = signing_input.partition(b".")
    kid = canonical.loads(unb64(first), max_bytes=MAX_RECORD)["kid"]  # type: ignore[index,call-overload]
    return Signed(parse_payload(unb64(payload)), jws, event_id(signing_input), str(kid))


def parse_payload(data: bytes) -> Record:
    """Fields from canonical payload bytes; Rejected(JSON | CANONICAL | SCHEMA). Says nothing about the signature."""
    value = canonical.loads(data, max_bytes=MAX_RECORD)
    if not isinstance(value, dict) or value.keys() != _FIELDS.get(_hashable(value.get("kind"))):
        raise Rejected(Code.SCHEMA, "record fields")
    _integer(value["v"], 1, "v", least=1)
    record = Record(
        log=_matching(_ORIGIN, value["log"], "log"),
        seq=_integer(value["seq"], MAX_SEQ, "seq"),
        prev=fixed(value["prev"], 32),
        hlc=Hlc.parse(value["hlc"]),
        dir=_integer(value["dir"], MAX_SEQ, "dir", least=1),
        kind=value["kind"],
        to=_agencies(value["to"]),
        seen=_seen(value["seen"]),
        tag=fixed(value["tag"], 16) if "tag" in value else b"",
        cm=fixed(value["cm"], 32) if "cm" in value else b"",
        ct=fixed(value["ct"], 32) if "ct" in value else b"",
    )
    if (record.kind == "hb") != (not record.to) or (record.to and record.agency not in record.to):
        raise Rejected(Code.SCHEMA, "to")
    if record.log in record.seen:
        raise Rejected(Code.SCHEMA, "seen")
    return record


def _known_key(first: bytes, payload: bytes, keys: Keys) -> Key:
    try:
        return keys.key(first)
    except Rejected:
        _check_form(first)
        if not keys.knows(parse_payload(unb64(payload)).dir):
            raise LaterDirectory from None
        raise


def _check_form(first: bytes) -> None:
    """Raise Rejected(HEADER) unless a directory to come could have a key with this header: else waiting is in vain."""
    try:
        value = canonical.loads(unb64(first), max_bytes=MAX_RECORD)
    except Rejected:
        raise Rejected(Code.HEADER) from None
    kid = value.get("kid") if isinstance(value, dict) else None
    if not isinstance(kid, str) or not _KID.fullmatch(kid) or header(kid) != first:
        raise Rejected(Code.HEADER)


def _payload(record: Record) -> dict[str, object]:
    payload: dict[str, object] = {
        "v": 1,
        "log": record.log,
        "seq": record.seq,
        "prev": b64(record.prev),
        "hlc": str(record.hlc),
        "dir": record.dir,
        "kind": record.kind,
        "to": list(record.to),
        "seen": {log: [seen.size, b64(seen.root)] for log, seen in record.seen.items()},
    }
    optional = {"tag": record.tag, "cm": record.cm, "ct": record.ct}
    return payload | {name: b64(value) for name, value in optional.items() if value}


def _hashable(value: object) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: object, most: int, name: str, *, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Rejected(Code.SCHEMA, name)
    return value


def _matching(form: re.Pattern[str], value: object, name: str) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Rejected(Code.SCHEMA, name)
    return value


def _agencies(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_AGENCIES:
        raise Rejected(Code.SCHEMA, "to")
    agencies = tuple(_matching(_AGENCY, name, "to") for name in value)
    if list(agencies) != sorted(set(agencies)):
        raise Rejected(Code.SCHEMA, "to")
    return agencies


def _seen(value: object) -> dict[str, Seen]:
    if not isinstance(value, dict) or len(value) > MAX_AGENCIES:
        raise Rejected(Code.SCHEMA, "seen")
    return {_matching(_ORIGIN, log, "seen"): _one_seen(pair) for log, pair in value.items()}


def _one_seen(pair: object) -> Seen:
    match pair:
        case [size, root]:
            return Seen(_integer(size, MAX_SEQ, "seen"), fixed(root, 32))
        case _:
            raise Rejected(Code.SCHEMA, "seen")
