"""Lead, referral, consent and dates as three agencies play them over HTTP, on real nodes that hear each other."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import pytest

from contracts.encoding import fixed
from contracts.hlc import instant
from contracts.record import EventId
from deploy.dev.runner import ThreeNodes
from services.node.clock import SystemClock
from services.node.node import Node, desk_of, officers_of
from services.node.service import Desk
from services.notify import yearly
from tests.e2e.stage import READERS, ask, report, until
from tests.integration.trio import agree, by_name
from tests.integration.visitors import Desk as Visit, hidden

HAM, PEREMPUAN, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
HOUR_MS = 3_600_000
YEAR_MS = 366 * 24 * HOUR_MS
NEED, PROVIDER = "BANTUAN_HUKUM", "PENGADA_LAYANAN"


class Scene(NamedTuple):
    """Three nodes, and a case that Komnas Perempuan opened for all."""

    nodes: dict[str, Node]
    case: str
    clock: "Behind"
    machines: ThreeNodes

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
        await agree([self.nodes[agency] for agency in agencies or self.nodes])

    async def leads(self) -> list[str]:
        """Who leads, as each agency sees it."""
        return [(await self.see(agency, "lead"))["lead"] for agency in (HAM, PEREMPUAN, LPSK)]


def _seated(node: Node, officer: str) -> bool:
    return f'"{officer}"' in (node.home.path / "officers.json").read_text()


class Behind:
    """A clock that is hours behind, the same at all three agencies, until a test moves it on.

    Their logs begin a year earlier. Never ahead: the database takes no record from the future.
    """

    behind_ms = YEAR_MS

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
def clock() -> Behind:
    """One for all tests here: no log goes back in time."""
    return Behind()


@pytest.fixture
async def scene(machines: ThreeNodes, clock: Behind) -> AsyncIterator[Scene]:
    """A fresh case that all three know."""
    async with by_name(machines, clock) as nodes:
        clock.behind_ms = min(clock.behind_ms, 3 * HOUR_MS)
        told = Scene(nodes, await report(nodes[PEREMPUAN]), clock, machines)
        await told.meet()
        yield told


async def test_a_handover(scene: Scene) -> None:
    """Offered by who leads, accepted by who was asked and may: each view has one lead before, meanwhile and after."""
    assert await scene.leads() == [PEREMPUAN] * 3
    (offer, *_) = (await scene.say("kp-piket", "lead/offer", body={"to": HAM, "reason": "KRIMINALISASI"}))["events"]
    await scene.meet()
    assert [one["to"] for one in (await scene.see(HAM, "lead"))["offers"]] == [HAM]
    await scene.say("lpsk-darurat", "lead/accept", 409, body={"offer": offer})
    await scene.say("kh-petugas", "lead/accept", 403, body={"offer": offer})
    await scene.say("kh-komisioner", "lead/accept", body={"offer": offer})
    assert await scene.leads() == [HAM, PEREMPUAN, PEREMPUAN]
    await scene.meet()
    assert await scene.leads() == [HAM] * 3
    await scene.say("kp-piket", "lead/claim", 409, body=tried(HAM, scene.clock, hours=3))  # there is no emergency


async def test_a_lead_that_is_cut_off_is_replaced_and_agrees_later(scene: Scene) -> None:
    """Two agencies put another in its place; what it decided meanwhile stays, is listed, and is confirmed."""
    await scene.say("lpsk-darurat", "emergency", body={"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]})
    await scene.meet()
    await scene.say("kh-komisioner", "lead/claim", 409, body=tried(PEREMPUAN, scene.clock, hours=2.1))
    scene.clock.behind_ms = 0
    await scene.say("kh-komisioner", "lead/claim", 409, body=tried(PEREMPUAN, scene.clock, hours=1.9))
    claim = await scene.say("kh-komisioner", "lead/claim", body=tried(PEREMPUAN, scene.clock, hours=2.1))
    await scene.meet(HAM, LPSK)
    assert (await scene.see(LPSK, "lead"))["claims"][0]["signed_by"] == [HAM]
    await scene.say("lpsk-darurat", "lead/support", body={"claim": claim["events"][0]})
    await scene.meet(HAM, LPSK)
    review = {"occasion": "BERKALA", "before": "TINGGI", "after": "SEDANG"}
    (decided, *_) = (await scene.say("kp-piket", "reviews", body=review))["events"]
    assert await scene.leads() == [HAM, PEREMPUAN, HAM]
    await scene.meet()
    assert await scene.leads() == [HAM] * 3
    for agency in scene.nodes:
        assert [one["event"] for one in (await scene.see(agency, "lead"))["to_confirm"]] == [decided]
    await scene.say("kp-piket", "lead/confirm", 409, body={"decision": decided})
    await scene.say("kh-komisioner", "lead/confirm", body={"decision": decided})
    await scene.meet()
    assert [(await scene.see(agency, "lead"))["to_confirm"] for agency in scene.nodes] == [[]] * 3
    assert len({(await scene.see(agency, ""))["digest"] for agency in scene.nodes}) == 1


async def test_a_need_that_fails_twice_climbs(scene: Scene) -> None:
    """Declined by an agency, then by a partner: the sender's node says who was not asked yet, without being asked."""
    (given,) = (await scene.see(PEREMPUAN, "consent"))["consents"]
    terms = {"needs": [NEED], "urgent": True, "answer_by": ago(scene.clock, -20)}
    await scene.say("kp-upr", "referrals", 409, body={"partner": PROVIDER, "consent": given["event"]} | terms)
    wider = {key: given[key] for key in ("fields", "purpose")} | {
        "given_by": "defender",
        "form": "spoken",
        "recorded_by": "petugas UPR",
        "at": "2026-11-22T09:00:00+07:00",
        "share_with": [HAM, LPSK, "mitra-pengada-layanan"],
    }
    (consent,) = (await scene.say("kp-upr", "consent", body=wider))["events"]
    first = await scene.say("kp-upr", "referrals", body={"to": LPSK, "consent": consent} | terms)
    second = await scene.say("kp-upr", "referrals", body={"partner": PROVIDER, "consent": consent} | terms)
    await scene.meet()
    for officer, sent in (("lpsk-darurat", first), ("kp-koordinator", second)):
        failed = {"referral": sent["events"][0], "reason": "TANPA_KAPASITAS"}
        await scene.say(officer, "referrals/decline", body=failed)
    await scene.meet()
    await _handled(scene, PEREMPUAN)
    await scene.meet()
    for agency in scene.nodes:
        told = await scene.see(agency, "referrals")
        assert [one["state"] for one in told["referrals"]] == ["DECLINED", "DECLINED"]
        (climbed,) = told["escalations"]
        assert climbed["needs"] == [NEED]
        assert climbed["untried"] == [HAM, "mitra-catahu", "mitra-jaringan-masyarakat-sipil"]


