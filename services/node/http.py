"""The node's HTTP door: who is asking, coded errors as problem details (RFC 9457), bounded bodies, strict JSON."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import cache
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.canonical import parse
from contracts.codes import advice
from contracts.errors import Code, Rejected
from contracts.events.body import place
from contracts.mechanism import Permission
from services.node.database import AWAY
from services.node.officers import Officer, Officers

MEDIA_TYPE = "application/problem+json"
MAX_BODY = 1024 * 1024
MAX_BUNDLE = 16 * 1024 * 1024
LARGER: Mapping[str, int] = {"/desk/audit": MAX_BUNDLE}  # by path: only whoever is logged in gets so far as to be read
BODY_WITHIN_S = 60.0  # a full page over a bad line; whoever needs longer may be holding the door open on purpose
STATUS = {
    Code.IDENTITY: HTTPStatus.UNAUTHORIZED,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.BOUND: HTTPStatus.FORBIDDEN,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.STATE: HTTPStatus.CONFLICT,
    Code.CONFLICT: HTTPStatus.CONFLICT,
    Code.STALE: HTTPStatus.PRECONDITION_FAILED,
    Code.SIZE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Code.PACE: HTTPStatus.TOO_MANY_REQUESTS,
    Code.UNEXPECTED: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.ACCESS: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.BEHIND: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_FRAMEWORK: dict[int, Code] = {
    HTTPStatus.NOT_FOUND: Code.NOT_FOUND,
    HTTPStatus.BAD_REQUEST: Code.JSON,
}  # 400: a body that is no text
Documented = dict[int | str, dict[str, object]]  # as FastAPI's `responses`
AT_EVERY_DOOR = (Code.IDENTITY, Code.FORBIDDEN, Code.NOT_FOUND, Code.SCHEMA, Code.SIZE, Code.SLOW, Code.PACE)
bearer = HTTPBearer(auto_error=False, description="An officer's token")
AT_DESK = "rajut.officer"  # who is known already, in the scope of a request that is made inside this process
# FastAPI names what it builds of a body and keeps pydantic quiet about that; bodies of events are built later, when
# the first request comes.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


class Answer(BaseModel):
    """Part of a response."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """A coded error (RFC 9457): what happened and what to do next, in both languages."""

    type: str
    title: str
    title_id: str
    status: int
    code: str
    detail: str  # where, never what stood there


class Unchanged(Exception):
    """What would be answered is what the caller has already: nothing is shown (RFC 9110 13.1.2)."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """`headers` are those that the answer would have had."""
        super().__init__()
        self.headers = headers


@cache
def problems(*codes: Code) -> Documented:
    """How a route's refusals read in OpenAPI: those of every door, and these."""
    by_status: dict[int, list[Code]] = {}
    for code in dict.fromkeys((*AT_EVERY_DOOR, *codes)):
        by_status.setdefault(status_of(code), []).append(code)
    return {status: _documented(of_status) for status, of_status in by_status.items()}


def status_of(code: Code) -> int:
    """The HTTP status of a refusal."""
    return int(STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY))


def allowed(officers: Officers, permission: Permission) -> Callable[[Request], Awaitable[Officer]]:
    """A route dependency: the officer who asks, if their role has the permission.

    They show a token, or the desk of this process has them logged in and asks in their name, in a scope: no network
    reaches that.
    """

    async def officer(request: Request) -> Officer:
        known = request.scope.get(AT_DESK) or await _by_token(officers, request)
        officers.allow(known, permission)
        return known

    return officer


async def _by_token(officers: Officers, request: Request) -> Officer:
    given = await bearer(request)
    officer = officers.identify(given.credentials if given else "")
    officers.pace.step(officer.officer)
    return officer


def install(app: FastAPI) -> None:
    """Make every error of this app a problem with a code, and bound every body."""
    for kind in (Rejected, Unchanged, RequestValidationError, HTTPException, *AWAY, Exception):
        app.add_exception_handler(kind, _answer)
    app.add_middleware(BoundedBody)


def problem(code: Code, detail: str = "", status: HTTPStatus | None = None) -> JSONResponse:
    """One coded error: what happened, in both languages, and what to do next. Never a value of the request."""
    number = int(status or status_of(code))
    body = Problem(
        type=f"urn:rajut:error:{code}",
        title=advice(code, "en"),
        title_id=advice(code, "id"),
        status=number,
        code=code,
        detail=detail,
    )
    return JSONResponse(body.model_dump(), number, media_type=MEDIA_TYPE)


def _documented(codes: Sequence[Code]) -> dict[str, object]:
    schema = {"schema": Problem.model_json_schema()}
    return {
        "description": "; ".join(f"{code}: {advice(code, 'en')}" for code in codes),
        "content": {MEDIA_TYPE: schema},
    }


async def _answer(_request: Request, error: Exception) -> Response:
    match error:
        # The framework wraps what its own reading of a body met.
        case (Rejected() as why) | HTTPException(__cause__=Rejected() as why):
            return problem(why.code, why.detail)
        case Unchanged():
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=error.headers)
        case RequestValidationError():
            return problem(Code.SCHEMA, _where(error.errors()[0]["loc"]))
        case HTTPException():
            return _of_framework(error)
        case _:
            return problem(Code.UNAVAILABLE if isinstance(error, AWAY) else Code.UNEXPECTED)


def _of_framework(error: HTTPException) -> JSONResponse:
    """What the framework itself refuses; where the method is wrong, with the header that says which there are."""
    if error.status_code in _FRAMEWORK:
        return problem(_FRAMEWORK[error.status_code])
    where = "method" if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else ""
    told = problem(Code.SCHEMA, where, HTTPStatus(error.status_code))
    told.headers.update({name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"})
    return told


def _where(loc: Sequence[int | str]) -> str:
    """A place in a request. A header has the name that the route gave it: nobody who asks has chosen it."""
    return ".".join(map(str, loc)) if loc[0] == "header" else place(loc)


class StrictRoute(APIRoute):
    """A route whose JSON body is read as strictly as a report: of two members with one name, which would count?

    As of a report, it does not matter what the body is called: one that is JSON is taken under any content type.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        """The framework's handler, given a request that reads so."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            told = [header for header in request.scope["headers"] if header[0] != b"content-type"]
            named = {**request.scope, "headers": [*told, (b"content-type", b"application/json")]}
            return await handle(_StrictRequest(named, request.receive))

        return strictly


class _StrictRequest(Request):
    async def json(self) -> object:
        return parse(await self.body(), max_bytes=MAX_BODY)


class BoundedBody:
    """Refuses a body larger than MAX_BODY before it is in memory, and one that takes longer than BODY_WITHIN_S."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whoever reads the body meets Rejected(SIZE | SLOW) once it is too much."""
        most = LARGER.get(scope.get("path", ""), MAX_BODY)
        await self._app(scope, _bounded(receive, most) if scope["type"] == "http" else receive, send)


def _bounded(receive: Receive, most: int) -> Receive:
    size, until = 0, _in(BODY_WITHIN_S)

    async def bounded() -> Message:
        nonlocal size, until
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise Rejected(Code.SLOW, "body") from None
        size += len(message.get("body", b""))
        if size > most:
            raise Rejected(Code.SIZE, "body")
        until = until if message.get("more_body") else None  # what follows the body is waited for without end
        return message

    return bounded


def _in(seconds: float) -> float | None:
    return asyncio.get_running_loop().time() + seconds
