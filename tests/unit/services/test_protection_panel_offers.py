"""Who is offered what of protection, and when: only what would count, to whoever may say it."""

from datetime import timedelta

import pytest

from contracts.encoding import b64
from contracts.events.ending import HandoverOffered
from contracts.events.plan import ClosureProposed, PlanProposed
from contracts.events.protection import LetterIssued, LetterRequested
from contracts.events.referral import ReferralSent
from contracts.workflow import rule_for
from services.node.web import forms
from services.node.web.panel import Look
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.machine import allowed
from services.protection.panel import OF_OTHERS, PAGES
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import OTHERS, Emergency
from tests.unit.contracts.plans import LPSKS, OURS, Planning, measure
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay
from tests.unit.contracts.test_consent import ENDED, allowed as consented
from tests.unit.contracts.test_record_afterwards import Outage
from tests.unit.contracts.test_referral import Story
from tests.unit.services.looks import FORMS, everybody, links, look, names, offered, page

ASK, YES, NO = (f"protection.emergency.{verb}" for verb in ("proposed", "approved", "refused"))
BY_PHONE, STAND = "protection.record.supplemented", "protection.record.confirmed"


def leader(case: Chronicle, officer: str = "p-1") -> Look:
    return look(case.case, "lpsk", "pimpinan", officer)


def of_form(seen: Look, form: str) -> list[dict[str, str]]:
    """What goes along with each offer of a form."""
    return [dict(offer.given) for offer in offered(seen) if offer.form == form]


def test_each_leader_is_asked_once() -> None:
    """Propose, then vote: a leader who has voted, or who proposed, is not asked, and nobody proposes twice."""
    case = Chronicle()
    assert ASK in names(look(case.case, "komnas-perempuan", "petugas_upr"))
    proposal = case.propose()
    assert ASK not in names(look(case.case, "komnas-perempuan", "petugas_upr"))
    assert of_form(leader(case), YES) == of_form(leader(case), NO) == [{"proposal": proposal}]
    case.approve(proposal, "p-1")
    assert not {YES, NO} & names(leader(case))
    assert YES in names(leader(case, "p-2"))
    assert not {YES, NO} & names(look(case.case, "komnas-ham", "komisioner_pengaduan"))


def test_the_vote_is_the_next_thing_to_do() -> None:
    """What waits for a leader stands in the head of the page, one press away."""
    case = Chronicle()
    case.propose()
    assert [offer.form for offer in offered(leader(case)) if offer.first] == [YES]


def test_votes_by_phone_need_a_second_officer() -> None:
    """Whoever wrote them down is not the one who is offered to stand for them."""
    case = Outage()
    secretary = look(case.case, "lpsk", "petugas_darurat", "o-1")
    assert of_form(secretary, BY_PHONE) == [{"proposal": case.proposal}]
    written = case.write("p-1", "p-2")
    first, second = (look(case.case, "lpsk", "tenaga_ahli_telaah", officer) for officer in ("o-1", "o-2"))
    assert of_form(second, STAND) == [{"record": b64(written.id)}]
    assert of_form(first, STAND) == []


def test_a_paper_is_offered_to_its_owner_and_with_a_letter_to_its_writer() -> None:
    """The owner says that it is there; who issued a letter in its place says so with the letter's name."""
    case = Emergency()
    fulfil = "protection.requirement.fulfilled"
    ours = of_form(look(case.case, "lpsk", "petugas_darurat"), fulfil)
    assert [one["requirement"] for one in ours] == ["IDENTITAS"]
    letter = LetterIssued(letter="KETERANGAN_STATUS_PEMBELA", number="1", sha256="0" * 64)
    issued = case.say("komnas-ham", letter)
    theirs = of_form(look(case.case, "komnas-ham", "tim_hrd"), fulfil)
    assert [(one["requirement"], one["letter"]) for one in theirs] == [("KETERANGAN_STATUS", "")]
    case = Emergency(to=("komnas-perempuan", "lpsk"))
    issued = case.say("komnas-ham", letter)
    theirs = of_form(look(case.case, "komnas-ham", "tim_hrd"), fulfil)
    assert [one["letter"] for one in theirs] == [b64(issued.id)]


def test_a_letter_is_asked_of_who_may_write_it_once() -> None:
    """The request goes to the competent agency; it is the one that is then offered to issue it."""
    case = Emergency()
    ask, issue = "protection.letter.requested", "protection.letter.issued"
    first, unasked = of_form(look(case.case, "komnas-perempuan", "koordinator_upr"), ask)
    assert unasked == {}
    assert first == {"letter": "KETERANGAN_STATUS_PEMBELA", "issuer": "komnas-ham"}
    shown = page("protection", "papers", look(case.case, "komnas-perempuan", "koordinator_upr"))
    assert "Minta surat: Keterangan status pembela</a>" in shown
    asked = case.say("komnas-perempuan", LetterRequested(**first))
    assert of_form(look(case.case, "komnas-perempuan", "koordinator_upr"), ask) == [unasked]
    chief = look(case.case, "komnas-ham", "komisioner_pengaduan")
    assert of_form(chief, issue) == [{"letter": first["letter"], "request": b64(asked.id)}, unasked]
    assert of_form(look(case.case, "komnas-perempuan", "komisioner_piket"), issue) == [unasked]


