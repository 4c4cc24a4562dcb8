"""What operations look at: how far partners are, what piles up, what the witnesses have confirmed.

Read from the database every few seconds, for a database that is asked by every scrape would be slowed down by whoever
may ask. Counts, ages and agencies only, never a case or a person.
"""

from pathlib import Path

from services.node import telemetry
from services.node.sql import Pool, queries
from services.node.telemetry import Reading

SQL = queries(Path(__file__).with_name("gauges.sql"))
EVERY_S = 15.0


class Gauges:
    """The readings of one node's own part."""

    def __init__(self, pool: Pool) -> None:
        """`pool` connects with the node's role."""
        self._pool = pool

    async def look(self) -> None:
        """Show what is so now; nothing is shown while the database does not answer."""
        try:
            state, backlog = await self._pool.fetch(SQL["state"]), await self._pool.fetch(SQL["backlog"])
        except Exception:
            telemetry.show("node", [])
            raise
        readings = [Reading(gauge, float(value), {"partner": partner}) for gauge, partner, value in state]
        readings += [Reading("rajut.backlog", float(value), {"kind": kind}) for kind, value in backlog]
        telemetry.show("node", readings)
