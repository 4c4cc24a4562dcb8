"""A joint plan from its first draft to the end of the case and back, by officers at three nodes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from deploy.dev.runner import ThreeNodes
from services.node.node import Node
from tests.e2e.stage import AGENCIES, CASES, READERS, ask, level, opened, running, talk, tasks, until
from tests.integration.notaries import notaries

REPORT = CASES / "petani-kriminalisasi.json"
DUE = "2027-01-15T16:59:59.000Z"
WANTED = {"given_by": "defender", "on": "2026-11-22"}
WORD = {"given_by": "defender", "form": "spoken", "at": "2025-11-22T08:54:48+07:00"}
SAFE = {"due_by": DUE, "raises_risk": False, "risk_answer": "TIDAK_ADA", "agreement": WANTED}
ESCORT = {"id": "komnas-ham-1", "code": "PENGAWALAN", "owner": "lpsk", "responsible": "lpsk"} | SAFE
LAWYER = {"id": "komnas-ham-2", "code": "BANTUAN_HUKUM", "owner": "mitra", "responsible": "komnas-ham"} | SAFE


@asynccontextmanager
async def three(machines: ThreeNodes) -> AsyncIterator[dict[str, Node]]:
    """Complete nodes of all agencies."""
    async with AsyncExitStack() as stack:
        yield {agency: await stack.enter_async_context(running(machines.homes[agency])) for agency in AGENCIES}


@pytest.fixture
async def nodes(machines: ThreeNodes) -> AsyncIterator[dict[str, Node]]:
    """Their nodes, complete."""
    async with three(machines) as running_:
        yield running_


class Desks:
    """One case at three desks."""

    def __init__(self, nodes: dict[str, Node], case: str) -> None:
        self.nodes = nodes
        self.case = case

    async def say(self, officer: str, path: str, **body: Any) -> tuple[int, str]:
        """An officer's act, once all nodes hold the same; its status, and the event or the error's place."""
        agency = {"kh": "komnas-ham", "kp": "komnas-perempuan", "lp": "lpsk"}[officer[:2]]
        await self.settle()
        answer = await ask(self.nodes[agency], "POST", f"/cases/{self.case}/{path}", officer, json=body)
        self.nodes[agency].relay.wake()
        told = answer.json()
        return answer.status_code, str(told["events"][0] if "events" in told else told["detail"])

    async def done(self, officer: str, path: str, **body: Any) -> str:
        """An act that has to succeed; its event."""
        status, event = await self.say(officer, path, **body)
        assert status == 201, (path, status, event)
        return event

    async def settle(self) -> None:
        """All nodes hold the same."""
        await until(lambda: level(*self.nodes.values()))

    async def plans(self) -> list[dict[str, Any]]:
        """What each desk sees of the plan."""
        await self.settle()
        asked = (ask(self.nodes[one], "GET", f"/cases/{self.case}/plan", READERS[one]) for one in AGENCIES)
        return [answer.json() for answer in await asyncio.gather(*asked)]

    async def by_need(self) -> list[tuple[str, str]]:
        """Who should lead, and why, as each desk sees it."""
        await self.settle()
        asked = (ask(self.nodes[one], "GET", f"/cases/{self.case}/lead", READERS[one]) for one in AGENCIES)
        told = [answer.json()["by_need"] for answer in await asyncio.gather(*asked)]
        return [(one["agency"], one["reason"]) for one in told]

    async def closure(self) -> set[str]:
        """What the desks see of the end."""
        return {one["closure"] for one in await self.plans()}


async def owes(node: Node, case: str, kind: str) -> bool:
    """Whether the work list of the lead has something of this kind in a case."""
    told = (await ask(node, "GET", f"/tasks?case={case}", "kh-hrd")).json()
    return kind in {item["kind"] for item in told["items"]}


async def open_case(node: Node) -> str:
    """A case of a suspect, opened by Komnas HAM, which leads."""
    answer = await ask(node, "POST", "/reports", "kh-petugas", content=REPORT.read_bytes())
    assert answer.status_code == 201, answer.text
    node.relay.wake()
    return str(answer.json()["case"])


@pytest.fixture
async def desks(nodes: dict[str, Node]) -> Desks:
    """Such a case at three desks."""
    return Desks(nodes, await open_case(nodes["komnas-ham"]))


async def agreed_plan(desks: Desks) -> str:
    """A plan with a partner's and LPSK's measures, agreed by both who answer for them."""
    plan = await desks.done("kh-hrd", "plan", measures=[ESCORT, LAWYER], replaces=[])
    await desks.done("kh-komisioner", "plan/agree", plan=plan)
    await desks.done("lpsk-telaah", "plan/agree", plan=plan)
    return plan


async def lpsk_is_asked_to_lead(desks: Desks) -> None:
    """Every desk says that it should, the lead's work list has it; it says no, and the next need is looked at."""
    assert await desks.by_need() == [("lpsk", "PELINDUNGAN_FISIK")] * 3
    await until(lambda: owes(desks.nodes["komnas-ham"], desks.case, "LEMBAGA_UTAMA"))
    offer = await desks.done("kh-komisioner", "lead/offer", to="lpsk", reason="PELINDUNGAN_FISIK")
    await desks.done("lpsk-darurat", "lead/decline", offer=offer, reason="TANPA_KAPASITAS")
    assert await desks.by_need() == [("komnas-ham", "KRIMINALISASI")] * 3


