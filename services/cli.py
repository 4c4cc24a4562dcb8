"""The `rajut` command: parse, call, print. Errors say what to do next; `--json` is for programs."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import httpx2
import typer
import uvloop

from contracts.codes import advice
from contracts.encoding import unb64
from contracts.errors import Code, Rejected
from contracts.record import EventId
from services import wiring
from services.node import database, telemetry
from services.node.bus import Inbox
from services.node.cases import CaseView, Line, view
from services.node.fsck import Fsck, Report
from services.node.node import Node, run
from services.node.settings import BadSettings, Home
from services.node.sql import Connection

Result = TypeVar("Result")
STOP_WITHIN_S = 5

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Rajut: one protection workflow of several agencies.",
)
node = typer.Typer(no_args_is_help=True, help="Run this agency's node.")
case = typer.Typer(no_args_is_help=True, help="Look at cases.")
parked = typer.Typer(no_args_is_help=True, help="Events that a service could not handle.")
app.add_typer(node, name="node")
app.add_typer(case, name="case")
app.add_typer(parked, name="parked")

HomeArgument = Annotated[Path, typer.Argument(help="The node's home directory, with its node.toml.")]
HomeOption = Annotated[Path, typer.Option("--home", envvar="RAJUT_HOME", help="The node's home directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]  # the flag of every command that prints
Service = Annotated[str, typer.Argument(help="intake, triage, protection or notify")]
EventName = Annotated[str, typer.Argument(help="The event's id, as `parked list` shows it.")]


@node.command("run")
def node_run(home: HomeArgument) -> None:
    """Serve until interrupted."""
    uvloop.run(_serve(home))


@node.command("migrate")
def node_migrate(home: HomeArgument) -> None:
    """Bring the node's database to this version's schema."""
    for step in asyncio.run(migrate(home)):
        typer.echo(f"{step.part} {step.name}")


@app.command("report")
def report(
    file: Annotated[Path, typer.Argument(help="A report as JSON.", exists=True, dir_okay=False)],
    token: Annotated[str, typer.Option(envvar="RAJUT_TOKEN", help="The officer's token.", show_default=False)],
    home: HomeOption = Path(),
    key: Annotated[str, typer.Option(help="Idempotency key; sending again with it changes nothing.")] = "",
) -> None:
    """Give a report to this agency's running node; print the case that it opened."""
    where = Home(home).settings.http
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": key} if key else {}
    answer = httpx2.post(f"http://{where.host}:{where.port}/reports", content=file.read_bytes(), headers=headers)
    typer.echo(answer.text)
    raise typer.Exit(0 if answer.is_success else 1)


@case.command("show")
def case_show(
    case_id: Annotated[str, typer.Argument(metavar="ID")], home: HomeOption = Path(), as_json: JsonOption = False
) -> None:
    """A case's state and timeline, as this node may read it."""

    async def look(built: Node) -> CaseView:
        async with built.pools["node"].acquire() as connection:
            return await view(connection, built.log, case_id)

    shown = _with_node(home, look)
    typer.echo(shown.model_dump_json(indent=2) if as_json else describe(shown))


@app.command("fsck")
def fsck(home: HomeOption = Path(), as_json: JsonOption = False) -> None:
    """Verify every record, chain, root, content, grant and read model of this node again."""
    found = _with_node(home, lambda built: verify(home, built))
    if as_json:
        typer.echo(json.dumps({**found._asdict(), "findings": [finding._asdict() for finding in found.findings]}))
    else:
        for finding in found.findings:
            typer.echo(f"{finding.place}: {finding.what}")
        typer.echo(f"{found.records} records, {found.contents} contents, {len(found.findings)} findings")
    raise typer.Exit(1 if found.findings else 0)


@parked.command("list")
def parked_list(home: HomeOption = Path(), as_json: JsonOption = False) -> None:
    """What waits for a person, by service."""

    async def look(built: Node) -> dict[str, list[dict[str, object]]]:
        return {name: [one._asdict() for one in await inbox.parked()] for name, inbox in built.inboxes.items()}

    found = _with_node(home, look)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for service, events in found.items():
        for event in events:
            typer.echo(f"{service} {event['id']} {event['type']} {event['reason']} after {event['attempts']} tries")


@parked.command("show")
def parked_show(service: Service, event: EventName, home: HomeOption = Path()) -> None:
    """Where a parked event stands: log, place, type, author. Its body stays sealed."""

    async def look(built: Node) -> str:
        async with built.pools["node"].acquire() as connection:
            found = await built.log.event(connection, EventId(unb64(event)))
        return json.dumps(
            {"log": found.log, "seq": found.seq, "type": found.content.type, "role": found.content.actor.role}
        )

    _ = service
    typer.echo(_with_node(home, look))


@parked.command("replay")
def parked_replay(service: Service, event: EventName, home: HomeOption = Path()) -> None:
    """Handle a parked event again, now."""
    _with_node(home, lambda built: inbox_of(built, service).replay(EventId(unb64(event))))


@parked.command("discard")
def parked_discard(service: Service, event: EventName, home: HomeOption = Path()) -> None:
    """Decide that a parked event needs no handling."""
    _with_node(home, lambda built: inbox_of(built, service).discard(EventId(unb64(event))))


def inbox_of(built: Node, service: str) -> Inbox:
    """The inbox of a service; Rejected(NOT_FOUND) if this node has no such service."""
    if service not in built.inboxes:
        raise Rejected(Code.NOT_FOUND, "service")
    return built.inboxes[service]


async def migrate(home: Path) -> list[database.Migration]:
    """Apply what is missing, as the database's owner."""
    connection = await _owner(home)
    try:
        return await database.migrate(connection, wiring.migrations())
    finally:
        await connection.close()


async def verify(home: Path, built: Node) -> Report:
    """Run fsck over one consistent snapshot of the node's database."""
    connection = await _owner(home)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await Fsck(connection, built.log, built.keyring, _progress).run(built.plugs)
    finally:
        await connection.close()


def describe(shown: CaseView) -> str:
    """A case for people: state first, then one block per event."""
    state = [f"  {slot}: {standing.in_force}" for slot, standing in shown.state.items() if slot != "consent"]
    conflicts = [f"  CONFLICT: {slot}" for slot in shown.conflicts]
    head = [f"case {shown.case}", f"digest {shown.digest}", *state, *conflicts]
    return "\n".join((*head, *(line for event in shown.timeline for line in _describe_line(event))))


def _describe_line(line: Line) -> tuple[str, str]:
    verdict = line.signature + ("" if line.supported else ", not borne out by what its author knew")
    said = f"{line.claimed}  {line.agency:<17} {line.role:<20} {line.title['id']}"
    dated = f"between {line.after or '?'} and {line.before or '?'}"
    held = ", ".join(line.witnesses) or "nobody else yet"
    return said, f"    {dated}; signature {verdict}; held by {held}"


def _with_node(home: Path, use: Callable[[Node], Awaitable[Result]]) -> Result:
    async def work() -> Result:
        async with wiring.node(home) as built:
            return await use(built)

    return _run(work())


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    telemetry.setup("cli", "")
    return asyncio.run(work)


async def _owner(home: Path) -> Connection:
    settings = Home(home)
    where = settings.settings.database
    password = settings.secret("secrets/pg-rajut_owner")
    return await asyncpg.connect(
        host=where.host, port=where.port, database=where.name, user="rajut_owner", password=password
    )


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


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{records} records")


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


if __name__ == "__main__":
    main()
