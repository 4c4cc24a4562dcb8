import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from contracts.codes import codes
from services.triage.rules import LATEST, LISTS, STRANGE, TABLES, Facts, FieldName, Table

PROTECTIVE = ("BIASA", "TINGGI", "MENDESAK", "KRITIS")
FIELDS: list[FieldName] = list(LISTS)

some_facts = st.builds(
    Facts,
    st.fixed_dictionaries(
        {field: st.lists(st.sampled_from([*codes(LISTS[field]), STRANGE]), max_size=3).map(tuple) for field in FIELDS}
    ),
    st.integers(-400, 4000),
)


def document() -> Any:
    return tomllib.loads(files("services.triage.rules").joinpath("1.toml").read_text("utf-8"))


def read(rows: list[dict[str, Any]]) -> Table:
    numbered = [{"number": place, "id": "x", "en": "x", **row} for place, row in enumerate(rows, 1)]
    return Table.model_validate({"version": 1, "rules": numbered})


LAST = {"level": "BIASA"}


@pytest.mark.parametrize("version", TABLES)
def test_a_file_holds_the_version_that_its_name_says(version: int) -> None:
    """Who looks a rule up by its version finds it in the file of that number."""
    assert tomllib.loads(files("services.triage.rules").joinpath(f"{version}.toml").read_text())["version"] == version


@given(some_facts)
def test_every_case_has_an_urgency_with_its_reason(facts: Facts) -> None:
    """Whatever the codes, known or not, some row decides, and it names only codes that the case has."""
    rule = LATEST.first(facts)
    assert rule.level in PROTECTIVE
    assert all(code in facts.codes[field] for field, code in rule.because(facts))
    assert bool(rule.because(facts)) is bool(rule.has or rule.unfamiliar)


@given(some_facts, st.sampled_from(FIELDS), st.data())
def test_knowing_more_never_lowers_the_urgency(facts: Facts, field: FieldName, data: st.DataObject) -> None:
    """A further code, or a younger incident, makes a case as urgent or more: no attack hides another."""
    code = data.draw(st.sampled_from(codes(LISTS[field])))
    more = Facts({**facts.codes, field: (*facts.codes[field], code)}, facts.days - data.draw(st.integers(0, 100)))
    levels = [PROTECTIVE.index(LATEST.first(one).level) for one in (facts, more)]
    assert levels[0] <= levels[1]


@pytest.mark.parametrize("field", ["forms", "gendered_forms", "violence"])
def test_an_attack_in_an_unknown_form_is_looked_at(field: FieldName) -> None:
    """A code that only a newer agency knows is not taken for harmless."""
    facts = Facts({**dict.fromkeys(FIELDS, ()), field: (STRANGE,)}, 4000)
    rule = LATEST.first(facts)
    assert rule.level == "TINGGI"
    assert rule.because(facts) == ((field, STRANGE),)


def test_an_old_known_attack_is_ordinary() -> None:
    """A code that everybody knows is not taken for a strange one."""
    facts = Facts({**dict.fromkeys(FIELDS, ()), "forms": ("PENCEMARAN_NAMA",)}, 4000)
    assert LATEST.first(facts).level == "BIASA"


def test_a_row_that_repeats_another_is_refused() -> None:
    """A row that can never decide misleads whoever reads the table."""
    row = {"level": "TINGGI", "has": {"forms": ["ANCAMAN"]}}
    with pytest.raises(ValidationError, match="row 2 never decides"):
        read([row, row, LAST])


def test_a_row_hidden_by_several_others_together_is_refused() -> None:
    """Each of two rows takes one half of the third's cases: it never decides, though neither hides it alone."""
    rows = [{"level": "TINGGI", "has": {"forms": [code]}} for code in ("ANCAMAN", "DOXING")]
    with pytest.raises(ValidationError, match="row 3 never decides"):
        read([*rows, {"level": "TINGGI", "has": {"forms": ["ANCAMAN", "DOXING"]}, "within_days": 5}, LAST])


def test_a_wider_row_below_a_narrow_one_stays() -> None:
    """An exception above its rule is how such a table is meant to be read."""
    narrow = {"level": "KRITIS", "has": {"forms": ["ANCAMAN"]}, "within_days": 5}
    assert len(read([narrow, {**narrow, "level": "TINGGI", "within_days": 6}, LAST]).rules) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"has": {"forms": ["ANCAMANN"]}},
        {"has": {"violence": ["ANCAMAN"]}},
        {"has": {"colour": ["ANCAMAN"]}},
        {"has": {"forms": []}},
        {"level": "SANGAT"},
        {"without": {"forms": ["ANCAMAN"]}},
        {"within_days": -1},
        {"en": ""},
    ],
)
def test_a_careless_row_is_refused(change: dict[str, object]) -> None:
    """A misspelt code, field, level or operator is found when the table is read, not when a life depends on it."""
    table = document()
    table["rules"][0] |= change
    with pytest.raises(ValidationError):
        Table.model_validate(table)


def test_a_table_without_a_last_word_is_refused() -> None:
    """Every case must get an answer."""
    table = document()
    table["rules"].pop()
    with pytest.raises(ValidationError, match="the last row must fit every case"):
        Table.model_validate(table)


def test_rows_are_numbered_as_they_stand() -> None:
    """'Rule 7' is the seventh row for everybody."""
    table = document()
    table["rules"][3]["number"] = 9
    with pytest.raises(ValidationError, match="without a gap"):
        Table.model_validate(table)
