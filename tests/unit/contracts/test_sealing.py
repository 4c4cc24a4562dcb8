from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings, strategies as st

from contracts import sealing
from contracts.errors import Code, Rejected
from contracts.sealing import (
    LARGEST_FRAME,
    NO_CASE,
    PRIVATE_BYTES,
    PUBLIC_BYTES,
    SMALLEST_FRAME,
    WRAP_BYTES,
    Position,
    Sealed,
    private_key,
    public_bytes,
    public_key,
    seal,
    unseal,
    unwrap,
    wrap,
)
from contracts.vectors import material
from contracts.vectors.salamander import two_keys

PLACE = Position("rajut.example/lpsk/1", 7, b"p" * 32)
CASE_KEY = b"k" * 32
EVENT = b"e" * 32
PREFIX, AEAD_TAG = 68, 16
LARGEST_CONTENT = LARGEST_FRAME - PREFIX


def secret(number: int) -> bytes:
    return sha256(b"test %d" % number).digest() * (PRIVATE_BYTES // 32)


READER = private_key(secret(1))
READER_PUBLIC = public_key(public_bytes(secret(1)))


def opened(sealed: Sealed, place: Position = PLACE, key: bytes = b"") -> sealing.Opened:
    return unseal(sealed.blob, key or sealed.key, place, cm=sealed.cm, tag=sealed.tag)


def code_of(sealed: Sealed, place: Position = PLACE, key: bytes = b"") -> Code | None:
    try:
        opened(sealed, place, key)
    except Rejected as refused:
        return refused.code
    return None


@given(st.binary(max_size=3000), st.binary(min_size=32, max_size=32))
def test_what_was_sealed_opens(content: bytes, case_key: bytes) -> None:
    """A reader gets the content and the case's key back, for control content an empty one."""
    assert opened(seal(content, case_key, PLACE))[:2] == (content, case_key)
    assert opened(seal(content, NO_CASE, PLACE))[:2] == (content, NO_CASE)


@pytest.mark.parametrize(
    ("content", "frame"),
    [
        (0, SMALLEST_FRAME),
        (SMALLEST_FRAME - PREFIX, SMALLEST_FRAME),
        (SMALLEST_FRAME - PREFIX + 1, 2 * SMALLEST_FRAME),
        (2 * SMALLEST_FRAME - PREFIX, 2 * SMALLEST_FRAME),
        (2 * SMALLEST_FRAME - PREFIX + 1, 4 * SMALLEST_FRAME),
        (LARGEST_FRAME // 2 - PREFIX, LARGEST_FRAME // 2),
        (LARGEST_CONTENT, LARGEST_FRAME),
    ],
)
def test_only_the_bucket_is_visible(content: int, frame: int) -> None:
    """From outside one sees which of ten sizes a content has, and every bucket opens up to its last byte."""
    sealed = seal(b"x" * content, CASE_KEY, PLACE)
    assert len(sealed.blob) == frame + AEAD_TAG
    assert opened(sealed).content == b"x" * content


def test_too_much_content_is_refused_by_its_author() -> None:
    """One byte more than the largest bucket takes is an error where it is written, not where it is read."""
    with pytest.raises(Rejected) as caught:
        seal(b"x" * (LARGEST_CONTENT + 1), CASE_KEY, PLACE)
    assert caught.value.code == Code.SIZE


def test_the_same_content_never_looks_the_same() -> None:
    """Ciphertext, commitment and key are fresh each time, so nobody can guess content by comparing."""
    one, other = seal(b"content", CASE_KEY, PLACE), seal(b"content", CASE_KEY, PLACE)
    assert len({one.blob, other.blob}) == len({one.cm, other.cm}) == len({one.key, other.key}) == 2


def test_given_entropy_makes_it_repeatable() -> None:
    """The only randomness is what is passed in."""
    assert seal(b"content", CASE_KEY, PLACE, bytes) == seal(b"content", CASE_KEY, PLACE, bytes)


def test_tags_of_one_case_cannot_be_linked() -> None:
    """The mark differs from place to place; only whoever has the case key can compute it."""
    places = [PLACE, PLACE._replace(seq=8), PLACE._replace(log="rajut.example/lpsk/2"), PLACE._replace(prev=b"q" * 32)]
    tags = {seal(b"content", CASE_KEY, place).tag for place in places}
    assert len(tags) == len(places)
    assert seal(b"other content", CASE_KEY, PLACE).tag == seal(b"content", CASE_KEY, PLACE).tag
    assert seal(b"content", b"l" * 32, PLACE).tag not in tags
    assert sealing.case_tag(CASE_KEY, PLACE.encode()) in tags


@pytest.mark.parametrize(
    "place", [PLACE._replace(seq=8), PLACE._replace(log="rajut.example/komnas-ham/1"), PLACE._replace(prev=b"q" * 32)]
)
def test_content_belongs_to_its_place(place: Position) -> None:
    """Ciphertext moved to another place in a log does not open there."""
    assert code_of(seal(b"content", CASE_KEY, PLACE), place) == Code.WRAP


@settings(max_examples=60)
@given(st.integers(0, SMALLEST_FRAME + AEAD_TAG - 1), st.integers(1, 255))
def test_every_byte_of_the_ciphertext_counts(position: int, flip: int) -> None:
    """A ciphertext with any one byte changed does not open."""
    sealed = seal(b"content", CASE_KEY, PLACE, bytes)
    bent = bytearray(sealed.blob)
    bent[position] ^= flip
    assert code_of(sealed._replace(blob=bytes(bent))) == Code.WRAP


@pytest.mark.parametrize("blob", [b"", b"x" * 15, b"x" * 16, b"x" * 1040])
def test_any_ciphertext_gets_a_verdict(blob: bytes) -> None:
    """Made-up ciphertext is a verdict, not an accident."""
    assert code_of(seal(b"content", CASE_KEY, PLACE)._replace(blob=blob)) == Code.WRAP


def test_what_was_committed_to_is_what_counts() -> None:
    """Content that opens but is not what the record promised is refused."""
    sealed = seal(b"content", CASE_KEY, PLACE)
    assert code_of(sealed._replace(cm=b"c" * 32)) == Code.COMMIT
    assert code_of(sealed._replace(tag=b"t" * 16)) == Code.BIND
    assert code_of(sealed._replace(tag=b"")) == Code.BIND


def test_two_readers_cannot_be_shown_two_contents() -> None:
    """One ciphertext that two keys open is possible; the commitment lets only one of them pass."""
    keys = material.secret("one"), material.secret("two")
    honest = seal(b"content", CASE_KEY, PLACE)
    frame = two_keys(*keys, _frame_of(honest), PLACE.encode())
    blob = ChaCha20Poly1305(keys[0]).encrypt(bytes(12), frame, PLACE.encode())
    for key in keys:  # both authenticate
        ChaCha20Poly1305(key).decrypt(bytes(12), blob, PLACE.encode())
    double = honest._replace(blob=blob, cm=sealing.commitment(frame))
    assert [code_of(double, key=key) for key in keys] == [None, Code.COMMIT]


def _frame_of(sealed: Sealed) -> bytes:
    return ChaCha20Poly1305(sealed.key).decrypt(bytes(12), sealed.blob, PLACE.encode())


def test_a_wrap_opens_for_its_reader() -> None:
    """The content key comes out for the reader, event and agency it was wrapped for; sizes are as published."""
    wrapped = wrap(b"c" * 32, READER_PUBLIC, EVENT, "lpsk")
    assert len(wrapped) == WRAP_BYTES
    assert len(public_bytes(secret(1))) == PUBLIC_BYTES
    assert unwrap(wrapped, READER, EVENT, "lpsk") == b"c" * 32


@pytest.mark.parametrize(
    ("number", "event", "agency"), [(1, b"f" * 32, "lpsk"), (1, EVENT, "komnas-ham"), (2, EVENT, "lpsk"), (1, b"", "")]
)
def test_a_wrap_opens_for_nobody_else(number: int, event: bytes, agency: str) -> None:
    """Another event, another agency or another key: the wrap stays shut."""
    wrapped = wrap(b"c" * 32, READER_PUBLIC, EVENT, "lpsk")
    with pytest.raises(Rejected) as caught:
        unwrap(wrapped, private_key(secret(number)), event, agency)
    assert caught.value.code == Code.WRAP


@settings(max_examples=60)
@given(st.integers(0, WRAP_BYTES - 1), st.integers(1, 255))
def test_every_byte_of_a_wrap_counts(position: int, flip: int) -> None:
    """A wrap with any one byte changed does not open; that is a verdict, not an accident."""
    bent = bytearray(WRAPPED)
    bent[position] ^= flip
    with pytest.raises(Rejected):
        unwrap(bytes(bent), READER, EVENT, "lpsk")


WRAPPED = wrap(b"c" * 32, READER_PUBLIC, EVENT, "lpsk")


@pytest.mark.parametrize("wrapped", [b"", WRAPPED[:-1], WRAPPED + b"\0", bytes(WRAP_BYTES), b"\xff" * WRAP_BYTES])
def test_any_wrap_gets_a_verdict(wrapped: bytes) -> None:
    """Wraps of other lengths, and with points of small order, are refused."""
    with pytest.raises(Rejected) as caught:
        unwrap(wrapped, READER, EVENT, "lpsk")
    assert caught.value.code == Code.WRAP


@pytest.mark.parametrize(
    "data",
    [b"", bytes(PUBLIC_BYTES), public_bytes(secret(1))[:-1], public_bytes(secret(1))[:-32] + bytes(32), b"\xff" * 1216],
    ids=["nothing", "zero", "short", "small order", "out of range"],
)
def test_a_key_to_which_nothing_can_be_wrapped_is_no_key(data: bytes) -> None:
    """A sealing key that would fail its first use is refused where it is enrolled."""
    with pytest.raises(Rejected) as caught:
        public_key(data)
    assert caught.value.code == Code.KEY
