"""A version of the mechanism that all agencies signed: in force without a release, because everybody said so.

What the agencies' offline roots sign names the version, the text's SHA-256, that of the text before it, and the
version of the directory that says who all are. It is judged from its own bytes and that directory alone, so every
node that ever sees it reaches the same verdict. As a file it is the body of the event in which it travels; a draft
is the same without signatures.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from contracts import canonical
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.node import MechanismAdopted, RootSignature
from contracts.mechanism import GENESIS, GENESIS_TEXT, Mechanism
from contracts.roster import Directory, is_signed_by
from contracts.signing import Signer

MAX_SIGNED = 512 * 1024
_LABEL = b"rajut/mechanism/v1\0"


class Standing(NamedTuple):
    """Where a chain of versions stands: what the next one has to follow."""

    version: int
    text: str  # SHA-256 of its bytes, in hexadecimal, as `sha256sum` prints it
    directory: int


BEGINNING = Standing(GENESIS.version, sha256(GENESIS_TEXT).hexdigest(), 1)


def text_hash(said: MechanismAdopted) -> str:
    """The SHA-256 of the document's bytes, in hexadecimal."""
    return sha256(said.text.encode()).hexdigest()


def standing(said: MechanismAdopted) -> Standing:
    """Where the chain stands after this version."""
    return Standing(said.version, text_hash(said), said.directory)


def statement(said: MechanismAdopted) -> bytes:
    """The bytes that a root signs."""
    names = {"version": said.version, "previous": said.previous, "directory": said.directory, "text": text_hash(said)}
    return _LABEL + canonical.dumps(names)


def draft(text: bytes, last: Standing, directory: Directory) -> MechanismAdopted:
    """The version that follows `last`, not yet signed; Rejected as `Mechanism.read` and `mechanism_of`."""
    said = MechanismAdopted(
        version=Mechanism.read(text).version,
        previous=last.text,
        directory=directory.version,
        text=text.decode(),
        signatures=(),
    )
    check_follows(said, last)
    mechanism_of(said, directory)
    return said


def signature(said: MechanismAdopted, root: Signer) -> RootSignature:
    """One root's signature of a version."""
    return RootSignature(kid=root.kid, signature=b64(root.sign(statement(said))))


def joined(said: MechanismAdopted, signatures: Iterable[RootSignature]) -> MechanismAdopted:
    """The version with signatures that were made apart."""
    by_name = {one.kid: one for one in (*said.signatures, *signatures)}
    return said.model_copy(update={"signatures": tuple(by_name[kid] for kid in sorted(by_name))})


def write(said: MechanismAdopted) -> bytes:
    """A version as a file."""
    return canonical.dumps(said.wire())


def read(data: bytes) -> MechanismAdopted:
    """A version from a file, none of its signatures verified; Rejected(SIZE | JSON | CANONICAL | BODY)."""
    return MechanismAdopted.read(canonical.loads(data, max_bytes=MAX_SIGNED))


def check_signed(said: MechanismAdopted, directory: Directory) -> None:
    """Rejected(MECHANISM) unless every agency of the directory that it names has signed it, and nobody else."""
    if directory.version != said.directory:
        raise Rejected(Code.MECHANISM, "directory")
    given = {one.kid: one.signature for one in said.signatures}
    roots = [entry.root for entry in directory.agencies.values()]
    if given.keys() != {root.kid for root in roots} or len({root.public for root in roots}) < len(roots):
        raise Rejected(Code.MECHANISM, "signatures: not those of all agencies")
    if not all(is_signed_by(root, given, statement(said)) for root in roots):
        raise Rejected(Code.MECHANISM, "signatures")


def check_follows(said: MechanismAdopted, last: Standing) -> None:
    """Rejected(MECHANISM) unless this is the next version after `last`, and looks back to no older directory."""
    if said.version != last.version + 1:
        raise Rejected(Code.MECHANISM, "version")
    if said.previous != last.text:
        raise Rejected(Code.MECHANISM, "previous")
    if said.directory < last.directory:
        raise Rejected(Code.MECHANISM, "directory")


def mechanism_of(said: MechanismAdopted, directory: Directory) -> Mechanism:
    """The rules themselves: Rejected(MECHANISM) if the text is another version, or leaves out an agency; as `read`."""
    mechanism = Mechanism.read(said.text.encode())
    if mechanism.version != said.version:
        raise Rejected(Code.MECHANISM, "version")
    if not directory.agencies.keys() <= mechanism.agencies.keys():
        raise Rejected(Code.MECHANISM, "agencies")
    return mechanism
