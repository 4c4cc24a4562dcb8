"""What a node keeps secret: a signing key per service, the sealing key, the storage key.

Each service process reads the keys it needs and no other. Content keys are stored only encrypted under
the storage key, so a stolen disk or database dump opens nothing.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from contracts import sealing
from contracts.errors import Code, Rejected
from contracts.signing import SeedSigner, Signer
from services.node.settings import BadSettings

SERVICES = ("node", "intake", "triage", "protection", "notify")
_NONCE_BYTES = 12


class StorageKey:
    """Encrypts content keys at rest, each bound to its event."""

    def __init__(self, secret: bytes) -> None:
        """From 32 secret bytes."""
        self._cipher = ChaCha20Poly1305(secret)

    def lock(self, key: bytes, event: bytes) -> bytes:
        """Nonce, then the encrypted content key: 60 bytes."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, event)

    def unlock(self, locked: bytes, event: bytes) -> bytes:
        """The content key; Rejected(WRAP) if it was not stored for this event under this key."""
        try:
            return self._cipher.decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], event)
        except InvalidTag:
            raise Rejected(Code.WRAP, "stored content key") from None


class Keyring:
    """The keys of one node's home directory."""

    def __init__(self, home: Path, agency: str, services: tuple[str, ...] = SERVICES) -> None:
        """Read the keys of these services; BadSettings if one is missing or broken."""
        folder = home / "keys"
        self.agency = agency
        self._signers = {name: _signer(folder, agency, name) for name in services}
        self._sealing = sealing.private_key(_secret(folder / "sealing.key", sealing.PRIVATE_BYTES))
        self.storage = StorageKey(_secret(folder / "storage.key", 32))
        self.index = _secret(folder / "index.key", 32)  # blinds the duplicate search

    def signer(self, service: str) -> Signer:
        """The key that signs for a service; KeyError if this process does not hold it."""
        return self._signers[service]

    def sealing_key(self, _version: int) -> sealing.PrivateKey:
        """Our private sealing key for a directory version. One key so far; rotation will tell them apart."""
        return self._sealing


def generate(home: Path) -> None:
    """Make all keys of a new node, readable by its owner alone; FileExistsError rather than overwrite one."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for service in SERVICES:
        _store(folder / f"{service}.seed", secrets.token_bytes(32))
    _store(folder / "sealing.key", secrets.token_bytes(sealing.PRIVATE_BYTES))
    _store(folder / "storage.key", secrets.token_bytes(32))
    _store(folder / "index.key", secrets.token_bytes(32))
    _store(folder / "root.seed", secrets.token_bytes(32))


def root_signer(home: Path, agency: str) -> SeedSigner:
    """The agency's root key. It belongs offline; a demo keeps it beside the others."""
    return SeedSigner(f"{agency}.root.1", _secret(home / "keys" / "root.seed", 32))


def _signer(folder: Path, agency: str, service: str) -> SeedSigner:
    return SeedSigner(f"{agency}.{service}.1", _secret(folder / f"{service}.seed", 32))


def _secret(path: Path, size: int) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise BadSettings(f"keys/{path.name}: missing, unreadable or not hexadecimal") from None
    if len(secret) != size:
        raise BadSettings(f"keys/{path.name}: not {size} bytes of hexadecimal")
    return secret


def _store(path: Path, secret: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secret.hex(), encoding="ascii")
