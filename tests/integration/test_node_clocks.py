"""A promise that nobody keeps, on a real node that is killed twice while its clock runs, and on one that stays dead."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from contracts.mechanism import LATEST
from deploy.dev.desks import DeskClient
from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import CASES, desk, eventually

HAM, PEREMPUAN = "komnas-ham", "komnas-perempuan"
SETTINGS = "notice_unit_s = 0.02\n"  # minutes to answer a notice last a moment
REPORT = CASES / "petani-kriminalisasi.json"
MISSED = "rajut.notify.promise.missed.v1"
SOON = timedelta(seconds=3)
LAST = len(LATEST.agencies[HAM].ladder) - 1
MEASURE = {
    "id": "komnas-ham-1",
    "code": "BANTUAN_HUKUM",
    "owner": "mitra",
    "responsible": HAM,
    "raises_risk": False,
    "risk_answer": "TIDAK_ADA",
    "agreement": {"given_by": "defender", "on": "2026-11-22"},
}


@pytest.fixture(scope="module")
def machines(machines: ThreeNodes) -> ThreeNodes:
    """The servers of three agencies, and Komnas HAM's node."""
    machines[HAM].start("node")
    return machines


def promised(client: DeskClient, within: timedelta = SOON) -> tuple[str, datetime]:
    """A case with a measure that is due very soon, and when."""
    case: str = client.post("kh-petugas", "/reports", REPORT.read_bytes())["case"]
    due = datetime.now(UTC) + within
    text = due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    draft = {"measures": [MEASURE | {"due_by": text}], "replaces": []}
    plan = client.post("kh-hrd", f"/cases/{case}/plan", draft)["events"][0]
    client.post("kh-komisioner", f"/cases/{case}/plan/agree", {"plan": plan})
    return case, due


def work(client: DeskClient) -> set[tuple[str, str]]:
    """What the agency has to do: the case, and the kind of work."""
    return {(item["case"], item["kind"]) for item in client.get("kh-hrd", "/tasks")["items"]}


def said(client: DeskClient, case: str) -> list[str]:
    """The events that say that a promise was missed."""
    timeline = client.get("kh-hrd", f"/cases/{case}")["timeline"]
    return [line["id"] for line in timeline if line["type"] == MISSED]


def steps(client: DeskClient, event: str) -> list[int]:
    """How far the call about an event has climbed."""
    return sorted(notice["step"] for notice in client.get("kh-hrd", "/notices") if notice["about"] == event)


def kill(machines: ThreeNodes) -> None:
    """The node's power is cut; it comes back."""
    machines[HAM].kill("node")
    machines[HAM].start("node")


def test_a_missed_promise_is_said_once_and_climbs_though_the_node_dies(machines: ThreeNodes) -> None:
    """Killed before the measure is due and again once it was missed: one event, and each rung is called once.

    Which one first depends on how long the node was away; from there it climbs to the last.
    """
    with desk(machines, HAM) as client:
        case, due = promised(client)
        eventually(lambda: (case, "TINDAKAN") in work(client))
        machines[HAM].kill("node")
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        machines[HAM].start("node")
        eventually(lambda: said(client, case))
        kill(machines)
        (missed,) = said(client, case)
        eventually(lambda: LAST in steps(client, missed))
        called = steps(client, missed)
        assert called == [*range(called[0], LAST + 1)] or called == [called[0], LAST]
        assert len(said(client, case)) == 1


def test_another_agency_says_it_for_a_dead_node(machines: ThreeNodes) -> None:
    """Komnas HAM's node dies with a measure due and stays dead: its partner says what was missed, and calls its own."""
    machines[PEREMPUAN].start("node")
    with desk(machines, HAM) as dead, desk(machines, PEREMPUAN) as alive:
        case, due = promised(dead, 4 * SOON)  # it has to be dead by then, also on a slow machine
        eventually(lambda: "rajut.protection.plan.agreed.v1" in types(alive, case))
        machines[HAM].kill("node")
        try:
            eventually(lambda: MISSED in types(alive, case))
            assert datetime.now(UTC) > due
            (missed,) = [line for line in timeline(alive, case) if line["type"] == MISSED]
            assert missed["agency"] == PEREMPUAN
            eventually(lambda: missed["id"] in {notice["about"] for notice in alive.get("kp-piket", "/notices")})
        finally:
            machines[HAM].start("node")


def timeline(client: DeskClient, case: str) -> list[dict[str, str]]:
    """Every event of a case as Komnas Perempuan's node knows it; none if it does not know the case yet."""
    told = client.case("kp-koordinator", case)
    return told["timeline"] if told else []


def types(client: DeskClient, case: str) -> set[str]:
    """What kinds of things have been said in a case."""
    return {line["type"] for line in timeline(client, case)}
