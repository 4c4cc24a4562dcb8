"""Free TCP ports below the range from which the kernel takes the ports of outgoing connections.

A port from that range may be taken by any client between the moment it is found free and the moment a
server binds it; below it, only another runner can. So that it does not, the finder keeps a mark for as long
as it lives: an abstract Unix socket named after the port (unix(7), Linux), which the kernel takes back.
"""

import random
import socket

_LOWEST, _HIGHEST = 20_000, 32_000


def free_port() -> int:
    """A port on 127.0.0.1 to which nobody listens now, and which no other runner was given."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - guards nothing
        if _marked(port) and _unused(port):
            return port


def _marked(port: int) -> bool:
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0rajut-port-{port}")
    except OSError:
        mark.close()
        return False
    mark.detach()  # stays open until this process ends
    return True


def _unused(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
