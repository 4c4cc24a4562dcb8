"""Every route of a node's API with the permission that it needs, and a request there that can be read.

What is expected comes from the rules by which the other agencies judge an event. Only what no event says (who may
read, report, share or answer a notice) is written here.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from contracts.events import Body
from contracts.events.node import ErasureAsked, ErasureConfirmed
from contracts.events.protection import EmergencyApproved, EmergencyRefused
from contracts.events.triage import OfficerRecused, RiskAssessed
from contracts.mechanism import Permission
from contracts.workflow import rule_for
from services.node.node import Node
from tests.integration.doors import NOTHING, is_mount, routes

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
