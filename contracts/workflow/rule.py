"""What a rule of the workflow looks at, and what it says: does an event count, and what does it decide.

Every event is judged by its own causal past alone, so all nodes judge alike, in whatever order events
arrive. An event that does not count is kept and shown, and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar, cast

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.notify import PromiseMissed
from contracts.mechanism import Mechanism, Permission
from contracts.record import EventId
from contracts.timeline import Event, Past

Kind = TypeVar("Kind", bound=Body)
Said_co = TypeVar("Said_co", bound=Body, covariant=True)


class Act(NamedTuple, Generic[Said_co]):
    """An event with its readable body."""

    event: Event
    body: Said_co

    @property
    def agency(self) -> str:
        """Who published it."""
        return self.event.agency

    @property
    def name(self) -> str:
        """Its id, as bodies name it."""
        return b64(self.event.id)


class Claim(NamedTuple):
    """A value that an event gave a slot."""

    value: str
    event: EventId


Acts = Mapping[EventId, Act[Kind]]
Writes = Iterable[tuple[str, str]]  # slot and value
Owed = Callable[["Known", PromiseMissed], datetime | None]  # when what is called missed was due; None: not owed


class History:
    """What a case tells so far, filled in causal order: the events, those that count, and what they decided."""

    def __init__(self, timeline: Sequence[Event], bodies: Mapping[EventId, Body], rules: Mechanism, owed: Owed) -> None:
        """Of a timeline with nothing judged yet. `owed` looks at what a case promises, which rests on these rules."""
        self.timeline = timeline
        self.owed = owed
        self.counted: set[EventId] = set()
        self.past = Past(timeline)
        self.bodies = bodies
        self.rules = rules
        self._roots = [event for event in timeline if not event.content.parents]
        self._openings = {event.id for event in openings(timeline, bodies)}
        self._counting: dict[type[Body], dict[EventId, Act[Body]]] = {}
        self._claims: dict[str, list[Claim]] = {}

    def add(self, act: Act[Body], writes: Writes) -> None:
        """An act that counts, and what it decides."""
        self.counted.add(act.event.id)
        self._counting.setdefault(type(act.body), {})[act.event.id] = act
        for slot, value in writes:
            self._claims.setdefault(slot, []).append(Claim(value, act.event.id))

    def known_to(self, event: EventId) -> "Known":
        """What the author of an event knew."""
        return Known(self, event)

    def slots(self, knows: Callable[[EventId], bool] = lambda _: True) -> dict[str, tuple[Claim, ...]]:
        """The decisions that no later one replaced, by slot, among the events that somebody knows."""
        known = {slot: [claim for claim in claims if knows(claim.event)] for slot, claims in self._claims.items()}
        return {slot: self.standing(claims) for slot, claims in known.items() if claims}

    def standing(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Those claims that none of the others knew of. Most were known to the last, so that is asked first."""
        last_first = claims[::-1]
        return tuple(one for one in claims if not any(self.past.has(other.event, one.event) for other in last_first))

    def claims(self, slot: str) -> Sequence[Claim]:
        """All that was ever decided on a matter."""
        return self._claims.get(slot, ())

    def counting(self, kind: type[Kind]) -> Acts[Kind]:
        """The acts of one kind that count."""
        return cast("Acts[Kind]", self._counting.get(kind, {}))  # which holds what `add` filed under that kind

    def opens(self, event: EventId) -> bool:
        """Whether an opening is the one with which the case begins."""
        return event in self._openings

    def begun_by(self, knows: Callable[[EventId], bool]) -> AbstractSet[str]:
        """Who began the case, among the events that somebody knows."""
        return {root.agency for root in self._roots if knows(root.id)}


