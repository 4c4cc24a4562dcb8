"""One agency lies: with its true keys, in every way that a courier cannot.

From some moment on it may write two logs and show each partner another one. It keeps records or contents from one
partner, says old things again, dates things back, floods, sends garbage, and signs checkpoints of logs that never were.
"""

from collections.abc import Callable

from contracts import note
from contracts.content import Actor, Content
from contracts.delivery import Delivery
from contracts.encoding import b64
from contracts.events.triage import UrgencyOverridden
from contracts.evidence import CheckpointFork, encode
from contracts.hlc import Hlc
from contracts.note import Checkpoint
from services.node.admit import is_record
from services.node.writing import _write_one
from tests.simulation.charter import AGENCIES, charter
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
        self._happenings += [*[self.turn] * (4 * forks), self.replay, self.date_back, self.flood, self.garbage]
        self._happenings += [self.overstate, self.slander] * forks
        self._resting = False
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
        self._second = Node(charter(AGENCIES), self.traitor, first.clock, self._rng)
        self._second.store.tables = first.store.snapshot()
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
            stream.messages += [kept for message in said if (kept := self._withhold(message))]

    def replay(self, _node: Node) -> None:
        """Something that was said long ago, by anybody, is said again, to anybody."""
        sources = [stream.messages for node in self.actors for stream in node.streams.values() if stream.messages]
        if sources:
            self._say("replay", *(self._rng.choice(self._rng.choice(sources)) for _ in range(5)))

    def date_back(self, _node: Node) -> None:
        """A decision that claims to have been made, and put on record, long ago."""
        node = self.nodes[self.traitor]
        if not node.cases:
            return
        case = self._rng.choice(node.cases)
        timeline, to = node.log.load(case), node.case(case).participants
        body = UrgencyOverridden(level="BIASA", reason="dahulu")
        fit = sorted(event.id for event in timeline.events if set(to) <= set(event.content.to))
        actor, time = Actor("petugas", "o-9"), "2025-01-01T00:00:00.000Z"
        content = Content(body.wire_type, case, time, actor, to, tuple(fit[:1]), body.wire())
        desk = node.log.desk()
        past = desk._replace(head=desk.head._replace(hlc=Hlc(0, 0)), now_ms=max(desk.now_ms - LONG_AGO_MS, 0))
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
        told = Checkpoint(node.log.log, self._rng.choice((size, size + 1000, 2**40)), self._rng.randbytes(32))
        self._say("overstate", self._signed(told))

    def slander(self, _node: Node) -> None:
        """A proof against somebody honest: two checkpoints, of which one is signed by the wrong key."""
        other = self._rng.choice(self.honest)
        told = [one for one in other.witness.notes(2**40) if one.startswith(other.log.log.encode())]
        for genuine in told:
            false = self._signed(note.read(genuine).checkpoint._replace(root=self._rng.randbytes(32)))
            self._say("slander", false, encode(CheckpointFork(genuine, false)))

    def _signed(self, told: Checkpoint) -> bytes:
        (key,) = note.checkpoint_keys(self.nodes[self.traitor].chain, told.log)
        return note.sign(told, key, self.nodes[self.traitor].signers["checkpoint"]).encode()

    def _say(self, what: str, *messages: bytes) -> None:
        node = self.nodes[self.traitor]
        node.streams[self._rng.choice(list(node.streams))].messages += messages
        self.done.add(what)

    def _withhold(self, message: bytes) -> bytes:
        """Nothing, or a record without its content, or all."""
        if self._rng.random() >= self._withheld:
            return message
        self.done.add("withhold")
        return Delivery.decode(message)._replace(wrap=b"", blob=b"").encode() if is_record(message) else b""
