"""A node that could lose or falsify something says that it is not ready, and names why; closed when in doubt."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.dev.home import Ports
from deploy.dev.ports import free_port
from deploy.dev.runner import AgencyProcesses, ThreeNodes
from deploy.nats.client import connect
from deploy.nats.provision import provision_home
from services import wiring
from services.node.node import Node
from services.node.sql import Pool
from tests.clocks import BentClock
from tests.e2e.stage import RECEIVERS, REPORTS, ask, opened, report, until
from tests.integration.commands import rajut

AGENCY = "lpsk"
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def agency(machines: ThreeNodes) -> AgencyProcesses:
    """One of them."""
    return machines[AGENCY]


async def problems(agency: AgencyProcesses, off_ms: int = 0) -> list[str]:
    """What the readiness route complains about; it must answer 200 if and only if that is nothing."""
    async with opened(agency.home, BentClock(off_ms)) as node:
        return await problems_of(node)


async def tells(agency: AgencyProcesses, expected: list[str]) -> bool:
    """Whether that is what the readiness route complains about."""
    return await problems(agency) == expected


async def problems_of(node: Node) -> list[str]:
    """As `problems`, of a node that is open."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=node.ops), base_url="http://node") as client:
        answer = await client.get("/health/ready")
    told: list[str] = answer.json()["problems"]
    assert answer.status_code == (503 if told else 200)
    assert answer.json()["ready"] == (not told)
    return told


@asynccontextmanager
async def altered(home: Path, stream: str, **settings: object) -> AsyncIterator[None]:
    """A stream with other settings, for a while."""
    admin = await connect(home, "admin")

    async def call(verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await admin.request(f"$JS.API.STREAM.{verb}.{stream}", json.dumps(body or "").encode(), timeout=2)
        reply: dict[str, Any] = json.loads(answer.data)
        assert "error" not in reply, reply
        return reply

    config = json.loads((await admin.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=2)).data)["config"]
    await call("UPDATE", config | settings)
    yield
    await call("UPDATE", config)
    await admin.close()


async def test_a_node_in_order_is_ready(agency: AgencyProcesses) -> None:
    """With every server as it must be there is nothing to complain of."""
    assert await problems(agency) == []


@pytest.mark.parametrize(
    ("stream", "field", "value"),
    [
        ("ADMITTED", "max_age", 3_600_000_000_000),
        ("TO_komnas-ham", "duplicate_window", 1_000_000_000),
        ("TO_komnas-ham", "discard", "new"),
        ("TO_komnas-perempuan", "allow_atomic", False),
    ],
)
async def test_a_stream_with_other_settings_makes_the_node_not_ready(
    agency: AgencyProcesses, stream: str, field: str, value: object
) -> None:
    """Each weakened setting is named with its stream."""
    async with altered(agency.home, stream, **{field: value}):
        assert [told for told in await problems(agency) if told.startswith(f"{stream}.{field}:")]
    assert await problems(agency) == []


@pytest.mark.parametrize(("stream", "consumer"), [("ADMITTED", "triage"), ("TO_komnas-ham", "komnas-ham")])
async def test_a_consumer_with_other_settings_makes_the_node_not_ready(
    agency: AgencyProcesses, stream: str, consumer: str
) -> None:
    """Whoever reads by other rules than ours is named with what differs, and nobody else is."""
    admin = await connect(agency.home, "admin")
    info = json.loads((await admin.request(f"$JS.API.CONSUMER.INFO.{stream}.{consumer}", b"", timeout=2)).data)
    for config in (info["config"] | {"max_ack_pending": 7}, info["config"]):
        body = json.dumps({"stream_name": stream, "config": config, "action": "update"}).encode()
        answer = await admin.request(f"$JS.API.CONSUMER.CREATE.{stream}.{consumer}", body, timeout=2)
        assert "error" not in json.loads(answer.data)
        told = [line.partition(": ")[0] for line in await problems(agency)]
        assert told == ([f"{consumer}.max_ack_pending"] if config != info["config"] else [])
    await admin.close()


