"""The timeline of a case as a page of its own, and each of its events with what can be proven of it.

Officers and auditors see the same pages. What an auditor is shown is noted as shown for an audit.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from contracts.content import type_name
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import Door, Purpose, View
from contracts.events.fields import CaseId, EventId as EventName
from contracts.mechanism import Permission
from services.node.access import Reader, Shown, note
from services.node.cases import CaseView, lines
from services.node.web import timeline_event, timeline_rows
from services.node.web.audit import purpose_of
from services.node.web.case import look_at
from services.node.web.shell import Shell, Visitor
from services.node.web.timeline_rows import FAMILIES, Wish

Day = Annotated[str, Query(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
Word = Annotated[str, Query(max_length=32)]
READERS = 10  # of an event, the latest


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
        readers = await _readers(shell, visitor, case, event)
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
        speech = shell.speech(visitor.words)
        labels = partial(shell.labels, type_name(line.type), look_at(shell, visitor, case, folded), speech)
        return shell.page(
            request,
            "line.html",
            visitor,
            case=case,
            line=line,
            titles={one.id: one for one in told},
            body=body,
            covered=body is not None and timeline_event.covered(body),
            said=timeline_event.said(body, found.content.body, speech, labels) if body else (),
            readers=readers,
            seconds=timeline_event.confirmed_after(line),
            after=timeline_rows.after(line, told),
            before=timeline_rows.before(line, told),
            listed=lambda agencies: visitor.words.listed([speech.name_of(one) for one in agencies]),
        )

    return routes


async def _readers(shell: Shell, visitor: Visitor, case: str, event: str) -> Any:  # noqa: ANN401  the answer's JSON
    """Who at this agency has read the case since the event is here; None for who may not see that."""
    if not shell.may(visitor, Permission.READ_ACCESS):
        return None
    path = f"/cases/{case}/access?since={event}&most={READERS}"
    answer = await shell.ask(visitor, "GET", path, headers={"Rajut-Purpose": Purpose.AUDIT})
    return answer.told if answer.held else None
