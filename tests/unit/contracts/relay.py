"""A case about its lead: three agencies, an emergency, and times that a test may choose."""

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.lead import Attempt, LeadAccepted, LeadClaimed, LeadDeclined, LeadOffered, LeadSupported
from contracts.mechanism import LATEST, Permission
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow import rule_for
from tests.unit.contracts.chronicle import Chronicle

HAM, PEREMPUAN, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
TRIED = "2026-11-22T00:00:00.000Z"
SILENT = "2026-11-22T02:00:00.000Z"  # two hours later: as long as the mechanism asks
NEXT = 1_800_000_000_000  # far enough for the record of an event to be later than all that is claimed


def speaker(agency: str, kind: type[Body]) -> Actor:
    """An officer of an agency who may say this kind of thing."""
    needed = rule_for(kind).permission
    role = next(iter(LATEST.agencies[agency].permissions[needed])) if needed else "petugas"
    return Actor(role, f"{agency}-1")


class Relay(Chronicle):
    """A case, opened by the first of `to`, in which the lead goes from hand to hand."""

    def say(self, agency: str, body: Body, *, at: str = SILENT, knows: tuple[Event, ...] | None = None) -> Event:
        """Something said by an officer who may; claimed to be at a time, knowing of some events or of all."""
        parents = None if knows is None else tuple(event.id for event in knows)
        latest = max((event.hlc.ms for event in (self.events if knows is None else knows)), default=0)
        tick = NEXT if latest < NEXT else 1
        event = self.add(agency, body, actor=speaker(agency, type(body)), parents=parents, tick=tick)
        event = event._replace(content=event.content._replace(time=at))
        self.events[-1] = event
        return event

    def emergency(self, agency: str = LPSK, *, at: str = "2026-11-21T23:00:00.000Z") -> Event:
        """Somebody asks for emergency protection."""
        self.propose(agency, actor=Actor(LATEST.agencies[agency].permissions[Permission.PROPOSE_EMERGENCY][0], "o-9"))
        self.events[-1] = self.events[-1]._replace(content=self.events[-1].content._replace(time=at))
        return self.events[-1]

    def offer(self, agency: str, to: str, *, knows: tuple[Event, ...] | None = None) -> Event:
        return self.say(agency, LeadOffered(to=to, reason="PELINDUNGAN_FISIK"), knows=knows)

    def accept(self, agency: str, offer: Event, *, knows: tuple[Event, ...] | None = None) -> Event:
        return self.say(agency, LeadAccepted(offer=b64(offer.id)), knows=knows)

    def turn_down(self, agency: str, offer: Event, *, knows: tuple[Event, ...] | None = None) -> Event:
        return self.say(agency, LeadDeclined(offer=b64(offer.id), reason="TANPA_KAPASITAS"), knows=knows)

    def claim(self, agency: str, replaces: str, *, knows: tuple[Event, ...] | None = None) -> Event:
        body = LeadClaimed(replaces=replaces, tried=(Attempt(channel="phone", at=TRIED),))
        return self.say(agency, body, knows=knows)

    def support(self, agency: str, claim: Event, *, knows: tuple[Event, ...] | None = None) -> Event:
        return self.say(agency, LeadSupported(claim=b64(claim.id)), knows=knows)

    @property
    def lead(self) -> str:
        """Who leads, for somebody who has heard everything."""
        return self.case.in_force("lead")

    def counts(self, event: Event) -> bool:
        """Whether what was said counts."""
        return event.id not in self.case.unsupported

    def past(self, *ids: EventId) -> list[Event]:
        """The events with these ids and all that their authors knew."""
        known, todo = set(ids), [*ids]
        by_id = {event.id: event for event in self.events}
        while todo:
            new = set(by_id[todo.pop()].content.parents) - known
            known |= new
            todo += new
        return [event for event in self.events if event.id in known]


def in_emergency() -> Relay:
    """A case that Komnas HAM leads, with an emergency."""
    case = Relay()
    case.emergency()
    return case
