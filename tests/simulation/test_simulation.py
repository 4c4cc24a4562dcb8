"""Three nodes, a courier that does everything wrong, and the promise that they end up telling the same story."""

from collections.abc import Callable

from tests.simulation.charter import AGENCIES
from tests.simulation.node import Node
from tests.simulation.world import World

PAIR = ("komnas-ham", "lpsk")
MOST_SEEDS = 80
FOUR = (*AGENCIES, "mitra-saksi")


def agencies_of(seed: int) -> tuple[str, ...]:
    """Mostly three, as agreed; the rules know no number, so some seeds have two or four."""
    return {4: FOUR, 9: PAIR}.get(seed % 10, AGENCIES)


def test_nodes_agree_whatever_the_courier_does(simulation_seeds: range) -> None:
    """Whatever is lost, doubled, reordered, damaged, cut or killed: what was acknowledged is told alike by all."""
    for seed in simulation_seeds:
        try:
            World(seed, agencies=agencies_of(seed)).run()
        except Exception as error:
            error.add_note(f"seed {seed}; the same again: RAJUT_SEED={seed} make sim")
            raise


def test_a_seed_tells_the_same_story_every_time() -> None:
    """A failing seed can be replayed: two runs of it write the same bytes in the same order."""
    first, second = World(7), World(7)
    first.run()
    second.run()
    for agency in AGENCIES:
        ours, theirs = (world.nodes[agency].store.tables for world in (first, second))
        assert list(ours.records) == list(theirs.records)
        assert [one.jws for one in ours.records.values()] == [one.jws for one in theirs.records.values()]
        assert ours.pointers == theirs.pointers


class Observed(World):
    """A world that notes what came to pass in it."""

    def __init__(self, seed: int) -> None:
        self.met: set[str] = set()
        super().__init__(seed)

    def run(self) -> None:
        super().run()
        for node in self.nodes.values():
            cases = [node.case(case) for case in node.cases]
            self.met |= {case.in_force("emergency") for case in cases}
            self.met |= {f"conflict of {slot}" for case in cases for slot in case.conflicts}
            self.met |= {"unsupported" for case in cases if case.unsupported}
            self.met |= {str(bad.refusal.code) for bad in node.store.tables.quarantine.values()}

    def _happen(self, happening: Callable[[Node], None], node: Node) -> None:
        super()._happen(happening, node)
        tables = node.store.tables
        self.met |= {"gap" for _ in tables.gaps} | {"crash" for _ in range(not node.up)}
        self.met |= {"parent missing" if parent else "too early" for _, parent in tables.waiting}


def test_what_the_promises_are_about_does_happen() -> None:
    """The seeds are not idle: holes, crashes, conflicts, decisions either way and refusals of every sort occur."""
    missing = {"gap", "crash", "parent missing", "too early", "unsupported", "ACTIVE", "PROPOSED", "DECLINED"}
    missing |= {"conflict of urgency", "conflict of status", "conflict of emergency"}
    missing |= {"E_SIGNATURE", "E_HEADER", "E_BLOB", "E_WRAP", "E_GRANT", "E_VISIBILITY"}
    for seed in range(MOST_SEEDS):
        world = Observed(seed)
        world.run()
        missing -= world.met
        if not missing:
            break
    assert not missing
