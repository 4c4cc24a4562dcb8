"""A seed that fails is told, and can be run again alone."""

import pytest

from tests.conftest import _blocks
from tests.simulation import seeds
from tests.simulation.broken import Broken
from tests.simulation.lost import Lost


class Doomed(Lost):
    """A world in which nothing holds."""

    def run(self) -> None:
        raise Broken("nothing holds")


def test_who_fails_says_its_seed_and_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error carries the command that runs this seed, and that command runs it alone."""
    monkeypatch.setattr(seeds, "world_of", Doomed)
    with pytest.raises(Broken) as failed:
        seeds.live(13)
    assert failed.value.__notes__ == ["seed 13; the same again: RAJUT_SEED=13 make sim"]
    assert [list(block) for block in _blocks(1000, "13")] == [[13]]


def test_every_seed_that_is_asked_for_is_run_once() -> None:
    """However they are cut into blocks."""
    assert [seed for block in _blocks(1010, None) for seed in block] == list(range(1010))
