"""Pages about a person: who it is, shown for a minute to whoever says what for, and which cases may be theirs too."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from contracts.events.access import Purpose
from contracts.events.fields import CaseId
from contracts.mechanism import Permission
from services.node.web.shell import Shell, Visitor, typed

COVER_AFTER_S = 60


def router(shell: Shell) -> APIRouter:
    """`/cases/{case}/person` and `/cases/{case}/duplicates`."""
    routes = APIRouter()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806

    @routes.get("/cases/{case}/person")
    async def covered(request: Request, case: CaseId, visitor: Here) -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_CASE)
        return shell.page(request, "intake/whole-person.html", visitor, case=case, it=None, purposes=_purposes())

    @routes.post("/cases/{case}/person")
    async def shown(request: Request, case: CaseId, visitor: Here) -> Response:
        purpose = (await typed(request)).get("purpose", [Purpose.HANDLING])[0]
        answer = await shell.ask(visitor, "GET", f"/cases/{case}/person", headers={"Rajut-Purpose": purpose})
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        told = {"it": answer.told, "case": case, "purposes": _purposes(), "after": COVER_AFTER_S}
        return shell.page(request, "intake/whole-person.html", visitor, **told)

    @routes.get("/cases/{case}/duplicates")
    async def compare(request: Request, case: CaseId, visitor: Here) -> Response:
        answer = await shell.ask(visitor, "GET", f"/cases/{case}/duplicates")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        return shell.page(
            request,
            "intake/compare.html",
            visitor,
            case=case,
            pairs=answer.told["duplicates"],
            may=shell.may(visitor, Permission.COMPARE_CASES),
        )

    return routes


def _purposes() -> list[str]:
    return [str(purpose) for purpose in Purpose]
