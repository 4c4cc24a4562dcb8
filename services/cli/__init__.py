"""The `rajut` command: parse, call, print. Errors say what to do next; `--json` is for programs."""

import sys

import asyncpg
import httpx2

from contracts.codes import advice
from contracts.errors import Rejected
from services.cli import case, fsck, node, parked, report
from services.cli.arguments import group
from services.node import telemetry
from services.node.settings import BadSettings

app = group("Rajut: one protection workflow of several agencies.")
app.add_typer(node.app, name="node")
app.add_typer(case.app, name="case")
app.add_typer(parked.app, name="parked")
app.command("report")(report.report)
app.command("fsck")(fsck.fsck)


def main() -> None:
    """Entry point: what an operator can mend is told in one line, with what to do."""
    try:
        app()
    except Exception as error:
        told = explain(error)
        if told is None:
            raise
        sys.exit(f"rajut: {told}")


def explain(error: BaseException) -> str | None:
    """What happened and what to do, in one line; None for what no operator can mend."""
    match error:
        case BaseExceptionGroup():
            return explain(error.exceptions[0])
        case BadSettings():
            return str(error)
        case Rejected():
            return f"{error}: {advice(error.code, 'en')}"
        case httpx2.TransportError():
            return "the node does not answer: is it running, and is --home right?"
        case OSError() | asyncpg.PostgresError():
            return f"{telemetry.reason(error)}: is the node's database running, and is --home right?"
        case _:
            return None
