"""Puts the desk together: its pages as an app of its own, beside the API and not in its description."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from contracts.errors import Code, Rejected
from services.node import telemetry
from services.node.database import AWAY
from services.node.http import BoundedBody
from services.node.service import Desk
from services.node.settings import BadSettings, Web
from services.node.web import act, audit, case, dates, live, login, login_oidc, operations, queue, timeline
from services.node.web.oidc import Issuer
from services.node.web.panel import Pages
from services.node.web.session import Sessions
from services.node.web.shell import HERE, Away, Shell, guarded, local, policed

PAGES = (queue, case, act, timeline, audit, operations, dates, live)


def site(desk: Desk, api: FastAPI, web: Web, pages: Mapping[str, Pages], issuer: Issuer | None = None) -> FastAPI:
    """The desk of a node, to be mounted at `/desk`; staff log in at `issuer`, or without it by typed tokens.

    Raises BadSettings if they would do that anywhere but on this machine, or if browsers elsewhere reach it in clear.
    """
    if issuer is None and not (_loopback(web.origin) and _loopback(f"//{desk.settings.http.host}")):
        raise BadSettings("node.toml: web.login: demo is for a rehearsal on one machine; staff log in by oidc")
    if not web.secure and not _loopback(web.origin):
        raise BadSettings("node.toml: web.origin: https")
    shell = Shell(desk, api, web, pages, Sessions(desk.pool, desk.clock, secure=web.secure))
    entrance = login_oidc.router(shell, issuer) if issuer else login.router(shell)
    makers = (*(page.router for page in PAGES), *(maker for one in pages.values() for maker in one.routers))
    routes = [route for router in (entrance, *(make(shell) for make in makers)) for route in router.routes]
    app = FastAPI(routes=routes, openapi_url=None, telemetry={"tracing": False, "logs": False, "auto_configure": False})
    app.mount("/static", GZipMiddleware(_Unchanged(directory=HERE / "static")), name="static")
    _errors(app, shell)
    app.add_middleware(BoundedBody)
    app.middleware("http")(guarded)
    if web.secure:
        app.middleware("http")(_by_tls_alone)
    return app


async def _by_tls_alone(request: Request, call: RequestResponseEndpoint) -> Response:
    """A browser that was here once comes by HTTPS only, whoever answers in clear on the office network (RFC 6797)."""
    answer = await call(request)
    answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer


class _Unchanged(StaticFiles):
    """Script and style may be kept and are asked for each time: on a bad line they come once, and nobody is in them.

    They alone are compressed: how long a compressed page is would tell who listens what stands in it (BREACH).
    """

    def file_response(self, *args: Any, **more: Any) -> Response:  # noqa: ANN401  as the framework's
        answer = super().file_response(*args, **more)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def _errors(app: FastAPI, shell: Shell) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        if isinstance(error, Away):
            return RedirectResponse(f"/desk/login?to={local(request.url.path)}", 303)
        code, detail = _told(error)
        try:
            visitor = await shell.visitor(request) if request.method == "GET" else None
        except (Away, Rejected, *AWAY):
            visitor = None
        # What nobody expected is answered outside of everything else that puts the policy on answers.
        return policed(shell.refusal(request, visitor, code, detail))

    for kind in (Away, Rejected, RequestValidationError, HTTPException, *AWAY, ExceptionGroup, Exception):
        app.add_exception_handler(kind, refused)


def _told(error: Exception) -> tuple[str, str]:
    match error:
        case Rejected():
            return error.code, error.detail
        case ExceptionGroup():  # how the framework tells of a body that the outer door has refused
            return _told(error.exceptions[0])
        case HTTPException(status_code=404):
            return Code.NOT_FOUND, ""
        case HTTPException() | RequestValidationError():
            wrong = _mistyped(error)
            return (Code.NOT_FOUND, wrong) if wrong else (Code.SCHEMA, "")
        case _ if isinstance(error, AWAY):
            return Code.UNAVAILABLE, ""
        case _:
            telemetry.stumbled("desk", error)
            return Code.UNEXPECTED, ""


def _mistyped(error: Exception) -> str:
    """What of the address is no name of its kind, such as `case`: there is none; "" if that is not what is wrong."""
    places = [told["loc"] for told in error.errors()] if isinstance(error, RequestValidationError) else []
    return next((str(name) for where, name, *_ in places if where == "path"), "")


def _loopback(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
