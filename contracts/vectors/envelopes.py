"""Records whose header, signature, base64url or JSON is other than the one form."""

from collections.abc import Iterator, Mapping
from hashlib import sha512

from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_base_noclamp,
)

from contracts.encoding import b64, unb64
from contracts.errors import Code
from contracts.record import header
from contracts.vectors import material
from contracts.vectors.deliveries import bad_record, compact, payload, signed
from contracts.vectors.vector import Vector

ORDER = 2**252 + 27742317777372353535851937790883648493  # of the prime subgroup (RFC 8032 5.1)
IDENTITY = b"\1" + bytes(31)
ORDER_EIGHT = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
_ALG, _KID, _TYP = b'"alg":"Ed25519"', b'"kid":"lpsk.protection.1"', b'"typ":"rajut-rec+jws"'

_HEADERS: Mapping[str, tuple[bytes, str]] = {
    "alg-none": (b'{"alg":"none",%b,%b}' % (_KID, _TYP), "The oldest trick: no algorithm, no check."),
    "alg-eddsa": (b'{"alg":"EdDSA",%b,%b}' % (_KID, _TYP), "The name before RFC 9864, which left the curve open."),
    "alg-es256": (b'{"alg":"ES256",%b,%b}' % (_KID, _TYP), "An algorithm that the key is not for."),
    "alg-lower-case": (b'{"alg":"ed25519",%b,%b}' % (_KID, _TYP), "Names are compared as they are written."),
    "alg-twice": (
        b'{"alg":"none",%b,%b,%b}' % (_ALG, _KID, _TYP),
        "Which of the two a reader takes is its own affair.",
    ),
    "alg-missing": (b"{%b,%b}" % (_KID, _TYP), "The algorithm is always said."),
    "kid-missing": (b"{%b,%b}" % (_ALG, _TYP), "The key is always named."),
    "kid-number": (b'{%b,"kid":1,%b}' % (_ALG, _TYP), "A key's name is text."),
    "kid-form": (b'{%b,"kid":"../key",%b}' % (_ALG, _TYP), "No directory could ever list such a name."),
    "typ-missing": (b"{%b,%b}" % (_ALG, _KID), "Without a type a signature could be moved to another protocol."),
    "typ-other": (b'{%b,%b,"typ":"JWT"}' % (_ALG, _KID), "A token of another protocol, signed with the same key."),
    "member-added": (b'{%b,"cty":"json",%b,%b}' % (_ALG, _KID, _TYP), "The header is closed."),
    "jwk": (
        b'{%b,"jwk":{"kty":"OKP"},%b,%b}' % (_ALG, _KID, _TYP),
        "Keys come from the directory, not from the sender.",
    ),
    "crit": (b'{%b,"crit":["exp"],"exp":1,%b,%b}' % (_ALG, _KID, _TYP), "No extension is understood, critical or not."),
    "b64-false": (
        b'{%b,"b64":false,"crit":["b64"],%b,%b}' % (_ALG, _KID, _TYP),
        "RFC 7797 would change what is signed.",
    ),
    "reordered": (b"{%b,%b,%b}" % (_KID, _ALG, _TYP), "The same members in another order are other bytes."),
    "spaced": (b"{%b, %b, %b}" % (_ALG, _KID, _TYP), "The same members with spaces are other bytes."),
    "not-json": (b"alg=Ed25519", "Not JSON at all."),
    "list": (b"[]", "JSON, but no object."),
}
_CASE = payload()
_PAYLOADS: Mapping[str, tuple[Code, bytes, str]] = {
    "duplicate-member": (
        Code.CANONICAL,
        _CASE.replace(b'"seq":7', b'"seq":7,"seq":8'),
        "Readers differ on which one counts.",
    ),
    "nan": (Code.JSON, _CASE.replace(b'"seq":7', b'"seq":NaN'), "Not JSON, though common parsers take it."),
    "overflow": (Code.JSON, _CASE.replace(b'"seq":7', b'"seq":1e400'), "Infinity for some readers."),
    "float": (Code.JSON, _CASE.replace(b'"seq":7', b'"seq":7.00'), "Seven for some readers."),
    "minus-zero": (Code.CANONICAL, _CASE.replace(b'"seq":7', b'"seq":-0'), "Zero for some readers."),
    "integer-above": (
        Code.JSON,
        _CASE.replace(b'"seq":7', b'"seq":9007199254740992'),
        "2^53, where doubles lose digits.",
    ),
    "null": (Code.JSON, _CASE.replace(b'"seq":7', b'"seq":null'), "What is not there is absent, never null."),
    "surrogate": (Code.JSON, _CASE.replace(b'"case"', b'"\\ud800"'), "Half a character: no UTF-8 can say it."),
    "escape": (
        Code.CANONICAL,
        _CASE.replace(b'"case"', b'"\\u0063ase"'),
        "An escape where the letter is the one form.",
    ),
    "byte-order-mark": (Code.JSON, b"\xef\xbb\xbf" + _CASE, "Some readers drop a byte order mark."),
    "space": (Code.CANONICAL, _CASE + b" ", "White space would give one value many signatures."),
    "member-order": (Code.CANONICAL, b'{"v":1,' + _CASE[1:].replace(b',"v":1', b""), "Members out of order."),
    "not-nfc": (
        Code.JSON,
        _CASE.replace(b'"case"', '"cafe\u0301"'.encode()),
        "Looks like its NFC form and is other bytes.",
    ),
    "member-beyond-ascii": (Code.JSON, _CASE[:-1] + ',"\u00e9":1}'.encode(), "Member names are ASCII."),
    "too-deep": (Code.JSON, _CASE.replace(b'"seq":7', b'"seq":' + b"[" * 16 + b"]" * 16), "One container too deep."),
    "empty": (Code.JSON, b"", "An empty payload."),
    "list": (Code.SCHEMA, b"[]", "JSON, but no object."),
}


