"""What the desk shows of protection: all of it in both languages, and every offer where its matter stands."""

import re
from collections.abc import Callable

import pytest

from contracts.case import Case
from contracts.codes import LANGUAGES
from contracts.encoding import b64
from contracts.events.lead import LeadAccepted, LeadOffered
from contracts.events.protection import LetterRequested
from contracts.events.referral import ReferralAccepted, ReferralReported
from services.node.web.present import would_count
from services.protection.panels import lead
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import OTHERS, Emergency
from tests.unit.contracts.plans import INCIDENT, LPSKS, MOVED, OURS, PARTNERS, Planning
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay
from tests.unit.contracts.test_promises_by_law import Violence
from tests.unit.contracts.test_record_afterwards import Earlier
from tests.unit.contracts.test_referral import Story, answer, fail_twice
from tests.unit.services import looks
from tests.unit.services.looks import FORMS, PAGES, everybody, form, links, page

PANELS = [(service, panel.name) for service in ("own", "protection") for panel in PAGES[service].panels]


def proposed() -> Case:
    case = Chronicle()
    case.approve(case.propose(), "p-1")
    return case.case


def in_force() -> Case:
    case = Emergency()
    case.say("lpsk", LetterRequested(letter="KETERANGAN_STATUS_PEMBELA", issuer="komnas-ham"))
    case.ask_to_extend()
    case.hear(case.announced(basis="PERMINTAAN_PEMBELA"), OTHERS[0])
    case.sit("PENAMBAHAN")
    return case.case


def ended() -> Case:
    case = Emergency()
    told = case.announced(basis="PERMINTAAN_PEMBELA")
    case.hear(told, *OTHERS)
    case.later(days=8)
    case.end(told)
    return case.case


def planned() -> Case:
    case = Planning()
    case.start(case.agreed_plan(OURS, LPSKS, PARTNERS), OURS)
    case.plan(OURS, LPSKS, replaces=tuple(looks_at(case.case)))
    case.incident()
    case.say(HAM, MOVED)
    case.review("TINGGI")
    return case.case


def looks_at(case: Case) -> list[str]:
    return [b64(claim.event) for claim in case.slots["plan_proposal"]]


def closing() -> Case:
    case = Planning()
    case.propose_closure()
    return case.case


def closed() -> Case:
    case = Planning()
    case.close()
    return case.case


def led() -> Case:
    case = Relay()
    case.emergency()
    start = (case.events[-1],)
    case.offer(HAM, LPSK, knows=start)
    case.claim(PEREMPUAN, HAM, knows=start)
    return case.case


def led_by_need(*, accepted: bool = False) -> Case:
    case = Planning()
    case.agreed_plan(OURS, LPSKS)
    if accepted:
        offer = case.say(HAM, LeadOffered(to=LPSK, reason="PELINDUNGAN_FISIK"))
        case.say(LPSK, LeadAccepted(offer=b64(offer.id)))
    return case.case


def referred() -> Case:
    case = Story()
    case.send()
    sent = case.send(to=PEREMPUAN)
    case.say(PEREMPUAN, answer(ReferralAccepted, sent))
    case.say(PEREMPUAN, answer(ReferralReported, sent, progress="BERJALAN"))
    fail_twice(case)
    return case.case


def taken_back(legal_status: str | None = "TERSANGKA") -> Case:
    case = Planning(legal_status=legal_status)
    case.unwant(case.agreed_plan(OURS, LPSKS), OURS)
    return case.case


def noted() -> Case:
    case = Earlier()
    case.confirm(case.date(), agency="komnas-ham")
    case.date(case.say("komnas-ham", INCIDENT))
    return case.case


def reported() -> Case:
    case = Violence()
    case.told()
    return case.case


STORIES: list[Callable[[], Case]] = [
    lambda: Chronicle().case,
    proposed,
    in_force,
    ended,
    planned,
    closing,
    closed,
    led,
    led_by_need,
    referred,
    taken_back,
    noted,
    reported,
]
NAMES = ["new", "proposed", "in force", "ended", "planned", "closing", "closed", "led", "led by need"]
NAMES += ["referred", "taken back", "noted", "reported"]


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_every_panel_says_everything_in_both_languages(story: Callable[[], Case]) -> None:
    """A word that is missing in either language fails here, for whatever role looks at the case."""
    case = story()
    for seen in everybody(case):
        for service, panel in PANELS:
            texts = [page(service, panel, seen, language) for language in LANGUAGES]
            assert not all(texts) or texts[0] != texts[1]


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_every_offer_has_its_place(story: Callable[[], Case]) -> None:
    """What may be done is a button on the page, once: none is offered beside something that is not shown."""
    case = story()
    for seen in everybody(case):
        shown = [link for service, panel in PANELS for link in links(page(service, panel, seen))]
        wanted = [(offer.form, dict(offer.given)) for offer in looks.offered(seen)]
        assert sorted(shown, key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize("name", sorted(FORMS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_every_service_can_be_filled_in(name: str, language: str) -> None:
    """Title, consequence, fields and button are there in both languages."""
    seen = looks.look(Chronicle().case, HAM, "tim_hrd")
    html = form(name, seen, language)
    assert html.count("<h1>") == 1
    assert 'class="grave"' in html if FORMS[name].grave else 'class="grave"' not in html


def test_who_is_left_to_one_agency_is_seen_at_the_plan() -> None:
    """The plan holds, and says what it lacks since the defender took a measure back; of others it says nothing."""
    suspect, other = (looks.look(taken_back(status), LPSK, "pimpinan") for status in ("TERSANGKA", None))
    assert "Rencana ini tetap berlaku" in page("protection", "plan", suspect)
    assert "Rencana ini tetap berlaku" not in page("protection", "plan", other)


def test_who_should_lead_by_need_is_said_and_the_offer_is_filled_in() -> None:
    """All see it; the lead's form is there to be gone over, and where the lead is as it should be nothing is said."""
    case = led_by_need()
    for agency, role in ((HAM, "tim_hrd"), (LPSK, "pimpinan")):
        html = page("protection", "lead", looks.look(case, agency, role))
        assert "Menurut kebutuhan sebaiknya lpsk yang memimpin: " in html
    seen = looks.look(case, HAM, "komisioner_pengaduan")
    assert lead.draft(seen) == {"to": [LPSK], "reason": ["PELINDUNGAN_FISIK"]}
    assert would_count(seen)(LeadOffered(to=LPSK, reason="PELINDUNGAN_FISIK"))
    assert lead.draft(looks.look(case, LPSK, "pimpinan")) == {}
    settled = looks.look(led_by_need(accepted=True), LPSK, "pimpinan")
    assert "Menurut kebutuhan" not in page("protection", "lead", settled)
    assert lead.draft(settled) == {}


def test_what_goes_along_unseen_is_said() -> None:
    """Whoever reports on a measure sees which, and of which plan, in words; an id that names nothing stays hidden."""
    seen = looks.look(planned(), HAM, "tim_hrd")
    plan = looks_at(seen.case)[0]
    html = form("protection.measure.failed", seen, given={"plan": plan, "measure": OURS.id})
    assert "<strong>Pemantauan, komnas-ham, sampai " in html
    assert "Tindakan: <strong>" in html
    assert re.search("Rencana: <strong>[^<]*komnas-ham, [0-9]+ Nov 2026", html)
    assert f'value="{plan}"' in html
    assert f"<strong>{'A' * 43}" not in form("protection.measure.failed", seen, given={"plan": "A" * 43})
