"""A node's settings: one `node.toml` in its home directory, paths relative to it, secrets in files."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.node.clock import Clock, RehearsalClock, SystemClock
from services.node.server import Server

Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, Field(min_length=1, max_length=255)]
Part = Literal["node", "intake", "triage", "protection", "notify"]
PARTS: tuple[Part, ...] = get_args(Part)
"""What may run as a process of its own."""


class BadSettings(Exception):
    """The settings cannot be used; the text names the field, never its value."""


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Http(_Closed):
    """Where the API is: in this process, or at a proxy in front of the parts. TLS ends here or at a proxy in front."""

    host: Host
    port: Port


class Ops(_Closed):
    """Where health and metrics are asked for, apart from the API: inside the house only."""

    host: Host = "127.0.0.1"
    port: Port


class Doors(_Closed):
    """Where one process listens."""

    http: Http
    ops: Ops


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


class Oidc(_Closed):
    """The agency's login server, and by which of its claims an officer and their role are known."""

    # In clear only on one's own machine: whoever reads along there needs no login.
    issuer: Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)(:|/|$))[^?#]{0,200}$")]
    client: Annotated[str, Field(min_length=1, max_length=255)]
    secret: str = "secrets/oidc"  # noqa: S105  the file that holds it
    scope: str = "openid profile email"
    officer: str = "preferred_username"  # the claim with the pseudonym
    email: str = "email"
    role: Annotated[list[str], Field(min_length=1)] = ["roles"]  # the claim, or the way to it through objects
    roles: Annotated[dict[str, str], Field(min_length=1)]  # what the issuer calls a role -> ours; others do not count


class Web(_Closed):
    """The desk's pages: where browsers reach them, and how staff log in."""

    origin: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,255}$")]
    # "demo": tokens of officers.json typed into a form, for a rehearsal on one machine, and refused elsewhere.
    login: Literal["demo", "oidc"]
    oidc: Oidc | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers reach the desk by HTTPS alone."""
        return self.origin.startswith("https://")

    @model_validator(mode="after")
    def _knows_its_issuer(self) -> Self:
        if (self.login == "oidc") != (self.oidc is not None):
            raise ValueError("oidc")
        return self


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
    ops: Ops
    parts: dict[Part, Doors] = {}  # where each part listens that runs as a process of its own
    database: Database
    nats: Nats
    mail: Mail
    partners: list[Partner]
    web: Web | None = None  # without it the node has its API and no pages
    clock_bound_ms: Annotated[int, Field(gt=0)] = 2000  # further off than this, the node is not ready
    heartbeat_s: Annotated[float, Field(gt=0, strict=False)] = 300.0
    acknowledge_s: Annotated[float, Field(gt=0, strict=False)] = 1.0  # after news, say within this time what we hold
    notice_unit_s: Annotated[float, Field(gt=0, strict=False)] = 60.0  # how long a minute of notice limits lasts
    watched: str = "inbox"  # folder that report files are dropped into
    rehearsal: str = ""  # file that says how many ms the clock is behind; for logs under .example alone
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
        except OSError:
            raise BadSettings("node.toml: not there; name the node's home with --home or RAJUT_HOME") from None
        except ValueError:
            raise BadSettings("node.toml: not TOML") from None
        self.settings = told.model_copy(update={"watched": str(path / told.watched)})

    def clock(self) -> Clock:
        """The clock by which this node lives: the machine's, or in a rehearsal one that is set back.

        BadSettings if a log is to be rehearsed whose name is not under `.example` (RFC 2606): whoever reads a record of
        it sees that it is none of an agency's, so nothing that was played can ever pass for something that happened.
        """
        if not self.settings.rehearsal:
            return SystemClock()
        if not self.settings.log.partition("/")[0].endswith(".example"):
            raise BadSettings("node.toml: rehearsal: only for a log whose name is under .example")
        return RehearsalClock(self.path / self.settings.rehearsal)

    def doors(self, part: Part | None) -> Doors:
        """Where a part listens, or the one process of all; BadSettings if nothing is said of the part."""
        if part is None:
            return Doors(http=self.settings.http, ops=self.settings.ops)
        if part not in self.settings.parts:
            raise BadSettings(f"node.toml: parts.{part}: missing")
        return self.settings.parts[part]

    def secret(self, name: str) -> str:
        """The text of a secret file; BadSettings, naming the file, if it cannot be read."""
        try:
            text = handed(self.path / name).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            raise BadSettings(f"{name}: missing, unreadable or not text") from None
        if not text:
            raise BadSettings(f"{name}: empty")
        return text

    def server(self, user: str) -> Server:
        """Our own NATS server, as one of its users."""
        own = self.settings.nats
        seed = self.secret(f"nats/{user}.seed")
        files = (self.path / own.ca, self.path / own.certificate, handed(self.path / own.key))
        return Server(own.url, own.hostname, user, seed, *files)

    def knows(self, user: str) -> bool:
        """Whether we may speak to our own NATS server as this user."""
        return handed(self.path / "nats" / f"{user}.seed").exists()

    def partner_server(self, partner: Partner) -> Server:
        """A partner's NATS server, as ourselves."""
        own, agency = self.settings.nats, self.settings.agency
        files = (self.path / partner.ca, self.path / own.certificate, handed(self.path / own.key))
        return Server(partner.url, partner.hostname, agency, self.secret(partner.seed), *files)


def handed(secret: Path) -> Path:
    """Where to read a secret file of a home: what systemd hands to this process goes before the file itself.

    `LoadCredential=keys:<home>/keys` makes `keys/intake.seed` readable as `$CREDENTIALS_DIRECTORY/keys_intake.seed`
    (systemd.exec(5)), to this process alone.
    """
    given = Path(os.environ.get("CREDENTIALS_DIRECTORY", secret.parent), f"{secret.parent.name}_{secret.name}")
    return given if given.exists() else secret


def names_handed(folder: Path, pattern: str) -> set[str]:
    """The names of secret files in a folder of a home that match a pattern, with those that systemd hands out."""
    given = Path(os.environ.get("CREDENTIALS_DIRECTORY", folder))
    handed_ones = {path.name.removeprefix(f"{folder.name}_") for path in given.glob(f"{folder.name}_{pattern}")}
    return {path.name for path in folder.glob(pattern)} | handed_ones
