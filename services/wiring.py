"""The composition root: which services a node has, and whose migrations its database needs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from services.intake import app as intake
from services.node import database, node as nodes, part as parts
from services.node.node import Node, Wire, opened
from services.node.running import Shift
from services.node.settings import Part
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


def node(home: Path, *, beside: bool = False) -> AbstractAsyncContextManager[Node]:
    """The complete node of a home directory; `beside` one that runs, if it is to write."""
    return opened(home, WIRES, migrations(), beside=beside)


@asynccontextmanager
async def shift(home: Path, part: Part | None) -> AsyncIterator[Shift]:
    """What a process has to do that is a whole node, or one part of it: the node's own, or one service."""
    if part is None or part == "node":
        async with opened(home, {} if part else WIRES, migrations()) as built:
            yield nodes.shift(built, part)
    else:
        async with parts.service(home, part, WIRES[part], migrations()) as alone:
            yield parts.shift(alone)
