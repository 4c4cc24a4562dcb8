"""What a service shows of a case at the desk, and what it offers to do there. Pure, given a case."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter

from contracts.case import Case
from contracts.events import Body
from contracts.mechanism import Permission
from contracts.promises.promise import Promise
from services.node.officers import Officer
from services.node.web.words import Speech

if TYPE_CHECKING:  # the shell is given the pages
    from services.node.web.shell import Shell


class Place(StrEnum):
    """Where on a case's page a panel stands: narrow, or wide, and of the wide ones before all others."""

    HEAD = "head"
    ASIDE = "aside"
    MAIN = "main"


class Look(NamedTuple):
    """A case as an officer of this agency looks at it now."""

    case: Case
    name: str  # the case's id
    agency: str
    officer: Officer
    now: datetime
    promises: Sequence[Promise]  # the most pressing first; none if the rules of the case are not here

    @property
    def others(self) -> list[str]:
        """Who takes part beside this agency."""
        return [agency for agency in self.case.participants if agency != self.agency]

    def may(self, permission: Permission) -> bool:
        """Whether the officer's role has a permission by the rules of this case."""
        rules = self.case.judged_by
        return rules is not None and rules.may(self.agency, self.officer.role, permission)


Labels = Mapping[str, Mapping[str, str]]
"""What the values of fields are called, by the word of the field: `{"measure": {"lpsk-1": "Evakuasi, ..."}}`."""

NO_LABELS: Labels = MappingProxyType({})
Typed = Mapping[str, Sequence[str]]


class Form(NamedTuple):
    """Something that can be said in a case by filling in a form; `name` is the type of the event that says it."""

    path: str  # of the route, below /cases/{case}; fields in braces are part of it
    body: type[Body]
    permission: Permission
    grave: bool = False  # takes protection, data or a right away: shown as such, and asked twice
    draft: Callable[[Look], Mapping[str, Sequence[str]]] = lambda _: {}  # typed already, to be gone over
    free: Callable[[Look], Iterator[str]] = lambda _: iter(())  # names for new rows, so that nobody invents one
    among: Callable[[Look], Mapping[str, Collection[str]]] = lambda _: {}  # by a field's word: what could count

    @property
    def name(self) -> str:
        """How the form is found."""
        return self.body.type


class Offer(NamedTuple):
    """A form that an officer is offered."""

    form: str
    given: Mapping[str, str] = {}  # fields that the case tells: they go along and are not asked for
    first: bool = False  # the obvious next thing
    about: str = ""  # which of the things on its panel it belongs to: it stands beside that, not at the end


class Panel(NamedTuple):
    """One matter of a case, on its page."""

    name: str  # template `<name>.html` of the service; its title is the word `panel.<name>`
    place: Place
    show: Callable[[Look], object]  # `it` in the template; None shows nothing
    offers: Callable[[Look], Iterable[Offer]] = lambda _: ()


Naming = Callable[[Look, Speech, Typed], Labels]
"""What the values of an event are called in a case, given what is told of the event so far."""


class Pages(NamedTuple):
    """What a service has for the desk: `templates/` and `locale/` in its folder, and what they are for."""

    folder: Path
    panels: Sequence[Panel] = ()
    forms: Sequence[Form] = ()
    routers: Sequence[Callable[["Shell"], APIRouter]] = ()  # pages of its own, beside those of a case
    labels: Mapping[str, Naming] = MappingProxyType({})  # of its own events, by type
