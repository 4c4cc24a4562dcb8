"""HTTP for intake: hand in a report."""

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from contracts.encoding import b64
from contracts.errors import Code
from contracts.mechanism import Permission
from contracts.report import Report
from services.intake import handlers
from services.intake.handlers import Receipt, Submission
from services.node.http import Answer, Documented, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk

REPEATED: Documented = {200: {"description": "This report was taken before: the same answer again"}}


class Taken(Answer):
    """The report was taken: its case, the ids of the events that say so, and among them the report's own."""

    case: str
    events: list[str]
    receipt: str


def router(desk: Desk) -> APIRouter:
    """The routes of intake."""
    routes = APIRouter(tags=["intake"], responses=problems(), route_class=StrictRoute)
    Receiver = Annotated[Officer, Depends(allowed(desk.officers, Permission.RECEIVE_REPORT))]  # noqa: N806
    Key = Annotated[str, Header(max_length=255, description="The same key with the same report opens one case")]  # noqa: N806

    @routes.post(
        "/reports",
        status_code=201,
        responses=REPEATED | problems(Code.CONFLICT, Code.SIZE, Code.ENCODING, Code.JSON, Code.REPORT),
        openapi_extra=report_body(),
        summary="Hand in a report",
    )
    async def report(request: Request, response: Response, officer: Receiver, idempotency_key: Key = "") -> Taken:
        """Opens a case for every agency that the report's consent names; identity is sealed to those alone."""
        submission = Submission(await request.body(), idempotency_key, officer.actor)
        async with desk.pool.acquire() as connection, connection.transaction():
            receipt = await handlers.receive(desk, connection, submission)
        response.status_code = 200 if receipt.again else 201
        return taken(receipt)

    return routes


def taken(receipt: Receipt) -> Taken:
    """A receipt as it is answered."""
    events = [b64(event) for event in receipt.events]
    return Taken(case=receipt.case, events=events, receipt=events[0])


@cache
def report_body() -> dict[str, object]:
    """The request body for OpenAPI: read by intake itself, because a report is stricter than JSON."""
    schema = Report.model_json_schema()
    content = {"application/json": {"schema": _inlined(schema, schema["$defs"])}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: object, parts: dict[str, object]) -> object:
    match schema:
        case {"$ref": str(name)}:
            return _inlined(parts[name.removeprefix("#/$defs/")], parts)
        case dict():
            return {name: _inlined(part, parts) for name, part in schema.items() if name != "$defs"}
        case list():
            return [_inlined(part, parts) for part in schema]
        case _:
            return schema
