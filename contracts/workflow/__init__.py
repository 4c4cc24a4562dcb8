"""The shared workflow: for each type of event, whether it counts and what it decides. One module per matter."""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from contracts.events import Body
from contracts.events.plan import IncidentRecorded, MeasureStarted
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import RiskAssessed, StatusAppealed, StatusDetermined, UrgencyOverridden
from contracts.workflow import (
    afterwards,
    breach,
    closure,
    consent,
    duplicate,
    emergency,
    ending,
    erasure,
    lead,
    leaders,
    missed,
    opening,
    outside,
    paper,
    plan,
    police,
    recusal,
    referral,
    rights,
    risk,
    session,
    status,
    step,
    triage,
)
from contracts.workflow.rule import Act, Graver, Known, Rule, always, rule

_FREE = recusal.unless_recused(rule(Body))  # of types that decide nothing: a report, a notice, a refusal
# Their acts count in a closed case, too; of all others none does that knew of its being closed.
_ALWAYS = frozenset(
    {
        *(opening, consent, outside, rights, breach, duplicate, emergency, leaders, afterwards, paper, ending, session),
        *(erasure, closure, step, missed, recusal),
    }
)


def _more_than_ordinary(act: Act[Body], known: Known) -> bool:
    return isinstance(act.body, RiskAssessed) and not risk.is_ordinary(act.body.level, known.rules)


def _more_than_low(act: Act[Body], known: Known) -> bool:
    return isinstance(act.body, RiskAssessed) and not risk.is_low(act.body.level, known.rules)


def _gravest(act: Act[Body], _: Known) -> bool:
    return isinstance(act.body, UrgencyOverridden) and act.body.level == triage.GRAVEST


def _a_defender_after_all(act: Act[Body], known: Known) -> bool:
    rejected = status.overall(known.standing, known.rules) == status.REJECTED
    return rejected and isinstance(act.body, StatusDetermined) and act.body.status != status.REJECTED


# What a case is not closed against, and what emergency protection does not end against, unless that was known.
_REOPENING: Mapping[type[Body], Graver] = {
    EmergencyProposed: always,
    StatusAppealed: always,
    MeasureStarted: always,
    RiskAssessed: _more_than_ordinary,
    UrgencyOverridden: _gravest,
    StatusDetermined: _a_defender_after_all,
}
_UPHOLDING: Mapping[type[Body], Graver] = {IncidentRecorded: always, RiskAssessed: _more_than_low}


def _in_its_time(judged: Rule, matter: ModuleType) -> Rule:
    """A rule as it stands beside those that end protection or close a case, which it outlasts if it tells of danger.

    And beside that by which who has a conflict of interest takes no part, whatever the matter.
    """
    judged = recusal.unless_recused(judged)
    if matter not in _ALWAYS and judged.kind is not StatusAppealed:
        judged = closure.while_open(judged)
    if judged.kind in _REOPENING:
        judged = closure.reopening(judged, _REOPENING[judged.kind])
    return emergency.upholding(judged, _UPHOLDING[judged.kind]) if judged.kind in _UPHOLDING else judged


_RULES: Mapping[type[Body], Rule] = MappingProxyType(
    {
        one.kind: _in_its_time(one, matter)
        for matter in (
            opening,
            consent,
            outside,
            rights,
            breach,
            duplicate,
            lead,
            referral,
            police,
            triage,
            status,
            recusal,
            risk,
            emergency,
            leaders,
            afterwards,
            paper,
            ending,
            session,
            erasure,
            plan,
            closure,
            step,
            missed,
        )
        for one in matter.RULES
    }
)


def rule_for(kind: type[Body]) -> Rule:
    """How events of a type are judged."""
    return _RULES.get(kind, _FREE)
