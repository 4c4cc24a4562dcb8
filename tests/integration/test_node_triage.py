"""Status, risk and eligibility over HTTP: what one agency's officer says, the others see, work from and answer."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from contracts.encoding import b64
from contracts.mechanism import LATEST
from services.node import telemetry
from services.node.node import Node
from tests.e2e.stage import CASES, ask, talk
from tests.integration.trio import Trio, settle
from tests.integration.warrants import fsck, handle, shown

FARMER = CASES / "petani-kriminalisasi.json"  # received by Komnas HAM, shared with both others
VERIFIED = {"defender_kind": "PEMBELA", "status": "TERVERIFIKASI", "basis": ["KERJA_HAM", "UNIVERSALITAS"]}
GROUND = {"ground": "ANCAMAN_NYATA", "needs": []}
LISTS = ("/cases", "/tasks", "/notices")
REJECTED = {"defender_kind": "PEMBELA", "status": "DITOLAK", "basis": ["CARA_DAMAI"]}


@pytest.fixture
async def trio(trio: Trio) -> AsyncIterator[Trio]:
    """Komnas Perempuan (a), LPSK (b) and Komnas HAM (c), who hear each other all the time."""
    async with talk(*trio):
        yield trio


async def tell(trio: Trio) -> None:
    """All hear all, and every service does what follows."""
    for _ in range(2):
        await settle(trio)
        await handle(*trio)


async def opened(trio: Trio) -> str:
    """A farmer's case at Komnas HAM that all three hold."""
    answer = await ask(trio.c, "POST", "/reports", "kh-petugas", content=FARMER.read_bytes())
    assert answer.status_code == 201, answer.text
    await tell(trio)
    return str(answer.json()["case"])


async def say(node: Node, path: str, officer: str, body: Mapping[str, Any], expected: int = 201) -> str:
    """An officer says something; the id of its event, or "" if it was refused as expected."""
    answer = await ask(node, "POST", path, officer, json=body)
    assert answer.status_code == expected, answer.text
    return str(answer.json()["events"][0]) if expected == 201 else ""


async def work(node: Node, case: str, officer: str) -> set[tuple[str, str]]:
    """What an agency has to do in a case: the same whether it is asked for or picked out of all that waits."""
    every, ours = [await ask(node, "GET", path, officer) for path in ("/tasks", f"/tasks?case={case}")]
    assert ours.json()["items"] == [item for item in every.json()["items"] if item["case"] == case]
    return {(item["kind"], item["subject"]) for item in ours.json()["items"]}


async def owed(node: Node, officer: str) -> bool:
    """Whether operations see as much as the officers do, kind by kind, and how much of it is late."""
    items = (await ask(node, "GET", "/tasks", officer)).json()["items"]
    for timer in next(plug.timers for plug in node.plugs if plug.name == "triage"):
        await timer.work()
    seen = {(one.gauge, one.labels["kind"]): one.value for one in telemetry._shown["promises"]}
    kinds, now = Counter(item["kind"] for item in items), datetime.now(UTC)
    late = Counter(item["kind"] for item in items if datetime.fromisoformat(item["due_at"]) < now)
    return len(kinds) > 0 and seen == {
        (f"rajut.promise.{state}", kind): count[kind]
        for kind in kinds
        for state, count in (("open", kinds), ("overdue", late))
    }


