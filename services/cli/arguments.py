"""What the commands share: their arguments, and how they reach the node that they speak of."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from contracts.errors import Code, Rejected

if TYPE_CHECKING:
    import httpx2

    from services.node.node import Node

Result = TypeVar("Result")

HomeArgument = Annotated[Path, typer.Argument(help="The node's home directory, with its node.toml.")]
HomeOption = Annotated[Path, typer.Option("--home", envvar="RAJUT_HOME", help="The node's home directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]  # the flag of every command that prints

# For a command that is told an event by its id: a word of base64url, and one in 64 begins with a hyphen.
NAMES_EVENT = {"ignore_unknown_options": True}

# Of the ceremonies in which agencies sign something together, offline.
Draft = Annotated[Path, typer.Argument(help="The draft, as `propose` wrote it.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write; it must not exist.")]
Root = Annotated[Path, typer.Argument(help="The folder of a root key.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking.")]


def group(title: str, **more: Any) -> typer.Typer:  # noqa: ANN401  typer's own
    """A family of commands."""
    return typer.Typer(help=title, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, **more)


def with_node(home: Path, use: "Callable[[Node], Awaitable[Result]]", *, beside: bool = False) -> Result:
    """Do something with a node that is built, but does not run; `beside` one that may run, if it is to write."""
    # All services take a second to load, and most commands need none.
    from services import wiring  # noqa: PLC0415
    from services.node import exporting  # noqa: PLC0415

    async def work() -> Result:
        async with wiring.node(home, beside=beside) as built:
            return await use(built)

    exporting.setup("cli", "")
    return asyncio.run(work())


def tell(answer: "httpx2.Response") -> None:
    """Print what the running node answered; Rejected with the code of its problem if that was a no.

    Rejected(UNAVAILABLE) if it was no node that answered, but a proxy in front of it or some other server.
    """
    told = _told(answer)
    typer.echo(answer.text)
    if not answer.is_success:
        raise Rejected(Code(told["code"]), told["detail"])


def _told(answer: "httpx2.Response") -> Any:  # noqa: ANN401  whatever JSON the route answers
    try:
        told = answer.json()
        if answer.is_success or (told["code"] in {*Code} and isinstance(told["detail"], str)):
            return told
    except (ValueError, KeyError, TypeError):
        pass
    raise Rejected(Code.UNAVAILABLE, f"what answered is no node of this version (HTTP status {answer.status_code})")