async def test_a_lost_stream_makes_the_node_not_ready(agency: AgencyProcesses) -> None:
    """A stream that is not there at all counts as wrong in everything, and coming back mends it."""
    admin = await connect(agency.home, "admin")
    await admin.request("$JS.API.STREAM.DELETE.TO_komnas-ham", b"", timeout=2)
    assert any(told.startswith("TO_komnas-ham.") for told in await problems(agency))
    await admin.close()
    await provision_home(agency.home)
    assert await problems(agency) == []


async def test_a_missing_migration_makes_the_node_not_ready(agency: AgencyProcesses) -> None:
    """A database older than the program is named, and so is one that the program does not know."""
    change = "update public.migration set number = {} where part = 'notify' and number = {};"
    agency.postgres.sql(change.format(77, 1), database="rajut")
    assert await problems(agency) == ["database: MigrationError"]
    agency.postgres.sql(change.format(1, 77), database="rajut")
    agency.postgres.sql("create table kept as select * from public.migration where part = 'notify';", database="rajut")
    agency.postgres.sql("delete from public.migration where part = 'notify';", database="rajut")
    missing = [step for step in wiring.migrations() if step.part == "notify"]
    assert await problems(agency) == [f"database: migration notify {step.number} is missing" for step in missing]
    agency.postgres.sql("insert into public.migration select * from kept; drop table kept;", database="rajut")
    assert await problems(agency) == []


async def test_a_wrong_clock_makes_the_node_not_ready(agency: AgencyProcesses) -> None:
    """Two clocks further apart than the bound are named, in either direction; within it nothing is said."""
    for off_ms in (-3000, 3000):
        assert [told[:6] for told in await problems(agency, off_ms)] == ["clock:"]
    assert await problems(agency, 500) == []


async def test_a_clock_that_ran_ahead_costs_nothing_once_it_is_right(agency: AgencyProcesses) -> None:
    """Meanwhile nothing is taken, and who asks is told to try later; what it has put off for weeks is looked at now."""
    clock = BentClock()
    async with opened(agency.home, clock) as node:
        case, sample = await report(node), REPORTS[AGENCY].read_bytes()
        notify = next(plug for plug in node.plugs if plug.name == "notify")
        for row in await node.pools["node"].fetch("select id from log.event where case_id = $1", case):
            assert await node.inboxes["notify"].attempt(row["id"]) is None
        looks = "select look_at from notify.look where case_id = $1"
        for off_ms, status, weeks in ((20 * DAY_MS, 503, True), (0, 201, False)):
            clock.off_ms = off_ms
            answer = await ask(node, "POST", "/reports", RECEIVERS[AGENCY], content=sample)
            assert (answer.status_code, answer.json().get("code", "E_UNAVAILABLE")) == (status, "E_UNAVAILABLE")
            for timer in notify.timers:
                await timer.work()
            look_at = await node.pools["notify"].fetchval(looks, case)
            assert (look_at > datetime.now(UTC) + timedelta(days=19)) == weeks


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
async def test_commits_that_do_not_wait_for_the_disk_make_the_node_not_ready(
    agency: AgencyProcesses, name: str
) -> None:
    """A database that acknowledges what it could lose is named."""
    for value, told in (("off", [f"database: {name} is not on"]), ("on", [])):
        agency.postgres.sql(f"alter system set {name} = {value};")
        agency.postgres.sql("select pg_reload_conf();")
        await until(partial(tells, agency, told), 20)


