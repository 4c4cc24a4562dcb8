"""Whoever is shown something of a case is noted first: every route, every command, with officer, role and purpose."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest
import pytest_asyncio
import typer

from contracts.codes import codes
from contracts.encoding import b64
from contracts.events.access import CaseRead, Door, Purpose, View
from contracts.record import EventId
from contracts.timeline import Event
from deploy.dev.runner import ThreeNodes
from services.cli import app as command
from services.cli.access import operator
from services.node.access import SAID_BY
from services.node.node import Node
from services.node.pace import STORE, Pace
from tests.e2e.stage import LOGS, ask, events, opened, report, size
from tests.integration.commands import rajut
from tests.integration.doors import (
    ACTS,
    COMMANDS,
    COUNTS,
    DRAFTS,
    DUTY,
    LEADER,
    LPSK,
    NOTHING,
    OF_NO_CASE,
    READS,
    SILENT,
    Read,
    commands,
    is_mount,
    routes,
)
from tests.integration.visitors import handle

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Scene(NamedTuple):
    """LPSK's node, a case with work, notices and a possible duplicate, and one of its events, which is parked."""

    node: Node
    case: str
    item: int
    parked: EventId

    def fill(self, text: str) -> str:
        """A path or argument of this scene."""
        for name, value in (("CASE", self.case), ("ITEM", str(self.item)), ("EVENT", b64(self.parked))):
            text = text.replace(name, value)
        return text

    async def read(self, read: Read, **headers: str) -> httpx2.Response:
        """What a route shows."""
        method = "POST" if read.view is View.WORK and "done" in read.path else "GET"
        return await ask(self.node, method, self.fill(read.path), read.officer, headers=headers)

    async def last(self, service: str) -> Event:
        """The last entry that a service has made."""
        return (await events(self.node, LOGS[LPSK], SAID_BY[service].wire_type))[-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(machines: ThreeNodes) -> AsyncIterator[Scene]:
    """The scene, with the node in the event loop of this file."""
    async with opened(machines.homes[LPSK]) as node:
        yield Scene(node, *await play(node))


async def play(node: Node) -> tuple[str, int, EventId]:
    """Two reports about one person, a proposal, all handlers run: the case, an item of its work, its parked event."""
    await report(node)
    case = await report(node)
    proposal = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
    proposed = await ask(node, "POST", f"/cases/{case}/emergency", DUTY, json=proposal)
    assert proposed.status_code == 201, proposed.text
    await handle(node, case)
    pool = node.pools["node"]
    parked = await pool.fetchval("select id from log.event where case_id = $1 order by seq limit 1", case)
    await node.pools["triage"].execute(
        "insert into parked (event_id, type, reason, attempts) select id, type, 'Reason', 5 from log.event "
        "where id = $1 on conflict do nothing",
        parked,
    )
    item = "select id from work_item where case_id = $1 and kind = 'TRIASE'"
    return case, await node.pools["triage"].fetchval(item, case), EventId(parked)


async def test_every_route_is_classified(scene: Scene) -> None:
    """A new route leaves an entry, is an act, or shows nothing of a case: whoever adds one must say which."""
    found = {name for name, route in routes(scene.node).items() if not is_mount(route)}
    assert found == READS.keys() | ACTS.keys() | COUNTS | OF_NO_CASE | DRAFTS | NOTHING


async def test_an_act_answers_what_became_of_it_and_no_more(scene: Scene) -> None:
    """What needs no entry because it is an event itself has no room to show something else."""
    found = routes(scene.node)
    for name, fields in ACTS.items():
        model = found[name].response_model
        assert set(model.model_fields if model else ()) == fields, name


async def test_every_command_is_classified() -> None:
    """A new command leaves an entry or shows nothing of a case, or this fails."""
    assert set(commands(typer.main.get_command(command))) == COMMANDS.keys() | SILENT


@pytest.mark.parametrize("name", READS)
async def test_a_route_that_shows_something_of_a_case_is_noted(scene: Scene, name: str) -> None:
    """One read, one entry: signed by the service that showed it, with officer, role, door, purpose and case."""
    read, before = READS[name], await size(scene.node, LOGS[LPSK])
    answer = await scene.read(read, **{"Rajut-Purpose": "LEGAL"})
    assert answer.status_code == 200, answer.text
    before += read.says
    assert await size(scene.node, LOGS[LPSK]) == before + 1
    entry = await scene.last(read.service)
    body = CaseRead.read(entry.content.body)
    assert entry.seq == before
    assert (body.view, body.door, body.purpose) == (read.view, read.door, Purpose.LEGAL)
    assert scene.case in body.cases
    assert entry.content.actor == (officer_role(scene, read.officer), read.officer)
    assert (entry.content.case, entry.content.to) == ("", (LPSK,))
    assert answer.headers["Cache-Control"] == "no-store"


def officer_role(scene: Scene, officer: str) -> str:
    """The role of an officer."""
    entries = json.loads((scene.node.home.path / "officers.json").read_text())
    return str(next(entry["role"] for entry in entries if entry["officer"] == officer))


@pytest.mark.parametrize("name", sorted(NOTHING))
async def test_a_route_that_shows_nothing_of_a_case_names_none(scene: Scene, name: str) -> None:
    """What answers without an entry does not even name a case or an event."""
    door = scene.node.app if name == "GET /openapi.json" else scene.node.ops
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=door), base_url="http://node") as client:
        answer = await client.get(name.removeprefix("GET "))
    assert answer.content
    assert scene.case not in answer.text
    assert b64(scene.parked) not in answer.text


