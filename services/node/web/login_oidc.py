"""Logging in and out with `login = "oidc"`: the browser goes to the agency's login server and comes back with a code.

What a login needs until then is in a cookie of that one browser, for ten minutes, under a key that is made when the
node starts: a cookie that is not ours makes us ask the login server nothing. It must come along when the login server
sends the browser back, so it is `lax`; the session's is `strict`, and is therefore not sent by a page that another site
led to. So the way in ends on a page of ours, which goes on by itself; and so does the way out, for a form of ours may
lead nowhere else.
"""

import hmac
import secrets
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from contracts.encoding import b64, unb64
from contracts.errors import Code, Rejected
from services.node.clock import Clock
from services.node.settings import Home
from services.node.web.oidc import Issuer, Login
from services.node.web.shell import Shell, Visitor, local
from services.node.web.staff import bind

BACK = "/desk/login/back"
WITHIN_S = 600
_BYTES = 32
To = Annotated[str, Query(max_length=200)]


def router(shell: Shell, issuer: Issuer) -> APIRouter:
    """`/login` with the way there and back, and `/logout`."""
    routes, cookie = APIRouter(), "__Host-rajut-login" if shell.web.secure else "rajut-login"
    key = secrets.token_bytes(_BYTES)

    @routes.get("/login")
    async def ask(request: Request, to: To = "/desk") -> Response:
        return shell.page(request, "login_oidc.html", to=local(to))

    @routes.get("/login/away")
    async def away(to: To = "/desk") -> Response:
        login = Login.begin()
        answer = RedirectResponse(await issuer.address(login), 303)
        kept = packed(login, local(to), _now_s(), key)
        answer.set_cookie(cookie, kept, WITHIN_S, secure=shell.web.secure, httponly=True, samesite="lax", path="/")
        return answer

    @routes.get("/login/back")
    async def back(request: Request) -> Response:
        login, to = unpacked(request.cookies.get(cookie, ""), _now_s(), key)
        arrived = await issuer.finish(login, request.query_params)
        await bind(shell.desk.pool, arrived, shell.now())
        answer = _onward(request, to)
        shell.sessions.keep(answer, await shell.sessions.begin(arrived.officer, arrived.hint))
        answer.delete_cookie(cookie, path="/", secure=shell.web.secure, httponly=True, samesite="lax")
        return answer

    @routes.post("/logout")
    async def leave(request: Request, visitor: Annotated[Visitor, Depends(shell.visitor)]) -> Response:
        hint = await shell.sessions.end(visitor.session)
        place = ""
        with suppress(Rejected):  # who wants to leave is out of here, whether or not the issuer answers
            place = await issuer.leave(f"{shell.web.origin}/desk/login", hint)
        answer = _onward(request, place or "/desk/login")
        shell.sessions.drop(answer)
        return answer

    def _onward(request: Request, to: str) -> Response:
        answer = shell.page(request, "onward.html", to=to)
        answer.headers["Refresh"] = f"0; url={to}"
        return answer

    def _now_s() -> int:
        return shell.desk.clock.now_ms() // 1000

    return routes


def issuer_of(home: Home, clock: Clock) -> Issuer | None:
    """Where the staff of a node log in; None if they type tokens. BadSettings if the client's secret is not there."""
    web = home.settings.web
    if web is None or web.oidc is None:
        return None
    return Issuer(web.oidc, home.secret(web.oidc.secret), clock, f"{web.origin}{BACK}")


def packed(login: Login, to: str, now_s: int, key: bytes) -> str:
    """What a browser is sent away with, so that whoever has the key knows it again."""
    text = "\n".join((*login, to, str(now_s))).encode()
    return b64(hmac.digest(key, text, "sha256") + text)


def unpacked(kept: str, now_s: int, key: bytes) -> tuple[Login, str]:
    """What this browser was sent away with; Rejected(IDENTITY) if it was not, or longer than WITHIN_S ago."""
    try:
        raw = unb64(kept)
        ours = hmac.compare_digest(raw[:_BYTES], hmac.digest(key, raw[_BYTES:], "sha256"))
        *login, to, sent_at = raw[_BYTES:].decode().split("\n")
        known, in_time = Login(*login), now_s - int(sent_at) <= WITHIN_S
    except (Rejected, ValueError, TypeError):
        raise Rejected(Code.IDENTITY, "state") from None
    if not ours or not in_time:
        raise Rejected(Code.IDENTITY, "state")
    return known, local(to)
