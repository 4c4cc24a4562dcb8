"""What the node's own key says and does without being asked: refusals, acknowledgements, gaps, clocks."""

from collections.abc import Sequence
from pathlib import Path

from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.events.node import DirectoryAdopted, RecordRefused
from contracts.hlc import instant
from contracts.record import agency_of, stored
from services.node import telemetry
from services.node.admit import Admission
from services.node.clock import Clock
from services.node.directories import numbered
from services.node.link import Link, asked, fill_gaps
from services.node.log import SQL, Log
from services.node.service import SYSTEM
from services.node.settings import BadSettings
from services.node.sql import Pool
from services.node.succession import Succession
from services.node.voiding import set_aside
from services.node.writing import CONTROL, Draft

ANSWERS_PER_HOUR = 600  # refusals said to one agency; whoever sends garbage must not make us write for ever


class Duties:
    """The recurring work of a node."""

    def __init__(
        self, pool: Pool, log: Log, admission: Admission, links: Sequence[Link], clock: Clock, directories: Path
    ) -> None:
        """`pool` connects with the node's role; directory versions lie in `directories` as `N.json`."""
        self._directories = directories
        self._pool = pool
        self._log = log
        self._admission = admission
        self._links = links
        self._clock = clock
        self._succession = Succession(pool, log)
        self._begun = log.chain.latest.version  # all that there is to do about it has been done, or is by `open_log`

    async def open_log(self) -> None:
        """Start our log and the mirrors; say which directory we adopted, also one that came while we were stopped."""
        await self.follow_logs()
        latest = self._log.chain.latest.version
        last = await self._pool.fetchval(SQL["own_last"])
        if last is None or (stored(last).record.dir < latest and not await self._succession.told(latest)):
            await self._begin_version()

    async def greet(self) -> None:
        """Hear what the partners hold of our log, as far as they are there, before anything is written; then begin.

        A log that is behind is not begun: the node serves, and refuses to write (see `services.node.recovery`).
        """
        await asked(self._links)
        try:
            await self.open_log()
        except Rejected as rejected:
            telemetry.stumbled("own log", rejected)

    async def adopt_directories(self) -> None:
        """Take the next directory version once its file is there, say so, and read the partners' streams again.

        Our own records name it from then on, or once all others know of it (`services.node.succession`).

        Rejected(DIRECTORY | KEY) if the lowest file above the version in force does not hold what follows it.
        """
        versions = numbered(self._directories)
        if later := [number for number in versions if number > self._log.chain.latest.version]:
            self._log.chain.adopt(versions[min(later)].read_bytes())
        if self._begun < self._log.chain.latest.version:
            await self.follow_logs()
            await self._begin_version()
            for link in self._links:
                await link.restart()
        if self._log.writes_by < self._log.chain.latest.version:
            await self._go_over()

    async def acknowledge(self) -> None:
        """After news from a partner, say what we hold; it dates their records and lets them see that we have them."""
        if not self._admission.news:
            return
        self._admission.news = False
        await self.heartbeat()

    async def heartbeat(self) -> None:
        """Say that we are alive and what we hold."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._log.heartbeat(connection)

    async def answer_refused(self) -> None:
        """Tell the authors what we refused and why, each once."""
        for row in await self._pool.fetch(SQL["unanswered"], ANSWERS_PER_HOUR):
            body = RecordRefused(log=row["log"], seq=row["seq"], digest=b64(row["digest"]), code=row["code"])
            to = tuple(sorted({self._log.agency, agency_of(row["log"])}))
            async with self._pool.acquire() as connection, connection.transaction():
                await self._log.append(connection, "node", CONTROL, [self._draft(body, to)])
                await connection.execute(SQL["answered"], row["digest"])

    async def fill_gaps(self) -> None:
        """Fetch what is missing from whoever holds it."""
        await fill_gaps(self._pool, self._links)

    async def release_clocks(self) -> None:
        """Apply events that came from the future, when it has come."""
        await self._admission.release_clocks()

    async def follow_logs(self) -> None:
        """Do what a new version asks for before anything is written: places for logs, and no word of a stolen key.

        It is also seen by which version our log is written.

        Raises BadSettings if the log that we are to write is one of ours that has ended.
        """
        chain, own = self._log.chain, self._log.log
        others = [log for log in chain.all_logs(chain.latest.version) if agency_of(log) != self._log.agency]
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["has_ended"], own):
                raise BadSettings("log: has ended; it goes on in the one that the directory names last")
            await connection.execute(SQL["end_epochs"], own)
            for log in (own, *others):
                await connection.execute(SQL["add_head"], log, log == own, chain.opened_by(log))
            await set_aside(connection, chain)
        await self._succession.settle()

    async def _go_over(self) -> None:
        """Write by a later version if we may now, at once, so that the services that run alone follow."""
        before = self._log.writes_by
        await self._succession.settle()
        if self._log.writes_by > before:
            await self.heartbeat()

    async def _begin_version(self) -> None:
        version = self._log.chain.latest.version
        await self._say_adopted()
        await self._pool.execute(SQL["reread_links"])  # what could not be judged before is still in the streams
        self._begun = version

    async def _say_adopted(self) -> None:
        adopted = self._log.chain.latest
        body = DirectoryAdopted(version=adopted.version, digest=b64(adopted.digest()))
        await self._say(body, tuple(sorted(self._log.directory.agencies)))

    async def _say(self, body: DirectoryAdopted, to: tuple[str, ...]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await self._log.append(connection, "node", CONTROL, [self._draft(body, to)])

    def _draft(self, body: DirectoryAdopted | RecordRefused, to: tuple[str, ...]) -> Draft:
        return Draft(body, to, SYSTEM, instant(self._clock.now_ms()))
