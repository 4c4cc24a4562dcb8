"""What intake shows of a case at the desk: consent, what is shared without it, who the person is, possible doubles."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts.codes import label
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.breach import BreachFound, BreachTold, BreachWithdrawn
from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureConfirmed,
    DisclosureMade,
    DuplicateDismissed,
    DuplicateReopened,
    OutsiderConfirmed,
    OutsiderNamed,
    OutsiderTold,
)
from contracts.events.rights import RequestAnswered, RequestReceived
from contracts.mechanism import Permission
from contracts.mechanism.calendar import ZONES
from contracts.workflow.consent import PROTECTION
from contracts.workflow.erasure import is_second
from services.intake import breach, consent, domain, duplicates, form_pages, pages, person, rights
from services.intake.consent import IN_FORCE, ConsentView, Share
from services.node import acts
from services.node.web.panel import Form, Labels, Look, Offer, Pages, Panel, Place, Typed
from services.node.web.words import Speech

RECORDED, WITHDRAWN = ConsentRecorded.type, ConsentWithdrawn.type
GRAVE: frozenset[type[Body]] = frozenset(
    {
        ConsentWithdrawn,
        DisclosureMade,
        DisclosureConfirmed,
        OutsiderNamed,
        OutsiderConfirmed,
        DuplicateDismissed,
        DuplicateReopened,
    }
)


class Held(NamedTuple):
    """That something of the person is held here; what it is stays covered."""

    withdrawn: bool
    kept: bool  # shown here only as long as the emergency goes on


class Compared(NamedTuple):
    """What was decided in this case of another one."""

    other: str
    state: str


def allowed(look: Look) -> ConsentView | None:
    """What the person allows, and what is shared without that; None of a case that nobody has opened."""
    return consent.shown(look.case, look.now.isoformat()) if look.case.opened else None


def allowed_offers(look: Look) -> Iterator[Offer]:
    """Ask anew once nothing is allowed any more; share, withdraw, disclose, confirm as a second person."""
    told = allowed(look)
    if told is None or look.case.judged_by is None:
        return
    runs = any(one.state == IN_FORCE for one in told.consents)
    yield from _to_confirm(look, told)
    yield Offer(RECORDED)
    others = len(look.case.participants) > 1
    allows = runs or any(one.in_force for one in told.disclosures)
    if others and allows and domain.reports(look.case, look.agency):
        yield Offer(Share.type)
    if others:
        yield Offer(DisclosureMade.type)
    yield from _outside(look, told)
    yield Offer(RequestReceived.type)
    for request in told.requests:
        if request.by == look.agency and not request.answer:
            yield Offer(RequestAnswered.type, {"request": request.event}, about=request.event)
    yield from _of_breaches(look, told)
    if runs:
        yield Offer(WITHDRAWN)


def _to_confirm(look: Look, told: ConsentView) -> Iterator[Offer]:
    """A second person, in another role, agrees to what their own agency has disclosed."""
    made = {b64(event.id): event for event, _ in look.case.of_type(DisclosureMade)}
    for one in told.disclosures:
        if not one.confirmed and is_second(look.agency, look.officer.actor, made[one.event]):
            yield Offer(DisclosureConfirmed.type, {"disclosure": one.event}, first=True)


def _of_breaches(look: Look, told: ConsentView) -> Iterator[Offer]:
    """Whoever had a breach tells all who have to know; the form asks whom, until one is left.

    A second person, in another role, takes back what was recorded in error.
    """
    yield Offer(BreachFound.type)
    events = {b64(event.id): event for event, _ in look.case.of_type(BreachFound)}
    for one in told.breaches:
        if one.by == look.agency and one.waits:
            last = {"recipient": one.waits[0]} if len(one.waits) == 1 else {}
            yield Offer(BreachTold.type, {"breach": one.event, **last}, about=one.event)
        if not one.withdrawn and is_second(look.agency, look.officer.actor, events[one.event]):
            yield Offer(BreachWithdrawn.type, {"breach": one.event}, about=one.event)


def _outside(look: Look, told: ConsentView) -> Iterator[Offer]:
    """Somebody outside the case may have to be told: named, agreed to by a second person, and what they were told."""
    events = {b64(event.id): event for event, _ in look.case.of_type(OutsiderNamed)}
    yield Offer(OutsiderNamed.type)
    for one in told.outsiders:
        if not one.confirmed and is_second(look.agency, look.officer.actor, events[one.event]):
            yield Offer(OutsiderConfirmed.type, {"outsider": one.event}, first=True)
        if one.in_force:
            yield Offer(OutsiderTold.type, {"outsider": one.event})


def named(look: Look, speech: Speech, _: Typed) -> Labels:
    """Everybody outside the case who was named: what kind of office, and which."""
    return {
        "outsider": {
            b64(event.id): f"{speech.words.label('outsider_kind', body.kind)} ({body.recipient})"
            for event, body in look.case.of_type(OutsiderNamed)
        }
    }


def heard(look: Look) -> Mapping[str, Sequence[str]]:
    """Who writes, when, and what for; what the person allows is never filled in for them: no press must mean yes."""
    return {**taken_back(look), "recorded_by": [label("role", look.officer.role, "id")], "purpose": [PROTECTION]}


def taken_back(look: Look) -> Mapping[str, Sequence[str]]:
    """When a person says something to this officer: now."""
    rules = look.case.judged_by
    return {"at": [f"{look.now.astimezone(ZONES[rules.of(look.agency).zone]):%Y-%m-%dT%H:%M}"]} if rules else {}


def disclosable(look: Look) -> Mapping[str, Collection[str]]:
    """To whom this agency may tell something of the person, and on which grounds if not by consent."""
    grounds = look.case.judged_by.disclosure.grounds if look.case.judged_by else ()
    return {"recipients": look.others, "to": look.others, "ground": grounds}


def covered(look: Look) -> Held | None:
    """Whether there is somebody to be shown; None if nothing of them is held here."""
    known = allowed(look)
    if not person.held(look.case, look.agency):
        return None
    return Held(withdrawn=bool(known and known.withdrawn), kept=person.is_kept(look.case, look.agency))


def compared(look: Look) -> list[Compared] | None:
    """What was decided here of other cases; which ones may be compared is asked for, and noted."""
    if look.case.opened is None:
        return None
    slots = [name for name in look.case.slots if name.startswith("duplicate/")]
    return [Compared(name.partition("/")[2], look.case.in_force(name)) for name in sorted(slots)]


def _drafted(form: Form) -> Form:
    now = (WITHDRAWN, OutsiderTold.type, RequestReceived.type, BreachFound.type, BreachTold.type)
    drafts = {RECORDED: heard} | dict.fromkeys(now, taken_back)
    among = disclosable if form.body in {DisclosureMade, OutsiderNamed} else form.among
    return form._replace(draft=drafts.get(form.name, form.draft), among=among)


FORMS = (
    *map(_drafted, acts.forms((*consent.ACTS, *rights.ACTS, *breach.ACTS, *duplicates.ACTS), GRAVE)),
    Form("identity", Share, Permission.RECORD_CONSENT, among=disclosable),
)
PAGES = Pages(
    Path(__file__).parent,
    (
        Panel("person", Place.ASIDE, covered),
        Panel("consent", Place.ASIDE, allowed, allowed_offers),
        Panel("duplicates", Place.ASIDE, compared),
    ),
    FORMS,
    (pages.router, form_pages.router),
    {body.type: named for body in (OutsiderConfirmed, OutsiderTold)},
)
