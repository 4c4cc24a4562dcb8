"""What a partner told the police, and what the police do: entered by officers, shown beside the referral."""

from contracts.case import Case
from contracts.encoding import b64
from contracts.events.police import PoliceAnswered, PoliceReported
from services.node.acts import Act
from services.node.http import Answer


class Police(Answer):
    """Whether the partner of a referral has told the police, and what they do on it; no answer is ""."""

    report: str
    outcome: str
    answer: str


ACTS = (
    Act("police", PoliceReported, "Say whether a partner has reported to the police"),
    Act("police/answer", PoliceAnswered, "Say what the police do on a report"),
)


def reports(case: Case, referral: str) -> list[Police]:
    """All that was said of one referral."""
    answers = {body.report: body.answer for _, body in case.of_type(PoliceAnswered)}
    told = [(b64(event.id), body) for event, body in case.of_type(PoliceReported) if body.referral == referral]
    return [Police(report=name, outcome=body.outcome, answer=answers.get(name, "")) for name, body in told]