async def test_a_withdrawal_stops_sharing_and_a_disclosure_takes_two(scene: Scene) -> None:
    """Told to LPSK, the withdrawal binds Komnas Perempuan; only a ground and a second officer open a way, once."""
    share = {"to": [LPSK], "fields": ["identity"]}
    await scene.say("kp-upr", "identity", body=share)
    ended = {"given_by": "defender", "form": "spoken", "at": "2026-11-22T09:00:00+07:00"}
    await scene.say("lpsk-hotline", "consent/withdraw", body=ended)
    await scene.meet()
    assert all([(await scene.see(agency, "consent"))["withdrawn"] for agency in scene.nodes])
    await scene.say("kp-upr", "identity", 409, body=share)
    ground = {"ground": "KEPENTINGAN_VITAL", "fields": ["identity"], "recipients": [LPSK], "reason": "Ancaman."}
    made = (await scene.say("kp-upr", "disclosures", body=ground))["events"][0]
    await scene.say("kp-upr", "identity", 409, body=share)
    await scene.say("kp-upr", "disclosures/confirm", 403, body={"disclosure": made})
    await scene.say("kp-piket", "disclosures/confirm", body={"disclosure": made})
    await scene.say("kp-upr", "identity", 409, body=share | {"to": [HAM]})
    await scene.say("kp-upr", "identity", body=share)
    await scene.meet()
    (shown,) = (await scene.see(LPSK, "consent"))["disclosures"]
    assert (shown["confirmed"], shown["in_force"]) == (True, True)


async def test_somebody_outside_the_case_is_told_and_only_the_own_agency_reads_of_it(scene: Scene) -> None:
    """Not before a second officer has agreed; the auditor is called, and the others' case is the same as ever."""
    hospital = {"ground": "KEPENTINGAN_VITAL", "kind": "RUMAH_SAKIT", "recipient": "Instalasi gawat darurat"}
    asked = await scene.say("kp-upr", "outsiders", body=hospital | {"fields": ["identity"], "reason": "Luka parah."})
    (name,) = asked["events"]
    told = {"outsider": name, "fields": ["identity"], "way": "TELEPON", "at": ago(scene.clock, 0)}
    await scene.say("kp-upr", "outsiders/tell", 409, body=told)
    await scene.say("kp-upr", "outsiders/confirm", 403, body={"outsider": name})
    await scene.say("kp-piket", "outsiders/confirm", body={"outsider": name})
    await scene.say("kp-upr", "outsiders/tell", body=told)
    await scene.meet()
    (shown,) = (await scene.see(PEREMPUAN, "consent"))["outsiders"]
    assert (shown["in_force"], [one["way"] for one in shown["told"]]) == (True, ["TELEPON"])
    assert (await scene.see(LPSK, "consent"))["outsiders"] == []
    assert len({(await scene.see(agency, ""))["digest"] for agency in scene.nodes}) == 1
    node = scene.nodes[PEREMPUAN]
    await node.inboxes["notify"].handle(EventId(fixed(name, 32)))
    notices = (await ask(node, "GET", "/notices", "kp-piket")).json()
    assert [one["role"] for one in notices if one["about"] == name] == ["auditor"]


