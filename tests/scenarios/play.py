"""Plays a scenario on three nodes: every row over HTTP, every claim at every agency that is entitled.

The nodes do all that a case needs. Only notify rests: whom it calls, and how that climbs while months pass in a minute,
is told elsewhere and would take most of the time.

An agency is cut off by ending the links by which it reads the others and they read it: what each says waits in its own
stream, as in an outage between their servers. Time is one clock of all three, far behind the machine's: no database
takes a record from the future, so days pass by catching up.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from contracts.codes import event_title
from contracts.content import type_name
from deploy.dev.runner import ThreeNodes
from services.node.clock import SystemClock
from services.node.link import Link, every
from services.node.node import Node
from services.node.running import keep
from tests.e2e.stage import AGENCIES, CASES, READERS, ask, dated, level, opened, tasks, until
from tests.scenarios import reading
from tests.scenarios.matters import SLOTS, VIEWS
from tests.scenarios.reading import Claim, Scenario, Step
from tests.scenarios.words import ACTS, FIELDS, NOTHING, Now, Unknown, agency, day, officer, span_ms, text

BEGINS = datetime(2026, 1, 12, 1, tzinfo=UTC)  # of the first scenario, whenever they are played
SEEN_WITHIN_S = 60.0  # on a machine that has much else to do
FILL_EVERY_S = 1.0


class MovedClock:
    """The machine's clock, some months ago, until days pass."""

    def __init__(self) -> None:
        self.behind_ms = SystemClock().now_ms() - int(BEGINS.timestamp() * 1000)

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return SystemClock().now_ms() - self.behind_ms

    def pass_by(self, span: int) -> None:
        """Let so many milliseconds pass."""
        assert span <= self.behind_ms, "the scenarios together tell of more days than have passed since BEGINS"
        self.behind_ms -= span


@dataclass(frozen=True, kw_only=True)
class World:
    """Three running nodes, their common clock, and who hears whom."""

    nodes: Mapping[str, Node]
    clock: MovedClock
    reads: dict[Link, asyncio.Task[None]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)

    @property
    def together(self) -> list[str]:
        """The agencies that hear each other."""
        return [name for name in self.nodes if name not in self.away]

    async def connect(self) -> None:
        """Start and end the links as `away` says."""
        for name, node in self.nodes.items():
            for link in node.links:
                heard = not {name, link.partner} & self.away
                if heard and link not in self.reads:
                    self.reads[link] = asyncio.create_task(link.run())
                elif not heard and link in self.reads:
                    await _ended(self.reads.pop(link))

    async def settle(self) -> None:
        """Wait until those who hear each other hold the same."""
        there = [self.nodes[name] for name in self.together]
        for node in there:
            node.relay.wake()
        await until(lambda: level(*there))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def world(machines: ThreeNodes) -> AsyncIterator[World]:
    """The nodes of three agencies, at work and connected."""
    async with AsyncExitStack() as stack:
        clock, homes = MovedClock(), machines.homes
        nodes = {name: await stack.enter_async_context(opened(homes[name], clock)) for name in AGENCIES}
        await stack.enter_async_context(tasks(*(work for node in nodes.values() for work in _works(node))))
        told = World(nodes=nodes, clock=clock)
        await told.connect()
        yield told
        for task in told.reads.values():
            await _ended(task)


def _works(node: Node) -> Iterator[Awaitable[None]]:
    """What goes on in a node all the time, but for its links, its doors, and notify."""
    yield node.relay.run()
    yield from (keep(bus) for service, bus in zip(node.inboxes, node.buses, strict=True) if service != "notify")
    yield every(FILL_EVERY_S, node.duties.fill_gaps)


async def _recur(node: Node) -> None:
    """What a node does again and again: done when something is waited for, so that it costs nothing else."""
    await node.witness.issue()
    await node.witness.review()
    for plug in node.plugs:
        if plug.name != "notify":
            for timer in plug.timers:
                await timer.work()


