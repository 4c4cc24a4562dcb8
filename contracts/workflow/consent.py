"""What the person allows ends when they say so or when its last day is over; without it, sharing needs a ground.

Anybody who takes part may hear a withdrawal and say so: it counts at every desk, and of a withdrawal and a consent
that did not know of each other the withdrawal is in force until the person has been asked. Whoever knows of it shares
nothing more. What was shared in ignorance of it was shared, and shows; those who hold it stop using it, but for whoever
protects the person in an emergency: they read it until that is over.

Who the person is comes from whoever opened the case, or from somebody who was told: that consent names an agency makes
nothing true that this agency was never told.

An emergency disclosure is nothing until a second officer agrees, and ends with a withdrawal, too: whoever would share
against the person's known will must disclose anew, knowing it.
"""

from collections.abc import Collection, Sequence, Set as AbstractSet
from datetime import datetime

from contracts.events.intake import (
    ConsentRecorded,
    ConsentWithdrawn,
    DisclosureConfirmed,
    DisclosureMade,
    IdentityShared,
)
from contracts.events.report import Consent
from contracts.mechanism import Permission
from contracts.timeline import Event, latest
from contracts.workflow.erasure import is_second
from contracts.workflow.opening import openers, participants, to_all
from contracts.workflow.rule import Act, Known, Writes, rule

SLOT = "consent"
WITHDRAWN = "WITHDRAWN"
PROTECTION = "protection"  # the purpose for which identity is shared


def runs(consent: Consent | ConsentRecorded, at: datetime) -> bool:
    """Whether a consent has not run out: its last day ends where it was given."""
    today = at.astimezone(datetime.fromisoformat(consent.at).tzinfo).date().isoformat()
    return consent.expires is None or today <= consent.expires


def given(known: Known, event: Event) -> Sequence[Act[ConsentRecorded]]:
    """The consents in force for an event, as its author knew; none if one was withdrawn or has run out."""
    names = [claim.value for claim in known.standing(SLOT)]
    consents = [consent for name in names if (consent := known.named(name, ConsentRecorded))]
    running = all(runs(consent.body, latest(event)) for consent in consents)
    return consents if running and len(consents) == len(names) else ()


def allow(consents: Collection[Act[ConsentRecorded]], purposes: Collection[str], recipients: AbstractSet[str]) -> bool:
    """Whether there is consent, and all of it names these recipients for one of these purposes."""
    named = (one.body.purpose in purposes and recipients <= set(one.body.share_with) for one in consents)
    return bool(consents) and all(named)


def groups(body: IdentityShared) -> set[str]:
    """What consent calls the groups of fields that are shared."""
    return body.model_fields_set & set(body.wire())


def _by_a_participant(act: Act[ConsentWithdrawn], known: Known) -> bool:
    return act.agency in participants(known) and to_all(act, known)


def _grounded(act: Act[DisclosureMade], known: Known) -> bool:
    others = participants(known) - {act.agency}
    known_ground = act.body.ground in known.rules.disclosure.grounds
    return known_ground and act.agency in participants(known) and set(act.body.recipients) <= others


def _seconded(act: Act[DisclosureConfirmed], known: Known) -> bool:
    made = known.named(act.body.disclosure, DisclosureMade)
    return made is not None and is_second(act.agency, act.event.content.actor, made.event)


def _allowed(act: Act[IdentityShared], known: Known) -> bool:
    """By consent in force, or by a confirmed disclosure of the same agency, for these recipients and what it knows."""
    told = set(act.event.content.to) - {act.agency} - openers(known)
    consents, fields = given(known, act.event), groups(act.body)
    if not fields <= _had(act.agency, known):
        return False
    consented = allow(consents, {PROTECTION}, told) and all(fields <= set(one.body.fields) for one in consents)
    return consented or _disclosed(act, known, fields, told)


def _had(agency: str, known: Known) -> set[str]:
    """The groups of fields that an agency can know of: all if it opened the case, else what it was told."""
    if agency in openers(known):
        return {*IdentityShared.model_fields}
    told = (act.body for act in known.of(IdentityShared).values() if agency in act.event.content.to)
    return {group for body in told for group in groups(body)}


def _disclosed(act: Act[IdentityShared], known: Known, fields: set[str], told: set[str]) -> bool:
    name = known.value(f"disclosure/{act.agency}")
    made = known.named(name, DisclosureMade)
    return made is not None and fields <= set(made.body.fields) and told <= set(made.body.recipients)


def _ended(_: Act[ConsentWithdrawn], known: Known) -> Writes:
    return [(SLOT, WITHDRAWN), *((f"disclosure/{agency}", WITHDRAWN) for agency in sorted(participants(known)))]


RULES = (
    rule(ConsentWithdrawn, Permission.RECORD_CONSENT, counts=_by_a_participant, writes=_ended),
    rule(DisclosureMade, Permission.DISCLOSE, counts=_grounded),
    rule(
        DisclosureConfirmed,
        Permission.CONFIRM_DISCLOSURE,
        counts=_seconded,
        writes=lambda act, _: [(f"disclosure/{act.agency}", act.body.disclosure)],
    ),
    rule(IdentityShared, counts=_allowed),
)
