"""Reports that are sent until they are acknowledged, and the account that is settled at the end."""

import itertools
import json
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from deploy.dev import cast
from deploy.dev.errors import RunnerError
from deploy.dev.runner import ThreeNodes
from deploy.dev.trio import rajut
from tests.e2e.stage import AGENCIES, READERS, RECEIVERS, REPORTS, desk, eventually

PAUSE_S = 0.3
TAKEN = "select count(*) from log.event where type = 'rajut.intake.report.received.v1';"
HEADS = "select log, size, highest, last from log.head order by log;"
OPEN = """select 'gap ' || log || ' ' || from_seq || '-' || to_seq from log.gap where closed_at is null
    union all select 'waiting ' || count(*) from log.waiting having count(*) > 0
    union all select 'unreadable ' || log || ' ' || seq from log.unreadable where found_at is null
    union all select 'fork ' || log || ' ' || seq from log.fork
    union all select 'refused ' || log || ' ' || seq || ' ' || code from log.quarantine
    union all select 'pointers ' || count(*) from log.pointer having count(*) > 0;"""


@dataclass
class Load:
    """What was sent, and what was acknowledged: idempotency key -> case, by agency."""

    nodes: ThreeNodes
    acknowledged: dict[str, dict[str, str]] = field(default_factory=lambda: {agency: {} for agency in AGENCIES})
    ending: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: secrets.token_hex(4))  # keeps its keys apart from those of other loads
    refused: set[str] = field(default_factory=set)  # the codes with which nodes said: not now
    before: list[str] = field(default_factory=list)  # how many reports each agency had taken when it began

    def send(self, agency: str) -> None:
        """Hand in one report after another; each is sent again, under its key, until the node says that it has it."""
        for number in itertools.count(1):
            if self.ending.wait(PAUSE_S):
                return
            key = f"{self.name} {number}"
            while (case := self._try(agency, key)) is None:
                time.sleep(PAUSE_S)
            self.acknowledged[agency][key] = case

    def _try(self, agency: str, key: str) -> str | None:
        """One attempt; the case, or None if it must be tried again."""
        headers = {"Authorization": f"Bearer {cast.token(self.nodes.homes[agency], RECEIVERS[agency])}"}
        url = f"http://127.0.0.1:{self.nodes[agency].ports.http}/reports"
        body = REPORTS[agency].read_bytes()
        try:
            answer = httpx2.post(url, content=body, headers=headers | {"Idempotency-Key": key}, timeout=5)
        except httpx2.TransportError:
            return None
        if answer.status_code >= 500:  # the database is away
            self.refused.add(answer.json()["code"])
            return None
        assert answer.is_success, answer.text
        case: str = answer.json()["case"]
        return case

    def cases(self) -> list[tuple[str, str]]:
        """Agency and case of every report that was acknowledged."""
        return [(agency, case) for agency, taken in self.acknowledged.items() for case in taken.values()]


@contextmanager
def load(nodes: ThreeNodes) -> Iterator[Load]:
    """Reports at all three agencies meanwhile; at the end, the last ones are waited for."""
    running = Load(nodes, before=ask(nodes, TAKEN))
    with ThreadPoolExecutor(len(AGENCIES)) as senders:
        sent = [senders.submit(running.send, agency) for agency in AGENCIES]
        try:
            yield running
        finally:
            running.ending.set()
            for one in sent:
                one.result(60)


def settle(nodes: ThreeNodes, within_s: float = 90.0) -> float:
    """Wait until all nodes hold the same and nothing is open; how long it took, in seconds."""
    try:
        return eventually(lambda: settled(nodes), within_s)
    except TimeoutError:
        raise AssertionError("\n".join([*ask(nodes, HEADS), *ask(nodes, OPEN)])) from None


def settled(nodes: ThreeNodes) -> bool:
    """Whether all heads are equal and no node has a gap, or anything waiting, missing, forked or refused."""
    return len(set(ask(nodes, HEADS))) == 1 and not any(ask(nodes, OPEN))


def ask(nodes: ThreeNodes, sql: str) -> list[str]:
    """What each agency's database answers."""
    return [nodes[agency].postgres.sql(sql, database="rajut") for agency in AGENCIES]


def check(nodes: ThreeNodes, done: Load) -> None:
    """The account: every acknowledged report once, one story on all entitled nodes, every store clean."""
    taken = [int(after) - int(before) for before, after in zip(done.before, ask(nodes, TAKEN), strict=True)]
    assert taken == [len(done.acknowledged[agency]) for agency in AGENCIES]
    compare(nodes, done.cases())
    for home in nodes.homes.values():
        verified = rajut(home, "fsck", "--json")
        assert verified.returncode == 0, verified.stdout[-2000:] + verified.stderr[-500:]
        assert json.loads(verified.stdout)["records"] > 0


def compare(nodes: ThreeNodes, cases: list[tuple[str, str]]) -> None:
    """Each case is at its own agency, and its digest is the same wherever it may be read.

    The nodes are read one after the other, and a handler may still be saying something meanwhile: so what differs
    is read again, and must agree in the end.
    """
    assert len(set(cases)) == len(cases)
    eventually(lambda: not _differing(nodes, cases), 30)


def _differing(nodes: ThreeNodes, cases: list[tuple[str, str]]) -> list[dict[str, str]]:
    digests: dict[str, dict[str, str]] = {case: {} for _, case in cases}
    for agency in AGENCIES:
        with desk(nodes, agency) as client:
            for case, seen in digests.items():
                view = client.case(READERS[agency], case)
                if view:
                    seen[agency] = view["digest"]
    for agency, case in cases:
        entitled = {agency} if agency == "lpsk" else set(AGENCIES) - _without(agency)
        assert set(digests[case]) == entitled, (agency, case)
    return [seen for seen in digests.values() if len(set(seen.values())) != 1]


def _without(agency: str) -> set[str]:
    """Who may not read what the sample report of an agency opens."""
    shared = set(json.loads(REPORTS[agency].read_text())["consent"]["share_with"])
    return set(AGENCIES) - shared - {agency}


def first_event(nodes: ThreeNodes, author: str, reader: str, within_s: float = 60.0) -> float:
    """How long until something that an author says reaches a reader, in seconds; there must be a load meanwhile."""
    log = f"rajut.example/{author}/1"
    held = f"select size from log.head where log = '{log}';"  # noqa: S608

    def size() -> int:
        try:
            return int(nodes[reader].postgres.sql(held, database="rajut"))
        except RunnerError:  # the database is still away
            return -1

    before = size()
    return eventually(lambda: size() > max(before, 0), within_s)
