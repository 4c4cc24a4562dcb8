"""Fills in `node.conf`: the readable text is the template, this is the little that repeats and replaces."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

_BLOCK = re.compile(r"^#: each (\w+)\n(.*?)^#: end\n", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"<(\w+)>")
_TOKEN = re.compile(r"[a-z0-9-]+")
# What cannot stand for itself between double quotes; the server reads these escapes, and \xXX, and refuses others.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPlan:
    """All that one agency's NATS server must know.

    Attributes:
        agency: whose server it is.
        listen: address of the client port, `host:port`.
        monitor: address of the monitoring port; must be loopback.
        folder: holds server.pem, server.key and clients-ca.pem.
        store: JetStream's directory.
        max_file: JetStream's disk limit; at least the sum of the streams' `max_bytes`.
        pins: SPKI SHA-256 of every certificate that may dial in, hex.
        admin, link: public NKeys of the own users.
        api: public NKey of the node where it answers the agency's own systems.
        systems: system of the agency -> public NKey.
        partners: partner agency -> public NKey that it uses here.
        services: service -> public NKey.
    """

    agency: str
    listen: str
    monitor: str
    folder: Path
    store: Path
    max_file: str
    pins: tuple[str, ...]
    admin: str
    link: str
    api: str
    systems: Mapping[str, str]
    partners: Mapping[str, str]
    services: Mapping[str, str]


def render(plan: ServerPlan) -> str:
    """The configuration file's text.

    Raises:
        KeyError: the template asks for a name that the plan does not have.
        ValueError: a partner, a service or a system has a name that is more than one word of a subject.
    """
    groups = {"partner": plan.partners, "service": plan.services, "system": plan.systems}
    text = (files("deploy.nats") / "node.conf").read_text()
    text = _BLOCK.sub(lambda block: _repeat(block[1], block[2], groups[block[1]]), text)
    head, body = text.split("\n\n", 1)  # the opening comment speaks of <names>
    pins = ", ".join(f'"{pin}"' for pin in plan.pins)
    names = ("agency", "listen", "monitor", "folder", "store", "max_file", "admin", "link", "api")
    values = {name: str(getattr(plan, name)).translate(_ESCAPES) for name in names}
    return f"{head}\n\n{_fill(body, {**values, 'pins': pins})}"


def _repeat(noun: str, text: str, keys: Mapping[str, str]) -> str:
    if unfit := [name for name in keys if not _TOKEN.fullmatch(name)]:
        raise ValueError(f"{noun}: {unfit[0]!r} would be no single word in a subject")
    return "".join(_fill(text, {noun: name, "key": key}) for name, key in sorted(keys.items()))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _NAME.sub(lambda name: values[name[1]], text)
