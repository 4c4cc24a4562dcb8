"""The world of one seed: nodes, their clocks, the network between them, their officers, and what goes wrong.

A step is one thing that happens to one node, as one transaction of its store; a crash undoes the
transaction and what was only in memory. After the last step the network is whole, time passes, and all
nodes must come to rest in agreement. Everything is drawn from the seed, so a seed is a bug report.
"""

from collections.abc import Callable
from random import Random

from contracts.errors import Rejected
from contracts.record import agency_of
from tests.simulation.auditor import Auditor
from tests.simulation.broken import Broken
from tests.simulation.charter import AGENCIES, MOVES_ON, robbed
from tests.simulation.network import Faults, Network
from tests.simulation.node import Node, Place, SkewedClock
from tests.simulation.officers import Office
from tests.simulation.watch import Watch

BEGIN_MS = 1_795_312_488_123
STEPS = 300
ROUNDS = 40
TALK = 12  # rounds with everybody in reach, after which a fork that two partners were shown is proven at both
MINUTE = 60_000
SKEWS = (0, 0, 0, 700, -1500, 4 * MINUTE, -4 * MINUTE, 9 * MINUTE, -20 * MINUTE)  # beyond five, others wait


class Crash(Exception):
    """A node died before it had committed."""


class World:
    """Everything that one seed decides."""

    patience = ROUNDS  # rounds in which nodes that hear each other have to come to rest

    def __init__(
        self, seed: int, *, agencies: tuple[str, ...] = AGENCIES, kind: type[Node] = Node, steps: int = STEPS
    ) -> None:
        self._rng = Random(seed)
        self._now_ms = BEGIN_MS
        self._steps = steps
        self.network = Network(self._rng, Faults.drawn(self._rng))
        self.moves_on = self._rng.random() < 0.4  # to a later directory, each at its own time
        self.nodes = {agency: self._node(agency, agencies, kind) for agency in agencies}
        self.actors = list(self.nodes.values())
        self.office = Office(self._rng)
        self.observe()
        self._talked = 0
        self._happenings: list[Callable[[Node], None]] = [
            *[self.act] * 24,
            *[self.relay] * 24,
            *[self.pull] * 36,
            *[self.fill] * 6,
            *[self.acknowledge] * 4,
            *[self.notarise] * 6,
            *[self.answer] * 2,
            *[self.release] * 2,
            *[self.part] * 3,
            *[self.heal] * 2,
            self.beat,
            self.wipe,
            self.stop,
            self.adjust,
        ]

    def observe(self, traitor: str = "") -> None:
        """Watch all who are honest."""
        self.watch = Watch(self.nodes, traitor)
        self.auditor = Auditor(self.nodes, self.watch.trees, traitor)

    def run(self) -> None:
        """Let it happen; raise Broken as soon as a promise does not hold."""
        for _ in range(self._steps):
            self._now_ms += self._rng.randrange(3 * 1000)
            node = self._rng.choice(self.actors)
            if node.up or self._rng.random() < 0.3:
                node.up = True
                self._happen(self._rng.choice(self._happenings), node)
            self._look()
        self.rest()
        self.watch.at_rest()
        self.auditor.at_rest()

    def rest(self) -> None:
        """Let the network be whole and time pass until nothing moves any more."""
        self.network.calm()
        for node in self.actors:
            node.up = True
            self._happen(self.adopt, node)
            self._happen(self.beat, node)
        before = None
        for _ in range(ROUNDS):
            self._now_ms += 60 * MINUTE  # by every clock, whatever came from the future is past
            if before == (before := self._settled()):
                return

    def partner(self, agency: str, _reader: Node) -> Node:
        """Whom a reader meets when it dials an agency."""
        return self.nodes[agency]

    def act(self, node: Node) -> None:
        """An officer does something, and is told so if it was committed."""
        if node.store.tables.heads[node.log.log].size >= MOVES_ON:
            self.adopt(node)
        said = self.office.act(node)
        self._may_crash()
        self.watch.said(node, said.events, said.rogue)

    def relay(self, node: Node) -> None:
        """The node says what is new to each partner."""
        for partner in node.streams:
            node.relay(partner)

    def pull(self, node: Node) -> None:
        """The node reads some of what a partner has said."""
        partner = self._rng.choice(self._partners(node))
        if self._up(node, partner):
            self._pull(node, partner, self._rng.randint(1, 12))

    def fill(self, node: Node) -> None:
        """The node fetches what is missing: from the log's own agency first, then from whoever is there."""
        for log, first, last in (*node.store.holes(), *node.store.due(node.clock.now_ms())):
            for partner in sorted(self._partners(node), key=lambda partner: partner != agency_of(log)):
                if self._up(node, partner):
                    self._backfill(node, partner, log, first, last)
                if not node.store.still_missing(log, first):
                    break

    def acknowledge(self, node: Node) -> None:
        node.acknowledge()
        self._may_crash()

    def answer(self, node: Node) -> None:
        node.answer_refused()
        self._may_crash()

    def release(self, node: Node) -> None:
        node.release_clocks()
        self._may_crash()

    def notarise(self, node: Node) -> None:
        """The node signs what it holds of every log, and looks for forks."""
        node.notarise()
        self._may_crash()

    def adopt(self, node: Node) -> None:
        """The node goes by the next version of the directory, if there is one in this world."""
        if self.moves_on:
            node.adopt()

    def beat(self, node: Node) -> None:
        node.log.heartbeat()

    def part(self, node: Node) -> None:
        """A line is cut; often the node's other lines too."""
        for partner in self._partners(node)[: self._rng.randint(1, len(self.nodes) - 1)]:
            self.network.cut(node.agency, partner)

    def heal(self, _node: Node) -> None:
        self.network.heal()

    def wipe(self, node: Node) -> None:
        """The node's server loses all that it kept for a partner."""
        node.wipe(self._rng.choice(self._partners(node)))

    def stop(self, node: Node) -> None:
        """The node is down for a while."""
        node.crash()
        node.up = False

    def adjust(self, node: Node) -> None:
        """Somebody sets the node's clock, forwards or backwards."""
        node.clock.skew_ms = self._rng.choice(SKEWS)

    def _happen(self, happening: Callable[[Node], None], node: Node) -> None:
        try:
            with node.store.transaction():
                happening(node)
        except Crash:
            node.crash()
            node.up = False
        except Rejected:
            if not node.store.is_behind():  # who was restored from a backup may not write
                raise

    def _may_crash(self) -> None:
        if self.network.crashes():
            raise Crash

    def _settled(self) -> list[tuple[int, ...]]:
        before = None
        for _ in range(self.patience):
            self._now_ms += 1000
            self._round()
            if before == (before := self._extent()):
                return before
        raise Broken("rest: the nodes never come to rest")

    def _round(self) -> None:
        for node in self.actors:
            for happening in (self.release, self.notarise, self.relay, self.fill, self.answer, self.acknowledge):
                self._happen(happening, node)
            for partner in self._partners(node):
                self._happen(lambda node, partner=partner: self._pull(node, partner, 1000), node)  # type: ignore[misc]
        self._look()
        self._talked += 1
        if self._talked > TALK:
            self.auditor.after_talk()

    def _look(self) -> None:
        self.watch.after_step()
        self.auditor.after_step()

    def _extent(self) -> list[tuple[int, ...]]:
        rows = [node.store.tables for node in self.actors]
        return [
            (len(one.records), len(one.pointers), len(one.quarantine), len(one.checkpoints), len(one.cosignatures))
            for one in rows
        ]

    def _pull(self, node: Node, partner: str, most: int) -> None:
        stream = self.partner(partner, node).streams[node.agency]
        place = node.position(partner, stream)
        batch = stream.messages[place : place + most]
        if batch:
            arrived = self.network.carry(batch)
            node.admit(partner, arrived, Place(str(stream.created), place + len(batch)))
            self.watch.check_taken(node, partner, set(batch).intersection(arrived))
            self.auditor.heard(node.agency, arrived)
            self._may_crash()

    def _backfill(self, node: Node, partner: str, log: str, first: int, last: int) -> None:
        owner = self.partner(partner, node)
        answer = owner.answer(node.agency, log, first, last)
        for message in answer:
            self.watch.check_delivery(owner, node.agency, message)
        node.admit(partner, self.network.carry(answer))

    def _up(self, node: Node, partner: str) -> bool:
        return self.partner(partner, node).up and self.network.reaches(node.agency, partner)

    def _partners(self, node: Node) -> list[str]:
        partners = list(node.streams)
        self._rng.shuffle(partners)
        return partners

    def _node(self, agency: str, agencies: tuple[str, ...], kind: type[Node]) -> Node:
        clock = SkewedClock(lambda: self._now_ms, self._rng.choice(SKEWS))
        return kind(robbed(agencies), agency, clock, self._rng)
