"""`rajut fsck`: verify a node's whole store again."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from services.cli.arguments import HomeOption, JsonOption, with_node
from services.node.database import owner
from services.node.fsck import Fsck, Report
from services.node.node import Node
from services.node.settings import Home
from services.node.sql import Connection

MOST_READERS = 4  # one process follows the chains and the cases: more than these would wait for it


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


def readers() -> int:
    """How many processes read the records of a large store beside this one, which does, too: one for each core."""
    return min(len(os.sched_getaffinity(0)) - 1, MOST_READERS)


async def verify(home: Path, built: Node, beside: int | None = None) -> Report:
    """Run fsck over one consistent snapshot of the node's database; `beside` as in `Fsck.run`, else `readers()`."""
    beside = readers() if beside is None else beside
    async with _snapshot(home) as connection:
        return await Fsck(home, connection, built.log, _progress).run(built.plugs, beside=beside)


@asynccontextmanager
async def _snapshot(home: Path) -> AsyncIterator[Connection]:
    """A connection that sees the database as it is now."""
    connection = await owner(Home(home))
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{records} records")
