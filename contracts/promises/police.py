"""After sexual violence a provider tells the police in three days, and the police ask for protection within one.

Neither has a node. So agencies owe it that somebody asks: who answers for the partner, whether it has reported; the
agency that decides on emergencies, what the police do. These clocks are the law's, and what a person wants of them is
told to that person before they consent to the referral.
"""

from collections.abc import Iterator
from datetime import datetime

from contracts.encoding import b64
from contracts.events.intake import CaseOpened
from contracts.events.police import PoliceAnswered, PoliceReported
from contracts.events.referral import ReferralAccepted, ReferralSent
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import claimed
from contracts.workflow.police import REPORTED, binds, concerns
from contracts.workflow.referral import DECLINED, WITHDRAWN, answering, slot

REPORT, REQUEST = "LAPORAN_POLISI", "PERMINTAAN_POLISI"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Both, kept or not."""
    yield from _reports(case, rules)
    yield from _requests(case, rules)


def _reports(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """From when the provider has taken the person on."""
    if not any(concerns(body, rules) for _, body in case.of_type(CaseOpened)):
        return
    told = {body.referral for _, body in case.of_type(PoliceReported)}
    sent = {act.name: act for act in case.acts(ReferralSent) if binds(act.body, rules)}
    for event, body in case.of_type(ReferralAccepted):
        if referral := sent.get(body.referral):
            owed_by = answering(referral.body, referral.agency, case.participants, rules)
            kept = body.referral in told or case.in_force(slot(body.referral)) in {DECLINED, WITHDRAWN}
            yield Promise(REPORT, body.referral, event.id, owed_by, claimed(event) + rules.police.report, kept)


def _requests(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """From when the police were told; never due before it was written down."""
    answered, decider = {body.report for _, body in case.of_type(PoliceAnswered)}, rules.emergency.decided_by
    for event, body in case.of_type(PoliceReported):
        if body.outcome == REPORTED:
            due = max(datetime.fromisoformat(body.at) + rules.police.answer, claimed(event))
            agency = decider if decider in case.participants else event.agency
            yield Promise(REQUEST, "", event.id, agency, due, b64(event.id) in answered)
