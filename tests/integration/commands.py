"""`rajut` for a node's home, as tests run it again and again: see `tests.integration.forked`."""

import shutil
import subprocess
import tempfile
from atexit import register
from functools import cache
from pathlib import Path
from threading import Lock

from tests.integration.forked import Rajut
from tests.memory import in_memory

WITHIN_S = 300  # as `deploy.dev.trio.rajut`, which starts Python for each run

_one_at_a_time = Lock()


def rajut(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `rajut` once; any thread may."""
    with _one_at_a_time:
        ran = _command()(arguments, str(home), WITHIN_S)
    return subprocess.CompletedProcess(arguments, ran.status, ran.out, ran.err)


@cache
def _command() -> Rajut:
    """The command of this process of tests; it ends with it."""
    folder = Path(tempfile.mkdtemp(prefix="rajut-commands-", dir=in_memory()))
    register(shutil.rmtree, folder)
    command = Rajut(folder)
    register(command.__exit__)  # first: what is registered last is called first
    return command