def notify(node: Node, clock: Behind) -> Desk:
    """What notify is offered as its process starts, where a minute of the rules lasts a moment."""
    officers, pool = officers_of(node.home, node.log), node.pools["notify"]
    desk = desk_of("notify", node.home, node.log, pool, officers, clock, node.keyring)
    return desk._replace(settings=desk.settings.model_copy(update={"notice_unit_s": 0.0001}))


async def said(node: Node, verb: str) -> list[EventId]:
    """What a node holds that was said of yearly dates, in the order in which it came."""
    query = "select id from log.event where type = $1 order by admitted_at"
    return [row["id"] for row in await node.pools["node"].fetch(query, f"rajut.notify.date.{verb}.v1")]


async def test_a_missed_date_climbs_to_the_others_until_somebody_keeps_it(scene: Scene) -> None:
    """Each step once, though timers fire together and the node starts again; kept by a press of a button, once."""
    node, other = scene.nodes[PEREMPUAN], scene.nodes[LPSK]

    async def told_all() -> bool:
        await asyncio.gather(*(yearly.miss_due(notify(node, scene.clock)) for _ in range(2)))
        return all(one["told_all"] for one in (await ask(node, "GET", "/dates", "kp-upr")).json())

    await until(told_all)
    assert await told_all()
    dates = (await ask(node, "GET", "/dates", "kp-koordinator")).json()
    assert all(one["days"] < 0 and one["told"] == ["komisioner_piket"] and one["told_all"] for one in dates)
    assert len(dates) * 2 == len(await said(node, "missed")) == 6
    await scene.meet()
    for id_ in await said(other, "missed"):
        await other.inboxes["notify"].handle(id_)
    calls = await other.pools["notify"].fetch("select matter, officer from notify.alarm where kind = 'DATE'")
    matters = {(f"{PEREMPUAN} {one['code']} {one['day']}", "lpsk-darurat") for one in dates}
    assert (len(calls), {(one["matter"], one["officer"]) for one in calls}) == (3, matters)
    assert (await ask(other, "GET", "/dates", "lpsk-darurat")).json() == [one | {"told": []} for one in dates]
    path = f"/dates/{dates[0]['code']}/{dates[0]['day']}/kept"
    refused = [await ask(node, "POST", path, "kp-upr"), await ask(node, "POST", path[:-6] + "9/kept", "kp-mitra")]
    assert [one.status_code for one in refused] == [403, 422]
    assert (await ask(other, "POST", path, "lpsk-pimpinan-1")).status_code == 404
    assert (await ask(node, "POST", "/dates/CATAHU_TERBIT/2000-03-08/kept", "kp-mitra")).status_code == 404
    async with Visit(node, scene.machines, scene.case).entered("kp-koordinator") as browser:
        page = (await browser.get("/desk/dates")).text
        (form, *_) = [hidden(form) for form in page.split("<form")[1:] if 'name="day"' in form]
        for _ in range(2):
            assert (await browser.post("/desk/dates", data=form)).headers["location"] == "/desk/dates"
    assert (form["date"], form["day"]) == (dates[0]["code"], dates[0]["day"])
    await asyncio.gather(*(yearly.miss_due(notify(node, scene.clock)) for _ in range(2)))
    assert (len(await said(node, "kept")), len(await said(node, "missed"))) == (1, 6)
    await scene.meet()
    assert len((await ask(other, "GET", "/dates", "lpsk-darurat")).json()) == 2
    kept = {one["code"]: one["kept"] for one in (await ask(node, "GET", "/dates", "kp-upr")).json()}
    assert (kept[form["date"]]["day"], kept[form["date"]]["role"]) == (form["day"], "koordinator_upr")


async def _handled(scene: Scene, agency: str) -> None:
    """Let protection handle every event of the case at one agency."""
    node = scene.nodes[agency]
    for row in await node.pools["node"].fetch("select id from log.event where case_id = $1", scene.case):
        await node.inboxes["protection"].handle(row["id"])
