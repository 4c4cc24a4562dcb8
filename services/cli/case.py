"""`rajut case`: look at cases as this node may read them."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.events.access import Purpose, View
from services.cli.access import PurposeOption, noted
from services.cli.arguments import HomeOption, JsonOption, group
from services.node.access import Shown
from services.node.cases import CaseView, Gap, Line, view
from services.node.node import Node
from services.node.sql import Connection

app = group("Look at cases.")


@app.command("show")
def case_show(
    case_id: Annotated[str, typer.Argument(metavar="ID")],
    home: HomeOption = Path(),
    as_json: JsonOption = False,
    purpose: PurposeOption = Purpose.TECHNICAL,
) -> None:
    """A case's state and timeline, as this node may read it."""

    async def read(built: Node, connection: Connection) -> tuple[CaseView, Shown]:
        seen = await view(connection, built.log, case_id)
        return seen, Shown(View.CASE, [case_id], len(seen.timeline))

    shown = noted(home, purpose, read)
    typer.echo(shown.model_dump_json(indent=2) if as_json else describe(shown))


def describe(shown: CaseView) -> str:
    """A case for people: state first, then one block per event."""
    state = [f"  {slot}: {standing.in_force}" for slot, standing in shown.state.items() if slot != "consent"]
    conflicts = [f"  CONFLICT: {slot}" for slot in shown.conflicts]
    gaps = [_describe_gap(gap) for gap in shown.gaps]
    rules = f"rules: mechanism {shown.rules}" + ("" if shown.rules_known else ", UNKNOWN HERE: nothing is judged")
    head = [f"case {shown.case}", f"digest {shown.digest}", rules, *state, *conflicts, *gaps]
    return "\n".join((*head, *(line for event in shown.timeline for line in _describe_line(event))))


def _describe_gap(gap: Gap) -> str:
    what = f"  {'gap' if gap.closed else 'GAP'}: {gap.title['id']} / {gap.title['en']}"
    where = f"{gap.log} {gap.first}" + (f"-{gap.last}" if gap.last > gap.first else "")
    return f"{what}: {where}, from {gap.opened} " + (f"until {gap.closed}" if gap.closed else "until now")


def _describe_line(line: Line) -> tuple[str, str]:
    verdict = line.signature + ("" if line.supported else ", not borne out by what its author knew")
    said = f"{line.claimed}  {line.agency:<17} {line.role:<20} {line.title['id']}"
    dated = f"between {line.after or '?'} and {line.before or '?'}"
    held = ", ".join(line.witnesses) or "nobody else yet"
    erased = f"; erased by order {line.erased_by}" if line.erased_by else ""
    return said, f"    {dated}; signature {verdict}; held by {held}{erased}"