@dataclass(kw_only=True)
class Play:
    """One scenario as it goes on: its case, who takes part in it, and what its steps have named."""

    world: World
    case: str = ""
    present: Sequence[str] = ()
    names: dict[str, str] = field(default_factory=dict)

    async def run(self, scenario: Scenario) -> None:
        """Every step, and at the end one story at all agencies."""
        self.world.away.clear()  # a scenario that failed may have left somebody cut off
        await self.world.connect()
        for number, step in enumerate(scenario.steps, 1):
            try:
                await self._step(step)
            except (AssertionError, TimeoutError, Unknown, KeyError) as error:
                raise AssertionError(f"step {number}: {step.who}: {step.does}: {error!r}") from error
        assert not self.world.away, "an agency is still cut off at the end"
        await self.world.settle()
        await until(self._one_story, SEEN_WITHIN_S)

    async def _one_story(self) -> bool:
        told = {name: await self._get(name, "") for name in self.world.nodes}
        assert {name for name, one in told.items() if one.status_code == 200} == set(self.present)
        return len({told[name].json()["digest"] for name in self.present}) == 1

    async def _step(self, step: Step) -> None:
        refused = await self._do(step)
        await self.world.settle()
        asked = [claim.value for claim in step.claims if claim.matter == reading.REFUSED]
        assert asked == ([refused] if refused else []), refused or "not refused"
        there = [name for name in self.present if name not in self.world.away]
        others = {claim.where for claim in step.claims if claim.where} - {*there}
        await asyncio.gather(*(self._see(name, step.claims, named_only=name in others) for name in [*there, *others]))

    async def _do(self, step: Step) -> str:
        """Do it; the code if it was refused."""
        if step.who == "Waktu":
            self.world.clock.pass_by(span_ms(step.does.removesuffix(reading.PASSED)))
            return ""
        if step.who == "Jaringan":
            cut = step.does.endswith(reading.CUT)
            name = agency(step.does.removesuffix(reading.CUT).removesuffix(reading.JOINED))
            (self.world.away.add if cut else self.world.away.remove)(name)
            await self.world.connect()
            return ""
        answer = await self._said(step)
        if answer.status_code >= 400:
            return str(answer.json()["code"])
        told = answer.json()
        events = [told["proposal"]] if "proposal" in told else told.get("events", [told.get("event")])
        if step.does.startswith(reading.REPORT):
            events = [told["case"]]
            self.case = self.case or told["case"]
        assert len(step.names) <= len(events), "it did not say so many things"
        self.names |= dict(zip(step.names, events, strict=False))
        return ""

    async def _said(self, step: Step) -> httpx2.Response:
        seat, now = officer(step.who), self._now()
        node = self.world.nodes[seat.agency]
        if step.does.startswith(reading.REPORT):
            report = (CASES / f"{step.does.removeprefix(reading.REPORT)}.json").read_bytes()
            report = dated(report, self.world.clock)
            told = json.loads(report)
            self.present = self.present or sorted({told["received_by"], *told["consent"]["share_with"]})
            return await ask(node, "POST", "/reports", seat.name, content=report)
        doing = ACTS[step.does]
        said = {FIELDS[name][0]: FIELDS[name][1](value, now) for name, value in step.fields.items()}
        path = f"/cases/{self.case}/{doing.path.format(**said)}"
        body = {name: value for name, value in said.items() if f"{{{name}}}" not in doing.path}
        return await ask(node, "POST", path, seat.name, json={**doing.unsaid, **body})

    async def _see(self, name: str, claims: Sequence[Claim], *, named_only: bool) -> None:
        """Wait until an agency sees what is claimed of it, or of all unless it must be named."""
        mine = [one for one in claims if one.where == name or not (one.where or named_only)]
        waiting = [one for one in mine if one.matter != reading.REFUSED]
        shown: dict[str, str] = {}

        async def seen() -> bool:
            views: dict[str, Any] = {}
            for claim in list(waiting):
                shown[claim.matter] = await self._shown(name, claim, views)
                if shown[claim.matter] == self._expected(name, claim):
                    waiting.remove(claim)
            if waiting:
                await _recur(self.world.nodes[name])
            return not waiting

        try:
            await until(seen, SEEN_WITHIN_S)
        except TimeoutError:
            found = {one.matter: shown[one.matter] for one in waiting}
            raise AssertionError(f"{name} sees {found}, not {[one.value for one in waiting]}") from None

    def _expected(self, name: str, claim: Claim) -> str:
        """The value as a desk would show it."""
        if claim.matter.startswith(reading.OWES):
            owing = claim.value != NOTHING and name in [agency(one) for one in claim.value.split(", ")]
            return "ya" if owing else NOTHING
        if claim.matter.startswith("tenggat "):
            return day(claim.value, self._now())
        if claim.value == NOTHING or claim.matter in {reading.TOLD, reading.UNTOLD}:
            return claim.value
        return ", ".join(sorted(text(one, self._now()) for one in claim.value.split(", ")))

    async def _shown(self, name: str, claim: Claim, views: dict[str, Any]) -> str:
        """What a desk shows of a matter; each of its `views` is asked for once."""
        matter = claim.matter
        if matter == reading.CASE:
            return "terlihat" if (await self._get(name, "")).is_success else "tidak terlihat"
        if matter.startswith(reading.OWES):
            kind = matter.removeprefix(f"{reading.OWES} ")
            items = (await ask(self.world.nodes[name], "GET", "/tasks", READERS[name])).json()["items"]
            return "ya" if any(one["case"] == self.case and one["kind"] == kind for one in items) else NOTHING
        path, read = VIEWS.get(matter, ("", None))
        if path not in views:
            answer = await self._get(name, path)
            assert answer.status_code == 200 or (path, answer.status_code) == ("person", 404), answer.text
            views[path] = answer.json()
        told = views[path]
        if matter in {reading.TOLD, reading.UNTOLD}:
            return _told(told, claim)
        values = read(told) if read else [told["state"].get(self._slot(matter), {}).get("in_force", "")]
        return ", ".join(sorted(values)) or NOTHING

    def _slot(self, matter: str) -> str:
        if matter in SLOTS:
            return SLOTS[matter]
        word = max((one for one in SLOTS if matter.startswith(f"{one} ")), key=len)
        return SLOTS[word].format(text(matter.removeprefix(f"{word} "), self._now()))

    def _now(self) -> Now:
        return Now(self.world.clock.now_ms(), self.names)

    async def _get(self, name: str, view: str) -> httpx2.Response:
        path = f"/cases/{self.case}/{view}".rstrip("/")
        return await ask(self.world.nodes[name], "GET", path, READERS[name])


def _told(view: Any, claim: Claim) -> str:
    """The claim's own value if the timeline bears it out."""
    said = {event_title(type_name(line["type"]), "id") for line in view["timeline"] if line["supported"]}
    return claim.value if (claim.value in said) == (claim.matter == reading.TOLD) else NOTHING
