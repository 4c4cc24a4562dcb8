"""What is promised of a referral: an answer, a report every so many days, and after a failure another way."""

from collections.abc import Iterator
from datetime import datetime

from contracts.encoding import b64
from contracts.events.referral import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralReported,
    ReferralSent,
    ReferralUnanswered,
)
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Event, Past, claimed
from contracts.workflow.referral import ACCEPTED, COMPLETED, FAILURES, SENT, answering, slot

ANSWER = "JAWABAN_RUJUKAN"
REPORT = "LAPORAN_RUJUKAN"
ELSEWHERE = "RUJUKAN_ULANG"
UNWANTED = frozenset({"MENOLAK_LAYANAN", "TIDAK_DIPERLUKAN"})  # of list `referral_failure`


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """All of them, kept or not."""
    past = Past(case.timeline)
    for event, body in case.of_type(ReferralSent):
        name = b64(event.id)
        owed_by = answering(body, event.agency, case.participants, rules)
        waiting = case.in_force(slot(name)) == SENT
        yield Promise(ANSWER, name, event.id, owed_by, answer_due(event, body, rules), not waiting)
        yield from _reports(case, name, owed_by, past, rules)
    yield from _elsewhere(case, past, rules)


def answer_due(event: Event, body: ReferralSent, rules: Mechanism) -> datetime:
    """When an answer is due: as the sender asks, but never later than agreed."""
    return min(
        datetime.fromisoformat(body.answer_by), answer_limit(event.agency, claimed(event), rules, urgent=body.urgent)
    )


def answer_limit(sender: str, sent: datetime, rules: Mechanism, *, urgent: bool) -> datetime:
    """The longest that an answer may take: hours if it is urgent, else until the end of a working day of the sender."""
    if urgent:
        return sent + rules.referral.urgent
    last = rules.working_days(rules.office_day(sent, sender), rules.referral.working_days)
    return rules.end_of(last, sender)


def failed(case: Case, need: str, sender: str) -> list[tuple[Event, Event]]:
    """The referrals of one agency for one need that came to nothing, each with the event that said so."""
    because = {body.referral: event for event, body in case.of_type(ReferralUnanswered)}
    because |= {body.referral: event for event, body in case.of_type(ReferralDeclined)}
    because |= {body.referral: event for event, body in case.of_type(ReferralCompleted)}
    sent = [(event, body) for event, body in case.of_type(ReferralSent) if event.agency == sender]
    named = [(event, b64(event.id)) for event, body in sent if need in body.needs]
    return [(event, because[name]) for event, name in named if case.in_force(slot(name)) in FAILURES]


def _reports(case: Case, name: str, owed_by: str, past: Past, rules: Mechanism) -> Iterator[Promise]:
    """Each report makes the next one due, as long as the referral runs."""
    told = [event for event, body in case.of_type(ReferralAccepted) if body.referral == name]
    told += [event for event, body in case.of_type(ReferralReported) if body.referral == name]
    over = case.in_force(slot(name)) != ACCEPTED
    for event in told:
        followed = any(past.has(later.id, event.id) for later in told)
        yield Promise(REPORT, name, event.id, owed_by, claimed(event) + rules.referral.report, over or followed)


def _elsewhere(case: Case, past: Past, rules: Mechanism) -> Iterator[Promise]:
    """Once a referral has failed its sender asks somebody else, unless the person wants none or is looked after."""
    sent = case.of_type(ReferralSent)
    for sender, need in sorted({(event.agency, need) for event, body in sent for need in body.needs}):
        ends = [end for _, end in failed(case, need, sender)]
        if not ends:
            continue
        last = max(ends, key=claimed)
        others = [event for event, body in sent if need in body.needs]
        anew = any(past.has(event.id, last.id) or _goes_on(case, event) for event in others)
        kept = anew or _is_unwanted(case, last)
        yield Promise(ELSEWHERE, need, last.id, sender, claimed(last) + rules.referral.elsewhere, kept)


def _goes_on(case: Case, sent: Event) -> bool:
    return case.in_force(slot(b64(sent.id))) in {SENT, ACCEPTED, COMPLETED}


def _is_unwanted(case: Case, end: Event) -> bool:
    """Whether it came to nothing because the person does not want it, or needs it no more."""
    body = case.bodies[end.id]
    return isinstance(body, ReferralDeclined | ReferralCompleted) and body.reason in UNWANTED
