"""What the administrator of a broker, or its disk, can do to the streams that partners read."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path

from contracts.record import stored
from deploy.nats.client import connect
from deploy.nats.provision import provision_home
from services.node.node import Node
from services.node.streams import stream_to, subject_to
from tests.e2e.stage import size


async def smuggle(home: Path, reader: str, *messages: bytes, headers: dict[str, str] | None = None) -> None:
    """Put messages into the stream that a partner reads, as an administrator of the broker could."""
    admin = await connect(home, "admin")
    for message in messages:
        await admin.request(subject_to(reader), message, headers=headers, timeout=2)
    await admin.close()


async def recreate(home: Path, reader: str) -> None:
    """Lose the stream that a partner reads, and make it anew."""
    await lose(home, stream_to(reader))
    await provision_home(home)


async def lose(home: Path, stream: str) -> None:
    """Delete a stream with all that is in it."""
    admin = await connect(home, "admin")
    await admin.request(f"$JS.API.STREAM.DELETE.{stream}", b"", timeout=2)
    await admin.close()


def flipped(message: bytes, at: int) -> bytes:
    """A message with one bit turned over."""
    return message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :]


def spoil(home: Path, reader: str, record: bytes) -> None:
    """Turn over one bit of a record wherever the files of a stopped server hold it for a partner."""
    blocks = [path for path in (home / "nats" / "jetstream").rglob("*.blk") if stream_to(reader) in path.parts]
    holding = {path: data for path in blocks if record in (data := path.read_bytes())}
    assert holding
    for path, data in holding.items():
        path.write_bytes(flipped(data, data.index(record) + 50))


async def said(home: Path, reader: str, author: Node) -> bool:
    """Whether the last message for a partner is the last record of the log."""
    admin = await connect(home, "admin")
    request = json.dumps({"last_by_subj": subject_to(reader)}).encode()
    answer = json.loads((await admin.request(f"$JS.API.STREAM.MSG.GET.{stream_to(reader)}", request)).data)
    await admin.close()
    last = b64decode(answer["message"]["data"]).partition(b"\n")[0]
    return stored(last).record.seq + 1 == await size(author, author.log.log)


async def keep_only(home: Path, reader: str, messages: int) -> None:
    """Let a partner's stream forget all but its last messages."""
    admin = await connect(home, "admin")
    info = json.loads((await admin.request(f"$JS.API.STREAM.INFO.{stream_to(reader)}", b"")).data)["config"]
    for most in (messages, -1):
        changed = json.dumps(info | {"max_msgs": most}).encode()
        answer = json.loads((await admin.request(f"$JS.API.STREAM.UPDATE.{stream_to(reader)}", changed)).data)
        assert "error" not in answer
    await admin.close()


async def repeat(node: Node) -> None:
    """The duties of a node that speak of what it refused and fetch what it lacks."""
    while True:
        await node.duties.answer_refused()
        await node.duties.fill_gaps()
        node.relay.wake()
        await asyncio.sleep(0.1)
