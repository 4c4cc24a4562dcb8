"""One ChaCha20-Poly1305 ciphertext that is authentic under two keys.

Poly1305 is a polynomial over 2^130-5, evaluated at a secret point (RFC 8439 2.5). With both keys known,
one free block makes both evaluations meet. Here it is the frame's second block, half of the salt.
"""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

_PRIME = 2**130 - 5
_BLOCK = 16
_FREE = 1  # the block that is solved for
_CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
_WRAPS = range(-4, 5)  # how often the sums may pass 2^128


def two_keys(first: bytes, second: bytes, frame: bytes, place: bytes) -> bytes:
    """The frame with another salt, such that its ciphertext under `first` is authentic under `second` too."""
    for attempt in range(256):
        start = frame[: _BLOCK - 1] + bytes([attempt])
        cipher = bytearray(_xor(start + frame[_BLOCK:], _stream(first, len(frame))))
        block = _meet(first, second, bytes(cipher), place)
        if block is not None:
            cipher[_FREE * _BLOCK : (_FREE + 1) * _BLOCK] = block
            return _xor(bytes(cipher), _stream(first, len(frame)))
    raise ValueError("no salt found")


def _meet(first: bytes, second: bytes, cipher: bytes, place: bytes) -> bytes | None:
    """The free block under which both tags are equal; None if this ciphertext has none."""
    (sum_1, weight_1, pad_1), (sum_2, weight_2, pad_2) = (_parts(key, cipher, place) for key in (first, second))
    inverse = pow(weight_1 - weight_2, -1, _PRIME)
    for wraps in _WRAPS:
        block = (pad_2 - pad_1 + (wraps << 128) - sum_1 + sum_2) * inverse % _PRIME
        tags = {
            ((sum_1 + weight_1 * block) % _PRIME + pad_1) % 2**128,
            ((sum_2 + weight_2 * block) % _PRIME + pad_2) % 2**128,
        }
        if block >> 128 == 1 and len(tags) == 1:
            return (block - 2**128).to_bytes(_BLOCK, "little")
    return None


def _parts(key: bytes, cipher: bytes, place: bytes) -> tuple[int, int, int]:
    """The polynomial without its free block, the free block's weight, and the pad that is added last."""
    once = _stream(key, 32, counter=0)
    point, pad = int.from_bytes(once[:16], "little") & _CLAMP, int.from_bytes(once[16:], "little")
    known = place + bytes(-len(place) % _BLOCK)
    message = known + cipher + len(place).to_bytes(8, "little") + len(cipher).to_bytes(8, "little")
    blocks = [int.from_bytes(message[at : at + _BLOCK], "little") + 2**128 for at in range(0, len(message), _BLOCK)]
    free = len(known) // _BLOCK + _FREE
    weights = [pow(point, len(blocks) - number, _PRIME) for number in range(len(blocks))]
    total = sum(
        block * weight for number, (block, weight) in enumerate(zip(blocks, weights, strict=True)) if number != free
    )
    return total % _PRIME, weights[free], pad


def _stream(key: bytes, size: int, *, counter: int = 1) -> bytes:
    """ChaCha20's key stream with a zero nonce; the cipher uses it from block 1, the tag block 0."""
    return Cipher(ChaCha20(key, counter.to_bytes(4, "little") + bytes(12)), mode=None).encryptor().update(bytes(size))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
