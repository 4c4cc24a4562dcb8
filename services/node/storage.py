"""How keys are kept at rest: encrypted under another key, each bound to what it is for."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from contracts.errors import Code, Rejected

_NONCE_BYTES = 12


class StorageKey:
    """Encrypts keys at rest."""

    def __init__(self, secret: bytes) -> None:
        """From 32 secret bytes."""
        self._cipher = ChaCha20Poly1305(secret)

    def lock(self, key: bytes, purpose: bytes) -> bytes:
        """Nonce, then the encrypted 32 bytes: 60 bytes."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, purpose)

    def unlock(self, locked: bytes, purpose: bytes) -> bytes:
        """The key; Rejected(WRAP) if it was not locked for this under this key."""
        try:
            return self._cipher.decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], purpose)
        except InvalidTag:
            raise Rejected(Code.WRAP, "stored key") from None
