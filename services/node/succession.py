"""Which version of the directory our own records name: the next one counts for us once all others know of it.

Reading goes by every version as soon as its file is there: nothing that a partner says has to wait, and a stolen key is
out at once. Writing goes by the one before until all other agencies have cosigned our word that we adopted the next:
so no new key, sealing key or member is used by us behind anybody's back (`contracts.succession`). Until then the keys
in use stay in use. That is why a partner that is away, or will never come back, stops nothing but the change itself.
"""

from pathlib import Path

from contracts.errors import Code, Rejected
from contracts.events.node import DirectoryAdopted
from contracts.record import EventId, stored
from contracts.succession import may_wait, must_know
from services.node.log import SQL as LOG, Log
from services.node.sql import Pool, queries
from services.node.witness import SQL as WITNESSED

SQL = queries(Path(__file__).with_name("succession.sql"))


class Succession:
    """The way of one node's log from version to version."""

    def __init__(self, pool: Pool, log: Log) -> None:
        """`pool` connects with the node's role."""
        self._pool = pool
        self._log = log

    async def settle(self) -> None:
        """Let our records name the newest version that they may name now; never an older one than the last record."""
        last = await self._pool.fetchval(LOG["own_last"])
        latest = self._log.chain.latest.version
        named = stored(last).record.dir if last else latest
        self._log.writes_by = await self._newest(named, latest)

    async def told(self, version: int) -> EventId | None:
        """Our own word that we adopted a version, if we have given it."""
        for row in await self._pool.fetch(SQL["own_adoptions"]):
            event = self._log.open(row)[0]
            if DirectoryAdopted.read(event.content.body).version == version:
                return event.id
        return None

    async def unaware(self) -> list[str]:
        """The agencies that have not cosigned yet that we adopted the version in force, if our records wait for it."""
        named, latest = self._log.writes_by, self._log.chain.latest.version
        return sorted(await self._waited_for(named, latest)) if named < latest else []

    async def _newest(self, named: int, latest: int) -> int:
        for version in range(latest, named, -1):
            if self._at_once(named, version) or await self._known(named, version):
                return version
        return named

    def _at_once(self, named: int, version: int) -> bool:
        return not may_wait(self._log.chain, named, version) or not self._can_write(named)

    def _can_write(self, named: int) -> bool:
        """Whether the node has a key of that version left to write with; if it lost them all, nothing can be told."""
        try:
            self._log.signer_by(named, "node")
        except Rejected as rejected:
            if rejected.code is not Code.UNAVAILABLE:
                raise
            return False
        return True

    async def _known(self, named: int, version: int) -> bool:
        """Whether everybody who has to has cosigned our word."""
        return bool(await self.told(version)) and not await self._waited_for(named, version)

    async def _waited_for(self, named: int, version: int) -> frozenset[str]:
        """Who has not cosigned our word."""
        told = await self.told(version)
        cosigned = await self._pool.fetch(WITNESSED["cosigned"], [told]) if told else []
        others = must_know(self._log.chain, named, version) - {self._log.agency}
        return others - {row["agency"] for row in cosigned}
