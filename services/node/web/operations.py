"""How the node is, in three seconds: one line that says that all is well, or what is not; the figures below it.

Nothing of a person is here. What has been set aside can be tried again or left be, by the role that may.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from contracts.content import type_name
from contracts.errors import Code, Rejected
from services.node.expiry import WARN_DAYS
from services.node.silence import PATIENCE
from services.node.web.shell import Shell, Visitor, typed

LATE = 100  # records that a partner, or a checkpoint, is behind before somebody should look
DEEDS = ("replay", "discard")
SURE = "sure"
WIDE = 240  # of a bar, in its own units

Told = Mapping[str, Any]


class Worry(NamedTuple):
    """Something that somebody should look at: by its word, what it says there, and where it is shown."""

    word: str
    values: Mapping[str, object]
    place: str  # on the page
    grave: bool = False


class Bar(NamedTuple):
    """A part of a bar: which, from where, how wide."""

    part: str
    start: int
    width: int


def worries(told: Told, weeks: Told) -> list[Worry]:
    """Everything that is not as it should be, the gravest first."""
    found = [*_own(told), *(one for partner in told["partners"] for one in _of_partner(partner, told["heartbeat_s"]))]
    late = sum(one["missed"] for one in weeks.get("kinds", ()))
    if late:
        found.append(Worry("worry.missed", {"count": late}, "deadlines"))
    return sorted(found, key=lambda one: not one.grave)


def bars(counts: Mapping[str, int], most: int) -> list[Bar]:
    """The parts of one bar, `most` being as wide as can be."""
    found, start = [], 0
    for part, count in counts.items():
        width = round(WIDE * count / max(most, 1))
        found.append(Bar(part, start, width))
        start += width
    return found


def _own(told: Told) -> Iterator[Worry]:
    for problem in told["problems"]:
        yield Worry(f"problem.{problem['kind']}", problem["values"], "ready", grave=True)
    if told["disputed"]:
        yield Worry("worry.disputed", {"count": told["disputed"]}, "witness", grave=True)
    if told["parked"]:
        yield Worry("worry.parked", {"count": len(told["parked"])}, "parked", grave=True)
    if told["missing"]:
        yield Worry("worry.missing", {"count": len(told["missing"])}, "partners")
    if told["checkpoint_due_s"] > told["heartbeat_s"]:
        yield Worry("worry.checkpoint", {}, "witness")
    for end in told["ends"]:
        if end["days"] < WARN_DAYS:
            word = "worry.ended" if end["days"] < 0 else "worry.ends"
            yield Worry(word, {"name": end["name"], "days": end["days"]}, "ends", grave=end["days"] < 0)
    for date in told["dates"]:
        if date["days"] < WARN_DAYS:
            word = "worry.date_missed" if date["days"] < 0 else "worry.date"
            about = {"agency": date["agency"], "date": date["code"], "day": date["day"]}
            yield Worry(word, about, "dates", grave=date["days"] < 0)


def _of_partner(partner: Told, heartbeat_s: float) -> Iterator[Worry]:
    about = {"agency": partner["agency"]}
    if partner["disputed"]:
        yield Worry("worry.partner_disputed", about, "witness", grave=True)
    if not 0 <= partner["silent_s"] <= PATIENCE["SILENCE"] * heartbeat_s:
        yield Worry("worry.silent", about, "partners", grave=True)
    if max(partner["missing"], partner["unread"], partner["unsigned"]) > LATE:
        yield Worry("worry.behind", about, "partners")


def router(shell: Shell) -> APIRouter:
    """`/operations`, and what may be done there."""
    routes = APIRouter()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806

    @routes.get("/operations")
    async def operations(request: Request, visitor: Here) -> Response:
        answer = await shell.ask(visitor, "GET", "/operations")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        figures = await shell.ask(visitor, "GET", "/tasks/figures")
        kept = figures.told if figures.held else {"kinds": [], "weeks": []}
        dates = await shell.ask(visitor, "GET", "/dates")
        told = {**answer.told, "dates": dates.told if dates.held else []}
        return shell.page(
            request,
            "operations.html",
            visitor,
            told=told,
            kept=kept,
            worries=worries(told, kept),
            bars=bars,
            type_name=type_name,
            wide=WIDE,
            warn_days=WARN_DAYS,
        )

    @routes.post("/operations/parked")
    async def settle(request: Request, visitor: Here) -> Response:
        given = {name: values[0] for name, values in (await typed(request)).items()}
        service, event, deed = (quote(given.get(name, ""), safe="") for name in ("service", "event", "deed"))
        if deed not in DEEDS or (deed == "discard" and SURE not in given):
            raise Rejected(Code.SCHEMA, "deed")
        answer = await shell.ask(visitor, "POST", f"/operations/parked/{service}/{event}/{deed}")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        return RedirectResponse("/desk/operations", 303)

    return routes
