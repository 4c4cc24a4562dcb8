"""One agency lies, in every way that its own keys allow: it divides nobody honest, and who forks is convicted."""

from tests.simulation.liar import Liar
from tests.simulation.seeds import has_liar, live

SEEDS = 40
LIES = {"replay", "date back", "flood", "garbage", "withhold", "overstate", "slander", "unhinge", "rewind"}
LIES |= {"intrude", "backroom", "confide", "reseal", "vouch", "accuse"}


def test_the_honest_agree_whoever_lies(simulation_seeds: range) -> None:
    """Honest agencies hold each other's whole logs, tell their own cases alike, and convict nobody honest.

    Without a fork they tell all cases alike. With one, as soon as two who were told different things have talked to
    each other, both hold a proof that nobody can deny.
    """
    for seed in filter(has_liar, simulation_seeds):
        live(seed)


def test_every_lie_is_told_and_who_forks_is_convicted() -> None:
    """The seeds are not idle: the liar does all that it can, and its two histories come to light."""
    worlds = [live(seed) for seed in filter(has_liar, range(SEEDS))]
    liars = [world for world in worlds if isinstance(world, Liar)]
    assert set().union(*(world.done for world in liars)) == LIES
    assert any(world.watch.forked and world.auditor.proven for world in liars)
    assert not any(world.auditor.proven for world in liars if not world.forks)
