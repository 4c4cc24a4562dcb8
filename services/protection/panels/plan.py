"""The joint plan at the desk: what holds, what waits for whom, and every measure with the next thing to say of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.codes import codes
from contracts.encoding import b64
from contracts.events.plan import (
    Measure,
    MeasureCompleted,
    MeasureFailed,
    MeasureStarted,
    PlanAgreed,
    PlanDeclined,
    PlanProposed,
)
from contracts.mechanism.calendar import ZONES, clock_of
from contracts.promises.plan import plans_in_force
from contracts.workflow.plan import MAX_NAMED, PROPOSAL, slot_of
from services.node.web.panel import Look, Offer
from services.node.web.present import Counts, instant, would_count
from services.protection.outlook import Outlook, Version, shown
from services.protection.plan import NO_RISK


class Plan(NamedTuple):
    """The versions that count today, and how far each measure is."""

    versions: list[Version]  # in force, or waiting to be
    outlook: Outlook


def show(look: Look) -> Plan | None:
    """The versions in force and those that nothing has replaced; None while the rules of the case are not here."""
    if look.case.judged_by is None:
        return None
    outlook, waiting = shown(look.case), set(_standing(look))
    return Plan([one for one in outlook.versions if one.in_force or one.plan in waiting], outlook)


def offers(look: Look) -> Iterator[Offer]:
    """Agree or decline what waits for this agency; say how far a measure is; propose another version."""
    counts = would_count(look)
    plan = show(look)
    for version in plan.versions if plan else []:
        yield from _answers(counts, version)
        for measure in version.measures:
            yield from _reports(counts, version.plan, measure.id)
    if plan and counts(_specimen(look)):
        yield Offer(PlanProposed.type, first=not plan.versions and look.case.in_force("emergency") == "ACTIVE")


def draft(look: Look) -> Mapping[str, Sequence[str]]:
    """A new version begins as the one that it replaces."""
    typed: dict[str, Sequence[str]] = {"replaces": _standing(look)}
    for row, measure in enumerate(_measures(look)):
        typed |= {f"measures.{row}.{name}": [text] for name, text in _typed(look, measure).items()}
    return typed


def _answers(counts: Counts, version: Version) -> Iterator[Offer]:
    given = {"plan": version.plan}
    if not version.falls_short and counts(PlanAgreed(plan=version.plan)):
        yield Offer(PlanAgreed.type, given, first=True, about=version.plan)
    if counts(PlanDeclined(plan=version.plan, reason=codes("plan_objection")[0])):
        yield Offer(PlanDeclined.type, given, about=version.plan)


def _reports(counts: Counts, plan: str, measure: str) -> Iterator[Offer]:
    given = {"plan": plan, "measure": measure}
    about = f"{plan}/{measure}"
    if counts(MeasureStarted(**given)):
        yield Offer(MeasureStarted.type, given, about=about)
    if counts(MeasureCompleted(**given)):
        yield Offer(MeasureCompleted.type, given, about=about)
        yield Offer(MeasureFailed.type, given, about=about)


def _specimen(look: Look) -> PlanProposed:
    """A version with the measures that stand, or with one of our own."""
    mine = Measure(
        id=f"{look.agency[:28]}-999",
        code=codes("measure")[0],
        owner=look.agency,
        responsible=look.agency,
        due_by=instant(look),
        raises_risk=False,
        risk_answer=NO_RISK,
    )
    return PlanProposed(measures=(*_measures(look), mine)[:1], replaces=tuple(_standing(look)))


def _standing(look: Look) -> list[str]:
    """The versions that nothing has replaced: what a new one has to name."""
    return [b64(claim.event) for claim in look.case.slots.get(PROPOSAL, ())][:MAX_NAMED]


def _measures(look: Look) -> list[Measure]:
    """Those that are still owed by the plan in force, else by the versions that wait; each once."""
    waiting = [act for act in look.case.acts(PlanProposed) if act.name in set(_standing(look))]
    found = {one.id: one for act in plans_in_force(look.case) or waiting for one in act.body.measures}
    return [one for name, one in found.items() if look.case.in_force(slot_of(name)) != "COMPLETED"]


def _typed(look: Look, measure: Measure) -> dict[str, str]:
    """As a browser would send it: times on the office's clock, and a box that is not ticked not at all."""
    zone = ZONES[look.case.mechanism.of(look.agency).zone]
    told = measure.model_dump(exclude={"due_by", "raises_risk", "agreement"})
    told["due_by"] = f"{clock_of(zone, datetime.fromisoformat(measure.due_by)):%Y-%m-%dT%H:%M}"
    if measure.raises_risk:
        told["raises_risk"] = "1"
    if measure.agreement:
        told |= {"agreement.given_by": measure.agreement.given_by, "agreement.on": measure.agreement.on}
    return told
