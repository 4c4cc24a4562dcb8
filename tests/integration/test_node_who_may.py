"""Who may do what: every route, every role of every agency, and a case that is theirs, that is not, or that is none.

What is expected comes from the mechanism document and from the rules by which the other agencies judge an event; see
`ways`.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256

import httpx2
import pytest

from contracts.mechanism import LATEST
from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from services.node.node import Node
from tests.e2e.stage import AGENCIES, RECEIVERS, REPORTS, ask, opened
from tests.integration.trio import agree, three
from tests.integration.ways import SOME_CASE, Way, verdict, ways


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
