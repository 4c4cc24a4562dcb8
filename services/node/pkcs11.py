"""Signing keys that never leave their token: PKCS#11, mechanism CKM_EDDSA (PKCS#11 3.1, 6.3.14).

Where a home would have a key's seed it may have a URI (RFC 7512) that says which token holds the key:

    pkcs11:token=rajut;object=lpsk.protection.2?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/rajut/pin

A token that was taken out and put back is opened anew at the next signature. All calls come from one thread.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pkcs11
from pkcs11 import Attribute, Key, KeyType, Mechanism, ObjectClass, PKCS11Error, Session, SignMixin

from contracts.errors import Code, Rejected
from contracts.signing import KEY_BYTES
from services.node.settings import BadSettings

_MEMBERS = frozenset({"token", "object", "module-path", "pin-source"})
_CURVE = b"\x13\x0cedwards25519"  # DER PrintableString, PKCS#11 3.1, 6.3.3
_OCTET_STRING = b"\x04\x20"  # DER: how PKCS#11 before 3.0, and SoftHSM, wrap the 32 bytes of the point


class Place(NamedTuple):
    """Where a token holds a key."""

    module: str  # path of the token's library
    token: str  # label of the token
    key: str  # label of the key pair
    pin: Path  # file that holds the user PIN


class TokenSigner:
    """Signs with a key in a token."""

    def __init__(self, kid: str, place: Place) -> None:
        """Find the key pair; BadSettings if token, PIN or key cannot be used."""
        self.kid = kid
        self._place = place
        try:
            self.public = _point(_session(place).get_key(ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS, label=place.key))
            _private_key(place)
        except (PKCS11Error, OSError) as error:
            raise _unusable(error) from None

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`; Rejected(UNAVAILABLE) if the token gives none, also when opened anew."""
        try:
            return _sign(self._place, message)
        except PKCS11Error:
            reopen(self._place)
        try:
            return _sign(self._place, message)
        except (PKCS11Error, OSError):
            raise Rejected(Code.UNAVAILABLE, "token") from None


def place_of(uri: str) -> Place:
    """The place that a URI names; BadSettings if it is not one that we can use."""
    scheme, _, rest = uri.strip().partition(":")
    pairs = [part.partition("=") for part in rest.replace("?", ";").replace("&", ";").split(";")]
    members = {name: unquote(value) for name, _, value in pairs}
    pin = Path(members.get("pin-source", "").removeprefix("file:"))
    if scheme != "pkcs11" or members.keys() != _MEMBERS or len(pairs) != len(members) or not pin.is_absolute():
        raise BadSettings("pkcs11: a URI needs token, object, module-path and pin-source (the path of a file), no more")
    return Place(members["module-path"], members["token"], members["object"], pin)


def ensure(place: Place) -> None:
    """Make the key pair in the token, unless one of that label is there; BadSettings if the token does not."""
    try:
        with _open(place, rw=True) as session:
            if list(session.get_objects({Attribute.LABEL: place.key})):
                return
            domain = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _CURVE}, local=True)
            mechanism = Mechanism.EC_EDWARDS_KEY_PAIR_GEN
            domain.generate_keypair(mechanism=mechanism, store=True, label=place.key, id=place.key.encode())
    except (PKCS11Error, OSError) as error:
        raise _unusable(error) from None


def reopen(place: Place) -> None:
    """Start a token's library again, which may have lost its token, and forget what was open."""
    _private_key.cache_clear()
    _session.cache_clear()
    pkcs11.lib(place.module).reinitialize()


def _sign(place: Place, message: bytes) -> bytes:
    return bytes(_private_key(place).sign(message, mechanism=Mechanism.EDDSA))


@cache
def _private_key(place: Place) -> SignMixin:
    key = _session(place).get_key(ObjectClass.PRIVATE_KEY, KeyType.EC_EDWARDS, label=place.key)
    if not isinstance(key, SignMixin):
        raise BadSettings("pkcs11: the key may not sign")
    return key


@cache
def _session(place: Place) -> Session:
    return _open(place)


def _open(place: Place, *, rw: bool = False) -> Session:
    """A session with the token. PKCS#11 logs a process in once, for all its sessions with a token."""
    token = pkcs11.lib(place.module).get_token(token_label=place.token)
    try:
        return token.open(rw=rw, user_pin=place.pin.read_text(encoding="ascii").strip())
    except pkcs11.UserAlreadyLoggedIn:
        return token.open(rw=rw)


def _point(key: Key) -> bytes:
    point = bytes(key[Attribute.EC_POINT])
    return point.removeprefix(_OCTET_STRING) if len(point) > KEY_BYTES else point


def _unusable(error: Exception) -> BadSettings:
    return BadSettings(f"pkcs11: the token says {type(error).__name__}")
