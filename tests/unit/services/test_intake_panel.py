"""What the desk shows and offers of consent, disclosure, the person and possible doubles."""

import re
from collections.abc import Callable, Mapping, Sequence

import pytest

from contracts.case import Case, fold
from contracts.codes import LANGUAGES
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.events.breach import BreachFound, BreachTold, BreachWithdrawn
from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureConfirmed,
    DisclosureMade,
    Identity,
    IdentityShared,
    OutsiderConfirmed,
    OutsiderNamed,
    OutsiderTold,
    ReportReceived,
)
from contracts.events.report import SafeContact
from contracts.events.rights import RequestAnswered, RequestReceived
from services.intake import domain, panel, person
from services.node.web.panel import Look
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.services.consents import (
    CONSENT,
    HAM,
    LONG_AGO,
    LPSK,
    PEREMPUAN,
    REPORT,
    asked,
    breached,
    disclosed,
    linked,
    outside,
    reported,
    shared,
    withdrawn,
)
from tests.unit.services.looks import PAGES, everybody, form, look, page, whole_person

PANELS = [one.name for one in PAGES["intake"].panels]


def offers(case: Chronicle, agency: str, role: str, officer: str = "o-77") -> set[str]:
    seen = look(case.case, agency, role, officer)
    forms = {form.name: form for form in panel.FORMS}
    found = (offer.form for one in panel.PAGES.panels for offer in one.offers(seen))
    return {form for form in found if seen.may(forms[form].permission)}


@pytest.mark.parametrize("story", [Chronicle, reported, shared, withdrawn, disclosed, outside, asked, breached, linked])
def test_every_panel_says_everything_in_both_languages_and_nothing_of_the_person(
    story: Callable[[], Chronicle],
) -> None:
    """No word is missing, and no name, number or story stands on the case's page, whoever looks."""
    contact = REPORT.defender.safe_contact
    for seen in everybody(story().case):
        text = "".join(page("intake", name, seen, language) for name in PANELS for language in LANGUAGES)
        assert text
        assert not any(private in text for private in (REPORT.defender.name, contact.address, *contact.do_not_contact))


def test_a_person_is_shown_to_whom_it_was_sealed() -> None:
    """Each agency has what it holds: the opener its report, the one that consent names a name, the third nothing."""
    case = shared()
    own, named = case.case, [event for event in case.events if HAM in event.content.to]
    nothing = [event for event in case.events if LPSK in event.content.to]
    assert [one.safe_contact for one in person.person_of(own, PEREMPUAN).told] == [REPORT.defender.safe_contact]
    theirs = person.person_of(fold(named), HAM).told
    assert theirs == [person.Told(by=PEREMPUAN, identity=Identity(name=REPORT.defender.name))]
    with pytest.raises(Rejected, match="E_NOT_FOUND"):
        person.person_of(fold(nothing), LPSK)


def contacts(case: Case, agency: str) -> list[tuple[str, SafeContact | None]]:
    """Who says by which contact the person is reached, as an agency shows it."""
    return [(one.by, one.safe_contact) for one in person.person_of(case, agency).told]


@pytest.mark.parametrize(
    "fields", [("identity",), ("identity", "safe_contact")], ids=["a name", "a name and a contact"]
)
def test_a_partner_never_speaks_in_our_name(fields: tuple[str, ...]) -> None:
    """Our report's contact stays ours; another one is nowhere if that partner was told none, else beside, as theirs."""
    case = reported()
    case.add(PEREMPUAN, CONSENT.model_copy(update={"fields": fields}))
    if told := domain.groups(REPORT, fields):
        case.add(PEREMPUAN, told, to=(HAM, PEREMPUAN))
    false = SafeContact(channel="phone", address="+62 899-0000-0666")
    case.add(HAM, IdentityShared(safe_contact=false), to=(HAM, PEREMPUAN))
    case.add(LPSK, IdentityShared(safe_contact=false), to=(LPSK, PEREMPUAN))
    forged = REPORT.defender.model_copy(update={"safe_contact": false})
    report = ReportReceived(report=REPORT.model_copy(update={"defender": forged}))
    case.add(HAM, report, to=(HAM, PEREMPUAN))
    beside = [(HAM, false)] if "safe_contact" in fields else []
    ours = (PEREMPUAN, REPORT.defender.safe_contact)
    assert contacts(case.case, PEREMPUAN) == [ours, *beside]
    assert domain.persons(case.case, PEREMPUAN) == [domain.person_of(REPORT)], "nor does it find our case by it"
    assert not domain.found_by(case.case, PEREMPUAN), "nor later, when intake hears of it"
    for language in LANGUAGES:
        text = whole_person(look(case.case, PEREMPUAN, "petugas_upr"), language)
        assert re.findall(r"\+62 \d+-\d+-\d+</strong>", text) == [
            f"{one.address}</strong>" for _, one in [ours, *beside]
        ]
        assert text.count("<h2>") == 1 + len(beside), "whoever says something is named above it"
    if beside:
        theirs = fold([event for event in case.events if HAM in event.content.to])
        assert contacts(theirs, HAM) == [ours, *beside], "the agency that took the report comes first everywhere"


