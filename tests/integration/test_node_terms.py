"""On which terms an officer's request is done: once for its key, and only while the case is what they saw."""

from collections.abc import Mapping
from typing import Any

import pytest

from deploy.dev.runner import ThreeNodes
from services.node.node import Node
from tests.e2e.stage import ask, opened, report

NEED = {"ground": "ANCAMAN_NYATA", "needs": []}
CONSENT = {
    "given_by": "defender",
    "form": "spoken",
    "recorded_by": "petugas",
    "at": "2026-11-20T09:00:00+07:00",
    "share_with": ["lpsk"],
    "fields": ["identity"],
    "purpose": "protection",
}
NAME = {"to": ["lpsk"], "fields": ["identity"]}


async def done(node: Node, path: str, officer: str, body: object, **headers: str) -> tuple[int, Mapping[str, Any]]:
    """What became of a request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await ask(node, "POST", path, officer, json=body, headers=named)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "what", [("emergency", NEED), ("consent", CONSENT), ("identity", NAME)], ids=lambda what: what[0]
)
async def test_every_act_takes_the_same_terms(agencies: ThreeNodes, what: tuple[str, Mapping[str, object]]) -> None:
    """A key does it once and answers the same again; another request with the key, or an old version, is refused."""
    async with opened(agencies.homes["komnas-perempuan"]) as node:
        case = await report(node)
        path = f"/cases/{case}/{what[0]}"
        assert (await done(node, path, "kp-upr", what[1], If_Match="old"))[1]["code"] == "E_STALE"
        first = await done(node, path, "kp-upr", what[1], Idempotency_Key=case)
        assert first[0] == 201, first
        assert await done(node, path, "kp-upr", what[1], Idempotency_Key=case) == first
        urgency = {"level": "KRITIS", "reason": "Terlihat."}
        other = await done(node, f"/cases/{case}/urgency", "kp-koordinator", urgency, If_Match=first[1]["version"])
        assert other[0] == 201, "what an answer says of the case holds for the next request"
        assert (await done(node, path, "kp-upr", what[1], If_Match=first[1]["version"]))[0] == 412


async def test_a_vote_takes_them_too(agencies: ThreeNodes) -> None:
    """A leader whose line broke sends the vote again, and it is one vote."""
    async with opened(agencies.homes["lpsk"]) as node:
        case = await report(node)
        _, proposed = await done(node, f"/cases/{case}/emergency", "lpsk-hotline", NEED)
        votes = f"/cases/{case}/emergency/{proposed['proposal']}"
        leaders = [f"lpsk-pimpinan-{number}" for number in (1, 2)]
        assert (await done(node, f"{votes}/approve", leaders[0], None, If_Match="old"))[0] == 412
        first, again = [await done(node, f"{votes}/approve", leaders[0], None, Idempotency_Key="yes") for _ in range(2)]
        assert first == again
        assert (first[0], first[1]["state"]) == (200, "PROPOSED")
        no = {"reason": "DASAR_TIDAK_TERPENUHI"}
        assert (await done(node, f"{votes}/refuse", leaders[0], no, Idempotency_Key="yes"))[1]["code"] == "E_CONFLICT"
        last = await done(node, f"{votes}/approve", leaders[1], None, If_Match=first[1]["version"])
        assert (last[0], last[1]["state"], len(last[1]["events"])) == (200, "ACTIVE", 4)
