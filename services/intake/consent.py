"""Consent and disclosure at the desk: a new consent, its end, sharing on either, and what is shared without any.

An identity goes out only if the rules by which every other agency judges it (`contracts.workflow.consent`) let it
count: what they would not take, this node does not sign.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from contracts.case import Case
from contracts.codes import codes
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Value
from contracts.events.access import View
from contracts.events.fields import Agencies, CaseId, Words
from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureConfirmed,
    DisclosureMade,
    ReportReceived,
)
from contracts.mechanism import Permission
from contracts.timeline import Event
from contracts.workflow.consent import SLOT, WITHDRAWN, runs
from contracts.workflow.referral import partner
from services.intake import domain
from services.node import acts
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import Act, Moment, Said, perform
from services.node.http import Answer, allowed
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection
from services.node.writing import Draft

IN_FORCE, REPLACED, EXPIRED = "IN_FORCE", "REPLACED", "EXPIRED"
CONSENT = "PERSETUJUAN"  # of the grounds the one that is no ground for a disclosure


class Share(Value):
    """Which groups of fields of our report go to which participants."""

    to: Annotated[Agencies, Field(min_length=1)]
    fields: Annotated[Words, Field(min_length=1)]


class Shared(Answer):
    """What was shared: the id of its event."""

    event: str


class GivenConsent(Answer):
    """A consent as it was recorded, and whether it still holds."""

    event: str
    by: str
    share_with: list[str]
    fields: list[str]
    purpose: str
    expires: str
    state: str


class Disclosure(Answer):
    """What was or is to be shared without consent; in force only with a second officer's word."""

    event: str
    by: str
    ground: str
    fields: list[str]
    recipients: list[str]
    reason: str
    confirmed: bool
    in_force: bool


class ConsentView(Answer):
    """What the person allows, and what is shared without that."""

    withdrawn: bool
    consents: list[GivenConsent]
    disclosures: list[Disclosure]


def check_consent(moment: Moment, body: ConsentRecorded) -> None:
    """Raise Rejected(SCHEMA) for an unknown code, or a recipient that is no participant and no kind of partner."""
    _known("consent_giver", body.given_by, "given_by")
    _known("consent_form", body.form, "form")
    _known("purpose", body.purpose, "purpose")
    for group in body.fields:
        _known("consent_field", group, "fields")
    if not set(body.share_with) <= {*moment.case.participants, *map(partner, codes("partner_kind"))}:
        raise Rejected(Code.SCHEMA, "share_with")


def check_withdrawal(_moment: Moment, body: ConsentWithdrawn) -> None:
    """Raise Rejected(SCHEMA) for an unknown code."""
    _known("consent_giver", body.given_by, "given_by")
    _known("consent_form", body.form, "form")


def check_disclosure(_moment: Moment, body: DisclosureMade) -> None:
    """Raise Rejected(SCHEMA) for an unknown group of fields or a ground that is none here."""
    for group in body.fields:
        _known("consent_field", group, "fields")
    if body.ground not in {*codes("processing_basis")} - {CONSENT}:
        raise Rejected(Code.SCHEMA, "ground")


RECORD = Act("consent", ConsentRecorded, "Record what the person allows from here on", check_consent)
ACTS = (
    Act("consent/withdraw", ConsentWithdrawn, "The person allows nothing any more", check_withdrawal),
    Act("disclosures", DisclosureMade, "Disclose in an emergency, without consent", check_disclosure),
    Act("disclosures/confirm", DisclosureConfirmed, "Agree to a disclosure as the second officer"),
)


async def share(desk: Desk, connection: Connection, case_id: str, actor: Actor, wanted: Share) -> Event:
    """Share groups of fields of our report.

    Rejected(NOT_FOUND) if we took no report in this case, Rejected(STATE) unless consent in force or a confirmed
    disclosure names the groups and the recipients.
    """
    timeline = await desk.log.lock(connection, case_id)
    case = desk.case(timeline)
    report = next((body.report for _, body in case.of_type(ReportReceived)), None)
    shared = domain.groups(report, wanted.fields) if report else None
    if shared is None:
        raise Rejected(Code.NOT_FOUND, "report")
    if not set(wanted.to) <= set(case.participants) - {desk.agency}:
        raise Rejected(Code.STATE, "to")
    to = tuple(sorted({desk.agency, *wanted.to}))
    after = await desk.append(connection, timeline, [Draft(shared, to, actor, desk.now())])
    if after.events[-1].id in desk.case(after).unsupported:
        raise Rejected(Code.STATE, "consent")
    return after.events[-1]


def shown(case: Case, now: str) -> ConsentView:
    """Every consent and disclosure of a case, as things stand at a moment."""
    withdrawn = case.in_force(SLOT) == WITHDRAWN
    confirmed = {body.disclosure for _, body in case.of_type(DisclosureConfirmed)}
    return ConsentView(
        withdrawn=withdrawn,
        consents=[_consent(case, event, body, now) for event, body in case.of_type(ConsentRecorded)],
        disclosures=[
            Disclosure(
                event=b64(event.id),
                by=event.agency,
                ground=body.ground,
                fields=[*body.fields],
                recipients=[*body.recipients],
                reason=body.reason,
                confirmed=b64(event.id) in confirmed,
                in_force=case.in_force(f"disclosure/{event.agency}") == b64(event.id),
            )
            for event, body in case.of_type(DisclosureMade)
        ],
    )


def router(desk: Desk) -> APIRouter:
    """What officers may say of consent and disclosure, and where they stand."""
    routes = acts.router(desk, "consent", ACTS)
    recorder = Annotated[Officer, Depends(allowed(desk.officers, Permission.RECORD_CONSENT))]
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.post("/cases/{case}/consent", status_code=201, summary=RECORD.summary)
    async def record(case: CaseId, officer: recorder, body: ConsentRecorded) -> Said:
        """A later consent replaces the one before it, and a withdrawal that is known."""
        async with desk.pool.acquire() as connection, connection.transaction():
            return await perform(desk, connection, case, officer.actor, RECORD, body)

    @routes.post("/cases/{case}/identity", status_code=201, summary="Share what consent or a disclosure names")
    async def identity(case: CaseId, officer: recorder, body: Share) -> Shared:
        """Sealed to the recipients alone; refused unless every other agency would let it count."""
        async with desk.pool.acquire() as connection, connection.transaction():
            event = await share(desk, connection, case, officer.actor, body)
        return Shared(event=b64(event.id))

    @routes.get("/cases/{case}/consent", responses=ANSWERS, summary="What the person allows")
    async def consent(case: CaseId, reading: reader) -> ConsentView:
        """Every consent with its state, and every disclosure without one."""
        return await reading.of_case(case, View.CONSENT, lambda told: shown(told, desk.now()))

    return routes


def _consent(case: Case, event: Event, body: ConsentRecorded, now: str) -> GivenConsent:
    return GivenConsent(
        event=b64(event.id),
        by=event.agency,
        share_with=[*body.share_with],
        fields=[*body.fields],
        purpose=body.purpose,
        expires=body.expires or "",
        state=_state(case, b64(event.id), body, now),
    )


def _state(case: Case, name: str, body: ConsentRecorded, now: str) -> str:
    if case.in_force(SLOT) == WITHDRAWN:
        return WITHDRAWN
    if name not in {claim.value for claim in case.slots.get(SLOT, ())}:
        return REPLACED
    return IN_FORCE if runs(body, datetime.fromisoformat(now)) else EXPIRED


def _known(code_list: str, code: str, field: str) -> None:
    if code not in codes(code_list):
        raise Rejected(Code.SCHEMA, field)