def test_in_our_name_stands_our_report() -> None:
    """Not what was shared out of it, which may be a part, or older."""
    case = reported()
    case.add(PEREMPUAN, IdentityShared(identity=Identity(name="Nama lain")), to=(HAM, PEREMPUAN))
    (ours,) = person.person_of(case.case, PEREMPUAN).told
    assert ours.identity is not None
    assert ours.identity.name == REPORT.defender.name


def test_a_report_that_a_partner_sends_is_none_of_ours() -> None:
    """It is shown to nobody as the person, searched for by nobody, and cannot be shared on as if we had heard it."""
    case = Chronicle()
    case.add(LPSK, ReportReceived(report=REPORT), to=(HAM, LPSK))
    assert (person.held(case.case, HAM), domain.persons(case.case, HAM)) == ({}, [])
    assert IdentityShared.type not in offers(case, HAM, "tim_hrd")


def test_who_only_passes_on_comes_after_who_took_the_report() -> None:
    """Also where the one who took it is heard later, after consent was withdrawn and given again."""
    case = withdrawn()
    case.add(PEREMPUAN, CONSENT)
    name = IdentityShared(identity=Identity(name="Nama lain"))
    case.add(HAM, name, to=(HAM, PEREMPUAN))
    seen = fold([event for event in case.events if HAM in event.content.to])
    assert [one.by for one in person.person_of(seen, HAM).told] == [HAM]
    case.add(PEREMPUAN, name, to=(HAM, PEREMPUAN))
    seen = fold([event for event in case.events if HAM in event.content.to])
    assert [one.by for one in person.person_of(seen, HAM).told] == [PEREMPUAN, HAM]


def test_what_was_taken_back_is_shown_by_nobody_but_the_one_who_heard_it() -> None:
    """After a withdrawal the others stop using what they received; the agency of the report sees that it is so."""
    case = withdrawn()
    assert person.person_of(case.case, PEREMPUAN).withdrawn
    with pytest.raises(Rejected, match="E_NOT_FOUND"):
        person.person_of(fold([event for event in case.events if HAM in event.content.to]), HAM)


@pytest.mark.parametrize("draft", [panel.heard, panel.taken_back])
def test_no_press_says_yes_for_the_person(draft: Callable[[Look], Mapping[str, Sequence[str]]]) -> None:
    """The form knows who writes, when and what for; who spoke, how, and what they allow somebody must say."""
    filled = draft(look(reported().case, PEREMPUAN, "petugas_upr"))
    assert "at" in filled
    assert set(filled) <= {"recorded_by", "at", "purpose"}


def test_a_second_person_in_another_role_is_asked() -> None:
    """Whoever disclosed, or shares the role of who did, is not offered to agree to it; nor is another agency."""
    case, confirmed = disclosed(), DisclosureConfirmed.type
    assert confirmed in offers(case, PEREMPUAN, "komisioner_piket")
    assert confirmed not in offers(case, PEREMPUAN, "komisioner_piket", "o-1")
    assert confirmed not in offers(case, PEREMPUAN, "petugas_upr")
    assert confirmed not in offers(case, HAM, "komisioner_pengaduan")


def test_somebody_outside_is_told_after_a_second_person_agreed_and_before_consent_is_withdrawn() -> None:
    """The desk offers what comes next to who may do it, shows what was told, and nothing of it elsewhere."""
    case, told = outside(), OutsiderTold.type
    case.events[-2:], rest = [], case.events[-2:]
    assert OutsiderConfirmed.type not in offers(case, PEREMPUAN, "petugas_upr", "o-1")
    assert OutsiderConfirmed.type in offers(case, PEREMPUAN, "komisioner_piket", "o-2")
    assert told not in offers(case, PEREMPUAN, "petugas_upr", "o-1")
    case.events += rest
    assert told in offers(case, PEREMPUAN, "petugas_upr", "o-1")
    ours = look(case.case, PEREMPUAN, "petugas_upr")
    assert "IGD" in page("intake", "consent", ours)
    assert "Rumah sakit atau layanan medis (IGD)" in form(told, ours, "id", {"outsider": b64(case.events[-3].id)})
    theirs = fold([event for event in case.events if HAM in event.content.to])
    assert "IGD" not in page("intake", "consent", look(theirs, HAM, "tim_hrd"))
    case.add(HAM, ConsentWithdrawn(given_by="defender", form="spoken", at="2026-11-22T08:54:48+07:00"))
    assert told not in offers(case, PEREMPUAN, "petugas_upr", "o-1")


