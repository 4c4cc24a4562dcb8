"""Who leads: one agency, always, whatever was said by whom and heard where."""

from datetime import datetime

import pytest

from contracts.case import fold
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.lead import Attempt, DecisionConfirmed, LeadClaimed, LeadOffered
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.promises.lead import OFFER, SIGN_OF_LIFE, SUPPORT, promises
from contracts.timeline import Event
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, TRIED, Relay, in_emergency, speaker

KRITIS = UrgencyOverridden(level="KRITIS", reason="x")


def test_who_opens_leads_until_another_accepts() -> None:
    """An offer changes nothing; its acceptance does, at once."""
    case = Relay()
    offer = case.offer(HAM, LPSK)
    assert case.lead == HAM
    case.accept(LPSK, offer)
    assert case.lead == LPSK
    assert not case.case.conflicts
    assert not case.case.unsupported


def test_a_declined_offer_leaves_the_lead_where_it_is() -> None:
    """Who has said no does not lead by saying yes later: that needs a new offer."""
    case = Relay()
    offer = case.offer(HAM, LPSK)
    case.turn_down(LPSK, offer)
    assert not case.counts(case.accept(LPSK, offer))
    assert case.lead == HAM
    case.accept(LPSK, case.offer(HAM, LPSK))
    assert case.lead == LPSK


def test_nobody_gives_away_a_lead_that_they_do_not_have() -> None:
    """An offer counts only from the lead, to another participant, and readable by all."""
    case = Relay()
    refused = [case.offer(LPSK, PEREMPUAN), case.offer(HAM, HAM), case.offer(HAM, "komnas-anak")]
    hidden = LeadOffered(to=LPSK, reason="PELINDUNGAN_FISIK")
    refused.append(case.add(HAM, hidden, to=(HAM, LPSK), actor=speaker(HAM, LeadOffered)))
    refused.append(case.add(HAM, hidden, actor=Actor("auditor", "o-1")))
    assert case.case.unsupported == {event.id for event in refused}


def test_only_who_was_asked_accepts() -> None:
    """A third agency cannot take what was offered to another, nor can the lead accept for it."""
    case = Relay()
    offer = case.offer(HAM, LPSK)
    assert not case.counts(case.accept(PEREMPUAN, offer))
    assert not case.counts(case.accept(HAM, offer))
    assert case.lead == HAM


def test_an_offer_is_good_for_one_change() -> None:
    """An agency that has led and given the lead on cannot take it back with the old offer."""
    case = Relay()
    first = case.offer(HAM, LPSK)
    case.accept(LPSK, first)
    case.accept(HAM, case.offer(LPSK, HAM))
    assert not case.counts(case.accept(LPSK, first))
    assert case.lead == HAM


def test_a_later_offer_replaces_an_earlier_one() -> None:
    """The lead that has asked somebody else meanwhile is not surprised by the first one's yes."""
    case = Relay()
    first = case.offer(HAM, LPSK)
    second = case.offer(HAM, PEREMPUAN)
    assert not case.counts(case.accept(LPSK, first))
    case.accept(PEREMPUAN, second)
    assert case.lead == PEREMPUAN


def test_a_take_over_needs_the_other_agency_too() -> None:
    """The claim alone changes nothing; the third agency's signature makes the claimant lead."""
    case = in_emergency()
    claim = case.claim(PEREMPUAN, HAM)
    assert case.lead == HAM
    case.support(LPSK, claim)
    assert case.lead == PEREMPUAN
    assert not case.case.unsupported


def test_in_a_case_of_two_the_other_one_signs_alone() -> None:
    """Where nobody else takes part, the only other agency is all others."""
    case = Relay(to=(HAM, LPSK))
    case.emergency()
    case.claim(LPSK, HAM)
    assert case.lead == LPSK


@pytest.mark.parametrize("signer", [HAM, PEREMPUAN])
def test_neither_the_claimant_nor_the_lead_is_the_other_signature(signer: str) -> None:
    """Signing one's own claim twice, or asking the one that is replaced, is not two agencies."""
    case = in_emergency()
    assert not case.counts(case.support(signer, case.claim(PEREMPUAN, HAM)))
    assert case.lead == HAM


def test_no_take_over_without_an_emergency() -> None:
    """A slow lead in an ordinary case is reminded, not replaced."""
    case = Relay()
    assert not case.counts(case.claim(PEREMPUAN, HAM))