async def test_a_suspect_is_not_left_to_one_agency_and_the_second_plan_is_carried_out(desks: Desks) -> None:
    """The first draft cannot be agreed and says why; the one with a partner's measure is in force at all desks."""
    alone = await desks.done("kh-hrd", "plan", measures=[ESCORT], replaces=[])
    assert await desks.say("lpsk-telaah", "plan/agree", plan=alone) == (409, "measures")
    assert await desks.say("kp-upr", "plan", measures=[ESCORT], replaces=[alone]) == (
        409,
        "protection.plan.proposed",
    )
    plan = await desks.done("kh-hrd", "plan", measures=[ESCORT, LAWYER], replaces=[alone])
    assert (await desks.say("kh-hrd", "plan/agree", plan=plan))[0] == 409
    await desks.done("kh-komisioner", "plan/agree", plan=plan)
    await desks.done("lpsk-telaah", "plan/agree", plan=plan)
    for told in await desks.plans():
        assert [version["in_force"] for version in told["versions"]] == [False, True]
        assert {one["agency"] for one in told["due"] if one["kind"] == "TINDAKAN"} == {"komnas-ham", "lpsk"}
    assert (await desks.say("kh-hrd", "measures/start", plan=plan, measure=ESCORT["id"]))[0] == 409
    await desks.done("lpsk-darurat", "measures/start", plan=plan, measure=ESCORT["id"])
    await lpsk_is_asked_to_lead(desks)
    assert (await desks.say("kp-auditor", "circumstances", change="PINDAH_ALAMAT"))[0] == 403
    await desks.done("kp-upr", "circumstances", change="PINDAH_ALAMAT")
    incident = await desks.done(
        "kp-upr", "incidents", forms=["PENGUNTITAN"], gendered_forms=[], sphere="FISIK", happened="SEHARI"
    )
    await desks.done("kp-upr", "measures/unwant", plan=plan, measure=LAWYER["id"], **WORD)
    for told in await desks.plans():
        assert told["measures"] == {ESCORT["id"]: "STARTED"}
        assert told["taken_back"] == [LAWYER["id"]]
        assert [version["in_force"] for version in told["versions"]] == [False, True]
        assert [one["kept"] for one in told["due"] if one["kind"] == "TINJAUAN"] == [False, False]
        assert sorted(one["kept"] for one in told["due"] if one["kind"] == "RENCANA") == [False, True]
    await desks.done("kh-hrd", "reviews", occasion="KEJADIAN_BARU", before="TINGGI", after="SEDANG")
    assert [told["risk"] for told in await desks.plans()] == ["SEDANG"] * 3
    noted = await desks.done("kp-upr", "records", decision=incident, decided_at="2025-11-01T00:00:00.000Z")
    assert (await desks.say("kh-komisioner", "emergency/records/confirm", record=noted))[0] == 409
    await desks.done("kp-piket", "emergency/records/confirm", record=noted)
    asked = await desks.done("kh-petugas", "requests", right="AKSES", **WORD)
    assert (await desks.say("kp-pdp", "requests/answer", request=asked, answer="DIPENUHI"))[0] == 409
    await desks.done("kh-pdp", "requests/answer", request=asked, answer="DIPENUHI")
    told, found = {"at": WORD["at"]}, {"kind": "SALAH_KIRIM", "whereabouts": "YA"}
    assert (await desks.say("kh-petugas", "breaches", **found, **told))[0] == 403
    breach = await desks.done("kh-pdp", "breaches", **found, **told)
    word = {"breach": breach, "recipient": "SUBJEK_DATA", "form": "written", **told}
    assert (await desks.say("kp-pdp", "breaches/tell", **word))[0] == 409
    await desks.done("kh-pdp", "breaches/tell", **word)
    error = {"breach": breach, "reason": "SALAH_KASUS"}
    assert (await desks.say("kh-pdp", "breaches/withdraw", **error))[0] == 409
    await desks.done("kh-komisioner", "breaches/withdraw", **error)


