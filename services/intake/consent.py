"""Consent and disclosure at the desk: a new consent, its end, sharing on either, and what is shared without any.

An identity goes out only if the rules by which every other agency judges it (`contracts.workflow.consent`) let it
count: what they would not take, this node does not sign.
"""

from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends
from pydantic import Field

from contracts.case import Case
from contracts.codes import codes
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.access import View
from contracts.events.fields import Agencies, CaseId, Words
from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureConfirmed,
    DisclosureMade,
    IdentityShared,
    OutsiderConfirmed,
    OutsiderNamed,
    OutsiderTold,
)
from contracts.mechanism import Permission
from contracts.timeline import Event, Past
from contracts.workflow.consent import SLOT, WITHDRAWN, runs
from contracts.workflow.referral import partner
from services.intake import breach, domain, rights
from services.intake.breach import Breach
from services.intake.refusals import check_times
from services.intake.rights import Request
from services.node import acts
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import NO_TERMS, Act, Moment, OnTerms, Said, Terms, perform, permission_for
from services.node.http import Answer, allowed
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection

IN_FORCE, REPLACED, EXPIRED = "IN_FORCE", "REPLACED", "EXPIRED"
CONSENT = "PERSETUJUAN"  # of the grounds the one that is no ground for a disclosure


class Share(Body):
    """Which groups of fields of our report go to which participants; what is said of it is an `IdentityShared`."""

    type: ClassVar[str] = IdentityShared.type
    to: Annotated[Agencies, Field(min_length=1)]
    fields: Annotated[Words, Field(min_length=1)]


class Shared(Answer):
    """What was shared: the id of its event, and the version of the case after it."""

    event: str
    version: str


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


class Telling(Answer):
    """What somebody outside was told, in which way, when, and by which officer."""

    fields: list[str]
    way: str
    at: str
    by: str


class Outsider(Answer):
    """Somebody outside the case who is to be told without consent; `told` is what they were."""

    event: str
    ground: str
    kind: str
    recipient: str
    fields: list[str]
    reason: str
    confirmed: bool
    in_force: bool  # confirmed, and no consent was withdrawn since it was named
    told: list[Telling]


class ConsentView(Answer):
    """What the person allows, what is shared without that, by decision or by a breach, and what they ask.

    `outsiders` are the own agency's business.
    """

    withdrawn: bool
    consents: list[GivenConsent]
    disclosures: list[Disclosure]
    outsiders: list[Outsider]
    requests: list[Request]
    breaches: list[Breach]


def check_consent(moment: Moment, body: ConsentRecorded) -> None:
    """Raise Rejected(SCHEMA) for a recipient that is no participant and no kind of partner, or as `check_times`."""
    if not set(body.share_with) <= {*moment.case.participants, *map(partner, codes("partner_kind"))}:
        raise Rejected(Code.SCHEMA, "share_with")
    check_times(body, moment.now)


def check_disclosure(_moment: Moment, body: DisclosureMade | OutsiderNamed) -> None:
    """Raise Rejected(SCHEMA) for a ground that is none here."""
    if body.ground == CONSENT:
        raise Rejected(Code.SCHEMA, "ground")


ACTS = (
    Act(
        "consent",
        ConsentRecorded,
        "Record what the person allows from here on",
        check_consent,
        permission=Permission.RECORD_CONSENT,
    ),
    Act("consent/withdraw", ConsentWithdrawn, "The person allows nothing any more"),
    Act("disclosures", DisclosureMade, "Disclose in an emergency, without consent", check_disclosure),
    Act("disclosures/confirm", DisclosureConfirmed, "Agree to a disclosure as the second officer"),
    Act("outsiders", OutsiderNamed, "Name somebody outside the case who must be told", check_disclosure, private=True),
    Act("outsiders/confirm", OutsiderConfirmed, "Agree to telling them as the second officer", private=True),
    Act("outsiders/tell", OutsiderTold, "Record what they were told", private=True),
)


SHARE = Act(
    "identity",
    IdentityShared,
    "Share what consent or a disclosure names",
    permission=Permission.RECORD_CONSENT,
    coded=False,
)


async def share(
    desk: Desk, connection: Connection, case_id: str, actor: Actor, wanted: Share, terms: Terms = NO_TERMS
) -> Said:
    """Share groups of fields of our report.

    Rejected(NOT_FOUND) if we took no report in this case, Rejected(STATE) unless consent in force or a confirmed
    disclosure names the groups and the recipients, and as `perform`.
    """
    timeline = await desk.log.lock(connection, case_id)
    case = desk.case(timeline)
    report = next(iter(domain.reports(case, desk.agency)), None)
    shared = domain.groups(report, wanted.fields) if report else None
    if shared is None:
        raise Rejected(Code.NOT_FOUND, "report")
    if not set(wanted.to) <= set(case.participants) - {desk.agency}:
        raise Rejected(Code.STATE, "to")
    sealed = SHARE._replace(to=tuple(sorted({desk.agency, *wanted.to})))
    return await perform(desk, connection, case_id, actor, sealed, shared, terms)


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
        outsiders=[_outsider(case, event, body) for event, body in case.of_type(OutsiderNamed)],
        requests=rights.requests(case),
        breaches=breach.breaches(case),
    )


def router(desk: Desk) -> APIRouter:
    """What officers may say of consent and disclosure, and where they stand."""
    routes = acts.router(desk, "consent", (*ACTS, *rights.ACTS, *breach.ACTS))
    recorder = Annotated[Officer, Depends(allowed(desk.officers, permission_for(SHARE)))]
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.post("/cases/{case}/identity", status_code=201, summary=SHARE.summary)
    async def identity(case: CaseId, officer: recorder, body: Share, terms: OnTerms) -> Shared:
        """Sealed to the recipients alone; refused unless every other agency would let it count."""
        async with desk.pool.acquire() as connection, connection.transaction():
            said = await share(desk, connection, case, officer.actor, body, terms)
        return Shared(event=said.events[0], version=said.version)

    @routes.get("/cases/{case}/consent", responses=ANSWERS, summary="What the person allows")
    async def consent(case: CaseId, reading: reader) -> ConsentView:
        """Every consent with its state, and every disclosure without one."""
        return await reading.of_case(case, View.CONSENT, lambda told: shown(told, desk.now()))

    return routes


def _outsider(case: Case, event: Event, body: OutsiderNamed) -> Outsider:
    name, past = b64(event.id), Past(case.timeline)
    confirmed = any(seconded.outsider == name for _, seconded in case.of_type(OutsiderConfirmed))
    told = ((at, telling) for at, telling in case.of_type(OutsiderTold) if telling.outsider == name)
    return Outsider(
        event=name,
        ground=body.ground,
        kind=body.kind,
        recipient=body.recipient,
        fields=[*body.fields],
        reason=body.reason,
        confirmed=confirmed,
        in_force=confirmed and all(past.has(event.id, ended.id) for ended, _ in case.of_type(ConsentWithdrawn)),
        told=[
            Telling(fields=[*telling.fields], way=telling.way, at=telling.at, by=at.content.actor.officer)
            for at, telling in told
        ],
    )


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
