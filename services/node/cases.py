"""A case as this node may read it: state, conflicts, and a timeline whose every line says what can be proven.

The claimed time of an event is whatever its author wrote. Provable is less: it was made *after* the
records of other logs that it had seen, and *before* the first record of another log that had seen it.
"""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends

from contracts.case import Case, Event, digest, fold
from contracts.codes import event_title
from contracts.content import type_name
from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.events.fields import CaseId
from contracts.hlc import Hlc
from contracts.mechanism import Permission
from contracts.record import EventId, Signed, agency_of, read, stored
from services.node.clock import instant
from services.node.http import Answer, allowed, problems
from services.node.log import SQL, Log
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection


class Line(Answer):
    """One event in a case's timeline."""

    id: str
    log: str
    seq: int
    agency: str
    role: str
    officer: str
    type: str
    title: Mapping[str, str]
    claimed: str
    after: str  # provably not before this, by other agencies' clocks; empty if nothing was seen
    before: str  # provably not after this; empty while no other agency has acknowledged it
    witnesses: list[str]  # agencies that have acknowledged holding it
    signature: str  # "valid", or the code of what is wrong
    parents: list[str]
    to: list[str]
    supported: bool
    readable: bool  # whether this version knows the type


class Standing(Answer):
    """Decisions on one matter; more than one value is a conflict."""

    in_force: str
    claims: list[tuple[str, str]]  # value, event id


class CaseView(Answer):
    """A case on one node."""

    case: str
    lead: str
    participants: list[str]
    digest: str  # equal on nodes that hold the same shared events
    state: Mapping[str, Standing]
    conflicts: list[str]
    waiting: int  # events of any case that wait for what they refer to
    timeline: list[Line]


class CaseSummary(Answer):
    """A case in a list."""

    case: str
    events: int
    last: str


def router(desk: Desk) -> APIRouter:
    """`GET /cases` and `GET /cases/{case}`."""
    routes = APIRouter(tags=["cases"], responses=problems())
    reader = Annotated[Officer, Depends(allowed(desk.officers, Permission.READ_CASE))]

    @routes.get("/cases", summary="Cases that this agency may read, the most recently moved first")
    async def cases(_officer: reader) -> list[CaseSummary]:
        rows = await desk.pool.fetch(SQL["cases"], 200)
        return [CaseSummary(case=r["case_id"], events=r["events"], last=_time(r["last"])) for r in rows]

    @routes.get("/cases/{case}", summary="One case: its state and its timeline")
    async def case(case: CaseId, _officer: reader) -> CaseView:
        async with desk.pool.acquire() as connection:
            return await view(connection, desk.log, case)

    return routes


async def view(connection: Connection, log: Log, case_id: str) -> CaseView:
    """Everything this node can say of a case; Rejected(NOT_FOUND) if it may read nothing of it."""
    timeline = await log.load(connection, case_id)
    case = fold(timeline.events)
    evidence = await _gather(connection, case)
    return CaseView(
        case=case_id,
        lead=case.in_force("lead"),
        participants=list(case.participants),
        digest=b64(digest(case)),
        state={slot: _standing(case, slot) for slot in sorted(case.slots)},
        conflicts=sorted(case.conflicts),
        waiting=await connection.fetchval(SQL["count_waiting"]),
        timeline=[_line(log, case, event, evidence) for event in case.timeline],
    )


class Evidence(NamedTuple):
    """What dates the events of a case: their records, who had seen them first, and what they had seen."""

    signed: Mapping[EventId, Signed]
    seen_by: Mapping[EventId, Mapping[str, str]]  # log -> claimed time of its first record that had seen the event
    made: Mapping[tuple[str, int], str]  # claimed time of the records that the events had seen


async def _gather(connection: Connection, case: Case) -> Evidence:
    ids = [event.id for event in case.timeline]
    signed = {EventId(row["id"]): stored(row["jws"]) for row in await connection.fetch(SQL["records_of"], ids)}
    seen_by: dict[EventId, dict[str, str]] = {}
    for row in await connection.fetch(SQL["dated_before"], ids):
        seen_by.setdefault(EventId(row["id"]), {})[row["by_log"]] = _time(row["hlc"])
    places = {(log, seen.size - 1) for one in signed.values() for log, seen in one.record.seen.items() if seen.size}
    logs, seqs = [log for log, _ in places], [seq for _, seq in places]
    rows = await connection.fetch(SQL["records_at"], logs, seqs)
    made = {(row["log"], row["seq"]): instant(stored(row["jws"]).record.hlc.ms) for row in rows}
    return Evidence(signed, seen_by, made)


def _standing(case: Case, slot: str) -> Standing:
    claims = [(claim.value, b64(claim.event)) for claim in case.slots[slot]]
    return Standing(in_force=case.in_force(slot), claims=claims)


def _line(log: Log, case: Case, event: Event, evidence: Evidence) -> Line:
    signed, seen_by, content = evidence.signed[event.id], evidence.seen_by.get(event.id, {}), event.content
    seen = ((other, one.size - 1) for other, one in signed.record.seen.items())
    return Line(
        id=b64(event.id),
        log=event.log,
        seq=event.seq,
        agency=event.agency,
        role=content.actor.role,
        officer=content.actor.officer,
        type=content.type,
        title={language: event_title(type_name(content.type), language) for language in ("id", "en")},
        claimed=content.time,
        after=max((evidence.made[place] for place in seen if place in evidence.made), default=""),
        before=min(seen_by.values(), default=""),
        witnesses=sorted(map(agency_of, seen_by)),
        signature=_verdict(signed, log),
        parents=[b64(parent) for parent in content.parents],
        to=list(content.to),
        supported=event.id not in case.unsupported,
        readable=event.id in case.bodies,
    )


def _time(hlc: str) -> str:
    return instant(Hlc.parse(hlc).ms)


def _verdict(signed: Signed, log: Log) -> str:
    try:
        read(signed.jws, log.chain)
    except Rejected as rejected:
        return str(rejected.code)
    return "valid"
