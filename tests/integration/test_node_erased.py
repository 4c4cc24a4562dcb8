"""What stands as erased is held against the order and the agency's own word, and no older backup brings it back."""

# ruff: noqa: S608 - edits behind the program's back are what is tested
import asyncio
import shutil
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.dev.runner import ThreeNodes
from services.node.node import Node
from tests.e2e.stage import READERS, ask, opened, tasks, until
from tests.integration.commands import rajut
from tests.integration.test_node_store import edited
from tests.integration.trio import A, B, C, three
from tests.integration.warrants import duties, erase, fsck, held, nothing_held, settled, told

BEFORE, VAULT = "before", Path("vault/cases")
UNPROVEN = "what is marked as erased is not what was ordered and signed"


class Scene(NamedTuple):
    """Three agencies that have erased one case and hold another; C has a backup of its database from before."""

    machines: ThreeNodes
    gone: str
    there: str
    vault: Path  # C's vault as it was at that time


@pytest.fixture(scope="module")
def scene(machines: ThreeNodes, server_folder: Path) -> Scene:
    """See `Scene`."""
    there, gone = asyncio.run(begin(machines))
    machines[C].postgres.copy_database("rajut", BEFORE)
    kept = Path(shutil.copy(machines.homes[C] / VAULT, server_folder / "vault-before"))
    asyncio.run(finish(machines, gone))
    return Scene(machines, gone, there, kept)


async def begin(machines: ThreeNodes) -> tuple[str, str]:
    """Two cases."""
    async with three(machines) as trio:
        return await told(trio), await settled(trio)


async def finish(machines: ThreeNodes, case: str) -> None:
    """One of them is erased."""
    async with three(machines) as trio:
        await erase(trio, case)


async def test_content_that_is_gone_without_an_order_is_an_alarm(scene: Scene) -> None:
    """A row that a superuser deletes is shown to nobody, and named by fsck; it is not taken for an erased one."""
    opening = "select id from log.event where type like '%case.opened%'"
    async with edited(scene.machines, f"delete from log.content where id in ({opening})", C) as node:
        assert await look(node, scene.there) == (422, "E_BLOB")
        assert "content for this agency is missing" in {finding.what for finding in (await fsck(node)).findings}


PROPOSAL = "select id from log.event where type like '%emergency.proposed%'"
EDITS = {
    "its place": """
        update log.event set parents = '' where parents <> '' and id in (select id from log.erased where held)""",
    "one more": f"""
        delete from log.content where id in ({PROPOSAL});
        insert into log.erased (id, held, executed)
            select e.id, true, x.executed from log.event e cross join log.erasure x where e.id in ({PROPOSAL});
        update log.event set type = '' where id in ({PROPOSAL})""",
    "another order": "update log.erasure set confirmed = asked",
    "another case": f"""
        update log.event e set case_id = other.case_id from log.event other
        where e.type = '' and other.id in ({PROPOSAL})""",
}


@pytest.mark.parametrize("what", EDITS)
async def test_a_mark_that_no_order_bears_out_is_found(scene: Scene, what: str) -> None:
    """Whoever moves an erased event, or marks another one as erased to hide that it is gone, is named."""
    async with edited(scene.machines, EDITS[what], C) as node:
        assert UNPROVEN in {finding.what for finding in (await fsck(node)).findings}


async def test_an_erased_event_that_was_moved_to_another_case_is_served_by_no_read(scene: Scene) -> None:
    """Its content can no longer say where it belongs; the tag of its record can."""
    async with edited(scene.machines, EDITS["another case"], C) as node:
        assert await look(node, scene.there) == (422, "E_BIND")


async def test_a_store_with_erased_cases_is_clean(scene: Scene) -> None:
    """What was erased by order is counted, and is no finding."""
    async with edited(scene.machines, "select 1", C) as node:
        found = await fsck(node)
        assert (found.findings, found.erased > 0) == ([], True)


async def look(node: Node, case: str) -> tuple[int, str]:
    """The status of a look at a case, and the code if it is refused."""
    answer = await ask(node, "GET", f"/cases/{case}", READERS[C])
    return answer.status_code, "" if answer.is_success else answer.json()["code"]


async def test_a_backup_made_before_shows_nothing_of_an_erased_case(scene: Scene) -> None:
    """Older database, storage key, all keys of the agency: without the case's key, destroyed with it, it stays shut."""
    async with edited(scene.machines, "select 1", C, source=BEFORE) as node:
        assert await look(node, scene.gone) == (422, "E_WRAP")
        assert await look(node, scene.there) == (200, "")
    vault = scene.machines.homes[C] / VAULT
    now = vault.read_bytes()
    shutil.copy(scene.vault, vault)
    try:
        async with edited(scene.machines, "select 1", C, source=BEFORE) as node:
            assert await look(node, scene.gone) == (200, "")
    finally:
        vault.write_bytes(now)


async def test_a_node_restored_from_an_older_backup_erases_again(scene: Scene) -> None:
    """It learns of the order anew, with the end of its own log, and obeys; its store is clean again."""
    homes = scene.machines.homes
    async with (
        opened(homes[A]) as a,
        opened(homes[B]) as b,
        edited(scene.machines, "select 1", C, source=BEFORE) as node,
        tasks(*linked(a), *linked(b)),
    ):
        done = await asyncio.to_thread(rajut, node.home.path, "node", "recover", str(node.home.path))
        assert done.returncode == 0, done.stderr
        assert await held(node, scene.gone) > 0
        async with tasks(*linked(node), *duties(a, b, node)):
            await until(partial(nothing_held, node, scene.gone))
        assert await look(node, scene.gone) == (200, "")
        assert (await fsck(node)).findings == []


def linked(node: Node) -> list[Coroutine[Any, Any, None]]:
    """What a node says, and its links to all its partners."""
    return [node.relay.run(), *(link.run() for link in node.links)]