def cases() -> Iterator[Vector]:
    """Every way in which the envelope may be bent; all are signed, so that the signature is not what fails."""
    for name, (data, why) in _HEADERS.items():
        yield bad_record(f"header-{name}", Code.HEADER, why, compact(_CASE, first=b64(data).encode()))
    for name, (code, data, why) in _PAYLOADS.items():
        yield bad_record(f"payload-{name}", code, why, compact(data))
    yield from _parts()
    yield from _signatures()
    yield from _points()


def _parts() -> Iterator[Vector]:
    first, middle, last = whole = compact(_CASE).split(b".")
    loose = _next_letter(last)
    padded = header(material.KID) + b"." + middle + b"="
    uneven = next(data for data in (_CASE, payload(seq=77)) if len(data) % 3)
    ragged = header(material.KID) + b"." + _next_letter(b64(uneven).encode())
    for name, code, data, why in (
        ("parts-two", Code.ENCODING, b".".join(whole[:2]), "A record without its signature."),
        (
            "parts-four",
            Code.ENCODING,
            b".".join((*whole, last)),
            "A part behind the signature, which nobody would look at.",
        ),
        ("parts-none", Code.ENCODING, b"", "An empty message."),
        ("header-padding", Code.HEADER, signed(first + b"=." + middle), "Padding is a second form of the same header."),
        ("payload-padding", Code.ENCODING, signed(padded), "Padding is a second form of the same payload."),
        ("payload-loose-bits", Code.ENCODING, signed(ragged), "Bits behind the last byte, under a good signature."),
        ("payload-alphabet", Code.ENCODING, signed(first + b"." + middle[:-1] + b"+"), "The alphabet of plain base64."),
        (
            "signature-padding",
            Code.ENCODING,
            b".".join((first, middle, last + b"==")),
            "Padding changes what is hashed.",
        ),
        (
            "signature-loose-bits",
            Code.ENCODING,
            b".".join((first, middle, loose)),
            "The same signature in other letters.",
        ),
        ("signature-line-feed", Code.ENCODING, b".".join(whole) + b"\n", "An LF announces content, and there is none."),
        ("signature-space", Code.ENCODING, b".".join(whole) + b" ", "White space is no base64url."),
        ("wrap-cut-short", Code.ENCODING, b".".join(whole) + b"\n" + bytes(1168), "A wrap without any ciphertext."),
    ):
        yield bad_record(name, code, why, data)


