"""What triage shows of a case at the desk: how urgent, is this a defender, what risk, whose subject, who is out."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from contracts.events.triage import (
    AppealDecided,
    EligibilityDetermined,
    OfficerReadmitted,
    OfficerRecused,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
    StatusRequested,
    UrgencyOverridden,
)
from contracts.mechanism import Permission
from contracts.promises.status import statuses
from contracts.workflow.status import APPEALED, FINAL, REJECTED, Ruling, is_another, slot
from contracts.workflow.triage import GRAVEST
from services.node import acts
from services.node.web.panel import Form, Look, Offer, Pages, Panel, Place
from services.triage import recusal, risk, status
from services.triage.api import OVERRIDE, Urgency, urgency_of
from services.triage.risk import Judgement
from services.triage.risk_view import Eligibility, Risk, eligibility_of, risk_of
from services.triage.status_view import Status, status_of

SCORED = ("threats", "vulnerabilities", "capacities")


def urgency(look: Look) -> Urgency:
    """How urgent the case is, and why."""
    return urgency_of(look.case)


def urgency_offers(_: Look) -> Iterator[Offer]:
    """Whoever sees it differently says so at any time."""
    yield Offer(UrgencyOverridden.type)


def defender(look: Look) -> Status | None:
    """Whether this is a defender; None while the rules of the case are not here."""
    rules = look.case.judged_by
    return status_of(look.case, rules) if rules else None


def defender_offers(look: Look) -> Iterator[Offer]:
    """What is ours to determine or to decide, what others determined, and what nobody has asked for yet."""
    yield from _appeals_to_decide(look)
    yield from _to_determine(look)
    yield from _of_what_stands(look)
    yield from _to_request(look)


def danger(look: Look) -> Risk | None:
    """The risk and how it comes about; None while the rules of the case are not here."""
    rules = look.case.judged_by
    return risk_of(look.case, rules) if rules else None


def danger_offers(look: Look) -> Iterator[Offer]:
    """An assessment; first where none stands."""
    if look.case.judged_by:
        yield Offer(Judgement.type, first=_quiet(look) and not look.case.in_force("risk"))


def scores(look: Look) -> Mapping[str, Sequence[str]]:
    """A row for every agreed dimension, as the last assessment that stands scored it."""
    rules, told = look.case.judged_by, danger(look)
    if rules is None or told is None:
        return {}
    last = next((one for one in reversed(told.assessments) if one.stands), None)
    draft: dict[str, Sequence[str]] = {}
    for part in SCORED:
        before: Mapping[str, int] = getattr(last, part) if last else {}
        for row, dimension in enumerate(getattr(rules.risk, part)):
            draft[f"{part}.{row}.dimension"] = [dimension]
            if dimension in before:
                draft[f"{part}.{row}.score"] = [str(before[dimension])]
    return draft


def subject(look: Look) -> Eligibility:
    """As what LPSK may take the person as its subject."""
    return eligibility_of(look.case)


def subject_offers(_: Look) -> Iterator[Offer]:
    """A determination, which a later one replaces."""
    yield Offer(EligibilityDetermined.type)


def recused(look: Look) -> Sequence[recusal.Out]:
    """Who takes no part in the case, or does not once a second person says so."""
    return recusal.said_of(look.case)


def recusal_offers(look: Look) -> Iterator[Offer]:
    """To step back oneself, or to say it of somebody; to say what one alone has said; and what others may take back."""
    me = look.officer.officer
    yield Offer(OfficerRecused.type, {} if look.may(Permission.RECUSE_OFFICER) else {"officer": me})
    for out in recusal.said_of(look.case):
        if out.agency != look.agency or me in {out.officer, out.by}:
            continue
        if not out.stands and look.may(Permission.RECUSE_OFFICER):
            yield Offer(OfficerRecused.type, {"officer": out.officer, "reason": out.reason}, about=out.event)
        yield Offer(OfficerReadmitted.type, {"recusal": out.event}, about=out.event)


def _quiet(look: Look) -> bool:
    """Whether nobody's life is at risk as far as is known: else nothing here is the obvious next thing."""
    calm = look.case.in_force("urgency") != GRAVEST
    return calm and look.case.in_force("emergency") not in {"PROPOSED", "ACTIVE"}


def _owned(look: Look) -> list[str]:
    """The kinds of defender that this agency determines."""
    rules = look.case.judged_by
    return [kind for kind, owner in rules.status.owners.items() if owner == look.agency] if rules else []


def _waiting(look: Look) -> Mapping[str, Ruling]:
    return statuses(look.case).waiting


def _appeals_to_decide(look: Look) -> Iterator[Offer]:
    owned, me = _owned(look), look.officer.officer
    for appeal, rejection in _waiting(look).items():
        if rejection.kind in owned and is_another(look.agency, me, rejection):
            yield Offer(AppealDecided.type, {"appeal": appeal}, first=_quiet(look))


def _to_determine(look: Look) -> Iterator[Offer]:
    under_appeal = {ruling.kind for ruling in _waiting(look).values()}
    for kind in _owned(look):
        if kind not in under_appeal:
            asked = any(body.defender_kind == kind for _, body in look.case.of_type(StatusRequested))
            first = _quiet(look) and asked and not look.case.in_force(slot(kind))
            yield Offer(StatusDetermined.type, {"defender_kind": kind}, first)


def _of_what_stands(look: Look) -> Iterator[Offer]:
    said = statuses(look.case)
    determined = {act.name for act in said.determined}
    for name, ruling in said.rulings.items():
        if not status.stands(look.case, ruling):
            continue
        given = {"determination": name}
        if ruling.event.agency != look.agency:
            yield Offer(StatusRecognised.type, given)
            yield Offer(StatusDisputed.type, given)
        if ruling.status == REJECTED and name in determined:
            yield Offer(StatusAppealed.type, given)


def _to_request(look: Look) -> Iterator[Offer]:
    """One button: where several kinds are open, the form asks which."""
    rules = look.case.judged_by
    others = {*look.case.participants} - {look.agency}
    kinds = [kind for kind, owner in rules.status.owners.items() if owner in others] if rules else []
    open_ = [kind for kind in kinds if look.case.in_force(slot(kind)) not in {*FINAL, APPEALED}]
    if open_:
        yield Offer(StatusRequested.type, {"defender_kind": open_[0]} if len(open_) == 1 else {})


FORMS = (
    *acts.forms((OVERRIDE, *status.ACTS, *risk.ACTS)),
    Form("risk", Judgement, Permission.ASSESS_RISK, draft=scores),
    Form(recusal.RECUSE.path, recusal.Recusal, Permission.STEP_BACK, grave=True),
    *acts.forms((recusal.READMIT,)),
)
PAGES = Pages(
    Path(__file__).parent,
    (
        Panel("urgency", Place.ASIDE, urgency, urgency_offers),
        Panel("risk", Place.ASIDE, danger, danger_offers),
        Panel("status", Place.MAIN, defender, defender_offers),
        Panel("eligibility", Place.ASIDE, subject, subject_offers),
        Panel("recusal", Place.ASIDE, recused, recusal_offers),
    ),
    FORMS,
)
