"""Live pages: a page that is open is told that something has changed, and what is under the finger stays where it is.

Server-sent events carry no case data, only that there is news; the page shows it when it is asked to. The connection
stays open after that: one that ends is taken for a bad line, and made again. It ends with the session, and keeps no
session going. Who takes no part in a case is told of no news in it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
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
from services.node.recusal import withheld
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
        return stream(request, visitor, _news_of(shell, visitor, case, version))

    @routes.get("/live")
    async def queue(request: Request, visitor: Here, since: datetime | Literal[""] = "") -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_CASE)
        last = since or datetime.fromtimestamp(0, UTC)
        return stream(request, visitor, _news_since(shell, visitor, last))

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


def _news_of(shell: Shell, visitor: Visitor, case: str, shown: str) -> Changed:
    """What a page of a case is to be told, once."""

    async def changed() -> str:
        nonlocal shown
        ids = await shell.desk.pool.fetch(SQL["ids_of_case"], case)
        version = version_of(EventId(row["id"]) for row in ids)
        if version == shown:
            return ""
        shown = version
        if await _kept_from(shell, visitor, {case}):
            return ""
        return _link(f"/desk/cases/{case}", visitor.words("live.changed"))

    return changed


def _news_since(shell: Shell, visitor: Visitor, last: datetime) -> Changed:
    """What a queue is to be told, once."""

    async def changed() -> str:
        nonlocal last
        news = await shell.desk.pool.fetch(QUEUE["news"], last, [EmergencyProposed.wire_type])
        last = max((row["last"] for row in news), default=last)
        hidden = await _kept_from(shell, visitor, {row["case_id"] for row in news})
        told = [row["alarm"] for row in news if row["case_id"] not in hidden]
        alarm = ' role="alert"' if any(told) else ""
        words = visitor.words("live.emergency" if alarm else "live.queue")
        return _link("/desk", words, alarm) if told else ""

    return changed


async def _kept_from(shell: Shell, visitor: Visitor, cases: Collection[str]) -> set[str]:
    """Of these cases the ones in which this officer takes no part."""
    if not cases:
        return set()
    async with shell.desk.pool.acquire() as connection, connection.transaction():
        return await withheld(shell.desk.log, connection, visitor.session.officer.actor, cases)


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
