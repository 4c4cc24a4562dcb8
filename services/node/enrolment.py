"""How a version of the directory comes about: requests, a draft, signatures made apart, the finished document.

Each step turns a few small documents into one, all of them public, so that each may happen on another machine.
Roots sign on one without a network. An agency asks by writing down the whole entry that it wants for itself;
nobody has to believe a request, since two agencies' roots sign what comes of it, and see what it changes.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts import canonical
from contracts.encoding import b64, unb64
from contracts.errors import Code, Rejected
from contracts.record import MAX_SEQ
from contracts.roster import (
    MAX_DIRECTORY,
    AgencyEntry,
    Directory,
    RootKey,
    SealingKey,
    SigningKey,
    assemble,
    statement,
)
from contracts.signing import Signer, prove_possession
from services.node.keys import PURPOSES, SEALING, grants, held, purpose_of, sealing_public, signer_of


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def encode(self) -> bytes:
        """Canonical bytes, as they are handed on."""
        return canonical.dumps(self.model_dump(mode="json", exclude_none=True))


class Revocation(_Closed):
    """A key that was stolen, and the last place in its log up to which its agency stands for it."""

    kid: str
    last_good: int


class Request(_Closed):
    """What shall change of an agency: its whole entry, or keys of it. Several requests for one agency add up."""

    agency: str
    entry: AgencyEntry | None = None
    keys: list[SigningKey] = []
    sealing: SealingKey | None = None
    end: list[str] = []
    revoke: list[Revocation] = []

    def applied(self, before: AgencyEntry | None) -> AgencyEntry:
        """The entry with all that done; Rejected(NOT_FOUND) if there is none, or not such a key."""
        entry = self.entry or before
        if entry is None:
            raise Rejected(Code.NOT_FOUND, f"{self.agency}: no entry")
        ended = [_listed(entry, kid).kid for kid in self.end]
        revoked = {one.kid: _revoked(_listed(entry, one.kid), one.last_good) for one in self.revoke}
        kept = [revoked.get(key.kid, key) for key in entry.keys if key.kid not in ended]
        return entry.model_copy(update={"keys": [*kept, *self.keys], "sealing": self.sealing or entry.sealing})


class Signature(_Closed):
    """What one root has signed: the draft with this digest."""

    kid: str
    digest: str
    signature: str


Document = TypeVar("Document", Request, Signature, Directory)


def read(kind: type[Document], data: bytes) -> Document:
    """A document of these steps from its bytes; Rejected(JSON | CANONICAL | DIRECTORY)."""
    value = canonical.loads(data, max_bytes=MAX_DIRECTORY)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise Rejected(Code.DIRECTORY, ".".join(map(str, error.errors()[0]["loc"]))) from None


def first_entry(
    folder: Path, agency: str, log: str, *, name: Mapping[str, str], root: RootKey, expires: str = ""
) -> AgencyEntry:
    """An agency as it enrols: the newest key for every purpose in its `keys` folder, each with proof of possession."""
    kids = [held(folder, agency, purpose)[0] for purpose in PURPOSES]
    sealing = held(folder, agency, SEALING)[0]
    return AgencyEntry(
        name=name,
        root=root,
        logs=[log],
        keys=[_signing_key(folder, kid, log, expires) for kid in kids],
        sealing=_sealing_key(folder, sealing, expires),
    )


def next_key(folder: Path, kid: str, log: str, expires: str = "") -> Request:
    """The request for a key that lies in a `keys` folder: beside those in use, or in the place of the sealing key."""
    agency = kid.partition(".")[0]
    if purpose_of(kid) == SEALING:
        return Request(agency=agency, sealing=_sealing_key(folder, kid, expires))
    return Request(agency=agency, keys=[_signing_key(folder, kid, log, expires)])


def next_log(folder: Path, before: AgencyEntry, kids: Iterable[str], expires: str = "") -> Request:
    """The request for a log of the next epoch, which these keys write; those of the logs before it end.

    The logs stay listed: cases that they opened go on. A key that was revoked stays so.
    """
    log = following(before.logs[-1])
    revoked = [key for key in before.keys if key.revoked]
    new = [_signing_key(folder, kid, log, expires) for kid in kids]
    entry = before.model_copy(update={"logs": [*before.logs, log], "keys": [*new, *revoked]})
    return Request(agency=log.split("/")[1], entry=entry)


def following(log: str) -> str:
    """The name of the log that takes the place of another one: the next epoch."""
    name, _, epoch = log.rpartition("/")
    return f"{name}/{int(epoch) + 1}"


def draft(last: Directory | None, requests: Iterable[Request], issued: str) -> Directory:
    """The version that follows `last`, or the first one, with what is asked for; all else stays as it is."""
    agencies = dict(last.agencies) if last else {}
    for request in requests:
        agencies[request.agency] = request.applied(agencies.get(request.agency))
    version, previous = (last.version + 1, b64(last.digest())) if last else (1, "")
    return Directory(version=version, previous=previous, issued=issued, agencies=agencies)


def signature(directory: Directory, root: Signer) -> Signature:
    """One root's signature of a draft."""
    return Signature(kid=root.kid, digest=b64(directory.digest()), signature=b64(root.sign(statement(directory))))


