"""What holds at one agency's server holds at every other: each partner there has its own stream, and nothing else."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path

import pytest

from deploy.dev.home import AGENCIES, Ports
from deploy.dev.nats_server import NatsServer
from deploy.nats.client import connect, connect_to_partner
from services.node.streams import stream_to, subject_to
from tests.integration.forbidden import FORBIDDEN_TO_A_PARTNER, FOREIGN_EARS, OTHER, OWNER, PARTNER_API, READER
from tests.integration.test_nats_permissions import Intruder, pull

ROLES = (OWNER, READER, OTHER)
ELSEWHERE = [one for one in permutations(AGENCIES) if one[:2] != (OWNER, READER)]


@pytest.fixture(scope="module")
def everywhere(homes: dict[str, Path], nats: NatsServer) -> Iterator[dict[str, Path]]:
    """The servers of all three agencies; LPSK's runs for other tests, too."""
    assert nats.process.pid
    with ExitStack() as stack:
        for agency in AGENCIES:
            if agency != OWNER:
                server = NatsServer(homes[agency], Ports.of(homes[agency]).monitor)
                server.start()
                stack.callback(server.process.stop)
                server.provision()
        yield homes


def cast_anew(subject: str, parts: tuple[str, ...]) -> str:
    """The same subject with other agencies in the roles of owner, reader and third."""
    for number, agency in enumerate(ROLES):
        subject = subject.replace(agency, f"<{number}>")
    for number, agency in enumerate(parts):
        subject = subject.replace(f"<{number}>", agency)
    return subject


@pytest.mark.parametrize("parts", ELSEWHERE, ids="-".join)
async def test_every_partner_reads_its_own_stream_and_nothing_else(
    everywhere: dict[str, Path], parts: tuple[str, ...]
) -> None:
    """With each agency's own credentials, at each server: the same subjects are refused, the same ears are deaf."""
    owner, reader, _ = parts
    link = await connect(everywhere[owner], "link")
    await link.jetstream().publish(subject_to(reader), b"hello")
    await link.close()
    inside = Intruder()
    inside.client = await connect_to_partner(everywhere[reader], owner, on_error=inside._note)
    assert (await pull(inside.client, PARTNER_API, stream_to(reader), reader)).data == b"hello"
    assert inside.complaints == []
    forbidden, ears = ({cast_anew(one, parts) for one in many} for many in (FORBIDDEN_TO_A_PARTNER, FOREIGN_EARS))
    assert {one for one in forbidden if not await inside.is_refused(one)} == set()
    assert {one for one in ears if not await inside.is_deaf_to(one)} == set()
    await inside.client.close()
