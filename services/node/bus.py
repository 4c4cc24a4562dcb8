"""The local bus: pointers wake a service, which reads the event from its own PostgreSQL.

A handler's inbox key, its read model and what it appends commit together, so an event takes effect
once however often its pointer comes. One that fails is retried with growing pauses, which pointers and
sweeps keep alike, then parked with its reason; nothing waits behind it. A case whose rules are not here
is set aside as a whole until they are: who opens one may say in it what they like, and delays nobody.
Pointers are only a wake-up: whatever the broker loses, invents or repeats, `sweep` finds the events that
a service has not handled.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, NatsNKey, PullSub

from contracts.case import RulesUnknown
from contracts.encoding import b64, fixed
from contracts.errors import Code, Rejected
from contracts.mechanism.rulebook import Rulebook
from contracts.record import EventId
from contracts.timeline import Event
from services.node import telemetry
from services.node.database import AWAY
from services.node.log import Log
from services.node.server import Server
from services.node.service import Handler, Plug
from services.node.sql import Connection, Pool, Row, queries
from services.node.streams import ADMITTED, API_PREFIX, subject_of

SQL = queries(Path(__file__).with_name("bus.sql"))
PAUSES_S = (0.2, 1.0, 5.0, 15.0)  # before the 2nd, 3rd, ... try; after the last one the event is parked
SWEEP_BATCH = 100
GRACE_S = 5  # younger events are left to their pointers
LOOKBACK_S = 3600
EVER_S = 10**9


class Parked(NamedTuple):
    """An event that a service could not handle."""

    id: str
    type: str
    reason: str
    attempts: int


class Tried(NamedTuple):
    """What has become of an event that was tried in vain."""

    times: int
    not_before_s: float  # on the event loop's clock: an earlier failure would cost it a try


class Inbox:
    """One service's events: each handled once, or parked."""

    def __init__(self, plug: Plug, pool: Pool, log: Log) -> None:
        """`pool` connects with the service's role, whose search path is its own schema."""
        self.service = plug.name
        self._handlers: Mapping[str, Handler] = {body.wire_type: handler for body, handler in plug.handlers.items()}
        self.subjects = frozenset(subject_of(event_type) for event_type in self._handlers)
        self._pool = pool
        self._log = log
        self._tried: dict[EventId, Tried] = {}
        self._trying: set[EventId] = set()
        self._lookback = EVER_S  # the first sweep looks at everything
        self._aside: dict[str, Rulebook] = {}  # cases that could not be judged, with the rules that were here then

    async def handle(self, id_: EventId) -> None:
        """Run the handler once for an event, in one transaction with its inbox key; raise what it raises.

        Nothing happens for an event that is not ours to handle: not applied, erased, of no type we know, or done.
        """
        started = perf_counter()
        async with self._pool.acquire() as connection, connection.transaction():
            event_type = await connection.fetchval(SQL["applied_type"], id_)
            if event_type not in self._handlers or not await connection.fetchval(SQL["take"], id_):
                return
            event = await self._log.event(connection, id_)
            if event.void or event.erased:  # erased while we waited for its case
                return
            with telemetry.span(f"{self.service} {event_type}", event.content.traceparent):
                await self._judge(connection, event)
        telemetry.handled(self.service, event_type, perf_counter() - started)

    async def attempt(self, id_: EventId) -> float | None:
        """Handle an event; None if that is settled, else the seconds to wait before trying again.

        It is settled once the event is handled or parked, or its case is set aside.
        """
        self._trying.add(id_)
        try:
            await self.handle(id_)
        except RulesUnknown as unknown:
            telemetry.stumbled(self.service, unknown)
            return None
        except Exception as error:  # noqa: BLE001  a handler may fail in any way; the event must not be lost
            return await self._failed(id_, error)
        finally:
            self._trying.discard(id_)
        self._tried.pop(id_, None)
        return None

    async def attempt_if_due(self, id_: EventId) -> float | None:
        """As `attempt`, but an event that is in its pause, or is being tried, is left alone: its tries are few."""
        return self._pause_left(id_) or await self.attempt(id_)

    async def sweep(self) -> None:
        """Handle what no pointer brought: after a lost broker, a crash, a replay by an operator, or without rules."""
        await self._take_up()
        settled = True
        while rows := await self._unhandled():
            before = len(self._aside)
            for row in rows:
                if row["case_id"] not in self._aside:
                    settled &= await self.attempt_if_due(EventId(row["id"])) is None
            if len(self._aside) == before:
                break
        if settled and len(rows) < SWEEP_BATCH:  # what is old and has failed is looked at again, too
            self._lookback = LOOKBACK_S

    async def look(self) -> None:
        """Tell the metrics how much waits for a person, and how much of what came lately for us."""
        row = await self._pool.fetchrow(SQL["backlog"], list(self._handlers), LOOKBACK_S)
        told = {"rajut.service.parked": row["parked"], "rajut.service.unhandled": row["unhandled"]} if row else {}
        readings = [telemetry.Reading(gauge, value, {"service": self.service}) for gauge, value in told.items()]
        telemetry.show(self.service, readings)

    async def parked(self) -> list[Parked]:
        """What waits for a person, the oldest first."""
        rows = await self._pool.fetch(SQL["parked"])
        return [Parked(b64(row["event_id"]), row["type"], row["reason"], row["attempts"]) for row in rows]

    async def replay(self, id_: EventId) -> None:
        """Handle a parked event again, now; raises what its handler raises and then leaves it parked."""
        if not await self._pool.fetchval(SQL["is_parked"], id_):
            raise Rejected(Code.NOT_FOUND, "parked event")
        await self.handle(id_)
        await self._pool.execute(SQL["unpark"], id_)

    async def discard(self, id_: EventId) -> None:
        """Decide that a parked event needs no handling; Rejected(NOT_FOUND) if it is not parked."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.execute(SQL["unpark"], id_) == "DELETE 0":
                raise Rejected(Code.NOT_FOUND, "parked event")
            await connection.fetchval(SQL["take"], id_)

    async def _judge(self, connection: Connection, event: Event) -> None:
        rules = self._log.rules  # as they were before: whatever comes while the handler runs is a reason to try again
        try:
            await self._handlers[event.content.type](connection, event)
        except RulesUnknown:
            self._aside[event.content.case] = rules
            raise

    async def _unhandled(self) -> list[Row]:
        types, aside = list(self._handlers), list(self._aside)
        most = SWEEP_BATCH + len(self._tried)  # those in their pauses keep no place from the others
        return await self._pool.fetch(SQL["unhandled"], types, GRACE_S, self._lookback, most, aside)

    async def _take_up(self) -> None:
        """Look again at the cases that were set aside, once other rules are here."""
        if self._aside:
            await self._log.follow_rules(self._pool)
        if again := [case for case, rules in self._aside.items() if rules != self._log.rules]:
            self._lookback = EVER_S
            for case in again:
                del self._aside[case]

    async def _failed(self, id_: EventId, error: Exception) -> float | None:
        telemetry.stumbled(self.service, error)
        if isinstance(error, AWAY):
            return PAUSES_S[-1]  # not the event's fault: it keeps its tries
        tries = self._tried[id_].times + 1 if id_ in self._tried else 1
        if tries <= len(PAUSES_S):
            self._tried[id_] = Tried(tries, _now() + PAUSES_S[tries - 1])
            return PAUSES_S[tries - 1]
        reason = telemetry.reason(error)
        event_type = await self._pool.fetchval(SQL["park"], id_, reason, tries)
        self._tried.pop(id_, None)
        telemetry.parked(self.service, event_type or "", reason)
        return None

    def _pause_left(self, id_: EventId) -> float:
        if id_ in self._trying:
            return PAUSES_S[0]
        return max(0.0, self._tried[id_].not_before_s - _now()) if id_ in self._tried else 0.0


class Bus:
    """FastStream's end of one service: pulls its pointers, acknowledges after the commit."""

    def __init__(self, inbox: Inbox, server: Server) -> None:
        """`server` is our own NATS, as the user of this service."""
        self._inbox = inbox
        self.broker = NatsBroker(
            server.url,
            security=NatsNKey.from_seed(
                server.seed, ssl_context=server.tls(), tls_hostname=server.hostname, tls_handshake_first=True
            ),
            inbox_prefix=f"_INBOX_{server.user}",
            js_options={"prefix": API_PREFIX},
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=2,
            logger=logging.getLogger("rajut.bus"),
            error_cb=_quiet,
        )
        self.broker.subscriber(
            "admitted.>",
            stream=JStream(ADMITTED, declare=False),
            durable=inbox.service,
            pull_sub=PullSub(batch_size=1, timeout=1.0),
            ack_policy=AckPolicy.MANUAL,
            decoder=_raw,
            inbox_prefix=f"_INBOX_{server.user}.".encode(),
        )(self._on_pointer)

    async def _on_pointer(self, body: bytes, message: NatsMessage) -> None:
        # A subject is a hint, like all the broker says: what is skipped for a wrong one, the sweep finds.
        id_ = read_pointer(body) if message.raw_message.subject in self._inbox.subjects else None
        pause = await self._inbox.attempt_if_due(id_) if id_ else None
        if pause is None:
            await message.ack()
        else:
            await message.nack(delay=pause)


def read_pointer(body: bytes) -> EventId | None:
    """The event id in a pointer; None for anything else. The broker is not trusted: all else is in PostgreSQL."""
    try:
        return EventId(fixed(json.loads(body)["id"], 32))
    except (ValueError, KeyError, TypeError, RecursionError, Rejected):
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _raw(message: NatsMessage) -> bytes:
    return message.body


async def _quiet(_error: Exception) -> None:
    """Outages show in readiness and in the sweep; the default handler prints tracebacks."""
