"""The access log: who is shown something of a case is noted in the agency's own log first, or is not shown it.

An entry is a record like any other (`contracts.events.access`), signed by the service that shows, appended in
the transaction of the read, and committed before the answer leaves. Partners mirror it unread, so nobody here
can take it back.

Lists and screens are looked at again and again. Whoever names what they have (`If-None-Match`) is told when it
has not changed: that shows nothing, and needs no entry. So nobody else can make the name of an answer: they would have
their guesses confirmed, unnoted. And who takes no part in a case is not told whether it has changed. Answers may be
kept by no cache: who read it there would be noted nowhere.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic_core import to_json

from contracts.case import Case
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import (
    CaseRead,
    Door,
    IntakeCaseRead,
    NotifyCaseRead,
    ProtectionCaseRead,
    Purpose,
    TriageCaseRead,
    View,
)
from contracts.events.fields import MAX_CASES
from contracts.mechanism import Permission
from services.node import telemetry
from services.node.http import AT_DESK, Documented, Unchanged, allowed, problems
from services.node.log import Log
from services.node.officers import Officer
from services.node.recusal import withheld
from services.node.service import Desk
from services.node.sql import Connection, queries
from services.node.writing import CONTROL, Draft

SQL = queries(Path(__file__).with_name("access.sql"))
SAID_BY: Mapping[str, type[CaseRead]] = {
    "node": CaseRead,
    "intake": IntakeCaseRead,
    "triage": TriageCaseRead,
    "protection": ProtectionCaseRead,
    "notify": NotifyCaseRead,
}
ANSWERS: Documented = {304: {"description": "Nothing has changed since the answer that If-None-Match names"}}
ANSWERS |= problems(Code.ACCESS)
TAG_KEY = secrets.token_bytes(32)  # of this process: after a restart each answer is shown, and noted, once more
NO_CACHE = {"Cache-Control": "no-store"}
ABOUT_THE_NODE = {View.PARKED, View.DISCARDED}  # events that are set aside, by name: nothing of what they say
Shape = TypeVar("Shape")


class Reader(NamedTuple):
    """Who is shown something, through which door, and for what."""

    actor: Actor
    door: Door
    purpose: Purpose
    time: str  # as claimed


class Shown(NamedTuple):
    """What is shown, in words that an entry may use."""

    view: View
    cases: Collection[str]
    lines: int  # events of a case, or rows of a list


async def note(log: Log, connection: Connection, service: str, reader: Reader, shown: Shown) -> None:
    """Append the entry of a read, in the read's own transaction. What shows no case needs none.

    Raises Rejected if it cannot be written, as `Log.append` does or with ACCESS: then nothing may be shown. Rejected
    (FORBIDDEN) if it shows a case to somebody who takes no part in it.
    """
    bodies = _bodies(SAID_BY[service], reader, shown)
    try:
        await _let_in(log, connection, reader, shown)
        await connection.execute(SQL["wait_briefly"])
        for body in bodies:
            draft = Draft(body, (log.agency,), reader.actor, reader.time)
            said = await log.append(connection, service, CONTROL, [draft])
            await connection.execute(SQL["add_entry"], said.events[-1].id, list(body.cases))
    except Rejected:
        raise
    except Exception as error:
        telemetry.stumbled("access log", error)
        raise Rejected(Code.ACCESS) from error


async def _let_in(log: Log, connection: Connection, reader: Reader, shown: Shown) -> None:
    if shown.view not in ABOUT_THE_NODE and await withheld(log, connection, reader.actor, shown.cases):
        raise Rejected(Code.FORBIDDEN, "recused")


def _bodies(kind: type[CaseRead], reader: Reader, shown: Shown) -> list[CaseRead]:
    """One entry, or as many as it takes to name every case: none if there is none."""
    cases = sorted(set(shown.cases))
    return [
        kind(
            cases=tuple(cases[start : start + MAX_CASES]),
            view=shown.view,
            lines=shown.lines,
            door=reader.door,
            purpose=reader.purpose,
        )
        for start in range(0, len(cases), MAX_CASES)
    ]


class Reading:
    """An officer's request to be shown something."""

    def __init__(self, desk: Desk, officer: Officer, reader: Reader, known: str, response: Response) -> None:
        """`known` are the tags of the answers that the caller has; `response` will carry the tag of this one."""
        self.officer = officer
        self.purpose = reader.purpose
        self._desk = desk
        self._reader = reader
        self._known = [tag.strip() for tag in known.split(",")]
        self._response = response

    async def show(self, connection: Connection, answer: Shape, shown: Shown) -> Shape:
        """The answer, after noting in the caller's transaction that it is shown.

        Raises Rejected(ACCESS) if that cannot be noted, Rejected(FORBIDDEN) if it shows a case to somebody who takes
        no part in it, Unchanged if the caller has this very answer.
        """
        tag = f'"{b64(hmac.digest(TAG_KEY, to_json(answer), "sha256"))}"'
        headers = NO_CACHE | {"ETag": tag}
        if tag in self._known:
            await _let_in(self._desk.log, connection, self._reader, shown)
            raise Unchanged(headers)
        await note(self._desk.log, connection, self._desk.service, self._reader, shown)
        self._response.headers.update(headers)
        return answer

    async def withheld(self, connection: Connection, cases: Collection[str]) -> set[str]:
        """Of these cases the ones that a list leaves out: this officer takes no part in them."""
        return await withheld(self._desk.log, connection, self._reader.actor, cases)

    async def of_case(self, case_id: str, view: View, shown: Callable[[Case], Shape]) -> Shape:
        """What is `shown` of one case, as this node may read it; Rejected(NOT_FOUND) if it may read nothing of it."""
        async with self._desk.pool.acquire() as connection, connection.transaction():
            timeline = await self._desk.log.load(connection, case_id)
            answer = shown(self._desk.case(timeline))
            return await self.show(connection, answer, Shown(view, [case_id], len(timeline.events)))


def reads(
    desk: Desk, permission: Permission, purpose: Purpose = Purpose.HANDLING, door: Door = Door.API
) -> Callable[..., Awaitable[Reading]]:
    """A route dependency: an officer with the permission who asks to be shown something; `purpose` if none is named."""
    Known = Annotated[Officer, Depends(allowed(desk.officers, permission))]  # noqa: N806
    For = Annotated[Purpose, Header(description="What it is wanted for; it is noted with the officer and the role")]  # noqa: N806
    Has = Annotated[str, Header(max_length=1000, description="The ETag of an answer that the caller has")]  # noqa: N806

    async def reading(
        request: Request, response: Response, officer: Known, rajut_purpose: For = purpose, if_none_match: Has = ""
    ) -> Reading:
        through = Door.PAGE if AT_DESK in request.scope and door is Door.API else door
        reader = Reader(officer.actor, through, rajut_purpose, desk.now())
        return Reading(desk, officer, reader, if_none_match if request.method == "GET" else "", response)

    return reading
