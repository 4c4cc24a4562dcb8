"""Keys come and go while nodes work, and nothing is refused or lost by it."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from contracts.events.protection import EmergencyProposed
from contracts.record import Signed, stored
from deploy.dev.runner import ThreeNodes
from services.node.link import every
from services.node.node import Node
from services.node.succession import Succession
from services.node.witness import SQL as WITNESSED
from tests.e2e.stage import (
    LOGS,
    READERS,
    ask,
    events,
    level,
    report,
    running,
    size,
    talk,
    tasks,
    until,
)
from tests.integration import softhsm
from tests.integration.keepers import Keepers, go_over, take_up
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, agree, three

pytestmark = pytest.mark.slow

UNDISTURBED = {"quarantine": 0, "fork": 0, "unreadable": 0}


@pytest.fixture
def keepers(machines: ThreeNodes, tmp_path: Path) -> Keepers:
    """Whoever may change the directory of these agencies."""
    return Keepers(machines.homes, tmp_path)


async def troubles(node: Node) -> dict[str, int]:
    """How much a node refused, holds in dispute, or could not read."""
    query = "select count(*) from log.{}"
    only = {"unreadable": " where found_at is null"}
    return {name: await node.pools["node"].fetchval(query.format(name) + only.get(name, "")) for name in UNDISTURBED}


async def logged(node: Node, log: str, first: int = 0) -> list[Signed]:
    """The records of a log that a node holds, from a place on."""
    query = "select jws from log.record where log = $1 and seq >= $2 order by seq"
    return [stored(row["jws"]) for row in await node.pools["node"].fetch(query, log, first)]


async def signed_by(node: Node, kids: set[str], first: int) -> bool:
    """Whether all these keys have signed something in A's log, from a place on."""
    return kids <= {one.kid for one in await logged(node, LOGS[A], first)}


async def test_keys_are_replaced_while_reports_come_in(machines: ThreeNodes, keepers: Keepers) -> None:
    """Signing and sealing keys of an agency change, at each node at another time: nobody refuses or misses anything."""
    homes, stop, cases = machines.homes, asyncio.Event(), list[str]()
    purposes = ("intake", "protection", "triage", "sealing")
    old = {purpose: keepers.current(A, purpose) for purpose in purposes}

    async def reports(node: Node) -> None:
        while not stop.is_set():
            cases.append(await report(node))

    async def more() -> None:
        enough = len(cases) + 2
        await until(lambda: asyncio.sleep(0, len(cases) >= enough), within_s=100)

    async with running(homes[A]) as a, running(homes[B]) as b, running(homes[C]) as c:
        before, first = [await troubles(node) for node in (a, b, c)], await size(a, LOGS[A])

        async def both_sign(keys: dict[str, str]) -> None:
            wanted = {keys["intake"], keys["triage"]}
            await until(lambda: signed_by(a, wanted, first), within_s=100)

        async with asyncio.TaskGroup() as meanwhile:
            meanwhile.create_task(reports(a))
            await both_sign(old)
            version = keepers.replace(A, *purposes)
            for agency in (A, C, B):
                keepers.adopt(version, agency)
                await more()
            ended = keepers.version(*(keepers.ask("retire", homes[A], old[name]) for name in ("intake", "triage")))
            keepers.adopt(ended, B, A, C)
            latest = a.log.chain.latest.version + 1
            await until(lambda: asyncio.sleep(0, a.log.chain.knows(latest)))
            new = {purpose: keepers.current(A, purpose) for purpose in purposes}
            await both_sign(new)
            stop.set()
        await until(lambda: level(a, b, c), within_s=100)
        assert [await troubles(node) for node in (a, b, c)] == before
        written = await logged(b, LOGS[A], first)
        for case in cases:
            assert (await ask(b, "GET", f"/cases/{case}", READERS[B])).status_code == 200
    assert {one.kid for one in written if one.record.dir == latest} & {old["intake"], old["triage"]} == set()
    versions = [one.record.dir for one in written]
    assert versions == sorted(versions)
    assert [keepers.states(A)[old[name]] for name in purposes] == ["old", "ready", "old", "old"]


