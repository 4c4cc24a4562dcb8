"""One simulated node: the production node's pure code over a `MemoryStore`, with its I/O played by the world.

What a crash takes away is kept apart from what it leaves: the tables survive as of the last commit, the
relay's place and the news flag do not. Fault tests replace single methods to see the simulation notice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from random import Random
from typing import NamedTuple

from contracts import sealing
from contracts.case import Case, fold
from contracts.content import Actor
from contracts.delivery import Delivery, Examined, examine
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.node import DirectoryAdopted, RecordRefused
from contracts.hlc import instant
from contracts.mechanism import LATEST, EmergencyRules, Mechanism
from contracts.record import EventId, LaterDirectory, Signed, agency_of, stored
from services.node.admission import Refusal, decide, is_news
from services.node.admit import is_record
from services.node.store import Bad
from services.node.testing import MemoryLog, MemoryStore, MemoryWitness, Tables, settled
from services.node.writing import Desk, Draft, Timeline
from tests.simulation.charter import Charter

CONTROL = Timeline("", sealing.NO_CASE)
SYSTEM = Actor("system", "rajut")
BATCH = 24


class SkewedClock:
    """The world's time, as one node's clock shows it."""

    def __init__(self, world: Callable[[], int], skew_ms: int) -> None:
        self._world = world
        self.skew_ms = skew_ms

    def now_ms(self) -> int:
        return self._world() + self.skew_ms


class Stream:
    """What an owner's server keeps for one partner; a wiped one starts again under another name."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.created = 1

    def wipe(self) -> None:
        self.messages.clear()
        self.created += 1


class Log(MemoryLog):
    """A log that may be written by an older version of the directory than the newest one."""

    writes_by = 0

    def desk(self) -> Desk:
        desk = super().desk()
        return desk._replace(directory=self.writes_by or desk.directory)


class Place(NamedTuple):
    """How far a reader is in a partner's stream."""

    created: str
    seq: int


