"""Keys and directories that all cases share. Every secret here is published, so it protects nothing."""

from collections.abc import Mapping
from hashlib import sha256, shake_256

from contracts import sealing
from contracts.directory import NOTARY, AgencyEntry, Directory, RootKey, SealingKey, SigningKey, sign
from contracts.encoding import b64
from contracts.signing import SeedSigner, prove_possession

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
SERVICES = ("intake", "node", "notify", "protection", "triage")
AUTHOR = "lpsk"
READER = "komnas-ham"
KID = f"{AUTHOR}.protection.1"
RANGED_KID = f"{AUTHOR}.intake.2"
FIRST_SEQ, LAST_SEQ = 10, 20  # where RANGED_KID may sign
RETIRED_KID = f"{AUTHOR}.notify.1"  # in version 1 only
LATER_KID = f"{AUTHOR}.triage.2"  # from version 2 on
REVOKED_KID = f"{AUTHOR}.notify.2"  # in versions 1 and 2; version 3 revokes it
LAST_GOOD = 20  # the last place up to which REVOKED_KID counts
NOTARIES = tuple(sorted(NOTARY))
ISSUED = "2026-11-22T01:54:48.123Z"
_LABEL = b"rajut vectors, worthless secret: "


def secret(name: str, size: int = 32) -> bytes:
    """Fixed bytes that everybody knows."""
    return shake_256(_LABEL + name.encode()).digest(size)


def signer(kid: str) -> SeedSigner:
    """The holder of a signing key or a root."""
    return SeedSigner(kid, secret(kid))


def root(agency: str) -> SeedSigner:
    """The holder of an agency's root."""
    return signer(f"{agency}.root.1")


def sealing_seed(agency: str) -> bytes:
    """The private sealing key of an agency."""
    return secret(f"{agency}.sealing.1", sealing.PRIVATE_BYTES)


def origin(agency: str) -> str:
    """The log of an agency."""
    return f"rajut.example/{agency}/1"


def signing_key(kid: str, **changes: object) -> SigningKey:
    """A key's entry: it may sign its service's events, or its kind of note; `changes` replaces members."""
    agency, purpose, _ = kid.split(".")
    holder = signer(kid)
    members: dict[str, object] = {
        "kid": kid,
        "public": b64(holder.public),
        "proof": b64(prove_possession(holder, holder.public)),
        "grants": [purpose if purpose in NOTARY else f"{purpose}.*"],
        "log": origin(agency),
    }
    return SigningKey.model_validate(members | changes)


def entry(agency: str, keys: list[SigningKey]) -> AgencyEntry:
    """An agency with one log, its root and its sealing key."""
    return AgencyEntry(
        name={"id": agency, "en": agency},
        root=RootKey(kid=root(agency).kid, public=b64(root(agency).public)),
        logs=[origin(agency)],
        keys=keys,
        sealing=SealingKey(kid=f"{agency}.sealing.1", public=b64(sealing.public_bytes(sealing_seed(agency)))),
    )


def _entries(extra: Mapping[str, SigningKey], without: str = "") -> dict[str, AgencyEntry]:
    entries = {}
    for agency in AGENCIES:
        kids = [f"{agency}.{purpose}.1" for purpose in (*SERVICES, *NOTARIES)]
        keys = [signing_key(kid) for kid in kids if kid != without]
        entries[agency] = entry(agency, keys + [key for kid, key in extra.items() if kid.startswith(f"{agency}.")])
    return entries


RANGED = signing_key(RANGED_KID, from_seq=FIRST_SEQ, to_seq=LAST_SEQ)
_OLD = {RANGED_KID: RANGED, REVOKED_KID: signing_key(REVOKED_KID)}
_NEW = {**_OLD, LATER_KID: signing_key(LATER_KID)}
_REVOKED = {**_NEW, REVOKED_KID: signing_key(REVOKED_KID, to_seq=LAST_GOOD, revoked=True)}
FIRST = Directory(version=1, issued=ISSUED, agencies=_entries(_OLD))
SECOND = Directory(version=2, previous=b64(FIRST.digest()), issued=ISSUED, agencies=_entries(_NEW, without=RETIRED_KID))
THIRD = Directory(
    version=3, previous=b64(SECOND.digest()), issued=ISSUED, agencies=_entries(_REVOKED, without=RETIRED_KID)
)


def chain() -> tuple[bytes, bytes, bytes]:
    """All versions, signed by all roots."""
    roots = [root(agency) for agency in AGENCIES]
    return sign(FIRST, roots), sign(SECOND, roots), sign(THIRD, roots)


def published() -> dict[str, object]:
    """What a reader of the cases needs to know of the secrets."""
    kids = [f"{agency}.{purpose}.1" for agency in AGENCIES for purpose in (*SERVICES, *NOTARIES, "root")]
    return {
        "warning": "Published on purpose, so worthless: for tests only, never for a node.",
        "pin": FIRST.digest().hex(),
        "signing_seeds": {kid: secret(kid).hex() for kid in [*kids, RANGED_KID, LATER_KID, REVOKED_KID]},
        "sealing_seeds": {agency: sealing_seed(agency).hex() for agency in AGENCIES},
    }


def digest(name: str) -> bytes:
    """32 fixed bytes that stand for the hash of something."""
    return sha256(_LABEL + name.encode()).digest()
