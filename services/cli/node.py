"""`rajut node`: run this agency's node, and prepare its database."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from services import wiring
from services.cli.arguments import HomeArgument, JsonOption, group, with_node
from services.node import database, exporting, telemetry
from services.node.clock import SystemClock
from services.node.node import Node
from services.node.recovery import Recovered, Recovery
from services.node.running import serve
from services.node.settings import Home, Part
from services.node.settled import settled
from services.node.split import split

STOP_WITHIN_S = 5
app = group("Run this agency's node.")


@app.command("run")
def node_run(
    home: HomeArgument,
    part: Annotated[Part | None, typer.Option(help="Run this part alone; without it, all in one process.")] = None,
) -> None:
    """Serve until interrupted."""
    uvloop.run(_serve(home, part))


@app.command("split")
def node_split(
    home: HomeArgument, to: Annotated[Path, typer.Argument(help="The folder that gets a home for each part.")]
) -> None:
    """Write a home for each part, with its own secrets and no other's, to run it by `--part`."""
    for part, names in split(home, to).items():
        typer.echo(f"{part}: {' '.join(names)}")


@app.command("migrate")
def node_migrate(home: HomeArgument) -> None:
    """Bring the node's database to this version's schema."""
    for step in asyncio.run(migrate(home)):
        typer.echo(f"{step.part} {step.name}")


@app.command("recover")
def node_recover(home: HomeArgument, as_json: JsonOption = False) -> None:
    """Fetch the end of this node's own log from its partners, after a backup was restored; the node must not run."""

    async def work(built: Node) -> Recovered:
        await built.duties.follow_logs()  # the database may be a new one
        partners = [built.home.partner_server(partner) for partner in built.home.settings.partners]
        recovery = Recovery(built.pools["node"], built.log, built.keyring, SystemClock())
        return await recovery.run(partners)

    found = with_node(home, work)
    if as_json:
        typer.echo(json.dumps(found._asdict()))
    else:
        typer.echo(f"{found.after - found.before} records came back; {found.lost} of them without their content")
    if found.still_behind:
        sys.exit("rajut: there is more of this log than the partners gave: run it again when the others are reachable")


async def migrate(home: Path) -> list[database.Migration]:
    """Apply what is missing, as the database's owner."""
    connection = await database.owner(Home(home))
    try:
        return await database.migrate(connection, wiring.migrations())
    finally:
        await connection.close()


async def _serve(home: Path, part: Part | None) -> None:
    settings = Home(home).settings
    exporting.setup(settings.agency, settings.traces)
    async with wiring.shift(home, part) as shift:
        serving = asyncio.create_task(serve(shift))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, _stop, serving, loop)
        try:
            with settled():
                await serving
        except asyncio.CancelledError:
            telemetry.log.info("stopped")


def _stop(serving: "asyncio.Task[None]", loop: asyncio.AbstractEventLoop) -> None:
    """End in order, and end anyway if some task does not: nothing is lost by a kill."""
    serving.cancel()
    loop.call_later(STOP_WITHIN_S, os._exit, 1)
