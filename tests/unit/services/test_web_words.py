"""What the desk says: both languages say the same things, and times read as people say them."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.codes import LANGUAGES
from services.node.web.words import Words, catalogues

SERVICES = Path(__file__).parents[3] / "services"
FOLDERS = sorted({path.parent for path in SERVICES.rglob("locale/*.json")})
WORDS = catalogues(FOLDERS)
NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def words(language: str) -> Words:
    return Words(language, WORDS[language], "WIB")


def test_both_languages_say_the_same_things() -> None:
    """No page falls silent in one language: every word is in both, with the same values in it."""
    first, second = (WORDS[language] for language in LANGUAGES)
    assert first.keys() == second.keys()
    values = {name: [sorted(re.findall(r"{(\w+)}", texts[name])) for texts in (first, second)] for name in first}
    assert [name for name, (one, other) in values.items() if one != other] == []


def test_no_word_is_left_untranslated() -> None:
    """A sentence that reads the same in both languages was forgotten in one of them."""
    first, second = (WORDS[language] for language in LANGUAGES)
    assert [name for name in first if first[name] == second[name] and " " in first[name]] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stand_in_order(folder: Path, language: str) -> None:
    """Two people who add words do not meet in one line by chance."""
    names = list(json.loads((folder / f"{language}.json").read_text()))
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=30), "sisa 0 menit"),
        (timedelta(minutes=59), "sisa 59 menit"),
        (timedelta(hours=1, minutes=20), "sisa 1 jam 20 menit"),
        (timedelta(hours=71, minutes=59), "sisa 71 jam 59 menit"),
        (timedelta(days=3), "sisa 3 hari"),
        (-timedelta(minutes=5), "lewat 5 menit"),
    ],
)
def test_time_is_what_is_left(span: timedelta, said: str) -> None:
    """A deadline is said as what is left of it, or by how much it is over."""
    assert words("id").left(NOW + span, NOW) == said


def test_a_moment_names_its_zone() -> None:
    """An exact moment is in the office's own zone, says which, and is written as its language writes times."""
    assert words("id").moment("2026-11-22T23:54:48.123Z") == "23 Nov 2026 06.54 WIB"
    assert Words("en", WORDS["en"], "WIT").moment(NOW) == "22 Nov 2026 23:00 WIT"


def test_work_says_what_it_is_about() -> None:
    """Seven deferred papers are seven things to do, not one seven times; a measure's id says nothing to anybody."""
    assert words("id").work("SYARAT", "KRONOLOGI") == "Persyaratan yang ditangguhkan: Kronologi"
    assert words("en").work("EVAKUASI", "RUMAH_AMAN") == "Evacuation or safe house: Safe house"
    assert {words("id").work("TINDAKAN", subject) for subject in ("lpsk-1", "")} == {"Tindakan dalam rencana"}


def test_a_call_says_what_has_happened() -> None:
    """Three calls in one case are about three things; of what is not here, only who is called is said."""
    told = words("id").call("pimpinan", "protection.emergency.activated")
    assert told == "Panggilan untuk Pimpinan: Darurat diaktifkan"
    assert words("en").call("pimpinan", "") == "Call for Leader"


def test_one_of_something_is_not_said_in_the_plural() -> None:
    """English pages put a number that may be one behind what it counts."""
    fewest = {"time.days": 3, "person.noted": 60}  # what these never fall below
    plural = re.compile(r"\{(count|seconds|days)\} (more )?[a-z]+s\b")
    said = {name for name, word in WORDS["en"].items() if plural.search(word)}
    assert said <= fewest.keys()


def test_a_time_that_somebody_may_be_called_at_names_a_zone_that_officers_know() -> None:
    """Not a place of a list of time zones: whoever reads it in Jakarta calls in Makassar an hour wrong."""
    assert [words("id").zone_of(place) for place in ("Asia/Makassar", "Asia/Dili")] == ["WITA", "Asia/Dili"]


def test_a_word_that_is_missing_is_an_error() -> None:
    """A page with a hole in it is never served."""
    with pytest.raises(KeyError):
        words("id")("no.such.word")


def test_two_folders_cannot_mean_two_things_by_one_name() -> None:
    """What a service calls its own is not changed by another one."""
    with pytest.raises(ValueError, match="said twice"):
        catalogues([FOLDERS[0], FOLDERS[0]])


@pytest.mark.parametrize(
    ("claimed", "said"),
    [("9999-12-31T23:59:59.999Z", "1 Jan 9999 07.00 WIB"), ("0001-01-01T00:00:00.000Z", "1 Jan 2 07.00 WIB")],
)
def test_the_last_moment_that_can_be_written_takes_no_page_down(claimed: str, said: str) -> None:
    """Whoever claims a time at the end of the calendar gets it shown as the end of the calendar, in every zone."""
    assert words("id").moment(claimed) == said
    assert words("id").left(claimed, NOW)
