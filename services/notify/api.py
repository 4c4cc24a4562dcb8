"""HTTP for notices: what waits for an answer, and the answer."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.encoding import b64
from contracts.events.access import View
from contracts.mechanism import Permission
from services.node.access import ANSWERS, Reading, Shown, reads
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Row
from services.notify.handlers import SQL, acknowledge


class Notice(Answer):
    """A notice that waits for an answer; `step` is the place of `role` on the agency's ladder."""

    id: str
    about: str
    type: str  # of the event that it is about
    case: str
    step: int
    role: str
    level: str
    respond_by: datetime
    escalated: bool


def router(desk: Desk) -> APIRouter:
    """The routes of notify."""
    routes = APIRouter(tags=["notify"], responses=problems(), route_class=StrictRoute)
    answerer = Annotated[Officer, Depends(allowed(desk.officers, Permission.ACKNOWLEDGE_NOTICE))]
    reader = Annotated[Reading, Depends(reads(desk, Permission.ACKNOWLEDGE_NOTICE))]

    @routes.get("/notices", responses=ANSWERS, summary="Notices that nobody of this agency has answered")
    async def notices(reading: reader) -> list[Notice]:
        """The most pressing first, at most 200."""
        async with desk.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(SQL["open"])
            closed = await reading.withheld(connection, {row["case_id"] for row in rows})
            open_ = [shown(row) for row in rows if row["case_id"] not in closed]
            seen = Shown(View.NOTICES, [notice.case for notice in open_], len(open_))
            return await reading.show(connection, open_, seen)

    @routes.post("/notices/{notice}/acknowledge", status_code=204, summary="Say that a notice was seen")
    async def answer(notice: str, officer: answerer) -> None:
        """By the role that was told or one higher on the ladder; doing it again changes nothing."""
        async with desk.pool.acquire() as connection, connection.transaction():
            await acknowledge(desk, connection, notice, officer)

    return routes


def shown(row: Row) -> Notice:
    """A notice as it is answered."""
    return Notice(
        id=b64(row["id"]),
        about=b64(row["about"]),
        type=row["type"] or "",
        case=row["case_id"],
        step=row["step"],
        role=row["role"],
        level=row["level"],
        respond_by=row["respond_by"],
        escalated=row["escalated_at"] is not None,
    )
