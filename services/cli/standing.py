"""The part of `rajut keys` that looks and changes nothing: where each key stands, and what it has signed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import asyncpg
import typer

from contracts.directory import Chain
from contracts.record import MAX_SEQ
from services.cli.arguments import HomeArgument, JsonOption, with_node
from services.node import custody
from services.node.custody import Standing
from services.node.database import AWAY
from services.node.directories import read_chain
from services.node.settings import BadSettings, Home
from services.node.succession import Succession

if TYPE_CHECKING:
    from services.node.node import Node

Kid = Annotated[str, typer.Argument(metavar="KEY", help="A key's name, such as lpsk.intake.1")]


def used(
    home: HomeArgument, kid: Kid, first: Annotated[int, typer.Option("--from", min=0, help="Begin here.")] = 0
) -> None:
    """Which records of its log a key has signed: place, claimed time, type."""

    async def look(built: "Node") -> list[custody.Use]:
        return await custody.uses(built.pools["node"], built.log.chain, kid, first)

    for use in with_node(home, look):
        typer.echo(f"{use.seq} {use.time} {use.type}")


def list_keys(home: HomeArgument, as_json: JsonOption = False) -> None:
    """Where each key of this agency stands; which one signs, if the database answers, or else which one should."""
    settings, chain = Home(home).settings, held_chain(home)
    named, unaware = _named(home)
    found = custody.standings(chain, settings.agency, settings.log, home / "keys", named)
    if as_json:
        typer.echo(json.dumps([key._asdict() | {"for": unaware if key.state == "waiting" else []} for key in found]))
        return
    for key in found:
        typer.echo(_told(key, unaware))


def _told(key: Standing, unaware: list[str]) -> str:
    places = f"{key.from_seq} to {key.to_seq}" if (key.from_seq, key.to_seq) != (0, MAX_SEQ) else ""
    waits = f"for {', '.join(unaware)}" if key.state == "waiting" and unaware else ""
    told = (key.kid, key.state, waits, "" if key.here else "not here", places, key.expires and f"until {key.expires}")
    return "  ".join(part for part in told if part)


def _named(home: Path) -> tuple[int, list[str]]:
    """The version that our records name, and who has to hear of the one in force; nothing if that cannot be asked."""

    async def look(built: "Node") -> tuple[int, list[str]]:
        succession = Succession(built.pools["node"], built.log)
        await succession.settle()
        return built.log.writes_by, await succession.unaware()

    try:
        return with_node(home, look)
    except (*AWAY, asyncpg.PostgresError, BadSettings):
        return 0, []


def held_chain(home: Path) -> Chain:
    """The versions of the directory in a home; BadSettings if there are none."""
    folder = home / "directory"
    if not (folder / "1.json").exists():
        raise BadSettings("directory/1.json: missing; give this home the directory first: rajut keys adopt")
    return read_chain(folder)