async def test_a_case_is_closed_by_all_who_have_to_and_reopened_by_any(desks: Desks) -> None:
    """Not without LPSK's word; with it, cosigned by all, the lead's node closes; Komnas Perempuan reopens."""
    await agreed_plan(desks)
    assert (await desks.say("lpsk-telaah", "closure", reason="PERMINTAAN_PEMBELA"))[0] == 409
    ending = await desks.done("kh-hrd", "closure", reason="PERMINTAAN_PEMBELA")
    await desks.done("kh-komisioner", "closure/agree", proposal=ending)
    assert await desks.closure() == {"PROPOSED"}
    assert (await desks.plans())[0]["endings"][0]["waits_for"] == ["lpsk"]
    await desks.done("lpsk-pimpinan-1", "closure/agree", proposal=ending)

    async def closed() -> bool:
        return await desks.closure() == {"CLOSED"}

    await until(closed, 30)
    assert (await desks.say("kh-hrd", "reviews", occasion="BERKALA", before="SEDANG", after="RENDAH"))[0] == 409
    assert [one["due"] for one in await desks.plans()] == [[], [], []]
    await desks.done("kp-upr", "reopening", reason="ANCAMAN_BARU")
    assert await desks.closure() == {"OPEN"}
    digests = {
        (await ask(node, "GET", f"/cases/{desks.case}", READERS[agency])).json()["digest"]
        for agency, node in desks.nodes.items()
    }
    assert len(digests) == 1


async def seen_to(node: Node, case: str) -> tuple[str, list[list[str]]]:
    """What has become of a closure, and for whose word it waits, once the node has looked after all that it should."""
    protection = next(plug for plug in node.plugs if plug.name == "protection")
    for timer in protection.timers:
        await timer.work()
    told = (await ask(node, "GET", f"/cases/{case}/plan", "kh-hrd")).json()
    return told["closure"], [one["waits_for"] for one in told["endings"]]


async def is_provisional(node: Node, case: str) -> bool:
    """Whether one of two has cosigned all that was said in a case."""
    told = (await ask(node, "GET", f"/cases/{case}", "kh-hrd")).json()
    return {line["level"] for line in told["timeline"]} == {"provisional"}


async def test_a_case_is_not_closed_on_a_word_that_nobody_else_has_seen(machines: ThreeNodes) -> None:
    """Alone, or with one of two, the lead's node waits, however often it looks; once both have cosigned it closes."""
    async with opened(machines.homes["komnas-ham"]) as alone:
        desks = Desks({"komnas-ham": alone}, await open_case(alone))
        ending = await desks.done("kh-hrd", "closure", reason="PERMINTAAN_PEMBELA")
        await desks.done("kh-komisioner", "closure/agree", proposal=ending)
        assert await seen_to(alone, desks.case) == ("PROPOSED", [[]])
        async with opened(machines.homes["lpsk"]) as one, talk(alone, one), tasks(*notaries(alone, one)):
            await until(lambda: is_provisional(alone, desks.case))
        assert await seen_to(alone, desks.case) == ("PROPOSED", [[]])
    async with three(machines) as nodes:
        together = Desks(nodes, desks.case)

        async def closed() -> bool:
            return await together.closure() == {"CLOSED"}

        await until(closed, 30)
