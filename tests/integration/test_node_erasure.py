"""What two officers order is destroyed at every agency, and nothing else is: by nobody less, and in no other case."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from contracts.content import Actor
from contracts.events.intake import Identity, IdentityShared
from contracts.record import EventId
from services.node.node import Node
from services.node.service import SYSTEM
from services.node.writing import Draft
from tests.e2e.stage import ask, deliveries, level, report, talk, tasks, until
from tests.integration.notaries import notaries
from tests.integration.trio import A, C, Trio, agree
from tests.integration.warrants import (
    LEADER,
    NOW,
    OFFICER,
    WISH,
    carried_out,
    decline,
    dictate,
    duties,
    erase,
    fsck,
    handle,
    held,
    lose,
    nothing_held,
    order,
    reported,
    rows,
    settled,
    shown,
    times,
    told,
)

ONE, OTHER = Actor("pejabat_pdp", "kp-pdp"), Actor("komisioner_piket", "kp-piket")


async def test_a_case_goes_at_every_agency_and_its_records_stay(trio: Trio) -> None:
    """Content, read models, index and parked copies go; records, proofs, the account and other cases stay."""
    other, case = await told(trio), await settled(trio)
    before = [await shown(node, other) for node in trio]
    full = [await rows(node, case) for node in trio]
    assert all(one["triage.work_item"] and one["notify.notice"] and one["triage.parked"] for one in full[:2])
    assert all(one["intake.person_key"] and one["intake.duplicate"] for one in full)
    events = [len((await shown(node, case))["timeline"]) for node in trio]
    await erase(trio, case)
    for node, told_before in zip(trio, events, strict=True):
        assert await held(node, case) == 0
        assert not any((await rows(node, case)).values()), node.log.agency
        lines = (await shown(node, case))["timeline"]
        gone = [line for line in lines if line["state"] == "ERASED"]
        assert (len(gone), len(lines)) == (told_before, told_before + 5)
        assert {line["signature"] for line in lines} == {"valid"}
        assert all(line["erased_by"] and line["officer"] == "" and line["supported"] for line in gone)
        found = await fsck(node)
        assert (found.findings, found.erased >= told_before) == ([], True)
    assert [(await shown(node, other))["digest"] for node in trio] == [one["digest"] for one in before]
    assert len({(await shown(node, case))["digest"] for node in trio}) == 1


async def test_what_is_erased_does_not_come_back(trio: Trio) -> None:
    """Content that a partner still has, or sends again, is dropped; nothing is asked for again."""
    case = await reported(trio)
    again = await deliveries(trio.a, C)
    await erase(trio, case)
    await trio.c.admission.admit(A, again)
    await handle(trio.c)
    assert await held(trio.c, case) == 0
    assert not any((await rows(trio.c, case)).values())
    assert await trio.c.pools["node"].fetchval("select count(*) from log.unreadable where found_at is null") == 0
    assert (await fsck(trio.c)).findings == []


async def test_who_the_person_is_goes_while_the_case_goes_on(trio: Trio) -> None:
    """Report, identity and index go; what was decided stays in force, and officers go on deciding."""
    case = await settled(trio)
    await erase(trio, case, scope="PERSON")
    for node in trio:
        view, left = await shown(node, case), await rows(node, case)
        assert view["state"]["emergency"]["in_force"] == "DECLINED"
        assert (left["intake.person_key"], left["intake.duplicate"]) == (0, 0)
        assert {line["type"] for line in view["timeline"] if line["state"] == "PRESENT"} >= {
            "rajut.intake.case.opened.v1",
            "rajut.protection.emergency.proposed.v1",
        }
        assert [
            line["type"] for line in view["timeline"] if "report" in line["type"] or "identity" in line["type"]
        ] == []
        assert (await fsck(node)).findings == []
    decided = {"defender_kind": "PPHAM", "status": "SEMENTARA", "basis": []}
    answer = await ask(trio.a, "POST", f"/cases/{case}/status", LEADER, json=decided)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("path", "officer", "status"),
    [
        ("", "kp-upr", 403),
        ("", LEADER, 403),
        ("/REQUEST/confirm", OFFICER, 403),
        ("/REQUEST/confirm", "kp-koordinator", 403),
        (f"/{'A' * 43}/confirm", LEADER, 404),
    ],
)
async def test_the_desk_hears_nobody_else(trio: Trio, path: str, officer: str, status: int) -> None:
    """An officer without the permission neither asks nor confirms, and nobody confirms what was not asked."""
    case = await report(trio.a)
    asked = await ask(trio.a, "POST", f"/cases/{case}/erasure", OFFICER, json=WISH)
    path = path.replace("REQUEST", asked.json()["event"])
    answer = await ask(trio.a, "POST", f"/cases/{case}/erasure{path}", officer, json=WISH)
    assert answer.status_code == status, answer.text


async def test_only_the_opening_agency_asks(trio: Trio) -> None:
    """A participant whose officers have the roles is refused at its own desk."""
    case = await reported(trio)
    answer = await ask(trio.b, "POST", f"/cases/{case}/erasure", "lpsk-pdp", json=WISH)
    assert (answer.status_code, answer.json()["code"]) == (403, "E_FORBIDDEN")


async def test_an_order_that_is_none_destroys_nothing(trio: Trio) -> None:
    """One person, one role, or another agency, written into the log past the desk: every node goes on holding all."""
    case = await reported(trio)
    before = [await held(node, case) for node in trio]
    await dictate(trio.a, case, ONE, ONE)
    await dictate(trio.a, case, ONE, ONE._replace(officer="kp-pdp-2"))
    await dictate(trio.a, case, OTHER, OTHER._replace(officer="kp-piket-2"))
    await dictate(trio.a, case, ONE, OTHER._replace(officer="kp-pdp"))
    await dictate(trio.a, case, ONE, OTHER, basis="TIDY_UP")
    await dictate(trio.b, case, Actor("pejabat_pdp", "lpsk-pdp"), Actor("pimpinan", "lpsk-pimpinan-1"))
    async with talk(*trio), tasks(*duties(*trio)):
        await until(lambda: level(*trio))
        await asyncio.sleep(1)
    assert [await held(node, case) for node in trio] == before
    assert [await times(node, case) for node in trio] == [0, 0, 0]


async def test_nobody_orders_an_erasure_in_an_emergency(trio: Trio) -> None:
    """While protection is proposed or in force, of either scope, neither a request nor its confirmation is taken."""
    case = await reported(trio)
    asked = await ask(trio.a, "POST", f"/cases/{case}/erasure", OFFICER, json=WISH)
    proposal = {"ground": "ANCAMAN_NYATA", "needs": []}
    proposed = await ask(trio.a, "POST", f"/cases/{case}/emergency", "kp-upr", json=proposal)
    await refused_in_emergency(trio.a, case, asked.json()["event"])
    await agree(trio)
    for number in (2, 3):
        path = f"/cases/{case}/emergency/{proposed.json()['proposal']}/approve"
        assert (await ask(trio.b, "POST", path, f"lpsk-pimpinan-{number}")).status_code == 200
    await agree(trio)
    assert (await shown(trio.a, case, "/emergency"))["state"] == "ACTIVE"
    await refused_in_emergency(trio.a, case, asked.json()["event"])


async def refused_in_emergency(node: Node, case: str, request: str) -> None:
    """Both doors say that it is the emergency."""
    path = f"/cases/{case}/erasure"
    answers = [await ask(node, "POST", path, OFFICER, json=WISH | {"scope": scope}) for scope in ("CASE", "PERSON")]
    answers.append(await ask(node, "POST", f"{path}/{request}/confirm", LEADER))
    assert {(one.status_code, one.json()["code"], one.json()["detail"]) for one in answers} == {
        (409, "E_STATE", "emergency")
    }


async def test_an_order_waits_until_an_emergency_has_ended(trio: Trio) -> None:
    """Signed past the desk and cosigned by all, it takes nothing from whom somebody protects; then it is obeyed."""
    case = await told(trio)
    before = [await held(node, case) for node in trio]
    await dictate(trio.a, case, ONE, OTHER)
    async with talk(*trio), tasks(*notaries(*trio)):
        for node in trio:
            await until(partial(confirmed, node, case))
    for node in trio:
        for _ in range(2):
            await node.erasure.carry_out()
    assert [await held(node, case) for node in trio] == before
    assert [await times(node, case) for node in trio] == [0, 0, 0]
    await decline(trio, case)
    async with talk(*trio), tasks(*duties(*trio)):
        for node in trio:
            await until(partial(carried_out, node, case))
    assert [await times(node, case) for node in trio] == [1, 1, 1]


async def confirmed(node: Node, case: str) -> bool:
    """Whether all have cosigned the one order in a case."""
    return [one["level"] for one in (await shown(node, case, "/erasure"))["orders"]] == ["confirmed"]


async def test_an_order_waits_until_all_have_cosigned_it(trio: Trio) -> None:
    """While one agency has not cosigned, nobody destroys anything, not even who gave the order."""
    case = await reported(trio)
    before = [await held(node, case) for node in trio]
    await order(trio.a, case)
    async with talk(trio.a, trio.b), tasks(*duties(trio.a, trio.b)):
        await until(lambda: provisional(trio.b, case))
        await asyncio.sleep(1)
    assert [await held(node, case) for node in trio] == before
    async with talk(*trio), tasks(*duties(*trio)):
        await until(lambda: carried_out(trio.c, case))


async def provisional(node: Node, case: str) -> bool:
    """Whether an order has come in, and one agency has cosigned it."""
    return [one["level"] for one in (await shown(node, case, "/erasure"))["orders"]] == ["provisional"]


async def test_an_order_does_not_reach_into_another_case(trio: Trio) -> None:
    """Whoever names events of a case that is not theirs to erase erases nothing of it."""
    case, other = await reported(trio), await reported(trio)
    foreign = await trio.a.pools["node"].fetch("select id from log.event where case_id = $1", other)
    before = [await held(node, other) for node in trio]
    async with trio.a.pools["node"].acquire() as connection:
        own = [event.id for event in (await trio.a.log.load(connection, case)).events]
    names = [*own, *(EventId(row["id"]) for row in foreign)]
    await dictate(trio.a, case, ONE, OTHER, events=names)
    async with talk(*trio), tasks(*duties(*trio)):
        for node in trio:
            await until(partial(carried_out, node, case))
    assert [await held(node, case) for node in trio] == [0, 0, 0]
    assert [await held(node, other) for node in trio] == before


async def test_content_that_comes_late_goes_too(trio: Trio) -> None:
    """An agency that gets content only after it has obeyed destroys it then, and says so again."""
    case = await reported(trio)
    late = await share(trio.a, case, (C, A))
    messages = await deliveries(trio.a, C)
    await agree(trio)
    await lose(trio.c, late)
    await erase(trio, case)
    assert (await fsck(trio.c)).findings == []
    await trio.c.admission.admit(A, messages)
    assert await held(trio.c, case) == 1
    async with tasks(*duties(trio.c)):
        await until(lambda: nothing_held(trio.c, case))
    assert await times(trio.c, case) == 2
    assert (await fsck(trio.c)).findings == []


async def share(node: Node, case: str, to: Sequence[str]) -> EventId:
    """Say in a case who somebody is, to some of its participants."""
    body = IdentityShared(identity=Identity(name="Seseorang"))
    async with node.pools["intake"].acquire() as connection, connection.transaction():
        timeline = await node.log.lock(connection, case)
        draft = Draft(body, tuple(sorted(to)), SYSTEM, NOW)
        return (await node.log.append(connection, "intake", timeline, [draft])).events[-1].id
