"""Decisions that crossed, at the desk: both sides in words, and the way out offered to whoever has it."""

import pytest

from contracts.codes import LANGUAGES
from contracts.content import type_name
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.node.web.own import conflicts
from tests.unit.contracts.crossing import Crossing, Played, play, slot_of
from tests.unit.contracts.crossings import CROSSINGS
from tests.unit.services.looks import FORMS, everybody, links, look, page

# Said by the rules once enough leaders have approved: no officer says it.
NO_FORM = {"protection.emergency.activated"}
IDS = [f"{number} {crossing.slot}" for number, crossing in enumerate(CROSSINGS)]


def conflict_of(played: Played, crossing: Crossing) -> conflicts.Conflict:
    """What the desk shows of the matter once both have been heard."""
    case = played.together(played.one, played.other)
    shown = conflicts.show(look(case, case.participants[0], "auditor")) or []
    return next(one for one in shown if one.slot == slot_of(crossing, played))


@pytest.mark.parametrize("crossing", CROSSINGS, ids=IDS)
def test_both_sides_of_a_conflict_are_shown_and_what_is_in_force(crossing: Crossing) -> None:
    """Each side with its agency and its value, and one value marked as in force, by the rules' own word."""
    played = play(crossing)
    shown = conflict_of(played, crossing)
    case = played.together(played.one, played.other)
    assert {side.agency for side in shown.sides} >= {played.one.agency, played.other.agency}
    assert {side.value.text for side in shown.sides if side.in_force} == {case.in_force(shown.slot)}


@pytest.mark.parametrize("crossing", CROSSINGS, ids=IDS)
def test_a_conflict_is_told_in_words_in_both_languages(crossing: Crossing) -> None:
    """No state, code or id of the wire stands on the page where a word could."""
    played = play(crossing)
    case = played.together(played.one, played.other)
    texts = [page("own", "conflicts", seen, language) for seen in [*everybody(case)][:1] for language in LANGUAGES]
    assert texts[0] != texts[1]
    raw = {side.value.text for side in conflict_of(played, crossing).sides if side.value.kind in {"state", "event"}}
    assert [value for value in raw for text in texts if f">{value}<" in text] == []


@pytest.mark.parametrize("crossing", CROSSINGS, ids=IDS)
def test_the_way_out_is_offered_to_who_has_it(crossing: Crossing) -> None:
    """Whoever ends the conflict by the page of crossing decisions finds that act beside it; nobody is sent in vain."""
    played = play(crossing)
    slot, case = slot_of(crossing, played), played.together(played.one, played.other)
    settled = _settling(played)
    if settled is None or type_name(settled.content.type) in NO_FORM:
        return
    name = type_name(settled.content.type)
    role = LATEST.agencies[settled.agency].permissions[FORMS[name].permission][0]
    seen = look(case, settled.agency, role, settled.content.actor.officer, now=settled.content.time)
    beside = [offer.form for offer in conflicts.offers(seen) if offer.about == slot]
    assert name in beside
    assert name in {form for form, _ in links(page("own", "conflicts", seen))}


def test_a_case_without_conflict_has_no_such_panel() -> None:
    """Nothing is shown where nothing is in conflict."""
    played = play(CROSSINGS[0])
    case = played.alone(played.one)
    assert conflicts.show(look(case, case.participants[0], "auditor")) is None
    assert [*conflicts.offers(look(case, case.participants[0], "auditor"))] == []


def _settling(played: Played) -> Event | None:
    return played.scene.settles(None) if played.scene.settles else None
