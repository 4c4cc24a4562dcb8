"""HTTP for yearly dates, which are of no case: what is to be kept, what was missed, and that it was kept."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.events.fields import CodeText, Day
from contracts.events.notify import DateKept
from contracts.mechanism import Permission
from contracts.timeline import Event
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.notify.dates import Owed, Said
from services.notify.yearly import keep, missed_elsewhere, office, owing, read


class KeptDay(Answer):
    """A day of a yearly date that was kept: in which role somebody said so, and when."""

    day: str
    role: str
    at: str


class DateView(Answer):
    """A yearly date of an agency: the day to be kept, how many days are left, and who was told if it is over."""

    agency: str
    code: str
    day: str
    days: int  # negative once it is over
    told: list[str]  # roles of the agency, from the first step of its ladder on
    told_all: bool  # and the other agencies
    kept: KeptDay | None  # the last one


def router(desk: Desk) -> APIRouter:
    """`GET /dates`, and `POST /dates/{date}/{day}/kept`."""
    routes = APIRouter(tags=["notify"], responses=problems(), route_class=StrictRoute)
    watcher = Annotated[Officer, Depends(allowed(desk.officers, Permission.READ_DATES))]
    keeper = Annotated[Officer, Depends(allowed(desk.officers, Permission.KEEP_DATE))]

    @routes.get("/dates", summary="What this agency owes every year, and what another one has told all that it missed")
    async def dates(_officer: watcher) -> list[DateView]:
        """Our own, the nearest first; of the others those that nobody there has said to be kept. Nothing of a case."""
        async with desk.pool.acquire() as connection, connection.transaction():
            told = await read(desk, connection, desk.agency)
            own = [_view(desk, desk.agency, one, told) for one in await owing(desk, connection, told)]
            return own + [_view(desk, *found) for found in await missed_elsewhere(desk, connection)]

    @routes.post("/dates/{date}/{day}/kept", status_code=204, summary="Say that a day of a yearly date was kept")
    async def kept(date: CodeText, day: Day, officer: keeper) -> None:
        """The last such day, or the next one, also before it comes; doing it again changes nothing."""
        await keep(desk, (date, day), officer)

    return routes


def _view(desk: Desk, agency: str, one: Owed, told: Said) -> DateView:
    here, steps = office(desk, agency), sorted(told.told.get(one.name, ()))
    ladder = here.rules.of(agency).ladder
    last = max((event for (code, _), event in told.kept.items() if code == one.what.code), key=_day, default=None)
    return DateView(
        agency=agency,
        code=one.what.code,
        day=str(one.day),
        days=(one.day - here.today).days,
        told=[ladder[step] for step in steps if step < len(ladder)],
        told_all=any(step >= len(ladder) for step in steps),
        kept=last and KeptDay(day=_day(last), role=last.content.actor.role, at=last.content.time),
    )


def _day(event: Event) -> str:
    return DateKept.read(event.content.body).day
