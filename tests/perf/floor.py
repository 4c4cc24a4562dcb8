"""The floor: what no node can do without, to have something to measure ours against.

It writes the same bytes through the same statements, and makes the same cryptographic calls. It parses nothing,
decides nothing and measures nothing. Setting up (homes, keys) is borrowed from the node; of what runs per event,
only the Merkle tree and HPKE calls are. `tests.perf.floor_node` is the process around it.
"""

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import digest as hmac
from pathlib import Path
from typing import NamedTuple

import orjson
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

from contracts import record, sealing
from contracts.merkle import Tree
from services.node.directories import read_chain
from services.node.fsck import BATCH
from services.node.keys import Keyring
from services.node.log import SQL
from services.node.reading import SQL as FSCK
from services.node.settings import Home
from services.node.sql import Connection, Row

RECORD_BYTES, PAYLOAD_BYTES, FRAME_BYTES = 838, 501, 1024  # as our node writes them here; the report shows both
EVENTS_A_CASE = 10
TYPE, CASE, HLC = "rajut.notify.notice.sent.v1", "0" * 26, "1760000000000.0000"
_KEY_NAME, _PLACE, _NONCE, _BODY = bytes(8), b"p" * 120, bytes(12), b"b" * (FRAME_BYTES - 32)


class Made(NamedTuple):
    """A finished record and its content."""

    id: bytes
    jws: bytes
    blob: bytes
    locked: bytes


class Identity:
    """What one agency needs to sign, to seal and to open; all logs are signed by the agency's `notify` key."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        settings = self.home.settings
        chain, keyring = read_chain(path / "directory"), Keyring(path, settings.agency)
        self.agency, self.log = settings.agency, settings.log
        self.logs, self.opened_by = chain.logs(), chain.opened_by(settings.log)
        self.partners = {name: chain.sealing_key(1, name) for name in self.logs if name != self.agency}
        self.private = keyring.sealing_keys()[0]
        self._secret = crypto_sign_seed_keypair(bytes.fromhex(self.home.secret("keys/notify.seed")))[1]
        keys = [key for entry in chain.latest.agencies.values() for key in entry.keys if ".notify." in key.kid]
        self.public = {key.kid.split(".")[0]: urlsafe_b64decode(key.public + "=") for key in keys}
        self._header = record.header(f"{self.agency}.notify.1")
        self._storage = ChaCha20Poly1305(bytes.fromhex(self.home.secret("keys/storage.key")))
        self._vault = os.open(path / "floor.vault", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def make(self, prev: bytes, seq: int, hlc: str) -> Made:
        """Seal a content and sign a record over it, with the fields that `log.append` looks for."""
        key, frame = secrets.token_bytes(32), secrets.token_bytes(32) + _BODY
        blob = ChaCha20Poly1305(key).encrypt(_NONCE, frame, _PLACE)
        marks = (prev, sha256(frame).digest(), sha256(blob).digest(), hmac(key, _PLACE, "sha256"))
        before = urlsafe_b64encode(prev).rstrip(b"=").decode()
        fields = {"log": self.log, "seq": seq, "hlc": hlc, "to": list(self.logs), "prev": before}
        payload = orjson.dumps(fields | {"marks": b"".join(marks[1:]).hex()}).ljust(PAYLOAD_BYTES)
        text = self._header + b"." + urlsafe_b64encode(payload)
        jws = text + b"." + urlsafe_b64encode(crypto_sign(text, self._secret)[:64]).rstrip(b"=")
        id_ = _id(text)
        return Made(id_, jws, blob, self.lock(key, id_))

    def lock(self, key: bytes, id_: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return b"".join((_KEY_NAME, nonce, self._storage.encrypt(nonce, key, id_)))

    def unlock(self, locked: bytes, id_: bytes) -> bytes:
        return self._storage.decrypt(locked[8:20], locked[20:], id_)

    def begin_case(self) -> None:
        """Put the key of a new case on disk, outside the database."""
        os.write(self._vault, self.lock(secrets.token_bytes(32), b"") + bytes(26))
        os.fsync(self._vault)

    def delivery(self, row: Row, partner: str) -> bytes:
        """A stored record as a partner gets it."""
        key = self.unlock(row["key"], row["id"])
        wrap = sealing.wrap(key, self.partners[partner], row["id"], partner)
        return b"".join((row["jws"], b"\n", wrap, row["blob"]))

    def open(self, source: str, message: bytes) -> Made:
        """Verify and open what a partner sent."""
        jws, _, sealed = message.partition(b"\n")
        wrap, blob = sealed[: sealing.WRAP_BYTES], sealed[sealing.WRAP_BYTES :]
        id_ = _verify(jws, self.public[source])
        key = sealing.unwrap(wrap, self.private, id_, self.agency)
        _unseal(blob, key)
        return Made(id_, jws, blob, self.lock(key, id_))

    def check(self, source: str, row: Row) -> None:
        """Verify and open what is stored."""
        id_ = _verify(row["jws"], self.public[source])
        _unseal(row["blob"], self.unlock(row["key"], id_))


async def append(connection: Connection, own: Identity) -> int:
    """Append one record in the caller's transaction; the log's size after it."""
    others = {row["log"]: row for row in await connection.fetch(SQL["own_and_mirrors"])}
    head = others.pop(own.log)
    hlc = f"{int(head['hlc'][:13]) + 1:013d}.0000"
    made = own.make(head["last"], head["size"], hlc)
    for row in others.values():
        tree_of(row).root()
    if head["size"] % EVENTS_A_CASE == 0:
        own.begin_case()
    peaks = b"".join(tree_of(head).append(made.jws).peaks)
    seen = list(others), [row["size"] for row in others.values()]
    place = (head["size"], head["last"], made.id, made.jws, hlc, peaks)
    event = (TYPE, CASE, head["last"], list(own.logs), made.blob, made.locked)
    await connection.executemany(SQL["append"], [(*place, *seen, *event)])
    return int(head["size"]) + 1


async def fsck(connection: Connection, own: Identity) -> int:
    """Read every record once, verify it and open its content; how many."""
    count = 0
    for source, log in own.logs.items():
        tree, cursor = Tree(), await connection.cursor(FSCK["records"], log, 0, 2**62)
        while rows := await cursor.fetch(BATCH):
            for row in rows:
                own.check(source, row)
                tree = tree.append(row["jws"])
            count += len(rows)
    return count


def _verify(jws: bytes, public: bytes) -> bytes:
    crypto_sign_open(urlsafe_b64decode(jws[-86:] + b"==") + jws[:-87], public)
    return _id(jws[:-87])


def _id(text: bytes) -> bytes:
    return sha256(b"rajut/id/v1\0" + text).digest()


def _unseal(blob: bytes, key: bytes) -> None:
    sha256(blob).digest()
    frame = ChaCha20Poly1305(key).decrypt(_NONCE, blob, _PLACE)
    sha256(frame).digest()
    hmac(key, _PLACE, "sha256")
    sha256(key + _PLACE).digest()  # the name of its case


def tree_of(row: Row) -> Tree:
    peaks = row["peaks"]
    return Tree(row["size"], tuple(peaks[at : at + 32] for at in range(0, len(peaks), 32)))
