"""A signing key in a PKCS#11 token (SoftHSM): it signs as any other, and nobody takes it out."""

from pathlib import Path

import pytest
from pkcs11 import Attribute

from contracts.errors import Rejected
from contracts.signing import verify
from services.node.pkcs11 import Place, TokenSigner, _private_key, ensure, place_of, reopen
from services.node.settings import BadSettings
from tests.integration import softhsm

KID = "lpsk.protection.2"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Where a token of this test alone shall hold a key."""
    token = softhsm.token(tmp_path)
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    found = place_of(token.uri(KID))
    reopen(found)
    return found


def test_a_key_that_was_made_in_the_token_signs_as_any_other(place: Place) -> None:
    """Our own rule takes its signature, and takes it for nothing else; asking for the key again makes no second one."""
    ensure(place)
    signer = TokenSigner(KID, place)
    ensure(place)
    assert TokenSigner(KID, place).public == signer.public
    signature = signer.sign(b"said")
    verify(signer.public, b"said", signature)
    with pytest.raises(Rejected):
        verify(signer.public, b"unsaid", signature)


def test_the_private_half_does_not_come_out(place: Place) -> None:
    """The token says that it gives the key to nobody, and gives none."""
    ensure(place)
    key = _private_key(place)
    assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (True, False)


def test_a_token_that_is_taken_out_and_put_back_signs_again(place: Place) -> None:
    """A signature after that needs no new start of the node."""
    ensure(place)
    signer = TokenSigner(KID, place)
    reopen(place)
    verify(signer.public, b"said", signer.sign(b"said"))


def test_a_wrong_pin_is_said_before_anything_is_signed(place: Place) -> None:
    """Whoever starts a node with it learns of it at once, in one line."""
    ensure(place)
    reopen(place)
    place.pin.write_text("1111")
    with pytest.raises(BadSettings, match="PinIncorrect"):
        TokenSigner(KID, place)
