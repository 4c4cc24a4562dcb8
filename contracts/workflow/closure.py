"""The end of a case, and its return: people close it, never time, and whatever is protective keeps it open.

Slot `closure` is PROPOSED by the lead, CLOSED when the lead's second officer and every agency with an active measure
have agreed, and OPEN again by an incident, an emergency, an appeal or a reopening. OPEN outranks the others: an
incident that the closing agencies did not know of keeps the case open on all nodes, whichever of them arrives first.

A change of circumstances is less than an incident: it opens no case again. But risk is ordinary only if the last review
knew of it, of every measure that failed and of every assessment that said otherwise; and where that is the reason to
close, the case waits for such a review, also once all have agreed.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import chain

from contracts.events.plan import (
    CaseClosed,
    CaseReopened,
    CircumstancesChanged,
    ClosureAgreed,
    ClosureProposed,
    IncidentRecorded,
    MeasureFailed,
    ReviewHeld,
)
from contracts.events.triage import RiskAssessed
from contracts.mechanism import Mechanism, Permission
from contracts.record import EventId
from contracts.timeline import Event, claimed
from contracts.workflow.plan import Planned, Value, as_known, owing, same_officer, shared
from contracts.workflow.risk import is_ordinary
from contracts.workflow.rule import Act, Acts, Graver, Known, Rule, Told, adding, always, rule
from contracts.workflow.status import is_final

CLOSURE = "closure"  # the slot
OPEN, PROPOSED, CLOSED = "OPEN", "PROPOSED", "CLOSED"
UNDECIDED = {"PROPOSED", "ACTIVE"}  # of an emergency: it has to end first


class Reason(StrEnum):
    """The reasons for closing that have to be borne out, of list `closure_reason`."""

    ORDINARY_RISK = "RISIKO_BIASA"
    NO_DEFENDER = "BUKAN_PEMBELA"


def while_open(judged: Rule) -> Rule:
    """The same rule, for acts that do not count once their author knew that the case is closed."""
    return judged._replace(counts=lambda act, known: known.value(CLOSURE) != CLOSED and judged.counts(act, known))


def reopening(judged: Rule, graver: Graver = always) -> Rule:
    """The same rule, for acts that keep a case open or open it again, if they are graver."""
    return adding(judged, lambda act, known: [(CLOSURE, OPEN)] if graver(act, known) else [])


def needed(lead: str, told: Planned, value: Value) -> set[str]:
    """The agencies that have to agree before a case closes."""
    return {lead} | owing(told, value)


def agreed(proposal: str, agreements: Iterable[Act[ClosureAgreed]]) -> dict[str, str]:
    """The agreements that name a proposal: the event of each agency."""
    return {act.agency: act.name for act in agreements if act.body.proposal == proposal}


def stayed_ordinary(
    reviews: Acts[ReviewHeld],
    happened: Iterable[EventId],
    informed: Callable[[EventId, EventId], bool],
    rules: Mechanism,
) -> bool:
    """The last reviews in a row, as many as the mechanism asks for, the last one informed of all that happened.

    Reviews held without knowledge of each other are no row: all that found more risk must come before.
    """
    ordinary, since = {*rules.closure.ordinary}, [*happened]
    graver = [id_ for id_, act in reviews.items() if act.body.after not in ordinary]
    calm = [id_ for id_ in reviews if id_ not in graver and all(informed(id_, other) for other in graver)]
    last = [id_ for id_ in calm if all(informed(id_, one) for one in since)]
    return any(sum(informed(id_, one) for one in calm) + 1 >= rules.closure.reviews for id_ in last)


def _may_propose(act: Act[ClosureProposed], known: Known) -> bool:
    if act.agency != known.value("lead") or known.value("emergency") in UNDECIDED:
        return False
    return _borne_out(act.body.reason, act.event, known)


def _borne_out(reason: str, event: Event, known: Known) -> bool:
    """Whether what an author knew is a reason to close."""
    match reason:
        case Reason.ORDINARY_RISK:
            return _risk_stayed_ordinary(known)
        case Reason.NO_DEFENDER:
            return is_final(known, claimed(event))
        case _:
            return True


def to_be_reviewed(told: Told, rules: Mechanism) -> list[EventId]:
    """What a review has to have known of before it can say that risk is ordinary."""
    assessed = (act for act in told.acts(RiskAssessed) if not is_ordinary(act.body.level, rules))
    happened = (told.acts(kind) for kind in (IncidentRecorded, CircumstancesChanged, MeasureFailed))
    return [act.event.id for act in chain(assessed, *happened)]


def _risk_stayed_ordinary(known: Known) -> bool:
    return stayed_ordinary(known.of(ReviewHeld), to_be_reviewed(known, known.rules), known.informed, known.rules)


def _may_agree(act: Act[ClosureAgreed], known: Known) -> bool:
    """Once, by a participant, not by the officer who proposed, and to a reason that is still one."""
    proposal = known.named(act.body.proposal, ClosureProposed)
    if proposal is None or known.value(CLOSURE) != PROPOSED:
        return False
    if not _borne_out(proposal.body.reason, act.event, known):
        return False
    return not same_officer(act, proposal) and act.agency not in agreed(
        act.body.proposal, known.of(ClosureAgreed).values()
    )


def _all_agreed(act: Act[CaseClosed], known: Known) -> bool:
    """The lead says so, nothing has happened since the proposal, and everyone who has to has agreed."""
    proposal = known.named(act.body.proposal, ClosureProposed)
    if proposal is None or known.value("lead") != act.agency or known.value(CLOSURE) != PROPOSED:
        return False
    if known.value("emergency") in UNDECIDED:
        return False
    if proposal.body.reason == Reason.ORDINARY_RISK and not _risk_stayed_ordinary(known):
        return False
    named = [one for one in known.of(ClosureAgreed).values() if one.name in set(act.body.agreements)]
    return needed(act.agency, as_known(known), known.value) <= agreed(act.body.proposal, named).keys()


def _was_closed(_: Act[CaseReopened], known: Known) -> bool:
    """Also where something keeps the case open already: this settles it."""
    return CLOSED in {claim.value for claim in known.standing(CLOSURE)}


_RULES = (
    reopening(rule(IncidentRecorded, Permission.RECORD_INCIDENT)),
    while_open(rule(CircumstancesChanged, Permission.RECORD_INCIDENT)),
    while_open(
        rule(
            ClosureProposed,
            Permission.PROPOSE_CLOSURE,
            counts=_may_propose,
            writes=lambda _, __: [(CLOSURE, PROPOSED)],
        )
    ),
    rule(ClosureAgreed, Permission.AGREE_CLOSURE, counts=_may_agree),
    rule(CaseClosed, counts=_all_agreed, writes=lambda _, __: [(CLOSURE, CLOSED)]),
    reopening(rule(CaseReopened, Permission.REOPEN_CASE, counts=_was_closed)),
)
RULES = tuple(map(shared, _RULES))
