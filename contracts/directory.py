"""Who is who, over time: a chain of documents that two of three agencies' offline roots must sign.

Each version lists agencies, the keys of each service with the event types they may sign and the part of the
log they may write, and the sealing keys of readers (`contracts.roster`). It names the digest of the one before
and is signed under the threshold of both (TUF 5.3). A record is judged by the version it names, so whether it is
authentic never changes when the directory moves on. Revocation takes something else away: its effect.
"""

from contracts import sealing
from contracts.content import type_name
from contracts.encoding import b64, fixed
from contracts.errors import Code, Rejected
from contracts.record import MAX_SEQ, Key, Record, agency_of, header
from contracts.roster import (
    NOTARY,
    THRESHOLD,
    AgencyEntry,
    Directory,
    RootKey,
    SealingKey,
    SigningKey,
    check_signed,
    read,
    sign,
)
from contracts.signing import check_enrolment

__all__ = [
    "HEARTBEAT",
    "NOTARY",
    "THRESHOLD",
    "AgencyEntry",
    "Chain",
    "Directory",
    "RootKey",
    "SealingKey",
    "SigningKey",
    "sign",
]
HEARTBEAT = "node.heartbeat"


class Chain:
    """All versions from the pinned first one; answers what keys may do. Grows by `adopt`."""

    def __init__(self, first: bytes, *, pin: bytes) -> None:
        """Start from version 1, whose digest must equal `pin`; Rejected(DIRECTORY | KEY) otherwise."""
        directory, signatures = read(first)
        if directory.version != 1 or directory.digest() != pin:
            raise Rejected(Code.DIRECTORY, "not the pinned first version")
        check_signed(directory, signatures, directory)
        self._versions: dict[int, Directory] = {}
        self._by_header: dict[bytes, Key] = {}
        self._names: dict[str, tuple[str, str]] = {}  # what a key's name stands for, for ever: public key and log
        self._keys: dict[tuple[int, str], SigningKey] = {}
        self._sealing: dict[tuple[int, str], sealing.PublicKey] = {}
        self._logs: dict[int, tuple[str, ...]] = {}
        self._revoked: dict[str, int] = {}
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
        directory, signatures = read(data)
        last = self.latest
        if directory.version != last.version + 1 or directory.previous != b64(last.digest()):
            raise Rejected(Code.DIRECTORY, "does not follow the version in force")
        check_signed(directory, signatures, last)
        check_signed(directory, signatures, directory)
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
        if key is None or key.log != record.log or not key.may_write(record.seq):
            raise Rejected(Code.KEY, "not for this log, here")
        if NOTARY.issuperset(key.grants):
            raise Rejected(Code.GRANT, "signs no records")
        if record.kind == "hb" and not key.may_sign(HEARTBEAT):
            raise Rejected(Code.GRANT, HEARTBEAT)

    def check_grant(self, kid: str, record: Record, event_type: str) -> None:
        """Raise Rejected(GRANT) unless `kid` may sign events of this wire type, by the record's directory."""
        name = type_name(event_type)
        if not self._keys[record.dir, kid].may_sign(name):
            raise Rejected(Code.GRANT, name)

    def granted(self, grant: str, *, revoked: bool = False) -> list[SigningKey]:
        """The keys with this one grant, oldest version first, each once for every version held that lists it.

        Either those that were never revoked, or the others: what such a one signed cannot be dated, so none counts.
        """
        keys = (key for key in self._keys.values() if key.grants == [grant])
        return [key for key in keys if (key.kid in self._revoked) is revoked]

    def is_void(self, kid: str, record: Record) -> bool:
        """Whether the key was revoked before this place: then the record stays what it is, and changes nothing."""
        return record.seq > self._revoked.get(kid, MAX_SEQ)

    def signers(self, log: str, purpose: str, *places: int, version: int = 0) -> list[str]:
        """The keys by which a version, or else the one in force, lets `log` be written at `places`, the newest first.

        None that any version held has revoked is among them.
        """
        entry = self._versions[version or self.latest.version].agencies.get(agency_of(log))
        keys = [key for key in entry.keys if key.log == log and key.purpose == purpose] if entry else []
        usable = [key for key in keys if key.may_write(*places) and key.kid not in self._revoked]
        return [key.kid for key in sorted(usable, key=lambda key: -key.number)]

    def sealing_key(self, version: int, agency: str) -> sealing.PublicKey:
        """The key to wrap content to an agency, by a record's directory version; KeyError if it has none."""
        return self._sealing[version, agency]

    def sealing_kids(self, agency: str) -> list[str]:
        """The names of all sealing keys that an agency ever had, the newest first."""
        entries = (self._versions[number].agencies.get(agency) for number in sorted(self._versions, reverse=True))
        return list(dict.fromkeys(entry.sealing.kid for entry in entries if entry))

    def names(self, agency: str) -> list[str]:
        """The names of all keys that an agency ever had: none of them may come to mean another key."""
        return [kid for kid in self._names if kid.split(".")[0] == agency]

    def logs(self) -> dict[str, str]:
        """The log in use of each agency, by agency."""
        return {agency: entry.logs[-1] for agency, entry in self.latest.agencies.items()}

    def all_logs(self, version: int) -> tuple[str, ...]:
        """Every log of every agency in a version, those of earlier epochs too; KeyError if we do not hold it."""
        return self._logs[version]

    def opened_by(self, log: str) -> bytes:
        """Digest of the version that first listed a log: the `prev` of its first record."""
        for number in sorted(self._versions):
            directory = self._versions[number]
            if any(log in entry.logs for entry in directory.agencies.values()):
                return directory.digest()
        raise Rejected(Code.KEY, "no such log")

    def _add(self, directory: Directory, data: bytes) -> None:
        """All or nothing: a version that is refused for one bad key leaves no trace of its others."""
        version, readers, enrolled, names = directory.version, {}, {}, dict[str, tuple[str, str]]()
        for agency, entry in directory.agencies.items():
            if {agency_of(log) for log in entry.logs} != {agency}:
                raise Rejected(Code.DIRECTORY, f"{agency}: logs")
            readers[version, agency] = sealing.public_key(fixed(entry.sealing.public, sealing.PUBLIC_BYTES))
            if entry.sealing.kid.split(".")[0] != agency:
                raise Rejected(Code.KEY, f"{entry.sealing.kid}: not of this agency")
            self._name(names, entry.sealing.kid, (entry.sealing.public, ""))
            for key in entry.keys:
                self._name(names, key.kid, (key.public, key.log))
                self._check_key(agency, entry, key)
                enrolled[version, key.kid] = key
        self._names |= names
        self._sealing |= readers
        self._keys |= enrolled
        self._by_header |= {header(key.kid): Key(key.kid, fixed(key.public, 32)) for key in enrolled.values()}
        self._revoked |= {key.kid: key.to_seq for key in enrolled.values() if key.revoked}
        self._logs[version] = tuple(log for entry in directory.agencies.values() for log in entry.logs)
        self._versions[version] = directory
        self.signed.append(data)

    def _name(self, names: dict[str, tuple[str, str]], kid: str, meaning: tuple[str, str]) -> None:
        if kid in names or self._names.get(kid, meaning) != meaning:
            raise Rejected(Code.KEY, f"{kid}: name used twice")
        names[kid] = meaning

    def _check_key(self, agency: str, entry: AgencyEntry, key: SigningKey) -> None:
        if key.log not in entry.logs or key.kid.split(".")[0] != agency:
            raise Rejected(Code.KEY, f"{key.kid}: not of this agency")
        if key.kid in self._revoked and not (key.revoked and key.to_seq <= self._revoked[key.kid]):
            raise Rejected(Code.KEY, f"{key.kid}: was revoked")
        check_enrolment(key.kid, fixed(key.public, 32), fixed(key.proof, 64))
