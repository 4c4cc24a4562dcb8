"""`rajut keys`: how keys come into the directory of agencies, are replaced, revoked and destroyed.

A request says what an agency wants; `propose` makes a draft of requests; roots sign it, each on its own machine
without a network; `assemble` joins; `adopt` gives it to a node. Between the steps there are small public files.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from contracts.directory import Chain
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.hlc import instant
from contracts.roster import KID, AgencyEntry, Directory, check_signed, read as read_directory
from services.cli.arguments import Draft, HomeArgument, Out, Root, Yes, group, with_node
from services.cli.files import place, read, refuse_existing, write_new
from services.cli.standing import Kid, held_chain, list_keys, used
from services.node import custody, enrolment, keys
from services.node.clock import SystemClock
from services.node.directories import read_chain
from services.node.enrolment import Request, Revocation, Signature
from services.node.settings import BadSettings, Home

app = group("Keys and the directory of agencies.")
app.command("list")(list_keys)
app.command("used")(used)

Expires = Annotated[str, typer.Option(help="When the new key should be replaced, as 2027-11-22: a note, no verdict.")]
_PLACES = 2**40


@app.command("init-root")
def init_root(
    folder: Annotated[Path, typer.Argument(help="A folder on a machine without a network.")],
    agency: Annotated[str, typer.Option(help="The agency's id, such as lpsk.")],
    number: Annotated[int, typer.Option(min=1, help="Higher than that of any root it had before.")] = 1,
) -> None:
    """Make an agency's root key. It never leaves this folder."""
    kid = _name(f"{agency}.root.{number}")
    refuse_existing(folder / "root.seed")
    keys.make_root(folder, kid)
    _say(f"root {kid} is in {folder}", f"take {keys.ROOT}, and nothing else, to the node: rajut keys enrol")


@app.command("enrol")
def enrol(
    home: HomeArgument,
    root: Annotated[Path, typer.Option(help="The agency's root.json; without it the root stays as it is.")] = Path(),
    name_id: Annotated[str, typer.Option("--name-id", help="The agency's name in Indonesian.")] = "",
    name_en: Annotated[str, typer.Option("--name-en", help="The agency's name in English.")] = "",
    expires: Expires = "",
    out: Out = Path("request.json"),
) -> None:
    """Make the keys that a home lacks, and ask for an entry with all its keys: at the founding, or after a loss."""
    settings, chain = Home(home).settings, _chain(home)
    before = chain.latest.agencies.get(settings.agency) if chain else None
    made = keys.generate(home, settings.agency, chain.names(settings.agency) if chain else ())
    name = (
        {"id": name_id or settings.agency, "en": name_en or settings.agency} if name_id or not before else before.name
    )
    if root == Path() and not before:
        raise BadSettings("--root: the directory has no root of this agency yet; give its root.json")
    public = before.root if before and root == Path() else keys.root_key(root)
    entry = enrolment.first_entry(
        home / "keys", settings.agency, settings.log, name=name, root=public, expires=_date(expires)
    )
    kept = [key for key in before.keys if key.revoked] if before else []
    entry = entry.model_copy(update={"keys": [*entry.keys, *kept], "logs": _logs(before, settings.log)})
    _say(f"made: {', '.join(made) or 'nothing, all keys were here'}")
    _ask(Request(agency=settings.agency, entry=entry), out)


@app.command("rotate")
def rotate(
    home: HomeArgument,
    purpose: Annotated[str, typer.Argument(help=f"One of {', '.join((*keys.PURPOSES, keys.SEALING))}.")],
    token: Annotated[
        str, typer.Option(help="pkcs11: URI of the token that shall hold the key; else it is made here.")
    ] = "",
    expires: Expires = "",
    out: Out = Path("request.json"),
) -> None:
    """Make the next key for a purpose, and ask for it beside the one in use. Both work until the old one is retired."""
    settings, chain = Home(home).settings, held_chain(home)
    if purpose not in (*keys.PURPOSES, keys.SEALING):
        raise BadSettings(f"PURPOSE: one of {', '.join((*keys.PURPOSES, keys.SEALING))}")
    kid = keys.next_name(home / "keys", settings.agency, purpose, chain.names(settings.agency))
    refuse_existing(out)
    keys.make(home / "keys", kid, token)
    _say(f"made: {kid}")
    _ask(enrolment.next_key(home / "keys", kid, settings.log, _date(expires)), out)