@pytest.mark.parametrize("name", sorted(COUNTS))
async def test_a_route_that_counts_names_none(scene: Scene, name: str) -> None:
    """What operations are told without an entry names neither a case nor an event, nor an officer."""
    answer = await ask(scene.node, "GET", name.removeprefix("GET "), "lpsk-admin")
    assert answer.json()["kinds"]
    for named in (scene.case, b64(scene.parked), DUTY, LEADER):
        assert named not in answer.text


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_that_shows_something_of_a_case_is_noted(scene: Scene, name: str, tmp_path: Path) -> None:
    """The operator's commands leave entries too, with the operating system's name for whoever ran them."""
    arguments = [scene.fill(word).replace("FILE", str(tmp_path / "case.zip")) for word in COMMANDS[name]]
    door = Door.EXPORT if "export" in name else Door.CLI
    before = await size(scene.node, LOGS[LPSK])
    done = await asyncio.to_thread(rajut, scene.node.home.path, *arguments, "--purpose", "audit")
    assert done.returncode == 0, done.stderr
    entry = await scene.last("node")
    body = CaseRead.read(entry.content.body)
    assert (entry.seq, await size(scene.node, LOGS[LPSK])) == (before, before + 1)
    assert (body.door, body.purpose, scene.case in body.cases) == (door, Purpose.AUDIT, True)
    assert entry.content.actor == operator()


async def test_a_file_that_says_who_the_person_is_is_noted_as_such(scene: Scene) -> None:
    """Whoever takes the person out of the house leaves an entry beside that of the case; a court's copy leaves none."""
    seen = {}
    for scope in ("court", "whole"):
        before = await size(scene.node, LOGS[LPSK])
        path = scene.fill(f"/cases/CASE/bundle?scope={scope}")
        assert (await ask(scene.node, "GET", path, LEADER)).status_code == 200
        entries = [one for one in await events(scene.node, LOGS[LPSK], CaseRead.wire_type) if one.seq >= before]
        seen[scope] = [CaseRead.read(one.content.body).view for one in entries]
    assert seen == {"court": [View.CASE], "whole": [View.CASE, View.PERSON]}


# Who asks who saw a case, or how the node is, or for a file with its date in it, never has the answer already.
NEVER_THE_SAME = ("POST", "GET /cases/{case}/access", "GET /cases/{case}/bundle", "GET /operations")


@pytest.mark.parametrize("name", [name for name in READS if not name.startswith(NEVER_THE_SAME)])
async def test_what_the_caller_has_already_is_neither_shown_nor_noted(scene: Scene, name: str) -> None:
    """A screen that refreshes itself names what it has: 304, no content, no entry; something new is shown and noted."""
    first = await scene.read(READS[name])
    before = await size(scene.node, LOGS[LPSK])
    again = await scene.read(READS[name], **{"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert await size(scene.node, LOGS[LPSK]) == before
    other = await scene.read(READS[name], **{"If-None-Match": '"other"'})
    assert other.json() == first.json()
    assert await size(scene.node, LOGS[LPSK]) == before + 1


async def test_a_purpose_is_of_the_list(scene: Scene) -> None:
    """A purpose that nobody has agreed on is refused before anything is shown; none at all is the route's own."""
    read, before = READS["GET /cases/{case}"], await size(scene.node, LOGS[LPSK])
    refused = await scene.read(read, **{"Rajut-Purpose": "CURIOSITY"})
    assert (refused.status_code, refused.json()["code"]) == (422, "E_SCHEMA")
    assert await size(scene.node, LOGS[LPSK]) == before
    for name, purpose in (("GET /cases/{case}", Purpose.HANDLING), ("GET /cases/{case}/access", Purpose.AUDIT)):
        await scene.read(READS[name])
        assert CaseRead.read((await scene.last("node")).content.body).purpose == purpose


async def test_who_asks_without_pause_is_told_to_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is used without end gets a coded no after a while; the officer beside it is served as before."""
    monkeypatch.setattr(Pace, "step", Pace(lambda: 0.0).step)  # no time passes, however slow this machine is
    before = await size(scene.node, LOGS[LPSK])
    answers = {(await ask(scene.node, "GET", "/operations", "lpsk-pimpinan-7")).status_code for _ in range(STORE)}
    assert answers == {403}, "a leader is no operator"
    refused = await ask(scene.node, "GET", "/operations", "lpsk-pimpinan-7")
    assert (refused.status_code, refused.json()["code"]) == (429, "E_PACE")
    assert (await ask(scene.node, "GET", "/tasks/figures", "lpsk-admin")).status_code == 200
    assert await size(scene.node, LOGS[LPSK]) == before


async def test_what_is_not_shown_is_not_noted(scene: Scene) -> None:
    """A case that is not there, and an officer who may not, leave no entry that says somebody saw it."""
    before = await size(scene.node, LOGS[LPSK])
    for officer, path, status in ((DUTY, f"/cases/{'0' * 26}", 404), (DUTY, f"/cases/{scene.case}/access", 403)):
        assert (await ask(scene.node, "GET", path, officer)).status_code == status
    assert await size(scene.node, LOGS[LPSK]) == before


async def test_the_lists_that_people_read_are_those_of_the_code() -> None:
    """Each purpose, door and view has a text, and no text is left over."""
    for name, members in (("access_purpose", Purpose), ("access_door", Door), ("access_view", View)):
        assert set(codes(name)) == {*members}
