"""Whoever writes beside the process that adopts directories never goes ahead of it, and never falls behind it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.encoding import b64
from contracts.record import stored
from contracts.roster import sign
from deploy.dev.runner import ThreeNodes
from services import wiring
from services.node.keys import root_signer
from services.node.node import Node
from tests.e2e.stage import ask, migrate, opened, report, three
from tests.integration.commands import rajut

AGENCY, OTHER = "lpsk", "komnas-ham"


@pytest.fixture(scope="module")
def nodes(server_folder: Path) -> Iterator[ThreeNodes]:
    """Three agencies, of which one has its servers."""
    nodes = three(server_folder / "following")
    try:
        nodes[AGENCY].prepare(migrate)
        yield nodes
    finally:
        nodes.stop_all()


def put_next_directory(nodes: ThreeNodes, node: Node) -> int:
    """Put the version after the one in force where the node looks for it; its number."""
    last = node.log.chain.latest
    following = last.model_copy(update={"version": last.version + 1, "previous": b64(last.digest())})
    signed = sign(following, [root_signer(nodes.homes[agency] / "keys") for agency in (AGENCY, OTHER)])
    (node.home.path / "directory" / f"{following.version}.json").write_bytes(signed)
    return following.version


async def versions(node: Node) -> list[int]:
    """The directory versions that the node's records name, in order."""
    rows = await node.pools["node"].fetch("select jws from log.record where log = $1 order by seq", node.log.log)
    return [stored(row["jws"]).record.dir for row in rows]


async def look(node: Node, case: str) -> None:
    """Run a command that notes in the log what it shows."""
    done = await asyncio.to_thread(rajut, node.home.path, "case", "show", case)
    assert done.returncode == 0, done.stderr


async def test_a_command_writes_by_the_directory_that_the_node_goes_by(nodes: ThreeNodes) -> None:
    """A version whose file is there is used by a command once the node has adopted it, and not before."""
    async with opened(nodes.homes[AGENCY]) as node:
        case, before = await report(node), len(await versions(node))
        version = put_next_directory(nodes, node)
        await look(node, case)
        assert (await versions(node))[before:] == [version - 1]
        await node.duties.adopt_directories()
        await look(node, case)
        assert (await versions(node))[before:] == [version - 1, version, version]


async def test_a_command_that_began_before_the_node_adopted_does_not_go_back(nodes: ThreeNodes) -> None:
    """Built by one version, writing after the next: it goes by the record before its own, and reads what that names."""
    async with opened(nodes.homes[AGENCY]) as node, wiring.node(nodes.homes[AGENCY], beside=True) as beside:
        version = put_next_directory(nodes, node)
        await node.duties.adopt_directories()
        case = await report(node)
        assert beside.log.chain.latest.version == version - 1
        answer = await ask(beside, "GET", f"/cases/{case}", "lpsk-darurat")
        assert answer.status_code == 200, answer.text
        said = await versions(node)
    assert said[-1] == version
    assert said == sorted(said)
