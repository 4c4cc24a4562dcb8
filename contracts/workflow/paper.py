"""What becomes of the papers that were deferred: fulfilled by their owner or with a letter, or waived by leaders.

An agency that is competent for a letter can take a burden from the person: its letter stands in place of the paper
that the mechanism names for it. That a paper is there and that it is waived can be said unknown to each other; both
stand then, and the paper counts as there.
"""

from contracts.events.protection import (
    DeferredItem,
    LetterIssued,
    LetterRequested,
    RequirementFulfilled,
    RequirementsDeferred,
    RequirementWaived,
    WaiverProposed,
)
from contracts.mechanism import Permission
from contracts.workflow.leaders import agreed, decides
from contracts.workflow.rule import Act, Known, Writes, rule

FULFILLED, WAIVED = "FULFILLED", "WAIVED"


def item(requirements: str, code: str, known: Known) -> DeferredItem | None:
    """One paper of a deferred list; None if there is no such list or no such paper on it."""
    listed = known.named(requirements, RequirementsDeferred)
    return next((one for one in listed.body.items if one.code == code), None) if listed else None


def _fulfilled(act: Act[RequirementFulfilled], known: Known) -> bool:
    paper = item(act.body.requirements, act.body.requirement, known)
    if paper is None or known.value(f"requirement/{paper.code}") == FULFILLED:
        return False
    if act.body.letter is None:
        return act.agency == paper.owner
    letter = known.named(act.body.letter, LetterIssued)
    return letter is not None and act.agency in {paper.owner, letter.agency} and _stands_for(letter, paper.code, known)


def _stands_for(letter: Act[LetterIssued], requirement: str, known: Known) -> bool:
    return known.rules.letters.fulfils.get(letter.body.letter) == requirement


def _open(act: Act[WaiverProposed], known: Known) -> bool:
    return decides(act.agency, known) and _waits(act.body, known)


def _waits(waiver: WaiverProposed, known: Known) -> bool:
    paper = item(waiver.requirements, waiver.requirement, known)
    return paper is not None and known.value(f"requirement/{paper.code}") not in {FULFILLED, WAIVED}


def _waived(act: Act[RequirementWaived], known: Known) -> bool:
    waiver = agreed(act.body.waiver, act.body.approvals, WaiverProposed, known)
    return waiver is not None and decides(act.agency, known) and _waits(waiver.body, known)


def _writes_waived(act: Act[RequirementWaived], known: Known) -> Writes:
    waiver = known.named(act.body.waiver, WaiverProposed)
    return [(f"requirement/{waiver.body.requirement}", WAIVED)] if waiver else []


def _asked_of_another(act: Act[LetterRequested], known: Known) -> bool:
    return act.body.issuer != act.agency and _competent(act.body.issuer, act.body.letter, known)


def _issued(act: Act[LetterIssued], known: Known) -> bool:
    """By the agency that is competent for it, and in answer to nothing else than what it was asked for."""
    if act.body.request is None:
        return _competent(act.agency, act.body.letter, known)
    asked = known.named(act.body.request, LetterRequested)
    same = asked is not None and (asked.body.letter, asked.body.issuer) == (act.body.letter, act.agency)
    return same and _competent(act.agency, act.body.letter, known)


def _competent(agency: str, letter: str, known: Known) -> bool:
    return known.rules.letters.issuers.get(letter, agency) == agency


RULES = (
    rule(
        RequirementFulfilled,
        Permission.FULFIL_REQUIREMENT,
        counts=_fulfilled,
        writes=lambda act, _: [(f"requirement/{act.body.requirement}", FULFILLED)],
    ),
    rule(WaiverProposed, Permission.DECIDE_EMERGENCY, counts=_open),
    rule(RequirementWaived, counts=_waived, writes=_writes_waived),
    rule(LetterRequested, Permission.REQUEST_LETTER, counts=_asked_of_another),
    rule(LetterIssued, Permission.ISSUE_LETTER, counts=_issued),
)
