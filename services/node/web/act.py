"""Saying something in a case: a form, filled in as far as the case tells, and the route behind it.

The form carries the version of the case that was looked at and a key of its own: whoever presses twice has said it
once, and whoever looked at an old state is told so instead of deciding on it. Who was called since then, and who
answered, changes nothing that is decided on: it keeps nobody waiting. What was typed stays in every refusal, unless
what it was said about is gone: then that is asked anew.

An address can be sent to an officer by anybody. What it gives a form is shown as settled, and is never a field under
another one that is typed. Where it leaves open which of several things the form is about, that is asked first.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
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
from services.node.web import choices, forms
from services.node.web.case import look_at, panels
from services.node.web.inside import UNASKED, Answer
from services.node.web.panel import Form, Labels, Look, Offer, Typed as Given
from services.node.web.shell import Shell, Visitor, typed
from services.node.writing import Timeline, version_of

# Fields of the form itself; no field of a body begins so.
KEY, VERSION, FIXED = "_key", "_version", "_fixed"
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
        look = look_at(shell, visitor, case, shell.desk.case(timeline))
        known, ways = _settled(shell, visitor, look, form, _given(form, request))
        draft = form.draft(look)
        if draft or known or ways:
            await _noted(shell, visitor, case, len(timeline.events))
        if ways is not None:
            return _which(shell, request, visitor, look, form, ways)
        given = {**draft, **known, FIXED: list(known), VERSION: [_seen(timeline)]}
        return _shown(shell, request, visitor, look, form, given)

    @routes.post("/cases/{case}/act/{name}")
    async def say(request: Request, case: CaseId, name: str, visitor: Here) -> Response:
        form, given = _form(shell, name), await typed(request)
        shell.desk.officers.allow(visitor.session.officer, form.permission)
        more = forms.MORE in given  # another row, asked for without a script
        answer = UNASKED if more else await _said(shell, visitor, case, form, given)
        if answer.held and not more:
            return RedirectResponse(f"/desk/cases/{case}?{urlencode({'said': name})}", 303)
        timeline = await _loaded(shell, case)
        look = look_at(shell, visitor, case, shell.desk.case(timeline))
        stale = answer.code == Code.STALE
        anew = _named_by_case(form, look) if stale else {}
        if given.get(FIXED) or anew:
            await _noted(shell, visitor, case, len(timeline.events))
        if stale and _is_gone(shell, look, form, given):
            return _which(shell, request, visitor, look, form, choices.fitting(_offers(shell, look, form), {}), answer)
        if stale:  # they are told, and may say it again of what stands there now
            given |= {**anew, VERSION: [_seen(timeline)]}
        return _shown(shell, request, visitor, look, form, given, answer)

    return routes


def _form(shell: Shell, name: str) -> Form:
    if name not in shell.forms:
        raise Rejected(Code.NOT_FOUND, "act")
    return shell.forms[name]


async def _loaded(shell: Shell, case: str) -> Timeline:
    async with shell.desk.pool.acquire() as connection:
        return await shell.desk.log.load(connection, case)


async def _noted(shell: Shell, visitor: Visitor, case: str, events: int) -> None:
    """What is typed or settled already, and what there is to choose, is told of the case."""
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


def _settled(
    shell: Shell, visitor: Visitor, look: Look, form: Form, known: Given
) -> tuple[Given, list[Mapping[str, str]] | None]:
    """What is settled, and what there is to choose from if that leaves open what the form is about.

    What is the only one of its kind is not asked for.
    """
    labels = shell.labels(form.name, look, shell.speech(visitor.words), known)
    if not choices.lacking(forms.fields(form.body, {}), known, labels):
        return known, None
    ways = choices.fitting(_offers(shell, look, form), known)
    if len(ways) != 1:
        return known, ways
    return {**known, **{name: [value] for name, value in ways[0].items()}}, None


def _offers(shell: Shell, look: Look, form: Form) -> list[Offer]:
    return [offer for one in panels(shell, look) for offer in one.offers if offer.form == form.name]


def _named_by_case(form: Form, look: Look) -> dict[str, list[str]]:
    """What goes along with a form unseen, as the case tells it now: nobody typed that, so nobody has to mend it."""
    unseen = {field.name for field in forms.fields(form.body, {}) if field.kind in {*forms.NAMES, "events"}}
    return {name: [*values] for name, values in form.draft(look).items() if name in unseen}


def _is_gone(shell: Shell, look: Look, form: Form, given: Given) -> bool:
    """Whether the case offers this form no more of what it is about, such as a plan that another one has replaced."""
    about = {field.name for field in forms.fields(form.body, {}) if field.kind in forms.NAMES} & {*given.get(FIXED, ())}
    known = {name: given[name] for name in about}
    return bool(known) and not choices.fitting(_offers(shell, look, form), known)


def _which(
    shell: Shell,
    request: Request,
    visitor: Visitor,
    look: Look,
    form: Form,
    ways: Sequence[Mapping[str, str]],
    answer: Answer = UNASKED,
) -> Response:
    speech = shell.speech(visitor.words)
    naming = partial(shell.labels, form.name, look, speech)
    words = choices.told(look, ways, forms.fields(form.body, {}), naming, speech)
    named = list(zip(words, ways, strict=True))
    told = {"case": look.name, "form": form, "ways": named, "code": answer.code}
    return shell.page(request, "act_which.html", visitor, answer.status, **told)


def _shown(
    shell: Shell, request: Request, visitor: Visitor, look: Look, form: Form, given: Given, answer: Answer = UNASKED
) -> Response:
    asked, speech = forms.fields(form.body, given), shell.speech(visitor.words)
    labels = shell.labels(form.name, look, speech, given)
    return shell.page(
        request,
        "act.html",
        visitor,
        answer.status,
        case=look.name,
        form=form,
        fields=asked,
        given=choices.renamed(asked, given, form.free(look)),
        fixed=given.get(FIXED, ()),
        options=partial(_options, shell, visitor, labels, form.among(look)),
        called=lambda field, value: choices.called(look, field, value, labels, speech),
        code=answer.code,
        detail=answer.detail.removeprefix("body."),  # where the framework says that a request has its fields
        key=_one(given, KEY) or secrets.token_urlsafe(16),
        version=_one(given, VERSION),
    )


def _options(
    shell: Shell, visitor: Visitor, labels: Labels, among: Mapping[str, Collection[str]], field: forms.Field
) -> list[tuple[str, str]]:
    listed = _listed(shell, visitor, labels, field)
    return [(value, name) for value, name in listed if value in among.get(field.word, (value,))]


def _listed(shell: Shell, visitor: Visitor, labels: Labels, field: forms.Field) -> list[tuple[str, str]]:
    if field.word in labels:
        return [*labels[field.word].items()]
    if field.kind in {"agency", "agencies"}:
        agencies = shell.desk.log.chain.latest.agencies
        partner = [(PARTNER, visitor.words("agency.partner"))] if field.word == "owner" else []
        return [*((agency, shell.name_of(agency, visitor.words)) for agency in agencies), *partner]
    return [(code, visitor.words.label(field.code_list, code)) for code in codes(field.code_list)]


def _one(given: Given, name: str) -> str:
    return (given.get(name) or [""])[0]