class Node:
    """One agency's node."""

    store_type: type[MemoryStore] = MemoryStore
    witness_type: type[MemoryWitness] = MemoryWitness
    rules: EmergencyRules = LATEST.emergency

    def __init__(self, charter: Charter, agency: str, clock: SkewedClock, rng: Random) -> None:
        self.agency = agency
        self._charter = charter
        self.chain = charter.chain
        self.clock = clock
        self.reader = charter.members[agency].reader
        self.signers = charter.members[agency].signers
        self.store = self.store_type(charter.members[agency].log, charter.chain)
        self.log = Log(self.store, self.signers.__getitem__, charter.chain, clock, rng.randbytes)
        self.log.writes_by = charter.writes_by
        self.witness = self.witness_type(self.log, self.signers.__getitem__, charter.chain)
        self._examined: dict[tuple[int, bytes], Examined] = {}
        self._folded: dict[tuple[tuple[EventId, bool], ...], Case] = {}
        self.streams = {partner: Stream() for partner in charter.members if partner != agency}
        self.up = True
        self.crash()
        self._adopt()

    def crash(self) -> None:
        """Forget what was only in memory."""
        self.said: dict[str, int] = {}
        self._told: dict[str, frozenset[bytes]] = {}
        self.news = True

    def restore(self, backup: Tables) -> None:
        """A new machine, with an older backup of the database and an empty server."""
        self.crash()
        self.store.tables = backup
        for partner in self.streams:
            self.wipe(partner)

    @property
    def mechanism(self) -> Mechanism:
        return LATEST.model_copy(update={"emergency": self.rules})

    @property
    def cases(self) -> list[str]:
        """Cases that this node may read, in the order in which it heard of them."""
        events = (one for one in self.store.tables.events.values() if one.state == "applied" and one.content.case)
        return list(dict.fromkeys(one.content.case for one in events))

    def case(self, case: str) -> Case:
        """A case as this node sees it: folded anew if it holds other events, or in another order, or void ones."""
        events = self.log.load(case).events
        told = tuple((event.id, event.void) for event in events)
        if told not in self._folded:
            self._folded[told] = fold(events, self.mechanism)
        return self._folded[told]

    def now(self) -> str:
        return instant(self.clock.now_ms())

    def admit(self, source: str, messages: Sequence[bytes], place: Place | None = None) -> None:
        """As `services.node.admit.Admission.admit`; the caller holds the transaction."""
        self._write(source, filter(is_record, messages))
        for message in messages:
            if not is_record(message):
                self._hear(source, message)
        if place:
            self.store.tables.links[source] = place

    def recover(self, source: str, messages: Iterable[bytes]) -> None:
        """Take back what a partner holds of our own log, as `services.node.recovery.Recovery`."""
        self._write(source, messages, recovering=True)

    def adopt(self) -> None:
        """Take the version of the directory that is to come; what came by it before was let go, and is fetched."""
        self.store.tables.held = set()
        if self.chain is not self._charter.later:
            self.go_by_later()
            self._adopt()

    def go_by_later(self) -> None:
        """Read and write by the version that is to come."""
        later = self._charter.later
        if later:
            self.chain = self.log._chain = self.witness._chain = later
            self.log.writes_by = later.latest.version
            self.signers = {**self.signers, "triage": self._charter.members[self.agency].next}
            self.log._signer = self.witness._signer = self.signers.__getitem__

    def notarise(self) -> None:
        """Sign, judge and convict, as the timers of `services.node.node` do."""
        self.witness.issue()
        self.witness.review()
        self.witness.gather()

    def position(self, partner: str, stream: Stream) -> int:
        """How many messages of this stream we have dealt with."""
        created, seq = self.store.tables.links.get(partner, Place("", 0))
        return seq if created == str(stream.created) else 0

    def relay(self, partner: str) -> None:
        """Say the next records to a partner, as `services.node.relay.Relay`."""
        stream = self.streams[partner]
        if partner not in self.said:
            self.said[partner] = self._resume(partner, stream)
        records = self.log.outgoing(self.log.log, self.said[partner], self.said[partner] + BATCH)
        stream.messages += [self.deliver(signed, partner).encode() for signed in records]
        self.said[partner] += len(records)
        told = [*self.witness.notes(self.said[partner]), *self.witness.proofs()]
        stream.messages += [note for note in told if note not in self._told.get(partner, ())]
        self._told[partner] = frozenset(told)

    def wipe(self, partner: str) -> None:
        """Lose what is stored for a partner."""
        self.streams[partner].wipe()
        self.said.pop(partner, None)
        self._told.pop(partner, None)

    def answer(self, requester: str, log: str, first: int, last: int) -> list[bytes]:
        """Backfill: records of any log that we hold, and content that the requester may read."""
        return [self.deliver(signed, requester).encode() for signed in self.log.outgoing(log, first, last + 1)[:BATCH]]

    def deliver(self, signed: Signed, reader: str) -> Delivery:
        """One record as a partner gets it."""
        return self.log.delivery(signed, reader)

    def acknowledge(self) -> None:
        """After news, say what we hold."""
        if self.news:
            self.news = False
            self.log.heartbeat()

    def answer_refused(self) -> None:
        """Tell the authors what we refused, each once."""
        for refusal in self.store.unanswered():
            body = RecordRefused(log=refusal.log, seq=refusal.seq, digest=b64(refusal.digest), code=str(refusal.code))
            to = tuple(sorted({self.agency, agency_of(refusal.log)}))
            self.log.append("node", CONTROL, [Draft(body, to, SYSTEM, self.now())])
            self.store.tables.answered.add(refusal.digest)

    def release_clocks(self) -> None:
        """Apply what came from the future, when it has come."""
        settled(self.store.release_clocks(self.clock.now_ms()))

    def _adopt(self) -> None:
        directory = self.chain.version(self.log.desk().directory)
        body = DirectoryAdopted(version=directory.version, digest=b64(directory.digest()))
        self.log.append("node", CONTROL, [Draft(body, tuple(sorted(directory.agencies)), SYSTEM, self.now())])

    def _resume(self, partner: str, stream: Stream) -> int:
        for message in filter(is_record, reversed(stream.messages)):
            with suppress(Rejected, ValueError, KeyError, TypeError):  # the server may hold anything
                return stored(Delivery.decode(message).jws).record.seq + 1
        return self.store.seen_by(self.log.log, self.chain.logs()[partner])

    def _write(self, source: str, messages: Iterable[bytes], *, recovering: bool = False) -> None:
        by_log: dict[str, list[Examined]] = defaultdict(list)
        for message in messages:
            self._judge(source, message, by_log)
        for log, batch in by_log.items():
            known = settled(self.store.known(log, batch))
            now_ms = self.clock.now_ms()
            plan = decide(log, batch, known, reader=self.agency, now_ms=now_ms, recovering=recovering)
            settled(self.store.save(plan))
            self.news = self.news or is_news(plan)

    def _hear(self, source: str, note: bytes) -> None:
        try:
            self.witness.take(note)
        except Rejected as rejected:
            settled(self.store.quarantine(source, [self._bad(source, note, rejected.code)]))

    def _examine(self, message: bytes) -> Examined:
        """The verdict, a function of the bytes and the directories alone: of each message it is found once."""
        place = (self.chain.latest.version, message)
        if place not in self._examined:
            self._examined[place] = examine(Delivery.decode(message), self.chain, self.reader)
        return self._examined[place]

    def _judge(self, source: str, message: bytes, by_log: dict[str, list[Examined]]) -> None:
        try:
            good = self._examine(message)
        except Rejected as rejected:
            settled(self.store.quarantine(source, [self._bad(source, message, rejected.code)]))
        except LaterDirectory:
            self.store.tables.held.add(message)
        else:
            by_log[good.signed.record.log].append(good)

    def _bad(self, source: str, message: bytes, code: Code) -> Bad:
        return Bad(Refusal(sha256(message).digest(), self.chain.logs()[source], 0, code), message)


def applied(node: Node) -> Sequence[bytes]:
    """Events in the order in which a node applied them."""
    return node.store.tables.pointers
