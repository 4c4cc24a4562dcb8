"""Creates an agency's streams and consumers, as its administrator, before the node runs.

It creates what is missing and refuses what differs, naming the field: an update in place could change
what a partner was promised. It speaks the JSON interface directly, since client libraries drop
settings that they do not know and, when they "ensure" a stream, silently reset others.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from deploy.nats.client import connect, node_settings
from services.node.streams import (
    Consumer,
    Stream,
    consumer_differences,
    expected_streams,
    stream_differences,
)

_TIMEOUT_S = 5.0
_NOT_FOUND = 404


class ProvisioningError(Exception):
    """A stream or consumer is not as it must be, or the server refused to create it.

    `differences` names each field with what was expected and what was found.
    """

    def __init__(self, *differences: str) -> None:
        super().__init__("; ".join(differences))
        self.differences = differences


async def provision_home(home: Path) -> None:
    """Provision the server of the agency whose home directory is `home`.

    Raises:
        ProvisioningError: something differs; nothing that exists was changed.
    """
    partners = [partner["agency"] for partner in node_settings(home).get("partners", ())]
    client = await connect(home, "admin")
    try:
        await provision(client, expected_streams(partners))
    finally:
        await client.close()


async def provision(admin: Client, streams: tuple[Stream, ...]) -> None:
    """Make the server have exactly these streams and consumers, over a connection as administrator.

    Raises:
        ProvisioningError: something differs; nothing that exists was changed.
    """
    for stream in streams:
        found = await _found_or_created(
            admin, f"STREAM.INFO.{stream.name}", f"STREAM.CREATE.{stream.name}", _wanted(stream)
        )
        _refuse(stream_differences(stream, found))
        for consumer in stream.consumers:
            await _provision_consumer(admin, stream.name, consumer)


async def _provision_consumer(admin: Client, stream: str, consumer: Consumer) -> None:
    wanted = {"stream_name": stream, "action": "create", "config": dict(consumer.settings)}
    path = f"{stream}.{consumer.name}"
    found = await _found_or_created(admin, f"CONSUMER.INFO.{path}", f"CONSUMER.CREATE.{path}", wanted)
    _refuse(consumer_differences(consumer, found))


def _wanted(stream: Stream) -> dict[str, object]:
    return {"name": stream.name, **stream.settings}


async def _found_or_created(admin: Client, info: str, create: str, wanted: Mapping[str, object]) -> dict[str, Any]:
    """The live configuration."""
    answer = await _ask(admin, info, {})
    if answer.get("error", {}).get("code") == _NOT_FOUND:
        answer = await _ask(admin, create, wanted)
    if error := answer.get("error"):
        raise ProvisioningError(f"{create}: {error['err_code']} {error['description']}")
    config: dict[str, Any] = answer["config"]
    return config


async def _ask(admin: Client, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    message = await admin.request(f"$JS.API.{path}", json.dumps(body).encode() if body else b"", timeout=_TIMEOUT_S)
    answer: dict[str, Any] = json.loads(message.data)
    return answer


def _refuse(differences: tuple[str, ...]) -> None:
    if differences:
        raise ProvisioningError(*differences)


if __name__ == "__main__":
    try:
        asyncio.run(provision_home(Path(sys.argv[1])))
    except ProvisioningError as error:
        sys.exit(f"not provisioned: {error}")
