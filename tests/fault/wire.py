"""A cable between two houses, one end in a network namespace, on which the kernel really drops packets.

A direction is cut by a neighbour entry that names a hardware address which nobody has: packets are sent, and the
kernel at the other end throws them away, as it does with everything that is meant for others. That needs neither
a firewall nor a queueing module, so it works wherever a namespace may be made.
"""

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from deploy.dev.proxy import Proxy
from tests.fault.impossible import Impossible

Direction = Literal["there", "back"]

_NETWORK = 0x40000000  # CLONE_NEWNET (sched.h)
_NEAR, _FAR = "198.18.77.1", "198.18.77.2"  # RFC 2544: addresses for tests of networks
_NOBODY = "02:00:00:00:00:01"


class Wire:
    """The cable and the namespace behind it; `far` is the address of the end in the namespace."""

    far = _FAR

    def __init__(self) -> None:
        self._space = f"rajut-{os.getpid()}"
        self._ends = {"there": f"rj{os.getpid()}n", "back": f"rj{os.getpid()}f"}

    def lay(self) -> None:
        """Make it; OSError or CalledProcessError where the machine does not allow that."""
        near, far = self._ends["there"], self._ends["back"]
        _ip("netns", "add", self._space)
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", self._space)
        for options, end, address in (((), near, _NEAR), (("-n", self._space), far, _FAR)):
            _ip(*options, "address", "add", f"{address}/30", "dev", end)
            _ip(*options, "link", "set", end, "up")

    def remove(self) -> None:
        """Take away what `lay` made, whatever that is."""
        subprocess.run(["ip", "netns", "delete", self._space], check=False, capture_output=True)

    def cut(self, *directions: Direction) -> None:
        """Drop every packet that goes there, to the namespace, or back."""
        for direction in directions:
            _ip(*self._neighbour("replace", direction), "lladdr", _NOBODY, "nud", "permanent")

    def heal(self) -> None:
        """Drop nothing."""
        for direction in self._ends:
            command = ["ip", *self._neighbour("delete", direction)]
            subprocess.run(command, check=False, capture_output=True)  # fails on what was not cut

    def proxy(self, port: int, target: int) -> Proxy:
        """A line from `port` at the far end to a server on this side's loopback."""
        with ThreadPoolExecutor(1) as visitor:  # a namespace is a thread's own; this one ends there
            return Proxy(port, target, door=visitor.submit(self._door, port).result())

    def _door(self, port: int) -> socket.socket:
        with Path("/run/netns", self._space).open("rb") as space:
            if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), _NETWORK):
                raise OSError(ctypes.get_errno(), "setns")
        return socket.create_server((_FAR, port))

    def _neighbour(self, verb: str, direction: str) -> list[str]:
        options, other = ([], _FAR) if direction == "there" else (["-n", self._space], _NEAR)
        return [*options, "neighbour", verb, other, "dev", self._ends[direction]]


@contextmanager
def wire() -> Iterator[Wire | Impossible]:
    """A cable, or why this machine allows none."""
    laid = Wire()
    try:
        yield _laid(laid)
    finally:
        if shutil.which("ip"):
            laid.remove()


def _laid(laid: Wire) -> Wire | Impossible:
    try:
        laid.lay()
    except (OSError, subprocess.CalledProcessError) as why:
        return Impossible.since("no network namespace", why)
    return laid


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
