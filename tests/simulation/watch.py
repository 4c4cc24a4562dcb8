"""What must hold of every node: after each step, and once the network is whole and nothing moves any more.

Nothing here asks the code under test. What each agency committed is read off its own tables as it grows,
prefix trees, readers and parents are derived from that anew, and nodes are held against it. What a case tells
is held against what it ought to by `tests.simulation.rulings`.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice

from contracts.case import Case, digest
from contracts.delivery import Delivery
from contracts.encoding import unb64
from contracts.events.node import RecordRefused
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.merkle import Tree
from contracts.record import EventId, Signed
from services.node.admission import Head
from services.node.admit import is_record
from tests.simulation import rulings
from tests.simulation.broken import Broken
from tests.simulation.node import Node

AHEAD_MS = 5 * 60_000  # whose clock is ahead by more than this waits until its time has come


class Watch:
    """Follows all honest nodes, looking only at what is new since the last time.

    Where an agency is a traitor, nothing is promised of its log; and once it writes two of them, nothing of the cases
    in which it takes part.
    """

    def __init__(self, nodes: Mapping[str, Node], traitor: str = "") -> None:
        self._nodes = {agency: node for agency, node in nodes.items() if agency != traitor}
        self._traitor = traitor
        self.forked = False  # whether the traitor has begun to write two logs
        self._truth: dict[str, list[Signed]] = {node.log.log: [] for node in self._nodes.values()}
        self.trees: dict[str, list[Tree]] = {log: [Tree()] for log in self._truth}
        self._held: dict[tuple[str, str], Head] = {}
        self._applied: dict[str, set[EventId]] = {agency: set() for agency in nodes}
        self._contents: dict[str, int] = dict.fromkeys(nodes, 0)
        self._records: dict[str, int] = dict.fromkeys(nodes, 0)
        self._clocks: dict[str, int] = dict.fromkeys(nodes, 0)
        self._checked: dict[str, int] = dict.fromkeys(nodes, 0)
        self._known: dict[bytes, Signed] = {}  # every record, by its id and by its bytes
        self._sent: dict[tuple[str, str, int], int] = {}
        self.acknowledged: dict[EventId, Signed] = {}
        self.rogue: set[EventId] = set()
        self.gone: set[EventId] = set()  # whose content nobody has any more
        self.intruders: set[EventId] = set()  # records that nobody may take
        self.void: set[EventId] = set()  # events that stand, and decide nothing

    def said(self, node: Node, events: Iterable[EventId], rogue: Iterable[EventId]) -> None:
        """An officer was told that this is on record."""
        if node.agency != self._traitor:
            self.acknowledged |= {id_: node.store.tables.events[id_].signed for id_ in events}
        self.rogue |= set(rogue)

    def restored(self, node: Node) -> None:
        """A node lost its machine: what no partner holds of its log is lost with it, and it starts on a backup."""
        log = node.log.log
        others = [other.store.tables for other in self._nodes.values() if other is not node]
        backup = node.store.tables
        truth, size = self._truth[log], max(rows.heads[log].size for rows in (backup, *(others)))
        contents = set(backup.contents).union(*(rows.contents for rows in others))
        lost = {signed.id for signed in truth[size:]} | {s.id for s in truth if s.record.to and s.id not in contents}
        self.gone |= lost
        self.acknowledged = {id_: signed for id_, signed in self.acknowledged.items() if id_ not in lost}
        del truth[size:], self.trees[log][size + 1 :]
        self._held = {place: head for place, head in self._held.items() if place[0] != node.agency}
        self._applied[node.agency] = set(backup.pointers)
        self._contents[node.agency] = self._records[node.agency] = self._checked[node.agency] = 0

    def after_step(self) -> None:
        """Raise Broken unless everything that changed is as promised."""
        for node in self._nodes.values():
            self._clocks[node.agency] = max(self._clocks[node.agency], node.clock.now_ms())
            self._learn(node)
            self._learn_records(node)
        for node in self._nodes.values():
            for log in node.store.tables.heads:
                self._check_head(node, log)
            self._check_records(node)
            self._check_applied(node)
            self._check_contents(node)
            self._check_said(node)

    def at_rest(self) -> None:
        """Raise Broken unless all nodes tell the same, and nothing is missing."""
        for node in self._nodes.values():
            self._check_complete(node)
        if not self.forked:
            self._check_told_alike()
        for case in sorted({case for node in self._nodes.values() for case in node.cases}):
            told = {node.agency: node.case(case) for node in self._nodes.values() if case in node.cases}
            self._check_case(told)

    def _learn(self, node: Node) -> None:
        """What an agency committed to its own log since the last step is the truth about that log."""
        log, records = node.log.log, node.store.tables.records
        truth, trees = self._truth[log], self.trees[log]
        while signed := records.get((log, len(truth))):
            for other, seen in signed.record.seen.items():
                if (known := self.trees.get(other)) is None:
                    continue
                if seen.size >= len(known) or known[seen.size].root() != seen.root:
                    raise Broken(f"seen: {log} {signed.record.seq} names a tree that {other} never had")
            truth.append(signed)
            trees.append(trees[-1].append(signed.jws))

    def _learn_records(self, node: Node) -> None:
        records = node.store.tables.records
        for signed in islice(records.values(), self._records[node.agency], None):
            self._known[signed.id] = self._known[signed.jws] = signed
        self._records[node.agency] = len(records)

    def _check_records(self, node: Node) -> None:
        """Nobody holds what its author did not write, wherever in the log."""
        records = node.store.tables.records
        for (log, seq), signed in islice(records.items(), self._checked[node.agency], None):
            truth = self._truth.get(log)
            false = truth is not None and (seq >= len(truth) or truth[seq].jws != signed.jws)
            if false or signed.id in self.intruders:
                raise Broken(f"prefix: {node.agency} holds a record {seq} that is not of {log}")
        self._checked[node.agency] = len(records)

    def _check_head(self, node: Node, log: str) -> None:
        head, held = node.store.tables.heads[log], self._held.get((node.agency, log))
        if head is held:
            return
        before = held.size if held else 0
        if log in self._truth:
            self._check_prefix(node, log, before)
            self._check_gap(node, log)
        else:
            self._check_chain(node, log, before)
        self._held[node.agency, log] = head

    def _check_prefix(self, node: Node, log: str, before: int) -> None:
        head, truth = node.store.tables.heads[log], self._truth[log]
        if not before <= head.size < len(self.trees[log]) or head.tree != self.trees[log][head.size]:
            raise Broken(f"prefix: {node.agency} holds a head of {log} that is no prefix of it")
        if head.size and (head.last, head.hlc) != (truth[head.size - 1].id, truth[head.size - 1].record.hlc):
            raise Broken(f"prefix: {node.agency} holds a head of {log} with another last record")
        for seq in range(before, head.size):
            if node.store.tables.records.get((log, seq)) != truth[seq]:
                raise Broken(f"prefix: {node.agency} lacks {log} {seq} below its head")

    def _check_chain(self, node: Node, log: str, before: int) -> None:
        """Also a log that lies is held as one chain, whichever of its stories that is."""
        rows = node.store.tables
        tree, last, hlc = Tree(), node.chain.opened_by(log), Hlc(0, 0)
        if before:
            tree, last, hlc = (held := self._held[node.agency, log]).tree, held.last, held.hlc
        for seq in range(before, rows.heads[log].size):
            signed = rows.records[log, seq]
            if signed.record.prev != last:
                raise Broken(f"chain: {node.agency} holds a record {seq} of {log} that denies the one before it")
            if signed.record.hlc <= hlc:
                raise Broken(f"time: {node.agency} holds a record {seq} of {log} from before the one before it")
            tree, last, hlc = tree.append(signed.jws), signed.id, signed.record.hlc
        if rows.heads[log].tree != tree:
            raise Broken(f"chain: {node.agency} holds a head of {log} of other records than it holds")

    def _check_gap(self, node: Node, log: str) -> None:
        head, gap = node.store.tables.heads[log], node.store.tables.gaps.get(log)
        told = gap is not None and gap.first <= head.size <= gap.last
        if told != (head.highest > head.size):
            raise Broken(f"gap: {node.agency} lacks a part of {log} and does not say so, or says so and does not")

    def _check_applied(self, node: Node) -> None:
        done, tables = self._applied[node.agency], node.store.tables
        fresh = tables.pointers[len(done) :]
        beside = set(fresh) if self._traitor else set()  # who dates back is pointed to before what it refers to
        for id_ in fresh:
            kept = tables.events[id_]
            if id_ in done:
                raise Broken(f"twice: {node.agency} applied an event again")
            if not (done | beside).issuperset(kept.content.parents):
                raise Broken(f"parents: {node.agency} applied an event before what it refers to")
            if id_ in self.rogue:
                raise Broken(f"rogue: {node.agency} applied what breaks the rules")
            self._check_place(node, kept.signed)
            done.add(id_)

    def _check_place(self, node: Node, signed: Signed) -> None:
        """What is applied is in its log, and its time had come by the latest that the node's clock has ever shown."""
        record = signed.record
        held = node.store.tables.records.get((record.log, record.seq))
        if held is None or held.id != signed.id:
            raise Broken(f"fork: {node.agency} applied what is not in its copy of {record.log}")
        if record.agency != node.agency and record.hlc.ms > self._clocks[node.agency] + AHEAD_MS:
            raise Broken(f"early: {node.agency} applied what comes from the future")

    def _check_contents(self, node: Node) -> None:
        contents = node.store.tables.contents
        for id_, content in islice(contents.items(), self._contents[node.agency], None):
            record = self._known[id_].record
            if node.agency not in record.to:
                raise Broken(f"reader: {node.agency} holds content that is not for it")
            if sha256(content.blob).digest() != record.ct:
                raise Broken(f"content: {node.agency} holds other content than the record names")
        self._contents[node.agency] = len(contents)

    def _check_said(self, node: Node) -> None:
        """What lies in a partner's stream carries content only for that partner's eyes."""
        for partner, stream in node.streams.items():
            place = (node.agency, partner, stream.created)
            for message in islice(stream.messages, self._sent.get(place, 0), None):
                self.check_delivery(node, partner, message)
            self._sent[place] = len(stream.messages)

    def check_delivery(self, node: Node, partner: str, message: bytes) -> None:
        """Raise Broken if a message shows a partner what is not for it."""
        if node.agency == self._traitor or not is_record(message):
            return
        self._learn_records(node)
        delivery = Delivery.decode(message)
        if delivery.blob and partner not in self._known[delivery.jws].record.to:
            raise Broken(f"reader: {node.agency} sent {partner} content that is not for it")

    def check_taken(self, node: Node, partner: str, messages: Iterable[bytes]) -> None:
        """Raise Broken if one of these, as somebody honest has sent them, was dropped with a bad one beside it."""
        if self._traitor in (node.agency, partner):
            return
        for message in filter(is_record, set(messages) - node.store.tables.held):
            signed = self._known.get(Delivery.decode(message).jws)
            if signed and (signed.record.log, signed.record.seq) not in node.store.tables.records:
                raise Broken(f"dropped: {node.agency} did not take what {partner} said")

    def _check_complete(self, node: Node) -> None:
        tables = node.store.tables
        for log, truth in self._truth.items():
            if tables.heads[log].size != len(truth):
                raise Broken(f"lost: {node.agency} holds {tables.heads[log].size} of {len(truth)} records of {log}")
        for id_, signed in self.acknowledged.items():
            if tables.records.get((signed.record.log, signed.record.seq)) != signed:
                raise Broken(f"lost: {node.agency} lacks an act that was acknowledged")
            owed = node.agency in signed.record.to and id_ not in self._applied[node.agency]
            if owed and not self._betrayed(id_, signed):
                raise Broken(f"lost: {node.agency} may read an act and did not apply it")
        excused = self.rogue | self.gone
        missing = [one for id_, one in tables.unreadable.items() if not one.found and id_ not in excused]
        waiting = [id_ for id_, one in tables.events.items() if one.state == "waiting" and id_ not in self.rogue]
        self._check_refused(node)
        if node.store.is_behind():
            raise Broken(f"behind: {node.agency} believes that its own log goes on elsewhere")
        if self._traitor:
            return
        forks = [signed for (log, seq, _), signed in tables.forks.items() if tables.records.get((log, seq)) != signed]
        if tables.gaps or missing or waiting or forks or tables.held or node.store.unanswered():
            raise Broken(f"rest: {node.agency} still has a gap, or something waits")

    def _check_refused(self, node: Node) -> None:
        """Whoever was to read what breaks the rules has refused it, or waits for what it refers to."""
        answered = {unb64(body.digest) for body in _refusals(node)}
        waiting = {event for event, _ in node.store.tables.waiting}
        for id_ in self.rogue - self.gone - answered - waiting:
            signed = self._known.get(id_)
            if signed and signed.record.agency not in (node.agency, self._traitor) and node.agency in signed.record.to:
                raise Broken(f"refused: {node.agency} says nothing of what breaks the rules")

    def _check_told_alike(self) -> None:
        """Who lies, but in one log alone, is held to it by everybody, as far as anybody honest says to have seen it."""
        last = [truth[-1].record.seen for truth in self._truth.values()]
        for node in self._nodes.values():
            for log, head in node.store.tables.heads.items():
                seen = max(told[log].size for told in last if log in told)
                if head.size < seen or head.highest > head.size:
                    raise Broken(f"lost: {node.agency} does not hold all of {log} that was seen")

    def _betrayed(self, id_: EventId, signed: Signed) -> bool:
        """Whether an event belongs to a case in which the traitor takes part: it may build on one of two stories."""
        author = self._nodes[signed.record.agency]
        case = author.store.tables.events[id_].content.case
        return self.forked and self._traitor in author.case(case).participants

    def _check_case(self, told: Mapping[str, Case]) -> None:
        common = {agency: case for agency, case in told.items() if agency in case.participants}
        betrayed = self.forked and any(self._traitor in case.participants for case in told.values())
        if not betrayed and len({digest(case, LATEST) for case in common.values()}) > 1:
            raise Broken("digest: nodes tell the same case differently")
        for agency, case in told.items():
            rulings.check(agency, case, self.void)


def _refusals(node: Node) -> Iterator[RecordRefused]:
    """What a node has told others that it refused."""
    for one in node.store.tables.events.values():
        if one.content.type == RecordRefused.wire_type and one.signed.record.log == node.log.log:
            yield RecordRefused.model_validate(one.content.body)
