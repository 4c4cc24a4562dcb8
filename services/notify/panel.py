"""What notify shows of a case at the desk: who was called, who answered, and what this officer can answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from contracts.content import type_name
from contracts.encoding import b64
from contracts.events.notify import NoticeAcknowledged, NoticeEscalated, NoticeSent
from contracts.mechanism import Permission
from contracts.timeline import Event
from services.node.web.panel import Look, Pages, Panel, Place
from services.notify import domain

MOST = 12


class Called(NamedTuple):
    """A call to a role of an agency: answered by whom, or still waiting."""

    notice: str
    agency: str
    role: str
    respond_by: str
    about: str  # the type of the event that it is about
    answered_by: str  # a role; "" if nobody has
    answered_at: str
    climbed: bool
    mine: bool  # whether this officer may answer it


def called(look: Look) -> list[Called] | None:
    """What waits first, the most pressing first, then the newest answers; None if nobody was called."""
    every = list(_every(look))
    waiting = sorted((one for one in every if not one.answered_by), key=lambda one: one.respond_by)
    answered = sorted((one for one in every if one.answered_by), key=lambda one: one.answered_at, reverse=True)
    return [*waiting, *answered][:MOST] or None


def _every(look: Look) -> Iterator[Called]:
    case = look.case
    answers = {body.notice: event for event, body in case.of_type(NoticeAcknowledged)}
    climbed = {body.notice for _, body in case.of_type(NoticeEscalated)}
    sent = {b64(event.id): (event, body) for event, body in case.of_type(NoticeSent)}
    about = {b64(event.id): event.content.type for event in case.timeline}
    for name, (event, body) in sent.items():
        answer = _answer(event, body, answers, sent)
        yield Called(
            notice=name,
            agency=event.agency,
            role=body.role,
            respond_by=body.respond_by,
            about=type_name(about[body.about]) if body.about in about else "",
            answered_by=answer.content.actor.role if answer else "",
            answered_at=answer.content.time if answer else "",
            climbed=name in climbed,
            mine=answer is None and _may_answer(look, event.agency, body),
        )


def _answer(
    event: Event,
    body: NoticeSent,
    answers: dict[str, Event],
    sent: dict[str, tuple[Event, NoticeSent]],
) -> Event | None:
    """Its own answer, or one further up the ladder about the same event: that answers the steps below, too."""
    same = (
        answers[name]
        for name, (at, other) in sent.items()
        if name in answers and (at.agency, other.about) == (event.agency, body.about) and other.step >= body.step
    )
    return next(same, None)


def _may_answer(look: Look, agency: str, body: NoticeSent) -> bool:
    rules = look.case.judged_by
    if agency != look.agency or rules is None or not look.may(Permission.ACKNOWLEDGE_NOTICE):
        return False
    return domain.may_answer(rules.of(agency), body.step, body.role, look.officer.role)


PAGES = Pages(Path(__file__).parent, (Panel("called", Place.ASIDE, called),))
