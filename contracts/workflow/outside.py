"""Telling somebody outside the case, without consent: a ground, a second officer, and a trace of what was told.

It is the own agency's business, and only its own people read of it: the name of a hospital or a police unit can say
where a person is. Nothing leaves by these events. What is told is told by hand, and the last of them says so.

As with a disclosure to an agency of the case, a withdrawal of consent ends it: whoever would tell somebody against the
person's known will must begin anew, knowing it.
"""

from contracts.events import Body
from contracts.events.intake import ConsentWithdrawn, OutsiderConfirmed, OutsiderNamed, OutsiderTold
from contracts.mechanism import Permission
from contracts.workflow.erasure import is_second
from contracts.workflow.opening import participants
from contracts.workflow.rule import Act, Known, rule


def in_force(named: Act[OutsiderNamed], known: Known) -> bool:
    """Whether a second officer has agreed, and whoever named it knew of every withdrawal that is known now."""
    confirmed = any(act.body.outsider == named.name for act in known.of(OutsiderConfirmed).values())
    return confirmed and all(known.informed(named.event.id, withdrawn) for withdrawn in known.of(ConsentWithdrawn))


def _ours(act: Act[Body], known: Known) -> bool:
    return act.agency in participants(known) and set(act.event.content.to) == {act.agency}


def _named(act: Act[OutsiderNamed], known: Known) -> bool:
    return act.body.ground in known.rules.disclosure.grounds and _ours(act, known)


def _seconded(act: Act[OutsiderConfirmed], known: Known) -> bool:
    named = known.named(act.body.outsider, OutsiderNamed)
    second = named is not None and is_second(act.agency, act.event.content.actor, named.event)
    return second and _ours(act, known)


def _told(act: Act[OutsiderTold], known: Known) -> bool:
    """By the same agency, and no more than was named."""
    named = known.named(act.body.outsider, OutsiderNamed)
    if named is None or named.agency != act.agency or not _ours(act, known):
        return False
    return set(act.body.fields) <= set(named.body.fields) and in_force(named, known)


RULES = (
    rule(OutsiderNamed, Permission.DISCLOSE, counts=_named),
    rule(OutsiderConfirmed, Permission.CONFIRM_DISCLOSURE, counts=_seconded),
    rule(OutsiderTold, Permission.DISCLOSE, counts=_told),
)
