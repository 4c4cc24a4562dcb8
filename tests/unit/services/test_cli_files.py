"""What commands read from files that came from anywhere."""

import os
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contracts.errors import Code, Rejected
from services.cli.audit import LARGEST
from services.cli.files import read


def test_a_bundle_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A file beyond the bound costs neither time nor memory: its size is looked at first."""
    path = tmp_path / "bundle.zip"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(Rejected) as refused:
        read(path, LARGEST)
    took, (_, most) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.code is Code.SIZE
    assert (took < 1, most < 1 << 20) == (True, True)


def test_what_tells_no_size_is_read_to_its_bound_and_no_further() -> None:
    """A device or a pipe without end is refused, too."""
    with pytest.raises(Rejected) as refused:
        read(Path("/dev/zero"), 1 << 16)
    assert refused.value.code is Code.SIZE


def test_a_pipe_is_read_to_its_end_and_waits_for_nobody(tmp_path: Path) -> None:
    """What a program hands over through a pipe is all read, however slowly; a pipe that nobody writes into is empty."""
    pipe, whole = tmp_path / "pipe", b"x" * 100_000  # more than a pipe holds
    os.mkfifo(pipe)
    assert read(pipe) == b""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as readers, os.fdopen(reading), os.fdopen(writing, "wb") as program:
        held = readers.submit(read, Path(f"/dev/fd/{reading}"))
        time.sleep(0.05)
        program.write(whole)
        program.close()
        assert held.result(5) == whole
