"""Cases with emergency protection in force, told day by day, and every step of what may follow."""

from datetime import UTC, datetime, timedelta

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.ending import (
    DecisionApproved,
    EmergencyEnded,
    EmergencyExtended,
    EndingAcknowledged,
    EndingAnnounced,
    EndingProposed,
    ExtensionProposed,
)
from contracts.events.protection import (
    DeferredItem,
    EmergencyActivated,
    EmergencyApproved,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.events.session import SessionDecided, SessionTabled
from contracts.events.triage import RiskAssessed, Score
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.mechanism.calendar import office_day
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.emergency import papers_due
from tests.unit.contracts.chronicle import AGENCIES, Chronicle, officer, opening

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
OTHERS = ("komnas-ham", "komnas-perempuan")
SEATED = ("p-1", "p-2", "p-3", "p-4")
DUE = "2027-01-08"


class Emergency(Chronicle):
    """A case in which two leaders of the deciding agency have put protection in force."""

    def __init__(self, *, to: tuple[str, ...] = AGENCIES, start: datetime = START) -> None:
        super().__init__(to=to, opened=False)
        self.now = start
        self.say(to[0], opening(to[0], to=to))
        self.active = self.begin()
        items = (
            DeferredItem(code="IDENTITAS", owner="lpsk"),
            DeferredItem(code="KETERANGAN_STATUS", owner=to[0]),
        )
        due_on = papers_due(self.events[-1], LATEST)
        self.listed = self.say("lpsk", RequirementsDeferred(emergency=self.active, items=items, due_on=due_on))
        self.say("lpsk", SessionTabled(emergency=self.active))

    @property
    def state(self) -> str:
        """What is in force of the emergency."""
        return self.case.in_force("emergency")

    def say(
        self, agency: str, body: Body, who: str = "o-1", *, role: str = "", parents: tuple[EventId, ...] | None = None
    ) -> Event:
        """The next event, at the present of the story."""
        actor = Actor(role or officer(agency, body).role, who)
        time = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = self.add(agency, body, actor=actor, parents=parents, time=time)
        self.events[-1] = event._replace(hlc=Hlc(int(self.now.timestamp() * 1000), 0))
        return self.events[-1]

    def counts(self, event: Event) -> bool:
        """Whether an event counts."""
        return event.id not in self.case.unsupported

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)

    def day(self, after: int = 0) -> str:
        """The offices' day, some days from the present."""
        return str(office_day(self.now) + timedelta(days=after))

    def begin(self, parents: tuple[EventId, ...] | None = None) -> str:
        """Put protection in force; the activation's name. Nothing is known but `parents`, if they are given."""
        asked = self.say("komnas-ham", EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), parents=parents)
        proposal, known, votes = b64(asked.id), asked.id, []
        for who in ("p-1", "p-2"):
            body = EmergencyApproved(proposal=proposal)
            known = self.say("lpsk", body, who, role="pimpinan", parents=parents and (known,)).id
            votes.append(b64(known))
        by = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        active = EmergencyActivated(proposal=proposal, approvals=tuple(votes), review_by=by)
        return b64(self.say("lpsk", active, parents=parents and (known,)).id)

    def assess(self, level: str = "RENDAH", *, parents: tuple[EventId, ...] | None = None) -> Event:
        """A complete assessment of the risk, its level given with a reason."""
        rules = LATEST.risk
        threats, vulnerabilities, capacities = (
            tuple(Score(dimension=name, score=1) for name in sorted(names))
            for names in (rules.threats, rules.vulnerabilities, rules.capacities)
        )
        body = RiskAssessed(
            threats=threats,
            vulnerabilities=vulnerabilities,
            capacities=capacities,
            present_threat=False,
            level=level,
            reason="LAINNYA",
            valid_until=self.day(90),
        )
        return self.say("komnas-ham", body, parents=parents)

    def agree(self, decision: Event, who: str = "p-2") -> str:
        """Another leader's approval; its name."""
        return b64(self.say("lpsk", DecisionApproved(decision=b64(decision.id)), who).id)

    def ask_to_extend(self, until: str = "2027-01-29", who: str = "p-1") -> Event:
        """A leader proposes a later deadline."""
        return self.say("lpsk", ExtensionProposed(emergency=self.active, until=until, reason="SURAT_BELUM_TERBIT"), who)

    def extend(self, until: str = "2027-01-29", *, parents: tuple[EventId, ...] | None = None) -> Event:
        """Two leaders extend; what their node says of it."""
        asked = self.ask_to_extend(until)
        yes = self.agree(asked)
        body = EmergencyExtended(extension=b64(asked.id), approvals=(yes,), until=until)
        return self.say("lpsk", body, role="system", parents=parents)

    def ask_to_end(self, risk: Event | None = None, after: int = 7, basis: str = "RISIKO_RENDAH") -> Event:
        """A leader proposes an end on a day."""
        body = EndingProposed(
            emergency=self.active,
            basis=basis,
            risk=b64(risk.id) if risk else None,
            reason="Risiko rendah.",
            exit_plan=("KONTAK_BERKALA",),
            ends_on=self.day(after),
        )
        return self.say("lpsk", body, "p-1")

    def announce(self, asked: Event, *approvals: str) -> Event:
        """The deciding agency tells all of an end that leaders agreed to."""
        day = str(asked.content.body["ends_on"]) if isinstance(asked.content.body, dict) else ""
        return self.say("lpsk", EndingAnnounced(ending=b64(asked.id), approvals=approvals, ends_on=day), role="system")

    def announced(self, *, basis: str = "RISIKO_RENDAH") -> Event:
        """An end that was announced by the book, a week from now."""
        asked = self.ask_to_end(self.assess() if basis == "RISIKO_RENDAH" else None, basis=basis)
        return self.announce(asked, self.agree(asked))

    def hear(self, announced: Event, *agencies: str) -> None:
        """Somebody at these agencies has read it."""
        for agency in agencies:
            self.say(agency, EndingAcknowledged(announcement=b64(announced.id)))

    def end(self, announced: Event, *, parents: tuple[EventId, ...] | None = None) -> Event:
        """A leader lets the end take effect."""
        return self.say("lpsk", EmergencyEnded(announcement=b64(announced.id)), "p-3", parents=parents)

    def sit(
        self, decision: str, until: str | None = None, *, leaders: tuple[str, ...] = SEATED, role: str = ""
    ) -> Event:
        """The secretary records what a session decided."""
        body = SessionDecided(emergency=self.active, decision=decision, leaders=leaders, until=until)
        return self.say("lpsk", body, role=role)
