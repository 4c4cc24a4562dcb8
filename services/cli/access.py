"""`rajut access`: who saw a case. And how the commands that show something of a case are noted themselves."""

import os
import pwd
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from contracts.codes import label
from contracts.content import Actor
from contracts.events.access import Door, Purpose, View
from contracts.hlc import instant
from services.cli.arguments import HomeOption, JsonOption, Result, with_node
from services.node.access import Reader, Shown, note
from services.node.clock import SystemClock
from services.node.node import Node
from services.node.sql import Connection
from services.node.who_saw import Entry, Sightings, who_saw

OPERATOR = "operator"
PurposeOption = Annotated[
    Purpose, typer.Option(case_sensitive=False, help="What it is wanted for: noted in the access log.")
]
_PSEUDONYM = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def access(
    case_id: Annotated[str, typer.Argument(metavar="CASE")],
    home: HomeOption = Path(),
    as_json: JsonOption = False,
    purpose: PurposeOption = Purpose.AUDIT,
) -> None:
    """Who at this agency saw a case, when, through which door and for what."""

    async def read(built: Node, connection: Connection) -> tuple[Sightings, Shown]:
        found = await who_saw(connection, built.log, case_id)
        return found, Shown(View.ACCESS, [case_id], len(found.entries))

    found = noted(home, purpose, read)
    typer.echo(found.model_dump_json(indent=2) if as_json else describe(found))


def noted(home: Path, purpose: Purpose, read: Callable[[Node, Connection], Awaitable[tuple[Result, Shown]]]) -> Result:
    """What a command is about to print: read, and noted in the access log, in one transaction.

    `read` also says what is shown. Raises as `services.node.access.note`: then nothing may be printed.
    """

    async def look(built: Node) -> Result:
        async with built.pools["node"].acquire() as connection, connection.transaction():
            found, shown = await read(built, connection)
            reader = Reader(operator(), Door.CLI, purpose, instant(SystemClock().now_ms()))
            await note(built.log, connection, "node", reader, shown)
            return found

    return with_node(home, look, beside=True)


def operator() -> Actor:
    """Who runs the command, as the operating system knows them: the user's name, or its number if that does not fit."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = ""
    return Actor(OPERATOR, name if _PSEUDONYM.fullmatch(name) else f"uid-{number}")


def describe(found: Sightings) -> str:
    """The entries for people, two lines each, oldest first."""
    head = f"case {found.case}, seen {found.total} times"
    return "\n".join((head, *(line for entry in found.entries for line in _describe_entry(entry))))


def _describe_entry(entry: Entry) -> tuple[str, str]:
    view, purpose = label("access_view", entry.view, "id"), label("access_purpose", entry.purpose, "id")
    said = f"{entry.claimed}  {entry.officer:<20} {entry.role:<20} {entry.door:<6} {view}: {entry.lines}; {purpose}"
    held = ", ".join(entry.witnesses) or "nobody else yet"
    dated = f"between {entry.after or '?'} and {entry.before or '?'}"
    return said, f"    {dated}; signature {entry.signature}; held by {held}"
