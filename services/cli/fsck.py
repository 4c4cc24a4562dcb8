"""`rajut fsck`: verify a node's whole store again."""

import json
import sys
from pathlib import Path

import typer

from services.cli.arguments import HomeOption, JsonOption, owner, with_node
from services.node.fsck import Fsck, Report
from services.node.node import Node


def fsck(home: HomeOption = Path(), as_json: JsonOption = False) -> None:
    """Verify every record, chain, root, content, grant and read model of this node again."""
    found = with_node(home, lambda built: verify(home, built))
    if as_json:
        typer.echo(json.dumps({**found._asdict(), "findings": [finding._asdict() for finding in found.findings]}))
    else:
        for finding in found.findings:
            typer.echo(f"{finding.place}: {finding.what}")
        typer.echo(f"{found.records} records, {found.contents} contents, {len(found.findings)} findings")
    raise typer.Exit(1 if found.findings else 0)


async def verify(home: Path, built: Node) -> Report:
    """Run fsck over one consistent snapshot of the node's database."""
    connection = await owner(home)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await Fsck(connection, built.log, built.keyring, _progress).run(built.plugs)
    finally:
        await connection.close()


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{records} records")
