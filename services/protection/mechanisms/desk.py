"""The own mechanism at the desk: officers take steps, and see where it stands and what is open to whom by when."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.step import StepTaken
from contracts.hlc import instant
from contracts.mechanism import Permission
from contracts.timeline import claimed
from services.node import acts
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import Act, Moment
from services.node.http import Answer
from services.node.service import Desk
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.declaration import Label, Machine
from services.protection.mechanisms.machine import Option, Stay, check, deadline, obliged, options, states


class Due(Answer):
    """By when a state is to be left, and where that comes from."""

    at: str
    basis: str
    unverified: bool


class Place(Answer):
    """A state in which a region stands."""

    state: str
    name: Label | None  # None for a state that this version no longer has
    since: str
    event: str
    end: bool
    due: Due | None = None
    next_acts: list[str]  # types of events that the state may oblige to in the shared case, not said since


class Choice(Answer):
    """A step that is open: to which roles, whether to the reader's, and with which reasons, if any is asked for."""

    state: str
    name: Label
    roles: list[str]
    yours: bool
    reasons: Mapping[str, Label]
    caution: Label | None = None


class Part(Answer):
    """A region: several places at once are steps that did not know of each other, and wait for one that does."""

    region: str
    name: Label
    places: list[Place]
    choices: list[Choice]


class Steps(Answer):
    """Where the agency's own mechanism stands in a case."""

    machine: str
    version: int
    regions: list[Part]


def machine_of(agency: str, machines: Mapping[str, Machine] = MACHINES) -> Machine:
    """The machine that an agency has declared; Rejected(NOT_FOUND) if it has none."""
    if agency not in machines:
        raise Rejected(Code.NOT_FOUND, "machine")
    return machines[agency]


def check_step(moment: Moment, body: StepTaken) -> None:
    """Raise as `machine.check`, and Rejected(NOT_FOUND) where the agency has declared no machine."""
    check(moment.case, machine_of(moment.agency), moment.actor.role, body)


ACTS = (Act("steps", StepTaken, "Take a step in the own mechanism", check_step, private=True, coded=False),)


def shown(case: Case, machine: Machine, role: str) -> Steps:
    """A machine in a case as an officer in this role sees it, deadlines by the calendar that the case names."""
    open_now = options(case, machine)
    standing = states(case, machine)
    place = partial(_place, case, machine)
    return Steps(
        machine=machine.agency,
        version=machine.version,
        regions=[
            Part(
                region=code,
                name=Label(id=region.id, en=region.en),
                places=[place(stay) for stay in standing[code]],
                choices=[_choice(machine, one, role) for one in open_now if one.region == code],
            )
            for code, region in machine.regions.items()
        ],
    )


def router(desk: Desk) -> APIRouter:
    """Steps, and where the own mechanism stands."""
    routes = acts.router(desk, "own mechanism", ACTS)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get(
        "/cases/{case}/steps",
        responses=ANSWERS,
        summary="Where the own mechanism stands",
        response_model_exclude_none=True,
    )
    async def steps(case: CaseId, reading: reader) -> Steps:
        """Each region with its state, its deadline, what it obliges to, and the steps that are open to whom."""
        machine = machine_of(desk.agency)
        return await reading.of_case(case, View.STEPS, lambda told: shown(told, machine, reading.officer.actor.role))

    return routes


def _place(case: Case, machine: Machine, stay: Stay) -> Place:
    state = machine.regions[stay.region].states.get(stay.state)
    due = deadline(case, machine, stay, case.mechanism)
    return Place(
        state=stay.state,
        name=Label(id=state.id, en=state.en) if state else None,
        since=instant(round(claimed(stay.since).timestamp() * 1000)),
        event=b64(stay.since.id),
        end=state is not None and state.end,
        due=due and Due(at=due.at.isoformat(), basis=due.limit.basis, unverified=due.limit.unverified),
        next_acts=obliged(case, machine, stay),
    )


def _choice(machine: Machine, option: Option, role: str) -> Choice:
    state = machine.regions[option.region].states[option.step.to]
    return Choice(
        state=option.step.to,
        name=Label(id=state.id, en=state.en),
        roles=[*option.roles],
        yours=role in option.roles,
        reasons={code: machine.reasons[code] for code in option.step.reasons},
        caution=option.step.caution,
    )
