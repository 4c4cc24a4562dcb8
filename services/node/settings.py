"""A node's settings: one `node.toml` in its home directory, paths relative to it, secrets in files."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.node.broker import Server

Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, Field(min_length=1, max_length=255)]


class BadSettings(Exception):
    """The settings cannot be used; the text names the field, never its value."""


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Http(_Closed):
    """Where the API listens. TLS ends here or at a proxy in front."""

    host: Host
    port: Port


class Database(_Closed):
    """The node's own PostgreSQL; passwords are in `secrets/pg-<role>`."""

    host: Host
    port: Port
    name: str


class Nats(_Closed):
    """The node's own NATS server; user seeds are in `nats/<user>.seed`."""

    url: str
    hostname: Host
    ca: str
    certificate: str
    key: str


class Mail(_Closed):
    """Where notices leave the house."""

    host: Host
    port: Port
    sender: str


class Partner(_Closed):
    """Another agency's NATS server, and our credentials there."""

    agency: str
    url: str
    hostname: Host
    ca: str
    seed: str


class Settings(_Closed):
    """Everything that a node must be told."""

    agency: str
    log: str
    http: Http
    database: Database
    nats: Nats
    mail: Mail
    partners: list[Partner]
    clock_bound_ms: Annotated[int, Field(gt=0)] = 2000  # further off than this, the node is not ready
    heartbeat_s: Annotated[float, Field(gt=0, strict=False)] = 300.0
    acknowledge_s: Annotated[float, Field(gt=0, strict=False)] = 1.0  # after news, say within this time what we hold
    notice_unit_s: Annotated[float, Field(gt=0, strict=False)] = 60.0  # how long a minute of notice limits lasts
    watched: str = "inbox"  # folder that report files are dropped into
    traces: str = ""  # OTLP/HTTP endpoint, or a path ending in .jsonl; empty: none


class Home:
    """A node's home directory: settings and secrets by name."""

    def __init__(self, path: Path) -> None:
        """Read `node.toml`; raise BadSettings naming the first field that is wrong."""
        self.path = path
        try:
            told = Settings.model_validate(tomllib.loads((path / "node.toml").read_text(encoding="utf-8")))
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise BadSettings(f"node.toml: {place}: {error.errors()[0]['type']}") from None
        except (OSError, ValueError):
            raise BadSettings("node.toml: missing or not TOML") from None
        self.settings = told.model_copy(update={"watched": str(path / told.watched)})

    def secret(self, name: str) -> str:
        """The text of a secret file; OSError if it is missing."""
        return (self.path / name).read_text(encoding="ascii").strip()

    def server(self, user: str) -> Server:
        """Our own NATS server, as one of its users."""
        own = self.settings.nats
        seed = self.secret(f"nats/{user}.seed")
        return Server(own.url, own.hostname, user, seed, *(self.path / p for p in (own.ca, own.certificate, own.key)))

    def partner_server(self, partner: Partner) -> Server:
        """A partner's NATS server, as ourselves."""
        own, agency = self.settings.nats, self.settings.agency
        files = (self.path / name for name in (partner.ca, own.certificate, own.key))
        return Server(partner.url, partner.hostname, agency, self.secret(partner.seed), *files)
