"""Who is who: a chained document that two of three agencies' offline roots must sign.

It lists agencies, the keys of each service with the event types they may sign and the part of the log
they may write, and the sealing keys of readers. Each version names the digest of the one before and is
signed under the threshold of both (TUF 5.3). A record is judged by the version it names, so a verdict
never changes when the directory moves on.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts import canonical, sealing
from contracts.content import type_name
from contracts.encoding import b64, fixed, unb64
from contracts.errors import Code, Rejected
from contracts.record import MAX_SEQ, Key, Record, agency_of, header
from contracts.signing import Signer, check_enrolment, verify

MAX_DIRECTORY = 1024 * 1024
THRESHOLD = 2  # agency roots that must sign; see docs/adr/0005
HEARTBEAT = "node.heartbeat"

Agency = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Kid = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}\.[a-z]{1,16}\.[1-9][0-9]{0,5}$")]
Origin = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,64}/[a-z0-9-]{1,32}/[1-9][0-9]{0,3}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class SigningKey(_Closed):
    """A service's key: what it may sign, in which log, from which record to which."""

    kid: Kid
    public: str
    proof: str  # proof of possession, see `contracts.signing`
    grants: list[Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z-]+)*(\.\*)?$")]]
    log: Origin
    from_seq: Annotated[int, Field(ge=0, le=MAX_SEQ)] = 0
    to_seq: Annotated[int, Field(ge=0, le=MAX_SEQ)] = MAX_SEQ

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
    agencies: Mapping[Agency, AgencyEntry]

    def encode(self) -> bytes:
        """The canonical bytes that are signed."""
        return canonical.dumps(self.model_dump(mode="json"))

    def digest(self) -> bytes:
        """What the next version and the first record of each log refer to."""
        return sha256(_LABEL + self.encode()).digest()


_LABEL = b"rajut/directory/v1\0"


def sign(directory: Directory, roots: Iterable[Signer]) -> bytes:
    """The document with the signatures of the given roots, in canonical bytes."""
    message = _LABEL + directory.encode()
    signatures = {root.kid: b64(root.sign(message)) for root in roots}
    return canonical.dumps({"document": directory.model_dump(mode="json"), "signatures": signatures})


