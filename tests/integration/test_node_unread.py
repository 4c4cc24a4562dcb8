"""Content that was taken before a bound was drawn tighter: it is named wherever it stands, and stops nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import content
from contracts.bundle import verify_archive
from contracts.bundle.assembly import Export
from contracts.content import Actor
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import instant
from deploy.dev.runner import ThreeNodes
from services.cli.fsck import verify
from services.node.audit import Auditor, Wish
from services.node.clock import SystemClock
from services.node.log import UNREAD
from services.node.node import Node
from services.node.writing import Draft
from tests.e2e.stage import AGENCIES, READERS, ask, report, servers
from tests.integration.trio import C, agree, three

LONG_AGO = "0001-01-01T00:00:00.000Z"


@pytest.fixture
def machines(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[ThreeNodes]:
    """The servers of three agencies, for one test alone: it leaves something unreadable behind."""
    with servers(server_folder / request.node.name[:40]) as running:
        yield running


async def test_content_in_a_form_that_is_refused_by_now_is_named_and_stops_nothing(
    machines: ThreeNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its case is shown with it as an unread event, `fsck` names its place, and a bundle its file."""
    async with three(machines) as trio:
        case = await report(trio.a)
        with monkeypatch.context() as earlier:
            earlier.setattr(content, "_INSTANT", re.compile("[0-9T:.Z-]+"))
            await override(trio.a, case, LONG_AGO)
            await agree(trio)
        await override(trio.a, case, instant(SystemClock().now_ms()))
        await agree(trio)
        shown = (await ask(trio.c, "GET", f"/cases/{case}", READERS[C])).json()
        *_, unread, last = shown["timeline"]
        place = f"{unread['log']} {unread['seq']}"
        assert (unread["type"], unread["readable"], last["supported"]) == (UNREAD, False, True)
        assert shown["state"]["urgency"]["claims"] == [["TINGGI", last["id"]]]
        assert [tuple(found) for found in (await verify(machines.homes[C], trio.c)).findings] == [
            (place, "content: E_SCHEMA")
        ]
        for scope in ("whole", "court"):
            named = {found.file: found.what for found in verify_archive(await exported(trio.c, case, scope)).findings}
            file = f"content/{unread['agency']}/1/{unread['seq']}.json"
            assert (named.get(file) == "E_SCHEMA: time") is (scope == "whole")


async def override(node: Node, case: str, time: str) -> None:
    """An officer says how urgent a case is, at a time of their choice."""
    body, actor = UrgencyOverridden(level="TINGGI", reason="dilihat"), Actor("koordinator_upr", "kp-koordinator")
    async with node.pools["triage"].acquire() as connection, connection.transaction():
        timeline = await node.log.lock(connection, case)
        await node.log.append(connection, "triage", timeline, [Draft(body, AGENCIES, actor, time)])


async def exported(node: Node, case: str, scope: Any) -> bytes:
    """A case with all that a node has of it, as a file."""
    export = Export(scope, node.log.agency, Actor("operator", "root"), "AUDIT", instant(SystemClock().now_ms()))
    async with node.pools["node"].acquire() as connection, connection.transaction(isolation="repeatable_read"):
        auditor = Auditor(connection, node.log, node.keyring.vault, lambda _: None)
        return await auditor.bundle(case, Wish(scope), export)
