"""Saying something in a case: a form, filled in as far as the case tells, and the route behind it.

The form carries the version of the case that was looked at and a key of its own: whoever presses twice has said it
once, and whoever looked at an old state is told so instead of deciding on it. Who was called since then, and who
answered, changes nothing that is decided on: it keeps nobody waiting. What was typed stays in every refusal.

An address can be sent to an officer by anybody. What it gives a form is shown as settled, and is never a field under
another one that is typed.
"""

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from string import Formatter
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from contracts.codes import codes
from contracts.errors import Code, Rejected
from contracts.events.access import Door, Purpose, View
from contracts.events.fields import CaseId
from contracts.events.notify import NoticeAcknowledged
from contracts.mechanism import PARTNER
from contracts.promises import ONLY_TELLING
from services.node.access import Reader, Shown, note
from services.node.web import forms
from services.node.web.case import look_at
from services.node.web.inside import Answer
from services.node.web.panel import Form
from services.node.web.shell import Shell, Visitor, typed
from services.node.writing import Timeline, version_of

Given = Mapping[str, Sequence[str]]
# Fields of the form itself; no field of a body begins so.
KEY, VERSION, FIXED, MORE = "_key", "_version", "_fixed", "_more"
TRIES = 3
_TELLING = {body.wire_type for body in ONLY_TELLING | {NoticeAcknowledged}}


def router(shell: Shell) -> APIRouter:
    """`/cases/{case}/act/{name}`."""
    routes = APIRouter()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806

    @routes.get("/cases/{case}/act/{name}")
    async def ask(request: Request, case: CaseId, name: str, visitor: Here) -> Response:
        form = _form(shell, name)
        shell.desk.officers.allow(visitor.session.officer, form.permission)
        timeline = await _loaded(shell, case)
        known = _given(form, request)
        draft = form.draft(look_at(shell, visitor, case, shell.desk.case(timeline)))
        if draft:
            await _noted(shell, visitor, case, len(timeline.events))
        given = {**draft, **known, FIXED: list(known), VERSION: [_seen(timeline)]}
        return _shown(shell, request, visitor, case, form, given)

    @routes.post("/cases/{case}/act/{name}")
    async def say(request: Request, case: CaseId, name: str, visitor: Here) -> Response:
        form, given = _form(shell, name), await typed(request)
        if MORE in given:  # another row, asked for without a script
            return _shown(shell, request, visitor, case, form, given)
        answer = await _said(shell, visitor, case, form, given)
        if answer.held:
            return RedirectResponse(f"/desk/cases/{case}?{urlencode({'said': name})}", 303)
        if answer.code == Code.STALE:  # they are told, and may say it again of what stands there now
            given |= {VERSION: [_seen(await _loaded(shell, case))]}
        return _shown(shell, request, visitor, case, form, given, answer)

    return routes


def _form(shell: Shell, name: str) -> Form:
    if name not in shell.forms:
        raise Rejected(Code.NOT_FOUND, "act")
    return shell.forms[name]


async def _loaded(shell: Shell, case: str) -> Timeline:
    async with shell.desk.pool.acquire() as connection:
        return await shell.desk.log.load(connection, case)


async def _noted(shell: Shell, visitor: Visitor, case: str, events: int) -> None:
    """What is typed already is told of the case."""
    reader = Reader(visitor.session.officer.actor, Door.PAGE, Purpose.HANDLING, shell.desk.now())
    async with shell.desk.pool.acquire() as connection, connection.transaction():
        await note(shell.desk.log, connection, "node", reader, Shown(View.CASE, [case], events))


async def _said(shell: Shell, visitor: Visitor, case: str, form: Form, given: Given) -> Answer:
    body = forms.read(forms.fields(form.body, given), given, visitor.words.zone)
    places = {place for _, place, _, _ in Formatter().parse(form.path) if place}
    path = form.path.format(**{place: quote(str(body.pop(place, "-")), safe="") for place in places})

    async def told(seen: str) -> Answer:
        terms = {"Idempotency-Key": _one(given, KEY), "If-Match": seen.partition(".")[0]}
        return await shell.ask(visitor, "POST", f"/cases/{case}/{path}", body, terms)

    seen = _one(given, VERSION)
    answer = await told(seen)
    for _ in range(TRIES):
        now = _seen(await _loaded(shell, case)) if answer.code == Code.STALE else ""
        if now.partition(".")[2] != seen.partition(".")[2] or not now:
            break
        answer = await told(now)
    return answer


def _seen(timeline: Timeline) -> str:
    """The version of a case, and after a dot that of what is more than telling people."""
    more = (event.id for event in timeline.events if event.content.type not in _TELLING)
    return f"{timeline.version}.{version_of(more)}"


def _given(form: Form, request: Request) -> Given:
    """What an address settles: whole fields of this form, each once, and nothing of the form's own."""
    names = [field.name for field in forms.fields(form.body, {}) if field.kind != "rows"]
    return {name: values for name in names if (values := request.query_params.getlist(name))}


def _shown(
    shell: Shell, request: Request, visitor: Visitor, case: str, form: Form, given: Given, refused: Answer | None = None
) -> Response:
    return shell.page(
        request,
        "act.html",
        visitor,
        refused.status if refused else 200,
        case=case,
        form=form,
        fields=forms.fields(form.body, given),
        given=given,
        fixed=given.get(FIXED, ()),
        options=partial(_options, shell, visitor),
        code=refused.code if refused else "",
        detail=refused.detail if refused else "",
        key=_one(given, KEY) or secrets.token_urlsafe(16),
        version=_one(given, VERSION),
    )


def _options(shell: Shell, visitor: Visitor, field: forms.Field) -> list[tuple[str, str]]:
    if field.kind in {"agency", "agencies"}:
        agencies = shell.desk.log.chain.latest.agencies
        partner = [(PARTNER, visitor.words("agency.partner"))] if field.word == "owner" else []
        return [*((agency, shell.name_of(agency, visitor.words)) for agency in agencies), *partner]
    return [(code, visitor.words.label(field.code_list, code)) for code in codes(field.code_list)]


def _one(given: Given, name: str) -> str:
    return (given.get(name) or [""])[0]
