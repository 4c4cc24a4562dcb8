"""`rajut report`: give a report to this agency's running node."""

from pathlib import Path
from typing import Annotated

import httpx2
import typer

from contracts.errors import Code, Rejected
from contracts.report import MAX_BYTES, file_key
from services.cli.arguments import HomeOption, tell
from services.cli.files import read
from services.node.settings import Home

PATIENCE_S = 60.0  # as long as the node takes a body: a report that comes late is better than one that nobody knows of
CUT_OFF = (httpx2.ReadTimeout, httpx2.WriteTimeout, httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)


def report(
    file: Annotated[Path, typer.Argument(help="A report as JSON.", exists=True, dir_okay=False)],
    token: Annotated[str, typer.Option(envvar="RAJUT_TOKEN", help="The officer's token.", show_default=False)],
    home: HomeOption = Path(),
    key: Annotated[
        str, typer.Option(help="Idempotency key; sending again with it changes nothing. The file's content if none.")
    ] = "",
) -> None:
    """Give a report to this agency's running node; print the case that it opened."""
    where = Home(home).settings.http
    report = read(file, MAX_BYTES)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": key or file_key(report)}
    tell(_sent(f"http://{where.host}:{where.port}/reports", report, headers))


def _sent(url: str, report: bytes, headers: dict[str, str]) -> httpx2.Response:
    """The node's answer; Rejected(UNAVAILABLE) if the line was there and none came: nobody knows what became of it."""
    try:
        return httpx2.post(url, content=report, headers=headers, timeout=PATIENCE_S)
    except CUT_OFF:
        told = "no answer came, and the node may have taken the report; to send the same file again is safe"
        raise Rejected(Code.UNAVAILABLE, told) from None
