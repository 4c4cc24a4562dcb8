"""The tables of one node as dictionaries of immutable rows."""

from dataclasses import dataclass, field
from typing import NamedTuple

from contracts.content import Content
from contracts.hlc import Hlc
from contracts.note import Checkpoint
from contracts.record import EventId, Signed
from services.node.admission import Head, State
from services.node.store import Bad


class Kept(NamedTuple):
    """An event that this node may read."""

    signed: Signed
    content: Content
    state: State


class Sealing(NamedTuple):
    """Content as it is kept."""

    blob: bytes
    key: bytes


class Missing(NamedTuple):
    """Content for us that did not come or did not open."""

    log: str
    seq: int
    found: bool = False
    tries: int = 0
    next_try: int = 0  # ms


class Told(NamedTuple):
    """A checkpoint as it is kept."""

    line: bytes  # the signature line of the log's own key
    agrees: bool | None = None  # with our own copy; None until we hold that much of the log


class Proof(NamedTuple):
    """The proof of a fork as it is kept."""

    log: str
    size: int
    proof: bytes


class Gap(NamedTuple):
    """Records that are missing, both ends included."""

    log: str
    first: int
    last: int


@dataclass(kw_only=True, slots=True)
class Tables:
    """What a node writes down. Rows are immutable, so a copy of the tables is a snapshot."""

    heads: dict[str, Head] = field(default_factory=dict)
    records: dict[tuple[str, int], Signed] = field(default_factory=dict)
    forks: dict[tuple[str, int, EventId], Signed] = field(default_factory=dict)
    events: dict[EventId, Kept] = field(default_factory=dict)
    contents: dict[EventId, Sealing] = field(default_factory=dict)
    waiting: dict[tuple[EventId, bytes], int] = field(default_factory=dict)  # (event, parent or nothing) -> until, ms
    unreadable: dict[EventId, Missing] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)  # open ones
    closed: list[Gap] = field(default_factory=list)
    lacking: dict[tuple[str, str, bytes], Gap] = field(default_factory=dict)  # (kind, log, parent), open ones
    come: list[tuple[str, str, bytes, Gap]] = field(default_factory=list)
    quarantine: dict[bytes, Bad] = field(default_factory=dict)
    answered: set[bytes] = field(default_factory=set)
    held: set[bytes] = field(default_factory=set)
    seen: dict[tuple[str, str, int], tuple[int, Hlc]] = field(default_factory=dict)  # (log, by, size) -> record of by
    pointers: list[EventId] = field(default_factory=list)
    links: dict[str, tuple[str, int]] = field(default_factory=dict)
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)  # (log, size)
    checkpoints: dict[Checkpoint, Told] = field(default_factory=dict)
    cosignatures: dict[tuple[Checkpoint, str], bytes] = field(default_factory=dict)  # (checkpoint, agency) -> line
    evidence: dict[bytes, Proof] = field(default_factory=dict)
