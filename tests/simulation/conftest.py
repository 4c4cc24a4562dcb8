"""Every simulation shares its arithmetic."""

import pytest

from tests.simulation import arithmetic


@pytest.fixture(autouse=True)
def arithmetic_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `tests.simulation.arithmetic`."""
    arithmetic.remember(monkeypatch)
