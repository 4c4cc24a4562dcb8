"""A form asks for what an event's body says, and gives back what the route takes."""

import pytest

from contracts.events import BODIES
from contracts.events.ending import EmergencyExtended, ExtensionProposed
from contracts.events.plan import PlanProposed
from contracts.events.protection import EmergencyProposed, RequirementFulfilled
from contracts.events.triage import RiskAssessed
from services.node.web import forms
from services.node.web.forms import Field

CASES = [body for body in BODIES if body.of_case]
MEASURE = {
    "measures.0.id": ["lpsk-1"],
    "measures.0.code": ["EVAKUASI"],
    "measures.0.owner": ["lpsk"],
    "measures.0.responsible": ["lpsk"],
    "measures.0.due_by": ["2026-11-23T09:30"],
    "measures.0.risk_answer": ["TIDAK_ADA"],
    "measures.1.code": [""],
}


def find(asked: tuple[Field, ...], name: str) -> Field:
    every = [*asked, *(one for field in asked for row in field.rows for one in row)]
    return next(field for field in every if field.name == name)


def test_codes_are_offered_from_their_list() -> None:
    """A field of codes names the list from which a screen offers them."""
    asked = forms.fields(EmergencyProposed, {})
    assert [(field.kind, field.code_list) for field in asked] == [("choice", "ground"), ("choices", "measure")]


def test_what_the_case_tells_is_known_by_its_form() -> None:
    """A field that names another event is no field to type into, whatever its name."""
    assert find(forms.fields(RequirementFulfilled, {}), "letter").kind == "event"


def test_a_form_gives_back_the_body() -> None:
    """What is typed, with a row left empty, is a body that the contract takes."""
    body = forms.read(forms.fields(PlanProposed, MEASURE), MEASURE, "WIB")
    read = PlanProposed.read(body)
    assert [measure.due_by for measure in read.measures] == ["2026-11-23T02:30:00.000Z"]


def test_an_office_in_another_zone_means_its_own_clock() -> None:
    """Half past nine in Jayapura is two hours before half past nine in Jakarta."""
    body = forms.read(forms.fields(PlanProposed, MEASURE), MEASURE, "WIT")
    assert body["measures"][0]["due_by"] == "2026-11-23T00:30:00.000Z"


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ({}, 1),
        ({"measures.0.code": ["EVAKUASI"]}, 1),
        (MEASURE, 1),  # with an empty row below
        ({"measures.0.code": ["EVAKUASI"], forms.MORE: ["measures"]}, 2),
        (MEASURE | {forms.MORE: ["measures"]}, 3),
        (MEASURE | {forms.MORE: ["another list"]}, 1),
    ],
)
def test_a_further_row_is_shown_to_whoever_asks_for_it(typed: forms.Typed, rows: int) -> None:
    """A list of things begins with what is typed or with a first row; pressing for another always shows one more."""
    assert len(find(forms.fields(PlanProposed, typed), "measures").rows) == rows


def test_no_list_is_longer_than_the_contract_takes() -> None:
    """However far down somebody writes, and however often they ask for more."""
    assert len(find(forms.fields(PlanProposed, {"measures.31.code": ["x"]}), "measures").rows) == 32
    assert len(find(forms.fields(PlanProposed, {"measures.99999.code": ["x"]}), "measures").rows) == 32


def test_a_row_says_in_codes_what_it_is_about() -> None:
    """A score of a threat is chosen from threats, one of a capacity from capacities."""
    asked = forms.fields(RiskAssessed, {})
    assert find(asked, "threats.0.dimension").code_list == "threat"
    assert find(asked, "capacities.0.dimension").code_list == "capacity"


def test_what_is_left_empty_is_absent() -> None:
    """An optional field that nobody filled in is not sent as an empty text."""
    typed = {"level": ["SEDANG"], "reason": [""], "valid_until": ["2026-12-01"], "threats.0.dimension": [""]}
    body = forms.read(forms.fields(RiskAssessed, typed), typed, "WIB")
    assert body == {
        "threats": [],
        "vulnerabilities": [],
        "capacities": [],
        "present_threat": False,
        "level": "SEDANG",
        "valid_until": "2026-12-01",
    }


@pytest.mark.parametrize("blank", [" ", "\u200b", "\u202e \u3164"])
def test_what_nobody_can_see_was_left_empty(blank: str) -> None:
    """Also in a row and on a line: an optional field with nothing to be seen in it is absent, and its row is none."""
    typed = {"aliases": [f"Melati\r\n{blank}\r\n"], "name": [blank], "rows.0.name": [blank]}
    name, aliases = Field("name", ("name",), "text"), Field("aliases", ("aliases",), "lines")
    rows = Field("rows", ("rows",), "rows", rows=((name._replace(name="rows.0.name"),),))
    assert forms.read((name, aliases, rows), typed, "WIB") == {"aliases": ["Melati"], "rows": []}


@pytest.mark.parametrize("text", ["soon", "-1", "²", "2026-11-23"])
def test_what_is_no_number_stays_for_the_route_to_refuse(text: str) -> None:
    """A form invents nothing: what is typed wrongly is sent as it is, and earns its code."""
    typed = {"threats.0.dimension": ["NIAT"], "threats.0.score": [text]}
    body = forms.read(forms.fields(RiskAssessed, typed), typed, "WIB")
    assert body["threats"] == [{"dimension": "NIAT", "score": text}]


@pytest.mark.parametrize("body", CASES, ids=lambda body: body.type)
def test_every_event_of_a_case_can_be_asked_for(body: type) -> None:
    """No event has a field that a form could not show: a new kind of field is noticed here."""
    kinds = {field.kind for field in forms.fields(body, {})}
    assert kinds <= {
        *("choice", "choices", "agency", "agencies", "day", "moment", "flag", "either", "number"),
        *("event", "events", "case", "measure", "text", "fingerprint", "lines", "rows"),
    }


def test_the_same_word_can_mean_two_lists() -> None:
    """What a reason is chosen from depends on what it is a reason for."""
    assert find(forms.fields(ExtensionProposed, {}), "reason").code_list == "extension_reason"
    assert "reason" not in {field.word for field in forms.fields(EmergencyExtended, {})}


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59+00:00", "soon"])
def test_a_time_that_has_no_moment_stays_for_the_route_to_refuse(text: str) -> None:
    """A time at the end of the calendar is refused like any other wrong one, and takes no page down."""
    typed = MEASURE | {"measures.0.due_by": [text]}
    assert forms.read(forms.fields(PlanProposed, typed), typed, "WIB")["measures"][0]["due_by"]


@pytest.mark.parametrize("row", ["²", "-1", "x", "9" * 40])
def test_a_row_that_is_no_number_is_no_row(row: str) -> None:
    """What somebody wrote into the name of a field makes neither rows nor errors."""
    assert len(find(forms.fields(PlanProposed, {f"measures.{row}.code": ["x"]}), "measures").rows) == 1
