"""One message between agencies, and the verdict on it: by its bytes and the directory alone.

The same delivery gets the same verdict on every node, at any time, in any order. What a verdict means
for a node that already holds other records is that node's business (`services.node.admission`).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from contracts import sealing
from contracts.content import Content, check_case, decode
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.record import MAX_RECORD, Record, Signed, read

MAX_DELIVERY = MAX_RECORD + 1 + sealing.WRAP_BYTES + sealing.LARGEST_FRAME + 16


class Delivery(NamedTuple):
    """One message between agencies: a record and, for its readers, the sealed content with its wrapped key."""

    jws: bytes
    wrap: bytes = b""
    blob: bytes = b""

    def encode(self) -> bytes:
        """Wire form: the record, alone or followed by LF, wrap and blob."""
        return b"".join((self.jws, b"\n", self.wrap, self.blob)) if self.blob else self.jws

    @classmethod
    def decode(cls, data: bytes) -> "Delivery":
        """Split a message; Rejected(SIZE | ENCODING)."""
        if len(data) > MAX_DELIVERY:
            raise Rejected(Code.SIZE, "delivery")
        jws, newline, sealed = data.partition(b"\n")
        if newline and len(sealed) <= sealing.WRAP_BYTES:
            raise Rejected(Code.ENCODING, "sealed content cut short")
        return cls(jws, sealed[: sealing.WRAP_BYTES], sealed[sealing.WRAP_BYTES :])


class Reader(NamedTuple):
    """Whose eyes content is opened with: an agency and the private sealing keys that it holds, in order of trial."""

    agency: str
    sealing_keys: Callable[[], Sequence[sealing.PrivateKey]]


class Readable(NamedTuple):
    """Content that we may read, as opened and checked, with what it takes to keep it."""

    content: Content
    blob: bytes
    key: bytes


class Examined(NamedTuple):
    """An authentic record; its content if it is for us, or the reason why that was refused.

    One that is `void` was signed with a key that had been revoked before that place: it changes nothing.
    """

    signed: Signed
    readable: Readable | None = None
    refused: Rejected | None = None
    void: bool = False


class Unsealed(NamedTuple):
    """What was sealed: the event, and the key of its case."""

    content: Content
    case_key: bytes


def examine(delivery: Delivery, chain: Chain, reader: Reader) -> Examined:
    """Judge one delivery; raise Rejected if the record itself is bad, LaterDirectory if we cannot tell yet.

    1. the record (see `contracts.record.read`).  2. content is there only if it is for us.
    3. ciphertext is what the record names.  4. our wrap opens.  5. the commitment holds.
    6. content is canonical and agrees with the record; its case id names key and opener.
    7. the key was granted this type.  8. whether the key had been revoked is said beside all that.
    """
    # (1)
    signed = read(delivery.jws, chain)
    record, void = signed.record, chain.is_void(signed.kid, signed.record)
    # (2)
    if reader.agency not in record.to or not delivery.blob:
        return Examined(signed, void=void)
    try:
        # (3)
        check_blob(record, delivery.blob)
        # (4)
        key = _unwrap(delivery.wrap, signed.id, reader)
        # (5), (6), (7)
        content = open_content(signed, delivery.blob, key, chain).content
    except Rejected as refused:
        return Examined(signed, refused=refused, void=void)
    return Examined(signed, Readable(content, delivery.blob, key), void=void)


def _unwrap(wrap: bytes, event: bytes, reader: Reader) -> bytes:
    """The content key by the first sealing key that opens it: after a rotation old and new ones are in use at once."""
    for key in reader.sealing_keys():
        with suppress(Rejected):
            return sealing.unwrap(wrap, key, event, reader.agency)
    raise Rejected(Code.WRAP, "no key of ours opens it")


def check_blob(record: Record, blob: bytes) -> None:
    """Raise Rejected(BLOB) unless this is the ciphertext that the record names."""
    if sha256(blob).digest() != record.ct:
        raise Rejected(Code.BLOB)


def open_content(signed: Signed, blob: bytes, key: bytes, chain: Chain) -> Unsealed:
    """Decrypt content and hold it against its record, its case, its key's grants and its type; Rejected otherwise."""
    record = signed.record
    opened = sealing.unseal(blob, key, position(record), cm=record.cm, tag=record.tag)
    content = decode(opened.content, record)
    check_case(content, record, opened.case_key, chain.all_logs(record.dir))
    chain.check_grant(signed.kid, record, content.type)
    return Unsealed(content, opened.case_key)


def position(record: Record) -> sealing.Position:
    """The place that a record's content is bound to."""
    return sealing.Position(record.log, record.seq, record.prev)
