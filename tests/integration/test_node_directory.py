"""The directory moves on while nodes run, not everywhere at once: nothing is lost, and nobody moves it alone."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from structlog.testing import capture_logs

from contracts.directory import Directory, sign
from contracts.encoding import b64
from contracts.record import stored
from deploy.dev.runner import ThreeNodes
from services.node.directories import read_chain
from services.node.enrolment import Request, first_entry
from services.node.keys import ROOT, generate, make_root, root_key, root_signer
from services.node.link import every
from services.node.node import Node
from tests.e2e.stage import (
    LOGS,
    READERS,
    RECEIVERS,
    REPORTS,
    ask,
    events,
    level,
    opened,
    report,
    running,
    size,
    talk,
    tasks,
    until,
)
from tests.integration.keepers import Keepers, go_over
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, Trio, agree

ADOPTED = "rajut.node.directory.adopted.v1"
NEW = "lembaga-contoh"


class Version(NamedTuple):
    """A directory version: its number and the signed document."""

    number: int
    signed: bytes

    def give(self, *homes: Path) -> None:
        """Put the document where these nodes look for it."""
        for home in homes:
            (home / "directory" / f"{self.number}.json").write_bytes(self.signed)


def following(homes: dict[str, Path], roots: Sequence[str], ahead: int = 1) -> Version:
    """The next version, which changes nothing but its number, signed by the roots of some agencies."""
    last = max((read_chain(home / "directory").latest for home in homes.values()), key=lambda one: one.version)
    for number in range(last.version + 1, last.version + 1 + ahead):
        changed = {"version": number, "previous": b64(last.digest())}
        last = Directory.model_validate(last.model_dump(mode="json") | changed)
    return Version(last.version, sign(last, [root_signer(homes[agency] / "keys") for agency in roots]))


def catch_up(homes: dict[str, Path]) -> None:
    """Give every home all versions that any of them has."""
    chains = (read_chain(home / "directory") for home in homes.values())
    longest = max(chains, key=lambda chain: chain.latest.version)
    for number, signed in enumerate(longest.signed, start=1):
        Version(number, signed).give(*homes.values())


async def adoptions(node: Node, log: str) -> list[object]:
    """The versions that a log says were adopted, as a node reads it."""
    return [event.content.body["version"] for event in await events(node, log, ADOPTED)]  # type: ignore[index,call-overload]


async def test_records_of_a_later_directory_wait_for_it(machines: ThreeNodes) -> None:
    """What two agencies say under a new version is refused by nobody; who adopts it last then has all of it."""
    catch_up(machines.homes)
    second = following(machines.homes, [A, C])
    async with AsyncExitStack() as stack:
        a, b, c = [await stack.enter_async_context(opened(machines.homes[name])) for name in (A, B, C)]
        await stack.enter_async_context(talk(a, b, c))
        await stack.enter_async_context(tasks(*(every(0.1, node.duties.adopt_directories) for node in (a, b, c))))
        await until(lambda: level(a, b, c))
        held, told = await size(c, LOGS[A]), [second.number - 1, second.number]
        second.give(a.home.path, b.home.path)
        await until(lambda: both_adopted(second.number, a, b))
        with capture_logs() as said:
            case = await report(a)
            await until(lambda: level_of(a, b, LOGS[A]))
            await until(lambda: asyncio.sleep(0, "later directory" in {line["event"] for line in said}))
        rows = await b.pools["node"].fetch("select jws from log.record where log = $1 and seq >= $2", LOGS[A], held)
        assert {stored(row["jws"]).record.dir for row in rows[1:]} == {second.number}
        assert (await adoptions(a, LOGS[A]))[-2:] == (await adoptions(b, LOGS[A]))[-2:] == told
        assert await size(c, LOGS[A]) == held
        assert not await c.pools["node"].fetch("select from log.quarantine")
        assert (await ask(c, "GET", f"/cases/{case}", READERS[C])).status_code == 404
        second.give(c.home.path)
        await until(lambda: level(a, b, c))
        for log in LOGS.values():
            assert [(await adoptions(node, log))[-2:] for node in (a, b, c)] == [told] * 3
        digests = [(await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json() for node in (a, b, c)]
        assert len({one["digest"] for one in digests}) == 1


async def test_a_member_that_joins_while_a_partner_is_away(machines: ThreeNodes, tmp_path: Path) -> None:
    """Nothing waits for the partner but the newcomer; back, it learns of both: of the member and of every case."""
    catch_up(machines.homes)
    keepers = Keepers(machines.homes, tmp_path)
    version = keepers.version(enrolled(tmp_path))
    async with opened(machines.homes[A]) as a, opened(machines.homes[B]) as b:
        number = a.log.chain.latest.version + 1
        keepers.adopt(version, A, B)
        looks = [every(0.05, node.duties.adopt_directories) for node in (a, b)]
        async with talk(a, b), tasks(*notaries(a, b), *looks):
            await until(lambda: both_adopted(number, a, b))
            case = await report(a)
            await until(lambda: level_of(a, b, LOGS[A]))
        assert (await shared_with_all(a)).json()["detail"] == "consent.share_with"
        async with opened(machines.homes[C]) as c:
            assert c.log.chain.latest.version < number
            keepers.adopt(version, C)
            trio = Trio(a, b, c)
            await go_over(trio)
            joint = (await shared_with_all(a)).json()["case"]
            await agree(trio)
            told = [[await seen(node, one) for node in trio] for one in (case, joint)]
            assert not await c.pools["node"].fetch("select from log.quarantine")
    assert [len({one["digest"] for one in views}) for views in told] == [1, 1]
    assert [{tuple(one["participants"]) for one in views} for views in told] == [
        {tuple(sorted((A, B, C)))},
        {tuple(sorted((A, B, C, NEW)))},
    ]


def enrolled(folder: Path) -> Path:
    """The request of an agency that wants to take part, with keys of its own."""
    generate(folder / NEW, NEW)
    keys = folder / NEW / "keys"
    make_root(keys, f"{NEW}.root.1")
    name = {"id": "Lembaga contoh", "en": "Sample agency"}
    entry = first_entry(keys, NEW, f"rajut.example/{NEW}/1", name=name, root=root_key(keys / ROOT))
    request = folder / "enrol.json"
    request.write_bytes(Request(agency=NEW, entry=entry).encode())
    return request


async def shared_with_all(node: Node) -> httpx2.Response:
    """What comes of a report that is for everybody, the newcomer among them."""
    told = json.loads(REPORTS[A].read_bytes())
    told["consent"] |= {"share_with": [B, C, NEW]}
    return await ask(node, "POST", "/reports", RECEIVERS[A], json=told)


async def seen(node: Node, case: str) -> Any:
    """A case as a node tells it."""
    answer = await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def both_adopted(number: int, *nodes: Node) -> bool:
    """Whether nodes have said that they adopted a version."""
    return all([(await adoptions(node, node.log.log))[-1] == number for node in nodes])


async def level_of(one: Node, other: Node, log: str) -> bool:
    """Whether two nodes hold the same of a log."""
    return await size(one, log) == await size(other, log)


def by_one_root(homes: dict[str, Path]) -> Version:
    """The next version, signed by one agency alone."""
    return following(homes, [B])


def skipping(homes: dict[str, Path]) -> Version:
    """The version after the next one, in its own place."""
    return following(homes, [A, B, C], ahead=2)


def skipping_in_disguise(homes: dict[str, Path]) -> Version:
    """The version after the next one, in the place of the next one."""
    version = skipping(homes)
    return version._replace(number=version.number - 1)


def torn(homes: dict[str, Path]) -> Version:
    """The first half of the next version."""
    version = following(homes, [A, B, C])
    return version._replace(signed=version.signed[: len(version.signed) // 2])


@pytest.mark.parametrize("forged", [by_one_root, skipping, skipping_in_disguise, torn])
async def test_a_directory_that_may_not_follow_is_not_adopted(
    machines: ThreeNodes, forged: Callable[[dict[str, Path]], Version]
) -> None:
    """One agency alone, a step too far or half a document change nothing; the node says so and works on as before."""
    homes = machines.homes
    catch_up(homes)
    bad, good = forged(homes), following(homes, [A, B])
    file = homes[B] / "directory" / f"{bad.number}.json"
    with capture_logs() as said:
        async with running(homes[B]) as node:
            before = node.log.chain.latest
            bad.give(homes[B])
            try:
                await until(lambda: asyncio.sleep(0, refused(said)), 5)
            finally:
                file.unlink()
            assert node.log.chain.latest == before
            assert await report(node)
            good.give(homes[B])
            await until(lambda: both_adopted(good.number, node), 5)


async def test_what_else_lies_beside_the_directory_hinders_no_version(machines: ThreeNodes) -> None:
    """A file whose name is no number is nobody's business, when a node starts and when the next version comes."""
    catch_up(machines.homes)
    strays = [machines.homes[B] / "directory" / name for name in ("notes.json", "1.old.json", "\u00b2.json")]
    for stray in strays:
        stray.write_text("{}")
    try:
        async with opened(machines.homes[B]) as node:
            later = following(machines.homes, [B, C])
            later.give(machines.homes[B])
            await node.duties.adopt_directories()
            assert node.log.chain.latest.version == later.number
    finally:
        for stray in strays:
            stray.unlink()


def refused(said: Sequence[object]) -> bool:
    """Whether the node has said that it does not take a directory."""
    lines = [line for line in said if isinstance(line, dict) and "adopt_directories" in str(line.get("work"))]
    return any(line["reason"] in {"Rejected: E_DIRECTORY", "Rejected: E_JSON"} for line in lines)


async def test_a_version_that_came_while_the_node_was_stopped_is_adopted_in_its_log(machines: ThreeNodes) -> None:
    """Whether a node ran or not when the directory moved on, its log says from where on it counts."""
    catch_up(machines.homes)
    async with opened(machines.homes[B]):
        pass
    later = following(machines.homes, [B, C])
    later.give(machines.homes[B])
    for _ in range(2):
        async with opened(machines.homes[B]) as node:
            assert (await adoptions(node, LOGS[B])).count(later.number) == 1
