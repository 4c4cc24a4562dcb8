"""Arithmetic that is done once: all nodes of a simulation live in one process, and ask for the same over and over.

A signature that one node has found good is good for the others, a record or note that one has read is the same for all,
and whoever has just wrapped a key knows what is in the wrap. All of that is a function of the bytes and of a directory
that does not change, so what a node decides stays what it was. What was damaged is still worked out by the real code.
"""

from collections.abc import Callable
from functools import lru_cache

import pytest
from nacl.bindings import crypto_sign_open

from contracts import delivery, note, record, sealing, signing

MANY = 16_384  # some seeds' worth

_wrap, _unwrap = sealing.wrap, sealing.unwrap
_wrapped: dict[tuple[bytes, bytes, str], bytes] = {}  # (wrap, event, reader) -> key


def remember(patch: pytest.MonkeyPatch) -> None:
    """Let nodes share what is worked out, as long as the patch lasts."""
    patch.setattr(signing, "crypto_sign_open", _opened)
    patch.setattr(delivery, "read", _record)
    patch.setattr(note, "read", _note)
    patch.setattr(sealing, "wrap", _sealed)
    patch.setattr(sealing, "unwrap", _unsealed)


_opened: Callable[[bytes, bytes], bytes] = lru_cache(MANY)(crypto_sign_open)
_record = lru_cache(MANY)(record.read)
_note = lru_cache(MANY)(note.read)


@lru_cache(MANY)
def _sealed(key: bytes, reader_key: sealing.PublicKey, event: bytes, reader: str) -> bytes:
    wrap = _wrap(key, reader_key, event, reader)
    if len(_wrapped) >= MANY:
        _wrapped.clear()
    _wrapped[wrap, event, reader] = key
    return wrap


def _unsealed(wrap: bytes, private: sealing.PrivateKey, event: bytes, reader: str) -> bytes:
    """The key in a wrap of ours, as noted; any other wrap is opened, or refused, as in production."""
    return _wrapped.get((wrap, event, reader)) or _unwrap(wrap, private, event, reader)
