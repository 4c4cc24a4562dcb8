"""Written down afterwards: what was decided by phone while systems were down, with both times and a second person.

Leaders decide together, so a record of their votes names them and counts once a second officer stands for it. Any other
decision is written down by who may say it, as if it were made now, and counts at once: nothing that protects waits for
a second person. That it was made earlier is said beside it (`DecisionSupplemented`), and stands for good once a second
officer says so, too. It moves no deadline of anybody else: until it was written nobody else could know of it.
"""

from datetime import datetime

from contracts.events import Body
from contracts.events.protection import (
    DecisionSupplemented,
    EmergencyProposed,
    RecordConfirmed,
    RecordSupplemented,
)
from contracts.mechanism import Permission
from contracts.timeline import claimed
from contracts.workflow.opening import participants, to_all
from contracts.workflow.recusal import known_recusals, leaders_out
from contracts.workflow.rule import Act, Known, rule

Record = RecordSupplemented | DecisionSupplemented
RECORDS: tuple[type[RecordSupplemented], type[DecisionSupplemented]] = (RecordSupplemented, DecisionSupplemented)


def _of_votes(act: Act[RecordSupplemented], known: Known) -> bool:
    """Of a proposal that is known, of no time to come, and not by or about whoever proposed, writes or was recused."""
    proposal = known.named(act.body.proposal, EmergencyProposed)
    if proposal is None or act.agency != known.rules.emergency.decided_by:
        return False
    writer, proposer = act.event.content.actor.officer, proposal.event.content.actor.officer
    decided_at = datetime.fromisoformat(act.body.decided_at)
    barred = {writer} | ({proposer} if proposal.agency == act.agency else set())
    barred |= leaders_out(known_recusals(known, decided_at), known.rules.emergency)
    return barred.isdisjoint(act.body.leaders) and decided_at <= claimed(act.event)


def _of_a_decision(act: Act[DecisionSupplemented], known: Known) -> bool:
    """Of something that people of this agency said to all and that counts, made before it was written down."""
    event, present = known.event(act.body.decision), participants(known)
    if event is None or event.agency != act.agency or event.id in known.unsupported():
        return False
    said = known.bodies().get(event.id)
    by_people = event.content.actor.role in known.rules.of(act.agency).roles
    decision = said is not None and not isinstance(said, (*RECORDS, RecordConfirmed)) and by_people
    earlier = datetime.fromisoformat(act.body.decided_at) < claimed(event)
    return decision and earlier and to_all(act, known) and present <= set(event.content.to)


def _by_a_second(act: Act[RecordConfirmed], known: Known) -> bool:
    """Another officer of the same agency."""
    found: list[Act[Body]] = [one for kind in RECORDS if (one := _named(act.body.record, kind, known))]
    actor = act.event.content.actor
    return any(one.agency == act.agency and one.event.content.actor.officer != actor.officer for one in found)


def _named(name: str, kind: type[Body], known: Known) -> Act[Body] | None:
    return known.named(name, kind)


RULES = (
    rule(RecordSupplemented, Permission.SUPPLEMENT_RECORD, counts=_of_votes),
    rule(DecisionSupplemented, Permission.SUPPLEMENT_RECORD, counts=_of_a_decision),
    rule(RecordConfirmed, Permission.CONFIRM_RECORD, counts=_by_a_second),
)
