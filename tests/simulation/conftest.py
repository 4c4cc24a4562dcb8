"""Every simulation shares its arithmetic, and is not interrupted by the search for its litter."""

import gc
from collections.abc import Iterator

import pytest

from tests.simulation import arithmetic


@pytest.fixture(autouse=True)
def arithmetic_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `tests.simulation.arithmetic`."""
    arithmetic.remember(monkeypatch)


@pytest.fixture(autouse=True)
def litter_waits() -> Iterator[None]:
    """A world holds itself in circles: all those of a test are found at its end, at once."""
    gc.disable()
    yield
    gc.enable()
