"""Where an agency's own machine stands in a case, who may take which step, what is promised: from the case's events.

Others' events never name an agency's private steps as their causes, so causes alone do not say which came first.
What the agency itself knew does: an event of the shared case comes before the first own step whose author knew of it.
What arrives late therefore moves the machine on from where it stands, and never undoes a step that was taken.

A step stands as it was taken: that it was open to the officer is checked before it is signed (`check`), under the
declaration of that day. Steps that did not know of each other both stand until one that knows both is taken.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from contracts.case import Case
from contracts.codes import codes
from contracts.content import type_name
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.step import StepOverdue, StepTaken
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.timeline import Event, Past, claimed
from contracts.workflow.rule import Act
from services.protection.mechanisms.declaration import NOT_BEGUN, Limit, Machine, Reaction, Step

STEP = "LANGKAH"


class Stay(NamedTuple):
    """A state in which a region stands or stood: since which event, and until which."""

    region: str
    state: str
    since: Event
    until: Event | None = None


class Option(NamedTuple):
    """A step that is open now, and the roles that may take it in this case."""

    region: str
    step: Step
    roles: tuple[str, ...]


class Deadline(NamedTuple):
    """By when a region is to leave its state, and the limit that says so."""

    at: datetime
    limit: Limit


def stays(case: Case, machine: Machine) -> list[Stay]:
    """Everywhere the machine has been in a case, in the order in which it came there."""
    walk = _Walk(case, machine)
    for act in walk.learned():
        walk.take(act)
    return walk.stays


def states(case: Case, machine: Machine) -> dict[str, list[Stay]]:
    """Where each region stands: nowhere before it has begun, in several states after steps unaware of each other."""
    standing = [stay for stay in stays(case, machine) if stay.until is None]
    return {code: [stay for stay in standing if stay.region == code] for code in machine.regions}


def options(case: Case, machine: Machine) -> list[Option]:
    """Every step that is open to somebody."""
    gender_lens = any(body.gender_lens for _, body in case.of_type(CaseOpened))
    found = []
    for code, standing in states(case, machine).items():
        here = dict.fromkeys(stay.state for stay in standing) or [NOT_BEGUN]
        steps = [step for state in here for step in machine.regions[code].next(state)]
        found += [Option(code, step, step.roles(gender_lens=gender_lens)) for step in steps]
    return found


def allowed(case: Case, machine: Machine, role: str) -> list[Option]:
    """The steps that are open to a role."""
    return [option for option in options(case, machine) if role in option.roles]


def check(case: Case, machine: Machine, role: str, body: StepTaken) -> None:
    """Raise unless an officer in this role may take this step now.

    Rejected(STATE) if it speaks of another machine or version, or no such step leads on from here; Rejected(FORBIDDEN)
    if it is for other roles; Rejected(SCHEMA) if the reason is not one of those that it asks for.
    """
    if (body.machine, body.version) != (machine.agency, machine.version):
        raise Rejected(Code.STATE, "machine")
    named = [one for one in options(case, machine) if (one.region, one.step.to) == (body.region, body.state)]
    if not named:
        raise Rejected(Code.STATE, "state")
    open_to = [one.step for one in named if role in one.roles]
    if not open_to:
        raise Rejected(Code.FORBIDDEN, "role")
    if not any(body.reason in (step.reasons or (None,)) for step in open_to):
        raise Rejected(Code.SCHEMA, "reason")


def deadline(case: Case, machine: Machine, stay: Stay, rules: Mechanism) -> Deadline | None:
    """The earliest limit of a state that applies; None if there is none.

    An urgency that is not known yet, or not to this version, gets the limits of all levels.
    """
    region, urgency = machine.regions.get(stay.region), case.in_force("urgency")
    if region is None or stay.state not in region.states:
        return None
    found = []
    for limit in region.states[stay.state].limits:
        applies = not limit.urgency or urgency in limit.urgency or urgency not in codes("urgency")
        if applies and (due := limit.due(claimed(stay.since), rules, machine.agency)):
            found.append(Deadline(due, limit))
    return min(found, key=lambda one: one.at, default=None)


def overdue(case: Case, machine: Machine) -> list[tuple[datetime, StepOverdue]]:
    """What is to be said, and when, of every state with a limit that is not left yet and of which it was not said."""
    found = []
    said = {body for _, body in case.of_type(StepOverdue)}
    for stay in chain.from_iterable(states(case, machine).values()):
        if due := deadline(case, machine, stay, case.mechanism):
            body = _overdue(machine, stay, due.at)
            found += [(due.at, body)] if body not in said else []
    return found


def _overdue(machine: Machine, stay: Stay, due: datetime) -> StepOverdue:
    return StepOverdue(
        machine=machine.agency,
        version=machine.version,
        region=stay.region,
        state=stay.state,
        source=b64(stay.since.id),
        due=due.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )


def promises(case: Case, rules: Mechanism, machine: Machine) -> Iterator[Promise]:
    """Every limited state is promised to be left in time; none of it moves by itself when it is not."""
    for stay in stays(case, machine):
        if due := deadline(case, machine, stay, rules):
            subject, kept = f"{stay.region}/{stay.state}", stay.until is not None
            yield Promise(STEP, subject, stay.since.id, machine.agency, due.at, kept)


def obliged(case: Case, machine: Machine, stay: Stay) -> list[str]:
    """What a state obliges the agency to say in the shared case and it has not said since."""
    region = machine.regions[stay.region]
    emits = region.states[stay.state].emits if stay.state in region.states else ()
    own = (event for event in case.timeline if event.agency == machine.agency and event.id not in case.unsupported)
    said = {type_name(event.content.type) for event in own if event.hlc > stay.since.hlc}
    return [event for event in emits if event not in said]


class _Walk:
    """The machine on its way through a case."""

    def __init__(self, case: Case, machine: Machine) -> None:
        self.stays: list[Stay] = []
        self._case = case
        self._machine = machine
        self._past = Past(case.timeline)
        self._authors = {b64(event.id): event.agency for event in case.timeline}

    def learned(self) -> Iterator[Act[Body]]:
        """All that counts, in the order in which the agency learned of it."""
        told = [Act(event, self._case.bodies[event.id]) for event in self._counting()]
        waiting = [act for act in told if not self._is_step(act)]
        for step in (act for act in told if self._is_step(act)):
            yield from (act for act in waiting if self._past.has(step.event.id, act.event.id))
            waiting = [act for act in waiting if not self._past.has(step.event.id, act.event.id)]
            yield step
        yield from waiting

    def take(self, act: Act[Body]) -> None:
        """Move on what an act moves."""
        for region, state, left in [*self._moves(act)]:
            self.stays = [stay._replace(until=act.event) if stay in left else stay for stay in self.stays]
            self.stays.append(Stay(region, state, act.event))

    def _counting(self) -> Iterator[Event]:
        unsupported, bodies = self._case.unsupported, self._case.bodies
        return (event for event in self._case.timeline if event.id in bodies and event.id not in unsupported)

    def _is_step(self, act: Act[Body]) -> bool:
        return isinstance(act.body, StepTaken) and act.agency == self._machine.agency

    def _moves(self, act: Act[Body]) -> Iterator[tuple[str, str, list[Stay]]]:
        """Region, the state that it comes to, and where it no longer stands."""
        if isinstance(act.body, StepTaken):
            if self._is_step(act):
                known = [one for one in self._standing(act.body.region) if self._past.has(act.event.id, one.since.id)]
                yield act.body.region, act.body.state, known
            return
        for code, region in self._machine.regions.items():
            standing = self._standing(code)
            here = {stay.state for stay in standing} or {NOT_BEGUN}
            fitting = (one for one in region.reacts if here & {*one.leaves} and self._fits(one, act))
            if reaction := next(fitting, None):
                yield code, reaction.to, [stay for stay in standing if stay.state in reaction.leaves]

    def _standing(self, region: str) -> list[Stay]:
        return [stay for stay in self.stays if stay.region == region and stay.until is None]

    def _fits(self, reaction: Reaction, act: Act[Body]) -> bool:
        if reaction.event != act.body.type or (reaction.own and act.agency != self._machine.agency):
            return False
        if reaction.names_own and self._authors.get(getattr(act.body, reaction.names_own)) != self._machine.agency:
            return False
        return all(getattr(act.body, field) in some for field, some in reaction.where.items())
