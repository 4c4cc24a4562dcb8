"""Runs `rajut` many times for the price of starting Python once: each run is a process of its own, forked from here.

As a program it reads runs from standard input, one a line, as JSON: arguments, home, seconds that it may take. It
answers each with a line of JSON: status, standard output, standard error. A run that does not end is ended by SIGALRM,
and one that wants more memory than any command needs does not get it.
"""

import gc
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Self

from services.cli import NAMES, loaded, main

WITHIN_S = 20
MEMORY = 4 << 30
_PROJECT = Path(__file__).parents[2]


class Ran(NamedTuple):
    """What a run of the command came to; a negative status is the signal that ended it."""

    status: int
    out: str
    err: str


class Rajut:
    """The command, ready to be run in a folder; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Runs happen in `folder`, where their output is kept for a moment too."""
        told = {"PATH": os.environ["PATH"], "PYTHONPATH": str(_PROJECT), "HOME": str(folder), "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "tests.integration.forked"]
        self._server = subprocess.Popen(
            command, cwd=folder, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def __call__(self, arguments: Sequence[str], home: str = "", within_s: int = WITHIN_S) -> Ran:
        """Run the command once, for a node's home if one is named."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps([arguments, home, within_s]) + "\n")
        self._server.stdin.flush()
        return Ran(*json.loads(self._server.stdout.readline()))


def serve() -> None:
    """Fork off one run after another; in a run, return into `rajut` itself."""
    for name in NAMES:
        loaded(name)
    for module in ("services.wiring", "services.node.exporting", "services.cli.errors"):  # what they load on use
        import_module(module)
    gc.freeze()  # or each run would go through all that it inherits when it ends
    for line in sys.stdin:
        run = os.fork()
        if run == 0:
            become(*json.loads(line))
            main()
            return
        status = os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])
        told = (Path(name).read_text(errors="backslashreplace") for name in ("out", "err"))
        print(json.dumps([status, *told]), flush=True)  # noqa: T201


def become(arguments: Sequence[str], home: str, within_s: int) -> None:
    """Be what the operating system would have started."""
    if home:
        os.environ["RAJUT_HOME"] = home
    for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, "out", _FRESH), (2, "err", _FRESH)):
        os.dup2(os.open(name, flags, 0o600), number)
    sys.argv = ["rajut", *arguments]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(within_s)


_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

if __name__ == "__main__":
    serve()
