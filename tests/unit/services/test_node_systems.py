"""What an agency's own system may ask over NATS, before any server: one closed form, bounded, and never the desk."""

import asyncio
import json
from pathlib import Path

import pytest
from fastapi import FastAPI

from contracts.errors import Code, Rejected
from services.node import http, systems
from services.node.server import Server
from services.node.systems import MAX_ANSWER, MAX_REQUEST, Answered, Systems, read, written

GOOD = {"method": "GET", "path": "/cases", "token": "t"}
NOWHERE = Server("tls://127.0.0.1:1", "nobody", "api", "", Path(), Path(), Path())
SPELLINGS = ("/desk", "/desk/login", "/cases/../desk", "/./desk", "/cases/../../desk/login?to=x")


def app() -> FastAPI:
    """An API with one route that answers in time and one that does not, and a desk."""
    made = FastAPI()
    http.install(made)

    @made.get("/now")
    async def now() -> list[str]:
        return ["now"]

    @made.get("/late")
    async def late() -> None:
        await asyncio.sleep(3600)

    @made.get("/desk")
    @made.get("/desk/login")
    async def desk() -> str:
        raise AssertionError("the desk")

    return made


async def ask(path: str) -> Answered:
    """What comes of a request for a path."""
    return await Systems(app(), NOWHERE).answer(json.dumps(GOOD | {"path": path}).encode())


def code(answer: Answered) -> object:
    """The code of a refusal."""
    return answer.body["code"] if isinstance(answer.body, dict) else None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b" " * (MAX_REQUEST + 1), Code.SIZE),
        (b"\xff", Code.ENCODING),
        (b"{", Code.JSON),
        (b'{"method":"GET","method":"POST","path":"/cases","token":"t"}', Code.JSON),
        (b"[]", Code.SCHEMA),
        *(
            (json.dumps(GOOD | change).encode(), Code.SCHEMA)
            for change in (
                {"method": "TRACE"},
                {"method": None},
                {"path": "cases"},
                {"path": "//desk"},
                {"path": "/%64esk"},
                {"path": "http://elsewhere/cases"},
                {"token": ""},
                {"token": "t\r\nRajut-Purpose: AUDIT"},
                {"headers": {"Authorization": "Bearer another"}},
                {"headers": {"traceparent": "x"}},
                {"headers": {"If-Match": "a\nb"}},
                {"officer": "kh-hrd"},
            )
        ),
    ],
)
def test_what_is_no_request_is_refused_with_a_code(data: bytes, why: Code) -> None:
    """Nothing is read into a request that it does not say, and a header cannot be smuggled in a value."""
    with pytest.raises(Rejected) as refusal:
        read(data)
    assert refusal.value.code == why


def test_a_refusal_repeats_nothing() -> None:
    """Not a value, and not a name that the caller made up."""
    with pytest.raises(Rejected) as refusal:
        read(json.dumps(GOOD | {"headers": {"Siti": "Aminah"}}).encode())
    assert "Siti" not in refusal.value.detail
    assert "Aminah" not in refusal.value.detail


@pytest.mark.parametrize("path", SPELLINGS)
async def test_no_spelling_of_a_path_leads_to_the_desk(path: str) -> None:
    """Whatever a path becomes on its way to the routes: what the desk would answer is not there."""
    answer = await ask(path)
    assert (answer.status, code(answer)) == (404, Code.NOT_FOUND)


async def test_an_answer_is_what_the_api_says() -> None:
    """Status, body and type, as over HTTP."""
    assert await ask("/now") == Answered(200, {"Content-Type": "application/json"}, ["now"])


async def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system hears that a part is not ready, and its place is free again."""
    monkeypatch.setattr(systems, "ANSWER_WITHIN_S", 0.01)
    answer = await ask("/late")
    assert (answer.status, code(answer)) == (503, Code.UNAVAILABLE)


def test_an_answer_that_no_message_holds_is_a_refusal() -> None:
    """The system is told so, in place of a message that the server would end the connection for."""
    told = json.loads(written(Answered(200, {}, "x" * MAX_ANSWER)))
    assert (told["status"], told["body"]["code"]) == (413, Code.SIZE)