def test_what_a_person_asks_of_their_data_is_answered_by_who_watches_over_it() -> None:
    """Any officer who hears it writes it down; the agency that was asked answers, what it has answered no more."""
    case, answer = asked(), RequestAnswered.type
    assert RequestReceived.type in offers(case, HAM, "petugas_pengaduan")
    assert answer in offers(case, PEREMPUAN, "pejabat_pdp")
    assert answer not in offers(case, PEREMPUAN, "petugas_upr")
    assert answer not in offers(case, HAM, "pejabat_pdp")
    waits = case.events[-2]
    case.add(PEREMPUAN, RequestAnswered(request=b64(waits.id), answer="DITOLAK"))
    assert answer not in offers(case, PEREMPUAN, "pejabat_pdp")
    assert "Dipenuhi" in page("intake", "consent", look(case.case, HAM, "tim_hrd"))


def test_of_a_breach_whoever_had_it_tells_all_who_have_to_know() -> None:
    """Recorded by who watches over data at any agency; told by the one that had it, until nobody is left to tell."""
    case, tell = breached(), BreachTold.type
    assert BreachFound.type in offers(case, HAM, "pejabat_pdp")
    assert BreachFound.type not in offers(case, HAM, "petugas_pengaduan")
    assert tell in offers(case, PEREMPUAN, "pejabat_pdp")
    assert tell not in offers(case, HAM, "pejabat_pdp")
    ours = look(case.case, PEREMPUAN, "pejabat_pdp")
    last = next(one for one in panel.allowed_offers(ours) if one.form == tell)
    assert last.given["recipient"] == "LEMBAGA_PENGAWAS"
    assert "Lembaga pengawas pelindungan data pribadi: belum diberi tahu" in page("intake", "consent", ours)
    word = BreachTold(breach=last.given["breach"], recipient="LEMBAGA_PENGAWAS", form="written", at=LONG_AGO)
    case.add(PEREMPUAN, word, actor=Actor("pejabat_pdp", "o-1"))
    assert tell not in offers(case, PEREMPUAN, "pejabat_pdp")
    assert "belum diberi tahu" not in page("intake", "consent", look(case.case, HAM, "tim_hrd"))


def test_a_breach_that_was_none_is_taken_back_by_a_second_person() -> None:
    """Offered to somebody in another role where it was recorded; then nobody waits for a notice, and all see why."""
    case, back = breached(), BreachWithdrawn.type
    assert back in offers(case, PEREMPUAN, "koordinator_upr")
    assert back not in offers(case, PEREMPUAN, "pejabat_pdp")
    assert back not in offers(case, HAM, "komisioner_pengaduan")
    found = next(one for one in case.events if one.content.type == BreachFound.wire_type)
    word = BreachWithdrawn(breach=b64(found.id), reason="SALAH_KASUS")
    case.add(PEREMPUAN, word, actor=Actor("koordinator_upr", "o-2"))
    assert not {back, BreachTold.type} & offers(case, PEREMPUAN, "komisioner_piket")
    shown = page("intake", "consent", look(case.case, HAM, "tim_hrd"))
    assert "belum diberi tahu" not in shown
    assert "Ditarik: Tercatat pada kasus yang salah" in shown


def test_what_is_over_is_not_offered() -> None:
    """After a withdrawal nothing is left to withdraw or to share; asking anew is always possible."""
    before, after = offers(shared(), PEREMPUAN, "petugas_upr"), offers(withdrawn(), PEREMPUAN, "petugas_upr")
    assert before - after == {ConsentWithdrawn.type, IdentityShared.type}
    assert ConsentRecorded.type in after


def test_a_decision_on_another_case_shows_where_it_was_told() -> None:
    """What officers found of another case stands on the page; which cases to compare is asked for and noted."""
    seen = look(linked().case, HAM, "tim_hrd")
    assert panel.compared(seen) == [panel.Compared("1" * 26, "LINKED")]


@pytest.mark.parametrize("said", [DisclosureMade, OutsiderNamed])
def test_what_is_disclosed_without_consent_is_not_on_the_ground_of_consent(
    said: type[DisclosureMade | OutsiderNamed],
) -> None:
    """The form offers the grounds that the rules know, and no agency itself as the one that is told."""
    seen = look(shared().case, PEREMPUAN, "petugas_upr")
    asked = form(said.type, seen)
    assert 'value="KEPENTINGAN_VITAL"' in asked
    assert 'value="PERSETUJUAN"' not in asked
    among = next(one for one in panel.FORMS if one.body is said).among(seen)
    assert PEREMPUAN not in among["recipients"]
