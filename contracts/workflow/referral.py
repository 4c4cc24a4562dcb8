"""A referral goes out with the person's consent, is answered by who was asked, and ends with an outcome.

A partner has no key and no log: what it answers is entered by the agency that manages partners of its kind, or by the
one that sent the referral if that is nearer. Consent names an agency by its id and a kind of partner as
`mitra-<kind>`, so nobody is referred to somebody whom they were not asked about.
"""

from collections.abc import Callable, Collection
from datetime import datetime

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
from contracts.mechanism import PARTNER, Mechanism, Permission
from contracts.timeline import claimed
from contracts.workflow.consent import PROTECTION, allow, given
from contracts.workflow.opening import participants, to_all
from contracts.workflow.rule import Act, Known, Writes, rule

Answer = (
    ReferralAccepted | ReferralDeclined | ReferralUnanswered | ReferralWithdrawn | ReferralReported | ReferralCompleted
)
SENT, ACCEPTED, DECLINED, UNANSWERED = "SENT", "ACCEPTED", "DECLINED", "UNANSWERED"
WITHDRAWN, COMPLETED, FAILED = "WITHDRAWN", "COMPLETED", "FAILED"
PURPOSES = frozenset({PROTECTION, "referral"})
FAILURES = frozenset({DECLINED, UNANSWERED, FAILED})


def slot(name: str) -> str:
    """Where the state of a referral stands."""
    return f"referral/{name}"


def recipient(body: ReferralSent) -> str:
    """Who is asked, as a consent names them."""
    return body.to or partner(body.partner or "")


def partner(kind: str) -> str:
    """A kind of partner, as a consent names it."""
    return f"{PARTNER}-{kind.lower().replace('_', '-')}"


def answering(sent: ReferralSent, sender: str, present: Collection[str], rules: Mechanism) -> str:
    """The agency that owes an answer: the one asked; for a partner the one that manages its kind, else the sender."""
    manager = rules.referral.managed_by.get(sent.partner or "", sender)
    return sent.to or (manager if manager in present else sender)


def _with_consent(act: Act[ReferralSent], known: Known) -> bool:
    """On the very consent that is in force, to somebody whom it names."""
    present, consents = participants(known), given(known, act.event)
    elsewhere = act.body.to is None or act.body.to in present - {act.agency}
    rests = act.body.consent in {consent.name for consent in consents}
    named = allow(consents, PURPOSES, {recipient(act.body)})
    return act.agency in present and elsewhere and rests and named and to_all(act, known)


def _of(act: Act[Answer], known: Known) -> Act[ReferralSent] | None:
    return known.named(act.body.referral, ReferralSent)


def _state(act: Act[Answer], known: Known) -> str:
    return known.value(slot(act.body.referral))


def _answers(act: Act[Answer], known: Known, *states: str) -> bool:
    """By who was asked, or who speaks for them, about a referral in one of these states."""
    sent = _of(act, known)
    if sent is None or _state(act, known) not in states or not to_all(act, known):
        return False
    owed_by = answering(sent.body, sent.agency, participants(known), known.rules)
    return act.agency == owed_by or (sent.body.to is None and act.agency == sent.agency)


def _accepts(act: Act[ReferralAccepted], known: Known) -> bool:
    """Late is better than never."""
    return _answers(act, known, SENT, UNANSWERED)


def _declines(act: Act[ReferralDeclined], known: Known) -> bool:
    return _answers(act, known, SENT, UNANSWERED, ACCEPTED)


def _goes_on(act: Act[ReferralReported] | Act[ReferralCompleted], known: Known) -> bool:
    return _answers(act, known, ACCEPTED)


def _overdue(act: Act[ReferralUnanswered], known: Known) -> bool:
    """Said by the sender, once the time that it gave is over."""
    sent = _of(act, known)
    over = sent is not None and claimed(act.event) >= datetime.fromisoformat(sent.body.answer_by)
    return over and _sent_by(act, known) and _state(act, known) == SENT


def _taken_back(act: Act[ReferralWithdrawn], known: Known) -> bool:
    return _sent_by(act, known) and _state(act, known) in {SENT, UNANSWERED, ACCEPTED}


def _sent_by(act: Act[Answer], known: Known) -> bool:
    sent = _of(act, known)
    return sent is not None and act.agency == sent.agency and to_all(act, known)


def _often_enough(act: Act[ReferralEscalated], known: Known) -> bool:
    """Each need has failed as often as the rules say, with referrals that this agency sent and no other."""
    sent = [known.named(name, ReferralSent) for name in act.body.failed]
    ours = [one for one in sent if one and one.agency == act.agency and known.value(slot(one.name)) in FAILURES]
    enough = known.rules.referral.failures
    often = all(sum(need in one.body.needs for one in ours) >= enough for need in act.body.needs)
    return len(ours) == len(sent) and often


def _writes(state: str) -> Callable[[Act[Answer], Known], Writes]:
    return lambda act, _: [(slot(act.body.referral), state)]


def _completed(act: Act[ReferralCompleted], _: Known) -> Writes:
    return [(slot(act.body.referral), FAILED if act.body.reason else COMPLETED)]


RULES = (
    rule(ReferralSent, Permission.REFER, counts=_with_consent, writes=lambda act, _: [(slot(act.name), SENT)]),
    rule(ReferralAccepted, Permission.ANSWER_REFERRAL, counts=_accepts, writes=_writes(ACCEPTED)),
    rule(ReferralDeclined, Permission.ANSWER_REFERRAL, counts=_declines, writes=_writes(DECLINED)),
    rule(ReferralUnanswered, Permission.REFER, counts=_overdue, writes=_writes(UNANSWERED)),
    rule(ReferralWithdrawn, Permission.REFER, counts=_taken_back, writes=_writes(WITHDRAWN)),
    rule(ReferralReported, Permission.ANSWER_REFERRAL, counts=_goes_on),
    rule(ReferralCompleted, Permission.ANSWER_REFERRAL, counts=_goes_on, writes=_completed),
    rule(ReferralEscalated, counts=_often_enough),
)
