"""How content is kept from everyone but its readers, and made the same for all of them.

The content is framed with a salt and the case's key, padded to a size bucket, committed to by the
record, and encrypted under a fresh key (ChaCha20-Poly1305, RFC 8439). That key is wrapped to each
reader by HPKE with the hybrid KEM MLKEM768_X25519 (RFC 9180, draft-ietf-hpke-pq), safe against
recording today and decrypting later. AEADs do not commit to a key: one ciphertext can open to two
plaintexts. The salted commitment in the signed record is what rules that out.
"""

import secrets
from collections.abc import Callable
from hashlib import sha256
from hmac import new as hmac
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from contracts import canonical
from contracts.encoding import b64
from contracts.errors import Code, Rejected

Entropy = Callable[[int], bytes]

KEY_BYTES = 32
_ANY_X25519 = X25519PrivateKey.from_private_bytes(b"\1" * 32)
TAG_BYTES = 16
WRAP_BYTES = 1168  # 1088 ML-KEM-768 + 32 X25519 + the wrapped key and its tag
PUBLIC_BYTES = 1216
PRIVATE_BYTES = 96
SMALLEST_FRAME = 1024
LARGEST_FRAME = 512 * 1024  # with its record and wrap it still fits NATS's 1 MB message
NO_CASE = bytes(KEY_BYTES)  # the case key of control content, which belongs to no case
_PREFIX = 32 + KEY_BYTES + 4  # salt, case key, length of the content
_NONCE = bytes(12)  # each content key encrypts exactly once
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

PrivateKey = MLKEM768X25519PrivateKey
PublicKey = MLKEM768X25519PublicKey


class Position(NamedTuple):
    """The place in a log that sealed content is bound to."""

    log: str
    seq: int
    prev: bytes

    def encode(self) -> bytes:
        """Canonical bytes: the additional data of the encryption and the input of the case tag."""
        return canonical.dumps({"log": self.log, "seq": self.seq, "prev": b64(self.prev)})


class Sealed(NamedTuple):
    """Sealed content: ciphertext, the key that opens it, and what the record says about both."""

    blob: bytes
    key: bytes
    cm: bytes
    ct: bytes
    tag: bytes


class Opened(NamedTuple):
    """What was inside: the content's canonical bytes, the key of its case, and the salt that hides it."""

    content: bytes
    case_key: bytes
    salt: bytes


def seal(content: bytes, case_key: bytes, position: Position, entropy: Entropy = secrets.token_bytes) -> Sealed:
    """Frame, pad, commit to and encrypt `content`; Rejected(SIZE) if it outgrows the largest bucket."""
    frame = framed(content, case_key, entropy(32))
    key, place = entropy(KEY_BYTES), position.encode()
    blob = ChaCha20Poly1305(key).encrypt(_NONCE, frame, place)
    tag = case_tag(case_key, place) if case_key != NO_CASE else b""
    return Sealed(blob, key, commitment(frame), sha256(blob).digest(), tag)


def unseal(blob: bytes, key: bytes, position: Position, *, cm: bytes, tag: bytes) -> Opened:
    """Decrypt a blob whose hash was already checked; Rejected(WRAP | COMMIT | BIND) if it is not what was signed."""
    place = position.encode()
    try:
        frame = ChaCha20Poly1305(key).decrypt(_NONCE, blob, place)
    except InvalidTag:
        raise Rejected(Code.WRAP, "the key does not open the content") from None
    if commitment(frame) != cm:
        raise Rejected(Code.COMMIT)
    opened = _unframe(frame)
    if tag != (case_tag(opened.case_key, place) if opened.case_key != NO_CASE else b""):
        raise Rejected(Code.BIND, "tag")
    return opened


def framed(content: bytes, case_key: bytes, salt: bytes) -> bytes:
    """What is committed to and encrypted; Rejected(SIZE) if `content` outgrows the largest bucket."""
    used, size = _PREFIX + len(content), SMALLEST_FRAME
    if used > LARGEST_FRAME:
        raise Rejected(Code.SIZE, "content")
    while size < used:
        size *= 2
    return b"".join((salt, case_key, len(content).to_bytes(4), content, bytes(size - used)))


def commitment(frame: bytes) -> bytes:
    """What the record promises about the content: hiding by the frame's salt, binding by SHA-256."""
    return sha256(b"rajut/commit/v1\0" + frame).digest()


def case_tag(case_key: bytes, place: bytes) -> bytes:
    """The mark that links a record to its case for holders of the case key, and for nobody else."""
    return hmac(case_key, b"rajut/tag/v1\0" + place, "sha256").digest()[:TAG_BYTES]


def wrap(key: bytes, reader: PublicKey, event: bytes, agency: str) -> bytes:
    """Wrap a content key to one reader, bound to this event and agency; 1,168 bytes."""
    return _SUITE.encrypt(key, reader, info=_info(event, agency))


def unwrap(wrapped: bytes, reader: PrivateKey, event: bytes, agency: str) -> bytes:
    """The content key; Rejected(WRAP) if it was not wrapped for this event and agency."""
    try:
        return _SUITE.decrypt(wrapped, reader, info=_info(event, agency))
    except (InvalidTag, ValueError):
        raise Rejected(Code.WRAP, "the key was not wrapped for us") from None


def public_key(data: bytes) -> PublicKey:
    """A sealing key from its 1,216 bytes (ML-KEM-768, then X25519); Rejected(KEY) if they are no key.

    A low-order X25519 part is no key either: no content could ever be wrapped to it (RFC 7748 6.1).
    """
    try:
        kem, point = MLKEM768PublicKey.from_public_bytes(data[:-32]), X25519PublicKey.from_public_bytes(data[-32:])
        _ANY_X25519.exchange(point)
        return MLKEM768X25519PublicKey(kem, point)
    except ValueError:
        raise Rejected(Code.KEY, "sealing key") from None


def private_key(seed: bytes) -> PrivateKey:
    """A sealing key pair from its 96 secret bytes (ML-KEM-768 seed, then X25519)."""
    kem = MLKEM768PrivateKey.from_seed_bytes(seed[:64])
    return MLKEM768X25519PrivateKey(kem, X25519PrivateKey.from_private_bytes(seed[64:]))


def public_bytes(seed: bytes) -> bytes:
    """The 1,216 public bytes that belong to 96 secret ones."""
    kem = MLKEM768PrivateKey.from_seed_bytes(seed[:64]).public_key().public_bytes_raw()
    return kem + X25519PrivateKey.from_private_bytes(seed[64:]).public_key().public_bytes_raw()


def _unframe(frame: bytes) -> Opened:
    size = len(frame)
    if not SMALLEST_FRAME <= size <= LARGEST_FRAME or size & (size - 1):
        raise Rejected(Code.BIND, "frame size")
    end = _PREFIX + int.from_bytes(frame[64:_PREFIX])
    if end > size or (size > SMALLEST_FRAME and end * 2 <= size) or frame[end:] != bytes(size - end):
        raise Rejected(Code.BIND, "frame")
    return Opened(frame[_PREFIX:end], frame[32:64], frame[:32])


def _info(event: bytes, agency: str) -> bytes:
    return b"rajut/wrap/v1\0" + event + b"\0" + agency.encode()
