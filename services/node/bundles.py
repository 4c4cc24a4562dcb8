"""A case as one file that an outsider can check alone: the route to the export, which is noted like every read.

The export is made in one snapshot, noted in the access log and only then handed over; see `services.node.audit`.
"""

import asyncio
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from contracts.bundle.assembly import Export
from contracts.bundle.verdict import Scope
from contracts.errors import Code
from contracts.events.access import Door, Purpose
from contracts.events.fields import CaseId
from contracts.mechanism import Permission
from services.node.access import NO_CACHE, Reading, reads
from services.node.audit import Auditor, Wish, shown_by
from services.node.http import Documented, StrictRoute, problems
from services.node.service import Desk
from services.node.vault import Vault

MEDIA_TYPE = "application/zip"
FILE: Documented = {200: {"description": "The bundle", "content": {MEDIA_TYPE: {"schema": {"format": "binary"}}}}}


def router(desk: Desk, vault: Vault) -> APIRouter:
    """`GET /cases/{case}/bundle`."""
    routes = APIRouter(tags=["cases"], responses=problems(Code.ACCESS, Code.SIZE), route_class=StrictRoute)
    one_at_a_time = asyncio.Semaphore(1)  # it holds a connection for long, and others decide about lives
    auditor = Annotated[Reading, Depends(reads(desk, Permission.READ_ACCESS, Purpose.AUDIT, Door.EXPORT))]
    For = Annotated[Scope, Query(description="whole: all that this agency can read. court: without who and what")]  # noqa: N806

    @routes.get("/cases/{case}/bundle", responses=FILE, response_class=Response, summary="A case as one file")
    async def bundle(case: CaseId, reading: auditor, scope: For = "court") -> Response:
        """Whoever is given the file can check it without us: `rajut audit verify`, or by the page inside it."""
        desk.officers.allow(reading.officer, Permission.READ_CASE)
        export = Export(scope, desk.agency, reading.officer.actor, reading.purpose, desk.now())
        async with one_at_a_time, desk.pool.acquire() as connection:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                gathering = Auditor(connection, desk.log, vault, lambda _: None)
                data = await gathering.bundle(case, Wish(scope), export)
            async with connection.transaction():
                for shown in shown_by(case, data):
                    await reading.show(connection, sha256(data).hexdigest(), shown)
        named = {"Content-Disposition": f'attachment; filename="rajut-{case}-{scope}.zip"'}
        return Response(data, media_type=MEDIA_TYPE, headers=NO_CACHE | named)

    return routes
