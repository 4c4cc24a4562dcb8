"""Ed25519 by one pinned rule, so that no two nodes ever disagree about a signature.

The rule is libsodium's, through PyNaCl: canonical scalar, no small-order public key, no small-order
R, cofactorless equation. On top of it a key is enrolled only if it is a valid point of the prime
subgroup and its holder proves possession. Background: signed-log reference 1.3, "Ed25519 is not one rule".
"""

from functools import lru_cache
from typing import Protocol

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError

from contracts.errors import Code, Rejected

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_POSSESSION = b"rajut/possession/v1\0"
_MANY = 4096  # records, a kilobyte each as a rule and 16 at most: the cases that are worked on at a time


class Signer(Protocol):
    """Whatever can sign with one key: a file today, a PKCS#11 token tomorrow."""

    @property
    def kid(self) -> str:
        """Name of the key in the directory."""
        ...

    @property
    def public(self) -> bytes:
        """The 32-byte public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of `message`."""
        ...


class SeedSigner:
    """Signs with a 32-byte Ed25519 seed held in memory (RFC 8032 5.1.5)."""

    def __init__(self, kid: str, seed: bytes) -> None:
        """Derive the key pair once; ValueError if the seed is not 32 bytes."""
        self.kid = kid
        self.public, self._secret = crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]


@lru_cache(_MANY)
def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if the signature is good by the rule above; raise Rejected(SIGNATURE) otherwise.

    A case's events are verified again whenever the case is read: what was good for exactly these bytes still is.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise Rejected(Code.SIGNATURE, "length")
    try:
        crypto_sign_open(signature + message, public)
    except (BadSignatureError, ValueError):
        raise Rejected(Code.SIGNATURE) from None


def prove_possession(signer: Signer, public: bytes) -> bytes:
    """What the holder of a key signs, once, to have it enrolled under its name."""
    return signer.sign(_possession(signer.kid, public))


def check_enrolment(kid: str, public: bytes, proof: bytes) -> None:
    """Raise Rejected(KEY) unless `public` is a point of the prime subgroup and `proof` shows its secret is held."""
    if len(public) != KEY_BYTES or not crypto_core_ed25519_is_valid_point(public):
        raise Rejected(Code.KEY, f"{kid}: not a valid point")
    try:
        verify(public, _possession(kid, public), proof)
    except Rejected:
        raise Rejected(Code.KEY, f"{kid}: possession not proven") from None


def _possession(kid: str, public: bytes) -> bytes:
    return _POSSESSION + kid.encode() + b"\0" + public
