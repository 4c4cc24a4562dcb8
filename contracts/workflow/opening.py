"""A case begins: who opened it leads it, and says for the person what may be shared."""

from contracts.events import Body
from contracts.events.intake import CaseOpened, ConsentRecorded
from contracts.workflow.rule import Act, Known, Writes, rule


def openers(known: Known) -> set[str]:
    """The agencies that opened the case."""
    return {act.agency for act in known.of(CaseOpened).values()}


def participants(known: Known) -> set[str]:
    """The agencies for which the case was opened."""
    return {agency for act in known.of(CaseOpened).values() for agency in act.event.content.to}


def to_all(act: Act[Body], known: Known) -> bool:
    """Whether every participant may read it: what only some hear cannot decide a matter of all."""
    return participants(known) <= set(act.event.content.to)


def told_to_all(act: Act[Body], known: Known) -> bool:
    """Whether a participant says it, and every participant may read it."""
    return act.agency in participants(known) and to_all(act, known)


def _begins(_: Act[CaseOpened], known: Known) -> bool:
    """Whoever opens a case again changes nothing; nor does its opener, in an event that claims to know of none."""
    return known.opens


def _from_the_opener(act: Act[ConsentRecorded], known: Known) -> bool:
    return act.agency in openers(known)


def _lead(act: Act[CaseOpened], _: Known) -> Writes:
    return [("lead", act.agency)]


def _consent(act: Act[ConsentRecorded], _: Known) -> Writes:
    return [("consent", act.name)]


RULES = (
    rule(CaseOpened, counts=_begins, writes=_lead),
    rule(ConsentRecorded, counts=_from_the_opener, writes=_consent),
)
