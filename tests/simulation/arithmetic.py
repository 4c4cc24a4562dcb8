"""Arithmetic that is done once: all nodes of a simulation live in one process, and ask for the same over and over.

A signature that one node has found good is good for the others, what one has read or opened is the same for all, and
whoever has just signed something or wrapped a key knows that it will open. All of that is a function of the bytes and
of a directory that does not change, so what a node decides stays what it was. What was damaged or made up is still
worked out by the real code.
"""

from functools import lru_cache
from hashlib import shake_256
from typing import TypeVar

import pytest
from nacl.bindings import crypto_sign, crypto_sign_open

from contracts import canonical, case, delivery, note, record, sealing, signing
from contracts.content import MAX_CONTENT
from contracts.delivery import Unsealed, open_content
from contracts.directory import Chain
from contracts.events import Body, read_body
from services.node import admission

Noted = TypeVar("Noted")

MANY = 4_096  # some seeds' worth

_record = lru_cache(MANY)(record.read)
_stored = lru_cache(MANY)(record.stored)
_note = lru_cache(MANY)(note.read)
_checkpoint_keys = lru_cache(MANY)(note.checkpoint_keys)
_cosignatures = lru_cache(MANY)(note.cosignatures)
_unwrap = sealing.unwrap
_signed: dict[tuple[bytes, bytes], bytes] = {}  # (signature and message, public key) -> message
_wrapped: dict[tuple[bytes, bytes, str], bytes] = {}  # (wrap, event, reader) -> key


def remember(patch: pytest.MonkeyPatch) -> None:
    """Let nodes share what is worked out, as long as the patch lasts."""
    patch.setattr(signing, "crypto_sign", _sign)
    patch.setattr(signing, "crypto_sign_open", _opened)
    patch.setattr(sealing, "wrap", _sealed)
    patch.setattr(sealing, "unwrap", _unsealed)
    patch.setattr(delivery, "read", _record)
    patch.setattr(delivery, "open_content", _content)
    patch.setattr(case, "read_body", _body)
    patch.setattr(admission, "stored", _stored)
    patch.setattr(note, "read", _note)
    patch.setattr(note, "checkpoint_keys", _checkpoint_keys)
    patch.setattr(note, "cosignatures", _cosignatures)


@lru_cache(MANY)
def _sign(message: bytes, secret: bytes) -> bytes:
    signed = crypto_sign(message, secret)
    _signed[signed, secret[signing.KEY_BYTES :]] = message
    _forget_oldest(_signed)
    return signed


def _opened(signed: bytes, public: bytes) -> bytes:
    """The message that we have signed with this key; any other signature is verified, or refused, as in production."""
    message: bytes = _signed.get((signed, public)) or crypto_sign_open(signed, public)
    return message


def _sealed(key: bytes, _key_of_reader: sealing.PublicKey, event: bytes, reader: str) -> bytes:
    """What nobody can tell from a wrapped key, and nobody opens but by `_unsealed`."""
    wrap = shake_256(b"\0".join((key, event, reader.encode()))).digest(sealing.WRAP_BYTES)
    _wrapped.pop((wrap, event, reader), None)  # what is wrapped again is not among the oldest
    _wrapped[wrap, event, reader] = key
    _forget_oldest(_wrapped)
    return wrap


def _unsealed(wrap: bytes, private: sealing.PrivateKey, event: bytes, reader: str) -> bytes:
    """The key that we have wrapped; any other wrap is opened, or refused, as in production."""
    return _wrapped.get((wrap, event, reader)) or _unwrap(wrap, private, event, reader)


def _content(signed: record.Signed, blob: bytes, key: bytes, chain: Chain) -> Unsealed:
    return _unsealed_content(signed.jws, blob, key, chain)


@lru_cache(MANY)
def _unsealed_content(jws: bytes, blob: bytes, key: bytes, chain: Chain) -> Unsealed:
    return open_content(_record(jws, chain), blob, key, chain)


def _body(wire_type: str, value: canonical.Json) -> Body | None:
    return _body_of(wire_type, canonical.dumps(value))


@lru_cache(MANY)
def _body_of(wire_type: str, data: bytes) -> Body | None:
    return read_body(wire_type, canonical.loads(data, max_bytes=MAX_CONTENT))


def _forget_oldest(noted: dict[Noted, bytes]) -> None:
    if len(noted) > MANY:
        del noted[next(iter(noted))]


def forget() -> None:
    """Work everything out anew from here on, since what is right may have changed."""
    for known in (
        signing.verify,
        _record,
        _stored,
        _note,
        _checkpoint_keys,
        _cosignatures,
        _unsealed_content,
        _body_of,
    ):
        known.cache_clear()