@pytest.mark.parametrize("form", [body.type for body in OF_OTHERS])
def test_nobody_asks_something_of_their_own_agency(form: str) -> None:
    """Letters, handovers, the lead and referrals go to one of the others in the case."""
    among = FORMS[form].among(look(Emergency().case, LPSK, "pimpinan"))
    asked = [field.word for field in forms.fields(FORMS[form].body, {}) if field.kind == "agency"]
    assert [sorted(among[word]) for word in asked] == [[HAM, PEREMPUAN]]


def test_an_end_is_carried_out_only_when_all_have_heard_and_its_day_has_come() -> None:
    """Until then the leaders are offered to take it back, and the others to say that they have read it."""
    case = Emergency()
    told = case.announced(basis="PERMINTAAN_PEMBELA")
    end, back, heard = "protection.emergency.ended", "protection.ending.withdrawn", "protection.ending.acknowledged"
    assert back in names(leader(case))
    assert heard in names(look(case.case, "komnas-ham", "tim_hrd"))
    case.hear(told, *OTHERS)
    assert heard not in names(look(case.case, "komnas-ham", "tim_hrd"))
    assert end not in names(leader(case))
    after = look(case.case, "lpsk", "pimpinan", now=(case.now + timedelta(days=8)).isoformat())
    assert {end, back} <= names(after)


def test_a_decision_waits_for_another_leader() -> None:
    """Not for the one who proposed it."""
    case = Emergency()
    asked = case.ask_to_extend()
    agree = "protection.decision.approved"
    assert of_form(leader(case, "p-2"), agree) == [{"decision": b64(asked.id)}]
    assert of_form(leader(case, "p-1"), agree) == []


def test_a_handover_is_answered_by_who_was_asked() -> None:
    """Accepted or declined there, once; nobody else is offered to."""
    case = Emergency()
    offer = case.say("lpsk", HandoverOffered(emergency=case.active, recipient="komnas-ham", measures=("PENGAWALAN",)))
    take = "protection.handover.accepted"
    assert of_form(look(case.case, "komnas-ham", "komisioner_pengaduan"), take) == [{"offer": b64(offer.id)}]
    assert take not in names(look(case.case, "komnas-perempuan", "komisioner_piket"))


def test_a_measure_is_reported_on_by_who_answers_for_it() -> None:
    """Begin, then done or failed: each only when it is next, and only at the agency that carries it."""
    case = Planning()
    plan = case.agreed_plan(OURS, LPSKS)
    start, done, failed = (f"protection.measure.{verb}" for verb in ("started", "completed", "failed"))
    ours = look(case.case, "komnas-ham", "tim_hrd")
    assert of_form(ours, start) == [{"plan": plan, "measure": OURS.id}]
    case.start(plan, OURS)
    ours = look(case.case, "komnas-ham", "tim_hrd")
    assert of_form(ours, start) == []
    assert of_form(ours, done) == of_form(ours, failed) == [{"plan": plan, "measure": OURS.id}]
    assert [one["measure"] for one in of_form(look(case.case, "lpsk", "petugas_perlindungan"), start)] == [LPSKS.id]


def test_a_defender_who_had_not_agreed_is_asked_for_their_word_until_it_is_there() -> None:
    """At whichever agency they say it; a new version then begins with it."""
    case, later = Planning(), measure("komnas-ham-4", wanted=False)
    plan, wish = case.agreed_plan(OURS, later), "protection.measure.wanted"
    for agency, role in (("komnas-ham", "tim_hrd"), ("lpsk", "petugas_perlindungan")):
        assert of_form(look(case.case, agency, role), wish) == [{"plan": plan, "measure": later.id}]
    case.want(plan, later, by="lpsk")
    ours = look(case.case, "komnas-ham", "tim_hrd")
    assert of_form(ours, wish) == []
    assert FORMS["protection.plan.proposed"].draft(ours)["measures.1.agreement.given_by"] == ["defender"]


def test_a_plan_that_leaves_the_defender_alone_cannot_be_agreed_to() -> None:
    """Somebody who is no subject of LPSK needs a measure by somebody else first: the desk offers no agreement."""
    agree = "protection.plan.agreed"
    alone = Planning(legal_status="TERSANGKA")
    alone.plan(LPSKS)
    assert agree not in names(look(alone.case, "lpsk", "pimpinan"))
    whole = Planning(legal_status="TERSANGKA")
    whole.plan(LPSKS, OURS)
    assert agree in names(look(whole.case, "lpsk", "pimpinan"))


