"""The log in a process beside the one that adopts directories: a service alone, or a command.

The node's own part is the first to adopt a later directory. All others take a version from the same folder
once a record names it that the node's part has written or admitted. So the versions that the records of a
log name never go back, whichever process writes the next one; a record that did would be a fork to partners.
"""

from pathlib import Path

from contracts.directory import Chain
from contracts.record import LaterDirectory, stored
from contracts.timeline import Event
from services.node.clock import Clock
from services.node.keys import Keyring
from services.node.log import SQL, Log
from services.node.sql import Connection, Pool, Row
from services.node.writing import Desk


class FollowingLog(Log):
    """The log in a process that adopts no directory by itself."""

    def __init__(self, log: str, keyring: Keyring, chain: Chain, clock: Clock, directories: Path) -> None:
        """`chain` may be no longer than what our own log names; `directories` is the folder with its versions."""
        super().__init__(log, keyring, chain, clock)
        self._directories = directories

    async def follow(self, connection: Connection | Pool) -> None:
        """Take the directory and mechanism that our own log speaks of; OSError if the directory's file is missing."""
        last = await connection.fetchval(SQL["own_last"])
        if last:
            self._adopt_until(stored(last).record.dir)
            self.writes_by = stored(last).record.dir
        await self.follow_rules(connection)

    def open(self, row: Row) -> tuple[Event, bytes]:
        """As `Log.open`: what the node's part could admit, this one can read."""
        try:
            return super().open(row)
        except LaterDirectory:
            self._adopt_until(stored(row["jws"]).record.dir)
            return super().open(row)

    async def _desk(self, connection: Connection) -> Desk:
        """As `Log._desk`: the last record may name a later version than we knew of, and ours may not go back."""
        desk = await super()._desk(connection)
        await self.follow(connection)
        return desk._replace(directory=self.writes_by)

    def _adopt_until(self, version: int) -> None:
        while self.chain.latest.version < version:
            self.chain.adopt((self._directories / f"{self.chain.latest.version + 1}.json").read_bytes())
