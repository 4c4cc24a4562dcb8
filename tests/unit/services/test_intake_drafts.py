"""A report that is still being written lies sealed, for its own officer alone."""

import pytest

from contracts.errors import Rejected
from services.intake.drafts import MAX_BYTES, Written, kept, opened, sealed_as
from services.intake.form import DANGER, NO, YES
from services.node.officers import Officer
from services.node.storage import StorageKey

KEY = StorageKey(b"k" * 32)
ME, OTHER = Officer("o-1", "petugas_upr", ""), Officer("o-2", "petugas_upr", "")
DRAFT = "d" * 22
WRITTEN = Written(typed={"report.defender.name": ["Melati"]})


def test_a_draft_opens_as_it_was_written() -> None:
    """Nothing of what was typed is lost or changed, and none of it can be read in the row."""
    sealed = sealed_as(KEY, DRAFT, ME, WRITTEN)
    assert opened(KEY, DRAFT, ME, sealed) == WRITTEN
    assert b"Melati" not in sealed


@pytest.mark.parametrize(
    ("key", "draft", "officer"),
    [(StorageKey(b"x" * 32), DRAFT, ME), (KEY, "e" * 22, ME), (KEY, DRAFT, OTHER)],
    ids=["another key", "another draft", "another officer"],
)
def test_a_draft_opens_for_nobody_else(key: StorageKey, draft: str, officer: Officer) -> None:
    """A row that is moved to another draft or another officer stays shut; so does a stolen table."""
    with pytest.raises(Rejected):
        opened(key, draft, officer, sealed_as(KEY, DRAFT, ME, WRITTEN))


@pytest.mark.parametrize(("danger", "stays"), [([YES], {DANGER: [YES]}), ([NO], {}), ([YES, "Melati"], {})])
def test_of_a_sent_report_nothing_stays_that_was_typed(danger: list[str], stays: dict[str, list[str]]) -> None:
    """Whatever a client sends along: the case stays, and that life is at risk, for which the receipt offers help."""
    typed = {"report.defender.name": ["Melati"], DANGER: danger}
    assert kept(Written(typed=typed, case="0" * 26)) == Written(typed=stays, case="0" * 26)
    assert kept(Written(typed=typed)).typed == typed


def test_a_draft_is_no_larger_than_a_report() -> None:
    """What could never be sent is not kept either."""
    with pytest.raises(Rejected):
        sealed_as(KEY, DRAFT, ME, Written(typed={str(at): ["x" * 8000] for at in range(MAX_BYTES // 8000 + 1)}))
