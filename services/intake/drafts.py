"""A report that is still being written: kept on the server so that a bad line or a closed browser loses nothing.

It is personal data of somebody who has not yet said yes to anything. So it is sealed (ChaCha20-Poly1305) under a key
that is derived from intake's index key, which lies in a file beside the database: whoever takes the database, or a
backup of it, reads no draft. It is bound to its own name and to the officer who writes it, and to nobody else it is
there at all. It cannot lie in the case's vault as other content does, because there is no case yet. What is in it goes
when the report is sent: the case's number stays, and whether life is at risk. The whole goes a day after it was last
written on.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from contracts.errors import Code, Rejected
from contracts.events import Value
from contracts.events.fields import CaseId
from contracts.mechanism import Permission
from services.intake.form import DANGER, YES
from services.intake.handlers import SQL
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.node.storage import StorageKey

KEPT_FOR = timedelta(hours=24)
MOST = 16  # of one officer at a time; of what was sent the oldest makes room
MAX_BYTES = 256 * 1024  # as much as a report may have
LOOK_EVERY_S = 60.0
DraftId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
Typed = Mapping[
    Annotated[str, Field(max_length=200)],
    Annotated[list[Annotated[str, Field(max_length=8000)]], Field(max_length=64)],
]


class Written(Value):
    """What was typed so far, by field; `case` once it was sent."""

    typed: Typed = Field(default_factory=dict)
    case: CaseId | None = None


class Draft(Answer):
    """A draft as its officer wrote it, and when it was last saved."""

    typed: Mapping[str, list[str]]
    case: str
    saved_at: str


class Named(Answer):
    """That there is a draft, without what is in it."""

    draft: str
    saved_at: str


class Saved(Answer):
    """When it was saved."""

    saved_at: str


def router(desk: Desk) -> APIRouter:
    """The routes of drafts: each officer's are their own."""
    routes = APIRouter(tags=["intake"], responses=problems(Code.STATE), route_class=StrictRoute)
    Writer = Annotated[Officer, Depends(allowed(desk.officers, Permission.RECEIVE_REPORT))]  # noqa: N806
    key = StorageKey(hmac.digest(desk.index_key, b"draft", "sha256"))

    @routes.get("/drafts", summary="Reports that the officer is still writing")
    async def drafts(officer: Writer) -> list[Named]:
        """The newest first; those that were sent are none any more."""
        rows = await desk.pool.fetch(SQL["drafts"], officer.officer)
        return [Named(draft=row["id"], saved_at=_told(row["saved_at"])) for row in rows]

    @routes.get("/drafts/{draft}", summary="A report that the officer is still writing")
    async def draft(draft: DraftId, officer: Writer) -> Draft:
        """Only to the officer who writes it."""
        row = await desk.pool.fetchrow(SQL["draft"], draft, officer.officer)
        if row is None:
            raise Rejected(Code.NOT_FOUND, "draft")
        written = opened(key, draft, officer, row["sealed"])
        typed = {name: list(values) for name, values in written.typed.items()}
        return Draft(typed=typed, case=written.case or "", saved_at=_told(row["saved_at"]))

    @routes.put("/drafts/{draft}", summary="Save a report that is still being written")
    async def save(draft: DraftId, officer: Writer, body: Written) -> Saved:
        """All of it, in place of what was saved before."""
        row = (draft, officer.officer, sealed_as(key, draft, officer, kept(body)), body.case is not None, _now(desk))
        async with desk.pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["lock_drafts"], officer.officer)
            await connection.execute(SQL["make_room"], officer.officer, draft, MOST - 1)
            if await connection.fetchval(SQL["count_drafts"], officer.officer, draft) >= MOST:
                raise Rejected(Code.STATE, "drafts")
            saved: datetime | None = await connection.fetchval(SQL["save_draft"], *row)
        if saved is None:
            raise Rejected(Code.NOT_FOUND, "draft")
        return Saved(saved_at=_told(saved))

    @routes.delete("/drafts/{draft}", status_code=204, summary="Throw a draft away")
    async def drop(draft: DraftId, officer: Writer) -> None:
        """Again changes nothing."""
        await desk.pool.execute(SQL["drop_draft"], draft, officer.officer)

    return routes


async def forget(desk: Desk) -> None:
    """Erase what nobody has written on for a day."""
    await desk.pool.execute(SQL["drop_old_drafts"], _now(desk) - KEPT_FOR)


def kept(written: Written) -> Written:
    """All of a draft; of one that was sent its case and what its receipt asks: whether life is at risk."""
    if written.case is None:
        return written
    return Written(typed={DANGER: [YES]} if written.typed.get(DANGER) == [YES] else {}, case=written.case)


def sealed_as(key: StorageKey, draft: str, officer: Officer, written: Written) -> bytes:
    """A draft as it is stored; Rejected(SIZE) for more than a report may have."""
    data = written.model_dump_json().encode()
    if len(data) > MAX_BYTES:
        raise Rejected(Code.SIZE, "draft")
    return key.lock(data, _bound(draft, officer))


def opened(key: StorageKey, draft: str, officer: Officer, sealed: bytes) -> Written:
    """What was stored; Rejected(WRAP) if it was not stored for this draft and this officer."""
    return Written.model_validate_json(key.unlock(sealed, _bound(draft, officer)))


def _bound(draft: str, officer: Officer) -> bytes:
    return f"{draft}\0{officer.officer}".encode()


def _now(desk: Desk) -> datetime:
    return datetime.fromisoformat(desk.now())


def _told(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
