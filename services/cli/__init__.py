"""The `rajut` command: parse, call, print. Errors say what to do next; `--json` is for programs."""

import sys
from pathlib import Path
from traceback import extract_tb

import asyncpg
import httpx2
import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from contracts.codes import advice
from contracts.errors import Code, Rejected
from services.cli import access, audit, case, erase, fsck, keys, mechanism, node, parked, report
from services.cli.arguments import group
from services.node.database import AWAY
from services.node.settings import BadSettings
from services.node.telemetry import reason

app = group("Rajut: one protection workflow of several agencies.")
app.add_typer(node.app, name="node")
app.add_typer(case.app, name="case")
app.add_typer(audit.app, name="audit")
app.add_typer(parked.app, name="parked")
app.add_typer(erase.app, name="erase")
app.add_typer(keys.app, name="keys")
app.add_typer(mechanism.app, name="mechanism")
app.command("report")(report.report)
app.command("fsck")(fsck.fsck)
app.command("access")(access.access)


def main() -> None:
    """Entry point: whatever goes wrong is told in one line, with its code and what to do."""
    try:
        sys.exit(app(standalone_mode=False))
    except Exception as error:  # noqa: BLE001  a traceback helps no operator, and quotes what it met
        sys.stderr.write(f"rajut: {' '.join(explain(error).split())}\n")
        sys.exit(getattr(error, "exit_code", 1))


def explain(error: BaseException) -> str:
    """Code, what happened and what to do. May name what the command was given, never what it read."""
    match error:
        case BaseExceptionGroup():
            return explain(error.exceptions[0])
        case Rejected():
            return f"{error}: {advice(error.code, 'en')}"
        case TyperException() | typer.Abort() | UnicodeError() | httpx2.InvalidURL() | httpx2.LocalProtocolError():
            code, told = Code.SCHEMA, _misuse(error)
        case BadSettings():
            code, told = Code.SETTINGS, str(error)
        case ValidationError():
            code, told = Code.SETTINGS, f"{_place(error)}: not of the form that it must have"
        case OSError(filename=str() as name):
            code, told = Code.SETTINGS, f"{name}: {error.strerror}"
        case httpx2.TransportError():
            code, told = Code.UNAVAILABLE, "the node does not answer: is it running, and is --home right?"
        case _ if isinstance(error, (*AWAY, asyncpg.PostgresError)):
            code, told = Code.UNAVAILABLE, f"{reason(error)}: is the node's database running, and is --home right?"
        case _:
            code, told = Code.UNEXPECTED, f"{reason(error)} in {_origin(error)}: {advice(Code.UNEXPECTED, 'en')}"
    return f"{code}: {told}"


def _misuse(error: Exception) -> str:
    match error:
        case TyperException():
            return f"{error.format_message() or 'what to do?'} (see rajut --help)"
        case typer.Abort():
            return "not confirmed; nothing was done"
        case _:
            return "something has characters that cannot be used there"


def _place(error: ValidationError) -> str:
    return ".".join(map(str, error.errors()[0]["loc"]))


def _origin(error: BaseException) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name} {frame.lineno}"
