"""What leaders decide together: one proposes, others agree; once they are enough the deciding agency says the outcome.

How many is the mechanism's number for emergencies; whoever proposes is one of them, and nobody counts twice.
"""

from collections.abc import Iterable
from typing import TypeVar

from contracts.events import Body
from contracts.events.ending import DecisionApproved, EndingProposed, ExtensionProposed
from contracts.events.protection import WaiverProposed
from contracts.mechanism import EmergencyRules, Permission
from contracts.workflow.rule import Act, Known, rule

Decision = WaiverProposed | ExtensionProposed | EndingProposed
DECISIONS: tuple[type[WaiverProposed], type[ExtensionProposed], type[EndingProposed]] = (
    WaiverProposed,
    ExtensionProposed,
    EndingProposed,
)
Proposal = TypeVar("Proposal", bound=Decision)


def decides(agency: str, known: Known) -> bool:
    """Whether this is the agency that decides on emergencies."""
    return agency == known.rules.emergency.decided_by


def enough(decision: Act[Proposal], approvals: Iterable[Act[DecisionApproved]], rules: EmergencyRules) -> bool:
    """Whether, with the leader who proposed it, enough different leaders stand behind a decision."""
    yes = {act.event.content.actor.officer for act in approvals if act.body.decision == decision.name}
    return len(yes | {decision.event.content.actor.officer}) >= rules.approvals


def agreed(name: str, approvals: Iterable[str], kind: type[Proposal], known: Known) -> Act[Proposal] | None:
    """The decision with this name, if the approvals that are named carry it; None if not."""
    decision, named = known.named(name, kind), set(approvals)
    yes = [act for act in known.of(DecisionApproved).values() if act.name in named]
    return decision if decision and enough(decision, yes, known.rules.emergency) else None


def _by_another_leader(act: Act[DecisionApproved], known: Known) -> bool:
    found: list[Act[Body]] = [one for kind in DECISIONS if (one := _named(act.body.decision, kind, known))]
    officer = act.event.content.actor.officer
    return decides(act.agency, known) and any(one.event.content.actor.officer != officer for one in found)


def _named(name: str, kind: type[Body], known: Known) -> Act[Body] | None:
    return known.named(name, kind)


RULES = (rule(DecisionApproved, Permission.DECIDE_EMERGENCY, counts=_by_another_leader),)
