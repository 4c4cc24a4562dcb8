"""Staff log in at their agency's own login server: OpenID Connect, authorization code with PKCE.

What comes back through the browser is a code that is worth nothing without what stays here: the verifier (RFC 7636) and
the client's secret. For these the issuer itself hands out an ID token, which is believed if its signature, issuer,
audience, times and nonce hold. It says who that is, and in which role. No other kind of token is used.

Anybody can make us ask, so few requests are under way at a time, and what the issuer publishes is kept for a minute. A
key that we have not heard of is asked for at once.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from services.node.clock import Clock
from services.node.officers import Officer
from services.node.settings import Oidc
from services.node.web.id_token import MAX_AGE_S, Expected, names_one_of, officer_of, read_keys, subject_of, verified

FRESH_MS = 60_000
AT_ONCE = 16  # requests to the issuer
WITHIN_S = 5.0
MAX_ANSWER = 1024 * 1024
MAX_HINT = 2000  # longer ones do not fit into an answer's head where a proxy bounds it to 4 KiB
_DISCOVERY = "/.well-known/openid-configuration"
_BYTES = 32


class Login(NamedTuple):
    """What one browser keeps while its officer is away at the issuer; nobody else may learn it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def begin(cls) -> "Login":
        """A login that nobody can have prepared for somebody else."""
        return cls(*(secrets.token_urlsafe(_BYTES) for _ in cls._fields))


class Arrival(NamedTuple):
    """Somebody back from the issuer."""

    officer: Officer  # who they are here, by what the issuer tells of them
    issuer: str
    subject: str  # who they are there, for ever
    hint: str  # by which the issuer knows whom to forget when they leave; "" if it is too long to be kept


class _Kept(NamedTuple):
    """What an issuer published, and when."""

    at_ms: int
    body: bytes


class _Metadata(BaseModel):
    """What an issuer says of itself, as far as we need it (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""  # RP-Initiated Logout 1.0, 2.1


class _Tokens(BaseModel):
    """What is handed out for a code; the access token is left where it is."""

    id_token: str


class Issuer:
    """An agency's login server."""

    def __init__(self, told: Oidc, secret: str, clock: Clock, back: str) -> None:
        """`secret` is the client's; `back` is the address that the issuer sends browsers back to."""
        self._told = told
        self._secret = secret
        self._clock = clock
        self._back = back
        # Nothing of one login goes along with another: no cookie, no connection.
        self._client = httpx2.AsyncClient(
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx2.Limits(max_keepalive_connections=0),
        )
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._kept: dict[str, _Kept] = {}

    async def close(self) -> None:
        """Let go of every connection; nothing can be asked after that."""
        await self._client.aclose()

    async def address(self, login: Login) -> str:
        """Where to send a browser to log in; Rejected(UNAVAILABLE) if the issuer does not answer as it should."""
        asked = {
            "response_type": "code",
            "client_id": self._told.client,
            "redirect_uri": self._back,
            "scope": self._told.scope,
            "state": login.state,
            "nonce": login.nonce,
            "max_age": str(MAX_AGE_S),
            "code_challenge": b64(sha256(login.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return _with((await self._metadata()).authorization_endpoint, asked)

    async def finish(self, login: Login, answer: Mapping[str, str]) -> Arrival:
        """Who it is for whom the issuer answered; `answer` is the query that the browser came back with.

        Raises Rejected(IDENTITY) if it is no answer to this login, or is not borne out by a good ID token;
        Rejected(FORBIDDEN) if the person has none of our roles, or several; Rejected(UNAVAILABLE) as `address`.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), login.state.encode()):
            raise Rejected(Code.IDENTITY, "state")
        if answer.get("iss", self._told.issuer) != self._told.issuer:  # RFC 9207: not some other server's code
            raise Rejected(Code.IDENTITY, "iss")
        metadata = await self._metadata()
        token = await self._token(metadata.token_endpoint, login, answer.get("code", ""))
        keys = await self._keys(metadata.jwks_uri, token)
        expected = Expected(self._told.issuer, self._told.client, login.nonce)
        claims = verified(token, keys, expected, self._clock.now_ms() // 1000)
        hint = token if len(token) <= MAX_HINT else ""
        return Arrival(officer_of(claims, self._told), self._told.issuer, subject_of(claims), hint)

    async def leave(self, to: str, hint: str) -> str:
        """Where to send a browser to log out at the issuer, too, and then on to `to`; "" if it knows no such place.

        `hint` is that of the arrival (RP-Initiated Logout 1.0, 2).
        """
        place = (await self._metadata()).end_session_endpoint
        asked = {"client_id": self._told.client, "post_logout_redirect_uri": to, "id_token_hint": hint}
        return place and _with(place, {name: value for name, value in asked.items() if value})

    async def _metadata(self) -> _Metadata:
        body = await self._published(self._told.issuer.rstrip("/") + _DISCOVERY)
        try:
            metadata = _Metadata.model_validate_json(body)
        except ValidationError:
            raise Rejected(Code.UNAVAILABLE, "issuer") from None
        places = [place for name, place in metadata if name != "issuer" and place]
        if metadata.issuer != self._told.issuer or any(_scheme(place) != _scheme(metadata.issuer) for place in places):
            raise Rejected(Code.UNAVAILABLE, "issuer")
        return metadata

    async def _token(self, endpoint: str, login: Login, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": login.verifier,
        }
        client = quote(self._told.client, safe=""), quote(self._secret, safe="")  # RFC 6749 2.3.1
        status, body = await self._asked("POST", endpoint, data=form, auth=client)
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:  # RFC 6749 5.2
            raise Rejected(Code.IDENTITY, "code")
        try:
            return _Tokens.model_validate_json(_good(status, body)).id_token
        except ValidationError:
            raise Rejected(Code.UNAVAILABLE, "issuer") from None

    async def _keys(self, place: str, token: str) -> KeySet:
        """Those that the issuer publishes, asked for anew if the token names one that we have not heard of."""
        keys = read_keys(await self._published(place))
        return keys if names_one_of(keys, token) else read_keys(await self._published(place, anew=True))

    async def _published(self, url: str, *, anew: bool = False) -> bytes:
        kept, now = self._kept.get(url), self._clock.now_ms()
        if anew or kept is None or abs(now - kept.at_ms) > FRESH_MS:
            kept = self._kept[url] = _Kept(now, _good(*await self._asked("GET", url)))
        return kept.body

    async def _asked(self, method: str, url: str, **more: Any) -> tuple[int, bytes]:  # noqa: ANN401  as httpx2 takes it
        """Status and body of an answer that is neither late nor large; it is taken from nowhere but there."""
        body = b""
        if self._turns.locked():  # nobody queues: whoever does not get through is told so, and may try again
            raise Rejected(Code.UNAVAILABLE, "issuer")
        try:
            async with (
                self._turns,
                asyncio.timeout(WITHIN_S),
                self._client.stream(method, url, **more) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER:
                        raise Rejected(Code.UNAVAILABLE, "issuer")
                return answer.status_code, body
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            raise Rejected(Code.UNAVAILABLE, "issuer") from None


def _good(status: int, body: bytes) -> bytes:
    if status != HTTPStatus.OK:
        raise Rejected(Code.UNAVAILABLE, "issuer")
    return body


def _with(place: str, asked: Mapping[str, str]) -> str:
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"


def _scheme(place: str) -> str:
    return urlsplit(place).scheme
