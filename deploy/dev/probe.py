"""Asks a local server over HTTP whether it is ready."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

_TIMEOUT_S = 2.0


def answers_ok(port: int, path: str) -> bool:
    """Whether `GET path` on 127.0.0.1:`port` says 200; False also when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
