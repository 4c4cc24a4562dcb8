"""Connects to an agency's own NATS server, or to a partner's, with what its home directory holds."""

import ssl
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client

OnError = Callable[[Exception], Awaitable[None]]

_CONNECT_TIMEOUT_S = 3


def node_settings(home: Path) -> Mapping[str, Any]:
    """The agency's `node.toml`."""
    return tomllib.loads((home / "node.toml").read_text())


async def connect(home: Path, user: str, *, on_error: OnError | None = None) -> Client:
    """A connection to the agency's own server as `user`, whose seed is in `nats/<user>.seed`.

    It does not reconnect. `on_error` hears of violations that the server reports without being asked.

    Raises:
        nats.errors.Error, OSError: the server is not there or refuses.
    """
    settings = node_settings(home)
    return await _dial(home, {**settings["nats"], "seed": f"nats/{user}.seed"}, user, on_error)


async def connect_to_partner(home: Path, partner: str, *, on_error: OnError | None = None) -> Client:
    """A connection to a partner's server, with what `home` holds for it; otherwise as `connect`.

    Raises:
        KeyError: no such partner in `node.toml`.
    """
    settings = node_settings(home)
    partners = {one["agency"]: one for one in settings["partners"]}
    place = {**settings["nats"], **partners[partner]}
    return await _dial(home, place, settings["agency"], on_error)


def client_tls(ca: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Trust only `ca` and present `certificate`; TLS 1.3."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    return context


async def _dial(home: Path, place: Mapping[str, str], user: str, on_error: OnError | None) -> Client:
    tls = client_tls(home / place["ca"], home / place["certificate"], home / place["key"])
    return await nats.connect(
        place["url"],
        nkeys_seed=str(home / place["seed"]),
        tls=tls,
        tls_hostname=place["hostname"],
        tls_handshake_first=True,
        inbox_prefix=f"_INBOX_{user}".encode(),
        connect_timeout=_CONNECT_TIMEOUT_S,
        allow_reconnect=False,
        error_cb=on_error or _ignore,
    )


async def _ignore(error: Exception) -> None:
    """Callers see failures as exceptions of their own calls; the default prints tracebacks."""
