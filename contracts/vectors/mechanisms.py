"""Versions of the mechanism: who signed, what they follow. Only signatures and chain; the texts hold no rules."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from contracts.errors import Code
from contracts.events.node import MechanismAdopted, RootSignature
from contracts.mechanism import signed
from contracts.signing import SeedSigner
from contracts.vectors import material
from contracts.vectors.vector import Vector, rejected

HELD = 4  # the version that the judge holds, under directory 2; its text is what `text` says of the number
_ROOTS = [material.root(agency) for agency in material.AGENCIES]


def text(version: int) -> str:
    """A text that says which version it is, and nothing more."""
    return f"version = {version}\n"


def held() -> signed.Standing:
    """Where the judge's chain stands."""
    return signed.Standing(HELD, sha256(text(HELD).encode()).hexdigest(), 2)


def _next(roots: Iterable[SeedSigner] = _ROOTS, **changes: object) -> MechanismAdopted:
    """The version that follows, bent before it is signed."""
    number = HELD + 1
    members = {"version": number, "previous": held().text, "directory": 2, "text": text(number), "signatures": ()}
    said = MechanismAdopted.model_validate(members | changes)
    return signed.joined(said, [signed.signature(said, root) for root in roots])


def _bent(said: MechanismAdopted, **changes: object) -> MechanismAdopted:
    """A version, bent after it was signed."""
    return said.model_copy(update=changes)


def cases() -> Iterator[Vector]:
    """The fifth version, put to somebody who holds four."""
    yield from (_good(name, why, said) for name, why, said in _accepted())
    yield from (_bad(name, why, said) for name, why, said in _rejected())
    whole = signed.write(_next())
    yield Vector(
        "reject",
        "mechanism-not-canonical",
        "One version has one form.",
        "mechanism.json",
        whole + b"\n",
        rejected("mechanism", Code.CANONICAL, held=HELD),
    )


def _accepted() -> Iterator[tuple[str, str, MechanismAdopted]]:
    yield "signed-by-all", "All agencies of the directory that it names have signed.", _next()
    yield "later-directory", "The directory has moved on since the last version.", _next(directory=3)


def _rejected() -> Iterator[tuple[str, str, MechanismAdopted]]:
    whole = _next()
    forged = RootSignature(kid=_ROOTS[0].kid, signature="A" * 86)
    service = material.signer(f"{material.AUTHOR}.node.1")
    yield "signed-by-none", "A draft is no version.", _next(())
    yield "signed-by-two", "Two of three change the directory, but not the rules of all.", _next(_ROOTS[:2])
    yield "signature-forged", "A signature that is none counts as none.", signed.joined(whole, [forged])
    yield "signed-by-service", "A service's key does not stand for its agency's root.", _next([*_ROOTS[:2], service])
    yield "signature-of-nobody", "Somebody signed who is no agency of that directory.", _next([*_ROOTS, service])
    yield "other-text", "They signed another text.", _bent(whole, text=text(HELD + 1) + "# more\n")
    yield "other-number", "They signed another number.", _bent(_next(version=HELD + 2), version=HELD + 1)
    yield "other-directory", "They signed under another directory.", _bent(whole, directory=3)
    yield "version-twice", "The number that is held, with another text.", _next(version=HELD)
    yield "version-skipped", "Versions follow one by one.", _next(version=HELD + 2)
    yield "previous-wrong", "Follows another text than the one that is held.", _next(previous="0" * 64)
    yield "directory-earlier", "Who all are does not go back.", _next(directory=1)


def _good(name: str, why: str, said: MechanismAdopted) -> Vector:
    outcome = {"kind": "mechanism", "held": HELD, "version": said.version, "text": signed.text_hash(said)}
    return Vector("accept", f"mechanism-{name}", why, "mechanism.json", signed.write(said), outcome)


def _bad(name: str, why: str, said: MechanismAdopted) -> Vector:
    expected = rejected("mechanism", Code.MECHANISM, held=HELD)
    return Vector("reject", f"mechanism-{name}", why, "mechanism.json", signed.write(said), expected)
