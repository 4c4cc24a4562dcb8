"""Three nodes, a courier that does everything wrong, and the promise that they end up telling the same story."""

from collections.abc import Callable

from contracts.case import Case
from contracts.events.lead import LeadAccepted
from tests.simulation.charter import AGENCIES
from tests.simulation.lost import Lost
from tests.simulation.node import Node
from tests.simulation.seeds import DECEIVING, FORKING, has_liar, live

EVENTFUL = range(22, 100)  # seeds among which the first dozen have a bit of everything


def test_the_honest_agree_whatever_happens(simulation_seeds: range) -> None:
    """Whatever is lost, doubled, damaged, cut, killed or restored: what was acknowledged is told alike by all.

    All of it ends up confirmed by everybody, and nobody vouches for what never was, or is convicted.
    """
    for seed in simulation_seeds:
        if not has_liar(seed):
            live(seed)


def test_a_seed_tells_the_same_story_every_time() -> None:
    """A failing seed can be replayed: two runs of it write the same bytes in the same order."""
    for seed in (0, *FORKING, *DECEIVING):
        first, second = live(seed), live(seed)
        for agency in AGENCIES:
            ours, theirs = (world.nodes[agency].store.tables for world in (first, second))
            assert list(ours.records) == list(theirs.records)
            assert [one.jws for one in ours.records.values()] == [one.jws for one in theirs.records.values()]
            assert (ours.pointers, ours.cosignatures) == (theirs.pointers, theirs.cosignatures)
            assert ours.evidence == theirs.evidence


class Observed(Lost):
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
            self.met |= {"statuses that differ" for case in cases if len(statuses(case)) > 1}
            self.met |= {"lead handed over" for case in cases if case.of_type(LeadAccepted)}
            self.met |= {"unsupported" for case in cases if case.unsupported}
            self.met |= {str(bad.refusal.code) for bad in node.store.tables.quarantine.values()}

    def _happen(self, happening: Callable[[Node], None], node: Node) -> None:
        super()._happen(happening, node)
        tables = node.store.tables
        self.met |= {"behind" for _ in range(node.store.is_behind())}
        self.met |= {"recovered" for _ in range(self.recovered)}
        self.met |= {"gap" for _ in tables.gaps} | {"crash" for _ in range(not node.up)}
        self.met |= {"parent missing" if parent else "too early" for _, parent in tables.waiting}


def statuses(case: Case) -> set[str]:
    """What the agencies found of each kind of defender."""
    return {case.in_force(slot) for slot in case.slots if slot.startswith("status/")}


def test_what_the_promises_are_about_does_happen() -> None:
    """The seeds are not idle: holes, crashes, conflicts, decisions either way and refusals of every sort occur."""
    missing = {"gap", "crash", "parent missing", "too early", "unsupported", "ACTIVE", "PROPOSED", "DECLINED"}
    missing |= {"conflict of urgency", "statuses that differ", "conflict of emergency", "behind", "recovered"}
    missing |= {"E_SIGNATURE", "E_HEADER", "E_BLOB", "E_WRAP", "E_GRANT", "E_VISIBILITY"}
    missing |= {"E_COMMIT", "E_BIND", "E_BODY", "lead handed over"}
    for seed in EVENTFUL:
        world = Observed(seed)
        world.run()
        missing -= world.met
        if not missing:
            break
    assert not missing
