"""Which mechanism agencies say that they adopted: judged from the signed text alone, in the order of their logs."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from contracts.directory import Chain
from contracts.errors import Rejected
from contracts.events.node import MechanismAdopted
from contracts.mechanism import Mechanism
from contracts.mechanism.rulebook import Rulebook
from contracts.mechanism.signed import check_signed, mechanism_of
from contracts.timeline import Event, latest
from services.node import telemetry


class Adoption(NamedTuple):
    """An agency's word that it follows a version, and that version."""

    place: tuple[str, int]  # log and sequence number
    agency: str
    said: MechanismAdopted
    told: frozenset[str]  # who can read it
    signed: bool  # by all agencies; otherwise it is nothing
    mechanism: Mechanism | None  # None if this software cannot read it
    at: datetime


def adoption(event: Event, directory: int, chain: Chain) -> Adoption:
    """What an event adopts; `directory` is the version that its record names, which `chain` holds.

    Whether its node's key was revoked does not matter: what counts are the signatures of all agencies' roots.
    """
    said = MechanismAdopted.read(event.content.body)
    signed, mechanism = False, None
    try:
        by = chain.version(min(said.directory, directory))  # and no later one than the record's own
        check_signed(said, by)
        signed = True
        mechanism = mechanism_of(said, by)
    except Rejected as rejected:
        telemetry.stumbled(f"mechanism of {event.agency}", rejected)
    told = frozenset(event.content.to)
    return Adoption((event.log, event.seq), event.agency, said, told, signed, mechanism, latest(event))


def rulebook(adoptions: Iterable[Adoption]) -> Rulebook:
    """All rules that are here: of two texts with one number in an agency's log the earlier one is meant."""
    first = {(one.agency, one.said.version): one for one in reversed(list(_good(adoptions)))}
    return Rulebook({name: one.mechanism for name, one in first.items() if one.mechanism})


def newest(adoptions: Iterable[Adoption], agency: str) -> Adoption | None:
    """The last version that an agency adopted and that can be read here, as said last; None if only the first."""
    theirs = [one for one in _good(adoptions) if one.agency == agency and one.mechanism]
    return max(theirs, key=lambda one: (one.said.version, one.place), default=None)


def since(adoptions: Iterable[Adoption], agency: str, holds: Callable[[Mechanism], bool]) -> datetime | None:
    """When an agency first adopted a version of which that holds; None if none of those that can be read here does."""
    theirs = (one for one in _good(adoptions) if one.agency == agency and one.mechanism)
    return next((one.at for one in theirs if one.mechanism and holds(one.mechanism)), None)


def _good(adoptions: Iterable[Adoption]) -> Iterator[Adoption]:
    return (one for one in sorted(adoptions, key=lambda one: one.place) if one.signed)