def test_no_take_over_before_the_time_is_over() -> None:
    """A lead tried less than two hours ago may still call back, and a claim dated into the future does not hurry it."""
    case = in_emergency()
    body = LeadClaimed(replaces=HAM, tried=(Attempt(channel="phone", at=TRIED),))
    assert not case.counts(case.say(PEREMPUAN, body, at="2026-11-22T01:59:59.999Z"))
    early = LeadClaimed(replaces=HAM, tried=(Attempt(channel="phone", at="2100-01-01T00:00:00.000Z"),))
    assert not case.counts(case.say(PEREMPUAN, early, at="2100-01-01T09:00:00.000Z"))


def test_nobody_takes_over_from_who_does_not_lead_or_from_themselves() -> None:
    """A claim names the present lead."""
    case = in_emergency()
    assert not case.counts(case.claim(PEREMPUAN, LPSK))
    assert not case.counts(case.claim(HAM, HAM))
    assert not case.counts(case.claim(PEREMPUAN, PEREMPUAN))


def test_a_lead_that_has_been_heard_is_not_replaced() -> None:
    """An officer of the lead said something since it was first tried: whoever knows of it neither claims nor signs."""
    case = in_emergency()
    before = case.events[-1]
    claim = case.claim(PEREMPUAN, HAM, knows=(before,))
    heard = case.say(HAM, KRITIS, at="2026-11-22T01:00:00.000Z", knows=(before,))
    assert not case.counts(case.support(LPSK, claim, knows=(claim, heard)))
    assert not case.counts(case.claim(PEREMPUAN, HAM, knows=(heard,)))
    case.support(LPSK, claim, knows=(claim,))
    assert case.lead == PEREMPUAN


def test_a_word_that_claims_a_time_to_come_keeps_no_lead() -> None:
    """Recorded before the lead was tried, it was said before that, whatever it claims."""
    case = in_emergency()
    said = case.say(HAM, KRITIS, at="2999-01-01T00:00:00.000Z")
    tried = datetime.fromisoformat(TRIED)
    case.events[-1] = said._replace(hlc=Hlc(int(tried.timestamp() * 1000) - 60_000, 0))
    claim = case.claim(PEREMPUAN, HAM)
    case.support(LPSK, claim)
    assert case.lead == PEREMPUAN


def test_a_machine_that_runs_is_no_lead_that_answers() -> None:
    """What the lead's node says by itself shows that a computer is up, not that anybody is there."""
    case = in_emergency()
    case.add(HAM, EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), actor=Actor("system", "rajut"))
    claim = case.claim(PEREMPUAN, HAM)
    assert case.counts(claim)
    case.support(LPSK, claim)
    assert case.lead == PEREMPUAN


def test_a_claim_is_good_for_one_change() -> None:
    """When the lead has moved on, old signatures and old claims move nothing."""
    case = in_emergency()
    claim = case.claim(PEREMPUAN, HAM)
    case.support(LPSK, claim)
    case.accept(HAM, case.offer(PEREMPUAN, HAM))
    assert not case.counts(case.support(LPSK, claim))
    assert case.lead == HAM


def test_what_was_asked_of_an_old_lead_is_over() -> None:
    """Once the lead has changed, neither its open offer nor another open claim against it moves anything."""
    case = in_emergency()
    start = (case.events[-1],)
    mine, yours = case.claim(PEREMPUAN, HAM, knows=start), case.claim(LPSK, HAM, knows=start)
    offer = case.offer(HAM, LPSK, knows=start)
    taken = case.support(LPSK, mine, knows=(mine, yours))
    assert not case.counts(case.accept(LPSK, offer, knows=(taken, offer)))
    assert not case.counts(case.support(PEREMPUAN, yours, knows=(taken,)))
    assert case.lead == PEREMPUAN


