"""The intake form, without a browser: what is asked in which order, what is missing, and the report that it becomes."""

import json

import pytest
from hypothesis import given, strategies as st

from contracts.events.intake import ReportReceived
from contracts.events.report import Report
from contracts.report import read_report
from services.intake import form
from services.intake.form import BY_NAME, STEPS, Fault
from services.node.web import forms

AGENCY, ZONE = "lpsk", "WIB"
LEAST = form.begun("Petugas permohonan", "2026-11-22T08:54") | {
    "report.defender.safe_contact.channel": ["phone"],
    "report.defender.safe_contact.address": ["+62 815-0000-0402"],
    "report.defender.name": ["Melati"],
    "report.channel": ["walk_in"],
    "report.reporter.relation": ["self"],
    "report.incidents.0.occurred_at": ["2026-11-20T21:30"],
    "report.consent.given_by": ["defender"],
    "report.consent.form": ["spoken"],
}


def sent(typed: form.Typed) -> Report:
    return read_report(json.dumps(form.report(typed, ZONE, AGENCY)).encode())


def test_the_least_that_is_typed_is_a_report() -> None:
    """Who, how to reach them, what happened and what they allow: nothing else has to be known at two in the morning."""
    assert form.faults(LEAST, ZONE, AGENCY) == []
    report = sent(LEAST)
    assert (report.received_by, report.consent.purpose, report.consent.share_with) == (AGENCY, "protection", ())
    assert report.incidents[0].occurred_at == "2026-11-20T14:30:00.000Z"
    assert report.work.peaceful is None


@pytest.mark.parametrize("name", [name for name in LEAST if "recorded_by" not in name and name.count(".") > 1])
def test_what_is_missing_is_named_on_its_page(name: str) -> None:
    """Without any one of them the form says which, on the page where it is asked for, and on no other."""
    faults = form.faults({key: values for key, values in LEAST.items() if key != name}, ZONE, AGENCY)
    named = "report.incidents" if "incidents" in name else name
    if name.removeprefix("report.").startswith("consent.") and name.rpartition(".")[2] in {"at", "purpose"}:
        assert faults == []  # nobody is asked for these, so nobody is blamed
    else:
        assert [(BY_NAME[fault.step].holds(name), fault.name) for fault in faults] == [(True, named)]


def test_an_incident_without_its_time_is_named_in_its_row() -> None:
    """The link of the summary leads to the very field, also in the second row."""
    typed = LEAST | {"report.incidents.1.text": ["diikuti sampai rumah"]}
    assert form.faults(typed, ZONE, AGENCY) == [Fault("incidents", "report.incidents.1.occurred_at")]


def test_every_field_is_asked_once() -> None:
    """Nothing is asked twice: no field stands on two pages."""
    names = [field.name for step in STEPS for field in form.fields(step, {})]
    assert len(names) == len(set(names))


def test_every_field_of_a_report_is_asked_or_left_out_with_a_reason() -> None:
    """Whoever adds a field to the report adds it to a page of the form, or says here why officers are not asked."""
    names = [field.name.removeprefix("report.") for field in forms.fields(ReportReceived, {})]
    asked = [ask for step in STEPS for ask in step.asks]
    known = [*form._KNOWN, *form.UNASKED]
    assert sorted(names) == sorted([*asked, *known])
    assert all(form.UNASKED.values())


def test_what_is_asked_last_is_chosen() -> None:
    """Age, languages and time zone are chosen, not spelt, and reach the report; "peaceful" may stay open."""
    rest = {field.name: field for field in form.fields(BY_NAME["rest"], {})}
    assert {field.kind for field in rest.values()} == {"choice", "choices", "either"}
    (row,) = next(field for field in form.fields(BY_NAME["needs"], {}) if field.kind == "rows").rows
    assert [field.kind for field in row if field.word == "age_band"] == ["choice"]
    for age in form.CHOICES["age_band"]:
        report = sent(LEAST | {"report.defender.age_band": [age], "report.work.peaceful": ["no"]})
        assert (report.defender.age_band, report.work.peaceful) == (age, False)
    spoken = {"report.defender.languages": [*form.CHOICES["languages"]], "report.work.peaceful": ["yes"]}
    for zone in form.CHOICES["timezone"]:
        report = sent(LEAST | spoken | {"report.defender.safe_contact.timezone": [zone]})
        assert report.defender.languages == form.CHOICES["languages"]
        assert (report.defender.safe_contact.timezone, report.work.peaceful) == (zone, True)


def test_danger_and_the_way_to_reach_somebody_come_first() -> None:
    """If the line breaks after two pages, what keeps somebody alive is known."""
    assert [step.name for step in STEPS[:2]] == ["danger", "contact"]
    order = ["danger"]
    while following := form.after(order[-1]):
        order.append(following)
    assert order == [step.name for step in STEPS]


def test_a_row_is_added_when_it_is_asked_for() -> None:
    """One incident is asked for, not three; a further one when somebody presses for it."""
    step = BY_NAME["incidents"]
    pressed = LEAST | {forms.MORE: [form.fields(step, {})[0].name]}
    assert [len(form.fields(step, typed)[0].rows) for typed in ({}, LEAST, pressed)] == [1, 1, 2]


@given(
    st.dictionaries(
        st.sampled_from([*LEAST, "danger", "report.work.activities", "report.incidents.3.forms", "report.nothing", ""]),
        st.lists(st.text(max_size=20), max_size=3),
    )
)
def test_whatever_is_typed_is_kept_or_named_and_never_fails(typed: dict[str, list[str]]) -> None:
    """Any answer is a report, or the form says where it is none; a page changes no other page's answers."""
    step = BY_NAME["person"]
    draft = form.merged(LEAST, step, typed)
    elsewhere = {name: values for name, values in LEAST.items() if not step.holds(name)}
    assert {name: values for name, values in draft.items() if not step.holds(name)} == elsewhere
    if form.faults(typed | form.begun("petugas", "2026-11-22T08:54"), ZONE, AGENCY) == []:
        sent(typed | form.begun("petugas", "2026-11-22T08:54"))
