"""Notices what does not come: by a timer, so with nothing arriving that could tell of it.

Looked for are the next record of every partner's log (*silence*), the end of a log that somebody has signed for
and we lack (*sequence*; a hole between records that we hold is seen at admission), and events that another event
names as its parents (*parent*). What is missing for longer than partners in good order would leave it
missing is a row in `log.gap`, until it comes.

Time is counted, not read: round after round, by the machine's monotonic clock, each round for at most twice
what it should last. So what counts is how long this process has listened, and neither a clock that is set, nor a
machine that slept, nor a process that was stopped opens or closes anything. A process that starts learns from
the database how long a log was quiet before. That counts up to three quarters of a heartbeat: a partner that
lives is always heard before it is called silent, however long we were away ourselves. Open rows stay
open over a restart, for whether they close hangs on what is held, and not on time.
"""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Literal, NamedTuple

from services.node import telemetry
from services.node.log import SQL, Log
from services.node.sql import Connection, Pool

Kind = Literal["SILENCE", "SEQUENCE", "PARENT"]
# In heartbeats. A log speaks once in each; and with it comes, or is asked for, what went before.
PATIENCE: Mapping[Kind, float] = {"SILENCE": 2.0, "SEQUENCE": 1.0, "PARENT": 1.0}
REMEMBERED = 0.75
ROUND_S = 1.0
ROUNDS = 4  # at least, in a heartbeat


class Lack(NamedTuple):
    """Something that has not come: a place in a log, or the parent of the event at that place."""

    kind: Kind
    log: str
    seq: int
    id: bytes = b""


class Absent(NamedTuple):
    """How far what is lacking reaches, and for how many seconds the database knows that it is due."""

    last: int
    due_s: float = 0.0


def counted(
    before: Mapping[Lack, float] | None, absent: Mapping[Lack, Absent], passed_s: float, heartbeat_s: float
) -> dict[Lack, float]:
    """For how many seconds each thing is known to be lacking, after a round; `before` is None in the first one."""
    if before is None:
        return {lack: min(max(about.due_s, 0.0), REMEMBERED * heartbeat_s) for lack, about in absent.items()}
    passed_s = min(max(passed_s, 0.0), 2 * round_s(heartbeat_s))
    return {lack: before[lack] + passed_s if lack in before else 0.0 for lack in absent}


def overdue(lacking: Mapping[Lack, float], heartbeat_s: float) -> set[Lack]:
    """What has been lacking for too long."""
    return {lack for lack, seconds in lacking.items() if seconds > PATIENCE[lack.kind] * heartbeat_s}


def round_s(heartbeat_s: float) -> float:
    """How long a round should last."""
    return min(ROUND_S, heartbeat_s / ROUNDS)


class Watch:
    """Looks, round after round, for what one node lacks."""

    def __init__(self, pool: Pool, log: Log, heartbeat_s: float, elapsed: Callable[[], float] = monotonic) -> None:
        """`pool` connects with the node's role; partners are expected to speak as often as we do."""
        self.round_s = round_s(heartbeat_s)
        self._pool = pool
        self._log = log
        self._heartbeat_s = heartbeat_s
        self._elapsed = elapsed
        self._looked = 0.0
        self._lacking: dict[Lack, float] | None = None
        self._noted: set[Lack] = set()
        self._open: dict[tuple[str, str], int] = {}

    async def look(self) -> None:
        """One round: open what is overdue, close what has come, and say how much is missing."""
        async with self._pool.acquire() as connection:
            absent = await self._absent(connection)
            now = self._elapsed()
            self._lacking = counted(self._lacking, absent, now - self._looked, self._heartbeat_s)
            self._looked = now
            late = overdue(self._lacking, self._heartbeat_s)
            if late - self._noted:
                await self._note(connection, late - self._noted)
            self._noted = late
            await connection.execute(SQL["close_come"], self._logs())
            self._tell({(row["kind"], row["log"]): row["missing"] for row in await connection.fetch(SQL["count_gaps"])})

    async def _note(self, connection: Connection, late: Iterable[Lack]) -> None:
        """Open rows for what still has not come now that nothing else can be admitted."""
        async with connection.transaction():
            await connection.execute(SQL["lock_admission"])
            absent = await self._absent(connection)
            rows = [(lack.kind, lack.log, lack.seq, absent[lack].last, lack.id) for lack in late if lack in absent]
            await connection.executemany(SQL["open_gap"], rows)

    async def _absent(self, connection: Connection) -> dict[Lack, Absent]:
        logs = self._logs()
        following = await connection.fetch(SQL["next_records"], logs)
        ends = await connection.fetch(SQL["unheard"])
        parents = await connection.fetch(SQL["absent_parents"])
        return {
            **{Lack("SILENCE", row["log"], row["seq"]): Absent(row["seq"], row["due_s"]) for row in following},
            **{Lack("SEQUENCE", r["log"], r["from_seq"]): Absent(r["to_seq"]) for r in ends if r["log"] in logs},
            **{Lack("PARENT", row["log"], row["seq"], row["id"]): Absent(row["seq"]) for row in parents},
        }

    def _logs(self) -> list[str]:
        """The logs that others write, by the directory."""
        return [log for log in self._log.chain.logs().values() if log != self._log.log]

    def _tell(self, missing: dict[tuple[str, str], int]) -> None:
        for kind, log in self._open.keys() | missing.keys():
            telemetry.missing(kind, log, self._open.get((kind, log), 0), missing.get((kind, log), 0))
        self._open = missing