def crossing(name: str) -> tuple[Relay, Event, Event, str]:
    """Two changes of lead that did not know of each other, and who leads then."""
    case = in_emergency()
    start = case.events[-1]
    match name:
        case "acceptance and take-over":
            offer = case.offer(HAM, LPSK, knows=(start,))
            one = case.accept(LPSK, offer, knows=(offer,))
            claim = case.claim(PEREMPUAN, HAM, knows=(start,))
            return case, one, case.support(LPSK, claim, knows=(claim,)), LPSK
        case "two take-overs":
            mine = case.claim(PEREMPUAN, HAM, knows=(start,))
            yours = case.claim(LPSK, HAM, knows=(start,))
            one = case.support(LPSK, mine, knows=(mine, yours))
            return case, one, case.support(PEREMPUAN, yours, knows=(mine, yours)), LPSK
        case _:
            first = case.offer(HAM, LPSK, knows=(start,))
            second = case.offer(HAM, PEREMPUAN, knows=(start,))
            one = case.accept(LPSK, first, knows=(first,))
            return case, one, case.accept(PEREMPUAN, second, knows=(second,)), LPSK


CROSSINGS = ("acceptance and take-over", "two take-overs", "two acceptances")


@pytest.mark.parametrize("name", CROSSINGS)
def test_changes_that_cross_leave_one_lead(name: str) -> None:
    """Each side's view has one lead while they are apart; together they name the same, and the other one is shown."""
    case, one, other, lead = crossing(name)
    apart = [fold(case.past(event.id), LATEST) for event in (one, other)]
    assert {view.in_force("lead") for view in apart} == {LPSK, PEREMPUAN}
    assert [len(view.slots["lead"]) for view in apart] == [1, 1]
    for order in (case.events, case.events[::-1]):
        together = fold(order, LATEST)
        assert together.in_force("lead") == lead
        assert {claim.value for claim in together.conflicts["lead"]} == {LPSK, PEREMPUAN}


@pytest.mark.parametrize("name", CROSSINGS)
def test_the_lead_in_force_ends_the_conflict(name: str) -> None:
    """It confirms what made it lead; who is not in force cannot."""
    case, one, other, lead = crossing(name)
    made = {claim.value: claim.event for claim in case.case.slots["lead"]}
    loser = DecisionConfirmed(decision=b64(made[PEREMPUAN]))
    assert not case.counts(case.say(PEREMPUAN, loser))
    assert case.case.conflicts
    case.say(lead, DecisionConfirmed(decision=b64(made[lead])))
    assert not case.case.conflicts
    assert case.lead == lead
    assert case.counts(one)
    assert case.counts(other)


def test_a_confirmation_without_a_conflict_moves_nothing() -> None:
    """A lead that confirms a decision of another agency does not become lead twice."""
    case = Relay()
    decided = case.say(LPSK, KRITIS)
    case.say(HAM, DecisionConfirmed(decision=b64(decided.id)))
    assert not case.case.unsupported
    assert len(case.case.slots["lead"]) == 1
    assert not case.counts(case.say(HAM, DecisionConfirmed(decision=b64(case.say(HAM, KRITIS).id))))
    assert not case.counts(case.say(LPSK, DecisionConfirmed(decision=b64(decided.id))))


def test_the_rank_is_of_the_agencies_that_there_are() -> None:
    """Whoever decides on emergencies comes first, and no agency is left out."""
    assert LATEST.lead.rank[0] == LATEST.emergency.decided_by
    assert set(LATEST.lead.rank) == set(LATEST.agencies)


def test_what_is_promised() -> None:
    """An offer is answered in a day, a take-over in half an hour, and a lead shows itself within two hours."""
    case = Relay()
    proposed = case.emergency()
    told = {one.kind: one for one in promises(case.case, LATEST)}
    assert (told[SIGN_OF_LIFE].agency, told[SIGN_OF_LIFE].kept) == (HAM, False)
    assert told[SIGN_OF_LIFE].source == proposed.id
    claim = case.claim(PEREMPUAN, HAM)
    (support,) = [one for one in promises(case.case, LATEST) if one.kind == SUPPORT]
    assert (support.agency, support.due.isoformat(), support.kept) == (LPSK, "2026-11-22T02:30:00+00:00", False)
    case.support(LPSK, claim)
    offer = case.offer(PEREMPUAN, LPSK)
    (waiting,) = [one for one in promises(case.case, LATEST) if not one.kept]
    assert (waiting.kind, waiting.agency, waiting.due.isoformat()) == (OFFER, LPSK, "2026-11-23T02:00:00+00:00")
    case.turn_down(LPSK, offer)
    assert all(one.kept for one in promises(case.case, LATEST))
