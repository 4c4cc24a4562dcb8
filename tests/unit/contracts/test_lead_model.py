"""Every order in which three agencies may speak and hear: one lead in each view, the same once all have heard all."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.case import Case, digest, fold
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.lead import Attempt, DecisionConfirmed, LeadAccepted, LeadClaimed, LeadOffered, LeadSupported
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, TRIED, in_emergency

KRITIS = UrgencyOverridden(level="KRITIS", reason="x")


class World:
    """Three agencies that hear of each other's events only when they are told; each says what an honest desk allows."""

    def __init__(self) -> None:
        """All know of a case that Komnas HAM leads, with an emergency."""
        self.case = in_emergency()
        everything = frozenset(event.id for event in self.case.events)
        self.heard: dict[str, frozenset[EventId]] = dict.fromkeys(AGENCIES, everything)

    def view(self, agency: str) -> Case:
        """The case as one agency knows it."""
        return fold(self._known(agency), LATEST)

    def act(self, agency: str, move: str) -> bool:
        """Say this, if the agency's own desk lets it; whether it did."""
        body = self._body(agency, move)
        if body is None:
            return False
        known = self._known(agency)
        cited = {parent for event in known for parent in event.content.parents}
        event = self.case.say(agency, body, knows=tuple(one for one in known if one.id not in cited))
        if event.id in fold([*known, event], LATEST).unsupported:
            self.case.events.pop()
            return False
        self.heard[agency] |= {event.id}
        return True

    def hear(self, sender: str, reader: str) -> None:
        """One agency hears all that another knows."""
        self.heard[reader] |= self.heard[sender]

    def tell(self, *group: str) -> None:
        """These agencies hear all that any of them knows."""
        together = frozenset[EventId]().union(*(self.heard[agency] for agency in group))
        self.heard |= dict.fromkeys(group, together)

    def _known(self, agency: str) -> list[Event]:
        return [event for event in self.case.events if event.id in self.heard[agency]]

    def _body(self, agency: str, move: str) -> Body | None:
        view = self.view(agency)
        lead, standing = view.in_force("lead"), view.slots["lead"]
        what, _, to = move.partition(" ")
        match what:
            case "offer":
                return LeadOffered(to=to, reason="LAINNYA")
            case "accept":
                named = [event for event, body in view.of_type(LeadOffered) if body.to == agency]
                return LeadAccepted(offer=b64(named[-1].id)) if named else None
            case "claim":
                return LeadClaimed(replaces=lead, tried=(Attempt(channel="phone", at=TRIED),))
            case "support":
                named = [event for event, _ in view.of_type(LeadClaimed) if event.agency == to]
                return LeadSupported(claim=b64(named[-1].id)) if named else None
            case _:
                made = [claim.event for claim in standing if claim.value == agency and len(standing) > 1]
                return DecisionConfirmed(decision=b64(made[0])) if made else None


MOVES = ("accept", "claim", "confirm", *(f"{what} {to}" for what in ("offer", "support") for to in AGENCIES))
# What each agency means to say, in its order, and who is told all that another knows: once, at any moment.
SCRIPTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "two offers, two acceptances": {
        HAM: ("offer lpsk", "offer komnas-perempuan"),
        LPSK: ("accept",),
        PEREMPUAN: ("accept",),
        f"{HAM}>{LPSK}": ("tell",),
        f"{HAM}>{PEREMPUAN}": ("tell",),
    },
    "two take-overs": {
        PEREMPUAN: ("claim", "support lpsk"),
        LPSK: ("claim", "support komnas-perempuan"),
        f"{LPSK}>{PEREMPUAN}": ("tell",),
        f"{PEREMPUAN}>{LPSK}": ("tell",),
    },
    "an offer and a take-over": {
        HAM: ("offer lpsk",),
        LPSK: ("accept", "support komnas-perempuan"),
        PEREMPUAN: ("claim",),
        f"{HAM}>{LPSK}": ("tell",),
        f"{PEREMPUAN}>{LPSK}": ("tell",),
    },
}


def has_one_lead(world: World) -> None:
    """What holds in every view, at every moment: an agency leads that has said so, and no view is without one."""
    for agency in AGENCIES:
        view = world.view(agency)
        assert view.in_force("lead") in {event.agency for event in view.timeline}


def agrees(world: World) -> bool:
    """What holds once everybody has heard everything: one lead, one digest, and what a desk allowed counts."""
    world.tell(*AGENCIES)
    view = world.view(HAM)
    backwards = fold(reversed(view.timeline), LATEST)
    assert backwards.in_force("lead") == view.in_force("lead") in AGENCIES
    assert digest(backwards, LATEST) == digest(view, LATEST)
    assert not view.unsupported
    return bool(view.conflicts)


def interleavings(scripts: Mapping[str, Sequence[str]]) -> Iterator[list[tuple[str, str]]]:
    """Every order of all steps that keeps each script's own order."""
    if not any(scripts.values()):
        yield []
    for name, steps in scripts.items():
        if steps:
            for rest in interleavings({**scripts, name: steps[1:]}):
                yield [(name, steps[0]), *rest]


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_order_of_a_short_story_ends_with_one_lead(name: str) -> None:
    """Exhaustive: whoever speaks first and whoever hears when; what a desk does not allow then is not said."""
    told = conflicts = 0
    for story in interleavings(SCRIPTS[name]):
        world = World()
        for who, step in story:
            if step == "tell":
                world.hear(*who.split(">"))
            else:
                world.act(who, step)
            has_one_lead(world)
        told += 1
        conflicts += agrees(world)
    assert told >= 180
    assert (conflicts > 0) is name.startswith("two")


class Handover(RuleBasedStateMachine):
    """Agencies act and are cut off at random, for longer than the exhaustive test can look."""

    def __init__(self) -> None:
        """Begin where everybody knows of the case."""
        super().__init__()
        self.world = World()

    @rule(agency=st.sampled_from(AGENCIES), move=st.sampled_from(MOVES))
    def act(self, agency: str, move: str) -> None:
        """Somebody says something."""
        self.world.act(agency, move)

    @rule(sender=st.sampled_from(AGENCIES), reader=st.sampled_from(AGENCIES))
    def hear(self, sender: str, reader: str) -> None:
        """What one agency knows reaches another."""
        self.world.hear(sender, reader)

    @rule(agency=st.sampled_from(AGENCIES))
    def work(self, agency: str) -> None:
        """Somebody protects: nothing of that waits for a lead."""
        before = len(self.world.case.events)
        known = [event for event in self.world.case.events if event.id in self.world.heard[agency]]
        cited = {parent for event in known for parent in event.content.parents}
        said = self.world.case.say(agency, KRITIS, at=TRIED, knows=tuple(one for one in known if one.id not in cited))
        self.world.heard[agency] |= {said.id}
        assert len(self.world.case.events) == before + 1
        assert said.id not in self.world.view(agency).unsupported

    @invariant()
    def one_lead(self) -> None:
        """Never none, never two."""
        has_one_lead(self.world)

    def teardown(self) -> None:
        """In the end all are connected."""
        agrees(self.world)


Handover.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestHandover = Handover.TestCase
