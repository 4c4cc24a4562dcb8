"""The shared workflow: for each type of event, whether it counts and what it decides. One module per matter."""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from contracts.events import Body
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import StatusAppealed
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
from contracts.workflow.rule import Rule, rule

_FREE = recusal.unless_recused(rule(Body))  # of types that decide nothing: a report, a notice, a refusal
# Their acts count in a closed case, too; of all others none does that knew of its being closed.
_ALWAYS = frozenset(
    {
        *(opening, consent, outside, rights, breach, duplicate, emergency, leaders, afterwards, paper, ending, session),
        *(erasure, closure, step, missed, recusal),
    }
)


def _in_its_time(judged: Rule, matter: ModuleType) -> Rule:
    """A rule as it stands beside those that close a case: an emergency opens it again, and so does an appeal.

    And beside that by which who has a conflict of interest takes no part, whatever the matter.
    """
    judged = recusal.unless_recused(judged)
    if judged.kind in {EmergencyProposed, StatusAppealed}:
        return closure.reopening(judged)
    return judged if matter in _ALWAYS else closure.while_open(judged)


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