async def test_a_rejection_is_disputed_appealed_and_turned_by_another_officer(trio: Trio) -> None:
    """Asked for by LPSK, rejected, objected to by Komnas Perempuan, appealed there, decided anew: seen alike by all."""
    case = await opened(trio)
    path = f"/cases/{case}/status"
    await say(trio.b, f"{path}/request", "lpsk-hotline", {"defender_kind": "PEMBELA"})
    await tell(trio)
    assert {("STATUS_PEMBELA", "PEMBELA"), ("STATUS_AKHIR", "PEMBELA")} <= await work(trio.c, case, "kh-hrd")
    assert await owed(trio.c, "kh-hrd")
    rejection = await say(trio.c, path, "kh-hrd", REJECTED)
    await tell(trio)
    assert not {("STATUS_PEMBELA", "PEMBELA"), ("STATUS_AKHIR", "PEMBELA")} & await work(trio.c, case, "kh-hrd")
    objection = {"determination": rejection, "basis": ["CARA_DAMAI"], "reason": "PENILAIAN_KELIRU"}
    await say(trio.a, f"{path}/dispute", "kp-piket", objection)
    told = {"determination": rejection, "appealed_by": "defender", "reason": "BUKTI_TIDAK_DINILAI"}
    appeal = await say(trio.a, f"{path}/appeal", "kp-upr", told)
    await tell(trio)
    assert ("BANDING_STATUS", "PEMBELA") in await work(trio.c, case, "kh-hrd")
    outcome = {"appeal": appeal, "status": "TERVERIFIKASI", "basis": ["CARA_DAMAI"]}
    await say(trio.c, path, "kh-komisioner", VERIFIED, 409)
    await say(trio.c, f"{path}/appeal/decide", "kh-hrd", outcome, 403)
    await say(trio.a, f"{path}/appeal/decide", "kp-piket", outcome, 403)
    await say(trio.c, f"{path}/appeal/decide", "kh-komisioner", outcome)
    await tell(trio)
    assert ("BANDING_STATUS", "PEMBELA") not in await work(trio.c, case, "kh-hrd")
    views = [await shown(node, case, "/status") for node in trio]
    assert views[0] == views[1] == views[2]
    assert views[0]["status"] == "TERVERIFIKASI"
    assert [one["agency"] for one in views[0]["stances"]] == ["komnas-perempuan"]
    assert views[0]["determinations"][0]["explanation"]["en"].endswith("not met: By peaceful means")
    assert [(await fsck(node)).findings for node in trio] == [[], [], []]


async def test_one_agency_takes_over_what_another_found(trio: Trio) -> None:
    """Mutual recognition: Komnas Perempuan takes over Komnas HAM's determination; nobody recognises their own."""
    case = await opened(trio)
    path = f"/cases/{case}/status"
    found = await say(trio.c, path, "kh-hrd", VERIFIED)
    await tell(trio)
    await say(trio.c, f"{path}/recognise", "kh-komisioner", {"determination": found}, 403)
    await say(trio.b, f"{path}/recognise", "lpsk-pimpinan-1", {"determination": found}, 403)
    await say(trio.a, f"{path}/recognise", "kp-piket", {"determination": found})
    await tell(trio)
    seen = await shown(trio.b, case, "/status")
    assert [(one["agency"], one["stance"]) for one in seen["stances"]] == [("komnas-perempuan", "DIAKUI")]
    assert not seen["disagreement"]


async def test_a_risk_is_scored_disagreed_on_and_explained(trio: Trio) -> None:
    """Two agencies assess without knowing of each other: the higher risk rules until a third has seen both."""
    case = await opened(trio)
    path = f"/cases/{case}/risk"
    assert ("ASESMEN_RISIKO", "") in await work(trio.c, case, "kh-hrd")
    low, high = judgement(1, 1, 1), judgement(4, 4, 0)
    await say(trio.c, path, "kh-hrd", low)
    await say(trio.b, path, "lpsk-telaah", high)
    await say(trio.b, path, "lpsk-telaah", low | {"level": "EKSTREM"}, 422)
    await tell(trio)
    assert ("ASESMEN_RISIKO", "") not in await work(trio.c, case, "kh-hrd")
    seen = await shown(trio.a, case, "/risk")
    assert (seen["level"], seen["conflict"], len(seen["assessments"])) == ("EKSTREM", True, 2)
    assert {one["explanation"]["en"].split(":")[0] for one in seen["assessments"]} == {
        "Threat 1 x (1 + vulnerability 1) ",
        "Threat 4 x (1 + vulnerability 4) ",
    }
    await say(trio.a, path, "kp-piket", low | {"level": "TINGGI", "reason": "POLA_SERUPA"})
    await tell(trio)
    views = [await shown(node, case, "/risk") for node in trio]
    assert views[0] == views[1] == views[2]
    assert (views[0]["level"], views[0]["conflict"]) == ("TINGGI", False)


