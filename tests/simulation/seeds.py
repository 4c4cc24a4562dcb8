"""Which world a seed is: of ten, seven in which one honest agency loses its machine, three in which one agency lies."""

from collections.abc import Callable

from tests.simulation.broken import Broken
from tests.simulation.charter import AGENCIES
from tests.simulation.liar import Liar
from tests.simulation.lost import Lost
from tests.simulation.world import World

PAIR = ("komnas-ham", "lpsk")
FOUR = (*AGENCIES, "mitra-saksi")
MOST_SEEDS = 40
FORKING, DECEIVING = (2, 7), (5,)


def has_liar(seed: int) -> bool:
    """Whether one of the agencies means harm."""
    return seed % 10 in (*FORKING, *DECEIVING)


def world_of(seed: int) -> World:
    """Mostly three agencies, as agreed; the rules know no number, so some seeds have two or four."""
    if has_liar(seed):
        return Liar(seed, forks=seed % 10 in FORKING)
    return Lost(seed, agencies={4: FOUR, 9: PAIR}.get(seed % 10, AGENCIES))


def live(seed: int) -> World:
    """Run the world of a seed; what breaks there says how to see it again."""
    world = world_of(seed)
    try:
        world.run()
    except Exception as error:
        error.add_note(f"seed {seed}; the same again: RAJUT_SEED={seed} make sim")
        raise
    return world


def first_broken(world: Callable[[int], World]) -> str:
    """The first promise that does not hold in worlds of this kind, as it is told."""
    for seed in range(MOST_SEEDS):
        try:
            world(seed).run()
        except Broken as broken:
            return str(broken)
    return f"nothing: {MOST_SEEDS} seeds passed"
