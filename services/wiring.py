"""The composition root: which services a node has, and whose migrations its database needs."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from services.intake import app as intake
from services.node import database
from services.node.node import Node, Wire, opened
from services.notify import app as notify
from services.protection import app as protection
from services.triage import app as triage

WIRES: Mapping[str, Wire] = {
    "intake": intake.plug,
    "triage": triage.plug,
    "protection": protection.plug,
    "notify": notify.plug,
}
_HERE = Path(__file__).parent


def migrations() -> list[database.Migration]:
    """All steps: the node's first, since the services' tables stand beside its log."""
    folders = {"node": database.NODE_MIGRATIONS} | {name: _HERE / name / "migrations" for name in WIRES}
    return database.migrations(folders)


def node(home: Path) -> AbstractAsyncContextManager[Node]:
    """The complete node of a home directory."""
    return opened(home, WIRES, migrations())
