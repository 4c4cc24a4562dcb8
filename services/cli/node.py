"""`rajut node`: run this agency's node, and prepare its database."""

import asyncio
import os
import signal
from pathlib import Path

import typer
import uvloop

from services import wiring
from services.cli.arguments import HomeArgument, group, owner
from services.node import database, telemetry
from services.node.node import run
from services.node.settings import Home

STOP_WITHIN_S = 5
app = group("Run this agency's node.")


@app.command("run")
def node_run(home: HomeArgument) -> None:
    """Serve until interrupted."""
    uvloop.run(_serve(home))


@app.command("migrate")
def node_migrate(home: HomeArgument) -> None:
    """Bring the node's database to this version's schema."""
    for step in asyncio.run(migrate(home)):
        typer.echo(f"{step.part} {step.name}")


async def migrate(home: Path) -> list[database.Migration]:
    """Apply what is missing, as the database's owner."""
    connection = await owner(home)
    try:
        return await database.migrate(connection, wiring.migrations())
    finally:
        await connection.close()


async def _serve(home: Path) -> None:
    settings = Home(home).settings
    telemetry.setup(settings.agency, settings.traces)
    async with wiring.node(home) as built:
        serving = asyncio.create_task(run(built))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, _stop, serving, loop)
        try:
            await serving
        except asyncio.CancelledError:
            telemetry.log.info("stopped")


def _stop(serving: "asyncio.Task[None]", loop: asyncio.AbstractEventLoop) -> None:
    """End in order, and end anyway if some task does not: nothing is lost by a kill."""
    serving.cancel()
    loop.call_later(STOP_WITHIN_S, os._exit, 1)
