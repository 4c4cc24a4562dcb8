"""A case as this node may read it: state, conflicts, and a timeline whose every line says what can be proven.

The claimed time of an event is whatever its author wrote. Provable is less: it was made *after* the
records of other logs that it had seen, and *before* the first record of another log that had seen it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends

from contracts.case import Case, digest, fold
from contracts.codes import event_title, label
from contracts.content import type_name
from contracts.directory import Chain
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.hlc import Hlc, instant
from contracts.mechanism import Permission
from contracts.record import EventId, Signed, agency_of, stored
from contracts.timeline import Event
from services.node.access import ANSWERS, Reading, Shown, reads
from services.node.forks import disputed
from services.node.http import Answer, StrictRoute, problems
from services.node.log import SQL, Log
from services.node.service import Desk
from services.node.sql import Connection, Row
from services.node.witness import SQL as WITNESSED

Level = Literal["local", "provisional", "confirmed"]

MAX_LISTED = 200


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
    cosigners: list[str]  # agencies that have cosigned a checkpoint which covers it
    level: Level  # by how many others it is cosigned: none, some, all
    state: str  # of its content: PRESENT, or ERASED by order
    erased_by: str  # id of the confirmation that made it an order; empty if it was not erased
    signature: str  # "valid", or the code of what is wrong
    parents: list[str]
    to: list[str]
    supported: bool
    readable: bool  # whether this version knows the type


class Standing(Answer):
    """Decisions on one matter; more than one value is a conflict."""

    in_force: str
    claims: list[tuple[str, str]]  # value, event id


class Gap(Answer):
    """Something of a participant's log that this node did not hold for a while, or does not hold yet."""

    kind: str
    title: Mapping[str, str]
    log: str
    agency: str
    first: int  # of a missing parent: the place of the event that names it
    last: int
    opened: str
    closed: str  # empty while it is missing


class CaseView(Answer):
    """A case on one node."""

    case: str
    lead: str
    participants: list[str]
    digest: str  # equal on nodes that hold the same shared events
    rules: int  # version of the mechanism that it runs under; 0 if no opening names one
    rules_known: bool  # if they are not here nothing is judged by other ones: timeline, no state
    version: str  # of what this node holds of it: acts may name it as If-Match
    state: Mapping[str, Standing]
    conflicts: list[str]
    disputed: list[str]  # logs of its participants that have two histories, or of which others say what we do not hold
    waiting: int  # events of any case that wait for what they refer to
    gaps: list[Gap]  # what may be missing of this case, or was: open ones first, then the newest
    timeline: list[Line]


class CaseSummary(Answer):
    """A case in a list."""

    case: str
    events: int
    last: str


def router(desk: Desk) -> APIRouter:
    """`GET /cases` and `GET /cases/{case}`."""
    routes = APIRouter(tags=["cases"], responses=problems(), route_class=StrictRoute)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get("/cases", responses=ANSWERS, summary="Cases that this agency may read, the most recently moved first")
    async def cases(reading: reader) -> list[CaseSummary]:
        async with desk.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(SQL["cases"], MAX_LISTED)
            closed = await reading.withheld(connection, [row["case_id"] for row in rows])
            listed = [_summary(row) for row in rows if row["case_id"] not in closed]
            return await reading.show(connection, listed, Shown(View.CASES, [one.case for one in listed], len(listed)))

    @routes.get("/cases/{case}", responses=ANSWERS, summary="One case: its state and its timeline")
    async def case(case: CaseId, reading: reader) -> CaseView:
        async with desk.pool.acquire() as connection, connection.transaction():
            answer = await view(connection, desk.log, case)
            return await reading.show(connection, answer, Shown(View.CASE, [case], len(answer.timeline)))

    return routes


async def view(connection: Connection, log: Log, case_id: str) -> CaseView:
    """Everything this node can say of a case; Rejected(NOT_FOUND) if it may read nothing of it."""
    timeline = await log.load(connection, case_id)
    case = fold(timeline.events, log.rules)
    return CaseView(
        case=case_id,
        lead=case.in_force("lead"),
        participants=list(case.participants),
        digest=b64(digest(case)),
        rules=case.rules,
        rules_known=case.judged_by is not None,
        version=timeline.version,
        state={slot: _standing(case, slot) for slot in sorted(case.slots)},
        conflicts=sorted(case.conflicts),
        disputed=await disputed(connection, sorted({event.log for event in case.timeline})),
        waiting=await connection.fetchval(SQL["count_waiting"]),
        gaps=await gaps(connection, log, case_id, case),
        timeline=await lines(connection, log, case),
    )


def _summary(row: Row) -> CaseSummary:
    return CaseSummary(case=row["case_id"], events=row["events"], last=_time(row["last"]))


async def gaps(connection: Connection, log: Log, case_id: str, case: Case) -> list[Gap]:
    """What is or was missing of the participants' logs since this node has had the case."""
    rows = await connection.fetch(
        SQL["gaps_of_case"], case_id, [event.id for event in case.timeline], logs_of(log.chain, case)
    )
    return [_gap(row) for row in rows]


