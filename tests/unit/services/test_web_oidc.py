"""Whose ID token is believed, and who that makes somebody at our desk."""

import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from services.node.officers import Officer
from services.node.settings import Oidc
from services.node.web.id_token import MAX_AGE_S, SKEW_S, Expected, officer_of, read_keys, subject_of, verified
from services.node.web.login_oidc import WITHIN_S, packed, unpacked
from services.node.web.oidc import Login

NOW = 1_795_305_600
EXPECTED = Expected("https://masuk.lpsk.example", "rajut", "nonce-1")
TOLD = Oidc(
    issuer=EXPECTED.issuer,
    client=EXPECTED.client,
    role=["realm", "roles"],
    roles={"pimpinan": "pimpinan", "ops": "operator"},
)
KEY = ECKey.generate_key("P-256", {"kid": "1", "use": "sig"})
OTHER = ECKey.generate_key("P-256", {"kid": "1"})
KEYS = KeySet([KEY])
GOOD = {
    "iss": EXPECTED.issuer,
    "aud": "rajut",
    "sub": "7",
    "exp": NOW + 300,
    "iat": NOW,
    "auth_time": NOW - 60,
    "nonce": "nonce-1",
    "preferred_username": "pimpinan-1",
    "email": "pimpinan-1@lpsk.example",
    "realm": {"roles": ["pimpinan", "uma_authorization"]},
}


def signed(claims: Mapping[str, Any], key: ECKey = KEY) -> str:
    """An ID token."""
    return jwt.encode({"alg": "ES256", "kid": "1"}, dict(claims), key)


def why(token: str) -> tuple[str, str]:
    """Why a token is not believed."""
    with pytest.raises(Rejected) as caught:
        verified(token, KEYS, EXPECTED, NOW)
    return caught.value.code, caught.value.detail


def test_a_good_token_says_who_it_is() -> None:
    """Signature, issuer, audience, times and nonce hold: the claims are believed and make an officer in a role."""
    claims = verified(signed(GOOD), KEYS, EXPECTED, NOW)
    assert officer_of(claims, TOLD) == Officer("pimpinan-1", "pimpinan", "pimpinan-1@lpsk.example")
    assert verified(signed(GOOD | {"aud": ["rajut"]}), KEYS, EXPECTED, NOW)


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "https://masuk.lpsk.example.evil"},
        {"aud": "another"},
        {"aud": ["rajut", "another"]},
        {"aud": []},
        {"nonce": "nonce-2"},
        {"nonce": ""},
        {"exp": NOW - SKEW_S},
        {"exp": "later"},
        {"iat": NOW + SKEW_S + 1},
        {"nbf": NOW + SKEW_S + 1},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_login_is_refused(other: dict[str, Any]) -> None:
    """From another issuer, for another client or for others, too, of another login, over, or of a time to come."""
    assert why(signed(GOOD | other)) == (Code.IDENTITY, "id_token")


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat", "nonce"])
def test_a_token_that_leaves_something_out_is_refused(name: str) -> None:
    """What is not said is not taken for granted."""
    assert why(signed({key: value for key, value in GOOD.items() if key != name})) == (Code.IDENTITY, "id_token")


@pytest.mark.parametrize(
    "asked_at", [None, NOW - MAX_AGE_S - SKEW_S - 1, NOW + SKEW_S + 1, str(NOW), True, float("nan")], ids=str
)
def test_whoever_was_not_asked_lately_who_they_are_is_refused(asked_at: object) -> None:
    """A login server that remembers a browser opens no desk longer than a session lasts unseen."""
    with pytest.raises(Rejected) as caught:
        verified(signed(GOOD | {"auth_time": asked_at}), KEYS, EXPECTED, NOW)
    assert (caught.value.code, caught.value.detail) == (Code.IDENTITY, "auth_time")
    assert verified(signed(GOOD | {"auth_time": NOW - MAX_AGE_S - SKEW_S}), KEYS, EXPECTED, NOW)


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\0b", "Bénédicte", "a\n", 7, ["a"]], ids=repr)
def test_a_subject_that_is_no_lasting_name_is_refused(subject: object) -> None:
    """Whom nothing can be bound to does not log in; what the standard allows, up to its last character, does."""
    with pytest.raises(Rejected) as caught:
        subject_of(GOOD | {"sub": subject})
    assert (caught.value.code, caught.value.detail) == (Code.IDENTITY, "sub")
    assert subject_of(GOOD | {"sub": "x" * 255}) == "x" * 255


