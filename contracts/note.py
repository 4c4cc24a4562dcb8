"""Checkpoints: what an agency signs about its whole log, and what the others sign beneath it, in C2SP's text forms.

A checkpoint is three lines: the log, its size, its root. Its agency signs them as a note (c2sp.org/signed-note,
c2sp.org/tlog-checkpoint), and whoever has checked that nothing earlier was changed adds a line of its own with the time
(c2sp.org/tlog-cosignature). So tools that are not ours can read and verify them, and two checkpoints of one log that
cannot both be true convict its agency (`contracts.evidence`).

Notes and records cannot be taken for each other: other keys, other grants, and what is signed begins differently.
"""

import re
from base64 import b64encode
from binascii import a2b_base64
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from contracts.directory import Chain
from contracts.encoding import fixed
from contracts.errors import Code, Rejected
from contracts.merkle import HASH_BYTES
from contracts.record import MAX_SEQ, agency_of
from contracts.signing import KEY_BYTES, Signer, verify

MAX_NOTE = 16 * 1024  # bytes
MAX_LINES = 64  # signatures in one note; C2SP asks for at least 16
MAX_TIME = 2**63 - 1  # seconds since 1970, c2sp.org/tlog-cosignature
ED25519 = 0x01  # c2sp.org/signed-note, "Signature types": a log's own signature
COSIGNATURE = 0x04  # the same with a time, by somebody else
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_TEXT_LINES = 3
_DASH = "—"
_DECIMAL = re.compile(r"[0-9]{1,13}")
_NAME = re.compile(r"[^\s+\x00-\x1f]+")  # C2SP's: no spaces of any script, no plus, no control characters
_MANY_KEYS = 1024  # more than a directory has; which they are does not change, and every note asks
_MANY_CHAINS = 8  # of one process, in all their versions that still matter


class Checkpoint(NamedTuple):
    """A log's size and root, as its agency says."""

    log: str
    size: int  # records
    root: bytes

    def encode(self) -> bytes:
        """The text that is signed: three lines, without extension lines."""
        return f"{self.log}\n{self.size}\n{_base64(self.root)}\n".encode()


class Line(NamedTuple):
    """One signature beneath a checkpoint. Who does not know a key of this name and id passes it over."""

    name: str
    key_id: bytes
    blob: bytes  # what the key's algorithm makes of it

    def encode(self) -> bytes:
        """The line with its end."""
        return f"{_DASH} {self.name} {_base64(self.key_id + self.blob)}\n".encode()


class Note(NamedTuple):
    """A checkpoint with the lines beneath it, in their order. Says nothing about whether they are good."""

    checkpoint: Checkpoint
    lines: tuple[Line, ...]

    def encode(self) -> bytes:
        """The wire form."""
        return b"\n".join((self.checkpoint.encode(), b"".join(line.encode() for line in self.lines)))


