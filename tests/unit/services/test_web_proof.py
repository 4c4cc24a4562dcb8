"""What the desk says of every event in a timeline: how firmly it stands, and whether anything is wrong with it."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.codes import LANGUAGES
from services.node.web.shell import HERE, _environment
from services.node.web.timeline_rows import Wish, days
from services.node.web.words import Words, catalogues
from tests.unit.services.test_web_timeline import line

WORDS = catalogues([Path(HERE) / "locale"])
TIMELINE = _environment({}).from_string('{% from "lines.html" import lanes %}{{ lanes(t, told, days, name_of) }}')
PLAIN = line("a", "2026-11-22T01:00:00.000Z", "protection.emergency.proposed")
LEVELS = ("local", "provisional", "confirmed")
WRONG: Mapping[str, Mapping[str, object]] = {
    "timeline.bad_signature": {"signature": "E_SIGNATURE"},
    "timeline.unsupported": {"supported": False},
}


def shown(language: str, **changed: object) -> str:
    """A timeline of one event that differs from a sound one in this."""
    lines = [PLAIN.model_copy(update=changed)]
    told = SimpleNamespace(case="c", timeline=lines, participants=["lpsk"])
    words, rows = Words(language, WORDS[language], "WIB"), days(lines, [], Wish(), "WIB")
    return TIMELINE.render(t=words, told=told, days=rows, name_of=str)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", LEVELS)
def test_how_firmly_an_event_stands_is_said_beside_it(level: str, language: str) -> None:
    """Its own level in words, and no other one."""
    page = shown(language, level=level)
    assert [one for one in LEVELS if WORDS[language][f"level.{one}"] in page] == [level]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_with_an_event_is_said_beside_it_and_of_no_other(language: str) -> None:
    """A signature that does not hold, and what its author had no right to say or did not know enough for."""
    assert [name for name in WRONG if WORDS[language][name] in shown(language)] == []
    for wrong, changed in WRONG.items():
        assert [name for name in WRONG if WORDS[language][name] in shown(language, **changed)] == [wrong]
