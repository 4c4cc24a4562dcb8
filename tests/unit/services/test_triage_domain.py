"""How urgent a report is by the table, and how the assessment explains itself."""

from datetime import timedelta

import pytest

from contracts.errors import Code, Rejected
from contracts.events import read_body
from contracts.events.triage import UrgencyAssessed, UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism import LATEST as MECHANISM
from services.node import vocabulary
from services.triage import domain
from services.triage.rules import LATEST
from tests.unit.services.stories import KOMNAS_HAM, KOMNAS_PEREMPUAN, LPSK, NOW, happened, opening, text


@pytest.mark.parametrize(
    ("name", "level", "rule", "because"),
    [
        ("ppham-ancaman-langsung", "KRITIS", 3, ("ANCAMAN", "EVAKUASI", "RUMAH_AMAN")),
        ("petani-kriminalisasi", "MENDESAK", 6, ("PENAHANAN_SEWENANG",)),
        ("jurnalis-doxing", "MENDESAK", 7, ("ANCAMAN", "KBGO", "PELECEHAN_SEKSUAL")),
        ("buruh-perempuan-dua-pintu-a", "TINGGI", 12, ("INTIMIDASI", "PENGUNTITAN")),
        ("buruh-perempuan-dua-pintu-b", "TINGGI", 12, ("INTIMIDASI",)),
        ("saksi-hanya-lpsk", "MENDESAK", 4, ("PENGANIAYAAN",)),
    ],
)
def test_a_sample_report_is_as_urgent_as_people_would_say(
    name: str, level: str, rule: int, because: tuple[str, ...]
) -> None:
    """Each sample, reported on 22 November 2026, gets its level by the row that a reader of the table would pick."""
    body = opening(name)
    assessed = domain.assess(happened(body, LPSK), body, LATEST, MECHANISM)
    assert assessed == UrgencyAssessed(level=level, rules=1, rule=rule, because=because)


def test_an_old_attack_is_less_urgent() -> None:
    """The same report handed in months later is judged by the days that have passed until then."""
    body = opening()
    event = happened(body, KOMNAS_PEREMPUAN)
    late = event._replace(
        hlc=Hlc(int((NOW + timedelta(days=200)).timestamp() * 1000), 0),
        content=event.content._replace(time=text(NOW + timedelta(days=200))),
    )
    assert domain.assess(event, body, LATEST, MECHANISM).level == "KRITIS"
    assert domain.assess(late, body, LATEST, MECHANISM).level == "MENDESAK"


def test_an_assessment_can_always_be_said() -> None:
    """However many strange codes a case has, what the table says of it is a body that others can read."""
    forms = tuple(f"KODE_BARU_{number}" for number in range(200))
    body = opening().model_copy(update={"forms": forms, "requested": (), "violence": (), "gendered_forms": ()})
    assessed = domain.assess(happened(body, LPSK), body, LATEST, MECHANISM)
    assert read_body(assessed.wire_type, assessed.wire()) == assessed
    assert set(assessed.because) < set(forms)


def test_an_assessment_explains_itself() -> None:
    """Officers read which rule decided, why, and by which codes, in both languages."""
    body = opening("jurnalis-doxing")
    assessed = domain.assess(happened(body, KOMNAS_HAM), body, LATEST, MECHANISM)
    assert domain.explain(assessed, "id") == (
        "Aturan 7: ancaman yang disertai serangan seksual dalam sebulan terakhir; "
        "karena Ancaman, Kekerasan berbasis gender online, Pelecehan seksual"
    )
    assert domain.explain(assessed, "en").startswith("Rule 7: a threat together with a sexual attack in the last month")


@pytest.mark.parametrize(("rules", "rule"), [(9, 7), (1, 99)])
def test_a_rule_of_a_later_table_is_shown_not_hidden(rules: int, rule: int) -> None:
    """An agency with newer rules is not misread: its row, table and codes are named as they are."""
    assessed = UrgencyAssessed(level="KRITIS", rules=rules, rule=rule, because=("KODE_BARU",))
    explanation = domain.explain(assessed, "en")
    assert f"Rule {rule} of table {rules}" in explanation
    assert "KODE_BARU" in explanation


def test_an_unknown_code_is_marked_in_the_explanation() -> None:
    """An officer sees which code nobody here knows yet."""
    body = opening().model_copy(
        update={"forms": ("SERANGAN_BARU",), "requested": (), "violence": (), "gendered_forms": ()}
    )
    explanation = domain.explain(domain.assess(happened(body, LPSK), body, LATEST, MECHANISM), "id")
    assert "SERANGAN_BARU (kode tidak dikenal)" in explanation


def test_a_level_that_no_list_has_is_refused_at_our_own_desk() -> None:
    """A typing error never becomes an urgency that nobody can rank."""
    with pytest.raises(Rejected) as refused:
        vocabulary.check(UrgencyOverridden(level="GAWAT", reason="x"))
    assert (refused.value.code, refused.value.detail) == (Code.SCHEMA, "level")
