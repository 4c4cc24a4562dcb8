"""Who takes no part in a case, having a conflict of interest: nothing that they say after that counts, whatever it is.

An officer steps back by their own word, at any time. Of others it takes two superiors at the same agency who say it,
and of a leader who decides on emergencies as many leaders as make a quorum of their session: fewer could keep all who
would decide against them from deciding. Somebody else there takes it back. What was said
before, or without knowledge of it, stays: nothing that protects is undone by a recusal. What a rule or a timer says has
no interests.
"""

from collections import Counter
from collections.abc import Iterable, Sequence, Set as AbstractSet
from datetime import datetime

from contracts.content import Actor
from contracts.events import Body
from contracts.events.triage import OfficerReadmitted, OfficerRecused
from contracts.mechanism import EmergencyRules, Mechanism, Permission
from contracts.timeline import claimed
from contracts.workflow.opening import told_to_all
from contracts.workflow.rule import Act, Known, Rule, Told, rule

SUPERIORS = 2  # who have to say it of another officer

Recusals = Sequence[Act[OfficerRecused]]


def left(recusals: Iterable[Act[OfficerRecused]], readmissions: Iterable[Act[OfficerReadmitted]]) -> Recusals:
    """The recusals that nobody has taken back."""
    back = {act.body.recusal for act in readmissions}
    return [act for act in recusals if act.name not in back]


def standing(recusals: Recusals, rules: Mechanism) -> Recusals:
    """Those of them that are somebody's own word, or that enough people say of the same officer in the same role."""
    by = {(_meant(act), said_by(act)) for act in recusals if not _own_word(act)}
    sayers = Counter(meant for meant, _ in by)
    return [act for act in recusals if _own_word(act) or sayers[_meant(act)] >= sayers_needed(act, rules)]


def sayers_needed(recusal: Act[OfficerRecused], rules: Mechanism) -> int:
    """How many must say it of another officer before it stands."""
    leader = (recusal.agency, recusal.body.role) == (rules.emergency.decided_by, rules.emergency.role)
    return rules.session.quorum if leader else SUPERIORS


def known_recusals(known: Known, at: datetime | None = None) -> Recusals:
    """The recusals that stood as far as the author of an event knew, of those said until `at`, if that is named."""
    said = [act for act in known.of(OfficerRecused).values() if at is None or claimed(act.event) <= at]
    return standing(left(said, known.of(OfficerReadmitted).values()), known.rules) if said else ()


def told_recusals(case: Told, rules: Mechanism) -> Recusals:
    """The recusals that stand in a case."""
    return standing(said_recusals(case), rules)


def said_recusals(case: Told) -> Recusals:
    """The recusals that nobody has taken back in a case; some may wait for others who say it, too."""
    return left(case.acts(OfficerRecused), case.acts(OfficerReadmitted))


def said_by(act: Act[Body]) -> str:
    """Who said it."""
    return act.event.content.actor.officer


def is_out(agency: str, actor: Actor, recusals: Recusals, rules: Mechanism) -> bool:
    """Whether this is a person who takes no part; a machine's role is none of the agency's.

    What others say holds for the role that they name: else a leader could be called something that takes fewer of them.
    """
    named = [act for act in recusals if (act.agency, act.body.officer) == (agency, actor.officer)]
    meant = any(_own_word(act) or act.body.role == actor.role for act in named)
    return meant and actor.role in rules.of(agency).roles


def leaders_out(recusals: Recusals, rules: EmergencyRules) -> AbstractSet[str]:
    """The leaders who take no part, of those who decide on emergencies."""
    leaders = (act for act in recusals if (act.agency, act.body.role) == (rules.decided_by, rules.role))
    return frozenset(act.body.officer for act in leaders)


def steps_back(actor: Actor, body: Body) -> bool:
    """Whether somebody says it of themselves: that is always possible."""
    return isinstance(body, OfficerRecused) and body.officer == actor.officer


def _meant(act: Act[OfficerRecused]) -> tuple[str, str, str]:
    return act.agency, act.body.officer, act.body.role


def _own_word(act: Act[OfficerRecused]) -> bool:
    return steps_back(act.event.content.actor, act.body)


def unless_recused(judged: Rule) -> Rule:
    """The same rule, for acts that do not count once their author knew of being recused."""
    return judged._replace(counts=lambda act, known: _takes_part(act, known) and judged.counts(act, known))


def _takes_part(act: Act[Body], known: Known) -> bool:
    actor = act.event.content.actor
    return steps_back(actor, act.body) or not is_out(act.agency, actor, known_recusals(known), known.rules)


def _recused(act: Act[OfficerRecused], known: Known) -> bool:
    """By themselves in their own role, or by who may recuse others; of a role that there is."""
    actor, roles = act.event.content.actor, known.rules.of(act.agency).roles
    if act.body.role not in roles or not told_to_all(act, known):
        return False
    if steps_back(actor, act.body):
        return actor.role == act.body.role
    return known.rules.may(act.agency, actor.role, Permission.RECUSE_OFFICER)


def _readmitted(act: Act[OfficerReadmitted], known: Known) -> bool:
    """By somebody else of the same agency, who neither said it nor is meant, and once."""
    said = left(known.of(OfficerRecused).values(), known.of(OfficerReadmitted).values())
    recusal = next((one for one in said if one.name == act.body.recusal), None)
    if recusal is None or recusal.agency != act.agency:
        return False
    return said_by(act) not in {said_by(recusal), recusal.body.officer} and told_to_all(act, known)


RULES = (
    rule(OfficerRecused, counts=_recused),
    rule(OfficerReadmitted, Permission.RECUSE_OFFICER, counts=_readmitted),
)
