"""Officers of one agency at their own machine, in a case that a test tells."""

from datetime import datetime

from contracts.case import Case, fold
from contracts.content import Actor
from contracts.events import Body
from contracts.events.step import StepTaken
from contracts.hlc import Hlc
from contracts.mechanism import LATEST, Mechanism
from contracts.promises.promise import Promise
from contracts.record import EventId
from contracts.timeline import Event, recorded
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.declaration import Machine
from services.protection.mechanisms.machine import Option, check, options, promises, states
from tests.unit.contracts.chronicle import NOW, Chronicle, officer

AFTER = 1_800_000_000_000  # records later than all that is claimed, so that claims hold
Parents = tuple[EventId, ...] | None


class Player:
    """The officers of an agency, and what others say meanwhile."""

    def __init__(
        self, agency: str, story: Chronicle | None = None, machine: Machine | None = None, rules: Mechanism = LATEST
    ) -> None:
        self.agency = agency
        self.story = story or Chronicle()
        self.machine = machine or MACHINES[agency]
        self.rules = rules
        for place, event in enumerate(self.story.events):
            if recorded(event) < datetime.fromisoformat(event.content.time):
                self.story.events[place] = event._replace(hlc=Hlc(AFTER + place, 0))

    @property
    def case(self) -> Case:
        return fold(self.story.events, self.rules)

    @property
    def opened(self) -> Parents:
        """What somebody knows who has heard of the opening alone."""
        return (self.story.events[0].id,)

    def say(
        self,
        body: Body,
        agency: str = "",
        *,
        actor: Actor | None = None,
        private: bool = False,
        parents: Parents = None,
        time: str = NOW,
    ) -> Event:
        """Something said in the case, by the own agency unless another is named."""
        by = agency or self.agency
        to = (by,) if private else ()
        event = self.story.add(by, body, actor=actor or officer(by, body), to=to, parents=parents, time=time)
        self.story.events[-1] = event._replace(hlc=Hlc(AFTER + len(self.story.events), 0))
        return self.story.events[-1]

    def counts(self, event: Event) -> bool:
        return event.id not in self.case.unsupported

    def options(self, region: str) -> dict[str, Option]:
        """The steps that are open in a region, by the state to which they lead."""
        return {one.step.to: one for one in options(self.case, self.machine) if one.region == region}

    def body(self, region: str, state: str, reason: str | None = None) -> StepTaken:
        version = self.machine.version
        return StepTaken(machine=self.machine.agency, version=version, region=region, state=state, reason=reason)

    def step(self, region: str, state: str, *, parents: Parents = None, private: bool = True) -> Event:
        """A step by somebody who may take it, with a reason if one is asked for; checked as the desk does."""
        option = self.options(region)[state]
        body = self.body(region, state, next(iter(option.step.reasons), None))
        check(self.case, self.machine, option.roles[0], body)
        event = self.say(body, actor=Actor(option.roles[0], "o-1"), private=private, parents=parents)
        assert self.counts(event)
        return event

    def walk(self, region: str, path: str) -> None:
        """Step after step; after each the region stands where it led."""
        for state in path.split():
            self.step(region, state)
            assert self.at(region) == state

    def at(self, region: str) -> str:
        """Where a region stands: its state, several in order if officers did not know of each other, "" if nowhere."""
        return " ".join(sorted(stay.state for stay in states(self.case, self.machine)[region]))

    def owed(self, region: str, state: str) -> list[Promise]:
        """What was promised of a state."""
        found = promises(self.case, self.rules, self.machine)
        return [one for one in found if one.subject == f"{region}/{state}"]
