"""Agencies with fixed keys and the directory that they agreed on, so that a run depends on its seed alone."""

from collections.abc import Mapping
from functools import cache
from hashlib import shake_256
from typing import NamedTuple

from contracts import sealing
from contracts.delivery import Reader
from contracts.directory import AgencyEntry, Chain, Directory, RootKey, SealingKey, SigningKey, sign
from contracts.encoding import b64
from contracts.signing import SeedSigner, prove_possession
from services.node.keys import NOTARIES, PURPOSES

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")


class Member(NamedTuple):
    """What one agency holds: its origin, its keys."""

    agency: str
    log: str
    signers: Mapping[str, SeedSigner]
    sealing: sealing.PrivateKey

    @property
    def reader(self) -> Reader:
        return Reader(self.agency, lambda: (self.sealing,))


class Charter(NamedTuple):
    """Who takes part, and what all of them know."""

    chain: Chain
    members: Mapping[str, Member]


@cache
def charter(agencies: tuple[str, ...] = AGENCIES) -> Charter:
    """Made once per process; the same in every process."""
    members = {agency: _member(agency) for agency in agencies}
    entries = {agency: _entry(member) for agency, member in members.items()}
    directory = Directory(version=1, issued="2026-11-22T01:54:48.123Z", agencies=entries)
    signed = sign(directory, [_root(agency) for agency in agencies])
    return Charter(Chain(signed, pin=directory.digest()), members)


def _member(agency: str) -> Member:
    signers = {name: SeedSigner(f"{agency}.{name}.1", _seed(agency, name)) for name in PURPOSES}
    return Member(agency, f"rajut.example/{agency}/1", signers, sealing.private_key(_seed(agency, "sealing", 96)))


def _entry(member: Member) -> AgencyEntry:
    root, public = _root(member.agency), sealing.public_bytes(_seed(member.agency, "sealing", 96))
    return AgencyEntry(
        name={"id": member.agency, "en": member.agency},
        root=RootKey(kid=root.kid, public=b64(root.public)),
        logs=[member.log],
        keys=[_signing_key(signer, service, member.log) for service, signer in member.signers.items()],
        sealing=SealingKey(kid=f"{member.agency}.sealing.1", public=b64(public)),
    )


def _signing_key(signer: SeedSigner, service: str, log: str) -> SigningKey:
    proof = b64(prove_possession(signer, signer.public))
    grant = service if service in NOTARIES else f"{service}.*"
    return SigningKey(kid=signer.kid, public=b64(signer.public), proof=proof, grants=[grant], log=log)


def _root(agency: str) -> SeedSigner:
    return SeedSigner(f"{agency}.root.1", _seed(agency, "root"))


def _seed(agency: str, name: str, size: int = 32) -> bytes:
    return shake_256(f"{agency}/{name}".encode()).digest(size)
