"""What a form is about is chosen or told in words: nobody types an id, and nobody reads a code of a machine."""

import re
from collections.abc import Callable, Iterator

import pytest

from contracts.case import Case
from contracts.codes import LANGUAGES
from contracts.events.plan import PlanProposed
from contracts.events.step import StepOverdue, StepTaken
from services.node.web import choices, forms
from services.node.web.panel import Labels, Look, Typed
from services.node.web.timeline_event import said
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.declaration import Machine
from services.protection.mechanisms.machine import options
from tests.unit.services.looks import FORMS, PAGES, everybody, form, labels, look, page, speech_of
from tests.unit.services.mechanisms import Player
from tests.unit.services.test_protection_panels import NAMES, STORIES, planned

CODE = re.compile(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b")  # several words; a code of one word may be a word
HAM = "komnas-ham"


def kinds(name: str) -> Iterator[forms.Field]:
    """All fields of a form, those of its rows too."""
    for field in forms.fields(FORMS[name].body, {}):
        yield from (field, *(one for row in field.rows for one in row))


def offered(seen: Look, name: str) -> list[dict[str, str]]:
    """What goes along with each offer of a form."""
    panels = (panel for pages in PAGES.values() for panel in pages.panels)
    return [dict(one.given) for panel in panels for one in panel.offers(seen) if one.form == name]


def test_no_form_asks_anybody_to_type_an_id() -> None:
    """Ids of events, cases and measures are never typed; whatever is typed in words of its own is listed here."""
    typed = {(name, field.word) for name in FORMS for field in kinds(name) if field.kind in {"text", "lines", "number"}}
    assert {word for _, word in typed} <= {
        *("reason", "recorded_by", "recipient"),  # in an officer's words
        *("number", "sha256", "leaders", "officer", "score"),  # of papers, people, judgements: the case knows none
        *("version", "region", "state"),  # of a step: settled by the button
    }
    steps = {word for name, word in typed if name == StepTaken.type}
    assert steps <= labels(StepTaken.type, look(Player(HAM).case, HAM, "tim_hrd")).keys() | {"version"}
    for name in FORMS:
        html = form(name, look(planned(), HAM, "tim_hrd"))
        hidden = [field.name for field in kinds(name) if field.kind in forms.NAMES | {"events"}]
        assert [
            one for one in hidden if re.search(f'<(?!input type="hidden")[^>]* name="{re.escape(one)}"', html)
        ] == []


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_case_offers_can_be_told_apart(story: Callable[[], Case], language: str) -> None:
    """Where a form may be about several things each is told in words of its own, without an id, in both languages."""
    for seen in everybody(story()):
        offers = [one for pages in PAGES.values() for panel in pages.panels for one in panel.offers(seen)]
        for name in {one.form for one in offers}:
            asked, naming = forms.fields(FORMS[name].body, {}), naming_of(name, seen, language)
            if choices.lacking(asked, {}, naming({})):
                ways = [one.given for one in offers if one.form == name]
                told = choices.told(seen, ways, asked, naming, speech_of(language))
                assert all(told), (name, ways)
                assert [one for one in told if CODE.search(one) or re.search("[A-Za-z0-9_-]{26}", one)] == []
                assert len(set(told)) == len(told), (name, told)


def test_what_is_open_is_chosen_and_what_is_settled_is_not_asked() -> None:
    """An address that names no measure leaves a choice; one that names one leaves what fits it, and asks no more."""
    seen = look(planned(), HAM, "tim_hrd")
    name = "protection.measure.completed"
    asked, named = forms.fields(FORMS[name].body, {}), labels(name, seen)
    given = {word: [value] for word, value in offered(seen, name)[0].items()}
    assert choices.lacking(asked, {}, named)
    assert choices.lacking(asked, {"plan": given["plan"]}, named)
    assert not choices.lacking(asked, given, named)


def test_offers_that_disagree_with_the_address_are_left_out() -> None:
    """Whoever comes with one measure is not led to another one."""
    panel = next(one for one in PAGES["protection"].panels if one.name == "plan")
    seen = look(planned(), HAM, "tim_hrd")
    offers = [one for one in panel.offers(seen) if one.form == "protection.measure.started"]
    assert choices.fitting(offers, {"measure": ["nobody-9"]}) == []
    assert choices.fitting(offers, {}) == [one.given for one in offers]


def test_new_rows_are_named_by_the_desk() -> None:
    """A measure keeps its name for ever; a new one gets the next that no measure ever had, and a name fills no row."""
    seen = look(planned(), HAM, "tim_hrd")
    draft = FORMS[PlanProposed.type].draft(seen)
    asked = forms.fields(PlanProposed, {**draft, forms.MORE: ["measures"]})
    filled = choices.renamed(asked, draft, FORMS[PlanProposed.type].free(seen))
    names = [value for name, values in filled.items() if name.endswith(".id") for value in values]
    before = {one.id for act in seen.case.acts(PlanProposed) for one in act.body.measures}
    old = [values[0] for name, values in draft.items() if name.endswith(".id")]
    assert names[: len(old)] == old
    assert len(set(names)) == len(names) == len(old) + 1
    assert not set(names[len(old) :]) & before
    assert all(name.startswith(f"{HAM}-") for name in names[len(old) :])
    assert len(forms.read(asked, filled, "WIB")["measures"]) == len(old)
    assert forms.fields(PlanProposed, filled) == forms.fields(PlanProposed, draft)
    assert choices.renamed(asked, filled, FORMS[PlanProposed.type].free(seen)) == filled


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("agency", MACHINES)
def test_an_agencys_own_steps_are_told_in_its_own_words(agency: str, language: str) -> None:
    """On the panel and in the form of each open step: no raw code of the declared machine, in either language."""
    case, machine = Player(agency).case, MACHINES[agency]
    for role in {role for option in options(case, machine) for role in option.roles}:
        seen = look(case, agency, role)
        ways = offered(seen, StepTaken.type)
        assert ways
        pages = [
            page("protection", "steps", seen, language),
            *(form(StepTaken.type, seen, language, way) for way in ways),
        ]
        assert {word for text in pages for word in words_of(text)} & raw_codes(machine) == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("agency", MACHINES)
def test_every_step_of_every_machine_has_a_name(agency: str, language: str) -> None:
    """Part, state and reason of each step that was taken or missed are told as the agency calls them."""
    machine, seen = MACHINES[agency], look(Player(agency).case, agency, "auditor")
    for step in steps_of(machine):
        told = {
            one.word: one.values
            for one in said(step, step.wire(), speech_of(language), naming_of(step.type, seen, language))
        }
        region = machine.regions[step.region]
        assert told["region"] == (getattr(region, language),)
        assert told["state"] == (getattr(region.states[step.state], language),)
        if isinstance(step, StepTaken) and step.reason:
            assert told["reason"] == (getattr(machine.reasons[step.reason], language),)


def naming_of(name: str, seen: Look, language: str) -> Callable[[Typed], Labels]:
    """What the values of an event are called, given what is told of it."""
    return lambda typed: labels(name, seen, language, typed)


def steps_of(machine: Machine) -> Iterator[StepTaken | StepOverdue]:
    """Every step that could be taken, and every state that could be stayed in for too long."""
    for region, one in machine.regions.items():
        for state in one.states:
            where = {"machine": machine.agency, "version": machine.version, "region": region, "state": state}
            yield StepOverdue.model_validate(where | {"source": "A" * 43, "due": "2026-11-22T00:00:00.000Z"})
            yield from (StepTaken.model_validate(where | {"reason": one}) for one in (None, *machine.reasons))


def raw_codes(machine: Machine) -> set[str]:
    """What a machine is written in and nobody should read; a name may hold a word that is also a code, such as SMPL."""
    states = {code: state for region in machine.regions.values() for code, state in region.states.items()}
    named = [*machine.regions.values(), *states.values(), *machine.reasons.values()]
    spoken = {word for one in named for text in (one.id, one.en) for word in words_of(text)}
    return {*machine.regions, *states, *machine.reasons} - spoken


def words_of(html: str) -> set[str]:
    """The words that a piece of a page shows."""
    return set(re.findall("[A-Z_]{2,}", re.sub("<[^>]*>", " ", html)))