def finished(directory: Directory, signatures: Iterable[Signature]) -> bytes:
    """The signed document; Rejected(DIRECTORY) if a signature is of another draft. If they are enough, a chain says."""
    told = list(signatures)
    if any(one.digest != b64(directory.digest()) for one in told):
        raise Rejected(Code.DIRECTORY, "a signature of another draft")
    return assemble(directory, {one.kid: unb64(one.signature) for one in told})


def changes(before: Directory | None, after: Directory) -> list[str]:
    """What a version changes, a line for each thing, for those who are to sign it."""
    old = before.agencies if before else {}
    gone = [f"{agency}: LEAVES" for agency in old if agency not in after.agencies]
    here = [_changes(agency, old.get(agency), entry) for agency, entry in after.agencies.items()]
    return gone + [line for lines in here for line in lines]


def _changes(agency: str, before: AgencyEntry | None, after: AgencyEntry) -> Iterator[str]:
    if before is None:
        yield f"{agency}: joins"
    if before is None or before.name != after.name:
        # Roots sign on their word for who that is: no letter may look like another one, none may begin a line.
        yield f"{agency}: is called {', '.join(f'{text!a} ({language})' for language, text in after.name.items())}"
    if before is None or before.root != after.root:
        yield f"{agency}: root {after.root.kid} {after.root.public}"
    if before is None or before.logs != after.logs:
        yield f"{agency}: logs {', '.join(after.logs)}"
    if before is None or before.sealing != after.sealing:
        yield f"{agency}: sealing key {after.sealing.kid}{_until(after.sealing.expires)}"
    old = {key.kid: key for key in before.keys} if before else {}
    new = {key.kid: key for key in after.keys}
    yield from (f"{agency}: key {kid} ends" for kid in old if kid not in new)
    for kid, key in new.items():
        if key != old.get(kid):
            yield f"{agency}: {_told(key)}"


def _told(key: SigningKey) -> str:
    if key.revoked:
        return f"key {key.kid} REVOKED, last good place {key.to_seq}"
    everywhere = (key.from_seq, key.to_seq) == (0, MAX_SEQ)
    places = "" if everywhere else f", places {key.from_seq} to {key.to_seq}"
    return f"key {key.kid} may sign {', '.join(key.grants)}{places}{_until(key.expires)}"


def _until(expires: str) -> str:
    return f", to be replaced by {expires}" if expires else ""


def _listed(entry: AgencyEntry, kid: str) -> SigningKey:
    found = next((key for key in entry.keys if key.kid == kid), None)
    if found is None:
        raise Rejected(Code.NOT_FOUND, "key")
    return found


def _revoked(key: SigningKey, last_good: int) -> SigningKey:
    return key.model_copy(update={"to_seq": last_good, "revoked": True})


def _signing_key(folder: Path, kid: str, log: str, expires: str) -> SigningKey:
    signer = signer_of(folder, kid)
    proof = b64(prove_possession(signer, signer.public))
    granted = grants(purpose_of(kid))
    return SigningKey(kid=kid, public=b64(signer.public), proof=proof, grants=granted, log=log, expires=expires)


def _sealing_key(folder: Path, kid: str, expires: str) -> SealingKey:
    return SealingKey(kid=kid, public=b64(sealing_public(folder, kid)), expires=expires)
