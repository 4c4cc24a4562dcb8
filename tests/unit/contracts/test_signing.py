import pytest
from hypothesis import given, strategies as st

from contracts.errors import Code, Rejected
from contracts.signing import SeedSigner, check_enrolment, prove_possession, verify

KID = "lpsk.node.1"
# RFC 8032 7.1, tests 1 to 3: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def signer(kid: str = KID, seed: bytes = b"s" * 32) -> SeedSigner:
    return SeedSigner(kid, seed)


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    """Key, signature and verdict are the published ones."""
    holder = signer(seed=bytes.fromhex(seed))
    assert holder.public.hex() == public
    assert holder.sign(bytes.fromhex(message)).hex() == signature
    verify(holder.public, bytes.fromhex(message), bytes.fromhex(signature))


@given(st.binary(max_size=200), st.binary(max_size=80))
def test_no_other_signature_is_good(message: bytes, signature: bytes) -> None:
    """Made-up bytes, of whatever length, get the one verdict."""
    with pytest.raises(Rejected) as caught:
        verify(signer().public, message, signature)
    assert caught.value.code == Code.SIGNATURE


@pytest.mark.parametrize("position", range(64))
def test_every_byte_of_a_signature_counts(position: int) -> None:
    """A signature with any one byte changed is no signature."""
    good = bytearray(signer().sign(b"message"))
    good[position] ^= 1
    with pytest.raises(Rejected):
        verify(signer().public, b"message", bytes(good))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_the_wrong_length_verifies_nothing(length: int) -> None:
    """A broken key is a verdict, not an accident."""
    with pytest.raises(Rejected) as caught:
        verify(bytes(length), b"message", signer().sign(b"message"))
    assert caught.value.code == Code.SIGNATURE


def test_who_holds_the_secret_can_be_enrolled() -> None:
    """A proof made with the secret, for this name, is enough."""
    check_enrolment(KID, signer().public, prove_possession(signer(), signer().public))


@pytest.mark.parametrize(
    ("kid", "public", "proof"),
    [
        ("lpsk.node.2", signer().public, prove_possession(signer(), signer().public)),
        (KID, signer(seed=b"t" * 32).public, prove_possession(signer(), signer().public)),
        (KID, signer().public, signer().sign(signer().public)),
        (KID, signer().public, b""),
        (KID, signer().public[:31], bytes(64)),
        (KID, b"", bytes(64)),
        (KID, bytes(32), bytes(64)),
    ],
    ids=["another name", "another key", "another message", "no proof", "short key", "no key", "small order"],
)
def test_who_does_not_hold_the_secret_cannot(kid: str, public: bytes, proof: bytes) -> None:
    """A proof is good for one name and one key; nobody enrols a key that is not theirs."""
    with pytest.raises(Rejected) as caught:
        check_enrolment(kid, public, proof)
    assert caught.value.code == Code.KEY


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_has_32_bytes(length: int) -> None:
    """A cut-off key file is noticed at once."""
    with pytest.raises(ValueError, match="seed"):
        signer(seed=bytes(length))
