"""Where an emergency stands since it began, as a desk sees it: papers, letters, deadline, decisions, session."""

from contracts.case import Case
from contracts.content import type_name
from contracts.encoding import b64
from contracts.events.ending import EndingAnnounced, HandoverOffered
from contracts.events.protection import LetterIssued, LetterRequested
from contracts.events.session import SessionDecided
from contracts.mechanism import EmergencyRules
from contracts.promises import emergency
from contracts.workflow.ending import handover
from services.node.http import Answer
from services.protection import ending


class Paper(Answer):
    """A deferred paper: who sees to it, by which day, and whether it still waits."""

    requirements: str
    requirement: str
    owner: str
    due_on: str
    state: str


class Letter(Answer):
    """A letter that was asked for or issued; `number` and `sha256` are those of the issued one."""

    letter: str
    issuer: str
    request: str | None = None
    issued: str | None = None
    number: str | None = None
    sha256: str | None = None


class Asked(Answer):
    """Something that leaders were asked to agree to; `outcome` is the event that followed."""

    decision: str
    kind: str
    proposed_by: str
    leaders_needed: int
    outcome: str | None = None


class End(Answer):
    """An announced end: its day, what became of it, and which agencies have heard and have not."""

    announcement: str
    ends_on: str
    state: str
    heard: list[str]
    unheard: list[str]


class Handover(Answer):
    """Measures that were offered to another agency."""

    offer: str
    recipient: str
    measures: list[str]
    state: str


class Sitting(Answer):
    """What a session decided."""

    decided: str
    decision: str
    leaders: int
    until: str | None = None


class Standing(Answer):
    """All of it."""

    deadline: str | None = None
    papers: list[Paper]
    letters: list[Letter]
    decisions: list[Asked]
    endings: list[End]
    handovers: list[Handover]
    session: str
    sittings: list[Sitting]


def standing(case: Case, rules: EmergencyRules) -> Standing:
    """Where the emergencies of a case stand."""
    activation = emergency.ongoing(case)
    name = b64(activation.id) if activation else ""
    return Standing(
        deadline=emergency.deadline(case, name) or None,
        papers=_papers(case),
        letters=_letters(case),
        decisions=_decisions(case, rules),
        endings=_endings(case),
        handovers=_handovers(case),
        session=case.in_force(f"session/{name}"),
        sittings=_sittings(case),
    )


def _papers(case: Case) -> list[Paper]:
    return [
        Paper(
            requirements=b64(paper.listed.id),
            requirement=paper.code,
            owner=paper.owner,
            due_on=paper.due_on,
            state=paper.state,
        )
        for paper in emergency.papers(case)
    ]


def _letters(case: Case) -> list[Letter]:
    issued = case.of_type(LetterIssued)
    answered = {body.request for _, body in issued}
    waiting = [
        Letter(letter=body.letter, issuer=body.issuer, request=b64(event.id))
        for event, body in case.of_type(LetterRequested)
        if b64(event.id) not in answered
    ]
    return waiting + [
        Letter(
            letter=body.letter,
            issuer=event.agency,
            request=body.request,
            issued=b64(event.id),
            number=body.number,
            sha256=body.sha256,
        )
        for event, body in issued
    ]


def _decisions(case: Case, rules: EmergencyRules) -> list[Asked]:
    return [
        Asked(
            decision=one.name,
            kind=type_name(one.event.content.type),
            proposed_by=one.event.content.actor.officer,
            leaders_needed=ending.still_needed(one, case, rules),
            outcome=b64(said.id) if (said := ending.concluded(case, one.name)) else None,
        )
        for one in ending.decisions(case)
    ]


def _endings(case: Case) -> list[End]:
    return [
        End(
            announcement=b64(event.id),
            ends_on=body.ends_on,
            state=case.in_force(f"ending/{b64(event.id)}"),
            heard=sorted(heard := emergency.heard_by(case, event)),
            unheard=sorted({*case.participants} - heard - {event.agency}),
        )
        for event, body in case.of_type(EndingAnnounced)
    ]


def _handovers(case: Case) -> list[Handover]:
    return [
        Handover(
            offer=b64(event.id),
            recipient=body.recipient,
            measures=list(body.measures),
            state=case.in_force(handover(b64(event.id))),
        )
        for event, body in case.of_type(HandoverOffered)
    ]


def _sittings(case: Case) -> list[Sitting]:
    return [
        Sitting(decided=b64(event.id), decision=body.decision, leaders=len(body.leaders), until=body.until)
        for event, body in case.of_type(SessionDecided)
    ]
