"""The yearly dates of the agency: what is to be done by when, who was told if it was not, and that it was done."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.node.expiry import WARN_DAYS
from services.node.web.shell import Shell, Visitor, local, typed


def router(shell: Shell) -> APIRouter:
    """`/dates`, for whoever may see them, and what may be said there."""
    routes = APIRouter()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806

    @routes.get("/dates")
    async def dates(request: Request, visitor: Here) -> Response:
        answer = await shell.ask(visitor, "GET", "/dates")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        return shell.page(request, "dates.html", visitor, dates=answer.told, warn_days=WARN_DAYS)

    @routes.post("/dates")
    async def kept(request: Request, visitor: Here) -> Response:
        given = {name: values[0] for name, values in (await typed(request)).items()}
        date, day = (quote(given.get(name, ""), safe="") for name in ("date", "day"))
        answer = await shell.ask(visitor, "POST", f"/dates/{date}/{day}/kept")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        return RedirectResponse(local(given.get("to", "/desk/dates")), 303)

    return routes
