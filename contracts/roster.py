"""The document that says who is who: agencies, their keys with what each may sign, the sealing keys of readers.

Roots sign the canonical bytes behind a label. What makes one document follow another is `contracts.directory`'s.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts import canonical
from contracts.encoding import b64, fixed, unb64
from contracts.errors import Code, Rejected
from contracts.record import MAX_AGENCIES, MAX_SEQ
from contracts.signing import Signer, verify

MAX_DIRECTORY = 1024 * 1024
THRESHOLD = 2  # agency roots that must sign; see docs/adr/0005
NOTARY = frozenset({"checkpoint", "witness"})  # grants of keys that sign notes about logs, never a record

Agency = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
KID = r"^[a-z0-9-]{1,32}\.[a-z]{1,16}\.[1-9][0-9]{0,5}$"
Kid = Annotated[str, Field(pattern=KID)]
Origin = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,64}/[a-z0-9-]{1,32}/[1-9][0-9]{0,3}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Expiry = Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)?$")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class SigningKey(_Closed):
    """A service's key: what it may sign, in which log, from which record to which.

    `revoked` makes `to_seq` its last good place for every record, whatever version that one names. `expires`
    says when people should have replaced it: no clock decides what is valid, a later version does.
    """

    kid: Kid
    public: str
    proof: str  # proof of possession, see `contracts.signing`
    grants: list[Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z-]+)*(\.\*)?$")]]
    log: Origin
    from_seq: Annotated[int, Field(ge=0, le=MAX_SEQ)] = 0
    to_seq: Annotated[int, Field(ge=0, le=MAX_SEQ)] = MAX_SEQ
    expires: Expiry = ""
    revoked: bool = False

    @property
    def purpose(self) -> str:
        """The service, or the kind of note, that it signs for."""
        return self.kid.split(".")[1]

    @property
    def number(self) -> int:
        """Which of the keys for this purpose it is; a higher one is a newer one."""
        return int(self.kid.split(".")[2])

    def may_write(self, *places: int) -> bool:
        """Whether these sequence numbers lie in its part of the log."""
        return all(self.from_seq <= place <= self.to_seq for place in places)

    def may_sign(self, name: str) -> bool:
        """Whether the grants cover an event name such as `protection.emergency.activated`."""
        family = name.split(".", 1)[0]
        return name in self.grants or f"{family}.*" in self.grants


class RootKey(_Closed):
    """An agency's offline key: signs directories, nothing else."""

    kid: Kid
    public: str


class SealingKey(_Closed):
    """The hybrid public key to which content for this agency is wrapped."""

    kid: Kid
    public: str
    expires: Expiry = ""  # as in `SigningKey`


class AgencyEntry(_Closed):
    """One agency as the others know it."""

    name: Mapping[Annotated[str, Field(pattern="^(id|en)$")], Text]
    root: RootKey
    logs: list[Origin]  # the last one is in use
    keys: list[SigningKey]
    sealing: SealingKey


class Directory(_Closed):
    """One version of the document."""

    version: Annotated[int, Field(ge=1, le=MAX_SEQ)]
    previous: str = ""  # digest of the version before; empty only in version 1
    issued: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$")]
    agencies: Annotated[Mapping[Agency, AgencyEntry], Field(max_length=MAX_AGENCIES)]

    def encode(self) -> bytes:
        """The canonical bytes that are signed."""
        return canonical.dumps(self.model_dump(mode="json"))

    def digest(self) -> bytes:
        """What the next version and the first record of each log refer to."""
        return sha256(_LABEL + self.encode()).digest()


_LABEL = b"rajut/directory/v1\0"


def statement(directory: Directory) -> bytes:
    """The bytes that a root signs."""
    return _LABEL + directory.encode()


def assemble(directory: Directory, signatures: Mapping[str, bytes]) -> bytes:
    """The document with signatures that were made apart, by the roots' names, in canonical bytes."""
    texts = {kid: b64(signature) for kid, signature in signatures.items()}
    return canonical.dumps({"document": directory.model_dump(mode="json"), "signatures": texts})


def sign(directory: Directory, roots: Iterable[Signer]) -> bytes:
    """The document with the signatures of the given roots, in canonical bytes."""
    return assemble(directory, {root.kid: root.sign(statement(directory)) for root in roots})


def read(data: bytes) -> tuple[Directory, Mapping[str, str]]:
    """A document and its signatures, none of them verified; Rejected(JSON | CANONICAL | DIRECTORY)."""
    value = canonical.loads(data, max_bytes=MAX_DIRECTORY)
    if not isinstance(value, dict) or value.keys() != {"document", "signatures"}:
        raise Rejected(Code.DIRECTORY, "members")
    signatures = value["signatures"]
    if not isinstance(signatures, dict) or not all(isinstance(text, str) for text in signatures.values()):
        raise Rejected(Code.DIRECTORY, "signatures")
    try:
        directory = Directory.model_validate(value["document"])
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise Rejected(Code.DIRECTORY, place) from None
    if directory.model_dump(mode="json") != value["document"]:  # a default left out would be a second form
        raise Rejected(Code.DIRECTORY, "not the one form of this document")
    return directory, signatures


def check_signed(directory: Directory, signatures: Mapping[str, str], by: Directory) -> None:
    """At least THRESHOLD distinct agencies of `by` must have signed; a bad signature counts as none."""
    message = statement(directory)
    signers = sum(is_signed_by(entry.root, signatures, message) for entry in by.agencies.values())
    if signers < THRESHOLD or len({entry.root.public for entry in by.agencies.values()}) < len(by.agencies):
        raise Rejected(Code.DIRECTORY, "not signed by enough agencies")


def is_signed_by(root: RootKey, signatures: Mapping[str, str], message: bytes) -> bool:
    """Whether a root's good signature of a message is among these, by the roots' names."""
    if root.kid not in signatures:
        return False
    try:
        verify(fixed(root.public, 32), message, unb64(signatures[root.kid]))
    except Rejected:
        return False
    return True
