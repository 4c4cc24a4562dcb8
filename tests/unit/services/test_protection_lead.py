"""The lead and referrals at the desk: what it shows, refuses, and says by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.lead import Attempt, DecisionConfirmed, LeadClaimed, LeadDeclined, LeadOffered
from contracts.events.plan import ReviewHeld
from contracts.events.referral import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralReported,
    ReferralSent,
    ReferralWithdrawn,
)
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.workflow.referral import partner
from services.node.acts import Act, Moment
from services.protection import lead, referral
from tests.unit.contracts.plans import LPSKS, OURS, Planning
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, SILENT, TRIED, Relay
from tests.unit.contracts.test_referral import NEED, SERVICE, Story, answer, fail_twice

REVIEW = ReviewHeld(occasion="BERKALA", before="TINGGI", after="SEDANG")
SOON = "2026-11-22T12:00:00.000Z"
TRIED_ONCE = (Attempt(channel="phone", at=TRIED),)


def check(case: Relay, agency: str, body: Body) -> Code | None:
    """What the desk says to somebody who would say this."""
    acts: dict[type[Body], Act] = {act.body: act for act in (*lead.ACTS, *referral.ACTS)}
    moment = Moment(case.case, agency, Actor("x", "o-1"), LATEST, SILENT)
    try:
        acts[type(body)].examine(moment, body)
    except Rejected as refusal:
        return refusal.code
    return None


def test_decisions_of_a_former_lead_wait_for_the_new_one() -> None:
    """Listed if made without knowledge of the change, by who led before; not what is no lead's decision."""
    case = Relay()
    case.emergency()
    start = (case.events[-1],)
    before = case.say(HAM, REVIEW)
    claim = case.claim(PEREMPUAN, HAM, knows=start)
    late = case.say(HAM, REVIEW, knows=(before,))
    case.say(HAM, UrgencyOverridden(level="KRITIS", reason="x"), knows=(late,))
    change = case.support(LPSK, claim, knows=(claim,))
    assert [one.before for one in lead.changes(case.case, LATEST)] == [HAM]
    assert [one.event.id for one in lead.to_confirm(case.case, LATEST)] == [late.id]
    assert case.lead == PEREMPUAN
    case.say(PEREMPUAN, DecisionConfirmed(decision=b64(late.id)))
    assert lead.to_confirm(case.case, LATEST) == []
    assert case.counts(late)
    assert case.counts(change)


def test_what_an_old_lead_decided_before_needs_no_confirmation() -> None:
    """Who took the lead over knew of it."""
    case = Relay()
    case.emergency()
    case.say(HAM, REVIEW)
    case.accept(LPSK, case.offer(HAM, LPSK))
    assert lead.to_confirm(case.case, LATEST) == []
    case.say(LPSK, REVIEW)
    assert lead.to_confirm(case.case, LATEST) == []


def test_the_desk_shows_one_lead_and_all_that_is_open() -> None:
    """Open offers and take-overs with their signatures, until they are settled."""
    case = Relay()
    case.emergency()
    start = (case.events[-1],)
    offer, claim = case.offer(HAM, LPSK, knows=start), case.claim(PEREMPUAN, HAM, knows=start)
    shown = lead.shown(case.case, LATEST)
    assert (shown.lead, shown.others) == (HAM, [])
    assert [one.event for one in shown.offers] == [b64(offer.id)]
    assert [(one.event, one.signed_by) for one in shown.claims] == [(b64(claim.id), [PEREMPUAN])]
    case.support(LPSK, claim, knows=(claim,))
    shown = lead.shown(case.case, LATEST)
    assert (shown.lead, shown.offers, shown.claims) == (PEREMPUAN, [], [])


def test_the_desk_shows_who_should_lead_by_need_and_why() -> None:
    """With the reason, its basis in the mechanism and the plan; nothing until a plan is in force."""
    case = Planning()
    assert lead.shown(case.case, LATEST).by_need is None
    plan = case.agreed_plan(OURS, LPSKS)
    shown = lead.shown(case.case, LATEST)
    assert shown.by_need is not None
    assert (shown.lead, shown.by_need.agency, shown.by_need.reason) == (HAM, LPSK, "PELINDUNGAN_FISIK")
    assert (shown.by_need.plan, shown.by_need.basis) == (plan, LATEST.lead.needs[0].basis)


