"""What a disk may do to a server: be full, and give back other bits than it was given."""

import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from tests.fault.impossible import Impossible

_BALLAST = "ballast"
_PIECE = bytes(1 << 16)
_BESIDE = 8
_TRIES = 16
_TEXT = re.compile(rb"[\w.-]{16}")


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
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk | Impossible]:
    """An empty disk of that size at `folder`, or why this machine lets us mount none."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "rajut-test", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as why:
        yield Impossible.since("no file system of its own", why)
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def flip(folder: Path, pattern: str, dice: random.Random, every: int = 4096) -> int:
    """Turn over one bit in every so many bytes of the files that match, where they hold text; how many bits.

    Not in what a server notes for itself between the texts: NATS 2.15 does not come up after a bit has turned over in
    the number of a message, but takes memory until there is none (docs/howto/a-broken-broker.md).
    """
    flipped = 0
    for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
        with suppress(FileNotFoundError), path.open("r+b") as file:  # a running server may have dropped it
            data = file.read()
            for place in _texts(data, dice, every):
                file.seek(place)
                file.write(bytes([data[place] ^ 1 << dice.randrange(8)]))
                flipped += 1
    return flipped


def _texts(data: bytes, dice: random.Random, every: int) -> Iterator[int]:
    """A random place in the midst of text in every so many bytes, if a few tries find one."""
    for start in range(0, len(data), every):
        tries = (start + dice.randrange(min(every, len(data) - start)) for _ in range(_TRIES))
        yield from islice((at for at in tries if _TEXT.fullmatch(data[at - _BESIDE : at + _BESIDE])), 1)
