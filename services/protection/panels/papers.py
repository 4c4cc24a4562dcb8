"""Letters that are waited for: whose they are, and every way in which one may come or be done without."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from contracts.codes import codes
from contracts.encoding import b64
from contracts.events.protection import (
    LetterIssued,
    LetterRequested,
    RequirementFulfilled,
    WaiverProposed,
)
from contracts.mechanism import Mechanism
from contracts.promises import emergency
from contracts.promises.emergency import OPEN, Paper
from services.node.web.panel import Look, Offer
from services.node.web.present import Counts, would_count
from services.protection.standing import Letter, standing


class Awaited(NamedTuple):
    """A paper and the end of its day."""

    paper: Paper
    due: datetime

    @property
    def waits(self) -> bool:
        """Whether it is still to come."""
        return self.paper.state == OPEN


class Papers(NamedTuple):
    """All papers and letters of a case."""

    papers: list[Awaited]
    letters: list[Letter]


def show(look: Look) -> Papers | None:
    """What has been deferred and which letters were asked for; None while the rules of the case are not here."""
    rules = look.case.judged_by
    if rules is None:
        return None
    letters = standing(look.case, rules.emergency).letters
    return Papers([_awaited(paper, rules) for paper in emergency.papers(look.case)], letters)


def offers(look: Look) -> Iterator[Offer]:
    """Of each paper: it is there, here is a letter in its place, do without it, ask for the letter."""
    rules = look.case.judged_by
    if rules is None:
        return
    counts = would_count(look)
    for paper in emergency.papers(look.case):
        if paper.state == OPEN:
            yield from _of_paper(look, counts, paper, rules)
    yield from _letters(look, counts)


def _of_paper(look: Look, counts: Counts, paper: Paper, rules: Mechanism) -> Iterator[Offer]:
    given = {"requirements": b64(paper.listed.id), "requirement": paper.code}
    issued = ["", *(b64(event.id) for event, _ in look.case.of_type(LetterIssued))]
    fitting = (one for one in issued if counts(RequirementFulfilled(**given, letter=one or None)))
    if (letter := next(fitting, None)) is not None:
        yield Offer(RequirementFulfilled.type, given | {"letter": letter}, about=paper.code)
    if counts(WaiverProposed(**given, proof=codes("other_proof")[0])):
        yield Offer(WaiverProposed.type, given, about=paper.code)
    asked = {body.letter for _, body in look.case.of_type(LetterRequested)}
    fulfils, issuers = rules.letters.fulfils, rules.letters.issuers
    for letter in (name for name, code in fulfils.items() if code == paper.code and name not in asked):
        issuer = issuers.get(letter, "")
        if issuer in look.case.participants and counts(LetterRequested(letter=letter, issuer=issuer)):
            yield Offer(LetterRequested.type, {"letter": letter, "issuer": issuer}, about=paper.code)


def _letters(look: Look, counts: Counts) -> Iterator[Offer]:
    """Issue what was asked for here."""
    answered = {body.request for _, body in look.case.of_type(LetterIssued)}
    for event, body in look.case.of_type(LetterRequested):
        name = b64(event.id)
        issued = LetterIssued(letter=body.letter, number="-", sha256="0" * 64, request=name)
        if name not in answered and counts(issued):
            yield Offer(LetterIssued.type, {"letter": body.letter, "request": name}, first=True, about=name)
    yield from _unasked(look, counts)


def _unasked(look: Look, counts: Counts) -> Iterator[Offer]:
    """A letter that no paper calls for may be asked for, and written, too."""
    if any(counts(LetterRequested(letter=letter, issuer=other)) for letter in codes("letter") for other in look.others):
        yield Offer(LetterRequested.type)
    if any(counts(LetterIssued(letter=letter, number="-", sha256="0" * 64)) for letter in codes("letter")):
        yield Offer(LetterIssued.type)


def _awaited(paper: Paper, rules: Mechanism) -> Awaited:
    return Awaited(paper, rules.end_of(date.fromisoformat(paper.due_on), paper.owner))