class Saying:
    """A database that says one setting to be off."""

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool, self._name = pool, name

    async def fetchval(self, sql: str, *values: object) -> object:
        return "off" if values == (self._name,) else await self._pool.fetchval(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


@pytest.mark.parametrize("name", ["synchronous_commit", "data_checksums"])
async def test_a_setting_that_cannot_be_altered_meanwhile_is_looked_at(agency: AgencyProcesses, name: str) -> None:
    """A session that does not wait for the disk, or a disk whose rot goes unnoticed, is named."""
    async with opened(agency.home) as node:
        node.health._pool = Saying(node.health._pool, name)  # type: ignore[assignment]
        assert await problems_of(node) == [f"database: {name} is not on"]


async def test_a_vault_that_cannot_be_written_makes_the_node_not_ready(agency: AgencyProcesses) -> None:
    """Without a place for its key no case can be taken: that is named with what to do, until it is there again."""
    async with opened(agency.home) as node:
        await report(node)
        cases, aside = agency.home / "vault" / "cases", agency.home / "vault" / "aside"
        cases.rename(aside)
        cases.mkdir()
        told = await problems_of(node)
        cases.rmdir()
        aside.rename(cases)
        assert [(one.startswith("vault: "), "EISDIR" in one, "vault/cases" in one) for one in told] == [(True,) * 3]
        assert await problems_of(node) == []


async def test_a_role_cannot_be_told_to_lose_commits(agency: AgencyProcesses) -> None:
    """Whatever its role says, a node's session waits for the disk."""
    agency.postgres.sql("alter role rajut_node set synchronous_commit = off;")
    assert await problems(agency) == []
    agency.postgres.sql("alter role rajut_node reset synchronous_commit;")


async def test_servers_that_are_away_or_frozen_make_the_node_not_ready(agency: AgencyProcesses) -> None:
    """A broker that is gone, or there and silent, is a reason not to be ready, not a reason to hang."""
    agency.pause("nats")
    assert [told.partition(":")[0] for told in await problems(agency)] == ["broker"]
    agency.resume("nats")
    assert await problems(agency) == []
    agency.stop("nats")
    assert [told.partition(":")[0] for told in await problems(agency)] == ["broker"]
    agency.start("nats")
    assert await problems(agency) == []


@pytest.fixture
def spoiled(agency: AgencyProcesses, server_folder: Path) -> Iterator[Path]:
    """A copy of the home, to be spoiled; it listens elsewhere."""
    home = server_folder / "spoiled"
    shutil.copytree(agency.home, home, ignore=shutil.ignore_patterns("postgres", "jetstream"))
    settings = (home / "node.toml").read_text()
    port = Ports.of(agency.home).http
    (home / "node.toml").write_text(settings.replace(f"port = {port}", f"port = {free_port()}"))
    yield home
    shutil.rmtree(home)


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("keys/protection.seed", "", "keys/protection.seed"),
        ("keys/sealing.key", "zz" * 96, "keys/sealing.key"),
        ("keys/storage.key", "00" * 31, "keys/storage.key"),
        ("keys/intake.seed", None, "keys/intake.seed"),
        ("directory/pin", "00" * 32, "E_DIRECTORY"),
        ("node.toml", "agency = 7", "node.toml"),
    ],
)
def test_what_cannot_be_used_stops_the_start_in_one_line(
    spoiled: Path, file: str, content: str | None, named: str
) -> None:
    """A missing or broken key, a directory that is not the pinned one, wrong settings: named in one line, no trace."""
    (spoiled / file).unlink()
    if content is not None:
        (spoiled / file).write_text(content)
    done = rajut(spoiled, "node", "run", str(spoiled))
    assert done.returncode == 1
    assert done.stderr.startswith("rajut: ")
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_stops_the_start_in_one_line(machines: ThreeNodes) -> None:
    """A second node on one port says so and ends, instead of hanging."""
    machines[AGENCY].start("node")
    done = rajut(machines.homes[AGENCY], "node", "run", str(machines.homes[AGENCY]))
    machines[AGENCY].stop("node")
    assert done.returncode == 1
    assert "rajut: E_SETTINGS: node.toml: http" in done.stderr
