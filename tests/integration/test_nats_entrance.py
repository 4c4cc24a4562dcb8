"""Who gets in at all: a pinned certificate and a known key, both."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.errors import Error

from deploy.dev.binaries import find_binary
from deploy.dev.nats_server import NatsServer
from deploy.dev.pki import Authority, new_user_key
from deploy.dev.process import Process
from deploy.nats.client import connect, connect_to_partner

# nats-py leaves the socket of a refused connection to the garbage collector, which says so whenever it comes by.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test leaves is collected before the next one, to which it would be an error."""
    yield
    gc.collect()


@pytest.fixture
def visitor(nats: NatsServer, homes: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of a partner's home that a test may spoil."""
    assert nats.process.pid
    return Path(shutil.copytree(homes["komnas-ham"], tmp_path / "komnas-ham"))


async def test_a_partner_gets_in(visitor: Path) -> None:
    """The genuine key and certificate open the door: what the other tests spoil is what closes it."""
    client = await connect_to_partner(visitor, "lpsk")
    assert client.is_connected
    await client.close()


async def test_an_unknown_key_stays_outside(visitor: Path) -> None:
    """A pinned certificate without a known NKey is not enough."""
    (visitor / "nats" / "lpsk.seed").write_text(new_user_key().seed)
    with pytest.raises(Error):
        await connect_to_partner(visitor, "lpsk")


async def test_a_key_that_the_partner_uses_elsewhere_stays_outside(visitor: Path) -> None:
    """A partner has another key at each agency: none opens two doors."""
    shutil.copy(visitor / "nats" / "komnas-perempuan.seed", visitor / "nats" / "lpsk.seed")
    with pytest.raises(Error):
        await connect_to_partner(visitor, "lpsk")


async def test_a_certificate_of_a_strange_authority_stays_outside(visitor: Path) -> None:
    """A known NKey without a certificate of the agencies is not enough, whatever name the certificate bears."""
    forged = Authority("komnas-ham").client("node.komnas-ham.example")
    (visitor / "nats" / "node.pem").write_bytes(forged.certificate)
    (visitor / "nats" / "node.key").write_bytes(forged.key)
    with pytest.raises((Error, OSError)):
        await connect_to_partner(visitor, "lpsk")


async def test_a_server_with_a_foreign_certificate_is_not_believed(visitor: Path) -> None:
    """A node hangs up on a server that its partner's authority did not certify."""
    shutil.copy(visitor / "nats" / "ca.pem", visitor / "nats" / "lpsk.ca.pem")
    with pytest.raises((Error, OSError)):
        await connect_to_partner(visitor, "lpsk")


@pytest.mark.parametrize("pinned", [True, False])
async def test_a_certificate_must_be_pinned(homes: dict[str, Path], tmp_path: Path, *, pinned: bool) -> None:
    """A certificate of a trusted authority that is not on the list is refused, one on the list is not."""
    home = homes["komnas-perempuan"]
    text = (home / "nats" / "server.conf").read_text()
    pins = text[text.index("pinned_certs") : text.index("]\n", text.index("pinned_certs"))]
    nobody = f'pinned_certs: ["{"0" * 64}"'
    config = tmp_path / "server.conf"
    config.write_text(text if pinned else text.replace(pins, nobody))
    server = _server_from(config, home)
    server.start()
    try:
        server.wait_until(lambda: "Server is ready" in server.log.read_text())
        if pinned:
            await (await connect(home, "admin")).close()
        else:
            with pytest.raises((Error, OSError)):
                await connect(home, "admin")
    finally:
        server.stop()
        shutil.rmtree(home / "nats" / "jetstream", ignore_errors=True)


def _server_from(config: Path, home: Path) -> Process:
    return Process(
        f"nats-server:{home.name}",
        [find_binary("nats-server"), "-c", config],
        config.with_suffix(".log"),
    )
