"""What became of the promises of a year, and whether the nodes tell one story: read from the nodes' own stores."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts.case import Case, digest, fold
from contracts.encoding import b64
from contracts.events.notify import PromiseMissed
from contracts.events.step import StepOverdue
from contracts.promises import promises
from contracts.promises.promise import Promise
from services import wiring
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.machine import promises as limits


class Count(NamedTuple):
    """How the promises of one kind ended."""

    kept: int = 0  # in time
    late: int = 0  # done, and said to be missed before
    missed: int = 0  # said to be missed, and still not done
    open: int = 0  # not due yet

    def plus(self, other: "Count") -> "Count":
        """Both together."""
        return Count(*(one + more for one, more in zip(self, other, strict=True)))


class Story(NamedTuple):
    """A case as one node tells it."""

    digest: str
    participants: tuple[str, ...]
    owed: Mapping[str, Count]  # by kind, what the node's own agency promised


class Tally(NamedTuple):
    """A year."""

    cases: int
    differing: int  # cases that participants tell differently
    kinds: Mapping[str, Count]


async def read(home: Path) -> tuple[str, dict[str, Story]]:
    """The agency of a home, and every case that it holds."""
    async with wiring.node(home, beside=True) as node:
        pool = node.pools["node"]
        rows = await pool.fetch("select distinct case_id from log.event where case_id is not null")
        told = {}
        for row in rows:
            async with pool.acquire() as connection:
                timeline = await node.log.load(connection, row["case_id"])
            told[row["case_id"]] = _told(fold(timeline.events, node.log.rules), node.log.agency)
        return node.log.agency, told


def _told(case: Case, agency: str) -> Story:
    owed: dict[str, Count] = defaultdict(Count)
    for promise, said in (*_shared(case), *_own(case, agency)):
        if promise.agency == agency:
            place = {(True, False): 0, (True, True): 1, (False, True): 2, (False, False): 3}[promise.kept, said]
            owed[promise.kind] = owed[promise.kind].plus(Count(*(int(number == place) for number in range(4))))
    return Story(b64(digest(case)), case.participants, owed)


def _shared(case: Case) -> list[tuple[Promise, bool]]:
    """What the shared case promises, and whether it was said to be missed."""
    missed = {body for _, body in case.of_type(PromiseMissed)}
    return [(one, one.missed() in missed) for one in promises(case, case.mechanism)]


def _own(case: Case, agency: str) -> list[tuple[Promise, bool]]:
    """As `_shared`, of the agency's own mechanism."""
    if agency not in MACHINES:
        return []
    overdue = {(f"{body.region}/{body.state}", body.source) for _, body in case.of_type(StepOverdue)}
    limited = limits(case, case.mechanism, MACHINES[agency])
    return [(one, (one.subject, b64(one.source)) in overdue) for one in limited]


def tally(nodes: Mapping[str, Mapping[str, Story]]) -> Tally:
    """All nodes' stories together."""
    tellings: dict[str, list[str | None]] = defaultdict(list)
    kinds: dict[str, Count] = defaultdict(Count)
    for agency, cases in nodes.items():
        for case, story in cases.items():
            among: Sequence[str] = [name for name in story.participants if name in nodes]
            tellings[case] += [nodes[name][case].digest if case in nodes[name] else None for name in among]
            for kind, count in story.owed.items() if agency in among else ():
                kinds[kind] = kinds[kind].plus(count)
    differing = Counter(len(set(told)) > 1 for told in tellings.values())
    return Tally(len(tellings), differing[True], dict(sorted(kinds.items())))