def test_a_new_version_begins_as_the_plan_in_force() -> None:
    """The form holds every measure that is still owed, on the office's clock, and names what it replaces."""
    case = Planning()
    plan = case.agreed_plan(OURS, LPSKS)
    form = FORMS["protection.plan.proposed"]
    typed = form.draft(look(case.case, "komnas-ham", "tim_hrd"))
    body = forms.read(forms.fields(form.body, typed), typed, "WIB")
    read = PlanProposed.read(body)
    assert read.replaces == (plan,)
    on_the_clock = {"due_by": "2026-11-25T16:59:00.000Z"}
    assert [*read.measures] == [one.model_copy(update=on_the_clock) for one in (OURS, LPSKS)]


def test_the_lead_is_taken_over_only_from_one_that_is_silent() -> None:
    """In an emergency, after the agreed time: not before, and not by the lead itself."""
    case = Relay()
    case.emergency()
    claim = "protection.lead.claimed"
    soon, late = "2026-11-22T00:00:00+00:00", "2027-11-22T00:00:00+00:00"
    assert claim in names(look(case.case, PEREMPUAN, "komisioner_piket", now=late))
    assert claim not in names(look(case.case, HAM, "komisioner_pengaduan", now=late))
    assert claim not in names(look(Relay().case, PEREMPUAN, "komisioner_piket", now=soon))


def test_an_offered_lead_is_answered_by_who_was_asked() -> None:
    """Accept or decline; the others see that it is open."""
    case = Relay()
    offer = case.offer(HAM, LPSK)
    accept = "protection.lead.accepted"
    assert of_form(look(case.case, LPSK, "pimpinan"), accept) == [{"offer": b64(offer.id)}]
    assert accept not in names(look(case.case, PEREMPUAN, "komisioner_piket"))


def test_a_referral_rests_on_the_consent_in_force() -> None:
    """Without consent none is offered; with it, it goes along unasked."""
    assert ReferralSent.type not in names(look(Relay().case, HAM, "tim_hrd"))
    case = Story()
    assert of_form(look(case.case, HAM, "tim_hrd"), ReferralSent.type) == [{"consent": b64(case.consent.id)}]


def test_every_step_of_the_own_mechanism_is_a_button() -> None:
    """Just those that the mechanism opens to the role, each with each of its reasons, and no other agency's."""
    case = Chronicle().case
    for seen in everybody(case):
        steps = of_form(seen, "protection.step.taken")
        machine = MACHINES[seen.agency]
        open_now = allowed(case, machine, seen.officer.role)
        wanted = {(one.region, one.step.to, reason) for one in open_now for reason in one.step.reasons or ("",)}
        assert {(one["region"], one["state"], one["reason"]) for one in steps} == wanted
        assert {one["machine"] for one in steps} <= {seen.agency}


def test_a_case_is_closed_and_opened_again_by_who_may() -> None:
    """The proposer is not offered to agree; a closed case can be reopened and not closed twice."""
    case = Planning()
    propose, agree, reopen = ClosureProposed.type, "protection.closure.agreed", "protection.case.reopened"
    assert propose in names(look(case.case, "komnas-ham", "tim_hrd"))
    assert propose not in names(look(case.case, "komnas-perempuan", "koordinator_upr"))
    case.propose_closure()
    assert agree in names(look(case.case, "komnas-ham", "komisioner_pengaduan", "o-5"))
    assert agree not in names(look(case.case, "komnas-ham", "komisioner_pengaduan", "o-1"))
    done = Planning()
    done.close()
    assert reopen in names(look(done.case, "lpsk", "pimpinan"))
    assert propose not in names(look(done.case, "komnas-ham", "tim_hrd"))


def test_nothing_is_offered_while_the_rules_of_a_case_are_not_here() -> None:
    """The case is shown, and nothing can be decided in it."""
    case = Emergency().case._replace(judged_by=None)
    seen = look(case, "lpsk", "pimpinan")
    assert [offer for panel in PAGES.panels for offer in panel.offers(seen)] == []


def test_every_act_of_protection_has_a_form() -> None:
    """What officers may say over HTTP they may say at the desk, each with the permission that its rule names."""
    assert len({form.name for form in PAGES.forms}) == len(PAGES.forms) == 50
    unruled = {YES, NO}
    assert [
        form.name
        for form in PAGES.forms
        if form.name not in unruled and form.permission != rule_for(form.body).permission
    ] == []


def test_a_withdrawn_consent_takes_no_page_away() -> None:
    """Everybody still sees the case of a person who takes their consent back; only referrals are offered no more."""
    case = consented()
    assert ReferralSent.type in names(look(case.case, "komnas-ham", "tim_hrd"))
    case.add("komnas-ham", ENDED)
    assert not any(ReferralSent.type in names(seen) for seen in everybody(case.case))


def test_leaders_may_act_before_the_session_has_it_on_its_agenda() -> None:
    """Between the start of protection and what the deciding node says next, the page shows what can be done."""
    case = Planning()
    case.activate_emergency()
    assert HandoverOffered.type in {form for form, _ in links(page("protection", "after", leader(case)))}
