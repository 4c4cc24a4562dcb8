"""An event that a service cannot handle is tried again, then set aside where a person finds it; the next go on."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from contracts.encoding import b64
from contracts.events import REGISTRY
from contracts.record import EventId
from contracts.timeline import Event
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services import wiring
from services.cli.access import operator
from services.node import bus
from services.node.bus import PAUSES_S
from services.node.link import every
from services.node.node import Node, Wire, opened as build
from services.node.running import keep
from services.node.service import Desk, Plug
from services.node.sql import Connection
from services.node.streams import subject_of
from tests.e2e.stage import report, tasks, until
from tests.integration.commands import rajut

OPENED = "rajut.intake.case.opened.v1"
SECRET = "Yohana B."
OFTEN_S = 0.02
BRIEF_S = (0.1, 0.2, 0.4, 0.8)  # pauses that a test has time for


def triage_with(before: Callable[[Event], None]) -> Mapping[str, Wire]:
    """The services, of which triage does something before it looks at an opened case."""

    def plug(desk: Desk) -> Plug:
        whole = wiring.WIRES["triage"](desk)
        kind = REGISTRY[OPENED]

        async def handle(connection: Connection, event: Event) -> None:
            before(event)
            await whole.handlers[kind](connection, event)

        return whole._replace(handlers={**whole.handlers, kind: handle})

    return {**wiring.WIRES, "triage": plug}


def broken_triage() -> Mapping[str, Wire]:
    """The services, of which triage fails on every opened case, with a text that nobody may see."""

    def fail(_event: Event) -> None:
        raise LookupError(SECRET)

    return triage_with(fail)


class Fault:
    """Triage fails on one event, from the first try on, for so many seconds or tries; notes when it was tried."""

    def __init__(self, seconds: float = math.inf, tries: float = math.inf) -> None:
        self.id = b""
        self.tried: list[float] = []
        self._seconds, self._tries = seconds, tries

    def __call__(self, event: Event) -> None:
        if event.id == self.id:
            self.tried.append(asyncio.get_running_loop().time())
            if self.tried[-1] < self.tried[0] + self._seconds and len(self.tried) <= self._tries:
                raise LookupError(SECRET)


@asynccontextmanager
async def reported(home: Path, fault: Fault) -> AsyncIterator[Node]:
    """A node that has taken a report, on whose opening triage will fail."""
    async with build(home, triage_with(fault), wiring.migrations()) as node:
        await node.duties.open_log()
        found = "select id from log.event where case_id = $1 and type = $2"
        fault.id = await node.pools["node"].fetchval(found, await report(node), OPENED)
        yield node


async def dealt_with(node: Node, id_: bytes) -> str:
    """What has become of an event at triage: its inbox's or its parked table's name, or nothing yet."""
    for table in ("inbox", "parked"):
        if await node.pools["triage"].fetchval(f"select exists (select from {table} where event_id = $1)", id_):  # noqa: S608
            return table
    return ""


async def park(home: Path) -> EventId:
    """Take a report and let triage fail on it until it is set aside; the event."""
    async with build(home, broken_triage(), wiring.migrations()) as node:
        await node.duties.open_log()
        case = await report(node)
        found = "select id from log.event where case_id = $1 and type = $2"
        id_ = EventId(await node.pools["node"].fetchval(found, case, OPENED))
        inbox = node.inboxes["triage"]
        assert [await inbox.attempt(id_) for _ in PAUSES_S] == list(PAUSES_S)
        assert await inbox.attempt(id_) is None
        assert [one.reason for one in await inbox.parked() if one.id == b64(id_)] == ["LookupError"]
    return id_


async def handled(home: Path, id_: EventId) -> bool:
    """Whether triage has dealt with an event."""
    async with wiring.node(home) as node:
        return bool(await node.pools["triage"].fetch("select from inbox where event_id = $1", id_))


def test_a_parked_event_is_listed_shown_and_replayed(machines: ThreeNodes) -> None:
    """After the last try it waits with its reason and without its text; once the cause is gone it is handled."""
    home = machines.homes["lpsk"]
    id_ = asyncio.run(park(home))
    listed = rajut(home, "parked", "list")
    assert f"triage {b64(id_)} {OPENED} LookupError after {len(PAUSES_S) + 1} tries\n" in listed.stdout
    as_json = json.loads(rajut(home, "parked", "list", "--json").stdout)
    assert {"id": b64(id_), "type": OPENED, "reason": "LookupError", "attempts": 5} in as_json["triage"]
    shown = json.loads(rajut(home, "parked", "show", "triage", b64(id_)).stdout)
    assert (shown["type"], shown["log"]) == (OPENED, "rajut.example/lpsk/1")
    assert SECRET not in listed.stdout + listed.stderr + str(shown)
    assert not asyncio.run(handled(home, id_))
    assert rajut(home, "parked", "replay", "triage", b64(id_)).returncode == 0
    assert asyncio.run(handled(home, id_))
    assert b64(id_) not in rajut(home, "parked", "list").stdout


def test_a_parked_event_is_discarded_once_and_for_all(machines: ThreeNodes) -> None:
    """What needs no handling is off the list and never comes back by itself; who decided that stands in the access log.

    Doing it twice is told in one line.
    """
    home = machines.homes["lpsk"]
    id_ = asyncio.run(park(home))
    assert rajut(home, "parked", "discard", "triage", b64(id_)).returncode == 0
    assert b64(id_) not in rajut(home, "parked", "list").stdout
    assert asyncio.run(handled(home, id_))
    newest = "select case_id from log.event where case_id is not null order by admitted_at desc limit 1"
    case = machines["lpsk"].postgres.sql(newest, database="rajut")
    seen = json.loads(rajut(home, "access", case.strip(), "--json").stdout)["entries"]
    assert [entry["officer"] for entry in seen if entry["view"] == "DISCARDED"] == [operator().officer]
    again = rajut(home, "parked", "discard", "triage", b64(id_))
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "E_NOT_FOUND" in again.stderr


@pytest.mark.parametrize(("service", "event"), [("triage", "no-id"), ("police", "A" * 43), ("triage", "A" * 43)])
def test_what_is_not_parked_is_told_in_one_line(machines: ThreeNodes, service: str, event: str) -> None:
    """A wrong service or event name ends with status 1 and one line that says so."""
    done = rajut(machines.homes["lpsk"], "parked", "replay", service, event)
    assert done.returncode == 1
    assert done.stderr.startswith("rajut: ")
    assert done.stderr.count("\n") == 1


async def test_the_next_event_does_not_wait_for_one_that_fails(machines: ThreeNodes) -> None:
    """While one event is tried again, the same service handles the ones behind it."""
    async with build(machines.homes["lpsk"], broken_triage(), wiring.migrations()) as node:
        await node.duties.open_log()
        case = await report(node)
        assert await node.inboxes["notify"].parked() == []
        rows = await node.pools["node"].fetch("select id, type from log.event where case_id = $1 order by seq", case)
        for name, inbox in node.inboxes.items():
            settled = {row["type"]: await inbox.attempt(row["id"]) for row in rows}
            assert {type_ for type_, pause in settled.items() if pause} == ({OPENED} if name == "triage" else set())


@pytest.mark.parametrize(("seconds", "end"), [(math.inf, "parked"), (0.9 * sum(BRIEF_S), "inbox")])
async def test_the_pauses_are_kept_whoever_brings_the_event(
    machines: ThreeNodes, monkeypatch: pytest.MonkeyPatch, seconds: float, end: str
) -> None:
    """Neither the sweep nor a pointer that comes again and again costs an event a try: a short fault parks nothing."""
    monkeypatch.setattr(bus, "PAUSES_S", BRIEF_S)
    monkeypatch.setattr(bus, "GRACE_S", 0)
    home, fault = machines.homes["lpsk"], Fault(seconds)
    async with reported(home, fault) as node:
        link = await connect(home, "link")

        async def point() -> None:
            await link.jetstream().publish(subject_of(OPENED), json.dumps({"id": b64(fault.id)}).encode())

        (triage,) = (one for one in node.buses if one._inbox is node.inboxes["triage"])
        async with tasks(keep(triage), every(OFTEN_S, node.inboxes["triage"].sweep), every(OFTEN_S, point)):
            await until(lambda: dealt_with(node, fault.id))
        await link.close()
        assert await dealt_with(node, fault.id) == end
        before_it_was_parked = fault.tried[: len(BRIEF_S) + 1]
        gaps = [later - earlier for earlier, later in pairwise(before_it_was_parked)]
        assert [gap for gap, pause in zip(gaps, BRIEF_S, strict=end == "parked") if gap < pause] == []


@pytest.mark.parametrize("tries", [0, 1])
async def test_what_came_long_before_a_restart_is_still_handled(
    machines: ThreeNodes, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    """An event that no pointer brought for two hours is found by the first sweep, and by a later one if that fails."""
    monkeypatch.setattr(bus, "PAUSES_S", (OFTEN_S,) * 4)
    fault = Fault(tries=tries)
    async with reported(machines.homes["lpsk"], fault) as node:
        earlier = "update log.event set admitted_at = admitted_at - interval '2 hours' where id = '\\x{}';"
        machines["lpsk"].postgres.sql(earlier.format(fault.id.hex()), database="rajut")
        async with tasks(every(OFTEN_S, node.inboxes["triage"].sweep)):
            await until(lambda: dealt_with(node, fault.id), 20)
        assert await dealt_with(node, fault.id) == "inbox"
