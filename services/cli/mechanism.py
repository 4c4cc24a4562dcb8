"""`rajut mechanism`: how the agreed rules are read, compared, changed and put in force.

The ceremony is that of the directory (`rajut keys`): `propose` makes a draft, all agencies' roots sign it, each on its
own machine without a network; `assemble` joins; `adopt` gives it to a node. Between the steps there are small public
files, and nobody signs without having seen what changes.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from contracts.directory import Chain
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.node import MechanismAdopted, RootSignature
from contracts.mechanism import GENESIS, GENESIS_TEXT, MAX_MECHANISM, Mechanism, signed
from contracts.mechanism.difference import Change, changes
from contracts.mechanism.signed import BEGINNING, MAX_SIGNED, Standing, standing
from services.cli.arguments import Draft, HomeArgument, HomeOption, JsonOption, Out, Root, Yes, group
from services.cli.files import place, read, write_new
from services.node import enrolment, keys
from services.node.clock import SystemClock
from services.node.directories import read_chain
from services.node.enrolment import Signature
from services.node.mechanisms import FOLDER, check_adoptable, check_calendar
from services.node.settings import BadSettings, Home

app = group("The mechanism: the rules that all agencies agreed on.")

Number = Annotated[int, typer.Argument(min=1, help="A version.")]


@app.command("show")
def show(
    number: Annotated[int, typer.Argument(metavar="[N]", help="A version; without it the one in force here.")] = 0,
    home: HomeOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """The text of a version, as it was signed."""
    texts = _texts(home)
    number = number or max(texts)
    text = _text(texts, number)
    if as_json:
        told = {"version": number, "sha256": sha256(text).hexdigest(), "text": text.decode()}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(text.decode(), nl=False)


@app.command("diff")
def diff(before: Number, after: Number, home: HomeOption = Path(), as_json: JsonOption = False) -> None:
    """What a version changes of another: each value, and the basis that either gives for it."""
    texts = _texts(home)
    found = changes(_text(texts, before), _text(texts, after))
    typer.echo(json.dumps([change._asdict() for change in found], ensure_ascii=False) if as_json else _told(found))


@app.command("propose")
def propose(
    file: Annotated[Path, typer.Argument(help="The whole text of the next version.")],
    home: HomeOption = Path(),
    out: Out = Path("mechanism.draft"),
) -> None:
    """Make a draft of the next version, for the roots of all agencies to sign; refused if the text has a fault."""
    text = read(file, MAX_MECHANISM)
    said = signed.draft(text, _last(home), _chain(home).latest)
    check_calendar(Mechanism.read(text), SystemClock().now_ms())
    write_new(out, signed.write(said))
    typer.echo(_told(changes(_text(_texts(home), said.version - 1), text)))
    _say(f"draft of version {said.version} is in {out}", "every agency signs it offline: rajut mechanism sign")


@app.command("sign")
def sign(
    draft: Draft,
    root: Root,
    after: Annotated[
        Path, typer.Option(help="The signed version that the draft follows; not needed where that is version 1.")
    ] = Path(),
    yes: Yes = False,
    out: Out = Path("mechanism.signature"),
) -> None:
    """Sign a draft with a root, after looking at what it changes."""
    said, signer = signed.read(read(draft, MAX_SIGNED)), keys.root_signer(root)
    before = signed.read(read(after, MAX_SIGNED)).text.encode() if after != Path() else GENESIS_TEXT
    if sha256(before).hexdigest() != said.previous:
        raise Rejected(Code.MECHANISM, "previous: name the version that the draft follows with --after")
    typer.echo(_told(changes(before, said.text.encode())))
    typer.echo(f"sha256 of version {said.version}: {signed.text_hash(said)}, under directory {said.directory}")
    if not yes:
        typer.confirm(f"Sign this as {signer.kid}?", abort=True)
    one = signed.signature(said, signer)
    write_new(out, Signature(kid=one.kid, digest=_digest(said), signature=one.signature).encode())
    _say(f"signature of {signer.kid} is in {out}", "bring it back: rajut mechanism assemble")


@app.command("assemble")
def assemble(
    draft: Draft,
    signatures: Annotated[list[Path], typer.Argument(help="Signatures of all agencies' roots.")],
    home: HomeOption = Path(),
    out: Out = Path("mechanism.json"),
) -> None:
    """Join a draft and its signatures into a version; refused as long as one is missing."""
    said = signed.read(read(draft, MAX_SIGNED))
    given = [enrolment.read(Signature, read(path)) for path in signatures]
    if any(one.digest != _digest(said) for one in given):
        raise Rejected(Code.MECHANISM, "a signature of another draft")
    whole = signed.joined(said, [RootSignature(kid=one.kid, signature=one.signature) for one in given])
    check_adoptable(whole, _chain(home), _last(home))
    write_new(out, signed.write(whole))
    _say(f"version {said.version} is in {out}", "every agency gives it to its node: rajut mechanism adopt")


@app.command("adopt")
def adopt(home: HomeArgument, file: Annotated[Path, typer.Argument(help="A version, as `assemble` wrote it.")]) -> None:
    """Give a node the next version. A running node takes it within a second, says so, and opens new cases under it."""
    data = read(file, MAX_SIGNED)
    said = signed.read(data)
    check_adoptable(said, _chain(home), _last(home))
    place(home / FOLDER / f"{said.version}.json", data)
    _say(f"{Home(home).settings.agency} has version {said.version}", "cases that are open keep their rules")


def _chain(home: Path) -> Chain:
    return read_chain(home / "directory")


def _held(home: Path) -> list[MechanismAdopted]:
    """The versions that were given to a home, in order."""
    named = (path for path in (home / FOLDER).glob("*.json") if path.stem.isdecimal())
    paths = sorted(named, key=lambda path: int(path.stem))
    return [signed.read(path.read_bytes()) for path in paths]


def _last(home: Path) -> Standing:
    return max((standing(said) for said in _held(home)), default=BEGINNING)


def _texts(home: Path) -> dict[int, bytes]:
    return {GENESIS.version: GENESIS_TEXT} | {said.version: said.text.encode() for said in _held(home)}


def _text(texts: dict[int, bytes], number: int) -> bytes:
    if number not in texts:
        raise BadSettings(f"version {number} is not in this home; give it with: rajut mechanism adopt")
    return texts[number]


def _digest(said: MechanismAdopted) -> str:
    return b64(sha256(signed.statement(said)).digest())


def _told(found: list[Change]) -> str:
    return "\n".join(line for change in found for line in _lines(change)) or "nothing changes"


def _lines(change: Change) -> list[str]:
    lines = [f"{change.place}: {change.before or '(not there)'} -> {change.after or '(not there)'}"]
    if change.basis_before:
        lines.append(f"    before: {change.basis_before}")
    if change.basis_after:
        lines.append(f"    after:  {change.basis_after}")
    return lines


def _say(done: str, following: str) -> None:
    typer.echo(done)
    typer.echo(f"next: {following}")
