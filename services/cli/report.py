"""`rajut report`: give a report to this agency's running node."""

from pathlib import Path
from typing import Annotated

import httpx2
import typer

from contracts.report import MAX_BYTES
from services.cli.arguments import HomeOption, tell
from services.cli.files import read
from services.node.settings import Home


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
    report = read(file, MAX_BYTES)
    tell(httpx2.post(f"http://{where.host}:{where.port}/reports", content=report, headers=headers))
