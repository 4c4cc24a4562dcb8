"""Read by schemathesis in its own process: who makes each made-up request, and about which real things.

The file named by RAJUT_FUZZ says both (`fuzzing.Plan`). What was answered goes into the file beside it, line by line.
Nothing is left to chance, so that a run finds again what it found before: the requests to a route take turns among the
officers and the events.
"""

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

PLAN = Path(os.environ["RAJUT_FUZZ"])
NAMES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"), "events"),
    (re.compile(r"[0-9a-hjkmnp-tv-z]{26}"), "cases"),
]
CREATED, TOO_FAST = 201, 429
REST_S = 1  # an officer may soon ask again; otherwise the rest of many requests would say nothing
STALE_EVERY = 4  # so many requests that name a version, one names a wrong one; the others get further

told: dict[str, Any] = json.loads(PLAN.read_text())
turns: dict[str, Iterator[int]] = defaultdict(count)
answers = PLAN.with_suffix(".answers").open("w", buffering=1)


@schemathesis.hook
def before_add_examples(context: schemathesis.HookContext, examples: list[schemathesis.Case[Any]]) -> None:
    """A body that can be read is tried at every route that takes one: made-up ones are seldom so good."""
    operation: Any = context.operation
    body = told["bodies"].get(_way(operation.method, operation.path))
    if body is not None:
        examples.append(operation.Case(body=body, media_type="application/json", path_parameters={**told["places"]}))


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _more: dict[str, Any]) -> None:
    """Somebody who may asks, and what looks like the name of something is the name of something."""
    way = _way(case.method, case.path)
    turn, officers = next(turns[way]), told["tokens"].get(way) or told["tokens"][""]
    case.headers["Authorization"] = f"Bearer {officers[turn % len(officers)]}"
    if turn % STALE_EVERY:
        case.headers.pop("If-Match", None)
    if _could_be_read(case):
        case.path_parameters |= {name: _place(way, name, value) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict):
        case.body = _named(_grafted(case.body, told["bodies"].get(way), turn), _of_this(way), turn)


@schemathesis.hook
def after_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], response: Any) -> None:
    """Note what was answered, and the events that there are now."""
    way, answer = _way(case.method, case.path), _json(response)
    detail = str(answer.get("detail", ""))
    if response.status_code == TOO_FAST:
        time.sleep(REST_S)
    answers.write(json.dumps([way, response.status_code, detail]) + "\n")
    if response.status_code == CREATED and "{case}" in way:
        told["events"][_place(way, "case")] += answer.get("events") or [answer.get("proposal") or answer["event"]]


def _way(method: str, path: str) -> str:
    return f"{method.upper()} {path}"


def _place(way: str, name: str, made_up: str = "") -> str:
    return str((told["places"] | told["apart"].get(way, {})).get(name, made_up))


def _of_this(way: str) -> dict[str, list[str]]:
    """What a request of this route may name."""
    return {"events": told["events"][_place(way, "case")], "cases": [*told["events"]]}


def _could_be_read(case: schemathesis.Case[Any]) -> bool:
    part = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    return part is None or part.mode.is_positive


def _grafted(made_up: dict[str, Any], known: dict[str, Any] | None, turn: int) -> dict[str, Any]:
    """Every other time, a body that can be read but for one member: past the checks of the other members."""
    if not known or not made_up or turn % 2 == 0:
        return made_up
    member = sorted(made_up)[turn // 2 % len(made_up)]
    return known | {member: made_up[member]}


def _named(body: Any, names: dict[str, list[str]], turn: int) -> Any:
    """A body with the names of real things in place of made-up ones, the same for the same."""
    given: dict[str, str] = {}

    def name(value: str) -> str:
        kind = next((kind for pattern, kind in NAMES if pattern.fullmatch(value)), "")
        if kind and value not in given:
            given[value] = names[kind][(turn + len(given)) % len(names[kind])]
        return given.get(value, value)

    def walk(value: Any) -> Any:
        match value:
            case str():
                return name(value)
            case list():
                return [walk(one) for one in value]
            case dict():
                return {key: walk(one) for key, one in value.items()}
            case _:
                return value

    return walk(body)


def _json(response: Any) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
