"""Writes the home directories of agencies that know each other: settings, keys, certificates, secrets.

In production every agency does its part alone and hands over what is public: its certificates, its
public NKeys. Here one program plays all of them, so it first makes every agency's secrets, then
exchanges the public parts, and only then writes.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.dev.pki import Authority, Credential, UserKey, new_user_key
from deploy.dev.ports import free_port
from deploy.dev.unprivileged import make_walkable
from deploy.nats.render import ServerPlan, render
from services.node import keys
from services.node.streams import SERVICES, disk_needed, expected_streams

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
SYSTEMS = ("hotline", "registry")  # what an agency has beside its node

_DOMAIN = "rajut.example"
_USERS = ("admin", "link", "api", *(f"systems.{name}" for name in SYSTEMS), *SERVICES)
# JetStream's limit covers the streams and what it keeps beside them.
_DISK_MARGIN = 1 << 28


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """The TCP ports of one agency on this machine."""

    http: int
    ops: int
    postgres: int
    nats: int
    monitor: int

    @classmethod
    def free(cls) -> "Ports":
        """Ports to which nobody listens now."""
        http, ops = free_port(), free_port()
        return cls(http=http, ops=ops, postgres=free_port(), nats=free_port(), monitor=free_port())

    @classmethod
    def of(cls, home: Path) -> "Ports":
        """The ports for which `home` was written."""
        return cls(**json.loads((home / "ports.json").read_text()))


class Agency:
    """One agency while its home is being made: its secrets, and what it shows to others."""

    def __init__(self, name: str, home: Path, ports: Ports, partners: tuple[str, ...]) -> None:
        self.name = name
        self.home = home
        self.ports = ports
        self.hostname = f"nats.{name}.example"
        self.authority = Authority(name)
        self.server: Credential = self.authority.server(self.hostname)
        self.node: Credential = self.authority.client(f"node.{name}.example")
        self.systems: Credential = self.authority.client(f"systems.{name}.example")
        self.users: Mapping[str, UserKey] = {user: new_user_key() for user in _USERS}
        # The key that we use at a partner is ours: the partner learns its public half only.
        self.at_partner: Mapping[str, UserKey] = {partner: new_user_key() for partner in partners}


def write_homes(root: Path, agencies: tuple[str, ...] = AGENCIES, *, mail_port: int = 2525) -> dict[str, Path]:
    """Write a home below `root` for every agency, all partners of each other; agency -> home.

    The homes lack what others decide on: passwords of the database (`write_database_secrets`) and the
    directory of agencies.

    Raises:
        FileExistsError: a home is there already; nothing is overwritten.
    """
    made = {
        name: Agency(name, root / name, Ports.free(), tuple(other for other in agencies if other != name))
        for name in agencies
    }
    for agency in made.values():
        _write_home(agency, [made[partner] for partner in agency.at_partner], mail_port)
    return {name: agency.home for name, agency in made.items()}


def write_database_secrets(home: Path, passwords: Mapping[str, str]) -> None:
    """Keep the password of each database role in `secrets/pg-<role>`."""
    for role, password in passwords.items():
        _write(home / "secrets" / f"pg-{role}", password, secret=True)


def _write_home(agency: Agency, partners: list[Agency], mail_port: int) -> None:
    if agency.home.exists():
        raise FileExistsError(agency.home)
    make_walkable(agency.home)  # PostgreSQL's data will lie in it
    keys.generate(agency.home, agency.name)
    _write(agency.home / "ports.json", json.dumps(asdict(agency.ports)))
    _write(agency.home / "node.toml", _node_toml(agency, partners, mail_port))
    _write_certificates(agency, partners)
    _write_seeds(agency)
    _write(agency.home / "nats" / "server.conf", render(_server_plan(agency, partners)))


def _write_certificates(agency: Agency, partners: list[Agency]) -> None:
    folder = agency.home / "nats"
    trusted = [agency, *partners]
    _write(folder / "ca.pem", agency.authority.certificate)
    _write(folder / "clients-ca.pem", b"".join(one.authority.certificate for one in trusted))
    for partner in partners:
        _write(folder / f"{partner.name}.ca.pem", partner.authority.certificate)
    for name, credential in (("server", agency.server), ("node", agency.node), ("systems", agency.systems)):
        _write(folder / f"{name}.pem", credential.certificate)
        _write(folder / f"{name}.key", credential.key, secret=True)


def _write_seeds(agency: Agency) -> None:
    for name, key in {**agency.users, **agency.at_partner}.items():
        _write(agency.home / "nats" / f"{name}.seed", key.seed, secret=True)


def _server_plan(agency: Agency, partners: list[Agency]) -> ServerPlan:
    folder = agency.home.resolve() / "nats"
    streams = expected_streams(agency.at_partner)
    return ServerPlan(
        agency=agency.name,
        listen=f"127.0.0.1:{agency.ports.nats}",
        monitor=f"127.0.0.1:{agency.ports.monitor}",
        folder=folder,
        store=folder / "jetstream",
        max_file=str(disk_needed(streams) + _DISK_MARGIN),
        pins=(agency.systems.pin, *(one.node.pin for one in (agency, *partners))),
        admin=agency.users["admin"].public,
        link=agency.users["link"].public,
        api=agency.users["api"].public,
        systems={name: agency.users[f"systems.{name}"].public for name in SYSTEMS},
        partners={partner.name: partner.at_partner[agency.name].public for partner in partners},
        services={service: agency.users[service].public for service in SERVICES},
    )


def _node_toml(agency: Agency, partners: list[Agency], mail_port: int) -> str:
    ports = agency.ports
    return f"""\
agency = "{agency.name}"
log = "{_DOMAIN}/{agency.name}/1"

[http]
host = "127.0.0.1"
port = {ports.http}

[ops]
port = {ports.ops}

[database]
host = "127.0.0.1"
port = {ports.postgres}
name = "rajut"

[nats]
url = "tls://127.0.0.1:{ports.nats}"
hostname = "{agency.hostname}"
ca = "nats/ca.pem"
certificate = "nats/node.pem"
key = "nats/node.key"

[web]
origin = "http://127.0.0.1:{ports.http}"
login = "demo"

[mail]
host = "127.0.0.1"
port = {mail_port}
sender = "rajut@{agency.name}.example"
""" + "".join(map(_partner_toml, partners))


def _partner_toml(partner: Agency) -> str:
    return f"""
[[partners]]
agency = "{partner.name}"
url = "tls://127.0.0.1:{partner.ports.nats}"
hostname = "{partner.hostname}"
ca = "nats/{partner.name}.ca.pem"
seed = "nats/{partner.name}.seed"
"""


def _write(path: Path, content: str | bytes, *, secret: bool = False) -> None:
    """A new file; a secret is never readable by others, not even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret else 0o755)
    data = content.encode() if isinstance(content, str) else content
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600 if secret else 0o644), "wb") as file:
        file.write(data)
