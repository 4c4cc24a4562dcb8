"""What stands where in a bundle, and the forms of the files that are not defined elsewhere.

Files about one record have its place in their names: `lpsk/1/12` is the record with `seq` 12 in epoch 1 of LPSK's log.
Records, notes, directories, contents and proofs of forks are the very bytes that agencies exchange.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts import canonical
from contracts.bundle.verdict import Scope
from contracts.errors import Code, Rejected
from contracts.events.body import place as where
from contracts.events.fields import AgencyId, CaseId, CodeText, Count, EventId, Instant, LogName, Sha256Hex
from contracts.roster import Kid

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
GUIDE, PROGRAM = "VERIFY.md", "verify.mjs"
CASE_KEY, SALTS = "casekey", "salts.json"
GAPS, ERASURES = "gaps.json", "erasures.json"
RULES, RULES_SIGNED = "mechanism.toml", "mechanism.json"
EXPORT = "node.audit.export"  # what the key that signs a manifest must be granted
MAX_TEXT = 64 * 1024 * 1024  # bytes of one JSON file
_LABEL = b"rajut/bundle/v1\0"
_AGENCY, _EPOCH, _NUMBER = "[a-z0-9-]{1,32}", "[1-9][0-9]{0,3}", "(?:0|[1-9][0-9]{0,12})"
_PLACE = f"{_AGENCY}/{_EPOCH}/{_NUMBER}"
KINDS: Mapping[str, re.Pattern[str]] = {
    "directory": re.compile(r"directory/([1-9][0-9]{0,12})\.json"),
    "record": re.compile(rf"records/({_PLACE})\.jws"),
    "anchor": re.compile(rf"anchors/({_PLACE})\.jws"),
    "proof": re.compile(rf"proofs/({_PLACE})\.json"),
    "content": re.compile(rf"content/({_PLACE})\.json"),
    "checkpoint": re.compile(rf"checkpoints/({_PLACE})\.note"),
    "log": re.compile(rf"logs/({_AGENCY}/{_EPOCH})\.jws"),
    "peaks": re.compile(rf"logs/({_AGENCY}/{_EPOCH})\.json"),
    "fork": re.compile(r"forks/([0-9a-f]{64})\.json"),
}
SINGLE = frozenset({MANIFEST, SIGNATURE, GUIDE, PROGRAM, CASE_KEY, SALTS, GAPS, ERASURES, RULES, RULES_SIGNED})

Place = Annotated[str, Field(pattern=f"^{_PLACE}$")]
Path = Annotated[str, Field(pattern=r"^[A-Za-z0-9./-]{1,128}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]  # as of an actor in content
Salts = Mapping[Place, Sha256Hex]
Audit = Mapping[Path, list[Sha256Hex]]  # by whose word the root is that the path leads to


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Manifest(_Closed):
    """Whose bundle it is, and the SHA-256 of every other file in it."""

    version: Literal[1]
    case: CaseId
    scope: Scope
    agency: AgencyId
    kid: Kid  # the key behind `manifest.sig`
    role: Name
    officer: Name
    purpose: CodeText
    exported: Instant
    withheld: list[Place]  # events that the exporter can read and does not disclose
    files: Mapping[Path, Sha256Hex]


class Stretch(_Closed):
    """Where the records in a log's file begin, and the Merkle peaks over those before, largest subtree first."""

    first: Count
    peaks: list[Sha256Hex]


class Gap(_Closed):
    """See `contracts.bundle.verdict.Absence`."""

    kind: CodeText
    log: LogName
    first: Count
    last: Count
    opened: Instant
    closed: Instant | Literal[""]


class Erasure(_Closed):
    """What the exporter destroyed when it carried out an order, and what each of these events named as parents."""

    asked: EventId
    confirmed: EventId
    executed: EventId
    parents: Mapping[EventId, list[EventId]]


Shape = TypeVar("Shape")
A_MANIFEST, A_STRETCH = TypeAdapter(Manifest), TypeAdapter(Stretch)
GAP_LIST, ERASURE_LIST = TypeAdapter(list[Gap]), TypeAdapter(list[Erasure])
SALT_LIST, AUDIT_PATHS = TypeAdapter(Salts), TypeAdapter(Audit)


def write(shape: TypeAdapter[Shape], value: Shape) -> bytes:
    """The canonical JSON of a value."""
    return canonical.dumps(shape.dump_python(value, mode="json"))


def read(shape: TypeAdapter[Shape], data: bytes) -> Shape:
    """A value from canonical JSON; Rejected(SIZE | JSON | CANONICAL | SCHEMA) for anything else."""
    value = canonical.loads(data, max_bytes=MAX_TEXT)
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        raise Rejected(Code.SCHEMA, where(error.errors()[0]["loc"])) from None


def place(log: str, seq: int) -> str:
    """The place of a record, as file names have it."""
    return f"{short(log)}/{seq}"


def short(log: str) -> str:
    """A log in file names: agency and epoch."""
    return log.partition("/")[2]


def signed_bytes(manifest: bytes) -> bytes:
    """What the exporter signs."""
    return _LABEL + manifest
