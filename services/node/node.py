"""One agency's node: builds its parts from a home directory and runs them together until told to stop."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI

from services.node import bundles, cases, doors, erasing, operations, who_saw
from services.node.admit import Admission
from services.node.bus import Bus, Inbox
from services.node.clock import Clock
from services.node.database import Migration, pool
from services.node.directories import directories, read_chain
from services.node.duties import Duties
from services.node.erasure import Erasure
from services.node.expiry import Expiry
from services.node.following import FollowingLog
from services.node.forks import Forks
from services.node.gauges import EVERY_S, Gauges
from services.node.health import Health
from services.node.keys import Keyring
from services.node.link import BACKFILL_EVERY_S, Link
from services.node.log import Log
from services.node.mechanisms import FOLDER, Mechanisms
from services.node.officers import Officers
from services.node.relay import Relay
from services.node.running import Shift, both_doors, keep, listen, serve
from services.node.service import Desk, Plug, Timer
from services.node.settings import Home, Part
from services.node.silence import Watch
from services.node.sql import Pool
from services.node.streams import expected_streams
from services.node.systems import USER, Systems
from services.node.web.login_oidc import issuer_of
from services.node.web.oidc import Issuer
from services.node.web.own import PAGES
from services.node.web.shell import home as to_desk
from services.node.web.site import site
from services.node.witness import Witness

SWEEP_EVERY_S = 2.0
EXPIRY_EVERY_S = 3600.0
DUTY_EVERY_S = 0.5
ERASE_EVERY_S = 1.0
CHECKPOINT_EVERY_S = 1.0  # while there is news (signed-log reference 2.6)
Wire = Callable[[Desk], Plug]


class Node(NamedTuple):
    """The parts of a node, connected to its database, not yet running."""

    home: Home
    log: Log
    keyring: Keyring
    pools: Mapping[str, Pool]
    relay: Relay
    links: Sequence[Link]
    admission: Admission
    witness: Witness
    forks: Forks
    duties: Duties
    mechanisms: Mechanisms
    erasure: Erasure
    watch: Watch
    expiry: Expiry
    health: Health
    gauges: Gauges
    plugs: Sequence[Plug]
    inboxes: Mapping[str, Inbox]
    buses: Sequence[Bus]
    entrance: Callable[[], FastAPI]
    ops: FastAPI
    issuer: Issuer | None = None

    @property
    def app(self) -> FastAPI:
        """What officers and their browsers ask; made when first wanted, because a command that is not asked has no use.

        BadSettings if the desk must not be opened in this way.
        """
        return self.entrance()


@contextlib.asynccontextmanager
async def opened(
    path: Path,
    wires: Mapping[str, Wire],
    steps: Sequence[Migration],
    clock: Clock | None = None,
    *,
    beside: bool = False,
) -> AsyncIterator[Node]:
    """Build a node from its home; its database connections close on leaving.

    Without any `wires` it is the node's own part, whose services run as processes of their own. With `beside` it is
    not to be run, but to write beside one that runs, by whose directory it goes.

    Raises BadSettings, OSError, ValueError or Rejected if settings, keys or directory cannot be used.
    """
    home = Home(path)
    clock = clock or home.clock()
    settings = home.settings
    keyring = Keyring(path, settings.agency, ("node", *wires))
    log = (
        following(home, keyring, clock) if beside else Log(settings.log, keyring, read_chain(directories(home)), clock)
    )
    async with contextlib.AsyncExitStack() as stack:
        pools = {role: await stack.enter_async_context(await pool(home, role)) for role in ("node", *wires)}
        if isinstance(log, FollowingLog):
            await log.follow(pools["node"])
        node = _build(home, log, keyring, pools, wires, steps, clock)
        if node.issuer:
            stack.push_async_callback(node.issuer.close)
        yield node


def following(home: Home, keyring: Keyring, clock: Clock) -> FollowingLog:
    """The log beside a process that adopts directories; it has yet to `follow`."""
    folder = directories(home)
    return FollowingLog(home.settings.log, keyring, read_chain(folder, 1), clock, folder)


async def run(node: Node) -> None:
    """Serve until cancelled, as the one process of a node."""
    await serve(shift(node))


async def _begin(node: Node) -> None:
    """Before the doors open: which logs there are, and by which rules cases are opened."""
    await node.duties.follow_logs()
    await node.log.follow_rules(node.pools["node"])


def systems_of(node: Node) -> Systems | None:
    """What answers the agency's other systems over NATS, if the home has a user for that."""
    return Systems(node.app, node.home.server(USER)) if node.plugs and node.home.knows(USER) else None


