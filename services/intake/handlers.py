"""Intake's transactions: a report becomes a case, and cases that may be about one person are offered.

Locks are always taken in this order: submission, case, person index, own log. So two reports about
one person never pass each other unseen, and never wait for each other in a circle.
"""

import secrets
from pathlib import Path
from typing import NamedTuple

from contracts.case import Case
from contracts.content import Actor, case_name
from contracts.errors import Code, Rejected
from contracts.events.intake import IdentityShared
from contracts.record import EventId
from contracts.report import read_report
from contracts.sealing import KEY_BYTES
from contracts.timeline import Event
from contracts.workflow.duplicate import Decision
from services.intake import domain
from services.intake.domain import MAX_SUGGESTED, Person, PersonKey
from services.node.service import Desk
from services.node.sql import Connection, queries
from services.node.writing import Timeline

SQL = queries(Path(__file__).with_name("queries.sql"))


class Submission(NamedTuple):
    """A report as it was handed in; `key` tells a repetition from a second report, "" if it has none."""

    data: bytes
    key: str
    actor: Actor


class Receipt(NamedTuple):
    """What became of a report: its case and the events that were said; `again` if that was known before."""

    case: str
    events: tuple[EventId, ...]
    again: bool


async def receive(desk: Desk, connection: Connection, submission: Submission) -> Receipt:
    """Open a case for a report, in the caller's transaction: all of it or nothing.

    Raises Rejected(SIZE | ENCODING | JSON | REPORT) for a report that cannot be read or is not ours, and
    Rejected(CONFLICT) for an idempotency key that came with another report before.
    """
    report = read_report(submission.data)
    if submission.key and (known := await _answered(desk, connection, submission)):
        return known
    agencies = desk.log.directory.agencies
    door = domain.Door(desk.agency, agencies, desk.mechanism.version, desk.now())
    drafts = domain.opening(report, door, submission.actor)
    await connection.execute(SQL["lock_persons"])
    key = secrets.token_bytes(KEY_BYTES)
    empty = Timeline(case=case_name(key, desk.log.log), key=key)
    opened = await desk.append(connection, empty, drafts)
    await _offer_duplicates(desk, connection, opened.case, domain.person_of(report))
    receipt = Receipt(opened.case, tuple(event.id for event in opened.events), again=False)
    if submission.key:
        await connection.execute(SQL["add_submission"], *_blinded(desk, submission), receipt.case, receipt.events)
    return receipt


async def identity_shared(desk: Desk, connection: Connection, event: Event) -> None:
    """Another agency shared who a person is, and might: offer our cases that may be about the same one."""
    if event.agency == desk.agency:
        return  # our own reports entered the index when they came in
    case = desk.case(await desk.log.load(connection, event.content.case))
    if event.id not in domain.found_by(case, desk.agency):
        return  # nobody allowed it, the person has taken that back, or we took the report ourselves
    person = domain.person_of(IdentityShared.read(event.content.body))
    await connection.execute(SQL["lock_persons"])
    await _offer_duplicates(desk, connection, event.content.case, person)


async def consent_withdrawn(desk: Desk, connection: Connection, event: Event) -> None:
    """The person has taken back what they allowed: what others shared of them finds nothing here any more."""
    await connection.execute(SQL["lock_persons"])
    case_id = event.content.case
    case = desk.case(await desk.log.load(connection, case_id))
    await connection.execute(SQL["keep_person_keys"], case_id, [one.key for one in keys_of(desk, case)])
    await connection.execute(SQL["drop_duplicates"], case_id)


async def decided(desk: Desk, connection: Connection, event: Event) -> None:
    """Officers of some agency have decided about two cases: show each beside the other, also if we offered neither."""
    case = desk.case(await desk.log.load(connection, event.content.case))
    said = case.bodies[event.id]
    if isinstance(said, Decision) and event.id not in case.unsupported:
        await connection.execute(SQL["add_duplicate"], event.content.case, said.other, ())


def keys_of(desk: Desk, case: Case) -> list[PersonKey]:
    """All blinded facts by which the person of a case may be found here."""
    persons = domain.persons(case, desk.agency)
    return [key for person in persons for key in domain.person_keys(person, desk.index_key)]


async def _answered(desk: Desk, connection: Connection, submission: Submission) -> Receipt | None:
    key, body = _blinded(desk, submission)
    await connection.execute(SQL["lock_submission"], key)
    row = await connection.fetchrow(SQL["submission"], key)
    if row is None:
        return None
    if row["body"] != body:
        raise Rejected(Code.CONFLICT, "Idempotency-Key")
    return Receipt(row["case_id"], tuple(row["events"]), again=True)


async def _offer_duplicates(desk: Desk, connection: Connection, case: str, person: Person) -> None:
    """Note the pairs for our own officers, in our own table and nowhere else.

    A record in the log, even one addressed to us alone, would tell every partner that a person whom it named to us
    is known here: it could ask for one phone number after the other.
    """
    keys = domain.person_keys(person, desk.index_key)
    rows = await connection.fetch(SQL["same_person"], case, [one.key for one in keys], MAX_SUGGESTED)
    await connection.executemany(SQL["add_person_key"], [(case, one.key, one.kind) for one in keys])
    pairs = [(case, row["case_id"], domain.basis(row["kinds"])) for row in rows]
    await connection.executemany(SQL["add_duplicate"], pairs)


def _blinded(desk: Desk, submission: Submission) -> tuple[bytes, bytes]:
    # Each officer has keys of their own: nobody answers for another's report by guessing its key.
    name = f"{submission.actor.officer} {submission.key}"
    key = domain.blind(desk.index_key, "submission key", name.encode())
    return key, domain.blind(desk.index_key, "submission body", submission.data)
