"""An emergency to its end, over HTTP, on three nodes: papers, letters, the session, and the only way out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from contracts.mechanism.calendar import office_day
from deploy.dev.runner import ThreeNodes
from services.node.clock import SystemClock
from services.node.node import Node
from tests.e2e.stage import ask, report, talk
from tests.integration.trio import by_name, settle

KH, KP, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
LEADERS = [f"lpsk-pimpinan-{number}" for number in range(1, 8)]
LETTER = "KETERANGAN_PPHAM"


class Calendar(SystemClock):
    """The machine's clock, some days ago: a log takes no record from the future."""

    def __init__(self) -> None:
        self.behind = timedelta(days=9)

    def now_ms(self) -> int:
        return super().now_ms() - int(self.behind.total_seconds() * 1000)

    def day(self, after: int) -> str:
        """The offices' day, some days from now."""
        return str(office_day(datetime.fromtimestamp(self.now_ms() / 1000, UTC)) + timedelta(days=after))


class Scene(NamedTuple):
    """Three nodes that talk, one case with protection in force, and their common calendar."""

    nodes: dict[str, Node]
    case: str
    calendar: Calendar

    async def say(self, agency: str, officer: str, path: str, status: int = 201, **body: Any) -> str:
        """An officer's act; the id of its event once all have it, or the code of the refusal."""
        node = self.nodes[agency]
        answer = await ask(node, "POST", f"/cases/{self.case}/{path}", officer, json=body)
        assert answer.status_code == status, answer.text
        if status != 201:
            return str(answer.json()["code"])
        await self.settle()
        return str(answer.json()["events"][0])

    async def settle(self) -> None:
        """Wait until all three hold the same."""
        await settle(self.nodes.values())

    async def show(self, agency: str, officer: str) -> Any:
        """Where the emergency stands at an agency."""
        answer = await ask(self.nodes[agency], "GET", f"/cases/{self.case}/emergency", officer)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    """One for both tests: whichever comes second, time does not run back."""
    return Calendar()


@pytest.fixture
async def scene(machines: ThreeNodes, calendar: Calendar) -> AsyncIterator[Scene]:
    """A report by Komnas Perempuan, proposed and approved."""
    async with by_name(machines, calendar) as nodes, talk(*nodes.values()):
        scene = Scene(nodes, await report(nodes[KP], calendar), calendar)
        await scene.settle()
        emergency = f"/cases/{scene.case}/emergency"
        body = {"ground": "ANCAMAN_NYATA", "needs": []}
        proposed = await ask(nodes[KP], "POST", emergency, "kp-upr", json=body)
        await scene.settle()
        for leader in LEADERS[:2]:
            vote = await ask(nodes[LPSK], "POST", f"{emergency}/{proposed.json()['proposal']}/approve", leader)
            assert vote.status_code == 200, vote.text
        await scene.settle()
        yield scene


async def test_papers_letters_and_the_session(scene: Scene) -> None:
    """A letter from the agency that is competent takes the place of a paper; leaders waive; the session extends."""
    standing = (await scene.show(LPSK, "lpsk-darurat"))["standing"]
    assert (standing["session"], standing["deadline"] is not None) == ("TABLED", True)
    papers = {paper["requirement"]: paper for paper in standing["papers"]}
    status = papers["KETERANGAN_STATUS"]
    assert (status["owner"], status["state"]) == (KP, "OPEN")
    asked = await scene.say(LPSK, "lpsk-hotline", "letters/request", letter=LETTER, issuer=KP)
    issued = await scene.say(KP, "kp-piket", "letters", letter=LETTER, number="7", sha256="0" * 64, request=asked)
    about = {"requirements": status["requirements"], "requirement": "KETERANGAN_STATUS", "letter": issued}
    assert await scene.say(KH, "kh-hrd", "requirements/fulfil", 409, **about) == "E_STATE"
    await scene.say(KP, "kp-upr", "requirements/fulfil", **about)
    waiver = {"requirements": status["requirements"], "requirement": "IDENTITAS", "proof": "SAKSI_IDENTITAS"}
    decision = await scene.say(LPSK, LEADERS[0], "requirements/waive", **waiver)
    assert await scene.say(LPSK, LEADERS[0], "emergency/decisions", 403, decision=decision) == "E_FORBIDDEN"
    await scene.say(LPSK, LEADERS[1], "emergency/decisions", decision=decision)
    emergency = (await scene.show(LPSK, "lpsk-darurat"))["deferred"][0]["emergency"]
    until = scene.calendar.day(150)
    sitting = {"emergency": emergency, "decision": "PERPANJANGAN", "until": until}
    assert await scene.say(LPSK, "lpsk-smpl", "session", 409, **sitting, leaders=LEADERS[:3]) == "E_STATE"
    await scene.say(LPSK, "lpsk-smpl", "session", **sitting, leaders=LEADERS[:4])
    for agency, officer in ((KH, "kh-hrd"), (KP, "kp-upr"), (LPSK, "lpsk-darurat")):
        told = (await scene.show(agency, officer))["standing"]
        states = {paper["requirement"]: paper["state"] for paper in told["papers"]}
        assert (states["KETERANGAN_STATUS"], states["IDENTITAS"], states["KRONOLOGI"]) == (
            "FULFILLED",
            "WAIVED",
            "OPEN",
        )
        assert (told["deadline"], told["session"]) == (until, "PERPANJANGAN")


async def test_the_only_way_out(scene: Scene) -> None:
    """A handover leaves protection in force; an announced end takes effect on its day, heard by all, and not before."""
    emergency = (await scene.show(LPSK, "lpsk-darurat"))["deferred"][0]["emergency"]
    offered = {"emergency": emergency, "recipient": KH, "measures": ["PENDAMPINGAN_PROSES_HUKUM"]}
    offer = await scene.say(LPSK, LEADERS[0], "handovers", **offered)
    assert await scene.say(KP, "kp-piket", "handovers/accept", 409, offer=offer) == "E_STATE"
    await scene.say(KH, "kh-komisioner", "handovers/accept", offer=offer)
    wish = {
        "emergency": emergency,
        "basis": "PERMINTAAN_PEMBELA",
        "reason": "Diminta.",
        "exit_plan": ["KONTAK_BERKALA"],
    }
    ungrounded = wish | {"basis": "RISIKO_RENDAH", "ends_on": scene.calendar.day(7)}
    assert await scene.say(LPSK, LEADERS[0], "emergency/end", 409, **ungrounded) == "E_STATE"
    decision = await scene.say(LPSK, LEADERS[0], "emergency/end", **wish, ends_on=scene.calendar.day(8))
    await scene.say(LPSK, LEADERS[1], "emergency/decisions", decision=decision)
    told = await scene.show(KH, "kh-hrd")
    (end,) = told["standing"]["endings"]
    assert (told["state"], end["state"], end["unheard"]) == ("ACTIVE", "ANNOUNCED", [KH, KP])
    named = {"announcement": end["announcement"]}
    await scene.say(KH, "kh-hrd", "emergency/end/acknowledge", **named)
    scene.calendar.behind = timedelta()
    assert await scene.say(LPSK, LEADERS[2], "emergency/end/carry-out", 409, **named) == "E_STATE"
    await scene.say(KP, "kp-piket", "emergency/end/acknowledge", **named)
    await scene.say(LPSK, LEADERS[2], "emergency/end/carry-out", **named)
    assert {(await scene.show(*who))["state"] for who in ((KH, "kh-hrd"), (KP, "kp-upr"), (LPSK, LEADERS[0]))} == {
        "ENDED"
    }
