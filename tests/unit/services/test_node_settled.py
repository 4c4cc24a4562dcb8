"""What is loaded is passed over by the collector of cycles, and what comes after it is not."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from services.node.settled import settled


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Without what is settled for the whole run of the tests."""
    gc.unfreeze()
    yield
    gc.freeze()


class Knot:
    """Something that holds on to itself."""

    def __init__(self) -> None:
        self.self = self


def test_what_is_there_is_passed_over_and_what_comes_later_is_collected() -> None:
    """A process that runs for months leaks nothing of what it makes, and looks no more through what it has loaded."""
    before = gc.get_freeze_count()
    with settled():
        assert gc.get_freeze_count() > before + 10_000
        gone = weakref.ref(Knot())
        gc.collect()
        assert gone() is None
    assert gc.get_freeze_count() == 0


def test_the_outermost_decides_when_it_ends() -> None:
    """A verification inside a node that runs does not undo, by its end, what the node began."""
    with settled():
        with settled():
            assert gc.get_freeze_count() > 0
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
