"""A case as events tell it: what all matters of the workflow, and all promises, are read from."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, TypeVar, cast

from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.node import ErasureAsked
from contracts.mechanism import GENESIS, Mechanism
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.rule import Act, Claim, in_force

Kind = TypeVar("Kind", bound=Body)


@cache
def _is(found: type, kind: type[Body]) -> bool:
    """As `isinstance` of what is found, which asks a body's metaclass anew each time."""
    return issubclass(found, kind)


class RulesUnknown(Rejected):
    """A case whose rules are not here yet: it can be shown, and nothing can be decided in it."""

    def __init__(self, version: int) -> None:
        """`version` is the one that the case names."""
        super().__init__(Code.UNAVAILABLE, f"mechanism {version}")


class Case(NamedTuple):
    """A case as the given events tell it."""

    timeline: tuple[Event, ...]  # causal order; ties by (hlc, id), for display only
    slots: Mapping[str, tuple[Claim, ...]]  # decisions that nothing later replaced, by slot
    unsupported: frozenset[EventId]  # events that are void, or claim what their causal past does not bear out
    bodies: Mapping[EventId, Body]  # of the known event types
    rules: int  # version of the mechanism that its opening names; 0 if none does
    judged_by: Mechanism | None  # the rules themselves; None if they are not here, and then only what needs none counts

    @property
    def mechanism(self) -> Mechanism:
        """The rules of this case; RulesUnknown if they are not here: nothing is ever judged by other ones instead."""
        if self.judged_by is None:
            raise RulesUnknown(self.rules)
        return self.judged_by

    @property
    def opened(self) -> Event | None:
        """The event that opened the case, if we hold it."""
        return next((event for event, _ in self.of_type(CaseOpened)), None)

    @property
    def participants(self) -> tuple[str, ...]:
        """The agencies for which the case was opened; of an erased case those that were told to erase it."""
        orders = (event for event, _ in self.of_type(ErasureAsked))
        told = self.opened or next(orders, None)
        return told.content.to if told else ()

    def in_force(self, slot: str) -> str:
        """The value that holds now: the only one, or the most protective of those in conflict; "" if none."""
        return in_force(slot, self.slots.get(slot, ()), self.judged_by or GENESIS)

    @property
    def conflicts(self) -> Mapping[str, tuple[Claim, ...]]:
        """Slots whose standing decisions disagree."""
        return {slot: claims for slot, claims in self.slots.items() if len({claim.value for claim in claims}) > 1}

    def of_type(self, kind: type[Kind]) -> list[tuple[Event, Kind]]:
        """Every event of one kind that counts, in timeline order, with its body."""
        told = ((event, self.bodies[event.id]) for event in self.timeline if event.id in self.bodies)
        found = [one for one in told if _is(type(one[1]), kind) and one[0].id not in self.unsupported]
        return cast("list[tuple[Event, Kind]]", found)

    def acts(self, kind: type[Kind]) -> list[Act[Kind]]:
        """As `of_type`, each as the rules of the workflow look at it."""
        return [Act(*told) for told in self.of_type(kind)]
