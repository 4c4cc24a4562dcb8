"""`rajut access`: who saw a case. And how the commands that show something of a case are noted themselves."""

import os
import pwd
import re
from pathlib import Path
from typing import Annotated

import typer

from contracts.codes import label
from contracts.content import Actor
from contracts.events.access import Door, Purpose, View
from services.cli.arguments import HomeOption, JsonOption, with_node
from services.node.access import Reader, Shown, note
from services.node.clock import SystemClock, instant
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

    async def look(built: Node) -> Sightings:
        async with built.pools["node"].acquire() as connection, connection.transaction():
            found = await who_saw(connection, built.log, case_id)
            await noted(built, connection, purpose, Shown(View.ACCESS, [case_id], len(found.entries)))
            return found

    found = with_node(home, look, beside=True)
    typer.echo(found.model_dump_json(indent=2) if as_json else describe(found))


async def noted(built: Node, connection: Connection, purpose: Purpose, shown: Shown) -> None:
    """Note in the access log what a command is about to print; raises as `services.node.access.note`."""
    time = instant(SystemClock().now_ms())
    await note(built.log, connection, "node", Reader(operator(), Door.CLI, purpose, time), shown)


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
