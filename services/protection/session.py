"""What is written down of leaders: what their session (SMPL) decided, and what they decided by phone in an outage.

And, of any other decision of this agency, that it was made by phone before it could be written.
"""

from collections.abc import Collection

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.protection import DecisionSupplemented, RecordConfirmed, RecordSupplemented
from contracts.events.session import SessionDecided
from contracts.timeline import Event
from services.node.acts import Act, Moment
from services.node.service import Desk
from services.protection import domain


def check_session(leaders: Collection[str], moment: Moment, body: SessionDecided) -> None:
    """Rejected(SCHEMA) for somebody who is no leader here, Rejected(STATE) without a quorum."""
    if not set(body.leaders) <= set(leaders):
        raise Rejected(Code.SCHEMA, "leaders")
    if len(body.leaders) < moment.rules.session.quorum:
        raise Rejected(Code.STATE, "quorum")


def check_record(leaders: Collection[str], _: Moment, body: RecordSupplemented) -> None:
    """Raise Rejected(SCHEMA) if somebody is named who is no leader here."""
    if not set(body.leaders) <= set(leaders):
        raise Rejected(Code.SCHEMA, "leaders")


def activation(moment: Moment, confirmation: Event) -> Body | None:
    """What follows from a confirmed record, as from the leaders' own votes."""
    record = domain.confirmed(moment.case).get(b64(confirmation.id))
    return domain.consequence(moment.case, record.proposal, moment.rules, moment.now) if record else None


SESSION = Act("session", SessionDecided, "Record what the leaders' session decided")
RECORD = Act("emergency/records", RecordSupplemented, "Write down what leaders decided by phone")
CONFIRM = Act("emergency/records/confirm", RecordConfirmed, "Stand for it as a second officer", follows=activation)
EARLIER = Act("records", DecisionSupplemented, "Say when a decision was made that was written down later")
ACTS = (SESSION, RECORD, EARLIER, CONFIRM)


def acts(desk: Desk) -> tuple[Act, ...]:
    """What may be written down at this desk, whose leaders are known."""

    def session(moment: Moment, body: SessionDecided) -> None:
        check_session(_leaders(desk, moment), moment, body)

    def record(moment: Moment, body: RecordSupplemented) -> None:
        check_record(_leaders(desk, moment), moment, body)

    return SESSION._replace(check=session), RECORD._replace(check=record), EARLIER, CONFIRM


def _leaders(desk: Desk, moment: Moment) -> list[str]:
    """Who here holds the role that decides, by the rules of the case."""
    return [officer.officer for officer in desk.officers.with_role(moment.rules.emergency.role)]
