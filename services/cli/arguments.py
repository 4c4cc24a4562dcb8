"""What the commands share: their arguments, and how they reach the node that they speak of."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import httpx2
import typer

from contracts.errors import Code, Rejected
from services import wiring
from services.node import telemetry
from services.node.node import Node
from services.node.settings import Home
from services.node.sql import Connection

Result = TypeVar("Result")

HomeArgument = Annotated[Path, typer.Argument(help="The node's home directory, with its node.toml.")]
HomeOption = Annotated[Path, typer.Option("--home", envvar="RAJUT_HOME", help="The node's home directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]  # the flag of every command that prints

# Of the ceremonies in which agencies sign something together, offline.
Draft = Annotated[Path, typer.Argument(help="The draft, as `propose` wrote it.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write; it must not exist.")]
Root = Annotated[Path, typer.Argument(help="The folder of a root key.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking.")]


def group(title: str) -> typer.Typer:
    """A family of commands."""
    return typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=title)


def with_node(home: Path, use: Callable[[Node], Awaitable[Result]], *, beside: bool = False) -> Result:
    """Do something with a node that is built, but does not run; `beside` one that may run, if it is to write."""

    async def work() -> Result:
        async with wiring.node(home, beside=beside) as built:
            return await use(built)

    return finished(work())


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, with logs on standard error."""
    telemetry.setup("cli", "")
    return asyncio.run(work)


def tell(answer: httpx2.Response) -> None:
    """Print what the running node answered; Rejected with the code of its problem if that was a no."""
    typer.echo(answer.text)
    if not answer.is_success:
        problem = answer.json()
        raise Rejected(Code(problem["code"]), problem["detail"])


async def owner(home: Path) -> Connection:
    """A connection as the database's owner, for migrations and for verification."""
    settings = Home(home)
    where = settings.settings.database
    password = settings.secret("secrets/pg-rajut_owner")
    return await asyncpg.connect(
        host=where.host, port=where.port, database=where.name, user="rajut_owner", password=password
    )
