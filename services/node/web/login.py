"""Logging in and out. With `login = "demo"` an officer types the token of `officers.json`; every page says so."""

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
        return shell.page(request, "login.html", to=local(to), name="", code="")

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        given = {name: values[0] for name, values in (await typed(request)).items()}
        name, to = given.get("officer", "").strip(), local(given.get("to", ""))
        if code := _refused(request, name, given.get("token", "")):
            return shell.page(request, "login.html", None, 401, to=to, name=name, code=code)
        session = await shell.sessions.begin(shell.desk.officers.identify(given["token"].strip()))
        answer = RedirectResponse(to, 303)
        shell.sessions.keep(answer, session)
        return answer

    def _refused(request: Request, name: str, token: str) -> str:
        address, now = request.client.host if request.client else "", shell.desk.clock.now_ms()
        if lockout.shut(address, name, now):
            return Code.SLOW
        try:
            if shell.desk.officers.identify(token.strip()).officer == name:
                return ""
        except Rejected:
            pass
        lockout.failed(address, name, now)
        return Code.IDENTITY

    @routes.post("/logout")
    async def leave(visitor: Annotated[Visitor, Depends(shell.visitor)]) -> Response:
        await shell.sessions.end(visitor.session)
        answer = RedirectResponse("/desk/login", 303)
        shell.sessions.drop(answer)
        return answer

    return routes
