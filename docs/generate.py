"""`python -m docs.generate` writes `crossing-decisions.md` and `who-decides.md` beside this file.

Nothing in their tables is typed twice: each line is a crossing, or an act that takes two, that is played and folded;
ranks, numbers and roles are those that the fold reads. The same crossings and acts are the parameters of tests.
"""

from collections.abc import Iterator
from pathlib import Path

from contracts.mechanism import LATEST
from contracts.workflow.rule import PROTECTIVE
from tests.unit.contracts import duties
from tests.unit.contracts.crossing import row
from tests.unit.contracts.crossings import CROSSINGS

PAGE = Path(__file__).with_name("crossing-decisions.md")
DECIDERS = Path(__file__).with_name("who-decides.md")
_INTRODUCTION = """\
# Decisions that cross

Written by `make regen` from the rules and from [the crossings that a test plays](../tests/unit/contracts/crossings.py).

Two agencies, or two desks of one, decide on the same matter without knowing of each other: a line was cut, a node was
down. Nobody's decision is lost, and no clock chooses between them. Once the nodes have heard each other, **all show
both** as a conflict, in whatever order they came. Meanwhile the one in the fourth column is in force: the one that
protects more. It ends when somebody who is entitled to the matter decides again, knowing both: that decision rests on
the heads of both sides, and only so it replaces both.

What is an event of its own, such as a consent, stands here as *as given*. Proposals of the same thing at the same time
are no conflict. Two versions of a plan are none either: both wait, and the one is in force on which all who answer for
its measures agree. Nor is the recusal of an officer one with what that officer said without knowing of it: both count
([ADR 26](adr/0026-who-takes-no-part-in-a-case.md)).

| matter | one says | the other says | in force meanwhile | ended by |
|---|---|---|---|---|"""
_RANKS = """
## What protects more

Of any two values the one further to the right is in force, also of those that are not played above. Deadlines are
ranked by their day, the later one first. For the lead the mechanism's `lead.rank` decides. A value that this version
does not know is outranked by all that it knows.

| matter | from the least to the most protective |
|---|---|"""

_DUTIES = """\
# Who decides, and who must agree

Written by `make regen` from the rules, the mechanism and
[the acts that a test plays](../tests/unit/contracts/duties.py).

Who proposes one of these does not agree to it. Every node judges that by the events themselves: the proposer's own
agreement counts nowhere, whatever role it is given in, and it does not matter which node it was said at. The permission
that each needs stands in brackets.

| one officer says | another one says | who that is | shown by |
|---|---|---|---|"""
_PERMISSIONS = """
## Who may

The roles that have these permissions, by the mechanism that is agreed now. A case keeps the one under which it began.

| permission | agency | roles |
|---|---|---|"""


def page() -> str:
    """The page of crossings, in Markdown."""
    return "\n".join((*_lines(), ""))


def deciders() -> str:
    """The page of those who decide, in Markdown."""
    return "\n".join((*_duties(), ""))


def _duties() -> Iterator[str]:
    yield _DUTIES
    yield from (f"| {' | '.join(duties.row(duty))} |" for duty in duties.DUTIES)
    yield _PERMISSIONS
    for permission in duties.permissions():
        for agency, rules in LATEST.agencies.items():
            if roles := rules.permissions[permission]:
                yield f"| `{permission}` | {agency} | {', '.join(roles)} |"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from (f"| {' | '.join(row(crossing))} |" for crossing in CROSSINGS)
    yield _RANKS
    yield from (f"| `{slot}` | {' < '.join(f'`{value}`' for value in rank)} |" for slot, rank in PROTECTIVE.items())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    DECIDERS.write_text(deciders(), encoding="utf-8")