async def test_a_present_threat_acts_at_once_and_eligibility_stays_apart(trio: Trio) -> None:
    """One tick makes the case critical everywhere; that LPSK cannot take a suspect changes no risk and no emergency."""
    case = await opened(trio)
    await say(trio.a, f"/cases/{case}/risk", "kp-koordinator", {"present_threat": True})
    await say(trio.b, f"/cases/{case}/eligibility", "lpsk-telaah", {"category": "TIDAK_MEMENUHI"})
    await say(trio.c, f"/cases/{case}/eligibility", "kh-hrd", {"category": "KORBAN"}, 403)
    await tell(trio)
    for node in trio:
        assert (await shown(node, case, "/risk"))["level"] == "EKSTREM"
        assert (await shown(node, case, "/urgency"))["level"] == "KRITIS"
        assert (await shown(node, case, "/eligibility"))["category"] == "TIDAK_MEMENUHI"
    asked = await ask(trio.c, "POST", f"/cases/{case}/emergency", "kh-hrd", json=GROUND)
    assert asked.status_code == 201, asked.text


async def seen(node: Node, case: str, officer: str) -> set[str]:
    """Where an officer is shown something of a case: of all cases, the lists in which it stands."""
    answers = {path: await ask(node, "GET", path, officer) for path in (f"/cases/{case}", *LISTS)}
    return {path for path, answer in answers.items() if answer.status_code == 200 and case in answer.text}


async def called(node: Node, case: str) -> set[str]:
    """Who got a mail about a case."""
    rows = await node.pools["notify"].fetch(
        "select officer from notify.mail join notify.notice n on n.id = notice where case_id = $1", case
    )
    return {row["officer"] for row in rows}


async def test_a_leader_with_a_conflict_of_interest_is_kept_out_and_others_decide(trio: Trio) -> None:
    """Neither asked nor shown the case, their approval is refused; two others put protection in force at all nodes."""
    case = await opened(trio)
    out, other, third = (f"lpsk-pimpinan-{number}" for number in (1, 2, 3))
    recusal = await say(trio.b, f"/cases/{case}/recusals", out, {"reason": "KERABAT"})
    await say(trio.b, f"/cases/{case}/recusals", "lpsk-darurat", {"officer": other, "reason": "LAINNYA"}, 403)
    hotline = {"officer": "lpsk-hotline", "reason": "TERLIBAT"}
    await say(trio.b, f"/cases/{case}/recusals", other, hotline)
    assert await seen(trio.b, case, "lpsk-hotline")
    await say(trio.b, f"/cases/{case}/recusals", third, hotline)
    assert not await seen(trio.b, case, "lpsk-hotline")
    asked = await ask(trio.c, "POST", f"/cases/{case}/emergency", "kh-hrd", json=GROUND)
    approve = f"/cases/{case}/emergency/{asked.json()['proposal']}/approve"
    await tell(trio)
    assert not await seen(trio.b, case, out)
    assert [(await ask(trio.b, "GET", path, out)).status_code for path in LISTS] == [200] * len(LISTS)
    assert await seen(trio.b, case, other) == {f"/cases/{case}", *LISTS}
    assert {other, third} <= await called(trio.b, case)
    assert out not in await called(trio.b, case)
    for path in (f"/cases/{case}", f"/cases/{case}/emergency", f"/cases/{case}/access"):
        refused = await ask(trio.b, "GET", path, out)
        assert (refused.status_code, refused.json()["detail"]) == (403, "recused")
    refused = await ask(trio.b, "POST", approve, out)
    assert (refused.status_code, refused.json()["detail"]) == (403, "recused")
    assert [(await ask(trio.b, "POST", approve, who)).status_code for who in (other, third)] == [200, 200]
    await tell(trio)
    assert {(await shown(node, case, "/emergency"))["state"] for node in trio} == {"ACTIVE"}
    await say(trio.b, f"/cases/{case}/recusals/end", out, {"recusal": recusal}, 403)
    await say(trio.b, f"/cases/{case}/recusals/end", other, {"recusal": recusal})
    assert await seen(trio.b, case, out) == {f"/cases/{case}", *LISTS}
    await tell(trio)
    assert len({(await shown(node, case))["digest"] for node in trio}) == 1
    assert [(await fsck(node)).findings for node in trio] == [[], [], []]


