"""The agreed rules change while a case is open: nobody changes them alone, and no case changes its rules."""

import secrets
from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest

from contracts.bundle import Verdict, verify_archive
from contracts.bundle.assembly import Export
from contracts.content import Actor, case_name
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import instant
from contracts.mechanism import GENESIS_TEXT, signed
from contracts.mechanism.signed import BEGINNING
from contracts.record import EventId
from contracts.sealing import KEY_BYTES
from deploy.dev.runner import ThreeNodes
from services.node import bus
from services.node.audit import Auditor, Wish
from services.node.clock import SystemClock
from services.node.keys import root_signer
from services.node.node import Node
from services.node.writing import Draft, Timeline
from tests.e2e.stage import AGENCIES, READERS, ask, events, report, talk
from tests.integration.trio import B, C, Trio, settle, three
from tests.unit.contracts.chronicle import opening

PROPOSAL = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
LADDER, TURNED = (b'ladder = ["%b", "%b"' % pair for pair in permutations((b"petugas_darurat", b"tenaga_ahli_telaah")))
SECOND = GENESIS_TEXT.replace(b"version = 1\n", b"version = 2\n", 1).replace(b"approvals = 2", b"approvals = 3", 1)
SECOND = SECOND.replace(LADDER, TURNED, 1)


@pytest.fixture
async def trio(trio: Trio) -> AsyncIterator[Trio]:
    """Komnas Perempuan (a), LPSK (b) and Komnas HAM (c), who hear each other all the time."""
    async with talk(*trio):
        yield trio


async def give(node: Node, *agencies: Node) -> None:
    """Hand a node the second version with the signatures of some agencies, and let it look."""
    said = signed.draft(SECOND, BEGINNING, node.log.chain.latest)
    whole = signed.joined(said, [signed.signature(said, root_signer(one.home.path / "keys")) for one in agencies])
    folder = node.home.path / "mechanism"
    folder.mkdir(exist_ok=True)
    (folder / "2.json").write_bytes(signed.write(whole))
    await node.mechanisms.adopt()


async def seen(trio: Trio, case: str) -> list[Any]:
    """A case as each agency shows it, once all know the same."""
    await settle(trio)
    answers = [await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency]) for node in trio]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]


async def emergency(trio: Trio, case: str, leaders: int) -> set[str]:
    """Protection is proposed and so many leaders approve; what all three then have in force."""
    place = f"/cases/{case}/emergency"
    proposed = await ask(trio.a, "POST", place, "kp-upr", json=PROPOSAL)
    assert proposed.status_code == 201, proposed.text
    await settle(trio)
    for number in range(1, leaders + 1):
        answer = await ask(trio.b, "POST", f"{place}/{proposed.json()['proposal']}/approve", f"lpsk-pimpinan-{number}")
        assert answer.status_code == 200, answer.text
    return {shown["state"]["emergency"]["in_force"] for shown in await seen(trio, case)}


async def test_a_new_number_holds_for_new_cases_and_for_no_other(trio: Trio) -> None:
    """Two of three signatures change nothing; three do, at every node, for the cases that are opened from then on."""
    old = await report(trio.a)
    with pytest.raises(Rejected) as refusal:
        await give(trio.a, trio.a, trio.b)
    assert refusal.value.code is Code.MECHANISM
    assert not trio.a.log.rules.adopted
    await give(trio.a, *trio)
    new = await report(trio.a)
    for case, rules in ((old, 1), (new, 2)):
        shown = await seen(trio, case)
        assert [(one["rules"], one["rules_known"]) for one in shown] == [(rules, True)] * 3
        assert len({one["digest"] for one in shown}) == 1
    for case, rules in ((old, 1), (new, 2)):
        verdict = await audited(trio.b, case)
        assert (verdict.rules, verdict.findings) == (rules, ())
    assert await emergency(trio, old, 2) == {"ACTIVE"}
    assert await emergency(trio, new, 2) == {"PROPOSED"}
    assert trio.b.log.rules.newest(B).version == 1
    assert [await first_called(trio, case) for case in (old, new)] == ["petugas_darurat", "tenaga_ahli_telaah"]
    assert len({one["digest"] for case in (old, new) for one in await seen(trio, case)}) == 2
    assert trio.c.log.rules.newest(C).version == 1
    await give(trio.c, *trio)
    await settle(trio)
    assert [await adopted(node, C) for node in trio] == [2, 2, 2]


async def first_called(trio: Trio, case: str) -> str:
    """Whom LPSK calls first when it hears of the emergency that was proposed in a case."""
    for event in await events(trio.b, trio.a.log.log, EmergencyProposed.wire_type):
        await trio.b.inboxes["notify"].handle(event.id)
    notices = (await ask(trio.b, "GET", "/notices", "lpsk-darurat")).json()
    (first,) = (one["role"] for one in notices if (one["case"], one["step"]) == (case, 0))
    return str(first)


async def audited(node: Node, case: str) -> Verdict:
    """What an outsider finds in a node's bundle of a case."""
    export = Export("court", node.log.agency, Actor("operator", "root"), "AUDIT", "2026-11-23T00:00:00.000Z")
    async with node.pools["node"].acquire() as connection, connection.transaction(isolation="repeatable_read"):
        auditor = Auditor(connection, node.log, node.keyring.vault, lambda _: None)
        return verify_archive(await auditor.bundle(case, Wish("court"), export))


async def test_a_case_under_rules_that_nobody_has_holds_up_no_other(
    doomed: ThreeNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is said in one, other cases are handled; so is this one, once its rules are here."""
    monkeypatch.setattr(bus, "GRACE_S", 0.0)
    async with three(doomed) as trio, talk(*trio):
        triage = trio.b.inboxes["triage"]
        strange = await unruled(trio.c, 2)
        await settle(trio)
        honest = await report(trio.a)
        await settle(trio)
        await triage.sweep()
        assert [await handled(trio.b, case) for case in (strange, honest)] == [False, True]
        assert await triage.attempt(await opening_of(trio.b, strange)) is None
        await give(trio.c, *trio)
        await settle(trio)
        await triage.sweep()
        await triage.sweep()
        assert await handled(trio.b, strange)


async def unruled(node: Node, version: int) -> str:
    """A case under rules that its agency has not adopted, in which it says more than one sweep takes."""
    key = secrets.token_bytes(KEY_BYTES)
    timeline = Timeline(case_name(key, node.log.log), key)
    opened = opening(node.log.agency, to=AGENCIES).model_copy(update={"mechanism": version})
    more: list[Body] = [UrgencyOverridden(level="BIASA", reason="dilihat")] * (bus.SWEEP_BATCH + 1)
    for service, bodies in (("intake", [opened]), ("triage", more)):
        drafts = [Draft(body, AGENCIES, Actor("petugas", "x"), instant(SystemClock().now_ms())) for body in bodies]
        async with node.pools[service].acquire() as connection, connection.transaction():
            timeline = await node.log.append(connection, service, timeline, drafts)
    return timeline.case


async def opening_of(node: Node, case: str) -> EventId:
    """The event that opened a case."""
    found = "select id from log.event where case_id = $1 and type = $2"
    return EventId(await node.pools["node"].fetchval(found, case, CaseOpened.wire_type))


async def handled(node: Node, case: str) -> bool:
    """Whether triage has dealt with the opening of a case."""
    id_ = await opening_of(node, case)
    return bool(await node.pools["triage"].fetch("select from inbox where event_id = $1", id_))


async def adopted(node: Node, agency: str) -> int:
    """The version that an agency has adopted, as a node has heard."""
    await node.log.follow_rules(node.pools["node"])
    return node.log.rules.newest(agency).version
