"""Other agencies as a store meets them: their records, as LPSK finds them after examination."""

from random import Random

from contracts.content import Actor, Content, case_name
from contracts.delivery import Delivery, Examined, examine
from contracts.directory import Chain
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc
from contracts.record import EventId, Signed
from services.node.writing import Draft, Timeline, _write_one
from tests.contract.shelves import READER
from tests.simulation.charter import AGENCIES, charter
from tests.simulation.node import Node, SkewedClock
from tests.simulation.officers import opening

NOW = 1_795_312_488_123
HAM, PEREMPUAN, OWN = (charter().members[agency].log for agency in AGENCIES)
KEYS = {case_name(key, HAM): key for key in (bytes([1]) * 32, bytes([2]) * 32)}
CASE, OTHER = KEYS
OFFICER = Actor("petugas", "o-1")


class Author:
    """Another agency, writing what LPSK will read."""

    def __init__(self, agency: str, seed: int = 1) -> None:
        self.node = Node(charter(), agency, SkewedClock(lambda: NOW, 0), Random(seed))

    def open(self, case: str = CASE, to: tuple[str, ...] = AGENCIES) -> Signed:
        """The first event of a case."""
        timeline = Timeline(case, KEYS[case])
        self.node.log.append("intake", timeline, [Draft(opening(self.node.agency, to), to, OFFICER, self.node.now())])
        return self.last

    def say(self, case: str = CASE, to: tuple[str, ...] = AGENCIES) -> Signed:
        """An event that knows of all the author knows."""
        draft = Draft(UrgencyOverridden(level="TINGGI", reason="dilihat"), to, OFFICER, self.node.now())
        self.node.log.append("triage", self.node.log.load(case), [draft])
        return self.last

    def claim(self, *parents: EventId, case: str = CASE, to: tuple[str, ...] = AGENCIES) -> Signed:
        """An event with parents of the author's choice."""
        body = UrgencyOverridden(level="BIASA", reason="palsu")
        content = Content(body.wire_type, case, self.node.now(), OFFICER, to, tuple(sorted(parents)), body.wire())
        desk = self.node.log.desk()
        written = _write_one(desk, self.node.signers["triage"], Timeline(case, KEYS[case]), content)
        self.node.log.keep(desk, [written])
        return self.last

    def turn_back(self) -> Signed:
        """An event from before the one before it."""
        heads, log = self.node.store.tables.heads, self.node.log.log
        heads[log] = heads[log]._replace(hlc=Hlc(0, 0))
        return self.open(OTHER)

    def hear(self, other: "Author") -> None:
        """Read everything that another author has said."""
        signed = other.signed()
        self.node.admit(other.node.agency, [other.node.deliver(one, self.node.agency).encode() for one in signed])

    def signed(self) -> list[Signed]:
        """The whole log."""
        return self.node.log.outgoing(self.node.log.log, 0, 2**40)

    @property
    def last(self) -> Signed:
        """The newest record."""
        return self.signed()[-1]

    def read(self, *signed: Signed) -> list[Examined]:
        """Records as LPSK finds them after examination; without arguments the whole log."""
        return [examined(self.node.deliver(one, READER)) for one in signed or self.signed()]


def examined(delivery: Delivery, chain: Chain | None = None) -> Examined:
    """As LPSK finds a delivery, by the usual directory or another chain of versions."""
    return examine(delivery, chain or charter().chain, charter().members[READER].reader)


def bare(item: Examined) -> Examined:
    """The same record, without its content."""
    return Examined(item.signed)
