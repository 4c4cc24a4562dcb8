"""Who may do what: every route, every role of every agency, and a case that is theirs, that is not, or that is none.

What is expected comes from the mechanism document and from the rules by which the other agencies judge an event. Only
what no event says (who may read, report, share or answer a notice) is written here.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from contracts.events import Body
from contracts.events.node import ErasureAsked, ErasureConfirmed
from contracts.events.protection import EmergencyApproved, EmergencyRefused
from contracts.events.triage import OfficerRecused, RiskAssessed
from contracts.mechanism import LATEST, Permission
from contracts.workflow import rule_for
from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from services.node.node import Node
from tests.e2e.stage import AGENCIES, RECEIVERS, REPORTS, ask, opened
from tests.integration.doors import NOTHING, is_mount, routes
from tests.integration.trio import agree, three

BODIES = Path(__file__).parents[1] / "cases" / "bodies"
NAME = "A" * 43
SOME_CASE = "0" * 26  # in the samples of events
PLACES = {"{service}": "triage", "{draft}": NAME, "{event}": NAME}
PLACES |= {"{date}": "CATAHU_TERBIT", "{day}": "2000-03-08"}
PLACES |= {"{proposal}": NAME, "{request}": NAME, "{item}": "1", "{notice}": "1"}
# Routes whose request is not the event itself: the event that they say.
SAYS: Mapping[str, type[Body]] = {
    "POST /cases/{case}/risk": RiskAssessed,
    "POST /cases/{case}/recusals": OfficerRecused,
    "POST /cases/{case}/emergency/{proposal}/approve": EmergencyApproved,
    "POST /cases/{case}/emergency/{proposal}/refuse": EmergencyRefused,
    "POST /cases/{case}/erasure": ErasureAsked,
    "POST /cases/{case}/erasure/{request}/confirm": ErasureConfirmed,
}
# What is asked for beside the rules: these name a leader, not a permission, or let a report carry what comes with it.
ASKED_FOR = {
    "POST /reports": Permission.RECEIVE_REPORT,
    "POST /cases/{case}/consent": Permission.RECORD_CONSENT,
    "POST /cases/{case}/recusals": Permission.STEP_BACK,
    "POST /cases/{case}/identity": Permission.RECORD_CONSENT,
    "POST /cases/{case}/emergency/{proposal}/approve": Permission.DECIDE_EMERGENCY,
    "POST /cases/{case}/emergency/{proposal}/refuse": Permission.DECIDE_EMERGENCY,
    "GET /drafts": Permission.RECEIVE_REPORT,
    "GET /drafts/{draft}": Permission.RECEIVE_REPORT,
    "PUT /drafts/{draft}": Permission.RECEIVE_REPORT,
    "DELETE /drafts/{draft}": Permission.RECEIVE_REPORT,
    "GET /tasks": Permission.READ_CASE,
    "POST /tasks/{item}/done": Permission.RECEIVE_REPORT,
    "GET /notices": Permission.ACKNOWLEDGE_NOTICE,
    "POST /notices/{notice}/acknowledge": Permission.ACKNOWLEDGE_NOTICE,
    "GET /cases/{case}/access": Permission.READ_ACCESS,
    "GET /cases/{case}/bundle": Permission.READ_ACCESS,
    "GET /operations": Permission.READ_OPERATIONS,
    "GET /tasks/figures": Permission.READ_OPERATIONS,
    "GET /dates": Permission.READ_DATES,
    "POST /dates/{date}/{day}/kept": Permission.KEEP_DATE,
    "POST /operations/parked/{service}/{event}/replay": Permission.HANDLE_PARKED,
    "POST /operations/parked/{service}/{event}/discard": Permission.HANDLE_PARKED,
}
REQUESTS: Mapping[str, object] = {
    "POST /cases/{case}/risk": {"present_threat": True},
    "POST /cases/{case}/recusals": {"reason": "KERABAT"},
    "POST /cases/{case}/emergency/{proposal}/refuse": {"reason": "DASAR_TIDAK_TERPENUHI"},
    "POST /cases/{case}/erasure": {"scope": "CASE", "basis": "SUBJECT_REQUEST"},
    "POST /cases/{case}/identity": {"to": ["lpsk"], "fields": ["identity"]},
}


class Way(NamedTuple):
    """A route: the permission that it needs, and a request that can be read."""

    name: str
    permission: Permission
    body: object

    def path(self, case: str) -> str:
        """Where it is for a case."""
        path = self.name.partition(" ")[2].replace("{case}", case)
        for place, value in PLACES.items():
            path = path.replace(place, value)
        return path


class Door:
    """A node's door with an officer in every role before it, the role being the token."""

    def __init__(self, node: Node, ours: str) -> None:
        """`ours` is a case of the node's agency: the one that a request names as another."""
        self._ours = ours
        self._http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=node.app), base_url="http://node")

    async def ask(self, way: Way, role: str, case: str) -> httpx2.Response:
        """A request that gets as far as it may and changes nothing: it names a version that no case has."""
        headers = {"Authorization": f"Bearer {role}", "If-Match": "none", "Content-Type": "application/json"}
        method, content = way.name.partition(" ")[0], "" if way.body is None else self._filled(way.body)
        return await self._http.request(method, way.path(case), headers=headers, content=content)

    def _filled(self, body: object) -> str:
        return json.dumps(body).replace(SOME_CASE, self._ours)