@pytest.mark.parametrize(
    ("agency", "body", "code"),
    [
        (HAM, LeadOffered(to=LPSK, reason="LAINNYA"), None),
        (HAM, LeadOffered(to=LPSK, reason="BARU"), Code.SCHEMA),
        (HAM, LeadOffered(to=HAM, reason="LAINNYA"), Code.STATE),
        (HAM, LeadOffered(to="komnas-anak", reason="LAINNYA"), Code.STATE),
        (LPSK, LeadOffered(to=HAM, reason="LAINNYA"), Code.STATE),
        (LPSK, LeadDeclined(offer="A" * 43, reason="BARU"), Code.SCHEMA),
        (LPSK, LeadClaimed(replaces=HAM, tried=TRIED_ONCE), None),
        (LPSK, LeadClaimed(replaces=PEREMPUAN, tried=TRIED_ONCE), Code.STATE),
        (HAM, LeadClaimed(replaces=HAM, tried=TRIED_ONCE), Code.STATE),
        (LPSK, LeadClaimed(replaces=HAM, tried=(Attempt(channel="pigeon", at=TRIED),)), Code.SCHEMA),
        (LPSK, DecisionConfirmed(decision="A" * 43), Code.STATE),
    ],
)
def test_the_desk_says_why_not(agency: str, body: Body, code: Code | None) -> None:
    """What the rules would refuse barely is refused with its place."""
    case = Relay()
    case.emergency()
    assert check(case, agency, body) is code


def test_no_take_over_outside_of_an_emergency() -> None:
    """The desk says so at once."""
    assert check(Relay(), LPSK, LeadClaimed(replaces=HAM, tried=TRIED_ONCE)) is Code.STATE


def test_a_referral_is_in_known_codes_with_consent_and_a_day_that_was_agreed() -> None:
    """A day in the past, or beyond what the mechanism gives, an unknown need or partner, no consent: not sent."""
    case = Story()
    good = ReferralSent(to=LPSK, needs=(NEED,), urgent=True, answer_by=SOON, consent=b64(case.consent.id))
    assert check(case, HAM, good) is None
    later = (datetime.fromisoformat(SILENT) + timedelta(hours=24, milliseconds=1)).astimezone(UTC)
    refused: dict[Code, list[dict[str, object]]] = {
        Code.SCHEMA: [
            {"answer_by": SILENT},
            {"answer_by": later.isoformat(timespec="milliseconds").replace("+00:00", "Z")},
            {"needs": ("BARU",)},
            {"to": None, "partner": "BARU"},
        ],
        Code.STATE: [{"consent": "A" * 43}, {"to": "komnas-anak"}],
    }
    for code, changes in refused.items():
        assert [check(case, HAM, good.model_copy(update=change)) for change in changes] == [code] * len(changes)


def test_answers_are_in_known_codes() -> None:
    """What we say ourselves, others can read."""
    case = Story()
    sent = case.send()
    said = [
        answer(ReferralDeclined, sent, reason="BARU"),
        answer(ReferralWithdrawn, sent, reason="BARU"),
        answer(ReferralReported, sent, progress="BARU"),
        answer(ReferralCompleted, sent, reason="BARU"),
    ]
    assert [check(case, LPSK, body) for body in said] == [Code.SCHEMA] * 4
    assert check(case, LPSK, answer(ReferralCompleted, sent)) is None


def test_the_second_failure_is_said_once_by_the_sender() -> None:
    """With who was not asked yet; a third failure is said again, another agency's never."""
    case = Story()
    assert referral.escalation(case.case, HAM, LATEST) is None
    fail_twice(case)
    said = referral.escalation(case.case, HAM, LATEST)
    assert said is not None
    assert said.untried == (PEREMPUAN, partner("CATAHU"), partner("JARINGAN_MASYARAKAT_SIPIL"))
    assert referral.escalation(case.case, LPSK, LATEST) is None
    assert case.counts(case.say(HAM, said))
    assert referral.escalation(case.case, HAM, LATEST) is None
    third = case.send(to=PEREMPUAN)
    case.say(PEREMPUAN, answer(ReferralDeclined, third, reason="LAINNYA"))
    again = referral.escalation(case.case, HAM, LATEST)
    assert again is not None
    assert again.failed[-1] == b64(third.id)


def test_the_desk_shows_a_referral_with_its_outcome() -> None:
    """State, reports, and why it ended."""
    case = Story()
    sent = case.send(to=SERVICE)
    case.say(PEREMPUAN, answer(ReferralAccepted, sent))
    case.say(PEREMPUAN, answer(ReferralReported, sent, progress="BERJALAN"))
    case.say(PEREMPUAN, answer(ReferralCompleted, sent, reason="TAK_TERHUBUNGI_KLIEN"))
    (shown,) = referral.shown(case.case, LATEST).referrals
    assert (shown.to, shown.state, shown.reports) == (partner(SERVICE), "FAILED", ["BERJALAN"])
    assert shown.reason == "TAK_TERHUBUNGI_KLIEN"
