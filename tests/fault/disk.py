"""A disk that can be full."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BALLAST = "ballast"
_PIECE = bytes(1 << 16)


class Disk:
    """A small file system of its own below `folder`; what is `full` is full until there is room again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, seconds: float) -> None:
        """Leave no byte free, also none that a server gives back, for a while; then make room."""
        until = time.monotonic() + seconds
        with (self.folder / _BALLAST).open("wb", buffering=0) as ballast:
            while time.monotonic() < until:
                with suppress(OSError):
                    while ballast.write(_PIECE):
                        pass
                time.sleep(0.05)
        (self.folder / _BALLAST).unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk | None]:
    """An empty disk of that size at `folder`; None on a machine that lets us mount none."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "rajut-test", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
