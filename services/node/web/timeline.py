"""The timeline of a case as a page of its own, and each of its events with what can be proven of it.

Officers and auditors see the same pages. What an auditor is shown is noted as shown for an audit.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import Door, View
from contracts.events.fields import CaseId, EventId as EventName
from contracts.mechanism import Permission
from services.node.access import Reader, Shown, note
from services.node.cases import CaseView, lines
from services.node.web import timeline_event, timeline_rows
from services.node.web.audit import purpose_of
from services.node.web.shell import Shell, Visitor
from services.node.web.timeline_rows import FAMILIES, Wish

Day = Annotated[str, Query(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
Word = Annotated[str, Query(max_length=32)]


def router(shell: Shell) -> APIRouter:
    """`/cases/{case}/timeline` and `/cases/{case}/events/{event}`."""
    routes = APIRouter()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806

    @routes.get("/cases/{case}/timeline")
    async def timeline(
        request: Request,
        case: CaseId,
        visitor: Here,
        agency: Word = "",
        kind: Word = "",
        since: Day = "",
        until: Day = "",
        page: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        zone, wish = visitor.words.zone, Wish(agency, kind, since, until)
        wanted_for = {"Rajut-Purpose": purpose_of(shell, visitor)}
        answer = await shell.ask(visitor, "GET", f"/cases/{case}", headers=wanted_for)
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        told = CaseView.model_validate(answer.told)
        part = timeline_rows.part(timeline_rows.days(told.timeline, told.gaps, wish, zone), page)
        return shell.page(
            request, "timeline_page.html", visitor, told=told, wish=wish, part=part, days=part.days, families=FAMILIES
        )

    @routes.get("/cases/{case}/events/{event}")
    async def event(request: Request, case: CaseId, event: EventName, visitor: Here) -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_CASE)
        who = Reader(visitor.session.officer.actor, Door.PAGE, purpose_of(shell, visitor), shell.desk.now())
        async with shell.desk.pool.acquire() as connection, connection.transaction():
            folded = shell.desk.case(await shell.desk.log.load(connection, case))
            told = await lines(connection, shell.desk.log, folded)
            line = next((one for one in told if one.id == event), None)
            if line is None:
                raise Rejected(Code.NOT_FOUND, "event")
            await note(shell.desk.log, connection, "node", who, Shown(View.CASE, [case], 1))
        found = next(one for one in folded.timeline if b64(one.id) == event)
        body = folded.bodies.get(found.id)
        speech = timeline_event.Speech(visitor.words, lambda one: shell.name_of(one, visitor.words))
        return shell.page(
            request,
            "line.html",
            visitor,
            case=case,
            line=line,
            titles={one.id: one for one in told},
            body=body,
            covered=body is not None and timeline_event.covered(body),
            said=timeline_event.said(body, found.content.body, speech) if body else (),
            seconds=timeline_event.confirmed_after(line),
            after=timeline_rows.after(line, told),
            before=timeline_rows.before(line, told),
            listed=lambda agencies: visitor.words.listed([speech.name_of(one) for one in agencies]),
        )

    return routes
