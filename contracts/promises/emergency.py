"""What an emergency promises: that it is heard of, decided in time, papers by their owners, letters, a session.

None of these ends anything when it is missed. A deadline that passes obliges the leaders to decide; until they have,
it climbs, and protection goes on. While protection is asked for, or in force, there is always a promise that is not
kept yet: the decision here, then the review of need (`contracts.promises.review`).
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from contracts.encoding import b64
from contracts.events.ending import (
    EndingAcknowledged,
    EndingAnnounced,
    EndingProposed,
    EndingWithdrawn,
    HandoverOffered,
)
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    LetterIssued,
    LetterRequested,
    RequirementsDeferred,
)
from contracts.events.session import SessionDecided, SessionTabled
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Event, Past, claimed
from contracts.workflow.emergency import ACTIVE, PROPOSED
from contracts.workflow.ending import ACCEPTED, OFFERED, handover
from contracts.workflow.paper import FULFILLED, WAIVED
from contracts.workflow.session import ACCEPTED as TAKEN_ON, OBLIGING

DECISION, LATEST_DECISION = "KEPUTUSAN_DARURAT", "BATAS_KEPUTUSAN_DARURAT"
ARRIVAL = "USULAN_DITERIMA"
PAPER, DEADLINE, OVERDUE = "SYARAT", "KEPUTUSAN_TENGGAT", "TENGGAT_LEWAT"
LETTER, SESSION, FOLLOW_UP = "SURAT", "SIDANG_SMPL", "TINDAK_LANJUT_SMPL"
HEARING, HANDOVER = "TANGGAPAN_PENGAKHIRAN", "SERAH_TERIMA"
OPEN = "OPEN"


class Paper(NamedTuple):
    """One deferred paper as a case tells it."""

    listed: Event  # the list that defers it
    code: str
    owner: str
    due_on: str
    state: str  # OPEN, or what became of it


class Reminder(NamedTuple):
    """Whom to remind of a promise, and when."""

    promise: Promise
    at: datetime


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """All that the emergencies of a case promise, kept or not."""
    yield from _decisions(case, rules)
    yield from _arrivals(case, rules)
    yield from _papers(case, rules)
    yield from _deadlines(case, rules)
    yield from _letters(case, rules)
    yield from _sessions(case, rules)
    yield from _hearings(case, rules)
    yield from _handovers(case, rules)


def reminders(case: Case, rules: Mechanism) -> Iterator[Reminder]:
    """The days on which the owners of papers that are not there are reminded; none falls after the paper is due."""
    deferred = {event.id: claimed(event) for event, _ in case.of_type(RequirementsDeferred)}
    for promise in _papers(case, rules):
        days = (timedelta(days=number) for number in rules.requirements.reminder_days if not promise.kept)
        times = (deferred[promise.source] + day for day in days)
        yield from (Reminder(promise, at) for at in times if at < promise.due)


def papers(case: Case) -> list[Paper]:
    """Every deferred paper, in timeline order of the lists."""
    return [
        Paper(event, item.code, item.owner, deadline(case, body.emergency) or body.due_on, _state(case, item.code))
        for event, body in case.of_type(RequirementsDeferred)
        for item in body.items
    ]


def deadline(case: Case, emergency: str) -> str:
    """The day by which the papers of an emergency are due now; "" if none are."""
    return case.in_force(f"deadline/{emergency}")


def ongoing(case: Case) -> Event | None:
    """The activation on which protection stands; None if none is in force."""
    activated = [event for event, _ in case.of_type(EmergencyActivated)]
    return activated[-1] if activated and case.in_force("emergency") == ACTIVE else None


def _state(case: Case, code: str) -> str:
    state = case.in_force(f"requirement/{code}")
    return state if state in {FULFILLED, WAIVED} else OPEN


def _decisions(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Of each proposal; also of an answered one as long as it is what stands, because the answers crossed another."""
    answered = {body.proposal for _, body in case.of_type(EmergencyActivated)}
    answered |= {body.proposal for _, body in case.of_type(EmergencyDeclined)}
    answered -= {b64(claim.event) for claim in case.slots.get("emergency", ())}
    for event, _ in case.of_type(EmergencyProposed):
        kept = b64(event.id) in answered or case.in_force("emergency") != PROPOSED
        for kind, within in ((DECISION, rules.emergency.target), (LATEST_DECISION, rules.emergency.decision)):
            yield Promise(kind, "", event.id, rules.emergency.decided_by, claimed(event) + within, kept)


