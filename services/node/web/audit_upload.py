"""Reads what a form with a file in it sends (RFC 7578), byte for byte. Pure.

The body is in memory by then, and bounded by the door (`services.node.http`). It is read before anybody knows that the
form is ours, and nothing else runs meanwhile: so a head is read in the one form in which browsers write it (HTML,
multipart form data), by a pattern that never goes back over what it has seen, and by no parser of mail.
"""

import re
from collections.abc import Mapping

from contracts.errors import Code, Rejected

MAX_PARTS = 20
MAX_HEAD = 1024  # bytes
_FORM = re.compile(r"""multipart/form-data; ?boundary=("?)([A-Za-z0-9'()+_,./:=? -]{1,70})\1""")  # RFC 2046, 5.1.1
_NAME = re.compile(rb'Content-Disposition: form-data; name="([a-z_]{1,40})"', re.IGNORECASE)


def parts(content_type: str, body: bytes) -> Mapping[str, bytes]:
    """The fields of a form by name, a file as its bytes; Rejected(SCHEMA) if this is no such form."""
    told = _FORM.fullmatch(content_type)
    if not told:
        raise Rejected(Code.SCHEMA, "form")
    between = f"\r\n--{told[2]}".encode()
    _, *found = (b"\r\n" + body).split(between, MAX_PARTS + 1)
    if not found or not found.pop().startswith(b"--"):
        raise Rejected(Code.SCHEMA, "form")
    return dict(map(_part, found))


def _part(part: bytes) -> tuple[str, bytes]:
    head, gap, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    told = _NAME.match(head) if len(head) <= MAX_HEAD else None
    if not gap or not told:
        raise Rejected(Code.SCHEMA, "form")
    return told[1].decode(), data
