"""Is this a defender: each agency determines its own kind, others take it over or object, a rejection has an appeal.

Each kind of defender is a matter of its own, so no agency's determination replaces another's. What agencies say
of each other's determinations stands beside them and decides nothing; above all it never stops an emergency,
none of whose rules looks here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.events.intake import CaseOpened
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
    StatusRequested,
)
from contracts.mechanism import Mechanism, Permission
from contracts.timeline import Event, latest
from contracts.workflow.rule import Act, Claim, Known, Writes, in_force, rule

NOT_ASSESSED = "BELUM_DINILAI"
REJECTED = "DITOLAK"
APPEALED = "DIBANDING"
FINAL = ("TERVERIFIKASI", REJECTED)
RECOGNISED = "DIAKUI"
DISPUTED = "DISANGGAH"


class Ruling(NamedTuple):
    """What an agency said of one kind of defender: a determination, or the outcome of an appeal."""

    event: Event
    kind: str
    status: str
    basis: Sequence[str]


class Statuses(NamedTuple):
    """What was said of the status in a case, as far as somebody knows."""

    determined: Sequence[Act[StatusDetermined]]
    appeals: Sequence[Act[StatusAppealed]]
    outcomes: Sequence[Act[AppealDecided]]

    @property
    def rulings(self) -> Mapping[str, Ruling]:
        """Every ruling by the name of its event, determinations first."""
        found = {
            act.name: Ruling(act.event, act.body.defender_kind, act.body.status, act.body.basis)
            for act in self.determined
        }
        appealed = {act.name: found[act.body.determination] for act in self.appeals}
        return found | {
            act.name: Ruling(act.event, appealed[act.body.appeal].kind, act.body.status, act.body.basis)
            for act in self.outcomes
        }

    @property
    def waiting(self) -> Mapping[str, Ruling]:
        """The rejections whose appeal has no outcome, by the name of the appeal."""
        answered = {act.body.appeal for act in self.outcomes}
        settled = {act.body.determination for act in self.appeals if act.name in answered}
        appeals = (act for act in self.appeals if act.body.determination not in settled)
        rulings = self.rulings
        return {act.name: rulings[act.body.determination] for act in appeals}


def known_statuses(known: Known) -> Statuses:
    """What the author of an event knew of the status."""
    return Statuses(
        list(known.of(StatusDetermined).values()),
        list(known.of(StatusAppealed).values()),
        list(known.of(AppealDecided).values()),
    )


def slot(kind: str) -> str:
    """The matter on which a kind of defender is determined."""
    return f"status/{kind}"


def overall(standing: Callable[[str], Sequence[Claim]], rules: Mechanism) -> str:
    """The status that protects most among those of all kinds, given what stands; "" if nobody said anything."""
    claims = [claim for kind in rules.status.owners for claim in standing(slot(kind))]
    return in_force(slot(""), claims, rules)


def is_final(known: Known, at: datetime) -> bool:
    """Whether there is no defender, and each rejection was heard on appeal or left alone while one could be made."""
    if overall(known.standing, known.rules) != REJECTED:
        return False
    claims = [claim for kind in known.rules.status.owners for claim in known.standing(slot(kind))]
    unheard = [act for act in known.of(StatusDetermined).values() if act.event.id in {claim.event for claim in claims}]
    return all(at - latest(act.event) >= known.rules.status.appealable for act in unheard)


def kind_of_defender(opened: CaseOpened) -> str:
    """Which kind of defender a case is read as, until somebody determines it."""
    return "PPHAM" if opened.gender_lens else "PEMBELA"


def is_another(agency: str, officer: str, ruling: Ruling) -> bool:
    """Whether this is somebody else than the author of a ruling."""
    return (agency, officer) != (ruling.event.agency, ruling.event.content.actor.officer)


def _by_its_owner(act: Act[StatusDetermined], known: Known) -> bool:
    """An appeal is not answered in passing: until its outcome nothing else is determined."""
    kind = act.body.defender_kind
    under_appeal = {ruling.kind for ruling in known_statuses(known).waiting.values()}
    return _owns(act.agency, kind, known) and act.body.status != APPEALED and kind not in under_appeal


def _of_another_agency(act: Act[StatusRecognised] | Act[StatusDisputed], known: Known) -> bool:
    ruling = known_statuses(known).rulings.get(act.body.determination)
    return ruling is not None and ruling.event.agency != act.agency


def _of_a_standing_rejection(act: Act[StatusAppealed], known: Known) -> bool:
    """Once: what an appeal has confirmed is final until somebody determines anew."""
    rejection = known.named(act.body.determination, StatusDetermined)
    if rejection is None or rejection.body.status != REJECTED:
        return False
    standing = known.standing(slot(rejection.body.defender_kind))
    return any(claim.event == rejection.event.id for claim in standing)


def _by_another_officer(act: Act[AppealDecided], known: Known) -> bool:
    appeal = known.named(act.body.appeal, StatusAppealed)
    answered = any(outcome.body.appeal == act.body.appeal for outcome in known.of(AppealDecided).values())
    if appeal is None or answered or act.body.status == APPEALED:
        return False
    rejection = known_statuses(known).rulings[appeal.body.determination]
    officer = act.event.content.actor.officer
    return _owns(act.agency, rejection.kind, known) and is_another(act.agency, officer, rejection)


def _determined(act: Act[StatusDetermined], _: Known) -> Writes:
    return [(slot(act.body.defender_kind), act.body.status)]


def _stance(act: Act[StatusRecognised] | Act[StatusDisputed], known: Known) -> Writes:
    kind = known_statuses(known).rulings[act.body.determination].kind
    said = RECOGNISED if isinstance(act.body, StatusRecognised) else DISPUTED
    return [(f"recognition/{kind}/{act.agency}", said)]


def _under_appeal(act: Act[StatusAppealed], known: Known) -> Writes:
    return [(slot(known_statuses(known).rulings[act.body.determination].kind), APPEALED)]


def _outcome(act: Act[AppealDecided], known: Known) -> Writes:
    appeals: Iterable[Act[StatusAppealed]] = known.of(StatusAppealed).values()
    rejection = next(appeal.body.determination for appeal in appeals if appeal.name == act.body.appeal)
    return [(slot(known_statuses(known).rulings[rejection].kind), act.body.status)]


def _owns(agency: str, kind: str, known: Known) -> bool:
    return known.rules.status.owners.get(kind) == agency


RULES = (
    rule(StatusRequested, Permission.REQUEST_STATUS),
    rule(StatusDetermined, Permission.DETERMINE_STATUS, counts=_by_its_owner, writes=_determined),
    rule(StatusRecognised, Permission.RECOGNISE_STATUS, counts=_of_another_agency, writes=_stance),
    rule(StatusDisputed, Permission.DISPUTE_STATUS, counts=_of_another_agency, writes=_stance),
    rule(StatusAppealed, Permission.APPEAL_STATUS, counts=_of_a_standing_rejection, writes=_under_appeal),
    rule(AppealDecided, Permission.DETERMINE_STATUS, counts=_by_another_officer, writes=_outcome),
)