def _arrivals(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Whoever asks another agency to decide sees to it that somebody there has heard: by telephone if need be."""
    past, decider = Past(case.timeline), rules.emergency.decided_by
    people = (event for event in case.timeline if event.agency == decider)
    said = [event.id for event in people if event.content.actor.role in rules.of(decider).roles]
    for event, _ in case.of_type(EmergencyProposed):
        if event.agency != decider:
            heard = any(past.has(one, event.id) for one in said)
            due = claimed(event) + rules.emergency.arrival_alarm
            yield Promise(ARRIVAL, "", event.id, event.agency, due, heard or case.in_force("emergency") != PROPOSED)


def _papers(case: Case, rules: Mechanism) -> Iterator[Promise]:
    over = ongoing(case) is None
    for paper in papers(case):
        kept = over or paper.state != OPEN
        due = rules.end_of(date.fromisoformat(paper.due_on), paper.owner)
        yield Promise(PAPER, paper.code, paper.listed.id, paper.owner, due, kept)


def _deadlines(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """At the deadline the leaders decide; some days later at the latest, or it climbs beyond the agency."""
    activation = ongoing(case)
    if activation is None or not (due := deadline(case, b64(activation.id))):
        return
    kept, day, agency = _settled(case, activation), date.fromisoformat(due), rules.emergency.decided_by
    last = rules.working_days(day, rules.requirements.overdue_working_days)
    for kind, until in ((DEADLINE, day), (OVERDUE, last)):
        yield Promise(kind, due, activation.id, agency, rules.end_of(until, agency), kept)


def _settled(case: Case, activation: Event) -> bool:
    """Whether nothing is left to decide at the deadline: an extension makes a new one instead."""
    listed = {event.id: body.emergency for event, body in case.of_type(RequirementsDeferred)}
    ours = [paper for paper in papers(case) if listed[paper.listed.id] == b64(activation.id)]
    complete = all(paper.state != OPEN for paper in ours)
    taken_on = case.in_force(f"session/{b64(activation.id)}") == TAKEN_ON
    return complete or taken_on or _on_its_way_out(case, b64(activation.id), None)


def _on_its_way_out(case: Case, emergency: str, since: Event | None) -> bool:
    """Whether a handover was accepted, or an end announced and not taken back, by somebody who knew of `since`."""
    past = Past(case.timeline)
    offers = [event for event, body in case.of_type(HandoverOffered) if body.emergency == emergency]
    out = [event for event in offers if case.in_force(handover(b64(event.id))) == ACCEPTED]
    about = {b64(event.id) for event, body in case.of_type(EndingProposed) if body.emergency == emergency}
    withdrawn = {body.announcement for _, body in case.of_type(EndingWithdrawn)}
    announced = [event for event, body in case.of_type(EndingAnnounced) if body.ending in about]
    out += [event for event in announced if b64(event.id) not in withdrawn]
    return any(since is None or past.has(event.id, since.id) for event in out)


def _letters(case: Case, rules: Mechanism) -> Iterator[Promise]:
    answered = {body.request for _, body in case.of_type(LetterIssued)}
    for event, body in case.of_type(LetterRequested):
        kept = b64(event.id) in answered
        yield Promise(LETTER, body.letter, event.id, body.issuer, claimed(event) + rules.letters.answer, kept)


def _sessions(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """A session sees the emergency before the papers are due; what it rejects or terminates is acted on."""
    agency, seen = rules.emergency.decided_by, {body.emergency for _, body in case.of_type(SessionDecided)}
    for event, body in case.of_type(SessionTabled):
        if due := deadline(case, body.emergency):
            kept = body.emergency in seen
            yield Promise(SESSION, "", event.id, agency, rules.end_of(date.fromisoformat(due), agency), kept)
    for event, decided in case.of_type(SessionDecided):
        if decided.decision in OBLIGING:
            began = rules.office_day(claimed(event), agency)
            last = rules.working_days(began, rules.session.follow_up_working_days)
            kept = ongoing(case) is None or _on_its_way_out(case, decided.emergency, event)
            yield Promise(FOLLOW_UP, decided.decision, event.id, agency, rules.end_of(last, agency), kept)


def _hearings(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Every other agency says that it has heard of an end before its day: until then it cannot take effect."""
    withdrawn = {body.announcement for _, body in case.of_type(EndingWithdrawn)}
    for event, body in case.of_type(EndingAnnounced):
        heard, over = heard_by(case, event), b64(event.id) in withdrawn
        for agency in _others(case, event.agency):
            due = rules.end_of(date.fromisoformat(body.ends_on) - timedelta(days=1), agency)
            yield Promise(HEARING, "", event.id, agency, due, over or agency in heard)


def heard_by(case: Case, announced: Event) -> set[str]:
    """The agencies that have said that they read an announcement."""
    said = case.of_type(EndingAcknowledged)
    return {event.agency for event, body in said if body.announcement == b64(announced.id)}


def _others(case: Case, agency: str) -> Iterable[str]:
    return [other for other in case.participants if other != agency]


def _handovers(case: Case, rules: Mechanism) -> Iterator[Promise]:
    for event, body in case.of_type(HandoverOffered):
        kept = case.in_force(handover(b64(event.id))) != OFFERED
        yield Promise(HANDOVER, "", event.id, body.recipient, claimed(event) + rules.ending.handover, kept)