class Chain:
    """All versions from the pinned first one; answers what keys may do. Grows by `adopt`."""

    def __init__(self, first: bytes, *, pin: bytes) -> None:
        """Start from version 1, whose digest must equal `pin`; Rejected(DIRECTORY | KEY) otherwise."""
        directory, signatures = _read(first)
        if directory.version != 1 or directory.digest() != pin:
            raise Rejected(Code.DIRECTORY, "not the pinned first version")
        _check_signed(directory, signatures, directory)
        self._versions: dict[int, Directory] = {}
        self._by_header: dict[bytes, Key] = {}
        self._keys: dict[tuple[int, str], SigningKey] = {}
        self._sealing: dict[tuple[int, str], sealing.PublicKey] = {}
        self.signed: list[bytes] = []
        self._add(directory, first)

    @property
    def latest(self) -> Directory:
        """The version in force."""
        return self._versions[len(self._versions)]

    def version(self, number: int) -> Directory:
        """A version we hold; KeyError if we do not."""
        return self._versions[number]

    def adopt(self, data: bytes) -> Directory:
        """Take the next version: one higher, linked, signed under both thresholds; else Rejected(DIRECTORY | KEY)."""
        directory, signatures = _read(data)
        last = self.latest
        if directory.version != last.version + 1 or directory.previous != b64(last.digest()):
            raise Rejected(Code.DIRECTORY, "does not follow the version in force")
        _check_signed(directory, signatures, last)
        _check_signed(directory, signatures, directory)
        self._add(directory, data)
        return directory

    def key(self, header: bytes) -> Key:
        """See `contracts.record.Keys`."""
        try:
            return self._by_header[header]
        except KeyError:
            raise Rejected(Code.KEY, "no such key") from None

    def knows(self, version: int) -> bool:
        """Whether we hold this version."""
        return version in self._versions

    def check_range(self, kid: str, record: Record) -> None:
        """See `contracts.record.Keys`."""
        key = self._keys.get((record.dir, kid))
        if key is None or key.log != record.log or not key.from_seq <= record.seq <= key.to_seq:
            raise Rejected(Code.KEY, "not for this log, here")
        if record.kind == "hb" and not key.may_sign(HEARTBEAT):
            raise Rejected(Code.GRANT, HEARTBEAT)

    def check_grant(self, kid: str, record: Record, event_type: str) -> None:
        """Raise Rejected(GRANT) unless `kid` may sign events of this wire type, by the record's directory."""
        name = type_name(event_type)
        if not self._keys[record.dir, kid].may_sign(name):
            raise Rejected(Code.GRANT, name)

    def sealing_key(self, version: int, agency: str) -> sealing.PublicKey:
        """The key to wrap content to an agency, by a record's directory version; KeyError if it has none."""
        return self._sealing[version, agency]

    def logs(self) -> dict[str, str]:
        """The log in use of each agency, by agency."""
        return {agency: entry.logs[-1] for agency, entry in self.latest.agencies.items()}

    def all_logs(self, version: int) -> list[str]:
        """Every log of every agency in a version, those of earlier epochs too; KeyError if we do not hold it."""
        return [log for entry in self._versions[version].agencies.values() for log in entry.logs]

    def opened_by(self, log: str) -> bytes:
        """Digest of the version that first listed a log: the `prev` of its first record."""
        for number in sorted(self._versions):
            directory = self._versions[number]
            if any(log in entry.logs for entry in directory.agencies.values()):
                return directory.digest()
        raise Rejected(Code.KEY, "no such log")

    def _add(self, directory: Directory, data: bytes) -> None:
        """All or nothing: a version that is refused for one bad key leaves no trace of its others."""
        version, readers, enrolled = directory.version, {}, {}
        for agency, entry in directory.agencies.items():
            if {agency_of(log) for log in entry.logs} != {agency}:
                raise Rejected(Code.DIRECTORY, f"{agency}: logs")
            readers[version, agency] = sealing.public_key(fixed(entry.sealing.public, sealing.PUBLIC_BYTES))
            for key in entry.keys:
                if (version, key.kid) in enrolled:
                    raise Rejected(Code.KEY, f"{key.kid}: name used twice")
                self._check_key(agency, entry, key)
                enrolled[version, key.kid] = key
        self._sealing |= readers
        self._keys |= enrolled
        self._by_header |= {header(key.kid): Key(key.kid, fixed(key.public, 32)) for key in enrolled.values()}
        self._versions[version] = directory
        self.signed.append(data)

    def _check_key(self, agency: str, entry: AgencyEntry, key: SigningKey) -> None:
        public = fixed(key.public, 32)
        if key.log not in entry.logs or key.kid.split(".")[0] != agency:
            raise Rejected(Code.KEY, f"{key.kid}: not of this agency")
        if self._by_header.get(header(key.kid), Key(key.kid, public)).public != public:
            raise Rejected(Code.KEY, f"{key.kid}: name used twice")
        check_enrolment(key.kid, public, fixed(key.proof, 64))


def _read(data: bytes) -> tuple[Directory, Mapping[str, str]]:
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


def _check_signed(directory: Directory, signatures: Mapping[str, str], by: Directory) -> None:
    """At least THRESHOLD distinct agencies of `by` must have signed; a bad signature counts as none."""
    message = _LABEL + directory.encode()
    signers = sum(_signed_by(entry.root, signatures, message) for entry in by.agencies.values())
    if signers < THRESHOLD or len({entry.root.public for entry in by.agencies.values()}) < len(by.agencies):
        raise Rejected(Code.DIRECTORY, "not signed by enough agencies")


def _signed_by(root: RootKey, signatures: Mapping[str, str], message: bytes) -> bool:
    if root.kid not in signatures:
        return False
    try:
        verify(fixed(root.public, 32), message, unb64(signatures[root.kid]))
    except Rejected:
        return False
    return True
