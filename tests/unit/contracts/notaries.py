"""A directory with keys that sign notes, its second version with LPSK's replaced, and logs to sign notes about."""

from contracts.directory import Chain, Directory, SigningKey, sign
from contracts.encoding import b64
from contracts.merkle import Leaves, leaf_hash
from contracts.note import Checkpoint, NoteKey, checkpoint_keys, witness_keys
from contracts.vectors import material

LOG = material.origin("lpsk")
WITNESS = "rajut.example/komnas-ham"
SERVICE_KID = "lpsk.protection.1"
GRANTS = {"checkpoint": ["checkpoint"], "witness": ["witness"], "node": ["node.*"], "protection": ["protection.*"]}


def keys(agency: str, number: int) -> list[SigningKey]:
    """An agency's keys; `number` counts those for checkpoints."""
    numbers = dict.fromkeys(GRANTS, 1) | {"checkpoint": number}
    return [material.signing_key(f"{agency}.{name}.{numbers[name]}", grants=GRANTS[name]) for name in GRANTS]


def directory(version: int, previous: str = "", number: int = 1) -> Directory:
    """One version, in which LPSK has its checkpoint key of this number."""
    agencies = {a: material.entry(a, keys(a, number if a == "lpsk" else 1)) for a in material.AGENCIES}
    return Directory(version=version, previous=previous, issued=material.ISSUED, agencies=agencies)


FIRST = directory(1)
ROOT_KEYS = [material.root(agency) for agency in material.AGENCIES]


def chain(versions: int = 1) -> Chain:
    """The chain up to a version."""
    held = Chain(sign(FIRST, ROOT_KEYS), pin=FIRST.digest())
    if versions > 1:
        held.adopt(sign(directory(2, b64(FIRST.digest()), 2), ROOT_KEYS))
    return held


CHAIN = chain()
(LOG_KEY,) = checkpoint_keys(CHAIN, LOG)
(WITNESS_KEY,) = witness_keys(CHAIN, "komnas-ham")
LOG_SIGNER = material.signer("lpsk.checkpoint.1")
WITNESS_SIGNER = material.signer("komnas-ham.witness.1")
SERVICE_KEY = NoteKey(LOG, LOG_KEY.algorithm, material.signer(SERVICE_KID).public)


def leaves(size: int, *, other_from: int = 1000) -> Leaves:
    """A log's leaves; those from a place on may be others."""
    return Leaves(leaf_hash(f"{number}{'*' * (number >= other_from)}".encode()) for number in range(size))


def checkpoint(size: int, *, log: str = LOG, other_from: int = 1000) -> Checkpoint:
    """What is true of such a log at a size."""
    return Checkpoint(log, size, leaves(size, other_from=other_from).root(size))
