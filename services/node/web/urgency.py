"""How urgent the cases of a list are, each folded once and again when something of it has come or gone.

What decides that stands sealed in the events, and which of them is in force only the whole case tells. So what it told
is kept here, in memory, beside what the list says of the case; nothing is written, and nothing has to be kept in step.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.errors import Rejected
from services.node.service import Desk
from services.node.sql import Connection, queries

SQL = queries(Path(__file__).with_name("queue.sql"))
Listed = Mapping[str, Any]  # a case, as `GET /cases` tells of it


class Urgencies:
    """What is in force in the cases that were listed last."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: dict[tuple[object, ...], str] = {}

    async def of(self, shown: Sequence[Listed], listed: Sequence[Listed]) -> Mapping[str, str]:
        """The level of those shown, by case; "" if none is known, or nothing of it can be read here.

        Of what is not `listed`, or not as it is listed now, nothing is kept.
        """
        async with self._desk.pool.acquire() as connection:
            gone = await connection.fetchval(SQL["erasures"])
            by = (gone, self._desk.log.chain.latest.version, len(self._desk.log.rules.adopted))
            names = {one["case"]: (*_state(one), *by) for one in shown}
            found = {case: await self._level(connection, case, name) for case, name in names.items()}
        now = {_state(one) for one in listed}
        known = self._kept | {names[case]: level for case, level in found.items() if level}
        self._kept = {name: level for name, level in known.items() if name[:3] in now and name[3:] == by}
        return found

    async def _level(self, connection: Connection, case: str, name: tuple[object, ...]) -> str:
        if name in self._kept:
            return self._kept[name]
        try:
            return self._desk.case(await self._desk.log.load(connection, case)).in_force("urgency")
        except Rejected:
            return ""


def _state(one: Listed) -> tuple[object, ...]:
    return one["case"], one["events"], one["last"]
