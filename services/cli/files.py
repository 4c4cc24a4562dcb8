"""The small files that commands hand on: read whole, written once, never over another one."""

import os
from pathlib import Path

from contracts.errors import Code, Rejected
from contracts.roster import MAX_DIRECTORY
from services.node.settings import BadSettings


def read(path: Path, most: int = MAX_DIRECTORY) -> bytes:
    """A file's bytes; BadSettings if it cannot be read, Rejected(SIZE), and no more than that read, if it is larger.

    Of a pipe what is written into it until it ends; one into which nobody writes has ended, and is not waited for.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            data = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else None
    except OSError:
        raise BadSettings(f"{path.name}: cannot be read") from None
    if data is None or len(data) > most:  # what is no file, such as a pipe, tells its size by its end alone
        raise Rejected(Code.SIZE, f"more than {most} bytes")
    return data


def _at_once(path: str, flags: int) -> int:
    file = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(file, True)
    return file


def write_new(path: Path, data: bytes) -> None:
    """A new file that its owner alone can read or change; BadSettings if it is there already, or cannot be written."""
    refuse_existing(path)
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(data)
    except OSError:
        raise BadSettings(f"{path.name}: cannot be written") from None


def refuse_existing(path: Path) -> None:
    """Raise BadSettings if the file is there."""
    if path.exists():
        raise BadSettings(f"{path.name}: is there already, and nothing is overwritten; give another name")


def place(path: Path, data: bytes) -> None:
    """A file that a running node may look for: there whole, or not at all."""
    path.parent.mkdir(exist_ok=True)
    whole = path.with_suffix(".new")
    whole.write_bytes(data)
    whole.rename(path)
