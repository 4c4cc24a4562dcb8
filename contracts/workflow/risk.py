"""At what risk somebody is, and, apart from it, whether LPSK may take them as its subject.

Risk is threats x vulnerabilities : capacities, reckoned by the table in the mechanism document: the gravest threat
and the gravest vulnerability count, so nothing averages them away, and capacities count as the mean of all that are
agreed, so a single strong one does not outweigh everything. More of a threat or a vulnerability never lowers the level,
more of a capacity never raises it. A level without every score would be an omission that reads like safety, so
it does not count; only a clear and present threat acts without any.
"""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.events.triage import EligibilityDetermined, RiskAssessed, Score
from contracts.mechanism import Mechanism, Permission, RiskRules
from contracts.workflow.rule import Act, Known, Writes, rule
from contracts.workflow.triage import GRAVEST


class Reckoning(NamedTuple):
    """What the table makes of scores: the three parts, 0 to 4 each, and the level."""

    threat: int
    vulnerability: int
    capacity: int
    level: str
    by_floor: bool  # whether the threat alone made the level higher than the ratio does


def reckon(body: RiskAssessed, rules: RiskRules) -> Reckoning:
    """Read the table; a dimension that the document does not name counts where it adds risk, and only there."""
    agreed = [one.score for one in body.capacities if one.dimension in rules.capacities]
    threat, vulnerability = _gravest(body.threats), _gravest(body.vulnerabilities)
    capacity = sum(agreed) // len(rules.capacities)
    if body.present_threat:
        return Reckoning(threat, vulnerability, capacity, rules.present_threat, by_floor=False)
    levels = list(rules.at_least)
    risk, reach = threat * (1 + vulnerability), 1 + capacity
    by_ratio = max(at for at, level in enumerate(levels) if risk >= rules.at_least[level] * reach)
    by_threat = levels.index(rules.floor[threat])
    return Reckoning(threat, vulnerability, capacity, levels[max(by_ratio, by_threat)], by_floor=by_threat > by_ratio)


def missing(body: RiskAssessed, rules: RiskRules) -> Sequence[str]:
    """The agreed dimensions without a score, if they are needed."""
    return () if body.present_threat else unscored(body, rules)


def unscored(body: RiskAssessed, rules: RiskRules) -> Sequence[str]:
    """The agreed dimensions without a score: an assessment that leaves none is a full study."""
    parts = ((rules.threats, body.threats), (rules.vulnerabilities, body.vulnerabilities))
    asked = (*parts, (rules.capacities, body.capacities))
    return [name for agreed, scores in asked for name in agreed if name not in {one.dimension for one in scores}]


def _borne_out(act: Act[RiskAssessed], known: Known) -> bool:
    """By the scores, or by a reason; a present threat is never talked down in the same breath."""
    body, rules = act.body, known.rules.risk
    reasoned = body.reason is not None and not body.present_threat
    return not missing(body, rules) and (reasoned or body.level == reckon(body, rules).level)


def is_low(level: str, rules: Mechanism) -> bool:
    """Whether emergency protection may end at this risk."""
    return level in rules.ending.low_risk


def is_ordinary(level: str, rules: Mechanism) -> bool:
    """Whether a case may be closed because this is its risk."""
    return level in rules.closure.ordinary


def _risk(act: Act[RiskAssessed], _: Known) -> Writes:
    """Whoever sees a clear and present threat has said how urgent the case is, too."""
    return [("risk", act.body.level), *([("urgency", GRAVEST)] if act.body.present_threat else [])]


def _eligibility(act: Act[EligibilityDetermined], _: Known) -> Writes:
    return [("eligibility", act.body.category)]


def _gravest(scores: Sequence[Score]) -> int:
    return max((one.score for one in scores), default=0)


RULES = (
    rule(RiskAssessed, Permission.ASSESS_RISK, counts=_borne_out, writes=_risk),
    rule(EligibilityDetermined, Permission.DETERMINE_ELIGIBILITY, writes=_eligibility),
)