def test_only_our_own_cookie_of_the_last_minutes_is_a_login() -> None:
    """What is made up, bent, another node's or kept too long is none; ours comes back as it was."""
    login, key = Login.begin(), bytes(32)
    kept = packed(login, "/desk/cases", NOW, key)
    assert unpacked(kept, NOW + WITHIN_S, key) == (login, "/desk/cases")
    bent = b64("\n".join((*login, "/desk/cases", str(NOW))).encode())
    spoiled = (
        kept[:-4] + ("AAAA" if kept[-4:] != "AAAA" else "BBBB"),
        packed(login, "/desk", NOW, b"1" * 32),
        bent,
        "",
    )
    for one, now in (*((wrong, NOW) for wrong in spoiled), (kept, NOW + WITHIN_S + 1)):
        with pytest.raises(Rejected) as caught:
            unpacked(one, now, key)
        assert (caught.value.code, caught.value.detail) == (Code.IDENTITY, "state")


def test_clocks_may_differ_by_a_minute() -> None:
    """An issuer whose clock is up to a minute off is believed, in both directions."""
    assert verified(signed(GOOD | {"exp": NOW - SKEW_S + 1}), KEYS, EXPECTED, NOW)
    assert verified(signed(GOOD | {"iat": NOW + SKEW_S}), KEYS, EXPECTED, NOW)


def test_only_the_issuers_keys_sign() -> None:
    """Another key of the same name, no signature, and the public key taken for a password are all refused."""
    head, claims, _ = signed(GOOD).split(".")
    bare, shared = (f"{b64(json.dumps({'alg': alg, 'kid': '1'}).encode())}.{claims}" for alg in ("none", "HS256"))
    passed_off = f"{shared}.{b64(hmac.digest(KEY.as_pem(private=False), shared.encode(), 'sha256'))}"
    for token in (signed(GOOD, OTHER), f"{bare}.", passed_off, f"{head}.{claims}.", "no token", ""):
        assert why(token) == (Code.IDENTITY, "id_token")


def test_keys_of_unknown_kinds_are_passed_over() -> None:
    """A kind of key that we do not know stands in nobody's way; with no key at all nothing can be believed."""
    keys = read_keys(b'{"keys": [{"kty": "AKP", "kid": "9"}, ' + _json(KEY) + b"]}")
    assert verified(signed(GOOD), keys, EXPECTED, NOW)
    for useless in (b'{"keys": []}', b"{}", b"[]", b'{"keys": [1]}', b'{"keys": [{"kty": "EC"}]}'):
        with pytest.raises(Rejected) as caught:
            read_keys(useless)
        assert caught.value.code == Code.UNAVAILABLE


def _json(key: ECKey) -> bytes:
    return json.dumps(key.as_dict(private=False)).encode()


@pytest.mark.parametrize(
    "roles", [[], ["uma_authorization"], ["pimpinan", "ops"], None, {"pimpinan": True}, [["pimpinan"]], 7], ids=str
)
def test_whoever_has_not_exactly_one_of_our_roles_stays_out(roles: object) -> None:
    """No role, none of ours, or two: the desk would have to guess, and does not."""
    with pytest.raises(Rejected) as caught:
        officer_of(GOOD | {"realm": {"roles": roles}}, TOLD)
    assert (caught.value.code, caught.value.detail) == (Code.FORBIDDEN, "role")


def test_a_role_may_be_a_word_and_be_said_twice() -> None:
    """One role in a list, named twice, or alone as text is one role."""
    for roles in ("ops", ["ops"], ["ops", "ops"]):
        assert officer_of(GOOD | {"realm": {"roles": roles}}, TOLD).role == "operator"


@pytest.mark.parametrize("name", [None, "", "Budi Santoso", "budi@lpsk.example", "x" * 65, 7, ["a"]], ids=str)
def test_a_name_that_is_no_pseudonym_is_refused(name: object) -> None:
    """What events could not carry, or what may be a person's own name with spaces, does not log in."""
    with pytest.raises(Rejected) as caught:
        officer_of(GOOD | {"preferred_username": name}, TOLD)
    assert (caught.value.code, caught.value.detail) == (Code.IDENTITY, "officer")


@pytest.mark.parametrize("email", [None, "", "no address", "a@b\r\nBcc: c@d", "a@b@c", 7], ids=str)
def test_an_address_that_is_none_is_left_out(email: object) -> None:
    """An officer without a usable address can work; nothing is ever sent to what is none."""
    assert officer_of(GOOD | {"email": email}, TOLD).email == ""
