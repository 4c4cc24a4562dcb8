"""What is promised around the lead: an offer is answered, a take-over is signed or not, and a lead shows itself.

In an emergency the lead says something within the time after which it may be replaced. If it does not, that is the
alarm: who is told of the missed promise may try to reach it, and take over.
"""

from collections.abc import Iterator

from contracts.encoding import b64
from contracts.events.lead import LeadAccepted, LeadClaimed, LeadDeclined, LeadOffered, LeadSupported
from contracts.events.protection import EmergencyActivated, EmergencyProposed
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.record import EventId
from contracts.state import Case
from contracts.timeline import Past, claimed
from contracts.workflow.lead import IN_EMERGENCY, SLOT

OFFER = "TAWARAN_MEMIMPIN"
SUPPORT = "TANDA_TANGAN_AMBIL_ALIH"
SIGN_OF_LIFE = "TANDA_HADIR_LEMBAGA_UTAMA"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """All of them, kept or not."""
    past = Past(case.timeline)
    yield from _offers(case, past, rules)
    yield from _claims(case, past, rules)
    yield from _signs_of_life(case, past, rules)


def _offers(case: Case, past: Past, rules: Mechanism) -> Iterator[Promise]:
    """An answer; owed no more once there is a later offer, or another lead."""
    answers: list[LeadAccepted | LeadDeclined] = [body for _, body in case.of_type(LeadAccepted)]
    answers += [body for _, body in case.of_type(LeadDeclined)]
    offers = case.of_type(LeadOffered)
    for event, body in offers:
        answered = any(answer.offer == b64(event.id) for answer in answers)
        replaced = any(past.has(later.id, event.id) for later, _ in offers)
        kept = answered or replaced or _led_on(case, past, event.id)
        yield Promise(OFFER, body.to, event.id, body.to, claimed(event) + rules.lead.offer, kept)


def _claims(case: Case, past: Past, rules: Mechanism) -> Iterator[Promise]:
    """A signature of each agency that has not been asked for it in vain: a lead that changes ends the waiting."""
    signed = {(body.claim, event.agency) for event, body in case.of_type(LeadSupported)}
    for event, body in case.of_type(LeadClaimed):
        due, settled = claimed(event) + rules.lead.support, _led_on(case, past, event.id)
        for agency in sorted({*case.participants} - {event.agency, body.replaces}):
            yield Promise(SUPPORT, agency, event.id, agency, due, settled or (b64(event.id), agency) in signed)


def _signs_of_life(case: Case, past: Past, rules: Mechanism) -> Iterator[Promise]:
    """An officer of the lead says something that all hear, knowing of the emergency."""
    lead, over = case.in_force(SLOT), case.in_force("emergency") not in IN_EMERGENCY
    roles = rules.agencies[lead].roles if lead in rules.agencies else ()
    theirs = [event for event in case.timeline if event.agency == lead and event.content.actor.role in roles]
    among = {*case.participants}
    said = [event for event in theirs if among <= {*event.content.to}]
    for event, _ in (*case.of_type(EmergencyProposed), *case.of_type(EmergencyActivated)):
        heard = any(one.id == event.id or past.has(one.id, event.id) for one in said)
        yield Promise(SIGN_OF_LIFE, "", event.id, lead, claimed(event) + rules.lead.unreachable, over or heard)


def _led_on(case: Case, past: Past, since: EventId) -> bool:
    """Whether who leads has changed in a way that the author of an event did not know of."""
    return any(not past.has(since, claim.event) for claim in case.slots.get(SLOT, ()))
