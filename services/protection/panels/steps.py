"""The own mechanism at the desk: where it stands, by when, and the steps that this officer may take now.

What a step is called is the agency's own word, so each open step is a button of its own; the reason, where the
mechanism asks for one, is part of the button: it comes from the mechanism's list and no other.
"""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.events.step import StepTaken
from services.node.web.panel import NO_LABELS, Labels, Look, Offer, Typed
from services.node.web.words import Speech
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


def named(look: Look, speech: Speech, told: Typed) -> Labels:
    """What the agency itself calls the parts, states and reasons of its machine; two parts may share a state's code."""
    machine = MACHINES.get(look.agency)
    if machine is None:
        return NO_LABELS
    language, region = speech.words.language, next(iter(told.get("region", ())), "")
    here = [machine.regions[region]] if region in machine.regions else machine.regions.values()
    return {
        "region": {code: getattr(one, language) for code, one in machine.regions.items()},
        "state": {code: getattr(state, language) for one in here for code, state in one.states.items()},
        "reason": {code: getattr(text, language) for code, text in machine.reasons.items()},
    }


def _of_choice(steps: Steps, part: Part, choice: Choice) -> Iterator[Offer]:
    given = {"machine": steps.machine, "version": str(steps.version), "region": part.region, "state": choice.state}
    for reason in choice.reasons or ("",):
        yield Offer(StepTaken.type, given | {"reason": reason}, about=f"{part.region}/{choice.state}/{reason}")
