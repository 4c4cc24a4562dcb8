"""The agreed rules change while a case is open: nobody changes them alone, and no case changes its rules."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contracts.bundle import Verdict, verify_archive
from contracts.bundle.assembly import Export
from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.mechanism import GENESIS_TEXT, signed
from contracts.mechanism.signed import BEGINNING
from deploy.dev.runner import ThreeNodes
from services.node.audit import Auditor, Wish
from services.node.keys import root_signer
from services.node.node import Node
from tests.e2e.stage import READERS, ask, level, opened, report, servers, talk, until

HAM, PEREMPUAN, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
PROPOSAL = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
SECOND = GENESIS_TEXT.replace(b"version = 1\n", b"version = 2\n", 1).replace(b"approvals = 2", b"approvals = 3", 1)


@pytest.fixture(scope="module")
def machines(server_folder: Path) -> Iterator[ThreeNodes]:
    """The servers of three agencies."""
    with servers(server_folder / "mechanism") as running_:
        yield running_


class Trio(NamedTuple):
    """Three nodes that hear each other."""

    nodes: dict[str, Node]

    async def give(self, agency: str, *roots: str) -> None:
        """Hand a node the second version with the signatures of some agencies, and let it look."""
        node = self.nodes[agency]
        said = signed.draft(SECOND, BEGINNING, node.log.chain.latest)
        whole = signed.joined(said, [signed.signature(said, self._root(root)) for root in roots])
        folder = node.home.path / "mechanism"
        folder.mkdir(exist_ok=True)
        (folder / "2.json").write_bytes(signed.write(whole))
        await node.mechanisms.adopt()

    async def meet(self) -> None:
        """All hear each other, until they know the same."""
        for node in self.nodes.values():
            node.relay.wake()
        await until(lambda: level(*self.nodes.values()))

    async def seen(self, case: str) -> list[Any]:
        """A case as each agency shows it."""
        await self.meet()
        answers = [await ask(node, "GET", f"/cases/{case}", READERS[name]) for name, node in self.nodes.items()]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.json() for answer in answers]

    async def emergency(self, case: str, leaders: int) -> set[str]:
        """Protection is proposed and so many leaders approve; what all three then have in force."""
        place = f"/cases/{case}/emergency"
        proposed = await ask(self.nodes[PEREMPUAN], "POST", place, "kp-upr", json=PROPOSAL)
        assert proposed.status_code == 201, proposed.text
        await self.meet()
        for number in range(1, leaders + 1):
            path = f"{place}/{proposed.json()['proposal']}/approve"
            answer = await ask(self.nodes[LPSK], "POST", path, f"lpsk-pimpinan-{number}")
            assert answer.status_code == 200, answer.text
        return {shown["state"]["emergency"]["in_force"] for shown in await self.seen(case)}

    def _root(self, agency: str) -> Any:
        return root_signer(self.nodes[agency].home.path / "keys")


@pytest.fixture
async def trio(machines: ThreeNodes) -> AsyncIterator[Trio]:
    """Three nodes with their logs begun, that say what they have and read each other."""
    async with AsyncExitStack() as stack:
        nodes = {name: await stack.enter_async_context(opened(machines.homes[name])) for name in (HAM, PEREMPUAN, LPSK)}
        await stack.enter_async_context(talk(*nodes.values()))
        yield Trio(nodes)


async def test_a_new_number_holds_for_new_cases_and_for_no_other(trio: Trio) -> None:
    """Two of three signatures change nothing; three do, at every node, for the cases that are opened from then on."""
    nodes, writer = trio.nodes, trio.nodes[PEREMPUAN]
    old = await report(writer)
    with pytest.raises(Rejected) as refusal:
        await trio.give(PEREMPUAN, PEREMPUAN, LPSK)
    assert refusal.value.code is Code.MECHANISM
    assert not writer.log.rules.adopted
    await trio.give(PEREMPUAN, HAM, PEREMPUAN, LPSK)
    new = await report(writer)
    for case, rules in ((old, 1), (new, 2)):
        shown = await trio.seen(case)
        assert [(one["rules"], one["rules_known"]) for one in shown] == [(rules, True)] * 3
        assert len({one["digest"] for one in shown}) == 1
    for case, rules in ((old, 1), (new, 2)):
        verdict = await audited(nodes[LPSK], case)
        assert (verdict.rules, verdict.findings) == (rules, ())
    assert await trio.emergency(old, 2) == {"ACTIVE"}
    assert await trio.emergency(new, 2) == {"PROPOSED"}
    assert len({one["digest"] for case in (old, new) for one in await trio.seen(case)}) == 2
    assert nodes[HAM].log.rules.newest(HAM).version == 1
    await trio.give(HAM, HAM, PEREMPUAN, LPSK)
    await trio.meet()
    assert [await adopted(node, HAM) for node in nodes.values()] == [2, 2, 2]


async def audited(node: Node, case: str) -> Verdict:
    """What an outsider finds in a node's bundle of a case."""
    export = Export("court", node.log.agency, Actor("operator", "root"), "AUDIT", "2026-11-23T00:00:00.000Z")
    async with node.pools["node"].acquire() as connection, connection.transaction(isolation="repeatable_read"):
        auditor = Auditor(connection, node.log, node.keyring.vault, lambda _: None)
        return verify_archive(await auditor.bundle(case, Wish("court"), export))


async def adopted(node: Node, agency: str) -> int:
    """The version that an agency has adopted, as a node has heard."""
    await node.log.follow_rules(node.pools["node"])
    return node.log.rules.newest(agency).version
