"""Directories: who signed, what they follow, which keys they enrol."""

from collections.abc import Iterator, Mapping

from nacl.bindings import crypto_core_ed25519_add

from contracts import canonical, sealing
from contracts.directory import Directory, RootKey, SealingKey, SigningKey, sign
from contracts.encoding import b64
from contracts.errors import Code
from contracts.signing import SeedSigner
from contracts.vectors import material
from contracts.vectors.envelopes import IDENTITY, ORDER_EIGHT, mixed_signature
from contracts.vectors.vector import Vector, rejected

_KID = f"{material.AUTHOR}.node.1"
_NEW_KID = f"{material.AUTHOR}.node.2"
_ROOTS = [material.root(agency) for agency in material.AGENCIES]
_TWO = _ROOTS[:2]
_STRANGERS = [material.signer(f"{agency}.root.2") for agency in material.AGENCIES]
_HELD = 2  # versions that the judge holds before it sees a case


def _third(**changes: object) -> Directory:
    """A good third version, with one key for each agency, bent."""
    agencies = {name: material.entry(name, [material.signing_key(f"{name}.node.1")]) for name in material.AGENCIES}
    members: dict[str, object] = {
        "version": 3,
        "previous": b64(material.SECOND.digest()),
        "issued": material.ISSUED,
        "agencies": agencies,
    }
    return Directory.model_validate(members | changes)


def _with(agency: str, **changes: object) -> Directory:
    """A good third version with one agency's entry bent."""
    third = _third()
    bent = third.agencies[agency].model_copy(update=changes)
    return _third(agencies={**third.agencies, agency: bent})


def _next(last: Directory, keys: list[SigningKey]) -> Directory:
    """A version behind `last` in which LPSK has these keys."""
    entry = last.agencies[material.AUTHOR].model_copy(update={"keys": keys})
    agencies = {**last.agencies, material.AUTHOR: entry}
    members = {"version": last.version + 1, "previous": b64(last.digest()), "agencies": agencies}
    return Directory.model_validate(last.model_dump() | members)


def _fourth(**changes: object) -> Directory:
    """A version behind the one that revokes a key, in which that key is listed, bent."""
    return _next(material.THIRD, [material.signing_key(_KID), material.signing_key(material.REVOKED_KID, **changes)])


def _key(kid: str = _NEW_KID, **changes: object) -> Directory:
    """A third version in which LPSK has this key besides its own."""
    return _with(material.AUTHOR, keys=[material.signing_key(_KID), material.signing_key(kid, **changes)])


def _possession(kid: str, public: bytes) -> bytes:
    return b"rajut/possession/v1\0" + kid.encode() + b"\0" + public


def _root(holder: SeedSigner) -> RootKey:
    return RootKey(kid=holder.kid, public=b64(holder.public))


def cases() -> Iterator[Vector]:
    """The third version, put to somebody who holds two; and the first, put to somebody who holds a pin."""
    yield from _accepted()
    yield from _unsigned()
    yield from _broken_chain()
    yield from _bad_keys()
    yield from _bad_forms()


def _good(name: str, why: str, directory: Directory, roots: list[SeedSigner], held: int = _HELD) -> Vector:
    outcome = {"kind": "directory", "held": held, "version": directory.version, "digest": directory.digest().hex()}
    return Vector("accept", f"directory-{name}", why, "directory.json", sign(directory, roots), outcome)


def _bad(name: str, code: Code, why: str, data: bytes, held: int = _HELD) -> Vector:
    return Vector("reject", f"directory-{name}", why, "directory.json", data, rejected("directory", code, held=held))


def _accepted() -> Iterator[Vector]:
    yield _good("first", "The pinned first version.", material.FIRST, _ROOTS, held=0)
    yield _good("two-roots", "Two of three roots are enough.", _third(), _TWO)
    yield _good("three-roots", "All roots signed.", _third(), _ROOTS)
    rotated = _with(material.AUTHOR, root=_root(_STRANGERS[2]))
    yield _good("root-changed", "One agency has a new root; the other two vouch for it.", rotated, _TWO)
    fourth = {**_third().agencies, "mitra": material.entry("mitra", [material.signing_key("mitra.node.1")])}
    yield _good("agency-added", "A fourth agency joins: agencies are data.", _third(agencies=fourth), _TWO)
    yield _good("key-added", "A new key with proof that its secret is held.", _key(), _TWO)
    dated = _key(expires="2027-11-22T00:00:00.000Z")
    yield _good("key-expires", "A date by which people should replace the key; no verdict hangs on it.", dated, _TWO)
    yield _good("key-revoked", "A key that was stolen, and its last good place.", material.THIRD, _TWO)
    earlier = _fourth(to_seq=material.LAST_GOOD - 1, revoked=True)
    yield _good("revoked-earlier", "It turned out that the key was stolen before that.", earlier, _TWO, held=3)
    dropped = _next(material.THIRD, [material.signing_key(_KID)])
    yield _good("revoked-dropped", "A revoked key need not be listed for ever.", dropped, _TWO, held=3)


