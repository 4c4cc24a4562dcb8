"""One agency lies: with its true keys, in every way that a courier cannot.

From some moment on it may write two logs and show each partner another one. It keeps records or contents from one
partner, says old things again, dates things back, floods, sends garbage, and signs checkpoints of logs that never were.
It has stolen keys, too, and tells what was sealed to one agency to another.
"""

from collections.abc import Callable

from contracts import note, sealing
from contracts.case import heads
from contracts.content import Actor, Content
from contracts.delivery import Delivery
from contracts.encoding import b64
from contracts.events.triage import UrgencyOverridden
from contracts.evidence import CheckpointFork, Fork, RecordFork, encode
from contracts.mechanism import Permission
from contracts.merkle import Tree
from contracts.note import Checkpoint
from contracts.record import Signed, stored
from services.node.admit import is_record
from services.node.writing import Desk, _write_one
from tests.simulation.charter import AGENCIES, robbed
from tests.simulation.forger import beat, resealed, rewound, statement, unhinged
from tests.simulation.node import Node, Stream
from tests.simulation.world import ROUNDS, World

LONG_AGO_MS = 400 * 24 * 3600 * 1000
FLOOD = 40


class Liar(World):
    """A world in which one agency has two nodes with the same keys and the same past, and means harm with both."""

    patience = 4 * ROUNDS  # every proof is news, and there are some for each of two histories

    def __init__(self, seed: int, *, kind: type[Node] = Node, forks: bool = True) -> None:
        super().__init__(seed, kind=kind)
        self.traitor, self.victim, _ = self._rng.sample(AGENCIES, 3)
        self.observe(self.traitor)
        self.forks = forks
        self._second: Node | None = None
        self._withheld = self._rng.choice((0.0, 0.3, 0.8))  # how much of what is for the victim
        self._happenings += [self.replay, self.date_back, self.flood, self.garbage]
        self._happenings += [self.intrude, self.backroom, self.confide, self.vouch, *[self.accuse] * 2]
        two, false, torn = [self.turn] * 4, [self.overstate] * 3, [self.unhinge, self.rewind]
        self._happenings += [self.slander, *self._rng.choice((two, false, torn, two + false + torn))] * forks
        self._resting = False
        self._falls_silent = self._rng.random() < 0.3  # in the end, and to the victim
        self.done: set[str] = set()

    @property
    def honest(self) -> list[Node]:
        """All others."""
        return [node for agency, node in self.nodes.items() if agency != self.traitor]

    def rest(self) -> None:
        self._resting = True
        super().rest()

    def turn(self, _node: Node) -> None:
        """The agency begins to write two logs."""
        if self._second:
            return
        self.watch.forked = True
        first = self.nodes[self.traitor]
        self._second = Node(robbed(AGENCIES), self.traitor, first.clock, self._rng)
        self._second.store.tables = first.store.snapshot()
        if first.log.writes_by > 1:
            self._second.go_by_later()
        for partner, stream in first.streams.items():
            copied = Stream()
            copied.messages, copied.created = list(stream.messages), stream.created
            self._second.streams[partner] = copied
        self.actors.append(self._second)

    def partner(self, agency: str, reader: Node) -> Node:
        lied_to = agency == self.traitor and reader.agency == self.victim
        return self._second if lied_to and self._second else super().partner(agency, reader)

    def _happen(self, happening: Callable[[Node], None], node: Node) -> None:
        """A liar does not let what convicts it keep it from writing."""
        if node.agency == self.traitor:
            if self._resting and happening in (self.notarise, self.acknowledge, self.answer):
                return  # else the others would have news for ever
            rows, end = node.store.tables, node.store.tables.heads[node.log.log].size
            rows.forks = {place: signed for place, signed in rows.forks.items() if place[0] != node.log.log}
            beyond = [told for told in rows.checkpoints if told.log == node.log.log and told.size > end]
            for told in beyond:
                del rows.checkpoints[told]
        super()._happen(happening, node)

    def relay(self, node: Node) -> None:
        """As an honest node, but the victim does not get everything."""
        stream = node.streams.get(self.victim)
        before = len(stream.messages) if stream else 0
        super().relay(node)
        if stream and node.agency == self.traitor:
            said, stream.messages[before:] = stream.messages[before:], []
            stream.messages += [kept for message in said if (kept := self._withhold(node, message))]

    def replay(self, _node: Node) -> None:
        """Something that was said long ago, by anybody, is said again, to anybody."""
        sources = [stream.messages for node in self.actors for stream in node.streams.values() if stream.messages]
        if sources:
            self._say("replay", *(self._rng.choice(self._rng.choice(sources)) for _ in range(5)))

    def date_back(self, _node: Node) -> None:
        """A decision that claims to have been made long ago, and put on record as early as its log lets it."""
        node = self.nodes[self.traitor]
        self.adopt(node)
        if not node.cases:
            return
        case = self._rng.choice(node.cases)
        timeline, to = node.log.load(case), node.case(case).participants
        body = UrgencyOverridden(level="BIASA", reason="dahulu")
        fit = sorted(event.id for event in timeline.events if set(to) <= set(event.content.to))
        actor, time = Actor("petugas", "o-9"), "2025-01-01T00:00:00.000Z"
        content = Content(body.wire_type, case, time, actor, to, tuple(fit[:1]), body.wire())
        desk = node.log.desk()
        past = desk._replace(now_ms=max(desk.now_ms - LONG_AGO_MS, 0))
        written = _write_one(past, node.signers["triage"], timeline._replace(events=()), content)
        node.log.keep(desk, [written])
        self.done.add("date back")

    def flood(self, _node: Node) -> None:
        """More than anybody wants to read."""
        for _ in range(FLOOD):
            self.nodes[self.traitor].log.heartbeat()
        self.done.add("flood")

    def garbage(self, _node: Node) -> None:
        """Bytes that mean nothing, and bytes that look as if they did."""
        noise = self._rng.randbytes(self._rng.randrange(1, 400))
        proof = f'{{"kind":"records","pair":["","{b64(noise)}"]}}'.encode()
        jws = b".".join((b"eyJhIjoxfQ", b64(noise).encode(), b64(noise[:64]).encode()))
        self._say("garbage", noise, jws, jws + b"\n" + noise, proof, b"", b"rajut.example/lpsk/1\n1\n" + noise)

    def overstate(self, _node: Node) -> None:
        """A checkpoint of a log that never was: too long, or with another root."""
        node = self.nodes[self.traitor]
        size = node.store.tables.heads[node.log.log].size
        told = Checkpoint(node.log.log, self._rng.choice((size, size, size + 1000, 2**40)), self._rng.randbytes(32))
        self._say("overstate", self._signed(told))

    def slander(self, _node: Node) -> None:
        """A proof against somebody honest: two checkpoints, of which one is signed by the wrong key."""
        other = self._rng.choice(self.honest)
        told = [one for one in other.witness.notes(2**40) if one.startswith(other.log.log.encode())]
        for genuine in told:
            false = self._signed(note.read(genuine).checkpoint._replace(root=self._rng.randbytes(32)))
            self._say("slander", false, encode(CheckpointFork(genuine, false)))

    def intrude(self, _node: Node) -> None:
        """Records by keys that may not write them: of another log, at another place, of another kind, or revoked."""
        node, victim = self.nodes[self.traitor], self._rng.choice(self.honest)
        keys, own, theirs = robbed(AGENCIES).members, node.log.desk(), self._at_end_of(victim)
        if not theirs.head.size:
            return  # where the stolen keys were good
        place = theirs.head.size + self._rng.choice((0, 40))  # or else it is taken when they come
        theirs = theirs._replace(head=theirs.head._replace(tree=Tree(place)))
        signed = [
            beat(theirs, node.signers["node"]),
            statement(theirs, keys[victim.agency].stolen),
            statement(own, keys[self.traitor].retired),
            statement(own, node.signers["checkpoint"]),
            beat(own, node.signers["triage"]),
        ]
        self.watch.intruders |= {one.id for one in signed}
        for _ in node.streams:
            self._say("intrude", *(one.jws for one in signed))

    def unhinge(self, _node: Node) -> None:
        """A record of its own that denies the one before it."""
        self.watch.forked = True
        node = self.nodes[self.traitor]
        signed = unhinged(node.log.desk(), node.signers["node"])
        self.auditor.denials[signed.jws] = signed.record.seq
        self._say("unhinge", signed.jws)

    def rewind(self, _node: Node) -> None:
        """A record of its own from before the one before it: it convicts only beside another one at its place."""
        self.watch.forked = True
        node = self.nodes[self.traitor]
        signed = rewound(node.log.desk(), node.signers["node"])
        self.auditor.denials[signed.jws] = signed.record.seq + 1
        self._say("rewind", signed.jws)

    def backroom(self, _node: Node) -> None:
        """A decision by a key of its own that was revoked, and a good record that builds upon it."""
        node = self.nodes[self.traitor]
        if not node.cases or node.log.writes_by > 1:  # by a later version that key may not write here at all
            return
        timeline = node.log.load(self._rng.choice(node.cases))
        to, body = node.case(timeline.case).participants, UrgencyOverridden(level="KRITIS", reason="diam-diam")
        role = node.mechanism.agencies[self.traitor].permissions[Permission.OVERRIDE_URGENCY][0]
        parents = heads(timeline.events, to)
        content = Content(body.wire_type, timeline.case, node.now(), Actor(role, "o-9"), to, parents, body.wire())
        desk = node.log.desk()
        written = _write_one(desk, robbed(AGENCIES).members[self.traitor].stolen, timeline, content)
        node.log.keep(desk, [written])
        node.log.heartbeat()
        self.watch.void.add(written.signed.id)
        self.done.add("backroom")

    def confide(self, _node: Node) -> None:
        """Content goes to somebody who is not among its readers, with a key that opens it."""
        node = self.nodes[self.traitor]
        rows = node.store.tables
        private = [(signed, other) for signed in rows.records.values() for other in self._kept_from(signed)]
        if private:
            signed, other = self._rng.choice(private)
            content, public = rows.contents[signed.id], node.chain.sealing_key(signed.record.dir, other)
            wrap = sealing.wrap(content.key, public, signed.id, other)
            node.streams[other].messages.append(Delivery(signed.jws, wrap, content.blob).encode())
            self.done.add("confide")

    def vouch(self, _node: Node) -> None:
        """A true checkpoint, which somebody honest is said to have cosigned."""
        node, victim = self.nodes[self.traitor], self._rng.choice(self.honest).agency
        tree = node.store.tables.heads[node.log.log].tree
        told = Checkpoint(node.log.log, tree.size, tree.root())
        (key,) = note.witness_keys(node.chain, victim)
        line = note.cosign(told, key, node.signers["witness"], node.clock.now_ms() // 1000)
        self._say("vouch", self._signed(told) + line.encode())

    def accuse(self, _node: Node) -> None:
        """Proofs against somebody honest: of things that may both be true, or of which one was signed by a thief."""
        node, other = self.nodes[self.traitor], self._rng.choice(self.honest)
        rows, log = node.store.tables, other.log.log
        end = rows.heads[log].size - 1
        proofs: list[Fork] = []
        if end > 0:
            before, last = rows.records[log, end - 1].jws, rows.records[log, end].jws
            stolen = statement(self._at_end_of(other, before=1), robbed(AGENCIES).members[other.agency].stolen).jws
            proofs += [RecordFork(before, last), RecordFork(last, stolen)]
        told = sorted((one for one in rows.checkpoints if one.log == log), key=lambda one: one.size)
        bare = [node.witness._bare(one) for one in told[-2:]]
        whole = [one for one in node.witness.notes(2**40) if one.startswith(log.encode()) and one not in bare]
        proofs += [CheckpointFork(bare[-1], one) for one in whole]
        proofs += [CheckpointFork(bare[0], other, self._rng.randbytes(32)) for other in bare[1:]]
        self._say("accuse", *map(encode, proofs))

    def _at_end_of(self, other: Node, before: int = 0) -> Desk:
        """Where a log goes on, or its last records stand, as far as the traitor knows."""
        node, log = self.nodes[self.traitor], other.log.log
        rows = node.store.tables
        head, size = rows.heads[log], rows.heads[log].size - before
        last = rows.records[log, size - 1].id if size else head.last
        return node.log.desk()._replace(log=log, head=head._replace(tree=Tree(size), last=last), seen={})

    def _kept_from(self, signed: Signed) -> list[str]:
        """The honest who may not read a record's content, which the traitor may."""
        if signed.id not in self.nodes[self.traitor].store.tables.contents:
            return []
        return [node.agency for node in self.honest if node.agency not in signed.record.to]

    def _signed(self, told: Checkpoint) -> bytes:
        (key,) = note.checkpoint_keys(self.nodes[self.traitor].chain, told.log)
        return note.sign(told, key, self.nodes[self.traitor].signers["checkpoint"]).encode()

    def _say(self, what: str, *messages: bytes) -> None:
        node = self.nodes[self.traitor]
        node.streams[self._rng.choice(list(node.streams))].messages += messages
        self.done.add(what)

    def _withhold(self, node: Node, message: bytes) -> bytes:
        """Nothing, or a record without its content or with content that was sealed anew, or all of it."""
        if self._resting and self._falls_silent:
            return b""
        if self._rng.random() >= self._withheld:
            return message
        self.done.add("withhold")
        if not is_record(message) or self._rng.random() < 0.3:
            return b""
        delivery = Delivery.decode(message)
        signed = stored(delivery.jws)
        if self.victim not in signed.record.to or signed.id not in node.store.tables.events or self._rng.random() < 0.7:
            return delivery.jws
        self.done.add("reseal")
        public = node.chain.sealing_key(signed.record.dir, self.victim)
        key = node.store.tables.contents[signed.id].key
        return resealed(delivery, key, self.victim, public, self._rng.randbytes).encode()
