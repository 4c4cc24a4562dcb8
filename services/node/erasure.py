"""Carries out orders of erasure at this node, and tells how far each of them has got.

An order is two signed events in the case (`contracts.workflow.erasure`). It is obeyed once all other agencies have
cosigned a checkpoint that covers it: nothing is destroyed on the word of one agency that nobody else has seen. And not
while emergency protection is proposed or in force as far as this node knows: then it waits until that has ended. Then
content, the services' read models, parked copies, pointers and quarantined bytes go in one transaction, with our own
signed word that they went. What stays is every record, and of each event its place in the case. At last the key goes
under which the case's content keys were locked (`services.node.vault`): so what older backups hold of it stays shut.

Locks are taken in this order: admission, case, person index (`intake.forget`), own log.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts.case import Case, fold
from contracts.delivery import position
from contracts.encoding import b64, fixed
from contracts.errors import Rejected
from contracts.events.node import ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.hlc import instant
from contracts.record import EventId, Record, stored
from contracts.sealing import case_tag
from contracts.timeline import Event
from contracts.workflow.erasure import ERASURE_ACTS, executable, graph
from contracts.workflow.lead import IN_EMERGENCY
from services.node import telemetry
from services.node.cases import Level, level_of
from services.node.clock import Clock
from services.node.keys import SERVICES
from services.node.log import SQL as LOG, Log, split
from services.node.service import SYSTEM
from services.node.sql import Connection, Pool, Row, queries
from services.node.vault import Vault
from services.node.witness import SQL as WITNESSED
from services.node.writing import Draft, Timeline, version_of

SQL = queries(Path(__file__).with_name("erasure.sql"))
KEPT = frozenset(body.wire_type for body in ERASURE_ACTS)
Seen = tuple[int, str]  # the version of the directory, which can make events void, and that of a case


class Order(NamedTuple):
    """A request for erasure, who confirmed it, and which agencies have said that they carried it out."""

    asked: Event
    body: ErasureAsked
    confirmed: Event | None
    executed: tuple[str, ...]


class Warrant(NamedTuple):
    """An order that is due, and the records of what is to go."""

    timeline: Timeline
    asked: Event
    confirmed: EventId
    named: Mapping[EventId, Record]


class Erasure:
    """What one node does about orders."""

    def __init__(self, pool: Pool, log: Log, vault: Vault, clock: Clock) -> None:
        """`pool` connects with the node's role."""
        self._pool = pool
        self._log = log
        self._vault = vault
        self._clock = clock
        self._never: set[EventId] = set()  # confirmations that are no order, now and for ever
        self._waiting: dict[EventId, Seen] = {}  # orders that met an emergency; they are not looked at anew each second
        self._swept = False  # whether a crash may have left keys that were to be destroyed

    async def carry_out(self) -> None:
        """Obey every order that is due; one that cannot be obeyed hinders no other."""
        due = await self._pool.fetch(SQL["due"], list(self._never))
        for row in due:
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    await self._obey(connection, row["case_id"], EventId(row["id"]))
            except Exception as error:  # noqa: BLE001  whatever it is, the next order is looked at
                telemetry.stumbled("erasure", error)
        if due or not self._swept:
            await self._sweep()

    async def _sweep(self) -> None:
        """Destroy the keys of what was erased; only now that it is committed what is left is locked under others."""
        for row in await self._pool.fetch(SQL["vault_keys"]):
            self._vault.destroy(row["case_id"], row["vault_key"])
        self._swept = True

    async def _obey(self, connection: Connection, case_id: str, confirmed: EventId) -> None:
        if await level(connection, self._log, confirmed) != "confirmed":
            return
        if await self._waits(connection, case_id, confirmed):
            return
        await connection.execute(LOG["lock_admission"])  # content that comes in meanwhile must wait
        timeline = await self._log.lock(connection, case_id, lost=True)
        case = fold(timeline.events, self._log.rules)
        asked = _asked(case, confirmed)
        if asked is None:
            self._never.add(confirmed)
            return
        if case.in_force("emergency") in IN_EMERGENCY:
            self._waiting[confirmed] = self._seen(event.id for event in timeline.events)
            return
        named = await _named(connection, timeline, asked)
        if named is not None:
            await self._erase(connection, Warrant(timeline, asked, confirmed, named))

    async def _waits(self, connection: Connection, case_id: str, confirmed: EventId) -> bool:
        """Whether an order met an emergency when it was looked at last, and nothing has come in since."""
        if confirmed not in self._waiting:
            return False
        rows = await connection.fetch(LOG["ids_of_case"], case_id)
        return self._waiting[confirmed] == self._seen(EventId(row["id"]) for row in rows)

    def _seen(self, events: Iterable[EventId]) -> Seen:
        return self._log.chain.latest.version, version_of(events)

    async def _erase(self, connection: Connection, warrant: Warrant) -> None:
        case, ids = warrant.timeline.case, list(warrant.named)
        held = await connection.fetch(SQL["held"], ids, case)
        for service in SERVICES[1:]:
            await connection.execute(SQL["forget"].replace("SERVICE", service), case, ids)
        vault_key = self._vault.renew(case)
        said = await self._say(connection, warrant, held)
        destroyed = (ids, [record.ct for record in warrant.named.values()])
        kept = self._locked_anew(case, await connection.fetch(SQL["kept"], case, ids))
        order = (said, warrant.confirmed, warrant.asked.id, case)
        await connection.execute(SQL["erase"], *order, *destroyed, list(kept), list(kept.values()), vault_key)
        telemetry.erased(len(held))

    def _locked_anew(self, case: str, rows: Sequence[Row]) -> dict[EventId, bytes]:
        """What is left of a case, by event, under its next key; but not what even the key before does not open."""
        locked = {}
        for row in rows:
            with contextlib.suppress(Rejected):
                locked[EventId(row["id"])] = self._vault.lock(
                    self._vault.unlock(row["key"], row["id"]), row["id"], case
                )
        return locked

    async def _say(self, connection: Connection, warrant: Warrant, held: Sequence[Row]) -> EventId:
        """Sign that what we held of it is gone."""
        hashed = graph((EventId(row["id"]), split(row["parents"])) for row in held)
        body = ErasureExecuted(confirmed=b64(warrant.confirmed), events=len(held), graph=b64(hashed))
        draft = Draft(body, warrant.asked.content.to, SYSTEM, instant(self._clock.now_ms()))
        after = await self._log.append(connection, "node", warrant.timeline, [draft])
        return after.events[-1].id


