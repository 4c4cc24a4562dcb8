"""Base64url without padding (RFC 7515 appendix C), accepted in exactly one form."""

from binascii import Error, a2b_base64, b2a_base64

from contracts.errors import Code, Rejected

_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_PADDING = (b"", b"===", b"==", b"=")


def b64(data: bytes) -> str:
    """Base64url text of `data`, without padding."""
    return _encode(data).decode("ascii")


def unb64(text: str | bytes) -> bytes:
    """The bytes that `text` encodes; Rejected(ENCODING) for padding, foreign letters or loose trailing bits."""
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        data = a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[len(raw) % 4])
    except Error:
        raise Rejected(Code.ENCODING, "not base64url") from None
    if _encode(data) != raw:  # whatever the reader above forgives
        raise Rejected(Code.ENCODING, "not the one base64url form")
    return data


def fixed(text: object, size: int) -> bytes:
    """Exactly `size` bytes from base64url text; Rejected(SCHEMA | ENCODING) otherwise."""
    if not isinstance(text, str) or len(text) != (size * 4 + 2) // 3:
        raise Rejected(Code.SCHEMA, f"not {size} bytes of base64url")
    return unb64(text)


def _encode(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_FROM_STANDARD)