def logs_of(chain: Chain, case: Case) -> list[str]:
    """All logs of those who take part in a case, those of earlier epochs too."""
    return [log for log in chain.all_logs(chain.latest.version) if agency_of(log) in case.participants]


async def lines(connection: Connection, log: Log, case: Case, some: Sequence[Event] | None = None) -> list[Line]:
    """Every event of a case, or `some` of them, in timeline order, with what can be proven of it now."""
    events = case.timeline if some is None else some
    evidence = await _gather(connection, events)
    return [_line(log, case, event, evidence) for event in events]


class Evidence(NamedTuple):
    """What dates the events of a case: their records, who had seen them first, and what they had seen."""

    signed: Mapping[EventId, Signed]
    seen_by: Mapping[EventId, Mapping[str, str]]  # log -> claimed time of its first record that had seen the event
    made: Mapping[tuple[str, int], str]  # claimed time of the records that the events had seen
    cosigned: Mapping[EventId, Mapping[str, str]]  # agency -> when it first cosigned a checkpoint over the event
    erased: Mapping[EventId, str]  # by which order


async def _gather(connection: Connection, events: Sequence[Event]) -> Evidence:
    ids = [event.id for event in events]
    signed = {EventId(row["id"]): stored(row["jws"]) for row in await connection.fetch(SQL["records_of"], ids)}
    seen_by: dict[EventId, dict[str, str]] = {}
    for row in await connection.fetch(SQL["dated_before"], ids):
        seen_by.setdefault(EventId(row["id"]), {})[row["by_log"]] = _time(row["hlc"])
    places = {(log, seen.size - 1) for one in signed.values() for log, seen in one.record.seen.items() if seen.size}
    logs, seqs = [log for log, _ in places], [seq for _, seq in places]
    rows = await connection.fetch(SQL["records_at"], logs, seqs)
    made = {(row["log"], row["seq"]): instant(stored(row["jws"]).record.hlc.ms) for row in rows}
    cosigned: dict[EventId, dict[str, str]] = {}
    for row in await connection.fetch(WITNESSED["cosigned"], ids):
        # A cosignature names the second in which it was made: only the end of that second is after the event.
        cosigned.setdefault(EventId(row["id"]), {})[row["agency"]] = instant((row["at"] + 1) * 1000)
    erased = {EventId(row["id"]): b64(row["confirmed"]) for row in await connection.fetch(SQL["erased_by"], ids)}
    return Evidence(signed, seen_by, made, cosigned, erased)


def _gap(row: Row) -> Gap:
    opened, closed = (instant(int(at.timestamp() * 1000)) if at else "" for at in (row["opened_at"], row["closed_at"]))
    return Gap(
        kind=row["kind"],
        title={language: label("gap", row["kind"], language) for language in ("id", "en")},
        log=row["log"],
        agency=agency_of(row["log"]),
        first=row["from_seq"],
        last=row["to_seq"],
        opened=opened,
        closed=closed,
    )


def _standing(case: Case, slot: str) -> Standing:
    claims = [(claim.value, b64(claim.event)) for claim in case.slots[slot]]
    return Standing(in_force=case.in_force(slot), claims=claims)


def _line(log: Log, case: Case, event: Event, evidence: Evidence) -> Line:
    signed, seen_by, content = evidence.signed[event.id], evidence.seen_by.get(event.id, {}), event.content
    cosigned = evidence.cosigned.get(event.id, {})
    seen = ((other, one.size - 1) for other, one in signed.record.seen.items() if agency_of(other) != event.agency)
    return Line(
        id=b64(event.id),
        log=event.log,
        seq=event.seq,
        agency=event.agency,
        role=content.actor.role,
        officer=content.actor.officer,
        type=content.type,
        title={language: _title(event, language) for language in ("id", "en")},
        claimed=content.time or instant(event.hlc.ms),
        after=max((evidence.made[place] for place in seen if place in evidence.made), default=""),
        before=min((*seen_by.values(), *cosigned.values()), default=""),
        witnesses=sorted(map(agency_of, seen_by)),
        cosigners=sorted(cosigned),
        level=level_of(len(cosigned), len(log.chain.logs()) - 1),
        state="ERASED" if event.erased else "PRESENT",
        erased_by=evidence.erased.get(event.id, ""),
        signature=str(Code.REVOKED) if event.void else "valid",  # by any other one it would not have been opened
        parents=[b64(parent) for parent in content.parents],
        to=list(content.to),
        supported=event.id not in case.unsupported,
        readable=event.id in case.bodies,
    )


def _title(event: Event, language: str) -> str:
    return (
        label("content_state", "ERASED", language)
        if event.erased
        else event_title(type_name(event.content.type), language)
    )


def level_of(cosigners: int, others: int) -> Level:
    """How firmly an event stands, when so many of so many other agencies have cosigned a checkpoint over it."""
    if cosigners == 0:
        return "local"
    return "confirmed" if cosigners >= others else "provisional"


def _time(hlc: str) -> str:
    return instant(Hlc.parse(hlc).ms)
