from collections.abc import Callable
from random import Random

import pytest

from contracts.case import fold
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.ending import (
    EmergencyExtended,
    EndingWithdrawn,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.session import SessionDecided
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from tests.unit.contracts.emergencies import OTHERS, SEATED, Emergency

SEEDS = range(3)


def told(case: Emergency, seed: int) -> Emergency:
    """The same events, arrived in another order."""
    arrived = list(case.events)
    Random(seed).shuffle(arrived)
    assert fold(arrived, LATEST).slots == case.case.slots
    return case


Crossing = Callable[[Emergency, Event, tuple[EventId, ...]], Event]


def _withdraw(case: Emergency, announced: Event, parents: tuple[EventId, ...]) -> Event:
    return case.say(
        "lpsk", EndingWithdrawn(announcement=b64(announced.id), reason="RISIKO_NAIK"), "p-5", parents=parents
    )


def _session_extends(case: Emergency, _: Event, parents: tuple[EventId, ...]) -> Event:
    body = SessionDecided(emergency=case.active, decision="PERPANJANGAN", leaders=SEATED, until="2027-03-01")
    return case.say("lpsk", body, parents=parents)


CROSSINGS: list[Crossing] = [_withdraw, _session_extends]


@pytest.mark.parametrize("crossing", CROSSINGS)
@pytest.mark.parametrize("end_first", [True, False])
def test_what_keeps_protection_in_force_outweighs_an_end_that_did_not_know_of_it(
    crossing: Crossing, *, end_first: bool
) -> None:
    """Said unknown to each other, in either order: all see both, and protection stays until people resolve it."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=7)
    known = (case.events[-1].id,)
    if end_first:
        case.end(announced, parents=known)
        crossing(case, announced, known)
    else:
        crossing(case, announced, known)
        case.end(announced, parents=known)
    for seed in SEEDS:
        told(case, seed)
    assert not case.case.unsupported
    assert {claim.value for claim in case.case.conflicts["emergency"]} == {"ACTIVE", "ENDED"}
    assert case.state == "ACTIVE"
    case.say("lpsk", EndingWithdrawn(announcement=b64(announced.id), reason="LAINNYA"), "p-1")
    assert "emergency" not in case.case.conflicts
    assert case.state == "ACTIVE"


@pytest.mark.parametrize("end_first", [True, False])
def test_an_extension_outweighs_an_end_that_did_not_know_of_it(*, end_first: bool) -> None:
    """Two leaders extend while two others let an announced end take effect: protection goes on."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=7)
    asked = case.ask_to_extend()
    yes = case.agree(asked)
    known = (case.events[-1].id,)
    body = EmergencyExtended(extension=b64(asked.id), approvals=(yes,), until="2027-01-29")
    acts: list[Callable[[], Event]] = [
        lambda: case.end(announced, parents=known),
        lambda: case.say("lpsk", body, parents=known),
    ]
    for act in acts if end_first else acts[::-1]:
        act()
    assert not told(case, 1).case.unsupported
    assert case.state == "ACTIVE"


@pytest.mark.parametrize("accept_first", [True, False])
def test_a_handover_that_is_accepted_and_declined_at_once_stays_where_it_was(*, accept_first: bool) -> None:
    """Nobody lets go of a measure that is not surely carried by another."""
    case = Emergency()
    offer = case.say(
        "lpsk", HandoverOffered(emergency=case.active, recipient="komnas-ham", measures=("PENGAWALAN",)), "p-1"
    )
    answers: list[Body] = [
        HandoverAccepted(offer=b64(offer.id)),
        HandoverDeclined(offer=b64(offer.id), reason="TANPA_KAPASITAS"),
    ]
    for answer in answers if accept_first else answers[::-1]:
        case.say("komnas-ham", answer, parents=(offer.id,))
    assert told(case, 2).case.in_force(f"handover/{b64(offer.id)}") == "DECLINED"
    assert f"handover/{b64(offer.id)}" in case.case.conflicts


@pytest.mark.parametrize("shorter_first", [True, False])
def test_of_two_deadlines_the_later_holds(*, shorter_first: bool) -> None:
    """Leaders and session extend unknown to each other: nobody is left with less time than anybody promised."""
    case = Emergency()
    asked = case.ask_to_extend()
    yes, known = case.agree(asked), (case.events[-1].id,)
    known = (case.events[-1].id,)
    acts: list[Body] = [
        EmergencyExtended(extension=b64(asked.id), approvals=(yes,), until="2027-01-29"),
        SessionDecided(emergency=case.active, decision="PERPANJANGAN", leaders=SEATED, until="2027-03-01"),
    ]
    for body in acts if shorter_first else acts[::-1]:
        case.say("lpsk", body, parents=known)
    assert told(case, 0).case.in_force(f"deadline/{case.active}") == "2027-03-01"
    assert not case.case.unsupported
