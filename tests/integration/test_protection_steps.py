"""An agency's own mechanism over HTTP: its officers take steps, and the other agencies' nodes are not moved."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.dev.runner import ThreeNodes
from services.node.node import Node
from tests.e2e.stage import ask, level, opened, report, servers, talk, until

HAM, LPSK = "komnas-ham", "lpsk"
BEGIN = {"machine": HAM, "version": 1, "region": "PENGADUAN", "state": "PEMERIKSAAN_BERKAS"}


class Scene(NamedTuple):
    """Two nodes, and a case that Komnas HAM opened for all."""

    ham: Node
    lpsk: Node
    case: str

    async def say(self, node: Node, officer: str, path: str, **more: Any) -> tuple[int, Any]:
        answer = await ask(node, "POST", f"/cases/{self.case}/{path}", officer, **more)
        return answer.status_code, answer.json()

    async def region(self, node: Node, officer: str, code: str) -> Any:
        answer = await ask(node, "GET", f"/cases/{self.case}/steps", officer)
        assert answer.status_code == 200, answer.text
        return next(region for region in answer.json()["regions"] if region["region"] == code)

    async def meet(self) -> None:
        async with talk(self.ham, self.lpsk):
            await until(lambda: level(self.ham, self.lpsk))


@pytest.fixture(scope="module")
def machines(server_folder: Path) -> Iterator[ThreeNodes]:
    """The servers of three agencies."""
    with servers(server_folder / "steps") as running:
        yield running


@pytest.fixture
async def scene(machines: ThreeNodes) -> AsyncIterator[Scene]:
    """A fresh case that both know."""
    async with AsyncExitStack() as stack:
        ham, lpsk = [await stack.enter_async_context(opened(machines.homes[name])) for name in (HAM, LPSK)]
        told = Scene(ham, lpsk, await report(ham))
        await told.meet()
        yield told


async def test_steps_are_the_own_agency_s_and_what_they_oblige_to_is_said_to_all(scene: Scene) -> None:
    """A step moves the own desk alone; an emergency that another agency proposes moves LPSK's machine by itself."""
    before = await scene.region(scene.ham, "kh-hrd", "PENGADUAN")
    assert [place["state"] for place in before["places"]] == ["DITERIMA"]
    assert [(choice["roles"], choice["yours"]) for choice in before["choices"]] == [(["petugas_pengaduan"], False)]
    assert (await scene.say(scene.ham, "kh-hrd", "steps", json=BEGIN))[0] == 403
    assert (await scene.say(scene.ham, "kh-petugas", "steps", json=BEGIN | {"state": "DITUTUP"}))[0] == 409
    key = {"Idempotency-Key": "one-step"}
    first, again = [await scene.say(scene.ham, "kh-petugas", "steps", json=BEGIN, headers=key) for _ in range(2)]
    assert first == again
    assert (first[0], len(first[1]["events"])) == (201, 1)
    after = await scene.region(scene.ham, "kh-petugas", "PENGADUAN")
    assert [(place["state"], place["event"]) for place in after["places"]] == [
        ("PEMERIKSAAN_BERKAS", first[1]["events"][0])
    ]
    assert (await scene.say(scene.ham, "kh-hrd", "emergency", json={"ground": "ANCAMAN_NYATA", "needs": []}))[0] == 201
    await scene.meet()
    moved = await scene.region(scene.lpsk, "lpsk-darurat", "KEDARURATAN")
    assert [place["state"] for place in moved["places"]] == ["USULAN_DARURAT"]
    cases = [await ask(node, "GET", f"/cases/{scene.case}", who) for node, who in _desks(scene)]
    assert len({told.json()["digest"] for told in cases}) == 1
    assert ["protection.step.taken" in told.text for told in cases] == [True, False]


def _desks(scene: Scene) -> list[tuple[Node, str]]:
    return [(scene.ham, "kh-hrd"), (scene.lpsk, "lpsk-darurat")]
