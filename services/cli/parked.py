"""`rajut parked`: events that a service could not handle."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contracts.encoding import unb64
from contracts.errors import Code, Rejected
from contracts.events.access import Purpose, View
from contracts.record import EventId
from services.cli.access import PurposeOption, noted
from services.cli.arguments import NAMES_EVENT, HomeOption, JsonOption, group, with_node
from services.node.access import SQL, Shown
from services.node.bus import Inbox
from services.node.node import Node
from services.node.sql import Connection

Service = Annotated[str, typer.Argument(help="intake, triage, protection or notify")]
EventName = Annotated[str, typer.Argument(help="The event's id, as `parked list` shows it.")]
app = group("Events that a service could not handle.")


@app.command("list")
def parked_list(
    home: HomeOption = Path(), as_json: JsonOption = False, purpose: PurposeOption = Purpose.TECHNICAL
) -> None:
    """What waits for a person, by service."""

    async def read(built: Node, connection: Connection) -> tuple[dict[str, list[dict[str, object]]], Shown]:
        parked = {name: await inbox.parked() for name, inbox in built.inboxes.items()}
        ids = [EventId(unb64(one.id)) for events in parked.values() for one in events]
        cases = [row["case_id"] for row in await connection.fetch(SQL["cases_of"], ids)]
        told = {name: [one._asdict() for one in events] for name, events in parked.items()}
        return told, Shown(View.PARKED, cases, len(ids))

    found = noted(home, purpose, read)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for service, events in found.items():
        for event in events:
            typer.echo(f"{service} {event['id']} {event['type']} {event['reason']} after {event['attempts']} tries")


@app.command("show", context_settings=NAMES_EVENT)
def parked_show(
    service: Service, event: EventName, home: HomeOption = Path(), purpose: PurposeOption = Purpose.TECHNICAL
) -> None:
    """Where a parked event stands: log, place, type, author. Its body stays sealed."""

    async def read(built: Node, connection: Connection) -> tuple[str, Shown]:
        found = await built.log.event(connection, EventId(unb64(event)))
        cases = [found.content.case] if found.content.case else []
        told = {"log": found.log, "seq": found.seq, "type": found.content.type, "role": found.content.actor.role}
        return json.dumps(told), Shown(View.PARKED, cases, 1)

    _ = service
    typer.echo(noted(home, purpose, read))


@app.command("replay", context_settings=NAMES_EVENT)
def parked_replay(service: Service, event: EventName, home: HomeOption = Path()) -> None:
    """Handle a parked event again, now."""
    with_node(home, lambda built: inbox_of(built, service).replay(EventId(unb64(event))), beside=True)


@app.command("discard", context_settings=NAMES_EVENT)
def parked_discard(service: Service, event: EventName, home: HomeOption = Path()) -> None:
    """Decide that a parked event needs no handling; the access log says who did."""

    async def discard(built: Node, connection: Connection) -> tuple[None, Shown]:
        id_ = EventId(unb64(event))
        cases = [row["case_id"] for row in await connection.fetch(SQL["cases_of"], [id_])]
        await inbox_of(built, service).discard(id_)
        return None, Shown(View.DISCARDED, cases, 1)

    noted(home, Purpose.TECHNICAL, discard)


def inbox_of(built: Node, service: str) -> Inbox:
    """The inbox of a service; Rejected(NOT_FOUND) if this node has no such service."""
    if service not in built.inboxes:
        raise Rejected(Code.NOT_FOUND, "service")
    return built.inboxes[service]
