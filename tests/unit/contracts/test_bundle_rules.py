"""The rules under which a case ran, in its bundle: their text, and that all agencies signed it."""

import pytest

from contracts.bundle import Verdict, layout, verify
from contracts.mechanism import GENESIS_TEXT
from contracts.mechanism.signed import BEGINNING
from contracts.vectors import material
from tests.unit.contracts.tampering import FILES, SECOND, signed_again, under_later_rules

AGENCIES = tuple(material.AGENCIES)


def named(verdict: Verdict) -> list[tuple[str, str]]:
    """The findings, by file and first word."""
    return [(finding.file, finding.what.partition(":")[0]) for finding in verdict.findings]


def test_the_text_of_the_rules_is_there() -> None:
    """Whoever reads a bundle finds the very text that the case ran under, and its hash in the verdict."""
    verdict = verify(FILES)
    assert FILES[layout.RULES] == GENESIS_TEXT
    assert (verdict.rules, verdict.rules_sha256, verdict.findings) == (1, BEGINNING.text, ())


@pytest.mark.parametrize("text", [GENESIS_TEXT.replace(b"approvals = 2", b"approvals = 1"), SECOND, b""])
def test_other_rules_that_nobody_signed_are_named(text: bytes) -> None:
    """An exporter cannot say that other rules were in force: only the published first version goes unsigned."""
    verdict = verify(signed_again(FILES | {layout.RULES: text}))
    assert named(verdict) == [(layout.RULES, "E_MECHANISM")]
    assert (verdict.rules, verdict.rules_sha256) == (0, "")


def test_a_later_version_comes_with_the_signatures_of_all() -> None:
    """Signed by all it holds; but a case that names another version than the one in the bundle is told of."""
    verdict = verify(under_later_rules(*AGENCIES))
    assert verdict.rules == 2
    assert named(verdict) == [(layout.RULES, "is another version than the one that the case names")]


def test_a_later_version_without_one_of_the_signatures_is_none() -> None:
    """Two of three agencies cannot rewrite the rules of a case for a court."""
    assert named(verify(under_later_rules(*AGENCIES[:2]))) == [(layout.RULES, "E_MECHANISM")]


def test_a_signed_version_cannot_stand_beside_another_text() -> None:
    """The text that people read is the one that was signed."""
    changed = signed_again(under_later_rules(*AGENCIES) | {layout.RULES: SECOND + b"\n"})
    assert named(verify(changed)) == [(layout.RULES, "E_MECHANISM")]
