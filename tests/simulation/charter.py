"""Agencies with fixed keys and the directory that they agreed on, so that a run depends on its seed alone.

Those who were robbed hold a second version, which revokes what was stolen, and write by the first one still, under
which it was good: so what a thief writes is authentic, and void. A third version comes later: it replaces a key with
which all of them have signed until then, and revokes it behind that.
"""

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
MOVES_ON = 8  # whoever has said so much goes by the third version
LAST_GOOD = 12  # place of the key that it revokes, in every log
ISSUED = "2026-11-22T01:54:48.123Z"


class Member(NamedTuple):
    """What one agency holds: its origin, its keys."""

    agency: str
    log: str
    signers: Mapping[str, SeedSigner]
    sealing: sealing.PrivateKey
    retired: SeedSigner  # its part of the log ends with the first record
    stolen: SeedSigner  # so does what counts of it, since it was revoked
    next: SeedSigner  # which the third version lists

    @property
    def reader(self) -> Reader:
        return Reader(self.agency, lambda: (self.sealing,))


class Charter(NamedTuple):
    """Who takes part, and what all of them know."""

    chain: Chain
    members: Mapping[str, Member]
    writes_by: int = 0  # the version that records name; 0: the newest
    later: Chain | None = None  # with a version that is to come


@cache
def charter(agencies: tuple[str, ...] = AGENCIES) -> Charter:
    """Made once per process; the same in every process."""
    members = {agency: _member(agency) for agency in agencies}
    entries = {agency: _entry(member) for agency, member in members.items()}
    return Charter(_begun(entries), members)


@cache
def robbed(agencies: tuple[str, ...] = AGENCIES) -> Charter:
    """The same agencies, each with a key of the past and one that was stolen."""
    members = {agency: _member(agency) for agency in agencies}
    before = {agency: _with_keys(member, revoked=False) for agency, member in members.items()}
    after = {agency: _with_keys(member, revoked=True) for agency, member in members.items()}
    chain, later = _begun(before), _begun(before)
    _go_on(chain, after)
    _go_on(later, after)
    _go_on(later, {agency: _with_next_key(member, after[agency]) for agency, member in members.items()})
    return Charter(chain, members, writes_by=1, later=later)


def _go_on(chain: Chain, entries: Mapping[str, AgencyEntry]) -> None:
    last = chain.latest
    following = Directory(version=last.version + 1, previous=b64(last.digest()), issued=ISSUED, agencies=entries)
    chain.adopt(sign(following, [_root(agency) for agency in entries]))


def _begun(entries: Mapping[str, AgencyEntry]) -> Chain:
    first = Directory(version=1, issued=ISSUED, agencies=entries)
    return Chain(sign(first, [_root(agency) for agency in entries]), pin=first.digest())


def _member(agency: str) -> Member:
    signers = {name: SeedSigner(f"{agency}.{name}.1", _seed(agency, name)) for name in PURPOSES}
    more = (SeedSigner(f"{agency}.triage.{number}", _seed(agency, f"triage-{number}")) for number in (8, 9, 2))
    opener = sealing.private_key(_seed(agency, "sealing", 96))
    return Member(agency, f"rajut.example/{agency}/1", signers, opener, *more)


def _with_keys(member: Member, *, revoked: bool) -> AgencyEntry:
    """An agency as the others know it, with the keys that somebody else may have."""
    retired = _signing_key(member.retired, "triage", member.log).model_copy(update={"to_seq": 0})
    stolen = _signing_key(member.stolen, "triage", member.log)
    if revoked:
        stolen = stolen.model_copy(update={"to_seq": 0, "revoked": True})
    entry = _entry(member)
    return entry.model_copy(update={"keys": [*entry.keys, retired, stolen]})


def _with_next_key(member: Member, entry: AgencyEntry) -> AgencyEntry:
    """An agency with another key in the place of the one by which its triage signed."""
    ended = {"to_seq": LAST_GOOD, "revoked": True}
    keys = [key.model_copy(update=ended) if key.kid == member.signers["triage"].kid else key for key in entry.keys]
    return entry.model_copy(update={"keys": [*keys, _signing_key(member.next, "triage", member.log)]})


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
