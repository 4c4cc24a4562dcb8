"""Logging in and out. With `login = "demo"` an officer types the token of `officers.json`; every page says so."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from contracts.errors import Code, Rejected
from services.node.web.lockout import Lockout
from services.node.web.shell import Shell, Visitor, local, typed


def router(shell: Shell) -> APIRouter:
    """`/login` and `/logout`."""
    routes, lockout = APIRouter(), Lockout()
    To = Annotated[str, Query(max_length=200)]  # noqa: N806

    @routes.get("/login")
    async def ask(request: Request, to: To = "/desk") -> Response:
        return shell.page(request, "login.html", to=local(to), name="", code="", shut=False)

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        given = {name: values[0] for name, values in (await typed(request)).items()}
        name, to = given.get("officer", "").strip(), local(given.get("to", ""))
        address, now = request.client.host if request.client else "", shell.desk.clock.now_ms()
        shut = lockout.shut(address, name, now)
        if shut or not _is_theirs(name, given.get("token", "")):
            if not shut:
                lockout.failed(address, name, now)
            status = HTTPStatus.TOO_MANY_REQUESTS if shut else HTTPStatus.UNAUTHORIZED
            return shell.page(request, "login.html", None, status, to=to, name=name, code=Code.IDENTITY, shut=shut)
        session = await shell.sessions.begin(shell.desk.officers.identify(given["token"].strip()))
        answer = RedirectResponse(to, 303)
        shell.sessions.keep(answer, session)
        return answer

    def _is_theirs(name: str, token: str) -> bool:
        try:
            return shell.desk.officers.identify(token.strip()).officer == name
        except Rejected:
            return False

    @routes.post("/logout")
    async def leave(visitor: Annotated[Visitor, Depends(shell.visitor)]) -> Response:
        return await shell.farewell(visitor, "/desk/login")

    return routes
