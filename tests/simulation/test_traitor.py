"""One agency lies: from some moment on it writes two logs, and shows each of its partners another one."""

from tests.simulation.charter import AGENCIES, charter
from tests.simulation.node import Node, Stream
from tests.simulation.watch import Watch
from tests.simulation.world import World

TRAITOR, DECEIVED = "komnas-perempuan", "lpsk"
SEEDS = 40


class TwoFaced(World):
    """A world in which one agency has two nodes with the same keys and the same past."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.watch = Watch(self.nodes, TRAITOR)
        self._second: Node | None = None
        self._happenings += [self.turn] * 4

    def turn(self, _node: Node) -> None:
        """The agency begins to lie."""
        if self._second:
            return
        first = self.nodes[TRAITOR]
        self._second = Node(charter(AGENCIES), TRAITOR, first.clock, self._rng)
        self._second.store.tables = first.store.snapshot()
        for partner, stream in first.streams.items():
            copied = Stream()
            copied.messages, copied.created = list(stream.messages), stream.created
            self._second.streams[partner] = copied
        self.actors.append(self._second)

    def partner(self, agency: str, reader: Node) -> Node:
        lied_to = agency == TRAITOR and reader.agency == DECEIVED
        return self._second if lied_to and self._second else super().partner(agency, reader)

    @property
    def found_out(self) -> bool:
        """Whether somebody honest holds two records for one place of the traitor's log."""
        log = self.nodes[TRAITOR].log.log
        honest = (node for agency, node in self.nodes.items() if agency != TRAITOR)
        return any(place[0] == log for node in honest for place in node.store.tables.forks)


def test_a_liar_divides_nobody_but_itself() -> None:
    """Honest agencies keep holding each other's whole logs, tell their own cases alike, and apply nothing unfounded."""
    for seed in range(SEEDS):
        try:
            _lived(seed)
        except Exception as error:
            error.add_note(f"traitor seed {seed}")
            raise


def test_a_liar_is_found_out() -> None:
    """When the two stories meet at one node, both records are kept there: evidence that nobody can deny."""
    assert any(_lived(seed).found_out for seed in range(SEEDS))


def _lived(seed: int) -> TwoFaced:
    world = TwoFaced(seed)
    world.run()
    return world
