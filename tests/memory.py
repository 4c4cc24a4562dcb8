"""Where servers of a test keep their files: in memory if there is room, since no test cuts the power."""

import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108  tmpfs, as Linux mounts it
_ENOUGH = 6 << 30  # bytes: what all workers' servers hold at one time, and as much again


def in_memory() -> Path | None:
    """The folder to make temporary folders in, for `tempfile`; None for its own choice.

    Servers wait for each write to be safe. On a disk that is most of what such a test waits for, and what it shows is
    the same: a process that is killed leaves the same bytes in either.
    """
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH else None