def _unsigned() -> Iterator[Vector]:
    third = _third()
    twins = {
        name: entry.model_copy(update={"root": third.agencies["lpsk"].root}) for name, entry in third.agencies.items()
    }
    replaced = {
        name: entry.model_copy(update={"root": _root(stranger)})
        for (name, entry), stranger in zip(third.agencies.items(), _STRANGERS, strict=True)
    }
    document, false = canonical.loads(sign(third, _TWO[:1]), max_bytes=2**20), b64(bytes(64))
    if not isinstance(document, dict) or not isinstance(document["signatures"], dict):
        raise TypeError
    forged = canonical.dumps({**document, "signatures": {**document["signatures"], _ROOTS[1].kid: false}})
    strangers = [
        SeedSigner(mine.kid, material.secret(other.kid)) for mine, other in zip(_ROOTS, _STRANGERS, strict=True)
    ]
    coup = Directory.model_validate(third.model_dump() | {"agencies": replaced})
    for name, data, why in (
        ("signed-by-none", sign(third, []), "Nobody signed."),
        ("signed-by-one", sign(third, _TWO[:1]), "One agency alone decides nothing."),
        ("signed-by-one-and-forged", forged, "A bad signature counts as none."),
        ("signed-by-strangers", sign(third, strangers), "Right names, other keys."),
        ("signed-by-service-keys", sign(third, [material.signer(_KID), material.signer(material.KID)]), "Not roots."),
        (
            "root-shared",
            sign(_third(agencies=twins), _ROOTS),
            "One root for three agencies would be one vote for three.",
        ),
        ("roots-all-changed", sign(coup, _STRANGERS), "Signed by its own roots, but not by those in force."),
        ("roots-old-only", sign(coup, _ROOTS), "Signed by the roots in force, but not by its own."),
    ):
        yield _bad(name, Code.DIRECTORY, why, data)


def _broken_chain() -> Iterator[Vector]:
    for name, directory, why in (
        ("version-skipped", _third(version=4), "Versions follow one by one."),
        ("version-replayed", material.SECOND, "The version in force, once more."),
        ("version-rolled-back", material.FIRST, "An older version, rightly signed once."),
        (
            "previous-wrong",
            _third(previous=b64(material.FIRST.digest())),
            "Follows another version than the one in force.",
        ),
        ("previous-empty", _third(previous=""), "Only the first version follows nothing."),
    ):
        yield _bad(name, Code.DIRECTORY, why, sign(directory, _ROOTS))
    other = material.FIRST.model_copy(update={"issued": "2026-11-22T01:54:48.124Z"})
    yield _bad(
        "first-not-pinned", Code.DIRECTORY, "A good first version, but not the pinned one.", sign(other, _ROOTS), 0
    )
    yield _bad(
        "first-signed-by-one", Code.DIRECTORY, "The pin does not replace the roots.", sign(material.FIRST, _TWO[:1]), 0
    )
    yield _bad("first-is-second", Code.DIRECTORY, "A chain starts with version one.", sign(material.SECOND, _ROOTS), 0)