@app.command("new-log")
def new_log(home: HomeArgument, expires: Expires = "", out: Out = Path("request.json")) -> None:
    """Make keys for the next log of an agency, and ask for it: the one in use has two histories, or is a thief's."""
    settings, chain = Home(home).settings, held_chain(home)
    refuse_existing(out)
    taken = chain.names(settings.agency)
    kids = [keys.next_name(home / "keys", settings.agency, purpose, taken) for purpose in keys.PURPOSES]
    for kid in kids:
        keys.make(home / "keys", kid)
    before = chain.latest.agencies[settings.agency]
    request = enrolment.next_log(home / "keys", before, kids, _date(expires))
    _say(f"made: {', '.join(kids)}")
    _ask(request, out)
    _say(f'once all have that version: log = "{enrolment.following(before.logs[-1])}" in node.toml, and start the node')


@app.command("retire")
def retire(home: HomeArgument, kid: Kid, out: Out = Path("request.json")) -> None:
    """Ask that a key ends which another one has replaced. What it has signed stays good."""
    _ask(_checked(home, Request(agency=_agency_of(kid), end=[kid])), out)


@app.command("revoke")
def revoke(
    home: HomeArgument,
    kid: Kid,
    last_good: Annotated[int, typer.Option(min=0, max=_PLACES, help="The last record that the agency stands for.")],
    out: Out = Path("request.json"),
) -> None:
    """Ask that a stolen key ends. What it signed behind the last good record loses its effect, at every agency."""
    stolen = Revocation(kid=kid, last_good=last_good)
    request = _checked(home, Request(agency=_agency_of(kid), revoke=[stolen]))
    _say(f"{kid}: what it signed in its log behind {last_good} will count no more; `rajut keys used` lists it")
    _ask(request, out)


@app.command("propose")
def propose(
    requests: Annotated[list[Path], typer.Argument(help="Requests of agencies.")],
    home: Annotated[
        Path, typer.Option("--home", help="A node's home, whose directory this follows; at the founding none.")
    ] = Path(),
    out: Out = Path("draft.json"),
) -> None:
    """Make the next version of the directory from requests: a draft, for the roots to sign."""
    chain = held_chain(home) if home != Path() else None
    asked = [enrolment.read(Request, read(path)) for path in requests]
    directory = enrolment.draft(chain.latest if chain else None, asked, instant(SystemClock().now_ms()))
    write_new(out, directory.encode())
    _show(chain.latest if chain else None, directory)
    _say(f"draft of version {directory.version} is in {out}", "two agencies sign it offline: rajut keys sign")


@app.command("sign")
def sign(
    draft: Draft,
    root: Root,
    after: Annotated[
        Path, typer.Option(help="The signed version that the draft follows; shows what changes.")
    ] = Path(),
    yes: Yes = False,
    out: Out = Path("signature.json"),
) -> None:
    """Sign a draft with a root, after looking at what it changes."""
    directory, signer = enrolment.read(Directory, read(draft)), keys.root_signer(root)
    before = read_directory(read(after))[0] if after != Path() else None
    if before and directory.previous != b64(before.digest()):
        raise Rejected(Code.DIRECTORY, "the draft does not follow that version")
    _show(before, directory)
    if not yes:
        typer.confirm(f"Sign this as {signer.kid}?", abort=True)
    write_new(out, enrolment.signature(directory, signer).encode())
    _say(f"signature of {signer.kid} is in {out}", "bring it back: rajut keys assemble")


