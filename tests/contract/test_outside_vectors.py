"""What others wrote down about the formats that we use, held against the code that we use for them.

Without the folder of vectors pytest collects nothing here and says so at the end of the run; where
CI=true that is a failure.
"""

import hashlib
import importlib.util
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import crypto_core_ed25519_is_valid_point

from contracts import canonical, sealing
from contracts.errors import Code, Rejected
from contracts.merkle import EMPTY_ROOT, Tree, check_consistency, check_inclusion
from contracts.record import LaterDirectory, read
from contracts.signing import check_enrolment, verify
from tests.contract.outside import ABSENT, FOLDER, HERE, REQUIRED, load, load_all, unpadded, wycheproof
from tests.contract.verdicts import CHAIN, FOLDER as OURS

__test__ = HERE  # without the folder there is nothing to collect
if REQUIRED and not HERE:
    raise FileNotFoundError(ABSENT)

# The eight leaves from which the Merkle vectors were made (Certificate Transparency's reference data).
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")


def ours(key: bytes, message: bytes, signature: bytes) -> bool:
    """Our rule: the key may be enrolled, and the signature verifies."""
    if not crypto_core_ed25519_is_valid_point(key):
        return False
    try:
        verify(key, message, signature)
    except Rejected:
        return False
    return True


def openssls(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_wycheproof_ed25519_has_our_verdicts() -> None:
    """Every signature that Project Wycheproof calls good is good for us, every other is not."""
    cases = wycheproof("ed25519")
    assert len(cases) == 151
    for group, case in cases:
        key = bytes.fromhex(group["publicKey"]["pk"])
        assert ours(key, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])) == (case["result"] == "valid")


def test_our_ed25519_rule_is_openssl_and_no_small_order() -> None:
    """On the 914 signatures where verifiers differ, ours is OpenSSL's verdict less small-order points, and no other."""
    cases = load("cctv/ed25519vectors.json")
    assert len(cases) == 914
    accepted = 0
    for case in cases:
        key, message, signature = bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"])
        enrolled = crypto_core_ed25519_is_valid_point(key)
        small = "low_order_R" in (case["flags"] or ())
        assert ours(key, message, signature) == (enrolled and not small and openssls(key, message, signature))
        accepted += ours(key, message, signature)
    assert accepted >= 1


def test_no_key_of_small_or_mixed_order_can_be_enrolled() -> None:
    """A key under which verifiers could differ does not get into a directory, whoever proves what."""
    keys = {
        case["key"]
        for case in load("cctv/ed25519vectors.json")
        if {"low_order_A", "low_order_component_A"} & set(case["flags"] or ())
    }
    assert len(keys) >= 8
    for key in keys:
        with pytest.raises(Rejected, match="not a valid point"):
            check_enrolment("lpsk.node.1", bytes.fromhex(key), bytes(64))


def test_wycheproof_x25519_agrees_and_low_order_is_refused() -> None:
    """Shared secrets are the published ones, and a sealing key that would give none is refused."""
    kem = sealing.public_bytes(bytes(96))[:-32]
    cases, refused = wycheproof("x25519"), 0
    assert len(cases) == 518
    for _, case in cases:
        private, public = bytes.fromhex(case["private"]), bytes.fromhex(case["public"])
        if "ZeroSharedSecret" in case["flags"]:
            refused += 1
            with pytest.raises(Rejected) as caught:
                sealing.public_key(kem + public)
            assert caught.value.code == Code.KEY
            continue
        shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
        assert shared.hex() == case["shared"]
        sealing.public_key(kem + public)
    assert refused >= 30


def test_wycheproof_mlkem_agrees() -> None:
    """Keys from seeds and decapsulated secrets are the published ones; malformed ciphertexts are refused."""
    cases = wycheproof("mlkem_768")
    assert len(cases) == 193
    for _, case in cases:
        outcome = decapsulated(case)
        assert (outcome == (case.get("ek"), case["K"])) == (case["result"] == "valid")


def decapsulated(case: dict[str, Any]) -> tuple[str, str] | None:
    try:
        key = MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(case["seed"]))
        return key.public_key().public_bytes_raw().hex(), key.decapsulate(bytes.fromhex(case["c"])).hex()
    except ValueError:
        return None


def test_wycheproof_chacha20_poly1305_agrees() -> None:
    """What must open opens to the published text, and what was changed does not open."""
    cases = [(group, case) for group, case in wycheproof("chacha20_poly1305") if group["ivSize"] == 96]
    assert len(cases) >= 300
    for _, case in cases:
        key, nonce, aad, sealed = (bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "ct"))
        if case["result"] == "valid":
            assert ChaCha20Poly1305(key).decrypt(nonce, sealed + bytes.fromhex(case["tag"]), aad).hex() == case["msg"]
            continue
        with pytest.raises(InvalidTag):
            ChaCha20Poly1305(key).decrypt(nonce, sealed + bytes.fromhex(case["tag"]), aad)


def test_no_foreign_jws_passes_for_a_record() -> None:
    """Tokens of other systems, good or bad, get a verdict and never an accident, and none of them is a record."""
    cases = wycheproof("json_web_signature")
    assert len(cases) == 401
    for _, case in cases:
        with pytest.raises((Rejected, LaterDirectory)) as caught:
            read(case["jws"].encode(), CHAIN)
        assert isinstance(caught.value, Rejected)


