"""One agency's machine is lost, again and again, and starts anew on an older backup of its database.

What the partners hold of its log must come back before it writes: else it would contradict itself. Whatever nobody
else had is gone. The operator does as told: the partners are in reach when the restored node starts, and are not
in the middle of reading what the lost machine had said.
"""

from tests.simulation.charter import AGENCIES
from tests.simulation.node import Node
from tests.simulation.world import STEPS, World


class Lost(World):
    """A world in which one agency has to live on backups."""

    def __init__(
        self, seed: int, *, agencies: tuple[str, ...] = AGENCIES, kind: type[Node] = Node, steps: int = STEPS
    ) -> None:
        super().__init__(seed, agencies=agencies, kind=kind, steps=steps)
        self.unlucky = self.nodes[self._rng.choice(agencies)]
        self._backup = self.unlucky.store.snapshot()
        self.restored = self.recovered = 0
        self._happenings += [self.back_up, *[self.lose] * 2, *[self.recover] * 6]

    def rest(self) -> None:
        self.network.calm()
        for node in self.actors:
            node.up = True
        self._happen(self.recover, self.unlucky)
        super().rest()

    def back_up(self, _node: Node) -> None:
        """What the disk has for sure; whatever is written later may be lost."""
        self._backup = self.unlucky.store.snapshot()

    def lose(self, _node: Node) -> None:
        """The machine is lost, and the node starts on the backup: it asks each partner whether there is more."""
        node = self.unlucky
        read_up = all(self._read_up(self.nodes[partner]) for partner in node.streams)
        if node.store.is_behind() or not read_up or not self._comes_whole():
            return
        self.network.heal()
        node.restore(self._backup)
        self._backup = node.store.snapshot()
        self.watch.restored(node)
        self.auditor.restored(node.agency)
        self.restored += 1
        self._ask()

    def recover(self, _node: Node) -> None:
        """An officer fetches the end of the log from every partner."""
        node = self.unlucky
        if not node.store.is_behind() or not all(self._up(node, partner) for partner in node.streams):
            return
        for partner in node.streams:
            while records := self.nodes[partner].answer(node.agency, node.log.log, self._size(node), 2**40):
                before = self._size(node)
                node.recover(partner, records)
                if self._size(node) == before:
                    break
        self.recovered += not node.store.is_behind()

    def _ask(self) -> None:
        node, end = self.unlucky, self._size(self.unlucky)
        for partner in node.streams:
            node.admit(partner, self.nodes[partner].answer(node.agency, node.log.log, end, end))

    def _comes_whole(self) -> bool:
        """Whether every partner can give the content of what comes back, or none: the first one asked gives all."""
        partners = [self.nodes[partner].store.tables for partner in self.unlucky.streams]
        log, end = self.unlucky.log.log, self._backup.heads[self.unlucky.log.log].size
        beyond = {s.id for rows in partners for (of, seq), s in rows.records.items() if of == log and seq >= end}
        return all(len({id_ in rows.contents for rows in partners}) == 1 for id_ in beyond)

    def _size(self, node: Node) -> int:
        return node.store.tables.heads[node.log.log].size

    def _read_up(self, partner: Node) -> bool:
        """Whether a partner holds all that it has heard of the unlucky agency's log."""
        rows, log = partner.store.tables, self.unlucky.log.log
        head = rows.heads[log]
        unjudged = any(told.log == log and told.size > head.size for told in rows.checkpoints)
        unread = (id_ for id_, one in rows.unreadable.items() if one.log == log and not one.found)
        missing = any(id_ not in self.watch.rogue | self.watch.gone for id_ in unread)
        return head.highest == head.size and not unjudged and not missing and not rows.held
