"""Free TCP ports below the range from which the kernel takes the ports of outgoing connections.

A port from that range may be taken by any client between the moment it is found free and the moment a
server binds it; below it, only another runner can, and a random choice makes that rare.
"""

import random
import socket

_LOWEST, _HIGHEST = 20_000, 32_000


def free_port() -> int:
    """A port on 127.0.0.1 to which nobody listens now."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - guards nothing
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
