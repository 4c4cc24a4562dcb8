"""What a partner or a service that was taken over can do, holding its genuine key and certificate: read its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.dev.home import SYSTEMS
from deploy.dev.nats_server import NatsServer
from deploy.nats.client import connect, connect_to_partner
from services.node.streams import ADMITTED, SERVICES, stream_to, subject_to
from tests.integration.forbidden import (
    DEPUTIES,
    FORBIDDEN_TO_A_PARTNER,
    FORBIDDEN_TO_ALL,
    FORBIDDEN_TO_INTAKE,
    FORBIDDEN_TO_SYSTEMS,
    FORBIDDEN_TO_THE_LINK,
    FORBIDDEN_TO_WHO_ANSWERS_SYSTEMS,
    FOREIGN_EARS,
    OTHER,
    OWNER,
    PARTNER_API,
    READER,
    SERVICE_API,
)

PULL = json.dumps({"batch": 10, "no_wait": True}).encode()  # leaves no request behind that eats a later message


class Intruder:
    """A connection with all that the server has said against it."""

    def __init__(self) -> None:
        self.client: Client
        self.complaints: list[str] = []

    async def enter(self, home: Path, user: str) -> Self:
        """At LPSK's server, as its own user or (from another home) as the partner."""
        if home.name == OWNER:
            self.client = await connect(home, user, on_error=self._note)
        else:
            self.client = await connect_to_partner(home, OWNER, on_error=self._note)
        return self

    async def is_refused(self, subject: str) -> bool:
        """Whether publishing to `subject` is answered by a violation that names it."""
        await self.client.publish(subject, b"{}", reply=self.client.new_inbox())
        return await self._complaint(f'publish to "{subject}"')

    async def is_deaf_to(self, subject: str) -> bool:
        """Whether subscribing to `subject` is answered by a violation that names it."""
        await self.client.subscribe(subject)
        return await self._complaint(f'subscription to "{subject}"')

    async def _complaint(self, about: str) -> bool:
        await self.client.flush()  # the complaint comes before the answer; the client tells us a little later
        for _ in range(50):
            if any(about.lower() in complaint for complaint in self.complaints):
                return True
            await asyncio.sleep(0.01)
        return False

    async def _note(self, error: Exception) -> None:
        self.complaints.append(str(error).lower())


@asynccontextmanager
async def intruder(homes: dict[str, Path], home: str, user: str) -> AsyncIterator[Intruder]:
    inside = await Intruder().enter(homes[home], user)
    yield inside
    await inside.client.close()


@pytest.fixture
async def link(nats: NatsServer, homes: dict[str, Path]) -> AsyncIterator[Client]:
    """The node's own connection at LPSK, with one message for each reader on the way."""
    assert nats.process.pid
    client = await connect(homes[OWNER], "link")
    stream = client.jetstream()
    for subject in (subject_to(READER), subject_to(OTHER), "admitted.intake.report.received"):
        await stream.publish(subject, b"hello")
    yield client
    await client.close()


@pytest.fixture
async def admin(homes: dict[str, Path], link: Client) -> AsyncIterator[Client]:
    """The administrator, who sees everything."""
    assert link.is_connected
    client = await connect(homes[OWNER], "admin")
    yield client
    await client.close()


async def ask(client: Client, subject: str, body: object = None) -> dict[str, Any]:
    """The JSON answer to a JSON request."""
    data = json.dumps(body).encode() if body is not None else b""
    answer: dict[str, Any] = json.loads((await client.request(subject, data, timeout=2)).data)
    return answer


async def holdings(admin: Client) -> list[tuple[object, ...]]:
    """What every stream holds and who reads it: changes with any injection, purge or deletion."""
    listed = await ask(admin, "$JS.API.STREAM.LIST")
    return sorted(
        (one["config"]["name"], one["state"]["last_seq"], one["state"]["messages"], one["state"]["consumer_count"])
        for one in listed["streams"]
    )


async def pull(client: Client, api: str, stream: str, durable: str) -> Msg:
    """The next message of a durable consumer, acknowledged."""
    inbox = await client.subscribe(client.new_inbox())
    await client.publish(f"{api}.CONSUMER.MSG.NEXT.{stream}.{durable}", PULL, reply=inbox.subject)
    message = await inbox.next_msg(timeout=2)
    await client.publish(message.reply, b"+ACK")
    await inbox.unsubscribe()
    return message


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize(
    ("home", "user", "forbidden"),
    [
        (READER, "", FORBIDDEN_TO_A_PARTNER),
        (OWNER, "intake", FORBIDDEN_TO_INTAKE),
        (OWNER, "notify", FORBIDDEN_TO_ALL),
        (OWNER, "systems.registry", FORBIDDEN_TO_SYSTEMS),
        (OWNER, "api", FORBIDDEN_TO_WHO_ANSWERS_SYSTEMS),
        (OWNER, "link", FORBIDDEN_TO_THE_LINK),
    ],
)
async def test_forbidden_subjects_are_refused(
    homes: dict[str, Path], home: str, user: str, forbidden: tuple[str, ...]
) -> None:
    """Nobody can publish, administer or read what is not theirs; the server says so for each subject."""
    async with intruder(homes, home, user) as inside:
        allowed = [subject for subject in forbidden if not await inside.is_refused(subject)]
    assert allowed == []


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize(
    ("home", "user"), [(READER, ""), (OWNER, "intake"), (OWNER, "notify"), (OWNER, "systems.registry"), (OWNER, "api")]
)
async def test_nobody_listens_to_what_is_meant_for_others(homes: dict[str, Path], home: str, user: str) -> None:
    """Neither streams nor other users' inboxes nor the server's own subjects can be overheard."""
    async with intruder(homes, home, user) as inside:
        heard = [subject for subject in FOREIGN_EARS if not await inside.is_deaf_to(subject)]
    assert heard == []


