"""An agency's own mechanism over HTTP: its officers take steps, and the other agencies' nodes are not moved."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.notify import NoticeEscalated, ReminderGiven
from contracts.events.protection import RequirementsDeferred
from contracts.events.step import StepOverdue
from contracts.mechanism import LATEST
from deploy.dev.runner import ThreeNodes
from services.node.clock import RehearsalClock
from services.node.node import Node
from tests.e2e.stage import ask, events, level, opened, report, talk, until

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


@pytest.fixture
async def scene(machines: ThreeNodes) -> AsyncIterator[Scene]:
    """A fresh case that both know."""
    async with AsyncExitStack() as stack:
        ham, lpsk = [await stack.enter_async_context(opened(machines.homes[name])) for name in (HAM, LPSK)]
        told = Scene(ham, lpsk, await report(ham))
        await told.meet()
        yield told


async def test_an_overdue_step_climbs_in_its_own_agency_alone(machines: ThreeNodes, tmp_path: Path) -> None:
    """A file that nobody looks at calls one role after the other, up to the last; no other agency reads of it."""
    clock = tmp_path / "behind"
    async with opened(machines.homes[HAM], RehearsalClock(clock)) as ham:
        days_ago(clock, 10)
        case = await report(ham, RehearsalClock(clock))
        await hear(ham, "protection", CaseOpened)
        days_ago(clock, 9)
        await look(ham, "protection")
        await hear(ham, "notify", StepOverdue)
        for days in (7.9, 6.8, 5.7):
            days_ago(clock, days)
            await look(ham, "notify")
        (missed,) = await events(ham, ham.log.log, StepOverdue.wire_type)
        called = [one for one in (await ask(ham, "GET", "/notices", "kh-hrd")).json() if one["about"] == b64(missed.id)]
        ladder = LATEST.agencies[HAM].ladder
        assert [one["role"] for one in sorted(called, key=lambda one: one["step"])] == [*ladder]
        climbs = await events(ham, ham.log.log, NoticeEscalated.wire_type)
        assert [NoticeEscalated.read(climb.content.body).step for climb in climbs] == [1, 2, len(ladder)]
        assert {one.content.to for one in (missed, *climbs)} == {(HAM,)}
        assert missed.content.case == case


async def test_the_owner_of_papers_is_reminded_on_its_day(machines: ThreeNodes, tmp_path: Path) -> None:
    """Three days after protection began LPSK's node reminds its own people of the papers that wait there, once."""
    clock = tmp_path / "behind"
    async with opened(machines.homes[LPSK], RehearsalClock(clock)) as lpsk:
        days_ago(clock, 10)
        place = f"/cases/{await report(lpsk, RehearsalClock(clock))}/emergency"
        asked = await ask(lpsk, "POST", place, "lpsk-darurat", json={"ground": "ANCAMAN_NYATA", "needs": []})
        for leader in ("lpsk-pimpinan-1", "lpsk-pimpinan-2"):
            approved = await ask(lpsk, "POST", f"{place}/{asked.json()['proposal']}/approve", leader)
            assert approved.is_success, approved.text
        await hear(lpsk, "notify", RequirementsDeferred)
        for days in (7.1, 6.9, 6.8):
            days_ago(clock, days)
            await look(lpsk, "notify")
        (reminder,) = await events(lpsk, lpsk.log.log, ReminderGiven.wire_type)
        assert reminder.content.to == (LPSK,)
        assert "SURAT_PERMOHONAN" in ReminderGiven.read(reminder.content.body).papers


def days_ago(clock: Path, days: float) -> None:
    """Set the clock of a node so far back."""
    clock.write_text(str(round(days * 86_400_000)))


async def hear(node: Node, service: str, kind: type[Body]) -> None:
    """A service of a node handles what the node itself has said of one kind."""
    for event in await events(node, node.log.log, kind.wire_type):
        await node.inboxes[service].handle(event.id)


async def look(node: Node, service: str) -> None:
    """The recurring work of a service, once."""
    for timer in next(plug.timers for plug in node.plugs if plug.name == service):
        await timer.work()


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
