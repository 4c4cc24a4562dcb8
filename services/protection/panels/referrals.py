"""Referrals at the desk: what was asked of whom, and every answer, report and outcome that may be entered now."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from contracts.codes import codes
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.police import PoliceAnswered, PoliceReported
from contracts.events.referral import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralReported,
    ReferralSent,
    ReferralUnanswered,
    ReferralWithdrawn,
)
from contracts.mechanism.calendar import ZONES, clock_of
from contracts.promises.referral import answer_limit
from contracts.workflow.consent import SLOT, WITHDRAWN
from contracts.workflow.police import concerns
from services.node.web.panel import Look, Offer
from services.node.web.present import Counts, instant, would_count
from services.protection.referral import Referral, Referrals, shown

_MARGIN = timedelta(minutes=5)  # a form takes its time: the longest answer is counted from when it is sent


def show(look: Look) -> Referrals | None:
    """All referrals, and the needs that nobody has met yet; None while the rules of the case are not here."""
    rules = look.case.judged_by
    return shown(look.case, rules) if rules else None


def offers(look: Look) -> Iterator[Offer]:
    """Answer, report, end or take back each; send another on the consent that is in force."""
    counts, all_told = would_count(look), show(look)
    for referral in all_told.referrals if all_told else []:
        yield from _of_one(counts, referral.event)
        yield from _of_police(look, counts, referral)
    given = (claim.value for claim in look.case.slots.get(SLOT, ()) if claim.value != WITHDRAWN)
    for consent in given:
        if any(counts(body) for body in _specimens(look, consent)):
            yield Offer(ReferralSent.type, {"consent": consent})


def draft(look: Look) -> Mapping[str, Sequence[str]]:
    """As much time for an answer as the rules allow."""
    zone = ZONES[look.case.mechanism.of(look.agency).zone]
    latest = answer_limit(look.agency, look.now, look.case.mechanism, urgent=True) - _MARGIN
    return {"answer_by": [f"{clock_of(zone, latest):%Y-%m-%dT%H:%M}"], "urgent": ["1"]}


def _of_one(counts: Counts, name: str) -> Iterator[Offer]:
    given, reason = {"referral": name}, {"referral": name, "reason": codes("referral_failure")[0]}
    acts: tuple[tuple[Body, bool], ...] = (
        (ReferralAccepted(**given), True),
        (ReferralReported(referral=name, progress=codes("referral_progress")[0]), False),
        (ReferralCompleted(**given), False),
        (ReferralDeclined(**reason), False),
        (ReferralUnanswered(**given), True),
        (ReferralWithdrawn(referral=name, reason=codes("referral_withdrawal")[0]), False),
    )
    for body, first in acts:
        if counts(body):
            yield Offer(body.type, given, first=first, about=name)


def _of_police(look: Look, counts: Counts, referral: Referral) -> Iterator[Offer]:
    """Where the law asks for it: has the partner told the police, and what do they do."""
    told = PoliceReported(referral=referral.event, outcome=codes("police_report")[0], at=instant(look))
    asked = any(concerns(body, look.case.mechanism) for _, body in look.case.of_type(CaseOpened))
    if asked and not referral.police and counts(told):
        yield Offer(told.type, {"referral": referral.event}, about=referral.event)
    for one in referral.police:
        answer = PoliceAnswered(report=one.report, answer=codes("police_answer")[0])
        if not one.answer and counts(answer):
            yield Offer(answer.type, {"report": one.report}, about=referral.event)


def _specimens(look: Look, consent: str) -> Iterator[ReferralSent]:
    """One referral to each who may be asked at all."""
    rest = {"needs": codes("measure")[:1], "urgent": True, "answer_by": instant(look), "consent": consent}
    for agency in look.case.participants:
        yield ReferralSent.model_validate(rest | {"to": agency})
    for kind in codes("partner_kind"):
        yield ReferralSent.model_validate(rest | {"partner": kind})
