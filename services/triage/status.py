"""What officers say of a defender's status: ask, determine, recognise, object, appeal, decide an appeal.

The checks say in words what the rules of `contracts.workflow.status` would refuse without any.
"""

from contracts.case import Case
from contracts.errors import Code, Rejected
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
    StatusRequested,
)
from contracts.promises.status import statuses
from contracts.workflow.status import APPEALED, FINAL, REJECTED, Ruling, is_another, slot
from services.node.acts import Act, Moment


def check_request(moment: Moment, body: StatusRequested) -> None:
    """Rejected(STATE) if nobody could answer, or it is answered for good."""
    if moment.rules.status.owners.get(body.defender_kind) not in moment.case.participants:
        raise Rejected(Code.STATE, "the agency that determines takes no part in this case")
    if moment.case.in_force(slot(body.defender_kind)) in {*FINAL, APPEALED}:
        raise Rejected(Code.STATE, "status")


def check_determined(moment: Moment, body: StatusDetermined) -> None:
    """Rejected(SCHEMA) for no basis, (FORBIDDEN) unless ours, (STATE) while an appeal waits."""
    _check_status(body.status, body.basis)
    if moment.rules.status.owners.get(body.defender_kind) != moment.agency:
        raise Rejected(Code.FORBIDDEN, "defender_kind")
    if body.defender_kind in {ruling.kind for ruling in statuses(moment.case).waiting.values()}:
        raise Rejected(Code.STATE, "an appeal waits for its outcome")


def check_recognised(moment: Moment, body: StatusRecognised) -> None:
    """Rejected(NOT_FOUND) without such a determination, (FORBIDDEN) for one's own, (STATE) if it is replaced."""
    ruling = _theirs(moment, body.determination)
    if not stands(moment.case, ruling):
        raise Rejected(Code.STATE, "determination")


def check_disputed(moment: Moment, body: StatusDisputed) -> None:
    """Rejected(NOT_FOUND) without such a determination, (FORBIDDEN) for one's own."""
    _theirs(moment, body.determination)


def check_appealed(moment: Moment, body: StatusAppealed) -> None:
    """Rejected(NOT_FOUND) without such a determination, (STATE) if it cannot be appealed.

    What can be is a rejection that stands, once; the outcome of an appeal is final.
    """
    said = statuses(moment.case)
    ruling = said.rulings.get(body.determination)
    if ruling is None:
        raise Rejected(Code.NOT_FOUND, "determination")
    determined = {act.name for act in said.determined}
    if ruling.status != REJECTED or body.determination not in determined or not stands(moment.case, ruling):
        raise Rejected(Code.STATE, "only a rejection that stands can be appealed")


def check_decided(moment: Moment, body: AppealDecided) -> None:
    """Rejected(SCHEMA) for no basis, (NOT_FOUND) without such an appeal, (STATE) if it is decided.

    Rejected(FORBIDDEN) for another agency than the one that rejected, and for the officer who did.
    """
    _check_status(body.status, body.basis)
    said = statuses(moment.case)
    appeal = next((act for act in said.appeals if act.name == body.appeal), None)
    if appeal is None:
        raise Rejected(Code.NOT_FOUND, "appeal")
    rejection = said.rulings[appeal.body.determination]
    if moment.rules.status.owners.get(rejection.kind) != moment.agency:
        raise Rejected(Code.FORBIDDEN, "the agency that rejected decides")
    if not is_another(moment.agency, moment.actor.officer, rejection):
        raise Rejected(Code.FORBIDDEN, "an officer other than the one who rejected decides")
    if any(outcome.body.appeal == body.appeal for outcome in said.outcomes):
        raise Rejected(Code.STATE, "decided")


ACTS = (
    Act("status/request", StatusRequested, "Ask for a defender's status", check_request),
    Act("status", StatusDetermined, "Determine a defender's status", check_determined),
    Act("status/recognise", StatusRecognised, "Recognise another agency's determination", check_recognised),
    Act("status/dispute", StatusDisputed, "Object to another agency's determination", check_disputed),
    Act("status/appeal", StatusAppealed, "Appeal against a rejection, for the defender", check_appealed),
    Act("status/appeal/decide", AppealDecided, "Decide an appeal, as another officer", check_decided),
)


def stands(case: Case, ruling: Ruling) -> bool:
    """Whether nothing has replaced a ruling."""
    return any(claim.event == ruling.event.id for claim in case.slots.get(slot(ruling.kind), ()))


def _check_status(status: str, basis: tuple[str, ...]) -> None:
    """A final status says on which tests it rests, or fails; a provisional one is a presumption of good faith."""
    if status == APPEALED:
        raise Rejected(Code.SCHEMA, "status")
    if status in FINAL and not basis:
        raise Rejected(Code.SCHEMA, "basis")


def _theirs(moment: Moment, name: str) -> Ruling:
    ruling = statuses(moment.case).rulings.get(name)
    if ruling is None:
        raise Rejected(Code.NOT_FOUND, "determination")
    if ruling.event.agency == moment.agency:
        raise Rejected(Code.FORBIDDEN, "one's own determination")
    return ruling