class NoteKey(NamedTuple):
    """A public key that may sign lines: what it is called, how it signs, its 32 bytes."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that tell this key from others of its name (c2sp.org/signed-note, "Signatures")."""
        return _key_id(self)

    def vkey(self) -> str:
        """The key in the text form that other tools are configured with."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(self.material)}"

    @property
    def material(self) -> bytes:
        """How it signs, and the public key, as one."""
        return bytes((self.algorithm,)) + self.public


def read(data: bytes) -> Note:
    """Take a note apart, believing nothing of it; raise Rejected(SIZE | ENCODING | SCHEMA | CANONICAL).

    A note has one form: writing what was read gives the same bytes. Any name of a log will do: whose it is, keys tell.
    """
    if len(data) > MAX_NOTE:
        raise Rejected(Code.SIZE, "note")
    try:
        text, blank, rest = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Rejected(Code.ENCODING, "note") from None
    *lines, end = rest.split("\n")
    if not blank or not lines or end:
        raise Rejected(Code.ENCODING, "not a note")
    if len(lines) > MAX_LINES:
        raise Rejected(Code.SIZE, "lines")
    note = Note(_checkpoint(text), tuple(map(_line, lines)))
    if note.encode() != data or len(set(note.lines)) < len(lines):
        raise Rejected(Code.CANONICAL, "note")
    return note


def sign(checkpoint: Checkpoint, key: NoteKey, signer: Signer) -> Note:
    """The checkpoint signed for its log by the holder of `key`, one of `checkpoint_keys`."""
    return Note(checkpoint, (Line(key.name, key.key_id, signer.sign(checkpoint.encode())),))


def cosign(checkpoint: Checkpoint, key: NoteKey, signer: Signer, seconds: int) -> Line:
    """The line by which the holder of `key`, one of `witness_keys`, vouches for a checkpoint at a time (since 1970)."""
    signature = signer.sign(_timed(checkpoint, seconds))
    return Line(key.name, key.key_id, seconds.to_bytes(_TIME_BYTES) + signature)


def check_log(note: Note, *keys: NoteKey) -> None:
    """Raise Rejected(SIGNATURE) unless one of its log's keys signed the note, and none of their lines is false.

    Keys of another name or algorithm than a log's own count as unknown, and lines of unknown keys are passed over.
    """
    log = note.checkpoint.log
    known = {key.key_id: key.public for key in keys if (key.name, key.algorithm) == (log, ED25519)}
    lines = [line for line in note.lines if line.name == log and line.key_id in known]
    if not lines:
        raise Rejected(Code.SIGNATURE, "not signed for this log")
    for line in lines:
        verify(known[line.key_id], note.checkpoint.encode(), line.blob)


def cosigned_at(checkpoint: Checkpoint, line: Line, key: NoteKey) -> int:
    """When `key` vouched for a checkpoint, in seconds since 1970, as it claims.

    Raises Rejected(KEY) if the line is not of this key, Rejected(SIGNATURE) if it is and does not hold. Whether the
    key's holder counts as a witness of this log is for the caller to say: nobody is one of its own.
    """
    if key.algorithm != COSIGNATURE or (line.name, line.key_id) != (key.name, key.key_id):
        raise Rejected(Code.KEY, "not of this cosigner")
    seconds = int.from_bytes(line.blob[:_TIME_BYTES])
    if seconds > MAX_TIME:
        raise Rejected(Code.SIGNATURE, "time")
    verify(key.public, _timed(checkpoint, seconds), line.blob[_TIME_BYTES:])
    return seconds


def cosignatures(chain: Chain, told: Note) -> dict[str, tuple[int, Line]]:
    """The cosignatures of other agencies on a note, by agency, with their time; unknown lines are left out.

    Raises Rejected(SIGNATURE) if one of them is false.
    """
    called = _book(chain, chain.latest.version, "witness").called
    others = {*chain.logs()} - {agency_of(told.checkpoint.log)}
    named = [(one, line) for line in told.lines for one in called.get((line.name, line.key_id), ())]
    named.sort(key=lambda found: found[0].rank)
    return {
        one.owner: (cosigned_at(told.checkpoint, line, one.key), line) for one, line in named if one.owner in others
    }


def merge(one: Note, other: Note) -> Note:
    """One note with the lines of both, the log's own first, the same whichever comes first.

    Raises Rejected(SCHEMA) if their checkpoints differ, Rejected(SIZE) if the lines are more than a note holds.
    """
    if one.checkpoint != other.checkpoint:
        raise Rejected(Code.SCHEMA, "not the same checkpoint")
    log = one.checkpoint.log
    lines = sorted({*one.lines, *other.lines}, key=lambda line: (line.name != log, line))
    note = Note(one.checkpoint, tuple(lines))
    if len(lines) > MAX_LINES or len(note.encode()) > MAX_NOTE:
        raise Rejected(Code.SIZE, "lines")
    return note


def checkpoint_keys(chain: Chain, log: str) -> tuple[NoteKey, ...]:
    """The keys that sign a log's checkpoints, of all directory versions held, oldest first; named like the log."""
    return _book(chain, chain.latest.version, "checkpoint").of.get(log, ())


