"""The intake form's pages: each is saved as it is left, and while it is typed if there is a script.

The draft lies behind the API (`services.intake.drafts`), so these pages keep nothing, and neither does the browser. The
draft's name is the report's idempotency key: sent twice, it is one case.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from contracts.codes import codes
from contracts.errors import Code, Rejected
from contracts.mechanism import Permission
from contracts.mechanism.calendar import ZONES
from services.intake import form
from services.intake.drafts import DraftId
from services.intake.form import Fault, Step
from services.node.web.forms import MORE, Field
from services.node.web.inside import UNASKED, Answer
from services.node.web.shell import Shell, Visitor, typed

LATER, CHECK = "_later", "_check"
Typed = Mapping[str, list[str]]


def router(shell: Shell) -> APIRouter:
    """`/intake`, and below it a draft's pages; `/away` is where nothing is."""

    async def writer(visitor: Annotated[Visitor, Depends(shell.visitor)]) -> Visitor:
        shell.desk.officers.allow(visitor.session.officer, Permission.RECEIVE_REPORT)
        return visitor

    routes, here = APIRouter(), Depends(writer)
    for further in (_doors(shell), _drafts(shell, here), _sending(shell, here), _asking(shell, here)):
        routes.include_router(further)
    return routes


def _doors(shell: Shell) -> APIRouter:
    """The way out."""
    routes = APIRouter()

    @routes.get("/away")
    async def away(request: Request) -> Response:
        return shell.page(request, "intake/away.html")

    @routes.post("/intake/leave")
    async def leave(visitor: Annotated[Visitor, Depends(shell.visitor)]) -> Response:
        return await shell.farewell(visitor, "/desk/away")

    return routes


def _drafts(shell: Shell, here: Any) -> APIRouter:  # noqa: ANN401  what the framework makes a dependency of
    """What is begun, begins and is thrown away."""
    routes = APIRouter()
    Here = Annotated[Visitor, here]  # noqa: N806

    @routes.get("/intake")
    async def begun(request: Request, visitor: Here) -> Response:
        drafts = await shell.ask(visitor, "GET", "/drafts")
        return shell.page(request, "intake/begin.html", visitor, drafts=drafts.told if drafts.held else [])

    @routes.post("/intake")
    async def begin(visitor: Here) -> Response:
        draft = secrets.token_urlsafe(16)
        now = f"{shell.now().astimezone(ZONES[visitor.words.zone]):%Y-%m-%dT%H:%M}"
        await _save(shell, visitor, draft, form.begun(visitor.words.label("role", visitor.session.officer.role), now))
        return RedirectResponse(f"/desk/intake/{draft}/{form.DANGER}", 303)

    @routes.post("/intake/{draft}/drop")
    async def drop(draft: DraftId, visitor: Here) -> Response:
        await shell.ask(visitor, "DELETE", f"/drafts/{draft}")
        return RedirectResponse("/desk/intake", 303)

    return routes


def _sending(shell: Shell, here: Any) -> APIRouter:  # noqa: ANN401
    """What is missing, the sending, and the receipt."""
    routes = APIRouter()
    Here = Annotated[Visitor, here]  # noqa: N806

    @routes.get("/intake/{draft}/check")
    async def check(request: Request, draft: DraftId, visitor: Here) -> Response:
        told, case = await _draft(shell, visitor, draft)
        return _sent(draft) if case else _checked(shell, request, visitor, draft, told)

    @routes.post("/intake/{draft}/send")
    async def send(request: Request, draft: DraftId, visitor: Here) -> Response:
        told, case = await _draft(shell, visitor, draft)
        if case:
            return _sent(draft)
        body = json.dumps(form.report(told, visitor.words.zone, shell.desk.agency)).encode()
        answer = await shell.ask(visitor, "POST", "/reports", body, {"Idempotency-Key": draft})
        if not answer.held:
            return _checked(shell, request, visitor, draft, told, answer)
        await _save(shell, visitor, draft, told, answer.told["case"])
        return _sent(draft)

    @routes.get("/intake/{draft}/sent")
    async def receipt(request: Request, draft: DraftId, visitor: Here) -> Response:
        told, case = await _draft(shell, visitor, draft)
        if not case:
            return RedirectResponse(f"/desk/intake/{draft}/check", 303)
        urgent = told.get(form.DANGER) == [form.YES]
        return shell.page(request, "intake/sent.html", visitor, case=case, urgent=urgent)

    return routes


