"""Cases written by hand: events with the place, parents and author that a test wants, and no signatures."""

from hashlib import sha256

from contracts.case import Case, fold, heads
from contracts.content import Actor, Content
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
)
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow import rule_for

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
NOW = "2026-11-22T01:54:48.123Z"
CASE_ID = "0" * 26


def opening(
    received_by: str = "komnas-ham", *, gender_lens: bool = False, to: tuple[str, ...] = AGENCIES
) -> CaseOpened:
    return CaseOpened(
        received_by=received_by,
        channel="walk_in",
        activities=("PELIPUTAN",),
        issues=("JURNALIS",),
        forms=("ANCAMAN",),
        gendered_forms=(),
        domains=(),
        violence=(),
        actors=(),
        requested=(),
        gender_lens=gender_lens,
        people_to_protect=0,
        latest_incident_on="2026-11-20",
        participants=to,
        mechanism=1,
    )


def officer(agency: str, body: Body) -> Actor:
    """Somebody at this agency who may say this, or anybody if nobody there may."""
    needed = rule_for(type(body)).permission
    roles = LATEST.agencies[agency].permissions[needed] if needed and agency in LATEST.agencies else ()
    return Actor(next(iter(roles), "petugas"), "o-1")


class Chronicle:
    """A case in the making."""

    def __init__(self, *, gender_lens: bool = False, to: tuple[str, ...] = AGENCIES, opened: bool = True) -> None:
        self.to = to
        self.events: list[Event] = []
        if opened:
            self.add(to[0], opening(to[0], gender_lens=gender_lens, to=to))

    @property
    def case(self) -> Case:
        return fold(self.events, LATEST)

    def add(
        self,
        agency: str,
        body: Body,
        *,
        actor: Actor | None = None,
        to: tuple[str, ...] = (),
        parents: tuple[EventId, ...] | None = None,
        tick: int = 1,
        time: str = NOW,
    ) -> Event:
        """The next event; it knows of everything before it unless `parents` says otherwise."""
        to, actor = to or self.to, actor or officer(agency, body)
        cited = heads(self.events, to) if parents is None else tuple(sorted(parents))
        latest = max((event.hlc.ms for event in self.events if event.id in cited), default=0)
        content = Content(body.wire_type, CASE_ID, time, actor, to, cited, body.wire())
        seq = sum(event.agency == agency for event in self.events)
        id_ = EventId(sha256(f"{agency}/{seq}/{content}".encode()).digest())
        event = Event(id_, f"rajut.example/{agency}/1", seq, Hlc(latest + tick, 0), content)
        self.events.append(event)
        return event

    def propose(self, agency: str = "komnas-ham", *, actor: Actor | None = None) -> str:
        """A proposal; its name."""
        return b64(self.add(agency, EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), actor=actor).id)

    def approve(self, proposal: str, leader: str, *, parents: tuple[EventId, ...] | None = None) -> str:
        """A leader's yes; its name."""
        body = EmergencyApproved(proposal=proposal)
        return b64(self.add("lpsk", body, actor=Actor("pimpinan", leader), parents=parents).id)

    def refuse(self, proposal: str, leader: str) -> str:
        """A leader's no; its name."""
        body = EmergencyRefused(proposal=proposal, reason="DASAR_TIDAK_TERPENUHI")
        return b64(self.add("lpsk", body, actor=Actor("pimpinan", leader)).id)

    def activate(self, proposal: str, *approvals: str, agency: str = "lpsk") -> Event:
        """A claim that protection is in force."""
        body = EmergencyActivated(proposal=proposal, approvals=approvals, review_by="2026-11-29T01:54:48.123Z")
        return self.add(agency, body)

    def decline(self, proposal: str, *refusals: str, agency: str = "lpsk") -> Event:
        """A claim that the approvals can no longer be reached."""
        body = EmergencyDeclined(proposal=proposal, refusals=refusals, reason="PERSETUJUAN_TIDAK_TERCAPAI")
        return self.add(agency, body)