def _bad_keys() -> Iterator[Vector]:
    holder = material.signer(_NEW_KID)
    mixed = crypto_core_ed25519_add(holder.public, ORDER_EIGHT)
    proof = mixed_signature(_NEW_KID, mixed, _possession(_NEW_KID, mixed))
    other_kid = b64(material.signer(_NEW_KID).sign(_possession(_KID, holder.public)))
    changed_key = SeedSigner(_KID, material.secret("another seed"))
    changed = material.signing_key(
        _KID, public=b64(changed_key.public), proof=b64(changed_key.sign(_possession(_KID, changed_key.public)))
    )
    public = sealing.public_bytes(material.sealing_seed(material.AUTHOR))
    epochs = [material.origin(material.AUTHOR), f"{material.origin(material.AUTHOR)[:-1]}2"]
    for name, directory, why in (
        ("key-changed", _with(material.AUTHOR, keys=[changed]), "A name of a key means one key for ever."),
        ("key-twice", _key(_KID), "A name stands once in a version."),
        (
            "key-moved",
            _with(material.AUTHOR, logs=epochs, keys=[material.signing_key(_KID, log=epochs[1])]),
            "A name of a key means one log for ever, or its last good place would mean nothing.",
        ),
        ("key-not-proven", _key(proof=b64(bytes(64))), "Nobody showed that the secret is held."),
        ("key-proven-for-another-name", _key(proof=other_kid), "The proof was made for another name."),
        (
            "key-small-order",
            _key(public=b64(IDENTITY), proof=b64(IDENTITY + bytes(32))),
            "Signs everything for everybody.",
        ),
        (
            "key-mixed-order",
            _key(public=b64(mixed), proof=b64(proof)),
            "Verifiers differ.",
        ),
        ("key-no-point", _key(public=b64(b"\2" + bytes(31))), "These bytes are no point of the curve."),
        (
            "key-of-another-agency",
            _key(f"{material.READER}.node.2", log=material.origin(material.AUTHOR)),
            "Not its name.",
        ),
        ("key-for-another-log", _key(log=material.origin(material.READER)), "A log that is not this agency's."),
        (
            "sealing-changed",
            _with(material.AUTHOR, sealing=_sealing(sealing.public_bytes(material.secret("another", 96)))),
            "A name of a sealing key means one key for ever, or its holder would not know which one to use.",
        ),
        (
            "sealing-of-another-agency",
            _with(material.AUTHOR, sealing=SealingKey(kid=f"{material.READER}.sealing.9", public=b64(public))),
            "Not its name.",
        ),
        (
            "sealing-no-key",
            _with(material.AUTHOR, sealing=_sealing(b"\xff" * sealing.PUBLIC_BYTES)),
            "No ML-KEM-768 key.",
        ),
        (
            "sealing-small-order",
            _with(material.AUTHOR, sealing=_sealing(public[:-32] + bytes(32))),
            "Nothing can be wrapped.",
        ),
    ):
        yield _bad(name, Code.KEY, why, sign(directory, _ROOTS))
    for name, directory, why in (
        ("revocation-taken-back", _fourth(), "Whoever has stolen a key must not get it back."),
        ("revocation-moved", _fourth(to_seq=material.LAST_GOOD + 1, revoked=True), "Nor more of the log."),
    ):
        yield _bad(name, Code.KEY, why, sign(directory, _ROOTS), held=3)
    short = _with(material.AUTHOR, sealing=_sealing(public[:-32]))
    yield _bad("sealing-short", Code.SCHEMA, "ML-KEM-768 without X25519.", sign(short, _ROOTS))


def _sealing(public: bytes) -> SealingKey:
    return SealingKey(kid=f"{material.AUTHOR}.sealing.1", public=b64(public))


def _bad_forms() -> Iterator[Vector]:
    bare = sign(_third(), _ROOTS)
    log = material.origin(material.READER)
    for name, code, data, why in (
        ("not-canonical", Code.CANONICAL, bare + b"\n", "Directories are canonical JSON."),
        ("not-json", Code.JSON, b"directory", "Not JSON at all."),
        ("member-added", Code.DIRECTORY, bare[:-1] + b',"v":1}', "The outer object is closed."),
        ("agencies-too-many", Code.DIRECTORY, _crowded(), "At most eight agencies, as in `to` and `seen`."),
        ("logs-none", Code.DIRECTORY, _raw("logs", []), "An agency has at least one log."),
        (
            "log-of-another-agency",
            Code.DIRECTORY,
            _raw("logs", [material.origin(material.AUTHOR), log]),
            "Not its log.",
        ),
        (
            "default-left-out",
            Code.DIRECTORY,
            bare.replace(b'"from_seq":0,', b"", 1),
            "One document has one form, defaults included.",
        ),
        ("entry-member-added", Code.DIRECTORY, _raw("note", ""), "Entries are closed."),
        ("issued-form", Code.DIRECTORY, bare.replace(b"2026-11-22T01", "２０２６-11-22T01".encode()), "Digits."),  # noqa: RUF001
    ):
        yield _bad(name, code, why, data)


def _crowded() -> bytes:
    """A third version with nine agencies; nothing else is wrong with it."""
    document, names = _third().model_dump(mode="json"), [f"mitra-{number}" for number in range(1, 7)]
    entries = {name: material.entry(name, [material.signing_key(f"{name}.node.1")]) for name in names}
    document["agencies"] |= {name: entry.model_dump(mode="json") for name, entry in entries.items()}
    return signed_document(document)


def _raw(member: str, value: object) -> bytes:
    """A third version in which one member of an entry is what no writer of ours would write; signed by all."""
    document = _third().model_dump(mode="json")
    document["agencies"][material.AUTHOR][member] = value
    return signed_document(document)


def signed_document(document: Mapping[str, object]) -> bytes:
    """Any document, signed by all roots as it stands."""
    message = b"rajut/directory/v1\0" + canonical.dumps(document)
    return canonical.dumps({"document": document, "signatures": {root.kid: b64(root.sign(message)) for root in _ROOTS}})
