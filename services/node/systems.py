"""What the agency's own systems ask over NATS: the requests that an officer makes over HTTP, handed to the same API.

A request is one JSON object. It names method and path and carries the officer's token inside, where no subject, header
or log line shows it. Within this process it becomes a request to the API like any other, so there is one way to do each
thing: the same checks, the same entry in the access log, the same refusals.

Whoever asks chooses the subject of the answer, and could so make us publish where they may not: a confused deputy. The
server lets each system ask under its own name alone, as the last word of the subject, and hear its own inbox alone. We
do nothing at all for a request that wants its answer elsewhere than in the inbox of that name, and the server lets this
user publish in no other inboxes. Nothing waits in line: what is more than AT_ONCE is refused, at once.
"""

import asyncio
import base64
import contextlib
import json
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import httpx2
from nats.errors import Error as NatsError
from pydantic import Field, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.canonical import parse
from contracts.errors import Code, Rejected
from contracts.events.body import Value, fault_path
from services.node import telemetry
from services.node.broker import connected
from services.node.cancellation import uncancelled
from services.node.http import MAX_BODY, problem
from services.node.server import Server
from services.node.web import inside

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg


SUBJECT = "rajut.api."  # and the name of the system that asks
USER = "api"
GROUP = "node"  # of two processes of one node, one answers; the server lets us listen in no other way
INBOXES = "_INBOX_systems."
MAX_REQUEST = MAX_BODY
MAX_ANSWER = MAX_BODY  # what one NATS message holds
AT_ONCE = 16
ANSWER_WITHIN_S = 20.0
RETRY_S = 1.0
_DESK = "/desk/"
_TOLD = ("ETag", "Content-Type")
_Name = Annotated[str, Field(pattern="^(Idempotency-Key|If-Match|If-None-Match|Rajut-Purpose)$")]
_Text = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$", max_length=1000)]


class Asked(Value):
    """A request: closed, and in characters that mean the same in a URL and a header as here."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_.~-]+)+(\?[A-Za-z0-9_.~=&%-]*)?$", max_length=2000)]
    token: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=1000)]  # of the officer who asks
    headers: dict[_Name, _Text] = Field(default_factory=dict)
    body: object = None


class Answered(NamedTuple):
    """What is said to a request, as over HTTP; a body that is not JSON, such as a bundle, is in base64."""

    status: int
    headers: dict[str, str]
    body: object


def read(data: bytes) -> Asked:
    """The request in a message; Rejected(SIZE | ENCODING | JSON | SCHEMA) with a place, never with what stood there."""
    told = parse(data, max_bytes=MAX_REQUEST)
    try:
        return Asked.model_validate(told)
    except ValidationError as error:
        raise Rejected(Code.SCHEMA, fault_path(error)) from None


def refused(code: Code, place: str = "") -> Answered:
    """A refusal as a problem (RFC 9457)."""
    said = problem(code, place)
    return Answered(said.status_code, {"Content-Type": str(said.media_type)}, json.loads(bytes(said.body)))


def api_alone(app: ASGIApp) -> ASGIApp:
    """The app without the desk. It looks at the path by which routes are found: no spelling leads around it."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        at_desk = f"{scope['path']}/".startswith(_DESK)
        await (problem(Code.NOT_FOUND, "path") if at_desk else app)(scope, receive, send)

    return guarded


class Systems:
    """Answers the agency's own systems, over a connection of its own to the agency's own server."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        """`app` has the API; `server` is our own NATS, as the user `api`."""
        self._app = api_alone(app)
        self._server = server
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until cancelled; reconnects for ever."""
        try:
            while uncancelled():
                try:
                    async with connected(self._server) as client:
                        await self._serve(client)
                except Exception as error:  # noqa: BLE001  whatever ended it, the systems must be answered again
                    telemetry.stumbled("systems", error)
                await asyncio.sleep(RETRY_S)
        finally:
            for task in self._under_way:
                task.cancel()

    async def _serve(self, client: "Client") -> None:
        async def hear(message: "Msg") -> None:
            system = message.subject.removeprefix(SUBJECT)
            if not message.reply.startswith(f"{INBOXES}{system}."):
                return
            if len(self._under_way) < AT_ONCE:
                self._begin(client, message)
            else:
                await client.publish(message.reply, written(refused(Code.UNAVAILABLE, "systems")))

        await client.subscribe(f"{SUBJECT}*", GROUP, cb=hear, pending_bytes_limit=2 * AT_ONCE * MAX_REQUEST)
        while uncancelled():
            await client.flush()  # raises once the server is gone
            await asyncio.sleep(RETRY_S)

    def _begin(self, client: "Client", message: "Msg") -> None:
        task = asyncio.create_task(self._respond(client, message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _respond(self, client: "Client", message: "Msg") -> None:
        answer = written(await self.answer(message.data))
        with contextlib.suppress(NatsError, OSError):  # gone meanwhile: whoever asked asks again, with the same key
            await client.publish(message.reply, answer)

    async def answer(self, data: bytes) -> Answered:
        """What the API says to a request, or why it is none."""
        try:
            asked = read(data)
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return _answered(await self._hand_over(asked))
        except Rejected as why:
            return refused(why.code, why.detail)
        except TimeoutError:
            return refused(Code.UNAVAILABLE, "systems")
        except Exception as error:  # noqa: BLE001  whoever asked is told so, whatever it was
            telemetry.stumbled("systems", error)
            return refused(Code.UNEXPECTED)

    async def _hand_over(self, asked: Asked) -> httpx2.Response:
        body = None if asked.body is None else json.dumps(asked.body).encode()
        headers = {**asked.headers, "Authorization": f"Bearer {asked.token}"}
        return await inside.request(self._app, asked.method, asked.path, body, headers)


def written(answer: Answered) -> bytes:
    """An answer as the message that it is; a refusal if one message cannot hold it."""
    data = json.dumps(answer._asdict(), ensure_ascii=False, separators=(",", ":")).encode()
    return data if len(data) <= MAX_ANSWER else written(refused(Code.SIZE, "answer"))


def _answered(said: httpx2.Response) -> Answered:
    headers = {name: said.headers[name] for name in _TOLD if name in said.headers}
    if not said.content or said.headers.get("Content-Type", "").endswith("json"):
        return Answered(said.status_code, headers, said.json() if said.content else None)
    return Answered(said.status_code, headers, base64.b64encode(said.content).decode())
