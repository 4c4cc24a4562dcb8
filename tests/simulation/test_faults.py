"""The simulation can fail: each of these nodes breaks one rule, and is found out by the promise it breaks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from contracts import sealing
from contracts.case import Case
from contracts.delivery import Delivery, Examined
from contracts.mechanism import LATEST
from contracts.merkle import Tree
from contracts.note import Checkpoint
from contracts.record import EventId, Signed
from services.node.admission import Known, Plan
from services.node.testing import Gap, MemoryStore, MemoryWitness
from tests.simulation.charter import AGENCIES
from tests.simulation.liar import Liar
from tests.simulation.lost import Lost
from tests.simulation.node import Node, Place
from tests.simulation.seeds import first_broken
from tests.simulation.world import World


class LastWriterWins(Node):
    """Of two decisions made without knowledge of each other it keeps the one with the later clock."""

    def case(self, case: str) -> Case:
        told = super().case(case)
        clocks = {event.id: (event.hlc, event.id) for event in told.timeline}
        last = {slot: (max(claims, key=lambda claim: clocks[claim.event]),) for slot, claims in told.slots.items()}
        return told._replace(slots=last)


class _ImpatientStore(MemoryStore):
    async def save(self, plan: Plan) -> Sequence[EventId]:
        hasty = [one._replace(state="applied") if one.state == "waiting" else one for one in plan.arrivals]
        return await super().save(plan._replace(arrivals=hasty))


class Impatient(Node):
    """It applies events without waiting for what they refer to."""

    store_type = _ImpatientStore


class _IndulgentStore(MemoryStore):
    async def save(self, plan: Plan) -> Sequence[EventId]:
        lax = [one._replace(state="applied") if one.state == "refused" else one for one in plan.arrivals]
        return await super().save(plan._replace(arrivals=lax, refusals=[]))


class Indulgent(Node):
    """It applies events whose parents are of another case or hidden from some of their readers."""

    store_type = _IndulgentStore


class _GullibleStore(MemoryStore):
    async def save(self, plan: Plan) -> Sequence[EventId]:
        if plan.records:
            last = max(plan.records, key=lambda signed: signed.record.seq)
            head = plan.head._replace(tree=Tree(last.record.seq + 1, plan.head.tree.peaks), last=last.id)
            plan = plan._replace(head=head)
        return await super().save(plan)


class Gullible(Node):
    """It takes the sender's latest record for the head of the log."""

    store_type = _GullibleStore


class _ForgetfulStore(MemoryStore):
    async def known(self, log: str, batch: Sequence[Examined]) -> Known:
        return (await super().known(log, batch))._replace(readable=frozenset())


class Forgetful(Node):
    """It does not know what it has applied already."""

    store_type = _ForgetfulStore


class _IncuriousStore(MemoryStore):
    def holes(self) -> list[Gap]:
        return []


class Incurious(Node):
    """It never asks for what is missing."""

    store_type = _IncuriousStore


class _CarelessStore(MemoryStore):
    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.begun = [*getattr(self, "begun", []), self.snapshot()][-2:]  # the last one, and the one before
        with super().transaction():
            yield


class Careless(Node):
    """Its disk loses the last commit when the node dies."""

    store_type = _CarelessStore

    def crash(self) -> None:
        super().crash()
        self.store.tables = getattr(self.store, "begun", [self.store.tables])[0]


class Talkative(Node):
    """It sends content to whoever asks, with a key to open it."""

    def deliver(self, signed: Signed, reader: str) -> Delivery:
        content = self.store.tables.contents.get(signed.id)
        if content is None:
            return Delivery(signed.jws)
        public = self.chain.sealing_key(signed.record.dir, reader)
        return Delivery(signed.jws, sealing.wrap(content.key, public, signed.id, reader), content.blob)


class Hasty(Node):
    """One leader is enough for it."""

    rules = LATEST.emergency.model_copy(update={"approvals": 1})


class Chatty(Node):
    """It acknowledges even acknowledgements."""

    def admit(self, source: str, messages: Sequence[bytes], place: Place | None = None) -> None:
        super().admit(source, messages, place)
        self.news = True


class Boastful(Node):
    """It says that it has verified what it has only heard of."""

    def acknowledge(self) -> None:
        heads = self.store.tables.heads
        held = dict(heads)
        for log, head in held.items():
            heads[log] = head._replace(tree=head.tree._replace(size=head.highest))
        super().acknowledge()
        heads.update({log: head for log, head in held.items() if log != self.log.log})


class Unmoved(Node):
    """One of them never takes a later version of the directory."""

    def adopt(self) -> None:
        if self.agency != AGENCIES[0]:
            super().adopt()


class _CredulousWitness(MemoryWitness):
    def _compare(self, log: str) -> None:
        for told, kept in self.tables.checkpoints.items():
            if told.log == log and told.size <= self.tables.heads[log].size:
                self.tables.checkpoints[told] = kept._replace(agrees=True)


class Credulous(Node):
    """It cosigns without comparing with its own copy."""

    witness_type = _CredulousWitness


class _SilentWitness(MemoryWitness):
    def proofs(self) -> list[bytes]:
        return []

    def gather(self) -> None:
        return


class Silent(Node):
    """It makes no proof of a fork and passes none on."""

    witness_type = _SilentWitness


class _StubbornWitness(MemoryWitness):
    def _to_cosign(self, log: str) -> Checkpoint | None:  # noqa: ARG002  as the one it replaces
        return None


class Stubborn(Node):
    """It never cosigns anything."""

    witness_type = _StubbornWitness


class _FickleWitness(MemoryWitness):
    def review(self) -> None:
        self.tables.cosignatures.clear()
        super().review()


class Fickle(Node):
    """It forgets who has cosigned what."""

    witness_type = _FickleWitness


class _HeedlessStore(MemoryStore):
    def is_behind(self) -> bool:
        return False


class Heedless(Node):
    """It writes on after a restored backup, whatever others hold of its log."""

    store_type = _HeedlessStore


@pytest.mark.parametrize(
    ("world", "kind", "promises"),
    [
        (Liar, Credulous, {"cosigned", "proof"}),
        (Liar, Silent, {"proof"}),
        (World, Stubborn, {"confirmed"}),
        (World, Fickle, {"level"}),
        (Lost, Heedless, {"prefix", "forked", "seen"}),
    ],
)
def test_a_witness_that_breaks_a_rule_is_found_out(
    world: Callable[..., World], kind: type[Node], promises: set[str]
) -> None:
    """Each rule about logs matters: who compares nothing, proves nothing or writes after a restore is noticed."""
    assert first_broken(partial(world, kind=kind)).split(":")[0] in promises


@pytest.mark.parametrize(
    ("kind", "promises"),
    [
        (LastWriterWins, {"conflict"}),
        (Impatient, {"parents", "early"}),
        (Indulgent, {"rogue", "parents", "refused"}),
        (Gullible, {"prefix"}),
        (Forgetful, {"twice"}),
        (Incurious, {"lost"}),
        (Careless, {"prefix", "lost"}),
        (Talkative, {"reader"}),
        (Hasty, {"leaders"}),
        (Chatty, {"rest"}),
        (Boastful, {"seen"}),
        (Unmoved, {"lost"}),
    ],
)
def test_a_node_that_breaks_a_rule_is_found_out(kind: type[Node], promises: set[str]) -> None:
    """Each rule matters: nodes without it break a promise that the simulation checks, and it says which."""
    assert first_broken(partial(World, kind=kind)).split(":")[0] in promises
