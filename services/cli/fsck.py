"""`rajut fsck`: verify a node's whole store again."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import typer

from services.cli.arguments import HomeOption, JsonOption, owner, with_node
from services.node.fsck import Fsck, Report
from services.node.node import Node
from services.node.sql import Connection

OTHERS = 3  # connections beside the first: cases are looked up side by side


def fsck(home: HomeOption = Path(), as_json: JsonOption = False) -> None:
    """Verify every record, chain, root, content, grant and read model of this node again."""
    found = with_node(home, lambda built: verify(home, built))
    if as_json:
        typer.echo(json.dumps({**found._asdict(), "findings": [finding._asdict() for finding in found.findings]}))
    else:
        for finding in found.findings:
            typer.echo(f"{finding.place}: {finding.what}")
        held = f"{found.records} records, {found.contents} contents, {found.erased} erased by order"
        typer.echo(f"{held}, {len(found.findings)} findings")
    raise typer.Exit(1 if found.findings else 0)


async def verify(home: Path, built: Node) -> Report:
    """Run fsck over one consistent snapshot of the node's database."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(_snapshot(home))
        same = f"set transaction snapshot '{await first.fetchval('select pg_export_snapshot()')}'"
        others = [await stack.enter_async_context(_snapshot(home, same)) for _ in range(OTHERS)]
        return await Fsck([first, *others], built.log, _progress).run(built.plugs)


@asynccontextmanager
async def _snapshot(home: Path, begin: str = "") -> AsyncIterator[Connection]:
    """A connection that sees the database as it is now, unless its first statement says otherwise."""
    connection = await owner(home)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if begin:
                await connection.execute(begin)
            yield connection
    finally:
        await connection.close()


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{records} records")
