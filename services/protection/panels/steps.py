"""The own mechanism at the desk: where it stands, by when, and the steps that this officer may take now.

What a step is called is the agency's own word, so each open step is a button of its own; the reason, where the
mechanism asks for one, is part of the button: it comes from the mechanism's list and no other.
"""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.events.step import StepTaken
from services.node.web.panel import Look, Offer
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.desk import Choice, Part, Steps, shown


class Own(NamedTuple):
    """What is told of the agency's own mechanism."""

    steps: Steps
    standing: str  # whether it has been adopted, in the agency's own words


def show(look: Look) -> Own | None:
    """None for an agency that has declared no mechanism, and while the rules of the case are not here."""
    machine = MACHINES.get(look.agency)
    if machine is None or look.case.judged_by is None:
        return None
    return Own(shown(look.case, machine, look.officer.role), machine.standing)


def offers(look: Look) -> Iterator[Offer]:
    """Every open step that is this role's to take, with each of its reasons."""
    own = show(look)
    for part in own.steps.regions if own else []:
        for choice in part.choices:
            if choice.yours and own:
                yield from _of_choice(own.steps, part, choice)


def _of_choice(steps: Steps, part: Part, choice: Choice) -> Iterator[Offer]:
    given = {"machine": steps.machine, "version": str(steps.version), "region": part.region, "state": choice.state}
    for reason in choice.reasons or ("",):
        yield Offer(StepTaken.type, given | {"reason": reason}, about=f"{part.region}/{choice.state}/{reason}")
