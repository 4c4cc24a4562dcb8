"""What there is to say about a bundle: whether it is whole, what is true of each event, and what is missing."""

from typing import Literal, NamedTuple

from contracts.evidence import Split

Scope = Literal["whole", "court"]
Shown = Literal["disclosed", "withheld", "erased", "sealed to others", "missing"]
YES = "yes"


class Finding(NamedTuple):
    """Something that does not hold, and the file that it is about."""

    file: str
    what: str


class Dated(NamedTuple):
    """A bound on when an event was made, and the agency by whose clock that is; empty if nothing bounds it."""

    at: str = ""
    by: str = ""


class Witness(NamedTuple):
    """An agency that has cosigned a tree with the event in it, and when first, by its clock."""

    agency: str
    at: str


class Line(NamedTuple):
    """One event of the case."""

    place: str  # `<agency>/<epoch>/<seq>`: its record is `records/<place>.jws`
    event: str
    agency: str
    type: str  # empty unless its content is disclosed
    claimed: str  # when its author says that it was written
    content: Shown
    authentic: str  # "yes", or the code of the rule that is broken
    complete: str  # "yes", or what is missing of it
    after: Dated
    before: Dated
    witnesses: tuple[Witness, ...]
    others: int  # agencies that could have cosigned it
    remarks: tuple[str, ...]


class Absence(NamedTuple):
    """What the exporting agency says it did not hold of a log for a while, or does not hold yet."""

    kind: str
    log: str
    first: int
    last: int
    opened: str
    closed: str  # empty while it is missing


class Verdict(NamedTuple):
    """Everything that was found. The bundle holds if there are no findings."""

    case: str
    scope: str
    agency: str  # who exported it, as which role and officer, for what, when by its own clock
    role: str
    officer: str
    purpose: str
    exported: str
    pin: str  # digest of the first directory in the bundle: whether it is the published one, the reader must know
    pinned: bool  # whether it is the one that the reader gave
    versions: int  # of the directory, from the first one on; a later one could be missing, and no bundle can say so
    rules: int  # version of the mechanism whose text is here; 0 if it does not hold
    rules_sha256: str  # of that text: whether version 1 is the published one, the reader must know
    completeness: tuple[str, ...]  # what the claim that nothing was left out rests on, in words
    lines: tuple[Line, ...]
    forks: tuple[Split, ...]
    gaps: tuple[Absence, ...]
    findings: tuple[Finding, ...]
