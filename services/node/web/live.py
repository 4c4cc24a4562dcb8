"""Live pages: a page that is open is told that something has changed, and what is under the finger stays where it is.

Server-sent events carry no case data, only that there is news; the page shows it when it is asked to. The connection
stays open after that: one that ends is taken for a bad line, and made again. It ends with the session, and keeps no
session going.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from contracts.events.fields import CaseId
from contracts.events.protection import EmergencyProposed
from contracts.mechanism import Permission
from contracts.record import EventId
from services.node.log import SQL
from services.node.web.queue import SQL as QUEUE
from services.node.web.session import Session
from services.node.web.shell import Shell, Visitor
from services.node.writing import version_of

LOOK_EVERY_S = 1.0
MOST = 8  # open pages of one officer that are told at once; more of them are quiet
ALIVE_EVERY = 15  # looks; a line that says nothing tells a proxy, and us, that somebody is still there

Changed = Callable[[], Awaitable[str]]


def router(shell: Shell) -> APIRouter:
    """`/cases/{case}/live` and `/live`: say once when a case, or any, is no longer what the page shows."""
    routes, open_ = APIRouter(), Counter[str]()
    Here = Annotated[Visitor, Depends(shell.watcher)]  # noqa: N806
    Shown = Annotated[str, Query(max_length=1000)]  # noqa: N806

    @routes.get("/cases/{case}/live")
    async def live(request: Request, case: CaseId, visitor: Here, version: Shown) -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_CASE)

        async def changed() -> str:
            ids = await shell.desk.pool.fetch(SQL["ids_of_case"], case)
            same = version_of(EventId(row["id"]) for row in ids) == version
            return "" if same else _link(f"/desk/cases/{case}", visitor.words("live.changed"))

        return stream(request, visitor, changed)

    @routes.get("/live")
    async def queue(request: Request, visitor: Here, since: datetime | Literal[""] = "") -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_CASE)
        last = since or datetime.fromtimestamp(0, UTC)

        async def changed() -> str:
            news = await shell.desk.pool.fetchrow(QUEUE["news"], last, [EmergencyProposed.wire_type])
            if news is None or not news["any"]:
                return ""
            alarm = ' role="alert"' if news["alarm"] else ""
            return _link("/desk", visitor.words("live.emergency" if alarm else "live.queue"), alarm)

        return stream(request, visitor, changed)

    def stream(request: Request, visitor: Visitor, changed: Changed) -> Response:
        me = visitor.session.officer.officer
        if open_[me] >= MOST:
            return Response(status_code=204)  # a browser takes that for the end, and does not come again
        open_[me] += 1

        async def counted() -> AsyncIterator[str]:
            try:
                async for news in _news(request, partial(shell.sessions.there, visitor.session.secret), changed):
                    yield news
            finally:
                open_[me] -= 1

        return StreamingResponse(counted(), media_type="text/event-stream")

    return routes


def _link(path: str, text: str, alarm: str = "") -> str:
    return f'<p class="changed"{alarm}><a href="{path}">{text}</a></p>'


async def _news(
    request: Request, stays: Callable[[], Awaitable[Session | None]], changed: Changed
) -> AsyncIterator[str]:
    """Looks again and again until there is something to say, says it once, and stays while the session does."""
    looks, said = 0, ""
    while not await request.is_disconnected():
        if not said and (said := await changed()):
            yield f"event: changed\ndata: {said}\n\n"
        looks += 1
        if looks % ALIVE_EVERY == 0:
            if not await stays():
                return
            yield ": \n\n"
        await asyncio.sleep(LOOK_EVERY_S)
