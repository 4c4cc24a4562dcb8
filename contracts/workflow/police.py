"""What law asks of a provider and of the police after sexual violence, entered by who speaks for the provider.

The software tells nobody: a provider reports by hand, and what the police do they say to an agency.
"""

from datetime import datetime

from contracts.events.intake import CaseOpened
from contracts.events.police import PoliceAnswered, PoliceReported
from contracts.events.referral import ReferralSent
from contracts.mechanism import Mechanism, Permission
from contracts.timeline import claimed
from contracts.workflow.opening import participants, to_all, told_to_all
from contracts.workflow.referral import SENT, answering, slot
from contracts.workflow.rule import Act, Known, rule

REPORTED = "DILAPORKAN"  # of list `police_report`: from here on the police have to act


def concerns(opened: CaseOpened, rules: Mechanism) -> bool:
    """Whether a case tells of violence that has to be reported."""
    return not {*rules.police.violence}.isdisjoint(opened.violence)


def binds(sent: ReferralSent, rules: Mechanism) -> bool:
    """Whether a referral goes to a partner that has to report."""
    return sent.partner in rules.police.providers


def _told(act: Act[PoliceReported], known: Known) -> bool:
    """By who answers for the partner or sent the referral, once the partner has taken it on; of no time to come."""
    sent = known.named(act.body.referral, ReferralSent)
    if sent is None or not binds(sent.body, known.rules) or known.value(slot(sent.name)) in {"", SENT}:
        return False
    ours = act.agency in {sent.agency, answering(sent.body, sent.agency, participants(known), known.rules)}
    return ours and to_all(act, known) and datetime.fromisoformat(act.body.at) <= claimed(act.event)


def _answered(act: Act[PoliceAnswered], known: Known) -> bool:
    """Heard by whoever takes part."""
    report = known.named(act.body.report, PoliceReported)
    return report is not None and report.body.outcome == REPORTED and told_to_all(act, known)


RULES = (
    rule(PoliceReported, Permission.ANSWER_REFERRAL, counts=_told),
    rule(PoliceAnswered, Permission.ANSWER_REFERRAL, counts=_answered),
)