async def expiring(node: Node) -> list[str]:
    """What a node's readiness says of keys that should be replaced."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=node.ops), base_url="http://ops") as client:
        told = (await client.get("/health/ready")).json()
    return list(told["expiring"])


async def test_an_old_sealing_key_goes_once_nothing_more_can_come_for_it(
    machines: ThreeNodes, keepers: Keepers
) -> None:
    """Not while in use, not before each partner's log has come to the version that replaces it."""
    old = keepers.current(C, "sealing")
    home = machines.homes[C]
    async with three(machines) as trio:
        assert "lets it be used" in (await asyncio.to_thread(keepers.tried, C, "destroy", home, old)).stderr
        version = keepers.version(keepers.ask("rotate", home, "sealing", "--expires", "2026-01-01"))
        keepers.adopt(version, C)
        await take_up(trio.c)
        assert [line.partition(":")[0] for line in await expiring(trio.c)] == [keepers.current(C, "sealing")]
        assert "has not come to" in (await asyncio.to_thread(keepers.tried, C, "destroy", home, old)).stderr
        assert keepers.states(C)[old] == "old"
        keepers.adopt(version, A, B)
        await take_up(trio.a, trio.b)
        await go_over(trio)
        done = await asyncio.to_thread(keepers.tried, C, "destroy", home, old)
        assert done.returncode == 0, done.stderr
    assert old not in keepers.states(C)
    async with three(machines) as trio:
        await report(trio.a)
        await agree(trio)
        assert (await troubles(trio.c))["unreadable"] == 0


async def test_a_service_signs_with_a_key_that_never_leaves_its_token(
    machines: ThreeNodes, keepers: Keepers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory lists it, partners take what it signs, and the home holds nothing of it but where it is."""
    token = softhsm.token(tmp_path / "token")
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    home = machines.homes[B]
    keepers.adopt(keepers.version(keepers.ask("rotate", home, "protection", "--token", token.uri("protection"))))
    kid = keepers.current(B, "protection")
    assert [path.suffix for path in (home / "keys").glob(f"protection.{kid.split('.')[2]}.*")] == [".uri"]
    async with three(machines) as trio:
        await go_over(trio)
        before = [await troubles(node) for node in trio]
        case = await report(trio.a)
        await agree(trio)
        asked = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
        assert (await ask(trio.b, "POST", f"/cases/{case}/emergency", READERS[B], json=asked)).status_code == 201
        await agree(trio)
        proposed = (await events(trio.c, LOGS[B], EmergencyProposed.wire_type))[-1]
        assert {one.id: one.kid for one in await logged(trio.c, LOGS[B])}[proposed.id] == kid
        assert [await troubles(node) for node in trio] == before


async def test_a_new_key_signs_once_all_others_know_of_it(machines: ThreeNodes, keepers: Keepers) -> None:
    """While an agency is away the old key signs on, and nothing else waits; a stolen key waits for nobody."""
    home, old = machines.homes[A], keepers.current(A, "node")
    async with three(machines) as trio:
        await go_over(trio)
        keepers.adopt(keepers.replace(A, "node"))
        new, before = keepers.current(A, "node"), trio.a.log.writes_by
        looks = [every(0.05, node.duties.adopt_directories) for node in (trio.a, trio.b)]
        async with talk(trio.a, trio.b), tasks(*notaries(trio.a, trio.b), *looks):
            await until(lambda: only_b_knows(trio.a))
            case = await report(trio.a)
        last = (await logged(trio.a, LOGS[A]))[-1]
        assert (last.record.dir, trio.a.log.signer("node").kid) == (before, old)
        listed = (await asyncio.to_thread(keepers.tried, A, "list", home)).stdout.splitlines()
        assert {f"{new}  waiting  for {C}", f"{old}  signs"} <= set(listed)
        await go_over(trio)
        last = (await logged(trio.c, LOGS[A]))[-1]
        assert (last.record.dir, last.kid) == (before + 1, new)
        assert (await ask(trio.c, "GET", f"/cases/{case}", READERS[C])).status_code == 200
        stolen = keepers.ask("revoke", home, new, "--last-good", last.record.seq)
        keepers.adopt(keepers.version(stolen, keepers.ask("rotate", home, "node")))
        await take_up(trio.a)
        last = (await logged(trio.a, LOGS[A]))[-1]
        assert (last.record.dir, last.kid) == (before + 2, keepers.current(A, "node"))
        await take_up(trio.b, trio.c)
        await agree(trio)


async def only_b_knows(node: Node) -> bool:
    """Whether B alone has cosigned that a node adopted the last version."""
    told = await Succession(node.pools["node"], node.log).told(node.log.chain.latest.version)
    rows = await node.pools["node"].fetch(WITNESSED["cosigned"], [told])
    return [row["agency"] for row in rows] == [B]