@pytest.mark.parametrize("deputy", DEPUTIES)
@pytest.mark.parametrize(
    ("home", "user", "api", "stream"),
    [
        (READER, READER, PARTNER_API, stream_to(READER)),
        (OWNER, "intake", SERVICE_API, ADMITTED),
    ],
)
async def test_a_pull_cannot_make_the_server_publish(
    homes: dict[str, Path], admin: Client, deputy: str, home: str, user: str, api: str, stream: str
) -> None:
    """Choosing the answer's subject of a pull puts nothing into a stream, an inbox or an administrative command."""
    await ask(admin, f"$JS.API.CONSUMER.RESET.{stream}.{user}", {"seq": 1})  # so that there is something to deliver
    stolen = await admin.subscribe("_INBOX_link.stolen")
    await admin.flush()
    before = await holdings(admin)
    async with intruder(homes, home, user) as inside:
        await inside.client.publish(f"{api}.CONSUMER.MSG.NEXT.{stream}.{user}", PULL, reply=deputy)
        await inside.client.flush()
        await ask(admin, "$JS.API.INFO")  # a round trip later, any injected message would be stored
        assert await holdings(admin) == before
        assert stolen.pending_msgs == 0


@pytest.mark.usefixtures("nats")
@pytest.mark.parametrize("name", SYSTEMS)
async def test_systems_hear_answers_and_nobody_elses_words(homes: dict[str, Path], name: str) -> None:
    """The node hears which system asks, and where it wants the answer, and can answer; as part of the group alone."""
    async with intruder(homes, OWNER, "api") as node, intruder(homes, OWNER, f"systems.{name}") as system:
        heard = await node.client.subscribe("rajut.api.*", queue="node")
        await node.client.flush()
        asking = asyncio.create_task(system.client.request(f"rajut.api.{name}", b"{}", timeout=2))
        message = await heard.next_msg(timeout=2)
        assert message.subject == f"rajut.api.{name}"
        assert message.reply.startswith(f"_INBOX_systems.{name}.")
        await message.respond(b"done")
        assert (await asking).data == b"done"
        assert node.complaints == system.complaints == []


async def test_a_partner_reads_its_own_stream(homes: dict[str, Path], link: Client) -> None:
    """The right key pulls a record with 600 KB of content, acknowledges it and can go back to the start."""
    letter = b"x" * 600_000
    stream = stream_to(READER)
    sent = await link.jetstream().publish(subject_to(READER), letter)
    async with intruder(homes, READER, "") as partner:
        reset = f"$JS.API.CONSUMER.RESET.{stream}.{READER}"
        answer = await ask(partner.client, reset, {"seq": sent.seq})
        assert answer["config"]["ack_policy"] == "all"
        message = await pull(partner.client, PARTNER_API, stream, READER)
        assert message.data == letter
        await ask(partner.client, reset, {"seq": sent.seq})
        again = await pull(partner.client, PARTNER_API, stream, READER)
        assert again.data == letter
        assert partner.complaints == []


async def test_a_backfill_request_arrives_under_the_partners_name_and_is_answered(
    homes: dict[str, Path], link: Client
) -> None:
    """Who asks is decided by the server, not by the request, and the answer may come in several parts."""
    asked_as: list[str] = []

    async def answer(message: Msg) -> None:
        asked_as.append(message.subject)
        for part in (b"1", b"2", b"3"):
            await link.publish(message.reply, part)

    await link.subscribe("backfill.*", cb=answer)
    await link.flush()
    async with intruder(homes, READER, "") as partner:
        inbox = await partner.client.subscribe(partner.client.new_inbox())
        await partner.client.publish("backfill", b"{}", reply=inbox.subject)
        assert [(await inbox.next_msg(timeout=2)).data for _ in range(3)] == [b"1", b"2", b"3"]
    assert asked_as == [f"backfill.{READER}"]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_its_own_pointers(homes: dict[str, Path], admin: Client, service: str) -> None:
    """Each service sees its consumer and pulls from it under the prefix that leads to the node's account."""
    await ask(admin, f"$JS.API.CONSUMER.RESET.{ADMITTED}.{service}", {"seq": 1})  # whatever other tests pulled
    async with intruder(homes, OWNER, service) as inside:
        consumer = await inside.client.jetstream(prefix=SERVICE_API).consumer_info(ADMITTED, service)
        assert consumer.name == service
        message = await pull(inside.client, SERVICE_API, ADMITTED, service)
        assert message.subject == "admitted.intake.report.received"
        assert inside.complaints == []


async def test_the_link_may_look_at_what_it_published(link: Client) -> None:
    """The relay can find out after a crash what has already been said to a partner."""
    info = await ask(link, f"$JS.API.STREAM.INFO.{stream_to(READER)}")
    last = await ask(link, f"$JS.API.STREAM.MSG.GET.{stream_to(READER)}", {"seq": info["state"]["last_seq"]})
    assert last["message"]["subject"] == subject_to(READER)
