"""One case on one page: who leads, what is promised by when, what may be done now, and how it came about."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from contracts.case import Case
from contracts.content import type_name
from contracts.events.access import Door, View
from contracts.events.fields import CaseId
from contracts.mechanism import Permission
from contracts.promises import promises
from services.node.access import Reader, Shown, note
from services.node.cases import Line, gaps, lines
from services.node.web.audit import purpose_of
from services.node.web.panel import Look, Offer, Panel, Place
from services.node.web.shell import Shell, Visitor
from services.node.web.timeline_rows import Wish, days, newest


class Told(NamedTuple):
    """What the rows of a timeline are shown of."""

    case: str
    participants: Sequence[str]
    timeline: Sequence[Line]


class Filled(NamedTuple):
    """A panel with something to show."""

    service: str
    panel: Panel
    it: object
    offers: tuple[Offer, ...]


def router(shell: Shell) -> APIRouter:
    """`/cases/{case}`: the page, for whoever may read cases."""
    routes = APIRouter()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806

    @routes.get("/cases/{case}")
    async def case(request: Request, case: CaseId, visitor: Here) -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_CASE)
        async with shell.desk.pool.acquire() as connection, connection.transaction():
            timeline = await shell.desk.log.load(connection, case)
            folded = shell.desk.case(timeline)
            last = await lines(connection, shell.desk.log, folded, newest(folded.timeline))
            missing = [gap for gap in await gaps(connection, shell.desk.log, case, folded) if not gap.closed]
            reader = Reader(visitor.session.officer.actor, Door.PAGE, purpose_of(shell, visitor), shell.desk.now())
            await note(shell.desk.log, connection, "node", reader, Shown(View.CASE, [case], len(timeline.events)))
        look = look_at(shell, visitor, case, folded)
        filled = list(panels(shell, look))
        said = request.query_params.get("said", "")
        return shell.page(
            request,
            "case.html",
            visitor,
            look=look,
            told=Told(case, folded.participants, last),
            days=days(last, missing, Wish(), visitor.words.zone),
            version=timeline.version,
            aside=[one for one in filled if one.panel.place == Place.ASIDE],
            main=[one for place in (Place.HEAD, Place.MAIN) for one in filled if one.panel.place == place],
            first=next((offer for one in filled for offer in one.offers if offer.first), None),
            said=said if said in shell.forms and has_said(look, said) else "",
        )

    return routes


def look_at(shell: Shell, visitor: Visitor, name: str, case: Case) -> Look:
    """A case as this visitor looks at it now."""
    owed = promises(case, case.judged_by) if case.judged_by else []
    return Look(case, name, shell.desk.agency, visitor.session.officer, shell.now(), owed)


def has_said(look: Look, name: str) -> bool:
    """Whether this officer has said such a thing here: a link from anywhere must not tell somebody that they have."""
    own = (event.content for event in look.case.timeline if event.agency == look.agency)
    return any(told.actor == look.officer.actor and type_name(told.type) == name for told in own)


def panels(shell: Shell, look: Look) -> Iterator[Filled]:
    """What the services show of the case, with what this officer may do about it."""
    for service, pages in shell.pages.items():
        for panel in pages.panels:
            it = panel.show(look)
            known = (offer for offer in panel.offers(look) if offer.form in shell.forms)
            offers = tuple(offer for offer in known if look.may(shell.forms[offer.form].permission))
            if it is not None or offers:
                yield Filled(service, panel, it, offers)
