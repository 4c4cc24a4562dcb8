"""A status is determined provisionally within a day and finally within a week; an appeal gets its answer."""

from collections.abc import Iterator

from contracts.events.intake import CaseOpened
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
    StatusDetermined,
    StatusRecognised,
    StatusRequested,
)
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Event, claimed
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.rule import Act
from contracts.workflow.status import FINAL, NOT_ASSESSED, Ruling, Statuses, kind_of_defender

PROVISIONAL_STATUS = "STATUS_PEMBELA"
FINAL_STATUS = "STATUS_AKHIR"
APPEAL = "BANDING_STATUS"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """What each agency that determines a kind of defender owes; nothing where it takes no part in the case."""
    owners = {kind: owner for kind, owner in rules.status.owners.items() if owner in case.participants}
    for source, kind in _asked(case):
        if kind in owners:
            yield from _determined(case, source, kind, rules)
    said, closed = statuses(case), case.in_force(CLOSURE) == CLOSED
    for appeal in said.appeals:
        ruling, kept = said.rulings[appeal.body.determination], closed or appeal.name not in said.waiting
        due = claimed(appeal.event) + rules.status.appeal
        yield Promise(APPEAL, ruling.kind, appeal.event.id, ruling.event.agency, due, kept)


def statuses(case: Case) -> Statuses:
    """All that was said of the status in a case and counts."""
    return Statuses(
        [Act(*told) for told in case.of_type(StatusDetermined)],
        [Act(*told) for told in case.of_type(StatusAppealed)],
        [Act(*told) for told in case.of_type(AppealDecided)],
    )


def _asked(case: Case) -> Iterator[tuple[Event, str]]:
    """Every event that asks for a status, and of which kind: the report itself, then whoever asked."""
    yield from ((event, kind_of_defender(body)) for event, body in case.of_type(CaseOpened))
    yield from ((event, body.defender_kind) for event, body in case.of_type(StatusRequested))


def _determined(case: Case, source: Event, kind: str, rules: Mechanism) -> Iterator[Promise]:
    owner, begun = rules.status.owners[kind], claimed(source)
    said = {ruling.status for ruling in _said(case, kind, owner)} - {NOT_ASSESSED}
    closed = case.in_force(CLOSURE) == CLOSED
    provisional, final = begun + rules.status.provisional, begun + rules.status.final
    yield Promise(PROVISIONAL_STATUS, kind, source.id, owner, provisional, kept=closed or bool(said))
    yield Promise(FINAL_STATUS, kind, source.id, owner, final, kept=closed or bool(said & {*FINAL}))


def _said(case: Case, kind: str, owner: str) -> Iterator[Ruling]:
    """What was ruled on a kind, and what its owner took over from another agency."""
    rulings = statuses(case).rulings
    yield from (ruling for ruling in rulings.values() if ruling.kind == kind)
    recognised = (body for event, body in case.of_type(StatusRecognised) if event.agency == owner)
    yield from (rulings[body.determination] for body in recognised)
