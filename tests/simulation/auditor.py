"""What must hold of all that agencies sign about logs: checkpoints, cosignatures, proofs of forks.

An outsider's view: each signature that turns up at an honest node is held against every other one, and against what
its log really was. `Broken` names the first promise that does not hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, islice

from contracts import evidence
from contracts.merkle import Tree
from contracts.note import Checkpoint
from contracts.record import agency_of
from tests.simulation.broken import Broken
from tests.simulation.node import Node


class Auditor:
    """Follows all honest nodes, looking only at what is new since the last time."""

    def __init__(self, nodes: Mapping[str, Node], trees: Mapping[str, Sequence[Tree]], traitor: str = "") -> None:
        """`trees` are the true ones of the honest logs, at every size."""
        self._nodes = {agency: node for agency, node in nodes.items() if agency != traitor}
        self._trees = trees
        self._traitor = nodes[traitor].log.log if traitor else ""
        self._looked: dict[str, tuple[int, int, int]] = dict.fromkeys(self._nodes, (0, 0, 0))
        self._levels: dict[tuple[str, str, str], int] = {}
        self._vouched: dict[tuple[str, str, int], bytes] = {}
        self._given: dict[tuple[str, str], int] = {}  # how much of a log each witness has signed last
        self._signed: set[tuple[str, Checkpoint]] = set()  # all that witnesses have signed themselves
        self._warned: set[str] = set()  # who knows that the traitor contradicts itself
        self.denials: dict[bytes, int] = {}  # records of the traitor that deny the one before them, and their places
        self._denied: dict[str, set[int]] = {
            agency: set() for agency in nodes
        }  # the places of those that one has heard

    def restored(self, agency: str) -> None:
        """A node stands on an older backup: look at all that it holds again."""
        self._looked[agency] = (0, 0, 0)
        self._levels = {place: size for place, size in self._levels.items() if place[0] != agency}
        self._given = {place: size for place, size in self._given.items() if place[0] != agency}

    def after_step(self) -> None:
        """Raise Broken unless everything that is newly signed is true, and nobody honest is convicted."""
        for agency, node in self._nodes.items():
            self._learn_signed(agency, node)
        for agency, node in self._nodes.items():
            rows = node.store.tables
            looked = (len(rows.checkpoints), len(rows.cosignatures), len(rows.evidence))
            if looked == (before := self._looked[agency]):
                continue
            for told in islice(rows.checkpoints, before[0], None):
                self._check_true(told)
            for told, witness in islice(rows.cosignatures, before[1], None):
                self._check_vouched(witness, told)
            for proof in islice(rows.evidence.values(), before[2], None):
                self._check_proof(node, proof.proof)
            self._looked[agency] = looked
            self._check_levels(node)
            if self._traitor and agency not in self._warned and self._is_warned(node):
                self._warned.add(agency)

    def heard(self, agency: str, messages: Iterable[bytes]) -> None:
        """This has come to a node."""
        self._denied[agency] |= {self.denials[message] for message in messages if message in self.denials}

    def at_rest(self) -> None:
        """Raise Broken unless all that honest agencies wrote is confirmed everywhere, or who lied is convicted."""
        if self._traitor:
            self._check_convicted()
            return
        for agency, node in self._nodes.items():
            levels = _levels(node)
            for log, trees in self._trees.items():
                witnesses = set(self._nodes) - {agency_of(log)}
                if any(levels.get((log, witness), 0) < len(trees) - 1 for witness in witnesses):
                    raise Broken(f"confirmed: {agency} does not see all of {log} confirmed")

    def after_talk(self) -> None:
        """Raise Broken unless what two honest agencies were shown, and have told each other, is proven at both."""
        shown = any(self._divided(one, other) for one, other in combinations(self._nodes.values(), 2))
        held = {agency: self._convicts(node) for agency, node in self._nodes.items()}
        if (shown or any(held.values())) and not all(held.values()):
            raise Broken("proof: two histories were shown, and somebody honest holds no proof")

    @property
    def proven(self) -> bool:
        """Whether somebody honest holds a proof against the traitor."""
        return any(self._convicts(node) for node in self._nodes.values())

    def _check_convicted(self) -> None:
        """Who heard a record or a checkpoint that denies what it holds has a proof."""
        for agency, node in self._nodes.items():
            rows = node.store.tables
            held = rows.heads[self._traitor].size
            told = [(one.size, kept.agrees) for one, kept in rows.checkpoints.items() if one.log == self._traitor]
            good = max((size for size, agrees in told if agrees), default=-1)
            false = any(agrees is False and size <= good for size, agrees in told)
            if (false or any(seq <= held for seq in self._denied[agency])) and not self._convicts(node):
                raise Broken(f"proof: {agency} was told a contradiction, and holds none")

    def _learn_signed(self, agency: str, node: Node) -> None:
        """What a witness signs goes forward only, is never its own log, and ends where it is contradicted."""
        for told, witness in islice(node.store.tables.cosignatures, self._looked[agency][1], None):
            if witness != agency or (agency, told) in self._signed:
                continue
            warned = told.log == self._traitor and agency in self._warned
            if warned or told.log == node.log.log or told.size <= self._given.get((agency, told.log), 0):
                raise Broken(f"cosigned: {agency} vouches for {told.log} where it must not")
            self._signed.add((agency, told))
            self._given[agency, told.log] = told.size

    def _is_warned(self, node: Node) -> bool:
        told = node.store.tables.checkpoints.items()
        return self._convicts(node) or any(one.log == self._traitor and kept.agrees is False for one, kept in told)

    def _check_true(self, told: Checkpoint) -> None:
        trees = self._trees.get(told.log)
        if trees and (told.size >= len(trees) or trees[told.size].root() != told.root):
            raise Broken(f"forked: {told.log} has signed a checkpoint of a log that it never had")

    def _check_vouched(self, witness: str, told: Checkpoint) -> None:
        """Nobody honest ever vouches for two histories, whatever the own copy says later, or is said to have."""
        if witness not in self._nodes:
            return
        if (witness, told) not in self._signed:
            raise Broken(f"cosigned: {witness} never vouched for what somebody holds its signature of")
        if self._vouched.setdefault((witness, told.log, told.size), told.root) != told.root:
            raise Broken(f"cosigned: {witness} vouches for two histories of {told.log}")
        rows = self._nodes[witness].store.tables
        if rows.heads[told.log].size >= told.size and rows.roots[told.log, told.size] != told.root:
            raise Broken(f"cosigned: {witness} vouches for what it does not hold of {told.log}")

    def _check_proof(self, node: Node, proof: bytes) -> None:
        if (log := evidence.check(evidence.decode(proof), node.chain).log) != self._traitor:
            raise Broken(f"convicted: {node.agency} holds a proof against {log}, which is honest")

    def _check_levels(self, node: Node) -> None:
        levels = _levels(node)
        for (log, witness), size in levels.items():
            place = (node.agency, log, witness)
            if size < self._levels.get(place, 0):
                raise Broken(f"level: {node.agency} sees less of {log} confirmed than before")
            self._levels[place] = size
        lost = [place for place in self._levels if place[0] == node.agency and place[1:] not in levels]
        if lost:
            raise Broken(f"level: {node.agency} sees nothing of {lost[0][1]} confirmed any more")

    def _divided(self, one: Node, other: Node) -> bool:
        """Whether two have each cosigned another history of the traitor's log."""
        sizes = [_levels(node).get((self._traitor, node.agency), 0) for node in (one, other)]
        place = (self._traitor, min(sizes))
        return min(sizes) > 0 and one.store.tables.roots[place] != other.store.tables.roots[place]

    def _convicts(self, node: Node) -> bool:
        return any(proof.log == self._traitor for proof in node.store.tables.evidence.values())


def _levels(node: Node) -> dict[tuple[str, str], int]:
    """How much of each log each witness has cosigned, as a node knows and believes."""
    rows = node.store.tables
    sizes: dict[tuple[str, str], int] = {}
    for told, witness in rows.cosignatures:
        if rows.checkpoints[told].agrees:
            sizes[told.log, witness] = max(sizes.get((told.log, witness), 0), told.size)
    return sizes
