"""Base64url without padding (RFC 7515 appendix C), accepted in exactly one form."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from contracts.errors import Code, Rejected

_ALPHABET = re.compile(rb"[A-Za-z0-9_-]*")


def b64(data: bytes) -> str:
    """Base64url text of `data`, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str | bytes) -> bytes:
    """The bytes that `text` encodes; Rejected(ENCODING) for padding, foreign letters or loose trailing bits."""
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if not _ALPHABET.fullmatch(raw):
        raise Rejected(Code.ENCODING, "not base64url")
    try:
        data = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    except Error:
        raise Rejected(Code.ENCODING, "not base64url") from None
    if urlsafe_b64encode(data).rstrip(b"=") != raw:
        raise Rejected(Code.ENCODING, "not the one base64url form")
    return data


def fixed(text: object, size: int) -> bytes:
    """Exactly `size` bytes from base64url text; Rejected(SCHEMA | ENCODING) otherwise."""
    if not isinstance(text, str) or len(text) != (size * 4 + 2) // 3:
        raise Rejected(Code.SCHEMA, f"not {size} bytes of base64url")
    return unb64(text)
