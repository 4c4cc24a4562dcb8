"""Those who keep keys: they change the directory by `rajut keys`, as people at three agencies would."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path

from typer.testing import CliRunner

from services.cli import app
from services.cli.standing import held_chain
from services.node.custody import standings
from services.node.link import every
from services.node.node import Node
from services.node.settings import Home
from tests.e2e.stage import talk, tasks, until
from tests.integration.commands import rajut
from tests.integration.notaries import notaries
from tests.integration.trio import Trio, agree


class Keepers:
    """Three agencies with their homes; each keeps its root in its home, which only tests and the demo do."""

    def __init__(self, homes: Mapping[str, Path], folder: Path) -> None:
        self.homes = homes
        self._folder = folder
        self._files = 0

    def keys(self, *arguments: object) -> str:
        """What a command prints; it must succeed. Not for commands that ask a database."""
        done = CliRunner().invoke(app, ["keys", *map(str, arguments)])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def tried(self, agency: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own, whatever comes of it."""
        return rajut(self.homes[agency], "keys", *map(str, arguments))

    def ask(self, *arguments: object) -> Path:
        """A request, as a command writes it."""
        return self._written("request", *arguments)

    def version(self, *requests: Path, roots: tuple[str, ...] = ("komnas-ham", "lpsk")) -> Path:
        """The next version, signed by the roots of two agencies."""
        home = self.homes[roots[0]]
        draft = self._written("draft", "propose", *requests, "--home", home)
        signatures = [self._written("signature", "sign", draft, self.homes[who] / "keys", "--yes") for who in roots]
        return self._written("directory", "assemble", draft, *signatures)

    def adopt(self, version: Path, *agencies: str) -> None:
        """Put a version into homes; into all, if none is named."""
        for agency in agencies or self.homes:
            self.keys("adopt", self.homes[agency], version)

    def states(self, agency: str) -> dict[str, str]:
        """The state of each key by the newest version in its home, whether or not all others know of that yet."""
        home = self.homes[agency]
        found = standings(held_chain(home), agency, Home(home).settings.log, home / "keys")
        return {key.kid: key.state for key in found}

    def current(self, agency: str, purpose: str) -> str:
        """The key in use for a purpose."""
        states = self.states(agency).items()
        return next(kid for kid, state in states if kid.split(".")[1] == purpose and state in {"signs", "opens"})

    def replace(self, agency: str, *purposes: str) -> Path:
        """A version in which an agency has new keys for these purposes, beside the old ones."""
        return self.version(*(self.ask("rotate", self.homes[agency], purpose) for purpose in purposes))

    def _written(self, name: str, *arguments: object) -> Path:
        self._files += 1
        file = self._folder / f"{self._files}-{name}.json"
        self.keys(*arguments, "--out", file)
        return file


async def go_over(trio: Trio) -> None:
    """Let nodes talk and cosign until they all write by the last version that is in their homes."""
    looks = [every(0.05, node.duties.adopt_directories) for node in trio]
    async with talk(*trio), tasks(*notaries(*trio), *looks):
        await until(lambda: asyncio.sleep(0, all(node.log.directory == node.log.chain.latest for node in trio)))
    for node in trio:
        await node.duties.heartbeat()
    await agree(trio)


async def take_up(*nodes: Node) -> None:
    """Let nodes look into their homes for the next version, as they do twice a second."""
    for node in nodes:
        await node.duties.adopt_directories()