class Known:
    """What the author of one event knew when writing it."""

    def __init__(self, history: History, event: EventId) -> None:
        """The part of `history` that lies in the causal past of `event`."""
        self._history = history
        self._event = event
        self.rules = history.rules

    def of(self, kind: type[Kind]) -> Acts[Kind]:
        """The counting acts of one kind, in causal order."""
        return {id_: act for id_, act in self._history.counting(kind).items() if self.has(id_)}

    def acts(self, kind: type[Kind]) -> list[Act[Kind]]:
        """As `of`, without their names."""
        return list(self.of(kind).values())

    def named(self, name: str, kind: type[Kind]) -> Act[Kind] | None:
        """The counting act of this kind with this id in base64url; None if the author knew of none."""
        return next((act for act in self.of(kind).values() if act.name == name), None)

    def events(self) -> Iterable[Event]:
        """Every event, also those that do not count or cannot be read by this version."""
        return (event for event in self._history.timeline if self.has(event.id))

    def event(self, name: str) -> Event | None:
        """The event with this id in base64url; None if the author knew of none."""
        return next((event for event in self.events() if b64(event.id) == name), None)

    def standing(self, slot: str) -> tuple[Claim, ...]:
        """The decisions on a matter that stood, as far as the author knew."""
        return self._history.standing([claim for claim in self._history.claims(slot) if self.has(claim.event)])

    def value(self, slot: str) -> str:
        """What was in force on a matter, as far as the author knew; "" if nothing was."""
        return in_force(slot, self.standing(slot), self.rules)

    def slots(self) -> Mapping[str, tuple[Claim, ...]]:
        """The decisions that stood, by slot, as far as the author knew."""
        return self._history.slots(self.has)

    def unsupported(self) -> frozenset[EventId]:
        """The readable events that do not count."""
        return frozenset(self.bodies().keys() - self._history.counted)

    def owed(self, missed: PromiseMissed) -> datetime | None:
        """When a promise was due that was not kept, as far as the author knew; None if there was no such promise."""
        return self._history.owed(self, missed)

    def bodies(self) -> Mapping[EventId, Body]:
        """Every readable body, also of events that do not count."""
        return {id_: body for id_, body in self._history.bodies.items() if self.has(id_)}

    @property
    def begun(self) -> AbstractSet[str]:
        """The agency whose event stands at the beginning, also when that is erased or is the author's own event."""
        return self._history.begun_by(lambda root: root == self._event or self.has(root))

    @property
    def opens(self) -> bool:
        """Whether this is the opening with which the case begins."""
        return self._history.opens(self._event)

    def has(self, other: EventId) -> bool:
        """Whether the author knew of an event."""
        return self._history.past.has(self._event, other)

    def informed(self, later: EventId, earlier: EventId) -> bool:
        """Whether the author of `later`, an event that this author knew of, knew of `earlier`."""
        return self._history.past.has(later, earlier)


class Told(Protocol):
    """A case, as a whole or as far as an author knew."""

    def acts(self, kind: type[Kind]) -> list[Act[Kind]]:
        """Every act of one kind that counts."""
        ...


def openings(timeline: Sequence[Event], bodies: Mapping[EventId, Body]) -> list[Event]:
    """Of each log in which the case begins, the opening with the lowest place: where cases begin only the opener's.

    Clocks and order of arrival decide nothing here, so a log that has gone on can begin no case anew.
    """
    begun = {event.log for event in timeline if not event.content.parents}
    told = (event for event in timeline if isinstance(bodies.get(event.id), CaseOpened))
    from_last = sorted((one for one in told if one.log in begun and not one.void), key=lambda one: -one.seq)
    return [*{event.log: event for event in from_last}.values()]


def always(_act: Act[Body], _known: Known) -> bool:
    """Counts whatever came before."""
    return True


def nothing(_act: Act[Body], _known: Known) -> Writes:
    """Decides nothing."""
    return ()


