"""What the desk says would count does count when it is said: the same rules, asked before and after."""

from collections.abc import Callable, Iterator

import pytest

from contracts.case import Case, fold, heads
from contracts.content import Content
from contracts.encoding import b64
from contracts.events import BODIES, Body
from contracts.events.step import StepTaken
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from services.node.web.panel import Look
from services.node.web.present import instant, would_count, would_decide
from tests.unit.services.looks import everybody, look, offered
from tests.unit.services.test_protection_panels import NAMES, STORIES, led

MINE = EventId(b"\1" * 32)
KINDS = {body.type: body for body in BODIES}


def say(seen: Look, body: Body) -> Case:
    """The case once this officer has said it."""
    to, timeline = seen.case.participants, seen.case.timeline
    content = Content(
        body.wire_type, seen.name, instant(seen), seen.officer.actor, to, heads(timeline, to), body.wire()
    )
    later = Hlc(max(int(seen.now.timestamp() * 1000), *(event.hlc.ms + 1 for event in timeline)), 0)
    event = Event(MINE, f"rajut.example/{seen.agency}/1", len(timeline), later, content)
    return fold((*timeline, event), LATEST)


def whole(seen: Look) -> Iterator[Body]:
    """The offers of the shared case that leave nothing to be filled in; an empty field is absent."""
    for offer in offered(seen):
        kind = KINDS[offer.form]
        if kind.model_fields.keys() == offer.given.keys() and kind is not StepTaken:
            yield kind.model_validate({name: text for name, text in offer.given.items() if text})


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_what_is_offered_counts_when_it_is_said(story: Callable[[], Case]) -> None:
    """Nobody presses a button that the other nodes would ignore."""
    for seen in everybody(story()):
        for body in whole(seen):
            assert MINE not in say(seen, body).unsupported, body.type


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_what_would_not_count_does_not(story: Callable[[], Case]) -> None:
    """Of any event of the case, named by whatever refers to one, the answer before and after is the same."""
    case = story()
    for seen in everybody(case):
        counts = would_count(seen)
        for body in _about_events(case):
            assert counts(body) == (MINE not in say(seen, body).unsupported), body.type


def test_what_it_would_decide_is_what_it_decides() -> None:
    """Accepting the lead decides the lead, and nothing else."""
    case = led()
    seen = look(case, "lpsk", "pimpinan")
    (accept,) = [body for body in whole(seen) if body.type == "protection.lead.accepted"]
    assert would_decide(seen)(accept) == {"lead"}
    assert say(seen, accept).in_force("lead") == "lpsk"


def _about_events(case: Case) -> Iterator[Body]:
    """For each event that counts, every vote and answer that could name it and nothing more."""
    for kind in BODIES:
        fields = [*kind.model_fields]
        if (
            kind.of_case
            and kind.type.startswith("protection.")
            and len(fields) == 1
            and _names_an_event(kind, fields[0])
        ):
            for event in case.timeline[-4:]:
                yield kind.model_validate({fields[0]: b64(event.id)})


def _names_an_event(kind: type[Body], field: str) -> bool:
    told = kind.model_json_schema()["properties"][field]
    return "[AEIMQUYcgkosw048]" in told.get("pattern", "")