def _asking(shell: Shell, here: Any) -> APIRouter:  # noqa: ANN401
    """The questions, one a page."""
    routes = APIRouter()
    Here = Annotated[Visitor, here]  # noqa: N806

    @routes.get("/intake/{draft}/{step}")
    async def ask(request: Request, draft: DraftId, step: str, visitor: Here) -> Response:
        told, case = await _draft(shell, visitor, draft)
        return _sent(draft) if case else _asked(shell, request, visitor, draft, _step(step), told)

    @routes.post("/intake/{draft}/{step}/save")
    async def keep(request: Request, draft: DraftId, step: str, visitor: Here) -> Response:
        told, _ = await _written(shell, request, visitor, draft, _step(step))
        at = visitor.words.moment(await _save(shell, visitor, draft, told))
        return HTMLResponse(f'<span id="saved-at">{visitor.words("intake.saved", at=at)}</span>')

    @routes.post("/intake/{draft}/{step}")
    async def answer(request: Request, draft: DraftId, step: str, visitor: Here) -> Response:
        page = _step(step)
        told, pressed = await _written(shell, request, visitor, draft, page)
        await _save(shell, visitor, draft, told)
        if MORE in pressed:
            return _asked(shell, request, visitor, draft, page, told | {MORE: pressed[MORE]})
        if LATER in pressed:
            return RedirectResponse("/desk/intake", 303)
        faults = form.faults(told, visitor.words.zone, shell.desk.agency)
        if CHECK not in pressed and any(fault.step == step for fault in faults):
            return _asked(shell, request, visitor, draft, page, told, faults)
        following = "check" if CHECK in pressed else form.after(step) or "check"
        return RedirectResponse(f"/desk/intake/{draft}/{following}", 303)

    return routes


def _step(name: str) -> Step:
    if name not in form.BY_NAME:
        raise Rejected(Code.NOT_FOUND, "step")
    return form.BY_NAME[name]


def _sent(draft: str) -> Response:
    return RedirectResponse(f"/desk/intake/{draft}/sent", 303)


async def _draft(shell: Shell, visitor: Visitor, draft: str) -> tuple[Typed, str]:
    """What was typed so far, and the case, once it was sent."""
    answer = await shell.ask(visitor, "GET", f"/drafts/{draft}")
    if not answer.held:
        raise Rejected(Code(answer.code), answer.detail)
    return answer.told["typed"], answer.told["case"]


async def _written(
    shell: Shell, request: Request, visitor: Visitor, draft: str, step: Step
) -> tuple[dict[str, list[str]], Typed]:
    """The draft with this page as it was sent now, and all that was sent."""
    given, (told, case) = await typed(request), await _draft(shell, visitor, draft)
    if case:
        raise Rejected(Code.STATE, "draft")
    return form.merged(told, step, given), given


async def _save(shell: Shell, visitor: Visitor, draft: str, told: Typed, case: str | None = None) -> str:
    """When it was saved."""
    answer = await shell.ask(visitor, "PUT", f"/drafts/{draft}", {"typed": told, "case": case})
    if not answer.held:
        raise Rejected(Code(answer.code), answer.detail)
    return str(answer.told["saved_at"])


def _asked(
    shell: Shell,
    request: Request,
    visitor: Visitor,
    draft: str,
    step: Step,
    told: Typed,
    faults: Sequence[Fault] = (),
) -> Response:
    return shell.page(
        request,
        "intake/step.html",
        visitor,
        422 if faults else 200,
        draft=draft,
        step=step.name,
        steps=[*form.BY_NAME],
        fields=form.fields(step, told),
        given=told,
        wrong=[fault.name for fault in faults if fault.step == step.name],
        options=partial(_options, shell, visitor),
    )


def _checked(
    shell: Shell, request: Request, visitor: Visitor, draft: str, told: Typed, answer: Answer = UNASKED
) -> Response:
    return shell.page(
        request,
        "intake/check.html",
        visitor,
        answer.status,
        draft=draft,
        steps=[*form.BY_NAME],
        begun={step.name for step in form.STEPS if any(step.holds(name) for name in told)},
        faults=form.faults(told, visitor.words.zone, shell.desk.agency),
        code=answer.code,
        detail=answer.detail,
        refused=form.fault_at(answer.detail, told) if answer.detail else None,
    )


def _options(shell: Shell, visitor: Visitor, field: Field) -> list[tuple[str, str]]:
    if field.kind in {"agency", "agencies"}:
        return [
            (agency, shell.name_of(agency, visitor.words))
            for agency in shell.desk.log.chain.latest.agencies
            if agency != shell.desk.agency
        ]
    if field.word in form.CHOICES:
        return [(value, visitor.words(f"{field.word}.{value}")) for value in form.CHOICES[field.word]]
    return [(code, visitor.words.label(field.code_list, code)) for code in codes(field.code_list)]
