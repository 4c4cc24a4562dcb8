"""The auditor's pages: who saw a case, the case as one file, and a check of such a file, wherever it comes from.

The check runs in a process beside the node, one file at a time: no file must keep an emergency waiting.
"""

import asyncio
import re
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from contracts.content import type_name
from contracts.errors import Code, Rejected
from contracts.events.access import Purpose
from contracts.events.fields import CaseId
from contracts.mechanism import Permission
from services.node.bundles import MEDIA_TYPE
from services.node.http import MAX_BUNDLE
from services.node.web import findings
from services.node.web.audit_upload import parts
from services.node.web.checking import Checked, check
from services.node.web.shell import Shell, Visitor, typed

PER_PAGE = 100
SCOPES = ("court", "whole")
_PIN = re.compile(r"[0-9a-fA-F]{64}")

OF_THEMSELVES = {Permission.ACKNOWLEDGE_NOTICE, Permission.STEP_BACK}  # that they were told, or take no part


def purpose_of(shell: Shell, visitor: Visitor) -> Purpose:
    """What a visitor reads for: who may see who read, and says nothing in a case but of themself, audits."""
    audits = shell.may(visitor, Permission.READ_ACCESS)
    said = {form.permission for form in shell.forms.values()} - OF_THEMSELVES
    acts = any(shell.may(visitor, permission) for permission in said)
    return Purpose.AUDIT if audits and not acts else Purpose.HANDLING


def router(shell: Shell) -> APIRouter:
    """`/audit`, `/cases/{case}/access` and `/cases/{case}/bundle`."""
    routes, one_at_a_time = APIRouter(), asyncio.Semaphore()
    Here = Annotated[Visitor, Depends(shell.visitor)]  # noqa: N806
    Known = Annotated[Visitor, Depends(shell.known)]  # noqa: N806

    @routes.get("/cases/{case}/access")
    async def access(
        request: Request, case: CaseId, visitor: Here, page: Annotated[int, Query(ge=1, le=1000)] = 1
    ) -> Response:
        answer = await shell.ask(visitor, "GET", f"/cases/{case}/access", headers={"Rajut-Purpose": Purpose.AUDIT})
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        newest = answer.told["entries"][::-1]
        shown, pages = newest[(page - 1) * PER_PAGE : page * PER_PAGE], -(-len(newest) // PER_PAGE)
        told = answer.told | {"entries": shown}
        return shell.page(
            request, "audit_access.html", visitor, case=case, told=told, page=page, pages=pages, scopes=SCOPES
        )

    @routes.post("/cases/{case}/bundle")
    async def bundle(request: Request, case: CaseId, visitor: Here) -> Response:
        scope = (await typed(request)).get("scope", [""])[0]
        answer = await shell.ask(visitor, "GET", f"/cases/{case}/bundle?scope={quote(scope)}")
        if not answer.held:
            return shell.refusal(request, visitor, answer.code, answer.detail)
        named = {"Content-Disposition": f'attachment; filename="rajut-{case}-{scope}.zip"'}
        return Response(answer.told, media_type=MEDIA_TYPE, headers=named)

    @routes.get("/audit")
    async def ask(request: Request, visitor: Here) -> Response:
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_ACCESS)
        return _page(request, visitor)

    @routes.post("/audit")
    async def verify(request: Request, visitor: Known) -> Response:
        """A file from anywhere: nothing of it is kept, and what it says is shown as what somebody claims."""
        shell.desk.officers.allow(visitor.session.officer, Permission.READ_ACCESS)
        given = parts(request.headers.get("content-type", ""), await request.body())
        if not visitor.session.sent(given.get("_csrf", b"").decode("ascii", "replace")):
            raise Rejected(Code.FORBIDDEN, "csrf")
        pin = given.get("pin", b"").decode("ascii", "replace").strip()
        async with one_at_a_time:
            checked = await check(given.get("bundle", b""), _digest(pin))
        return _page(request, visitor, checked, pin)

    def _page(request: Request, visitor: Visitor, checked: Checked | None = None, pin: str = "") -> Response:
        return shell.page(
            request,
            "audit.html",
            visitor,
            checked=checked,
            mark_of=findings.mark_of,
            type_name=type_name,
            in_words=partial(findings.told, visitor.words),
            pin=pin,
            ours=shell.desk.log.chain.version(1).digest().hex(),
            most=MAX_BUNDLE // 1024**2,
        )

    return routes


def _digest(pin: str) -> bytes | None:
    if pin and not _PIN.fullmatch(pin):
        raise Rejected(Code.SCHEMA, "pin")
    return bytes.fromhex(pin) if pin else None
