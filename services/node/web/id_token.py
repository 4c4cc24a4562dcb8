"""Whose ID token is believed, and who that makes somebody at our desk (OpenID Connect Core 1.0, 3.1.3.7).

Signature, issuer, audience, times and nonce must hold, and the person must have shown who they are no longer ago than a
session here lasts unseen: whoever comes upon the browser later, at a login server that remembers it, is asked.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import Field, TypeAdapter, ValidationError

from contracts.errors import Code, Rejected
from contracts.events.fields import OfficerName
from services.node.officers import Officer
from services.node.settings import Oidc
from services.node.web.session import AWAY_AFTER

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")  # with public keys: nobody signs with what all may read
SKEW_S = 60  # how far the issuer's clock may be from ours
MAX_AGE_S = int(AWAY_AFTER.total_seconds())  # since somebody has shown the issuer who they are
MAX_EMAIL = 254  # RFC 5321 4.5.3.1.3
_PSEUDONYM: TypeAdapter[str] = TypeAdapter(OfficerName)
_SUBJECT: TypeAdapter[str] = TypeAdapter(
    Annotated[str, Field(strict=True, pattern=r"^[ -~]{1,255}$")]
)  # OpenID Connect Core 1.0, 2


class Expected(NamedTuple):
    """What an ID token must say of itself."""

    issuer: str
    client: str
    nonce: str


def read_keys(jwks: bytes) -> KeySet:
    """The keys that an issuer publishes (RFC 7517 5), of the kinds that we know; Rejected(UNAVAILABLE) if none."""
    try:
        return KeySet.import_key_set(TypeAdapter(dict[str, Any]).validate_json(jwks))  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError):
        raise Rejected(Code.UNAVAILABLE, "issuer") from None


def names_one_of(keys: KeySet, token: str) -> bool:
    """Whether the key that signed a token, as it says, is among these."""
    try:
        keys.get_by_kid(jws.extract_compact(token.encode()).headers().get("kid"))
    except (JoseError, ValueError):
        return False
    return True


def verified(token: str, keys: KeySet, expected: Expected, now_s: int) -> Mapping[str, Any]:
    """The claims of an ID token that is signed by one of these keys, for us, now and for this login.

    Whom it speaks of was asked who they are within MAX_AGE_S (OpenID Connect Core 1.0, 3.1.2.1).

    Raises Rejected(IDENTITY).
    """
    rules = jwt.JWTClaimsRegistry(
        now=now_s,
        leeway=SKEW_S,
        iss={"essential": True, "value": expected.issuer},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        rules.validate(claims)
    except (JoseError, ValueError, TypeError):
        raise Rejected(Code.IDENTITY, "id_token") from None
    if claims.get("aud") not in (expected.client, [expected.client]):  # nobody else's token, and not shared with others
        raise Rejected(Code.IDENTITY, "id_token")
    asked_at = claims.get("auth_time")
    if not isinstance(asked_at, int | float) or not -SKEW_S <= now_s - asked_at <= MAX_AGE_S + SKEW_S:
        raise Rejected(Code.IDENTITY, "auth_time")
    return claims


def officer_of(claims: Mapping[str, Any], told: Oidc) -> Officer:
    """Who that is at our desk: Rejected(IDENTITY) without a pseudonym, Rejected(FORBIDDEN) unless in just one role."""
    try:
        officer = _PSEUDONYM.validate_python(claims.get(told.officer))
    except ValidationError:
        raise Rejected(Code.IDENTITY, "officer") from None
    return Officer(officer, _role(claims, told), _email(claims.get(told.email)))


def subject_of(claims: Mapping[str, Any]) -> str:
    """Whom the issuer means, whatever they are called: Rejected(IDENTITY) if that is no name that lasts."""
    try:
        return _SUBJECT.validate_python(claims.get("sub"))
    except ValidationError:
        raise Rejected(Code.IDENTITY, "sub") from None


def _role(claims: Mapping[str, Any], told: Oidc) -> str:
    found: Any = claims
    for name in told.role:
        found = found.get(name) if isinstance(found, Mapping) else None
    named = found if isinstance(found, list) else [found]
    roles = {told.roles[one] for one in named if isinstance(one, str) and one in told.roles}
    if len(roles) != 1:
        raise Rejected(Code.FORBIDDEN, "role")
    return roles.pop()


def _email(text: object) -> str:
    """An address that a mail could be sent to, or ""."""
    fits = isinstance(text, str) and len(text) <= MAX_EMAIL and text.isprintable() and text.count("@") == 1
    return str(text) if fits else ""
