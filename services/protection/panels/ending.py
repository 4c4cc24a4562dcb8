"""What may follow an emergency: more time, another agency, the leaders' session, or an end that all have heard of."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from contracts.codes import codes
from contracts.encoding import b64
from contracts.events.ending import (
    EmergencyEnded,
    EndingAcknowledged,
    EndingProposed,
    EndingWithdrawn,
    ExtensionProposed,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.session import SessionDecided, SessionTabled
from contracts.mechanism.calendar import day_after
from contracts.promises import emergency
from contracts.workflow.ending import ANNOUNCED, BY_REQUEST
from contracts.workflow.session import ACCEPTED
from services.node.web.panel import Look, Offer
from services.node.web.present import Counts, would_count
from services.protection.standing import Standing, standing


class After(NamedTuple):
    """What is under way since protection is in force; `agreeing` are proposals that wait for another leader."""

    standing: Standing
    decision: str  # of the last session, or that one is to come


def show(look: Look) -> After | None:
    """Where extensions, handovers, ends and sessions stand; None if there never was an emergency in force."""
    rules = look.case.judged_by
    tabled = look.case.of_type(SessionTabled)
    if rules is None or not tabled:
        return None
    return After(standing(look.case, rules.emergency), look.case.in_force(f"session/{tabled[-1][1].emergency}"))


def offers(look: Look) -> Iterator[Offer]:
    """More time, a handover, a session's decision, an end and what follows from it."""
    counts = would_count(look)
    yield from _announced(look, counts)
    yield from _answers(look, counts)
    yield from _sessions(look, counts)
    if activation := emergency.ongoing(look.case):
        yield from _of_leaders(look, counts, b64(activation.id))


def _announced(look: Look, counts: Counts) -> Iterator[Offer]:
    rules = look.case.judged_by
    for end in standing(look.case, rules.emergency).endings if rules else []:
        given, open_ = {"announcement": end.announcement}, end.state == ANNOUNCED
        heard = EndingAcknowledged(announcement=end.announcement)
        if open_ and look.agency in end.unheard and counts(heard):
            yield Offer(heard.type, given, first=True, about=end.announcement)
        back = EndingWithdrawn(announcement=end.announcement, reason=codes("withdrawal_reason")[0])
        if open_ and counts(back):
            yield Offer(back.type, given, about=end.announcement)
        if open_ and counts(over := EmergencyEnded(announcement=end.announcement)):
            yield Offer(over.type, given, about=end.announcement)


def _answers(look: Look, counts: Counts) -> Iterator[Offer]:
    for event, _ in look.case.of_type(HandoverOffered):
        name = b64(event.id)
        if counts(HandoverAccepted(offer=name)):
            yield Offer(HandoverAccepted.type, {"offer": name}, first=True, about=name)
            yield Offer(HandoverDeclined.type, {"offer": name}, about=name)


def _sessions(look: Look, counts: Counts) -> Iterator[Offer]:
    rules, tabled = look.case.judged_by, look.case.of_type(SessionTabled)
    if rules is None or not tabled:
        return
    name, seated = tabled[-1][1].emergency, tuple(f"{seat}" for seat in range(rules.session.quorum))
    if counts(SessionDecided(emergency=name, decision=ACCEPTED, leaders=seated)):
        yield Offer(SessionDecided.type, {"emergency": name})


def _of_leaders(look: Look, counts: Counts, name: str) -> Iterator[Offer]:
    given, due = {"emergency": name}, emergency.deadline(look.case, name)
    if due:
        until = str(day_after(date.fromisoformat(due)))
        if counts(ExtensionProposed(emergency=name, until=until, reason=codes("extension_reason")[0])):
            yield Offer(ExtensionProposed.type, given)
    if look.others and counts(HandoverOffered(emergency=name, recipient=look.others[0], measures=codes("measure")[:1])):
        yield Offer(HandoverOffered.type, given)
    day, plan = str(look.now.date()), codes("exit_plan")[:1]
    asked = EndingProposed(emergency=name, basis=BY_REQUEST, reason="-", exit_plan=plan, ends_on=day)
    if counts(asked):
        yield Offer(EndingProposed.type, given | _risk(look))


def _risk(look: Look) -> dict[str, str]:
    """The assessment that stands, for an end that rests on it."""
    claims = look.case.slots.get("risk", ())
    return {"risk": b64(claims[0].event)} if claims else {}