def named_keys(chain: Chain, told: Note) -> tuple[NoteKey, ...]:
    """Those of the `checkpoint_keys` of a note's log that its lines name."""
    log, called = told.checkpoint.log, _book(chain, chain.latest.version, "checkpoint").called
    return tuple(one.key for name in {line.key_id for line in told.lines} for one in called.get((log, name), ()))


def witness_keys(chain: Chain, agency: str) -> tuple[NoteKey, ...]:
    """The keys that cosign for an agency, of all directory versions held, oldest first; named `<domain>/<agency>`."""
    return _book(chain, chain.latest.version, "witness").of.get(agency, ())


def revoked_keys(chain: Chain) -> tuple[NoteKey, ...]:
    """The keys of both kinds that were revoked: no line of theirs counts, whenever it came in."""
    logs = [_key(key.log, ED25519, key.public) for key in chain.granted("checkpoint", revoked=True)]
    agencies = chain.granted("witness", revoked=True)
    witnesses = [_key(key.log.rpartition("/")[0], COSIGNATURE, key.public) for key in agencies]
    return tuple(dict.fromkeys([*logs, *witnesses]))


class _Named(NamedTuple):
    """A key in the order of its book, and whose it is: a log's or an agency's."""

    rank: int
    owner: str
    key: NoteKey


class _Book(NamedTuple):
    """The keys for one kind of note, oldest first: by whose they are, and by what lines call them."""

    of: Mapping[str, tuple[NoteKey, ...]]
    called: Mapping[tuple[str, bytes], list[_Named]]


@lru_cache(_MANY_CHAINS)
def _book(chain: Chain, _versions: int, grant: str) -> _Book:
    """What a chain with so many versions grants: looked up once, since whoever checks notes asks for every one."""
    keys: dict[str, dict[NoteKey, None]] = defaultdict(dict)
    for key in chain.granted(grant):
        agency = key.log.rpartition("/")[0]
        owner, name = (agency_of(key.log), agency) if grant == "witness" else (key.log, key.log)
        keys[owner][_key(name, COSIGNATURE if grant == "witness" else ED25519, key.public)] = None
    called: dict[tuple[str, bytes], list[_Named]] = defaultdict(list)
    for rank, (owner, one) in enumerate((owner, one) for owner, ours in keys.items() for one in ours):
        called[one.name, one.key_id].append(_Named(rank, owner, one))
    return _Book({owner: tuple(ours) for owner, ours in keys.items()}, dict(called))


@lru_cache(_MANY_KEYS)
def _key(name: str, algorithm: int, public: str) -> NoteKey:
    return NoteKey(name, algorithm, fixed(public, KEY_BYTES))


@lru_cache(_MANY_KEYS)
def _key_id(key: NoteKey) -> bytes:
    return sha256(key.name.encode() + b"\n" + key.material).digest()[:_KEY_ID_BYTES]


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != _TEXT_LINES:
        raise Rejected(Code.SCHEMA, "not three lines")
    log, size, root = lines
    if not _DECIMAL.fullmatch(size) or int(size) > MAX_SEQ:
        raise Rejected(Code.SCHEMA, "size")
    checkpoint = Checkpoint(_name(log), int(size), _unbase64(root))
    if len(checkpoint.root) != HASH_BYTES:
        raise Rejected(Code.SCHEMA, "root")
    return checkpoint


def _line(text: str) -> Line:
    dash, _, rest = text.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _unbase64(encoded)
    if dash != _DASH or len(signature) <= _KEY_ID_BYTES:
        raise Rejected(Code.SCHEMA, "line")
    return Line(_name(name), signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:])


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise Rejected(Code.SCHEMA, "name")
    return text


def _timed(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.encode()


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Rejected(Code.ENCODING, "base64") from None