def ways(node: Node) -> list[Way]:
    """Every route of the API; KeyError for one of which neither a rule nor this file says who may use it.

    The pages beside it are an app of their own, which asks these routes in an officer's name.
    """
    pages = {name for name, route in routes(node).items() if is_mount(route)}
    return [_way(name, route) for name, route in routes(node).items() if name not in NOTHING | pages]


def _way(name: str, route: Any) -> Way:
    said = SAYS.get(name, route.endpoint.__annotations__.get("body"))
    says = said if isinstance(said, type) and issubclass(said, Body) else None
    reads = Permission.READ_CASE if name.startswith("GET /cases") else None
    permission = ASKED_FOR.get(name) or reads or (rule_for(says).permission if says else None)
    if permission is None:
        raise KeyError(name)
    return Way(name, permission, REQUESTS.get(name) or _sample(name, says))


def _sample(name: str, says: type[Body] | None) -> object:
    """The sample of an event, as far as it is not in the path already."""
    if says is None or name in SAYS:
        return None
    return json.loads((BODIES / f"{says.wire_type}.json").read_text())


def verdict(answer: httpx2.Response, way: Way) -> str:
    """What the door made of who asked, and of the case."""
    detail = answer.json().get("detail") if answer.status_code >= 400 else ""
    known = {(403, str(way.permission)): "forbidden", (404, "case"): "no such case"}
    return known.get((answer.status_code, detail), "let in")


def roles(agency: str) -> list[str]:
    """All roles of an agency, in the document and in the cast, and some of each other one, which mean nothing here."""
    others = {role for one in AGENCIES for role in LATEST.agencies[one].ladder}
    return sorted({*LATEST.agencies[agency].roles, *cast.ROLES[agency].values()} | others)


@pytest.fixture(scope="module")
def cases(agencies: ThreeNodes) -> Mapping[str, str]:
    """A case at each agency that is told to nobody else; agency -> case. Every node holds the records of all."""
    return asyncio.run(opened_apart(agencies))


async def opened_apart(agencies: ThreeNodes) -> Mapping[str, str]:
    """See `cases`."""
    found = {}
    async with three(agencies) as trio:
        for node in trio:
            agency = node.log.agency
            report = json.loads(REPORTS[agency].read_text())
            report["consent"] |= {"share_with": []}
            answer = await ask(node, "POST", "/reports", RECEIVERS[agency], json=report)
            found[agency] = str(answer.json()["case"])
        await agree(trio)
    return found


@pytest.fixture(params=AGENCIES)
async def node(request: pytest.FixtureRequest, agencies: ThreeNodes) -> AsyncIterator[Node]:
    """A node with an officer in every role."""
    file = agencies.homes[request.param] / "officers.json"
    before = file.read_text()
    file.write_text(json.dumps([_officer(role) for role in roles(request.param)]))
    try:
        async with opened(agencies.homes[request.param]) as node:
            yield node
    finally:
        file.write_text(before)


def _officer(role: str) -> dict[str, str]:
    digest = sha256(role.encode()).hexdigest()
    return {"officer": role.replace("_", "-"), "role": role, "email": f"{role}@contoh.id", "token_sha256": digest}


async def test_every_role_at_every_route(node: Node, cases: Mapping[str, str]) -> None:
    """Who lacks the permission is refused and told nothing; who has it is let in, to the cases of the own agency."""
    agency, rules = node.log.agency, LATEST.agencies[node.log.agency]
    door, wrong = Door(node, cases[agency]), []
    for way in ways(node):
        for role in roles(agency):
            for expected, case in kinds(way, role, agency, cases).items():
                found = verdict(await door.ask(way, role, case), way)
                if found != (expected if rules.may(role, way.permission) else "forbidden"):
                    wrong.append((way.name, role, expected, found))
    assert wrong == []


def kinds(way: Way, role: str, agency: str, cases: Mapping[str, str]) -> Mapping[str, str]:
    """What comes of a request if the role has the permission, by the case that it names; who has none asks for ours."""
    elsewhere = next(case for one, case in cases.items() if one != agency)
    named = "{case}" in way.name and LATEST.agencies[agency].may(role, way.permission)
    return {"let in": cases[agency]} | ({"no such case": elsewhere} if named else {})


async def test_a_case_that_is_not_ours_looks_like_none(node: Node, cases: Mapping[str, str]) -> None:
    """Nobody learns from a refusal that a case exists elsewhere: to the byte it is that of a number nobody gave."""
    agency, door = node.log.agency, Door(node, cases[node.log.agency])
    elsewhere, none = next(case for one, case in cases.items() if one != agency), secrets.token_hex(13)
    for way in ways(node):
        may = [role for role in roles(agency) if LATEST.agencies[agency].may(role, way.permission)]
        if "{case}" in way.name and may:
            told = [await door.ask(way, may[0], case) for case in (elsewhere, none)]
            assert told[0].content == told[1].content, way.name


async def test_without_a_token_nobody_is_let_in(node: Node, cases: Mapping[str, str]) -> None:
    """At every route, whatever the case."""
    case = cases[node.log.agency]
    door = Door(node, case)
    for way in ways(node):
        assert (await door.ask(way, "nobody", case)).status_code == 401, way.name