@app.command("assemble")
def assemble(
    draft: Draft,
    signatures: Annotated[list[Path], typer.Argument(help="Signatures of at least two agencies' roots.")],
    out: Out = Path("directory.json"),
) -> None:
    """Join a draft and its signatures into a version of the directory."""
    directory = enrolment.read(Directory, read(draft))
    data = enrolment.finished(directory, [enrolment.read(Signature, read(path)) for path in signatures])
    check_signed(*read_directory(data), directory)
    write_new(out, data)
    _say(f"version {directory.version} is in {out}", "every agency gives it to its node: rajut keys adopt")


@app.command("adopt")
def adopt(
    home: HomeArgument,
    file: Annotated[Path, typer.Argument(help="A version of the directory, as `assemble` wrote it.")],
    pin: Annotated[str, typer.Option(help="Of version 1 only: its digest, compared with the other agencies.")] = "",
) -> None:
    """Give a node the next version. A running node takes it within a second, and says so in its log."""
    settings, chain, data = Home(home).settings, _chain(home), read(file)
    first = chain is None
    if chain is None:
        chain = Chain(data, pin=_digest(pin))
    else:
        chain.adopt(data)
    if missing := custody.lacking(chain, settings.agency, home / "keys"):
        raise BadSettings(
            f"keys: {', '.join(missing)}: the version lists them and they are not in this home; bring them"
        )
    if first:
        place(home / "directory" / "pin", f"{pin}\n".encode())
    place(home / "directory" / f"{chain.latest.version}.json", data)
    _say(f"{settings.agency} has version {chain.latest.version}", "rajut keys list shows where each key stands")


@app.command("destroy")
def destroy(home: HomeArgument, kid: Kid) -> None:
    """Delete a key that is no longer in use; a sealing key only once nothing can come that it alone opens."""
    settings, chain = Home(home).settings, held_chain(home)
    custody.check_idle(chain, settings.agency, _name(kid))
    if not keys.is_held(home / "keys", kid):
        raise BadSettings(f"{kid}: is not in this home")
    if keys.purpose_of(kid) == keys.SEALING:
        with_node(home, lambda built: custody.check_read_out(built.pools["node"], chain, settings.agency, kid))
    keys.destroy(home / "keys", kid)
    _say(f"{kid} is gone from this home", "its copies elsewhere are yours to destroy")


def _chain(home: Path) -> Chain | None:
    folder = home / "directory"
    return read_chain(folder) if (folder / "1.json").exists() else None


def _checked(home: Path, request: Request) -> Request:
    """A request that the version in force has something to change for; Rejected(NOT_FOUND) otherwise."""
    request.applied(held_chain(home).latest.agencies.get(request.agency))
    return request


def _agency_of(kid: str) -> str:
    return _name(kid).partition(".")[0]


def _name(kid: str) -> str:
    if not re.fullmatch(KID, kid):
        raise BadSettings("KEY: not the name of a key, such as lpsk.intake.1")
    return kid


def _logs(before: AgencyEntry | None, log: str) -> list[str]:
    logs = before.logs if before else []
    return logs if log in logs else [*logs, log]


def _ask(request: Request, out: Path) -> None:
    write_new(out, request.encode())
    _say(f"request of {request.agency} is in {out}", "make a draft of all requests: rajut keys propose")


def _show(before: Directory | None, after: Directory) -> None:
    for line in enrolment.changes(before, after):
        typer.echo(f"  {line}")
    typer.echo(f"digest of version {after.version}: {after.digest().hex()}")


def _say(done: str, following: str = "") -> None:
    typer.echo(done)
    if following:
        typer.echo(f"next: {following}")


def _date(text: str) -> str:
    try:
        return f"{date.fromisoformat(text)}T00:00:00.000Z" if text else ""
    except ValueError:
        raise BadSettings("--expires: not a date such as 2027-11-22") from None


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadSettings("--pin: not hexadecimal") from None