def hpke_vector() -> dict[str, Any]:
    """The published vector of our suite: MLKEM768-X25519, HKDF-SHA256, ChaCha20-Poly1305."""
    found = importlib.util.find_spec("cryptography_vectors")
    assert found is not None
    assert found.origin is not None
    vectors = json.loads((Path(found.origin).parent / "HPKE" / "hpke-pq-test-vectors.json").read_bytes())
    [ours] = [
        vector
        for vector in vectors
        if vector["suite_id"] == b"HPKE\x64\x7a\x00\x01\x00\x03".hex() and vector["mode"] == 0
    ]
    return dict(ours)


def test_hpke_opens_what_the_draft_published() -> None:
    """Our suite and our order of key parts are those of draft-ietf-hpke-pq: its ciphertext opens with our key type."""
    vector = hpke_vector()
    seed = hashlib.shake_256(bytes.fromhex(vector["skRm"])).digest(sealing.PRIVATE_BYTES)
    assert sealing.public_bytes(seed).hex() == vector["pkRm"]
    first = vector["encryptions"][0]
    opened = openssl.hpke._decrypt_with_aad(
        sealing._SUITE,
        bytes.fromhex(vector["enc"] + first["ct"]),
        sealing.private_key(seed),
        info=bytes.fromhex(vector["info"]),
        aad=bytes.fromhex(first["aad"]),
    )
    assert opened.hex() == first["pt"]


def test_jcs_outputs_are_read_as_they_are_or_refused() -> None:
    """Of RFC 8785's own outputs we read the one in our profile; floats, nulls and other names are refused."""
    read_as_they_are = set()
    for path in sorted(FOLDER.glob("jcs/testdata/output/*.json")):
        output = path.read_bytes()
        if (value := in_profile(output)) is not None:
            assert rfc8785.dumps(value) == output == canonical.dumps(value)
            read_as_they_are.add(path.stem)
    assert read_as_they_are == {"structures"}


def in_profile(output: bytes) -> Any:
    try:
        return canonical.loads(output, max_bytes=len(output))
    except Rejected:
        return None


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_package_that_we_compare_with_is_jcs(name: str) -> None:
    """`rfc8785`, against which our writer is tested with made-up values, gives RFC 8785's own outputs."""
    value = json.loads((FOLDER / f"jcs/testdata/input/{name}.json").read_bytes())
    assert rfc8785.dumps(value) == (FOLDER / f"jcs/testdata/output/{name}.json").read_bytes()


def test_merkle_roots_are_the_published_ones() -> None:
    """Our tree over the reference leaves has the roots for which the published proofs are good."""
    trees = [Tree()]
    for leaf in LEAVES:
        trees.append(trees[-1].append(bytes.fromhex(leaf)))
    roots = [tree.root() for tree in trees]
    assert roots[0] == EMPTY_ROOT
    vectors = [vector for vector in load_all("merkle/testdata/*/**/*.json") if not vector["wantErr"]]
    named = {(size, root) for vector in vectors for size, root in sized_roots(vector) if size > 1}
    assert len(named) >= 5
    assert [size for size, root in named if roots[size] != root] == []
    assert all(one != other for one, other in pairwise(roots))


def test_merkle_inclusion_proofs_get_the_published_verdicts() -> None:
    """What transparency-dev calls an inclusion proof is one for us, and nothing else is."""
    vectors = load_all("merkle/testdata/inclusion/**/*.json")
    assert len(vectors) == 98
    for vector in vectors:
        leaf, root = unpadded(vector["leafHash"] or ""), unpadded(vector["root"] or "")
        claim = (leaf, vector["leafIdx"], vector["treeSize"], hashes(vector["proof"]), root)
        assert accepted(check_inclusion, *claim) == (not vector["wantErr"]), vector["desc"]


def test_merkle_consistency_proofs_get_the_published_verdicts() -> None:
    """The same for consistency; as they do, we take no proof from size 0, whatever it holds."""
    vectors = load_all("merkle/testdata/consistency/**/*.json")
    assert len(vectors) == 98
    for vector in vectors:
        (old, old_root), (new, new_root) = sized_roots(vector)
        claim = (old, old_root, new, new_root, hashes(vector["proof"]))
        assert accepted(check_consistency, *claim) == (not vector["wantErr"]), vector["desc"]


def hashes(proof: list[str] | None) -> list[bytes]:
    return [unpadded(node) for node in proof or ()]


def accepted(check: Callable[..., None], *claim: Any) -> bool:
    refusal = None
    try:
        check(*claim)
    except Rejected as refused:
        refusal = refused.code
    assert refusal in {None, Code.PROOF}
    return refusal is None


def sized_roots(vector: dict[str, Any]) -> list[tuple[int, bytes]]:
    """The (size, root) pairs in an inclusion or consistency vector; size 1 is used there with made-up roots."""
    if "treeSize" in vector:
        return [(vector["treeSize"], unpadded(vector["root"]))]
    return [(vector[f"size{n}"], unpadded(vector[f"root{n}"] or "")) for n in (1, 2)]


def test_our_content_is_cloudevents() -> None:
    """The JSON Schema of CloudEvents takes the content of every accepted case, and would notice a missing member."""
    checker = jsonschema.Draft7Validator(load("cloudevents/cloudevents.json"))
    outcomes = [json.loads(path.read_bytes()) for path in OURS.glob("accept/*/expected.json")]
    contents = [outcome["content"] for outcome in outcomes if "content" in outcome]
    assert len(contents) >= 8
    for content in contents:
        checker.validate(content)
        assert not checker.is_valid({name: value for name, value in content.items() if name != "source"})
