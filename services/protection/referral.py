"""Referrals at the desk: sent with consent, answered, reported on; and what repeated failure obliges to.

When the same need has failed as often as the mechanism says, the agency that sent it says so at once, in the
transaction in which it hears of the last failure: the need goes up the ladder, with the names of who was not asked yet.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import View
from contracts.events.fields import MAX_AGENCIES, CaseId
from contracts.events.intake import ConsentRecorded
from contracts.events.referral import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralEscalated,
    ReferralReported,
    ReferralSent,
    ReferralUnanswered,
    ReferralWithdrawn,
)
from contracts.mechanism import Mechanism, Permission
from contracts.promises.referral import answer_due, answer_limit, failed
from contracts.timeline import Event
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.referral import partner, recipient, slot
from services.node import acts
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import Act, Moment
from services.node.http import Answer
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection
from services.protection import police
from services.protection.police import Police

MAX_NAMED = 16  # events that one body may name


class Referral(Answer):
    """One referral: to whom, for what, where it stands, and what was reported."""

    event: str
    by: str
    to: str  # an agency, or a kind of partner as a consent names it
    needs: list[str]
    urgent: bool
    consent: str
    answer_by: str
    state: str
    reports: list[str]
    reason: str
    police: list[Police]  # where the partner has to tell them


class Escalation(Answer):
    """A need that has failed again, and who was not asked for it yet."""

    event: str
    needs: list[str]
    failed: list[str]
    untried: list[str]


class Referrals(Answer):
    """All referrals of a case, in timeline order, and what climbed because of them."""

    referrals: list[Referral]
    escalations: list[Escalation]


def check_sent(moment: Moment, body: ReferralSent) -> None:
    """Raise unless this may go out now.

    Rejected(SCHEMA) for an answer wanted in the past or later than agreed, Rejected(STATE) unless
    the consent that it names also names who shall get it.
    """
    now, wanted = datetime.fromisoformat(moment.now), datetime.fromisoformat(body.answer_by)
    if not now < wanted <= answer_limit(moment.agency, now, moment.rules, urgent=body.urgent):
        raise Rejected(Code.SCHEMA, "answer_by")
    named = [consent for event, consent in moment.case.of_type(ConsentRecorded) if b64(event.id) == body.consent]
    if not any(recipient(body) in consent.share_with for consent in named):
        raise Rejected(Code.STATE, "consent")


ACTS = (
    Act("referrals", ReferralSent, "Refer a need to another agency or a partner", check_sent),
    Act("referrals/accept", ReferralAccepted, "Take a referral on"),
    Act("referrals/decline", ReferralDeclined, "Say that a referral is not taken on"),
    Act("referrals/unanswered", ReferralUnanswered, "Say that no answer came in time"),
    Act("referrals/withdraw", ReferralWithdrawn, "Take a referral back"),
    Act("referrals/report", ReferralReported, "Report how far a referral has come"),
    Act("referrals/complete", ReferralCompleted, "Say how a referral ended"),
)


def escalation(case: Case, agency: str, rules: Mechanism) -> ReferralEscalated | None:
    """What this agency has to say of the next need that has failed too often; None if all is said."""
    said = [body for event, body in case.of_type(ReferralEscalated) if event.agency == agency]
    told = {(need, name) for body in said for need in body.needs for name in body.failed}
    needs = {need for event, body in case.of_type(ReferralSent) if event.agency == agency for need in body.needs}
    for need in sorted(needs):
        names = [b64(sent.id) for sent, _ in failed(case, need, agency)][-MAX_NAMED:]
        if len(names) >= rules.referral.failures and (need, names[-1]) not in told:
            return ReferralEscalated(failed=tuple(names), needs=(need,), untried=_untried(case, need, agency, rules))
    return None


async def escalate(desk: Desk, connection: Connection, event: Event) -> None:
    """A referral came to nothing: say what repeated failure obliges to, if it was ours."""
    timeline = await desk.log.lock(connection, event.content.case)
    case = desk.case(timeline)
    if case.in_force(CLOSURE) == CLOSED:
        return  # nobody is asked any more
    while body := escalation(desk.case(timeline), desk.agency, case.mechanism):
        timeline = await desk.say(connection, timeline, SYSTEM, body)


def shown(case: Case, rules: Mechanism) -> Referrals:
    """The referrals of a case as the desk sees them."""
    return Referrals(
        referrals=[_shown(case, event, body, rules) for event, body in case.of_type(ReferralSent)],
        escalations=[
            Escalation(event=b64(event.id), needs=[*body.needs], failed=[*body.failed], untried=[*body.untried])
            for event, body in case.of_type(ReferralEscalated)
        ],
    )


def router(desk: Desk) -> APIRouter:
    """What officers may say of referrals, and where they stand."""
    routes = acts.router(desk, "referral", ACTS)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get("/cases/{case}/referrals", responses=ANSWERS, summary="The referrals of a case")
    async def referrals(case: CaseId, reading: reader) -> Referrals:
        """Each with its state, reports and outcome; and the needs that nobody has met yet."""
        return await reading.of_case(case, View.REFERRALS, lambda told: shown(told, told.mechanism))

    return routes


def _untried(case: Case, need: str, agency: str, rules: Mechanism) -> tuple[str, ...]:
    tried = {recipient(body) for _, body in case.of_type(ReferralSent) if need in body.needs}
    others = [*case.participants, *map(partner, rules.referral.managed_by)]
    return tuple(one for one in others if one not in {agency, *tried})[:MAX_AGENCIES]


def _shown(case: Case, event: Event, body: ReferralSent, rules: Mechanism) -> Referral:
    name = b64(event.id)
    ends: list[ReferralDeclined | ReferralCompleted | ReferralWithdrawn] = []
    ends += [end for _, end in case.of_type(ReferralDeclined)]
    ends += [end for _, end in case.of_type(ReferralCompleted)]
    ends += [end for _, end in case.of_type(ReferralWithdrawn)]
    return Referral(
        event=name,
        by=event.agency,
        to=recipient(body),
        needs=[*body.needs],
        urgent=body.urgent,
        consent=body.consent,
        answer_by=answer_due(event, body, rules).astimezone(UTC).isoformat(),
        state=case.in_force(slot(name)),
        reports=[report.progress for _, report in case.of_type(ReferralReported) if report.referral == name],
        reason=next((end.reason for end in ends if end.referral == name and end.reason), ""),
        police=police.reports(case, name),
    )
