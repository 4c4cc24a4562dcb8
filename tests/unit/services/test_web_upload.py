"""A file that a browser sends is read byte for byte, and what is no such form is refused."""

import time

import pytest
from hypothesis import given, strategies as st

from contracts.errors import Code, Rejected
from services.node.web.audit_upload import parts

TYPE = 'multipart/form-data; boundary="----rajut"'
FILE = (
    b'Content-Disposition: form-data; name="bundle"; filename="a; name=b.zip"\r\nContent-Type: application/zip\r\n\r\n'
)


def form(*bodies: bytes) -> bytes:
    return b"".join(b"------rajut\r\n" + body + b"\r\n" for body in bodies) + b"------rajut--\r\n"


@given(st.binary(max_size=200))
def test_every_byte_of_a_file_arrives(data: bytes) -> None:
    """Line ends and zeros, too, whatever stands beside it."""
    word = b'Content-Disposition: form-data; name="_csrf"\r\n\r\nword'
    assert parts(TYPE, form(word, FILE + data)) == {"_csrf": b"word", "bundle": data}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", form(FILE)),
        ("multipart/form-data", form(FILE)),
        ("", form(FILE)),
        (TYPE, b""),
        (TYPE, form(FILE)[:-8]),
        (TYPE, form(b"no head")),
        (TYPE, form(b"Content-Disposition: form-data\r\n\r\nno name")),
        (TYPE, form(*[FILE] * 30)),
        (TYPE, form(FILE[:-4] + b"x" * 1024 + b"\r\n\r\n")),
    ],
)
def test_what_is_no_such_form_is_refused(content_type: str, body: bytes) -> None:
    """Another type, no boundary, an end that never comes, a part without a name, too many parts, a head too large."""
    with pytest.raises(Rejected) as refused:
        parts(content_type, body)
    assert refused.value.code is Code.SCHEMA


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (TYPE, form(b"Content-Disposition: form-data" + b";" * 80_000 + b"\r\n\r\n")),
        (TYPE, form(b"Content-Disposition: form-data; name=" + b'"a' * 80_000 + b"\r\n\r\n")),
        (TYPE + ";" * 80_000, form(FILE)),
        (TYPE + " " * 80_000 + "x", form(FILE)),
        (TYPE, form(b"\r\n" * 80_000)),
    ],
)
def test_no_head_takes_long_to_refuse(content_type: str, body: bytes) -> None:
    """The node does nothing else meanwhile: 80 kB of separators, which took 20 seconds, are refused at once."""
    began = time.perf_counter()
    with pytest.raises(Rejected) as refused:
        parts(content_type, body)
    assert time.perf_counter() - began < 1
    assert refused.value.code is Code.SCHEMA
