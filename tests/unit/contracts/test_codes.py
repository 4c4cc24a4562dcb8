import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.codes import CATALOGUES, LANGUAGES, advice, codes, event_title, label, list_title
from contracts.errors import Code
from contracts.events import BODIES

CASES = Path(__file__).parents[2] / "cases"
LISTS_OF_FIELDS = {
    "activities": "activity",
    "issues": "issue",
    "forms": "form",
    "gendered_forms": "gendered_form",
    "domain": "domain",
    "violence": "violence",
    "reported_actor": "actor",
    "requested": "measure",
    "legal_status": "legal_status",
    "relation": "relation",
    "channel": "channel",
    "gender": "gender",
    "disability_needs": "disability_need",
    "given_by": "consent_giver",
    "form": "consent_form",
    "fields": "consent_field",
    "purpose": "purpose",
    "province": "province",
}


def used(value: Any) -> Iterator[tuple[str, str]]:
    """Each (list, code) that a report uses."""
    if isinstance(value, list):
        for part in value:
            yield from used(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in LISTS_OF_FIELDS and part is not None:
                yield from ((LISTS_OF_FIELDS[name], code) for code in ([part] if isinstance(part, str) else part))
            yield from used(part)


def test_all_languages_say_the_same_things() -> None:
    """No screen falls back to another language: each list, code, event and error has a text in all."""
    indonesian, english = (CATALOGUES[language] for language in LANGUAGES)
    assert list(indonesian.codes) == list(english.codes) == list(indonesian.lists) == list(english.lists)
    for code_list in indonesian.codes:
        assert list(indonesian.codes[code_list]) == list(english.codes[code_list])
    assert list(indonesian.events) == list(english.events)
    assert list(indonesian.errors) == list(english.errors)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_shouted(language: str) -> None:
    """People read words, not codes: every text is there, trimmed, and not a code in capitals."""
    catalogue = CATALOGUES[language]
    texts = [text for names in catalogue.codes.values() for text in names.values()]
    texts += [*catalogue.lists.values(), *catalogue.events.values(), *catalogue.errors.values()]
    assert all(text.strip() == text != "" and "_" not in text for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(Code))
def test_each_error_says_what_to_do_next(code: Code, language: str) -> None:
    """Every refusal has a text: what happened, then what to do."""
    happened, _, next_step = advice(code, language).partition("; ")
    assert happened
    assert next_step.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_advice_is_left_over(language: str) -> None:
    """A text for an error that cannot happen would mislead translators."""
    assert set(CATALOGUES[language].errors) == set(Code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_event_type_has_a_title(language: str) -> None:
    """A timeline never shows a bare type name for an event that this version knows, and no title is left over."""
    assert set(CATALOGUES[language].events) == {body.type for body in BODIES}
    assert event_title("protection.emergency.activated", "id") == "Darurat diaktifkan"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_unknown_is_shown_and_marked(language: str) -> None:
    """A code from later software reaches the reader as itself, visibly unknown."""
    for text in (label("measure", "BARU_2031", language), event_title("x.y.z", language), advice("E_X", language)):
        assert text.split(" ")[0] in {"BARU_2031", "x.y.z", "E_X"}
        assert text.endswith(")")


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_the_samples_use_known_codes(path: Path) -> None:
    """Every code of the sample reports has a name in every language."""
    found = list(used(json.loads(path.read_text())))
    assert found
    assert all(code in codes(code_list) for code_list, code in found)


def test_lists_have_headings() -> None:
    """A list can be offered under its own name."""
    assert list_title("urgency", "id") == "Tingkat urgensi"
    assert codes("urgency") == ("KRITIS", "MENDESAK", "TINGGI", "BIASA")


def test_no_agency_is_in_the_texts() -> None:
    """Agencies are data of the directory: adding a fourth changes no code list."""
    assert "agency" not in CATALOGUES["id"].codes