def orders(case: Case) -> list[Order]:
    """Every supported request for erasure in a case, in timeline order; a confirmation makes it an order."""
    confirmed = {body.asked: event for event, body in reversed(case.of_type(ErasureConfirmed))}
    executed = [(event.agency, body.confirmed) for event, body in case.of_type(ErasureExecuted)]
    told = []
    for asked, body in case.of_type(ErasureAsked):
        order = confirmed.get(b64(asked.id))
        done = {agency for agency, name in executed if order and name == b64(order.id)}
        told.append(Order(asked, body, order, tuple(sorted(done))))
    return told


async def level(connection: Connection, log: Log, event: EventId) -> Level:
    """How firmly an event of another agency or of ours stands now."""
    cosigned = await connection.fetch(WITNESSED["cosigned"], [event])
    return level_of(len(cosigned), len(log.chain.logs()) - 1)


def _asked(case: Case, confirmed: EventId) -> Event | None:
    """What a confirmation makes an order that we can obey; None if it makes none."""
    for order in orders(case):
        if order.confirmed and order.confirmed.id == confirmed and executable(order.body):
            return order.asked
    return None


async def _named(connection: Connection, timeline: Timeline, asked: Event) -> dict[EventId, Record] | None:
    """The named records that are of this case, so that no order reaches into another; None if one is still to come.

    What an order, its confirmation and its execution say is never erased.
    """
    kept = {event.id for event in timeline.events if event.content.type in KEPT}
    ids = {EventId(fixed(name, 32)) for name in ErasureAsked.read(asked.content.body).events} - kept
    rows = await connection.fetch(LOG["records_of"], list(ids))
    if len(rows) < len(ids):
        return None
    records = {EventId(row["id"]): stored(row["jws"]).record for row in rows}
    return {id_: one for id_, one in records.items() if one.tag == case_tag(timeline.key, position(one).encode())}
