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
    MeasureUnwanted,
    MeasureWanted,
    PlanAgreed,
    PlanDeclined,
    PlanProposed,
)
from contracts.mechanism import PARTNER
from contracts.mechanism.calendar import ZONES, clock_of
from contracts.promises.plan import plans_in_force
from contracts.workflow.plan import MAX_NAMED, PROPOSAL, slot_of
from services.node.web.panel import Labels, Look, Offer, Typed
from services.node.web.present import Counts, instant, would_count
from services.node.web.words import Speech
from services.protection.outlook import Outlook, Version, measures, shown
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
            yield from _reports(counts, version.plan, measure.id, instant(look))
    if plan and counts(_specimen(look)):
        yield Offer(PlanProposed.type, first=not plan.versions and look.case.in_force("emergency") == "ACTIVE")


def named(look: Look, speech: Speech, _: Typed) -> Labels:
    """Every measure that was ever proposed: what it is, who carries it out, by when."""
    proposed = (one for act in look.case.acts(PlanProposed) for one in act.body.measures)
    return {"measure": {one.id: _in_words(one, speech) for one in proposed}}


def free(look: Look) -> Iterator[str]:
    """Names for measures of this agency that none has yet: they begin with its own."""
    taken = {one.id for act in look.case.acts(PlanProposed) for one in act.body.measures}
    return (name for number in range(1, 1000) if (name := f"{look.agency}-{number}") not in taken)


def draft(look: Look) -> Mapping[str, Sequence[str]]:
    """A new version begins as the one that it replaces."""
    typed: dict[str, Sequence[str]] = {"replaces": _standing(look)}
    for row, measure in enumerate(_measures(look)):
        typed |= {f"measures.{row}.{name}": [text] for name, text in _typed(look, measure).items()}
    return typed


def heard(look: Look) -> Mapping[str, Sequence[str]]:
    """When the defender says something to this officer: now."""
    zone = ZONES[look.case.mechanism.of(look.agency).zone]
    return {"at": [f"{clock_of(zone, look.now):%Y-%m-%dT%H:%M}"]}


def _answers(counts: Counts, version: Version) -> Iterator[Offer]:
    given = {"plan": version.plan}
    if not version.falls_short and counts(PlanAgreed(plan=version.plan)):
        yield Offer(PlanAgreed.type, given, first=True, about=version.plan)
    if counts(PlanDeclined(plan=version.plan, reason=codes("plan_objection")[0])):
        yield Offer(PlanDeclined.type, given, about=version.plan)


def _reports(counts: Counts, plan: str, measure: str, now: str) -> Iterator[Offer]:
    given = {"plan": plan, "measure": measure}
    about = f"{plan}/{measure}"
    word = {**given, "given_by": codes("consent_giver")[0], "form": codes("consent_form")[0], "at": now}
    for said in (MeasureWanted(**word), MeasureUnwanted(**word)):
        if counts(said):
            yield Offer(said.type, given, about=about)
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


def _in_words(measure: Measure, speech: Speech) -> str:
    by = speech.name_of(measure.responsible)
    owner = speech.words("plan.partner", agency=by) if measure.owner == PARTNER else speech.name_of(measure.owner)
    code, due = speech.words.label("measure", measure.code), speech.words.moment(measure.due_by)
    return speech.words("plan.named", measure=code, owner=owner, due=due)


def _standing(look: Look) -> list[str]:
    """The versions that nothing has replaced: what a new one has to name."""
    return [b64(claim.event) for claim in look.case.slots.get(PROPOSAL, ())][:MAX_NAMED]


def _measures(look: Look) -> list[Measure]:
    """Those that are still owed by the plan in force, else by the versions that wait; each once."""
    waiting = [act for act in look.case.acts(PlanProposed) if act.name in set(_standing(look))]
    acts, rules = plans_in_force(look.case) or waiting, look.case.mechanism
    found = {one.id: one for act in acts for one in measures(look.case, act, rules)}
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
