"""Lead, referral and consent as three agencies play them over HTTP, on real nodes that hear each other."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.dev.runner import ThreeNodes
from services.node.clock import SystemClock, instant
from services.node.node import Node
from tests.e2e.stage import READERS, ask, level, opened, report, servers, talk, until

HAM, PEREMPUAN, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
HOUR_MS = 3_600_000
NEED, PROVIDER = "BANTUAN_HUKUM", "PENGADA_LAYANAN"


class Trio(NamedTuple):
    """Three nodes, and a case that Komnas Perempuan opened for all."""

    nodes: dict[str, Node]
    case: str
    clock: "Behind"

    async def say(self, officer: str, path: str, status: int = 201, *, body: Mapping[str, object]) -> Any:
        """An officer says something at their own desk; the answer."""
        node = next(node for node in self.nodes.values() if _seated(node, officer))
        answer = await ask(node, "POST", f"/cases/{self.case}/{path}", officer, json=dict(body))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def see(self, agency: str, path: str) -> Any:
        """What an agency's desk shows."""
        place = f"/cases/{self.case}/{path}".rstrip("/")
        answer = await ask(self.nodes[agency], "GET", place, READERS[agency])
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def meet(self, *agencies: str) -> None:
        """These agencies hear each other, until they know the same."""
        nodes = [self.nodes[agency] for agency in agencies or self.nodes]
        async with talk(*nodes):
            await until(lambda: level(*nodes))

    async def leads(self) -> list[str]:
        """Who leads, as each agency sees it."""
        return [(await self.see(agency, "lead"))["lead"] for agency in (HAM, PEREMPUAN, LPSK)]


def _seated(node: Node, officer: str) -> bool:
    return f'"{officer}"' in (node.home.path / "officers.json").read_text()


class Behind:
    """A clock that is hours behind, the same at all three agencies, until a test moves it on.

    Never ahead: the database takes no record from the future.
    """

    behind_ms = 3 * HOUR_MS

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return SystemClock().now_ms() - self.behind_ms


def ago(clock: Behind, hours: float) -> str:
    """A moment so long ago, as events write it."""
    return instant(clock.now_ms() - int(hours * HOUR_MS))


def tried(lead: str, clock: Behind, hours: float) -> dict[str, object]:
    """A claim that the lead was called so long ago, in vain."""
    return {"replaces": lead, "tried": [{"channel": "phone", "at": ago(clock, hours)}]}


@pytest.fixture(scope="module")
def machines(server_folder: Path) -> Iterator[ThreeNodes]:
    """The servers of three agencies."""
    with servers(server_folder / "lead") as running:
        yield running


@pytest.fixture(scope="module")
def clock() -> Behind:
    """One for all tests here: no log goes back in time."""
    return Behind()


@pytest.fixture
async def trio(machines: ThreeNodes, clock: Behind) -> AsyncIterator[Trio]:
    """A fresh case that all three know."""
    async with AsyncExitStack() as stack:
        nodes = {name: await stack.enter_async_context(opened(home, clock)) for name, home in machines.homes.items()}
        told = Trio(nodes, await report(nodes[PEREMPUAN]), clock)
        await told.meet()
        yield told


async def test_a_handover(trio: Trio) -> None:
    """Offered by who leads, accepted by who was asked and may: each view has one lead before, meanwhile and after."""
    assert await trio.leads() == [PEREMPUAN] * 3
    (offer, *_) = (await trio.say("kp-piket", "lead/offer", body={"to": HAM, "reason": "KRIMINALISASI"}))["events"]
    await trio.meet()
    assert [one["to"] for one in (await trio.see(HAM, "lead"))["offers"]] == [HAM]
    await trio.say("lpsk-darurat", "lead/accept", 409, body={"offer": offer})
    await trio.say("kh-petugas", "lead/accept", 403, body={"offer": offer})
    await trio.say("kh-komisioner", "lead/accept", body={"offer": offer})
    assert await trio.leads() == [HAM, PEREMPUAN, PEREMPUAN]
    await trio.meet()
    assert await trio.leads() == [HAM] * 3
    await trio.say("kp-piket", "lead/claim", 409, body=tried(HAM, trio.clock, hours=3))  # there is no emergency


