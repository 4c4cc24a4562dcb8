"""The rules under which a case ran, as a bundle carries them: the text for people, and who signed it.

Version 1 came with the software and is signed by nobody: a reader holds its hash against the published one. A later
version comes with the document that all agencies signed (`contracts.mechanism.signed`).
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from contracts.bundle import layout
from contracts.bundle.reading import Files, Ledger, Material
from contracts.errors import Code, Rejected
from contracts.events import Body, read_body
from contracts.events.intake import CaseOpened
from contracts.events.node import ErasureAsked, MechanismAdopted
from contracts.mechanism import GENESIS, GENESIS_TEXT, signed


class Rules(NamedTuple):
    """Which version of the mechanism a case ran under; its text is in the bundle."""

    version: int
    sha256: str  # of the text, in hexadecimal, as `sha256sum` prints it


def files(said: MechanismAdopted | None) -> Iterator[tuple[str, bytes]]:
    """The files for a case under the version in a signed document, or under the first one."""
    yield layout.RULES, said.text.encode() if said else GENESIS_TEXT
    if said:
        yield layout.RULES_SIGNED, signed.write(said)


def rules_of(files_: Files, material: Material, ledger: Ledger) -> Rules | None:
    """The rules in a bundle, held against their signatures and against what the case's opening names; None if bad."""
    version = ledger.attempt(layout.RULES, _version, files_, material)
    if version is None:
        return None
    bodies = (read_body(one.type, one.body) for one in material.contents.values())
    if set(_named(bodies)) - {version}:
        ledger.found(layout.RULES, "is another version than the one that the case names")
    return Rules(version, sha256(files_[layout.RULES]).hexdigest())


def _version(files_: Files, material: Material) -> int:
    text = files_.get(layout.RULES, b"")
    if layout.RULES_SIGNED not in files_:
        if text != GENESIS_TEXT:
            raise Rejected(Code.MECHANISM, "not the first version, and signed by nobody")
        return GENESIS.version
    said = signed.read(files_[layout.RULES_SIGNED])
    if said.text.encode() != text or not material.chain.knows(said.directory):
        raise Rejected(Code.MECHANISM, "not what was signed")
    signed.check_signed(said, material.chain.version(said.directory))
    return said.version


def _named(bodies: Iterable[Body | None]) -> Iterator[int]:
    yield from (body.mechanism for body in bodies if isinstance(body, CaseOpened | ErasureAsked))
