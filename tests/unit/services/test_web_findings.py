"""What the check of a bundle says, on the auditor's page: in both languages, whatever is found."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from contracts import bundle
from contracts.bundle import completeness, verify
from contracts.bundle.verdict import YES, Shown
from contracts.errors import Code
from services.node.web.findings import mark_of, told
from tests.unit.contracts.tampering import COURT_FILES, FILES, headless, without
from tests.unit.services.test_web_words import words


def sentences() -> Iterator[str]:
    """Every sentence that the check can find, with something in its gaps."""
    for path in Path(bundle.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"found", "Finding"}:
                yield from written(node.args[1])


def written(what: ast.expr) -> Iterator[str]:
    """The sentence that an argument is, unless it is handed on from elsewhere."""
    if isinstance(what, ast.Constant):
        yield str(what.value)
    elif isinstance(what, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else gap(one) for one in what.values)


def gap(value: ast.expr) -> str:
    """What stands in a gap: a code, or anything."""
    said = ast.unparse(value).strip("f'\"{}")
    return Code[said.removeprefix("Code.")] if said.startswith("Code.") else "12"


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_every_finding_is_told_in_both_languages(sentence: str) -> None:
    """An auditor who reads no English learns what is wrong with a file, too."""
    assert told(words("en"), sentence) == sentence
    assert told(words("id"), sentence) not in {sentence, ""}


def test_what_completeness_rests_on_is_told_in_both_languages() -> None:
    """What was searched, up to where it is cosigned, and what no search can find."""
    rests = {*verify(FILES).completeness, *verify(COURT_FILES).completeness, completeness.WITHHELD, completeness.REST}
    assert len(rests) > 4
    for sentence in rests:
        assert told(words("en"), sentence) == sentence
        assert told(words("id"), sentence) != sentence


def test_what_is_seen_of_an_event_is_told_in_both_languages() -> None:
    """Whether its content is here, and whether all that it refers to is."""
    files = without(FILES, "lpsk/1/1") | {"records/komnas-ham/1/2.jws": b""}
    lines = [line for bundle_ in (files, COURT_FILES, headless()) for line in verify(bundle_).lines]
    said = {text for line in lines for text in (line.content, line.complete)} - {YES}
    assert len(said) > 5
    for sentence in {*said, *get_args(Shown)}:
        assert told(words("en"), sentence) == sentence
        assert told(words("id"), sentence) != sentence


def test_a_check_mark_stands_for_all_of_an_event() -> None:
    """Authentic alone is not enough: what refers to something that is not here, or is not shown, has another mark."""
    cut = {line.place: mark_of(line) for line in verify(without(FILES, "lpsk/1/1")).lines}
    assert (cut["lpsk/1/2"], cut["komnas-ham/1/3"], cut["komnas-perempuan/1/1"]) == ("alarm", "none", "done")


def test_a_broken_rule_is_told_by_what_its_code_means() -> None:
    """The code stays, for whoever looks it up; what it means is in the reader's language."""
    for language in ("id", "en"):
        speech = words(language)
        assert told(speech, "E_SIGNATURE: anything") == f"{speech.advice('E_SIGNATURE')} (E_SIGNATURE)"


def test_what_nobody_foresaw_is_shown_and_short() -> None:
    """A sentence of a later version is better than none; a name in a hostile file fills no page."""
    assert told(words("id"), "x" * 10_000) == "x" * 500
