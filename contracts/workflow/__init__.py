"""The shared workflow: for each type of event, whether it counts and what it decides. One module per matter."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.events import Body
from contracts.workflow import emergency, erasure, opening, triage
from contracts.workflow.rule import Rule, rule

_FREE = rule(Body)  # of types that decide nothing: a report, a notice, a refusal
_RULES: Mapping[type[Body], Rule] = MappingProxyType(
    {one.kind: one for matter in (opening, triage, emergency, erasure) for one in matter.RULES}
)


def rule_for(kind: type[Body]) -> Rule:
    """How events of a type are judged."""
    return _RULES.get(kind, _FREE)
