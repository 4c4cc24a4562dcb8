"""Looks into the databases of nodes of one machine: when each took an event in, and whether all hold the same."""

import time
from collections.abc import Iterable, Mapping

from deploy.dev.postgres import DATABASE, PostgresServer

_TAKEN_IN = "select log, seq, extract(epoch from admitted_at) * 1000 from log.event;"
_HELD = """\
select log, size, highest from log.head order by log;
select count(*) from log.waiting;
select count(*) from notify.mail where sent_at is null;
"""
_NOTHING_WAITS = "\n0\n0"


def lags(servers: Mapping[str, PostgresServer], author: str, log: str, seq: int) -> dict[str, float]:
    """How many milliseconds after its author's database each other one held an event, by this machine's clock."""
    taken = {agency: _taken_in(server)[log, seq] for agency, server in servers.items()}
    return {agency: at - taken[author] for agency, at in taken.items() if agency != author}


def await_level(servers: Iterable[PostgresServer], within_s: float = 60.0) -> None:
    """Wait until all hold the same of every log and nothing waits, no mail either; TimeoutError if in vain."""
    asked, end = list(servers), time.monotonic() + within_s
    while not _level({server.sql(_HELD, database=DATABASE) for server in asked}):
        if time.monotonic() > end:
            raise TimeoutError(f"the nodes do not hold the same after {within_s:.0f} s")
        time.sleep(0.2)


def _level(told: set[str]) -> bool:
    return len(told) == 1 and all(one.endswith(_NOTHING_WAITS) for one in told)


def _taken_in(server: PostgresServer) -> dict[tuple[str, int], float]:
    rows = (row.split("|") for row in server.sql(_TAKEN_IN, database=DATABASE).splitlines())
    return {(log, int(seq)): float(at) for log, seq, at in rows}
