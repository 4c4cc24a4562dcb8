"""What a person asks about their own data: received by one agency and answered by it, also once the case is closed."""

from datetime import datetime

from contracts.events.rights import RequestAnswered, RequestReceived
from contracts.mechanism import Permission
from contracts.timeline import claimed
from contracts.workflow.opening import told_to_all
from contracts.workflow.rule import Act, Known, rule


def _received(act: Act[RequestReceived], known: Known) -> bool:
    """Of no time to come."""
    return told_to_all(act, known) and datetime.fromisoformat(act.body.at) <= claimed(act.event)


def _answered(act: Act[RequestAnswered], known: Known) -> bool:
    """By the agency that was asked, once."""
    asked = known.named(act.body.request, RequestReceived)
    before = any(one.body.request == act.body.request for one in known.of(RequestAnswered).values())
    return asked is not None and asked.agency == act.agency and not before and told_to_all(act, known)


RULES = (
    rule(RequestReceived, Permission.RECORD_CONSENT, counts=_received),
    rule(RequestAnswered, Permission.ANSWER_REQUEST, counts=_answered),
)
