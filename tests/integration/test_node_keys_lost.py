"""An agency whose machine is gone, with all its keys and its database, comes back: its root was elsewhere."""

import asyncio
import shutil
from pathlib import Path

from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import LOGS, READERS, ask, level, opened, report, size, tasks, until
from tests.integration.commands import rajut
from tests.integration.keepers import Keepers
from tests.integration.trio import A, B, C, agree, three


async def test_new_keys_bring_back_what_partners_hold(machines: ThreeNodes, tmp_path: Path) -> None:
    """Partners keep the log, and wrap the shared content to the new key; old keys end, and no name comes twice."""
    home, database, keepers = machines.homes[A], machines[A].postgres, Keepers(machines.homes, tmp_path)
    database.copy_database("rajut", "empty")
    async with three(machines) as trio:
        case = await report(trio.a)
        await agree(trio)
        before = await size(trio.a, LOGS[A])
    shutil.rmtree(home / "keys")
    shutil.rmtree(home / "vault", ignore_errors=True)
    database.drop_database("rajut")
    database.copy_database("empty", "rajut")

    keepers.adopt(keepers.version(keepers.ask("enrol", home)))
    assert set(keepers.states(A).values()) == {"signs", "opens"}
    assert {kid.split(".")[2] for kid in keepers.states(A)} == {"2"}
    async with opened(machines.homes[B]) as b, opened(machines.homes[C]) as c:
        links = [link.run() for node in (b, c) for link in node.links]
        async with tasks(b.relay.run(), c.relay.run(), *links):
            done = await asyncio.to_thread(rajut, home, "node", "recover", str(home))
            assert done.returncode == 0, done.stderr
            async with opened(home) as a, tasks(a.relay.run(), *(link.run() for link in a.links)):
                assert await size(a, LOGS[A]) > before
                assert (await ask(a, "GET", f"/cases/{case}", READERS[A])).status_code == 200
                await report(a)
                await until(lambda: level(a, b, c))
