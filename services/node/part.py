"""One service alone in its process: with its own keys, database role and broker account, and nobody else's.

The node's own part, in another process, begins the log, admits, relays and adopts directories, which this one
follows (see `services.node.following`).
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI

from services.node import doors
from services.node.bus import Bus, Inbox
from services.node.clock import Clock
from services.node.database import Migration, pool
from services.node.following import FollowingLog
from services.node.gauges import EVERY_S
from services.node.health import Health
from services.node.keys import Keyring
from services.node.node import DUTY_EVERY_S, SWEEP_EVERY_S, Wire, desk_of, following, officers_of
from services.node.running import Shift, both_doors, keep
from services.node.service import Plug, Timer
from services.node.settings import Home, Part
from services.node.sql import Pool
from services.node.streams import API_PREFIX, Stream, expected_streams


class Service(NamedTuple):
    """One service, connected to its database, not yet running."""

    name: Part
    home: Home
    log: FollowingLog
    pool: Pool
    plug: Plug
    inbox: Inbox
    bus: Bus
    health: Health
    app: FastAPI
    ops: FastAPI


@contextlib.asynccontextmanager
async def service(
    path: Path, name: Part, wire: Wire, steps: Sequence[Migration], clock: Clock | None = None
) -> AsyncIterator[Service]:
    """Build one service from a home, of which it reads nothing that is another's; see `services.node.node.opened`."""
    home = Home(path)
    clock = clock or home.clock()
    settings = home.settings
    keyring = Keyring(path, settings.agency, (name,))
    log = following(home, keyring, clock)
    async with await pool(home, name) as connections:
        plug = wire(desk_of(name, home, log, connections, officers_of(home, log), clock, keyring))
        inbox = Inbox(plug, connections, log)
        server = home.server(name)
        bound_ms, vault = settings.clock_bound_ms, keyring.vault
        health = Health(connections, server, [_admitted(name)], steps, clock, bound_ms, vault, API_PREFIX)
        app, ops = doors.api(settings.agency, plug.routers()), doors.ops(health)
        yield Service(name, home, log, connections, plug, inbox, Bus(inbox, server), health, app, ops)


def shift(alone: Service) -> Shift:
    """What the process of one service does."""
    return Shift(
        begin=partial(alone.log.follow, alone.pool),
        works=[partial(keep, alone.bus)],
        timers=[
            Timer(DUTY_EVERY_S, partial(alone.log.follow, alone.pool)),
            Timer(SWEEP_EVERY_S, alone.inbox.sweep),
            Timer(EVERY_S, alone.inbox.look),
            Timer(EVERY_S, alone.health.look),
            *alone.plug.timers,
        ],
        doors=both_doors(alone.home, alone.name, alone.app, alone.ops),
    )


def _admitted(service: str) -> Stream:
    """The stream of pointers, with the one consumer that this service may look at."""
    stream = expected_streams(())[0]
    return replace(stream, consumers=tuple(one for one in stream.consumers if one.name == service))
