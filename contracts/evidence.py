"""The proof that an agency contradicts itself: two things that it signed and that cannot both be true.

Whoever holds the directory can check it, now or years later, without asking anybody and without trusting who brought
it. It says that there are two histories and where, never which one is right: that is for people.
"""

from typing import NamedTuple

from contracts import canonical, note, record
from contracts.directory import Chain
from contracts.encoding import b64, fixed, unb64
from contracts.errors import Code, Rejected
from contracts.merkle import HASH_BYTES, check_consistency
from contracts.note import Checkpoint

MAX_EVIDENCE = 64 * 1024  # two records or notes of 16 KiB and a proof, in base64url


class RecordFork(NamedTuple):
    """Two records of one log: different ones at one place, or neighbours of which the later denies the earlier."""

    one: bytes  # JWS, as are the bytes of `contracts.record.Signed`
    other: bytes


class CheckpointFork(NamedTuple):
    """Two signed checkpoints of one log: of one size with different roots, or of sizes that do not follow each other.

    For different sizes, `root` is another root than the smaller checkpoint's, and `proof` shows (RFC 9162 2.1.4) that
    the larger one's tree has it at the smaller size. For one size both are empty.
    """

    one: bytes  # notes
    other: bytes
    root: bytes = b""
    proof: tuple[bytes, ...] = ()


Fork = RecordFork | CheckpointFork


class Split(NamedTuple):
    """Where a log has two histories: somewhere in its first `size` records."""

    log: str
    size: int


def check(fork: Fork, chain: Chain) -> Split:
    """What a fork proves against the agency of the log that is named; Rejected, with the first broken rule, if nothing.

    Rejected(PROOF) means that both things are genuine and may both be true. LaterDirectory is raised if a record names
    a version that `chain` does not hold. One split may be shown by many pairs: what is returned is what to remember.
    """
    return _check_records(fork, chain) if isinstance(fork, RecordFork) else _check_checkpoints(fork, chain)


def encode(fork: Fork) -> bytes:
    """The one form in which a fork is kept and sent: canonical JSON, the two in the order of their text."""
    pair = sorted((b64(fork.one), b64(fork.other)))
    if isinstance(fork, RecordFork):
        return canonical.dumps({"kind": "records", "pair": pair})
    proof = [b64(node) for node in fork.proof]
    return canonical.dumps({"kind": "checkpoints", "pair": pair, "proof": proof, "root": b64(fork.root)})


def decode(data: bytes) -> Fork:
    """Read what `encode` wrote, believing nothing of it; Rejected(SIZE | JSON | CANONICAL | ENCODING | SCHEMA)."""
    match canonical.loads(data, max_bytes=MAX_EVIDENCE):
        case {"kind": "records", "pair": [str(one), str(other)], **more} if one < other and not more:
            return RecordFork(unb64(one), unb64(other))
        case {
            "kind": "checkpoints",
            "pair": [str(one), str(other)],
            "proof": list(proof),
            "root": str(root),
            **more,
        } if one < other and not more:
            nodes = tuple(fixed(node, HASH_BYTES) for node in proof)
            return CheckpointFork(unb64(one), unb64(other), unb64(root), nodes)
        case _:
            raise Rejected(Code.SCHEMA, "fork")


def _check_records(fork: RecordFork, chain: Chain) -> Split:
    pair = (record.read(fork.one, chain), record.read(fork.other, chain))
    if any(chain.is_void(signed.kid, signed.record) for signed in pair):
        raise Rejected(Code.REVOKED, "whoever has the key may have written it")
    first, second = sorted(pair, key=lambda signed: signed.record.seq)
    if first.record.log != second.record.log or not _denies(second, first):
        raise Rejected(Code.PROOF, "both may be true")
    return Split(first.record.log, first.record.seq + 1)


def _denies(later: record.Signed, earlier: record.Signed) -> bool:
    """Whether `later` says that something else stands in the place of `earlier`."""
    if later.record.seq == earlier.record.seq:
        return later.id != earlier.id
    return later.record.seq == earlier.record.seq + 1 and later.record.prev != earlier.id


def _check_checkpoints(fork: CheckpointFork, chain: Chain) -> Split:
    pair = (_genuine(fork.one, chain), _genuine(fork.other, chain))
    small, large = sorted(pair, key=lambda checkpoint: checkpoint.size)
    if small.log != large.log:
        raise Rejected(Code.PROOF, "both may be true")
    if small.size < large.size:
        check_consistency(small.size, fork.root, large.size, large.root, fork.proof)
    elif fork.root or fork.proof:
        raise Rejected(Code.PROOF, "more than two roots")
    if small.root == (fork.root or large.root):
        raise Rejected(Code.PROOF, "both may be true")
    return Split(small.log, small.size)


def _genuine(data: bytes, chain: Chain) -> Checkpoint:
    """The checkpoint of a note that its log's agency signed."""
    told = note.read(data)
    note.check_log(told, *note.named_keys(chain, told))
    return told.checkpoint