async def test_the_same_word_on_who_takes_no_part_is_taken_once(trio: Trio) -> None:
    """Whoever repeats it is refused until it was taken back, so nobody fills a case with it; another's word is new."""
    case = await opened(trio)
    path, own, of_other = (
        f"/cases/{case}/recusals",
        {"reason": "KERABAT"},
        {"officer": "lpsk-hotline", "reason": "LAINNYA"},
    )
    recusal = await say(trio.b, path, "lpsk-pimpinan-1", own)
    await say(trio.b, path, "lpsk-pimpinan-2", of_other)
    version = (await shown(trio.b, case))["version"]
    for officer, body in (("lpsk-pimpinan-1", own), ("lpsk-pimpinan-2", of_other | {"reason": "TERLIBAT"})):
        await say(trio.b, path, officer, body, 409)
    assert (await shown(trio.b, case))["version"] == version
    await say(trio.b, path, "lpsk-pimpinan-3", of_other)
    await say(trio.b, f"{path}/end", "lpsk-pimpinan-4", {"recusal": recusal})
    await say(trio.b, path, "lpsk-pimpinan-1", own)


async def test_who_takes_no_part_learns_by_no_answer_that_the_case_moves(trio: Trio) -> None:
    """Neither from what they have seen before, nor by naming its version, nor by a guess at what is shown."""
    case, out, colleague = await opened(trio), "lpsk-pimpinan-1", "lpsk-pimpinan-2"
    paths = [f"/cases/{case}{part}" for part in ("", "/emergency", "/lead", "/risk")]
    answers = {path: await ask(trio.b, "GET", path, out) for path in paths}
    version = answers[paths[0]].json()["version"]
    await say(trio.b, f"/cases/{case}/recusals", out, {"reason": "KERABAT"})
    learned = [await heard(trio.b, case, out, answers, version)]
    assert (await shown(trio.b, case))["version"] != version
    assert set(learned[0]) == {(403, "recused"), (409, "recusal")}
    asked = await ask(trio.c, "POST", f"/cases/{case}/emergency", "kh-hrd", json=GROUND)
    assert asked.status_code == 201, asked.text
    await tell(trio)
    now = (await shown(trio.b, case))["version"]
    learned += [await heard(trio.b, case, out, answers, text) for text in (version, now)]
    assert learned[0] == learned[1] == learned[2]
    lead = await ask(trio.b, "GET", f"/cases/{case}/lead", colleague)
    guess = f'"{b64(sha256(lead.content).digest())}"'
    assert (await ask(trio.b, "GET", f"/cases/{case}/lead", colleague, headers={"If-None-Match": guess})).content


async def heard(node: Node, case: str, officer: str, answers: Mapping[str, Any], version: str) -> list[tuple[int, str]]:
    """What an officer is told who names answers that they have had, and a version of the case."""
    told = [
        await ask(node, "GET", path, officer, headers={"If-None-Match": one.headers["ETag"]})
        for path, one in answers.items()
    ]
    acts = {"recusals": {"reason": "KERABAT"}, "urgency": {"level": "BIASA", "reason": "uji"}}
    for name, body in acts.items():
        told.append(await ask(node, "POST", f"/cases/{case}/{name}", officer, json=body, headers={"If-Match": version}))
    return [(one.status_code, one.json()["detail"] if one.content else "") for one in told]


async def test_leaders_who_step_back_leave_too_few_and_all_hear_it(trio: Trio) -> None:
    """Nobody refused, and yet two can no longer approve: the proposal is declined at once, and so is the next one."""
    case = await opened(trio)
    asked = await ask(trio.c, "POST", f"/cases/{case}/emergency", "kh-hrd", json=GROUND)
    assert asked.status_code == 201, asked.text
    await tell(trio)
    for number in range(1, 7):
        await say(trio.b, f"/cases/{case}/recusals", f"lpsk-pimpinan-{number}", {"reason": "KEPENTINGAN"})
    assert (await shown(trio.b, case, "/emergency"))["state"] == "PROPOSED"
    await handle(trio.b)
    await tell(trio)
    assert {(await shown(node, case, "/emergency"))["state"] for node in trio} == {"DECLINED"}
    await ask(trio.c, "POST", f"/cases/{case}/emergency", "kh-hrd", json=GROUND)
    await tell(trio)
    proposals = [(await shown(node, case, "/emergency"))["proposals"] for node in trio]
    assert [[one["state"] for one in told] for told in proposals] == [["DECLINED", "DECLINED"]] * 3


def judgement(threat: int, vulnerability: int, capacity: int) -> dict[str, Any]:
    """Every agreed dimension scored alike within its part."""
    parts = {"threats": threat, "vulnerabilities": vulnerability, "capacities": capacity}
    return {
        part: [{"dimension": name, "score": score} for name in getattr(LATEST.risk, part)]
        for part, score in parts.items()
    }