async def test_a_lead_that_is_cut_off_is_replaced_and_agrees_later(trio: Trio) -> None:
    """Two agencies put another in its place; what it decided meanwhile stays, is listed, and is confirmed."""
    await trio.say("lpsk-darurat", "emergency", body={"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]})
    await trio.meet()
    await trio.say("kh-komisioner", "lead/claim", 409, body=tried(PEREMPUAN, trio.clock, hours=2.1))
    trio.clock.behind_ms = 0
    await trio.say("kh-komisioner", "lead/claim", 409, body=tried(PEREMPUAN, trio.clock, hours=1.9))
    claim = await trio.say("kh-komisioner", "lead/claim", body=tried(PEREMPUAN, trio.clock, hours=2.1))
    await trio.meet(HAM, LPSK)
    assert (await trio.see(LPSK, "lead"))["claims"][0]["signed_by"] == [HAM]
    await trio.say("lpsk-darurat", "lead/support", body={"claim": claim["events"][0]})
    await trio.meet(HAM, LPSK)
    review = {"occasion": "BERKALA", "before": "TINGGI", "after": "SEDANG"}
    (decided, *_) = (await trio.say("kp-piket", "reviews", body=review))["events"]
    assert await trio.leads() == [HAM, PEREMPUAN, HAM]
    await trio.meet()
    assert await trio.leads() == [HAM] * 3
    for agency in trio.nodes:
        assert [one["event"] for one in (await trio.see(agency, "lead"))["to_confirm"]] == [decided]
    await trio.say("kp-piket", "lead/confirm", 409, body={"decision": decided})
    await trio.say("kh-komisioner", "lead/confirm", body={"decision": decided})
    await trio.meet()
    assert [(await trio.see(agency, "lead"))["to_confirm"] for agency in trio.nodes] == [[]] * 3
    assert len({(await trio.see(agency, ""))["digest"] for agency in trio.nodes}) == 1


async def test_a_need_that_fails_twice_climbs(trio: Trio) -> None:
    """Declined by an agency, then by a partner: the sender's node says who was not asked yet, without being asked."""
    (given,) = (await trio.see(PEREMPUAN, "consent"))["consents"]
    terms = {"needs": [NEED], "urgent": True, "answer_by": ago(trio.clock, -20)}
    await trio.say("kp-upr", "referrals", 409, body={"partner": PROVIDER, "consent": given["event"]} | terms)
    wider = {key: given[key] for key in ("fields", "purpose")} | {
        "given_by": "defender",
        "form": "spoken",
        "recorded_by": "petugas UPR",
        "at": "2026-11-22T09:00:00+07:00",
        "share_with": [HAM, LPSK, "mitra-pengada-layanan"],
    }
    (consent,) = (await trio.say("kp-upr", "consent", body=wider))["events"]
    first = await trio.say("kp-upr", "referrals", body={"to": LPSK, "consent": consent} | terms)
    second = await trio.say("kp-upr", "referrals", body={"partner": PROVIDER, "consent": consent} | terms)
    await trio.meet()
    for officer, sent in (("lpsk-darurat", first), ("kp-koordinator", second)):
        failed = {"referral": sent["events"][0], "reason": "TANPA_KAPASITAS"}
        await trio.say(officer, "referrals/decline", body=failed)
    await trio.meet()
    await _handled(trio, PEREMPUAN)
    await trio.meet()
    for agency in trio.nodes:
        told = await trio.see(agency, "referrals")
        assert [one["state"] for one in told["referrals"]] == ["DECLINED", "DECLINED"]
        (climbed,) = told["escalations"]
        assert climbed["needs"] == [NEED]
        assert climbed["untried"] == [HAM, "mitra-catahu", "mitra-jaringan-masyarakat-sipil"]


async def test_a_withdrawal_stops_sharing_and_a_disclosure_takes_two(trio: Trio) -> None:
    """Told to LPSK, the withdrawal binds Komnas Perempuan; only a ground and a second officer open a way, once."""
    share = {"to": [LPSK], "fields": ["identity"]}
    await trio.say("kp-upr", "identity", body=share)
    ended = {"given_by": "defender", "form": "spoken", "at": "2026-11-22T09:00:00+07:00"}
    await trio.say("lpsk-hotline", "consent/withdraw", body=ended)
    await trio.meet()
    assert all([(await trio.see(agency, "consent"))["withdrawn"] for agency in trio.nodes])
    await trio.say("kp-upr", "identity", 409, body=share)
    ground = {"ground": "KEPENTINGAN_VITAL", "fields": ["identity"], "recipients": [LPSK], "reason": "Ancaman."}
    made = (await trio.say("kp-upr", "disclosures", body=ground))["events"][0]
    await trio.say("kp-upr", "identity", 409, body=share)
    await trio.say("kp-upr", "disclosures/confirm", 403, body={"disclosure": made})
    await trio.say("kp-piket", "disclosures/confirm", body={"disclosure": made})
    await trio.say("kp-upr", "identity", 409, body=share | {"to": [HAM]})
    await trio.say("kp-upr", "identity", body=share)
    await trio.meet()
    (shown,) = (await trio.see(LPSK, "consent"))["disclosures"]
    assert (shown["confirmed"], shown["in_force"]) == (True, True)


async def _handled(trio: Trio, agency: str) -> None:
    """Let protection handle every event of the case at one agency."""
    node = trio.nodes[agency]
    for row in await node.pools["node"].fetch("select id from log.event where case_id = $1", trio.case):
        await node.inboxes["protection"].handle(row["id"])
