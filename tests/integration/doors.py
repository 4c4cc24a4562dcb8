"""Every route and every command of a node: what it shows of a case and to whom, or why it shows nothing."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from contracts.events.access import Door, View
from services.node.node import Node

LPSK = "lpsk"
LEADER, DUTY = "lpsk-pimpinan-1", "lpsk-darurat"


class Read(NamedTuple):
    """A route that shows something of a case: to whom, where, and by which service."""

    officer: str
    path: str
    service: str
    view: View
    says: int = 0  # events of its own, before the entry
    door: Door = Door.API


READS = {
    "GET /cases": Read(DUTY, "/cases", "node", View.CASES),
    "GET /cases/{case}": Read(DUTY, "/cases/CASE", "node", View.CASE),
    "GET /cases/{case}/access": Read(LEADER, "/cases/CASE/access", "node", View.ACCESS),
    "GET /cases/{case}/bundle": Read(LEADER, "/cases/CASE/bundle", "node", View.CASE, door=Door.EXPORT),
    "GET /cases/{case}/duplicates": Read(DUTY, "/cases/CASE/duplicates", "intake", View.DUPLICATES),
    "GET /cases/{case}/urgency": Read(DUTY, "/cases/CASE/urgency", "triage", View.URGENCY),
    "GET /cases/{case}/status": Read(DUTY, "/cases/CASE/status", "triage", View.STATUS),
    "GET /cases/{case}/risk": Read(DUTY, "/cases/CASE/risk", "triage", View.RISK),
    "GET /cases/{case}/eligibility": Read(DUTY, "/cases/CASE/eligibility", "triage", View.ELIGIBILITY),
    "GET /cases/{case}/emergency": Read(LEADER, "/cases/CASE/emergency", "protection", View.EMERGENCY),
    "GET /cases/{case}/plan": Read(DUTY, "/cases/CASE/plan", "protection", View.PLAN),
    "GET /cases/{case}/steps": Read(DUTY, "/cases/CASE/steps", "protection", View.STEPS),
    "GET /cases/{case}/lead": Read(DUTY, "/cases/CASE/lead", "protection", View.LEAD),
    "GET /cases/{case}/referrals": Read(DUTY, "/cases/CASE/referrals", "protection", View.REFERRALS),
    "GET /cases/{case}/consent": Read(DUTY, "/cases/CASE/consent", "intake", View.CONSENT),
    "GET /cases/{case}/person": Read(DUTY, "/cases/CASE/person", "intake", View.PERSON),
    "GET /cases/{case}/erasure": Read(DUTY, "/cases/CASE/erasure", "node", View.ERASURE),
    "GET /tasks": Read(DUTY, "/tasks", "triage", View.WORK),
    "POST /tasks/{item}/done": Read(DUTY, "/tasks/ITEM/done", "triage", View.WORK, says=1),
    "GET /notices": Read(DUTY, "/notices", "notify", View.NOTICES),
    "GET /operations": Read("lpsk-admin", "/operations", "node", View.PARKED),
}
# An act is an event in the case itself, with the officer who did it: it answers what became of it, and no more.
ACTS = {
    "POST /reports": {"case", "events", "receipt"},
    "POST /cases/{case}/urgency": {"events", "version"},
    "POST /cases/{case}/status": {"events", "version"},
    "POST /cases/{case}/status/request": {"events", "version"},
    "POST /cases/{case}/status/recognise": {"events", "version"},
    "POST /cases/{case}/status/dispute": {"events", "version"},
    "POST /cases/{case}/status/appeal": {"events", "version"},
    "POST /cases/{case}/status/appeal/decide": {"events", "version"},
    "POST /cases/{case}/risk": {"events", "version"},
    "POST /cases/{case}/eligibility": {"events", "version"},
    "POST /cases/{case}/recusals": {"events", "version"},
    "POST /cases/{case}/recusals/end": {"events", "version"},
    "POST /cases/{case}/emergency": {"proposal", "version"},
    "POST /cases/{case}/emergency/{proposal}/approve": {"events", "state", "version"},
    "POST /cases/{case}/emergency/{proposal}/refuse": {"events", "state", "version"},
    "POST /notices/{notice}/acknowledge": set(),
    "POST /dates/{date}/{day}/kept": set(),
    "POST /operations/parked/{service}/{event}/replay": set(),
    "POST /operations/parked/{service}/{event}/discard": set(),
    "POST /cases/{case}/steps": {"events", "version"},
    "POST /cases/{case}/lead/offer": {"events", "version"},
    "POST /cases/{case}/lead/accept": {"events", "version"},
    "POST /cases/{case}/lead/decline": {"events", "version"},
    "POST /cases/{case}/lead/claim": {"events", "version"},
    "POST /cases/{case}/lead/support": {"events", "version"},
    "POST /cases/{case}/lead/confirm": {"events", "version"},
    "POST /cases/{case}/referrals": {"events", "version"},
    "POST /cases/{case}/referrals/accept": {"events", "version"},
    "POST /cases/{case}/referrals/decline": {"events", "version"},
    "POST /cases/{case}/referrals/unanswered": {"events", "version"},
    "POST /cases/{case}/referrals/withdraw": {"events", "version"},
    "POST /cases/{case}/referrals/report": {"events", "version"},
    "POST /cases/{case}/referrals/complete": {"events", "version"},
    "POST /cases/{case}/consent": {"events", "version"},
    "POST /cases/{case}/consent/withdraw": {"events", "version"},
    "POST /cases/{case}/disclosures": {"events", "version"},
    "POST /cases/{case}/disclosures/confirm": {"events", "version"},
    "POST /cases/{case}/outsiders": {"events", "version"},
    "POST /cases/{case}/outsiders/confirm": {"events", "version"},
    "POST /cases/{case}/outsiders/tell": {"events", "version"},
    "POST /cases/{case}/identity": {"event", "version"},
    "POST /cases/{case}/duplicates/link": {"events", "version"},
    "POST /cases/{case}/duplicates/dismiss": {"events", "version"},
    "POST /cases/{case}/duplicates/reopen": {"events", "version"},
    "POST /cases/{case}/plan": {"events", "version"},
    "POST /cases/{case}/plan/agree": {"events", "version"},
    "POST /cases/{case}/plan/decline": {"events", "version"},
    "POST /cases/{case}/measures/want": {"events", "version"},
    "POST /cases/{case}/measures/unwant": {"events", "version"},
    "POST /cases/{case}/records": {"events", "version"},
    "POST /cases/{case}/police": {"events", "version"},
    "POST /cases/{case}/police/answer": {"events", "version"},
    "POST /cases/{case}/requests": {"events", "version"},
    "POST /cases/{case}/requests/answer": {"events", "version"},
    "POST /cases/{case}/breaches": {"events", "version"},
    "POST /cases/{case}/breaches/tell": {"events", "version"},
    "POST /cases/{case}/breaches/withdraw": {"events", "version"},
    "POST /cases/{case}/measures/start": {"events", "version"},
    "POST /cases/{case}/measures/complete": {"events", "version"},
    "POST /cases/{case}/measures/fail": {"events", "version"},
    "POST /cases/{case}/incidents": {"events", "version"},
    "POST /cases/{case}/circumstances": {"events", "version"},
    "POST /cases/{case}/reviews": {"events", "version"},
    "POST /cases/{case}/closure": {"events", "version"},
    "POST /cases/{case}/closure/agree": {"events", "version"},
    "POST /cases/{case}/reopening": {"events", "version"},
    "POST /cases/{case}/requirements/fulfil": {"events", "version"},
    "POST /cases/{case}/requirements/waive": {"events", "version"},
    "POST /cases/{case}/letters/request": {"events", "version"},
    "POST /cases/{case}/letters": {"events", "version"},
    "POST /cases/{case}/emergency/decisions": {"events", "version"},
    "POST /cases/{case}/emergency/extend": {"events", "version"},
    "POST /cases/{case}/emergency/end": {"events", "version"},
    "POST /cases/{case}/emergency/end/acknowledge": {"events", "version"},
    "POST /cases/{case}/emergency/end/withdraw": {"events", "version"},
    "POST /cases/{case}/emergency/end/carry-out": {"events", "version"},
    "POST /cases/{case}/handovers": {"events", "version"},
    "POST /cases/{case}/handovers/accept": {"events", "version"},
    "POST /cases/{case}/handovers/decline": {"events", "version"},
    "POST /cases/{case}/session": {"events", "version"},
    "POST /cases/{case}/emergency/records": {"events", "version"},
    "POST /cases/{case}/emergency/records/confirm": {"events", "version"},
    "POST /cases/{case}/erasure": {"event"},
    "POST /cases/{case}/erasure/{request}/confirm": {"event"},
}
COUNTS = {"GET /tasks/figures"}
OF_NO_CASE = {"GET /dates"}  # what an agency owes every year, and roles that were told
# What an officer is still writing is of no case yet, and is shown to that officer alone (`test_node_drafts`).
DRAFTS = {"GET /drafts", "GET /drafts/{draft}", "PUT /drafts/{draft}", "DELETE /drafts/{draft}"}
NOTHING = {"GET /openapi.json", "GET /health/live", "GET /health/ready", "GET /metrics", "GET /desk"}

COMMANDS = {
    "access": ["access", "CASE"],
    "audit export": ["audit", "export", "CASE", "--out", "FILE"],
    "case show": ["case", "show", "CASE"],
    "erase show": ["erase", "show", "CASE"],
    "parked list": ["parked", "list"],
    "parked show": ["parked", "show", "triage", "EVENT"],
}
# What these print is of no case: steps, counts, receipts of an officer's own report, places in logs.
SILENT = {"node run", "node migrate", "node split", "node recover", "report", "fsck", "parked replay", "parked discard"}
SILENT |= {"erase ask", "erase confirm"}
SILENT |= {"sim run"}  # plays with made-up agencies of its own
SILENT |= {"audit verify"}  # reads a file that somebody was given, wherever that may be; knows of no node
SILENT |= {f"keys {word}" for word in ("init-root", "enrol", "rotate", "retire", "revoke", "used", "propose", "sign")}
SILENT |= {f"keys {word}" for word in ("assemble", "adopt", "list", "destroy", "new-log")}
SILENT |= {f"mechanism {word}" for word in ("show", "diff", "propose", "sign", "assemble", "adopt")}


def routes(node: Node) -> dict[str, Any]:
    """Every route of a node's doors, by methods and path, with the model of its answer."""
    contexts = [context for door in (node.app, node.ops) for context in iter_route_contexts(door.routes)]
    return {f"{'|'.join(sorted({*(one.methods or ['?'])} - {'HEAD'}))} {one.path}": one for one in contexts}


def is_mount(route: Any) -> bool:
    """Whether this is an app of its own: the desk's pages, which `test_node_web` classifies."""
    return isinstance(route.route, Mount)


def commands(group: Any, name: str = "") -> Iterator[str]:
    """Every command below a group, by its words."""
    for word, one in group.commands.items():
        whole = f"{name} {word}".strip()
        yield from commands(one, whole) if hasattr(one, "commands") else [whole]