def shift(node: Node, part: Part | None = None) -> Shift:
    """What a node's process does: the one process of all, or with `part` the node's own part."""
    settings, systems = node.home.settings, systems_of(node)
    return Shift(
        begin=partial(_begin, node),
        greet=node.duties.greet,
        works=(
            partial(listen, node.pools["node"], node.relay.wake),
            node.relay.run,
            *(link.run for link in node.links),
            *(partial(keep, bus) for bus in node.buses),
            *([systems.run] if systems else []),
        ),
        timers=[
            Timer(seconds, work)
            for seconds, work in (
                (DUTY_EVERY_S, node.duties.answer_refused),
                (DUTY_EVERY_S, node.duties.release_clocks),
                (DUTY_EVERY_S, node.duties.adopt_directories),
                (DUTY_EVERY_S, node.mechanisms.adopt),
                (BACKFILL_EVERY_S, node.duties.fill_gaps),
                (CHECKPOINT_EVERY_S, node.witness.issue),
                (CHECKPOINT_EVERY_S, node.witness.review),
                (CHECKPOINT_EVERY_S, node.forks.gather),
                (settings.acknowledge_s, node.duties.acknowledge),
                (settings.heartbeat_s, node.duties.heartbeat),
                (ERASE_EVERY_S, node.erasure.carry_out),
                (node.watch.round_s, node.watch.look),
                (EXPIRY_EVERY_S, node.expiry.look),
                (EVERY_S, node.health.look),
                (EVERY_S, node.gauges.look),
                *((SWEEP_EVERY_S, inbox.sweep) for inbox in node.inboxes.values()),
                *((EVERY_S, inbox.look) for inbox in node.inboxes.values()),
                *(timer for plug in node.plugs for timer in plug.timers),
            )
        ],
        doors=both_doors(node.home, part, node.app, node.ops),
    )


def _build(
    home: Home,
    log: Log,
    keyring: Keyring,
    pools: Mapping[str, Pool],
    wires: Mapping[str, Wire],
    steps: Sequence[Migration],
    clock: Clock,
) -> Node:
    settings = home.settings
    logs = log.chain.logs()
    linked = [partner for partner in settings.partners if partner.agency in logs]  # others left the directory
    partners = {partner.agency: logs[partner.agency] for partner in linked}
    officers = officers_of(home, log)
    forks = Forks(pools["node"], log, clock)
    witness = Witness(pools["node"], log, clock, forks)
    admission = Admission(pools["node"], log.chain, log.reader(), keyring.vault, clock, witness)
    links = [Link(settings.agency, p.agency, home.partner_server(p), pools["node"], admission) for p in linked]
    relay = Relay(log, keyring.vault, home.server("link"), pools["node"], partners)
    admission.on_admitted = relay.wake_pointers
    witness.on_news = forks.on_news = relay.wake

    def desk(service: str) -> Desk:
        return desk_of(service, home, log, pools[service], officers, clock, keyring)

    plugs = [wire(desk(name)) for name, wire in wires.items()]
    inboxes = {plug.name: Inbox(plug, pools[plug.name], log) for plug in plugs}
    if wires:  # services that run elsewhere pick what they want for themselves
        relay.wanted = frozenset[str]().union(*(inbox.subjects for inbox in inboxes.values()))
    buses = [Bus(inbox, home.server(inbox.service)) for inbox in inboxes.values()]
    streams = expected_streams(partners)
    health = Health(pools["node"], home.server("link"), streams, steps, clock, settings.clock_bound_ms, keyring.vault)
    expiry = Expiry(log.chain, settings.agency, clock, home.path / "nats")
    mechanisms = Mechanisms(pools["node"], log, clock, home.path / FOLDER)
    health.expiring = lambda: [*expiry.warnings(), *mechanisms.warnings()]
    own = desk("node")
    issuer = issuer_of(home, clock) if wires else None

    @cache
    def entrance() -> FastAPI:
        routers = [
            cases.router(own),
            who_saw.router(own),
            bundles.router(own, keyring.vault),
            erasing.router(own),
            operations.router(own, operations.Works(health, expiry, inboxes)),
            *(router for plug in plugs for router in plug.routers()),
        ]
        app = doors.api(settings.agency, routers)
        if settings.web and wires:
            registered = {plug.name: plug.pages for plug in plugs if plug.pages}
            app.add_route("/desk", to_desk)
            app.mount("/desk", site(own, app, settings.web, {"node": PAGES} | registered, issuer))
        return app

    ops = doors.ops(health)
    duties = Duties(pools["node"], log, admission, links, clock, directories(home))
    watch = Watch(pools["node"], log, settings.heartbeat_s)
    return Node(
        home,
        log,
        keyring,
        pools,
        relay,
        links,
        admission,
        witness,
        forks,
        duties,
        mechanisms,
        Erasure(pools["node"], log, keyring.vault, clock),
        watch,
        expiry,
        health,
        Gauges(pools["node"]),
        plugs,
        inboxes,
        buses,
        entrance,
        ops,
        issuer,
    )


def desk_of(service: str, home: Home, log: Log, pool: Pool, officers: Officers, clock: Clock, keyring: Keyring) -> Desk:
    """What one service is offered; the key of the duplicate search is intake's alone."""
    settings, index = home.settings, keyring.index if service == "intake" else b""
    return Desk(service, settings.agency, settings, log, pool, officers, clock, index)


def officers_of(home: Home, log: Log) -> Officers:
    """Who sits at this agency's desks, and what they may by the rules that it has adopted last."""
    return Officers(home.path / "officers.json", lambda: log.rules.newest(log.agency).of(log.agency))
