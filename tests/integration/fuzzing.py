"""Requests made up from a node's own description, by officers who may and about cases that there are.

schemathesis makes them up; `fuzz_hooks`, which it reads, gives each to an officer whose role may make it.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import httpx2

from contracts.mechanism import LATEST
from deploy.dev import cast
from tests.e2e.stage import REPORTS, eventually
from tests.integration.doors import DUTY, LEADER, LPSK
from tests.integration.ways import NAME, Way

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
HOOKS = Path(__file__).with_name("fuzz_hooks.py")
PRIVACY, WRITER = "lpsk-pdp", "lpsk-hotline"
APPROVE, REFUSE = (f"POST /cases/{{case}}/emergency/{{proposal}}/{word}" for word in ("approve", "refuse"))
ERASE = "POST /cases/{case}/erasure/{request}/confirm"
LAST = ("POST /cases/{case}/recusals", "POST /cases/{case}/closure", "POST /cases/{case}/closure/agree")
REPORT: Mapping[str, Any] = json.loads(REPORTS[LPSK].read_text())
PROPOSAL = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
ERASURE = {"scope": "CASE", "basis": "SUBJECT_REQUEST"}
DRAFT = {"typed": {"channel": ["email"]}}
# Refused before anybody has looked at the case: by the permission, or because the request cannot be read.
UNREAD = re.compile(r"(401|408|413|429) .*|404 case|422 ((body|header|path|query)\..*|not UTF-8|not JSON|float, .*)")


class Ask(Protocol):
    """How an officer asks a node."""

    def __call__(self, officer: str, method: str, path: str, body: bytes = b"") -> httpx2.Response: ...


class Plan(NamedTuple):
    """Who asks, and what there is to ask about."""

    tokens: Mapping[str, Sequence[str]]  # by way; by "" whoever asks what nobody may
    bodies: Mapping[str, object]  # one that can be read, by way
    places: Mapping[str, str]  # in paths, by name
    apart: Mapping[str, Mapping[str, str]]  # others than these, by way: where an act leaves nothing to do for others
    events: Mapping[str, Sequence[str]]  # by case


class Fuzzed(NamedTuple):
    """What came of it."""

    failed: str  # what schemathesis says; "" if it found nothing
    answers: Sequence[tuple[str, int, str]]  # the way, the status and the detail of a problem

    def done(self) -> set[str]:
        """The ways on which something was done or shown."""
        return {way for way, status, _ in self.answers if status < HTTPStatus.MULTIPLE_CHOICES}

    def heard(self, ways: Sequence[Way]) -> set[str]:
        """Those on which somebody got past the permission and the reading of the request, whatever came of it."""
        needs = {way.name: str(way.permission) for way in ways}
        return {
            way
            for way, status, detail in self.answers
            if (status, detail) != (HTTPStatus.FORBIDDEN, needs.get(way)) and not UNREAD.fullmatch(f"{status} {detail}")
        }


def officers(way: Way) -> list[str]:
    """Those of LPSK who may; a draft is its writer's alone."""
    if "{draft}" in way.name:
        return [WRITER]
    return [one for one, role in cast.ROLES[LPSK].items() if LATEST.agencies[LPSK].may(role, way.permission)]


def plan(ask: Ask, home: Path, ways: Sequence[Way]) -> Plan:
    """Open the cases, and prepare in them what a path can name."""
    floor = Floor(ask, {})
    return Plan(
        tokens={way.name: [cast.token(home, one) for one in officers(way)] for way in ways}
        | {"": [cast.token(home, LEADER)]},
        bodies={way.name: way.body for way in ways if way.body is not None} | {"POST /reports": REPORT},
        places=floor.protected() | floor.told() | {"service": "triage", "event": NAME, "draft": floor.draft()},
        apart={name: {"case": floor.opened()} for name in LAST}
        | {APPROVE: floor.proposed(), REFUSE: floor.proposed(), ERASE: floor.asked()},
        events=floor.events,
    )


def fuzz(url: str, plan: Plan, folder: Path, examples: int, *, bounds: bool) -> Fuzzed:
    """Make requests to every route, in a process of its own; its files are in `folder`. `bounds` are of each field."""
    phases, within_s = ("coverage,examples,fuzzing", 3600) if bounds else ("examples,fuzzing", 240)
    file = folder / "fuzz.json"
    file.write_text(json.dumps(plan._asdict()))
    command: list[str] = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
        *("--checks", CHECKS, "--phases", phases, "--max-examples", str(examples), "--seed", "2016"),
        *("--max-failures", "10"),
        *("--no-color", "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"),
    ]
    told = os.environ | {"SCHEMATHESIS_HOOKS": str(HOOKS), "RAJUT_FUZZ": str(file)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=told, timeout=within_s)
    answers = [json.loads(line) for line in file.with_suffix(".answers").read_text().splitlines()]
    return Fuzzed(done.stdout[-6000:] + done.stderr[-2000:] if done.returncode else "", answers)


class Floor(NamedTuple):
    """What officers do before the made-up requests come."""

    ask: Ask
    events: dict[str, list[str]]

    def opened(self) -> str:
        """A case."""
        answer = self._say(WRITER, "POST", "/reports", REPORT)
        self.events[answer["case"]] = answer["events"]
        return str(answer["case"])

    def proposed(self) -> dict[str, str]:
        """A case with a proposal of emergency protection."""
        case = self.opened()
        proposal = self._say(DUTY, "POST", f"/cases/{case}/emergency", PROPOSAL)["proposal"]
        self.events[case] += [proposal]
        return {"case": case, "proposal": proposal}

    def protected(self) -> dict[str, str]:
        """A case whose proposal was decided."""
        places = self.proposed()
        for leader in (LEADER, "lpsk-pimpinan-2"):
            answer = self._say(leader, "POST", APPROVE.partition(" ")[2].format(**places), {})
            self.events[places["case"]] += answer["events"]
        return places

    def asked(self) -> dict[str, str]:
        """A case that somebody wants erased."""
        case = self.opened()
        return {"case": case, "request": self._say(PRIVACY, "POST", f"/cases/{case}/erasure", ERASURE)["event"]}

    def draft(self) -> str:
        """A report that is being written."""
        self._say(WRITER, "PUT", f"/drafts/{NAME}", DRAFT)
        return NAME

    def told(self) -> dict[str, str]:
        """What there is to do by now, and what somebody was told; a date that may be kept."""
        eventually(lambda: self._say(DUTY, "GET", "/tasks")["items"] and self._say(DUTY, "GET", "/notices"))
        item, notice = self._say(DUTY, "GET", "/tasks")["items"][0], self._say(DUTY, "GET", "/notices")[0]
        return {"item": str(item["id"]), "notice": notice["id"], "date": "CATAHU_TERBIT", "day": "2000-03-08"}

    def _say(self, officer: str, method: str, path: str, body: object = None) -> Any:
        answer = self.ask(officer, method, path, json.dumps(body).encode() if body is not None else b"")
        assert answer.is_success, answer.text
        return answer.json()