class Rule(NamedTuple):
    """How events of one type are judged; made by `rule`."""

    kind: type[Body]
    permission: Permission | None  # which the role of the author needs at its agency
    counts: Callable[[Act[Body], Known], bool]
    writes: Callable[[Act[Body], Known], Writes]

    def permits(self, agency: str, role: str, rules: Mechanism) -> bool:
        """Whether a role of an agency may say such a thing at all."""
        return self.permission is None or rules.may(agency, role, self.permission)

    def bears_out(self, act: Act[Body], known: Known) -> bool:
        """Whether the author may say it, and what the author knew bears it out."""
        return self.permits(act.agency, act.event.content.actor.role, known.rules) and self.counts(act, known)


Graver = Callable[[Act[Body], Known], bool]
"""Whether an act decides something more than others of its type."""


def adding(judged: Rule, more: Callable[[Act[Body], Known], Writes]) -> Rule:
    """The same rule, for acts that decide something more."""
    return judged._replace(writes=lambda act, known: [*judged.writes(act, known), *more(act, known)])


def rule(
    kind: type[Kind],
    permission: Permission | None = None,
    *,
    counts: Callable[[Act[Kind], Known], bool] = always,
    writes: Callable[[Act[Kind], Known], Writes] = nothing,
) -> Rule:
    """The rule for one type of event: without more said, anybody may say it, and it decides nothing."""
    judged = cast("Callable[[Act[Body], Known], bool]", counts)  # rules are found by their kind
    written = cast("Callable[[Act[Body], Known], Writes]", writes)
    return Rule(kind, permission, judged, written)


# Where decisions collide, the later entry is in force: it protects more. Of `a/b` the part before the stroke counts.
PROTECTIVE: Mapping[str, Sequence[str]] = {
    "urgency": ("BIASA", "TINGGI", "MENDESAK", "KRITIS"),
    "status": ("DITOLAK", "DIBANDING", "BELUM_DINILAI", "SEMENTARA", "TERVERIFIKASI"),
    "emergency": ("DECLINED", "ENDED", "PROPOSED", "ACTIVE"),
    "requirement": ("WAIVED", "FULFILLED"),  # above any owner, for whom it still waits
    "ending": ("ENDED", "ANNOUNCED", "WITHDRAWN"),
    "handover": ("ACCEPTED", "OFFERED", "DECLINED"),  # what is not surely taken over stays where it is
    "session": (
        "DITOLAK",
        "PENGHENTIAN",
        "PENGURANGAN",
        "TABLED",
        "REKOMENDASI",
        "DITERIMA",
        "PENAMBAHAN",
        "PERPANJANGAN",
    ),
    "risk": ("RENDAH", "SEDANG", "TINGGI", "EKSTREM"),
    # That the person is no subject takes nothing away, and asks the plan for a measure by somebody else.
    "eligibility": ("BELUM_DITENTUKAN", "AHLI", "PELAPOR", "SAKSI", "KORBAN", "SAKSI_PELAKU", "TIDAK_MEMENUHI"),
    "referral": ("SENT", "UNANSWERED", "ACCEPTED", "COMPLETED", "DECLINED", "FAILED", "WITHDRAWN"),
    "consent": ("WITHDRAWN",),
    "disclosure": ("WITHDRAWN",),
    "duplicate": ("DISMISSED", "OPEN", "LINKED"),
    "recognition": ("DIAKUI", "DISANGGAH"),
    "review": ("RENDAH", "SEDANG", "TINGGI", "EKSTREM"),
    "measure": ("COMPLETED", "STARTED", "FAILED"),
    "wish": ("WANTED", "UNWANTED"),  # nobody is protected against their word
    "closure": ("CLOSED", "PROPOSED", "OPEN"),
}


def in_force(slot: str, standing: Sequence[Claim], rules: Mechanism) -> str:
    """The value that holds: the only one, or the most protective of those in conflict; "" if there is none.

    Who leads is no matter of more or less protection: of several the rules' rank decides, the same at every node.
    """
    rank = rules.lead.rank[::-1] if slot == "lead" else PROTECTIVE.get(slot.partition("/")[0], ())
    values = [claim.value for claim in standing]
    return max(values, key=lambda value: (rank.index(value) if value in rank else -1, value), default="")
