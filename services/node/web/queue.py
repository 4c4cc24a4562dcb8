"""What an officer sees first: emergencies, then what has to be done by remaining time; the cases; and short answers."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from contracts.mechanism import Permission
from services.node.sql import queries
from services.node.web import work
from services.node.web.inside import Answer
from services.node.web.shell import Shell, Visitor, local, typed
from services.node.web.urgency import Urgencies

SQL = queries(Path(__file__).with_name("queue.sql"))
MINE, UNIT = "mine", "unit"
PER_PAGE = 100  # a page stays below 100 kB
CASES_PER_PAGE = 25  # each is folded when it is first shown


def router(shell: Shell) -> APIRouter:
    """`/`: the queue; `/cases`: all cases of this agency; and what is done from a queue with one press."""
    routes, urgencies = APIRouter(), Urgencies(shell.desk)
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806
    Choice = Annotated[str, Query(max_length=64)]  # noqa: N806
    Number = Annotated[int, Query(ge=1, le=1000)]  # noqa: N806

    @routes.get("/")
    async def queue(
        request: Request, visitor: Here, whose: Choice = MINE, kind: Choice = "", page: Number = 1
    ) -> Response:
        if not shell.may(visitor, Permission.READ_CASE) and shell.may(visitor, Permission.READ_OPERATIONS):
            return RedirectResponse("/desk/operations", 303)  # who looks after the node has no queue
        since = await shell.desk.pool.fetchval(SQL["last"])
        asked, called = await shell.ask(visitor, "GET", "/tasks"), await shell.ask(visitor, "GET", "/notices")
        officer, agency = visitor.session.officer, shell.desk.agency
        found = work.lines(
            work.Desk(agency, officer.role, shell.desk.mechanism),
            asked.told["items"] if asked.held else [],
            called.told if called.held else [],
        )
        chosen = work.chosen(found, mine=whose != UNIT, kind=kind)
        urgent = sum(line.urgent for line in chosen)
        return shell.page(
            request,
            "queue.html",
            visitor,
            refused=asked.code,
            since=since.isoformat() if since else "",
            shown=chosen[(page - 1) * PER_PAGE : page * PER_PAGE],
            page=page,
            pages=-(-len(chosen) // PER_PAGE),
            waiting={"urgent": urgent, "calm": len(chosen) - urgent},
            kinds=sorted({line.kind for line in found}),
            counts={MINE: sum(line.mine for line in found), UNIT: len(found)},
            whose=UNIT if whose == UNIT else MINE,
            kind=kind,
        )

    @routes.get("/cases")
    async def cases(request: Request, visitor: Here, page: Number = 1) -> Response:
        answer = await shell.ask(visitor, "GET", "/cases")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        pages = max(-(-len(answer.told) // CASES_PER_PAGE), 1)
        page = min(page, pages)
        shown = answer.told[(page - 1) * CASES_PER_PAGE : page * CASES_PER_PAGE]
        return shell.page(
            request,
            "cases.html",
            visitor,
            cases=shown,
            urgency=await urgencies.of(shown, answer.told),
            page=page,
            pages=pages,
        )

    @routes.post("/notices/{notice}/acknowledge")
    async def acknowledge(request: Request, notice: str, visitor: Here) -> Response:
        path = f"/notices/{quote(notice, safe='')}/acknowledge"
        return await _back(request, visitor, await shell.ask(visitor, "POST", path))

    @routes.post("/tasks/{item}/done")
    async def done(request: Request, item: int, visitor: Here) -> Response:
        return await _back(request, visitor, await shell.ask(visitor, "POST", f"/tasks/{item}/done"))

    async def _back(request: Request, visitor: Visitor, answer: Answer) -> Response:
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        return RedirectResponse(local((await typed(request)).get("to", [""])[0]), 303)

    return routes