def _next_letter(text: bytes) -> bytes:
    """The same bytes with a loose bit set: bits behind the last whole byte are zero."""
    return text[:-1] + bytes([text[-1] + 1])


def _signatures() -> Iterator[Vector]:
    first, middle, last = compact(_CASE).split(b".")
    point, scalar = unb64(last)[:32], int.from_bytes(unb64(last)[32:], "little")
    other = compact(payload(seq=8)).rpartition(b".")[2]
    for name, signature, why in (
        ("empty", b"", "No signature is no signature."),
        ("short", unb64(last)[:63], "63 bytes where a signature has 64."),
        ("long", unb64(last) + b"\0", "65 bytes where a signature has 64."),
        ("zero", bytes(64), "All zero, which is good under a key of small order."),
        (
            "plus-order",
            point + (scalar + ORDER).to_bytes(32, "little"),
            "S+L says the same as S to careless verifiers.",
        ),
        ("of-another-record", unb64(other), "A good signature of the same key, moved to another record."),
        ("of-another-key", material.signer(f"{material.AUTHOR}.intake.1").sign(first + b"." + middle), "Another key."),
    ):
        data = b".".join((first, middle, b64(signature).encode()))
        yield bad_record(f"signature-{name}", Code.SIGNATURE, why, data)
    moved = b".".join((first, b64(payload(seq=8)).encode(), last))
    yield bad_record("payload-swapped", Code.SIGNATURE, "Another payload under a signature that was good.", moved)


def _points() -> Iterator[Vector]:
    """Signatures made with the secret, on which Ed25519 verifiers disagree (see CCTV, ed25519)."""
    nonce = material.secret("nonce")[:31] + b"\0"
    mixed = crypto_core_ed25519_add(crypto_scalarmult_ed25519_base_noclamp(nonce), ORDER_EIGHT)
    whys = {
        "small-order": "R is the identity: OpenSSL takes it, libsodium does not, so the rule says no.",
        "mixed-order": "R has a part of order eight: verifiers that multiply by the cofactor take it.",
    }
    for name, point, scalar in (("small-order", IDENTITY, bytes(32)), ("mixed-order", mixed, nonce)):
        signing_input = compact(_CASE).rpartition(b".")[0]
        signature = point + response(material.KID, material.signer(material.KID).public, signing_input, point, scalar)
        data = signing_input + b"." + b64(signature).encode()
        yield bad_record(f"signature-point-{name}", Code.SIGNATURE, whys[name], data)


def response(kid: str, public: bytes, message: bytes, point: bytes, nonce: bytes) -> bytes:
    """S for a freely chosen R (RFC 8032 5.1.6): nonce + H(R ‖ A ‖ M) · secret."""
    secret = bytearray(sha512(material.secret(kid)).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 63 | 64
    scalar = crypto_core_ed25519_scalar_reduce(bytes(secret) + bytes(32))
    product = crypto_core_ed25519_scalar_mul(challenge(point, public, message), scalar)
    return crypto_core_ed25519_scalar_add(product, crypto_core_ed25519_scalar_reduce(nonce + bytes(32)))


def challenge(point: bytes, public: bytes, message: bytes) -> bytes:
    """H(R ‖ A ‖ M) as a scalar."""
    return crypto_core_ed25519_scalar_reduce(sha512(point + public + message).digest())


def mixed_signature(kid: str, public: bytes, message: bytes) -> bytes:
    """A good signature under the key of `kid` plus a point of order eight: the challenge is a multiple of eight."""
    for attempt in range(256):
        nonce = material.secret(f"nonce {attempt}")[:31] + b"\0"
        point = crypto_scalarmult_ed25519_base_noclamp(nonce)
        if challenge(point, public, message)[0] % 8 == 0:
            return point + response(kid, public, message, point, nonce)
    raise ValueError("no nonce found")
