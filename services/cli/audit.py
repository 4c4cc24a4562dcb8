"""`rajut audit`: a case as one file that an outsider can check alone, and the check."""

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contracts.bundle import Line, Verdict, verify_archive
from contracts.bundle.assembly import Export
from contracts.bundle.verdict import Absence, Dated
from contracts.codes import event_title, label
from contracts.content import type_name
from contracts.events.access import Door, Purpose
from contracts.hlc import instant
from services.cli.access import PurposeOption, operator
from services.cli.arguments import HomeOption, JsonOption, group, with_node
from services.cli.files import read
from services.node.access import Reader, note
from services.node.audit import Auditor, Wish, shown_by
from services.node.clock import SystemClock
from services.node.node import Node
from services.node.settings import BadSettings

LARGEST = 1 << 30  # bytes of a bundle: a million records and their content


class ScopeName(StrEnum):
    """For whom a bundle is made."""

    WHOLE = "whole"
    COURT = "court"


Events = Annotated[list[str], typer.Option(metavar="EVENT", help="By id or by place, such as lpsk/1/12; repeatable.")]
app = group("A case as one file that an outsider can check alone.")


@app.command("export")
def audit_export(
    case_id: Annotated[str, typer.Argument(metavar="CASE")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; it must not be there yet.")],
    scope: Annotated[
        ScopeName,
        typer.Option(
            help="whole: for an auditor of the agencies, with all content and the logs. "
            "court: without the logs, who the person is, what happened, and what only this agency reads."
        ),
    ] = ScopeName.COURT,
    disclose: Events = [],  # noqa: B006  typer copies it
    withhold: Events = [],  # noqa: B006
    home: HomeOption = Path(),
    purpose: PurposeOption = Purpose.AUDIT,
) -> None:
    """Write the bundle of a case. It is noted in the access log first, and verified before it is called good."""
    if out.exists():
        raise BadSettings(f"{out.name}: exists already; choose another name")
    time, wish = instant(SystemClock().now_ms()), Wish(scope.value, disclose, withhold)

    async def gather(built: Node) -> bytes:
        export = Export(scope.value, built.log.agency, operator(), purpose, time)
        async with built.pools["node"].acquire() as connection:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                auditor = Auditor(connection, built.log, built.keyring.vault, _progress)
                data = await auditor.bundle(case_id, wish, export)
            async with connection.transaction():
                for shown in shown_by(case_id, data):
                    await note(built.log, connection, "node", Reader(operator(), Door.EXPORT, purpose, time), shown)
        return data

    data = with_node(home, gather, beside=True)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    verdict = verify_archive(data)
    typer.echo(f"{out.name}: {len(data)} bytes, {len(verdict.lines)} events, pin {verdict.pin}")
    _end(verdict)


@app.command("verify")
def audit_verify(
    bundle: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")],
    pin: Annotated[str, typer.Option(help="The published digest of the first directory, in hexadecimal digits.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Verify a bundle: needs no node, no network and no settings. Exit status 1 if anything does not hold."""
    known = _pin(pin)
    verdict = verify_archive(read(bundle, LARGEST), known)
    if as_json:
        typer.echo(json.dumps(_plain(verdict), indent=2))
        raise typer.Exit(1 if verdict.findings else 0)
    typer.echo(describe(verdict))
    _end(verdict)


def describe(verdict: Verdict) -> str:
    """A verdict for people, without its findings."""
    by = f"{verdict.agency} ({verdict.role} {verdict.officer}) at {verdict.exported}"
    known = "the one that you gave" if verdict.pinned else "compare it with the published one"
    head = [f"case {verdict.case}, {verdict.scope}, exported by {by} for {verdict.purpose}"]
    pin = [f"directory {verdict.pin}, versions 1 to {verdict.versions}: {known}"] if verdict.pin else []
    published = "compare it with the published one" if verdict.rules == 1 else "signed by all agencies"
    rules = [f"rules {verdict.rules_sha256}, version {verdict.rules}: {published}"] if verdict.rules else []
    lines = [text for line in verdict.lines for text in _describe_line(line)]
    forks = [f"FORK: {one.log} has two histories that differ in its first {one.size} records" for one in verdict.forks]
    gaps = [_describe_gap(gap) for gap in verdict.gaps]
    return "\n".join((*head, *pin, *rules, *lines, *forks, *gaps, *verdict.completeness))


def _describe_gap(gap: Absence) -> str:
    what = f"{'gap' if gap.closed else 'GAP'} at the exporter: {label('gap', gap.kind, 'id')}"
    return f"{what}, {gap.log} {gap.first}-{gap.last}, from {gap.opened} until {gap.closed or 'now'}"


def _describe_line(line: Line) -> tuple[str, ...]:
    what = event_title(type_name(line.type), "id") if line.type else f"({line.content})"
    dated = f"between {_dated(line.after)} and {_dated(line.before)}"
    seen = ", ".join(f"{one.agency} at {one.at}" for one in line.witnesses) or "nobody yet"
    witnessed = f"witnessed {'only ' if 0 < len(line.witnesses) < line.others else ''}by {seen}"
    said = f"{line.claimed}  {line.place:<24} {what}"
    proven = f"    authentic: {line.authentic}; complete: {line.complete}; {dated}; {witnessed}"
    return said, proven, *(f"    {remark}" for remark in line.remarks)


def _dated(bound: Dated) -> str:
    return f"{bound.at} ({bound.by})" if bound.at else "?"


def _end(verdict: Verdict) -> None:
    for finding in verdict.findings:
        typer.echo(harmless(f"{finding.file}: {finding.what}"))
    typer.echo(f"{len(verdict.findings)} findings")
    raise typer.Exit(1 if verdict.findings else 0)


def harmless(text: str) -> str:
    """Text of somebody whom nobody trusts, without what would move a terminal's cursor over other findings."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _plain(value: object) -> object:
    """As programs read it: names beside values, at every depth."""
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return {name: _plain(one) for name, one in named().items()} if named else [_plain(one) for one in value]
    return value


def _pin(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text) if text else None
    except ValueError:
        raise BadSettings("--pin: not hexadecimal digits") from None


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{records} records")
