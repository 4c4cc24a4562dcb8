"""Emergency protection at the desk: propose, vote, write down votes by phone, and agree to what a leader proposes."""

from collections.abc import Iterator

from contracts.codes import codes
from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.events.ending import DecisionApproved
from contracts.events.protection import (
    EmergencyApproved,
    EmergencyProposed,
    EmergencyRefused,
    RecordConfirmed,
    RecordSupplemented,
)
from contracts.mechanism import Mechanism
from services.node.acts import Act, Moment
from services.node.web.panel import Look, Offer
from services.node.web.present import instant, would_count
from services.protection import domain, ending
from services.protection.api import Emergency, shown
from services.protection.handlers import APPROVE, PROPOSE

SOMEBODY = "0"  # a specimen of a leader's pseudonym
AT_ONCE = codes("urgency")[0]  # the highest


def show(look: Look) -> Emergency | None:
    """Where emergency protection stands; None while the rules of the case are not here."""
    rules = look.case.judged_by
    return shown(look.case, rules.emergency) if rules else None


def offers(look: Look) -> Iterator[Offer]:
    """Propose while nothing is proposed or in force; vote, write down and confirm votes on what waits."""
    rules = look.case.judged_by
    if rules is None:
        return
    proposed = EmergencyProposed(ground=codes("ground")[0], needs=())
    if _passes(look, rules, PROPOSE, proposed):
        yield Offer(PROPOSE.body.type, first=look.case.in_force("urgency") == AT_ONCE)
    yield from _votes(look, rules)
    yield from _by_phone(look)
    yield from _decisions(look, rules)


def _votes(look: Look, rules: Mechanism) -> Iterator[Offer]:
    for proposal in domain.proposals(look.case):
        name = b64(proposal.event.id)
        if _passes(look, rules, APPROVE, EmergencyApproved(proposal=name)):
            yield Offer(EmergencyApproved.type, {"proposal": name}, first=True, about=name)
            yield Offer(EmergencyRefused.type, {"proposal": name}, about=name)


def _by_phone(look: Look) -> Iterator[Offer]:
    counts = would_count(look)
    for proposal in domain.proposals(look.case):
        name = b64(proposal.event.id)
        written = RecordSupplemented(proposal=name, leaders=(SOMEBODY,), decided_at=instant(look))
        if proposal.state == domain.State.PROPOSED and counts(written):
            yield Offer(RecordSupplemented.type, {"proposal": name}, about=name)
    confirmed = {body.record for _, body in look.case.of_type(RecordConfirmed)}
    for event, record in look.case.of_type(RecordSupplemented):
        name = b64(event.id)
        if name not in confirmed and counts(RecordConfirmed(record=name)):
            yield Offer(RecordConfirmed.type, {"record": name}, first=True, about=record.proposal)


def _decisions(look: Look, rules: Mechanism) -> Iterator[Offer]:
    """What one leader has proposed waits for another."""
    act, counts = next(act for act in ending.ACTS if act.body is DecisionApproved), would_count(look)
    for decision in ending.decisions(look.case):
        body = DecisionApproved(decision=decision.name)
        if counts(body) and _passes(look, rules, act, body):
            yield Offer(DecisionApproved.type, {"decision": decision.name}, first=True, about=decision.name)


def _passes(look: Look, rules: Mechanism, act: Act, body: object) -> bool:
    """Whether the desk's own check lets it through now."""
    try:
        act.check(Moment(look.case, look.agency, look.officer.actor, rules, instant(look)), body)
    except Rejected:
        return False
    return True
