"""`rajut erase`: have the content of a case destroyed. One officer asks, another one in another role confirms."""

from pathlib import Path
from typing import Annotated

import httpx2
import typer

from contracts.case import fold
from contracts.events.access import Purpose, View
from contracts.events.node import Basis
from services.cli.access import PurposeOption, noted
from services.cli.arguments import NAMES_EVENT, HomeOption, JsonOption, group, tell
from services.node.access import Shown
from services.node.erasing import Erasures, OrderView, Scope, view
from services.node.node import Node
from services.node.settings import Home
from services.node.sql import Connection

CaseName = Annotated[str, typer.Argument(metavar="CASE")]
Token = Annotated[str, typer.Option(envvar="RAJUT_TOKEN", help="The officer's token.", show_default=False)]
app = group("Have the content of a case destroyed.")


@app.command("ask")
def erase_ask(
    case_id: CaseName,
    basis: Annotated[Basis, typer.Option(case_sensitive=False, help="Why the law lets or makes us do it.")],
    token: Token,
    scope: Annotated[
        Scope, typer.Option(case_sensitive=False, help="All of the case, or who the person is and what happened.")
    ] = Scope.CASE,
    home: HomeOption = Path(),
) -> None:
    """Ask for it; nothing happens until somebody else confirms. Prints the id of the request."""
    _post(home, f"/cases/{case_id}/erasure", token, {"scope": scope.value, "basis": basis.value})


@app.command("confirm", context_settings=NAMES_EVENT)
def erase_confirm(
    case_id: CaseName,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id, as `erase show` shows it.")],
    token: Token,
    home: HomeOption = Path(),
) -> None:
    """Confirm what somebody else asked for. It cannot be undone."""
    _post(home, f"/cases/{case_id}/erasure/{request}/confirm", token, {})


@app.command("show")
def erase_show(
    case_id: CaseName,
    home: HomeOption = Path(),
    as_json: JsonOption = False,
    purpose: PurposeOption = Purpose.LEGAL,
) -> None:
    """Every request in a case, how firmly it stands, and which agencies have carried it out."""

    async def read(built: Node, connection: Connection) -> tuple[Erasures, Shown]:
        case = fold((await built.log.load(connection, case_id)).events, built.log.rules)
        seen = await view(connection, built.log, case, case_id)
        return seen, Shown(View.ERASURE, [case_id], len(seen.orders))

    shown = noted(home, purpose, read)
    typer.echo(shown.model_dump_json(indent=2) if as_json else "\n".join(map(_describe, shown.orders)))


def _describe(order: OrderView) -> str:
    head = f"{order.asked}  {order.events} events, {order.title['id']} / {order.title['en']}"
    asked = f"    asked {order.asked_at} by {order.agency} {order.asked_by[0]} {order.asked_by[1]}"
    if not order.confirmed_by:
        return f"{head}\n{asked}\n    not confirmed: nothing happens yet"
    confirmed = f"    confirmed {order.confirmed_at} by {order.confirmed_by[0]} {order.confirmed_by[1]}, {order.level}"
    done = f"    carried out by {', '.join(order.executed) or 'nobody yet'}; open: {', '.join(order.open) or 'none'}"
    return f"{head}\n{asked}\n{confirmed}\n{done}"


def _post(home: Path, path: str, token: str, body: dict[str, str]) -> None:
    where = Home(home).settings.http
    headers = {"Authorization": f"Bearer {token}"}
    tell(httpx2.post(f"http://{where.host}:{where.port}{path}", json=body, headers=headers))
