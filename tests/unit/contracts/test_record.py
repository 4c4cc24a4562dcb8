from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from contracts.directory import Chain
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.hlc import Hlc
from contracts.record import (
    MAX_RECORD,
    MAX_SEQ,
    EventId,
    LaterDirectory,
    Record,
    Seen,
    Signed,
    agency_of,
    event_id,
    read,
    sign,
    stored,
)
from contracts.signing import SeedSigner
from contracts.vectors import material

CHAIN = Chain(material.chain()[0], pin=material.FIRST.digest())
SIGNER = material.signer(material.KID)
LOG = material.origin(material.AUTHOR)
BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

RECORD = Record(
    log=LOG,
    seq=7,
    prev=bytes(32),
    hlc=Hlc(1_795_312_488_123, 7),
    dir=1,
    kind="case",
    to=material.AGENCIES,
    seen={material.origin("komnas-ham"): Seen(881, b"r" * 32)},
    tag=b"t" * 16,
    cm=b"c" * 32,
    ct=b"x" * 32,
)
SIGNED = sign(RECORD, SIGNER)

ids = st.text("abcxyz019-", min_size=1, max_size=32)
agencies = st.sets(ids, max_size=7).map(lambda names: names | {material.AUTHOR})
origins = st.builds("{}/{}/{}".format, st.text("abc019.-", min_size=1, max_size=64), ids, st.integers(1, 9999))
records = st.builds(
    Record,
    log=st.just(LOG),
    seq=st.integers(0, MAX_SEQ),
    prev=st.binary(min_size=32, max_size=32),
    hlc=st.builds(Hlc, st.integers(0, 10**13 - 1), st.integers(0, 9999)),
    dir=st.just(1),
    kind=st.just("case"),
    to=agencies.map(lambda names: tuple(sorted(names))),
    seen=st.dictionaries(
        origins, st.builds(Seen, st.integers(0, MAX_SEQ), st.binary(min_size=32, max_size=32)), max_size=8
    ),
    tag=st.binary(min_size=16, max_size=16),
    cm=st.binary(min_size=32, max_size=32),
    ct=st.binary(min_size=32, max_size=32),
)


def refusal(jws: bytes) -> Code | None:
    """Why a record is refused; None if it is not."""
    try:
        read(jws, CHAIN)
    except Rejected as refused:
        return refused.code
    return None


@given(records)
def test_what_was_signed_is_read_back(record: Record) -> None:
    """Fields, bytes, name and key come out as they went in, also without verifying once more."""
    signed = sign(record, SIGNER)
    assert signed.record == record
    assert read(signed.jws, CHAIN) == signed == stored(signed.jws)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0x20])
def test_every_byte_of_a_record_counts(flip: int) -> None:
    """A record with any one byte changed is refused."""
    for position in range(len(SIGNED.jws)):
        bent = bytearray(SIGNED.jws)
        bent[position] ^= flip
        assert refusal(bytes(bent)) is not None, position


def test_every_letter_in_the_place_of_every_other() -> None:
    """No letter of the alphabet can stand for another at the end of a part, where bits are loose."""
    ends = [position - 1 for position, byte in enumerate(SIGNED.jws + b".") if byte == ord(".")]
    for position in ends:
        for letter in BASE64URL:
            bent = SIGNED.jws[:position] + bytes([letter]) + SIGNED.jws[position + 1 :]
            assert (refusal(bent) is None) == (bent == SIGNED.jws)


def test_no_byte_can_be_added_or_left_out() -> None:
    """A record that is longer or shorter by one byte, anywhere, is refused."""
    for position in range(len(SIGNED.jws) + 1):
        assert refusal(SIGNED.jws[:position] + b"A" + SIGNED.jws[position:]) is not None
        if position < len(SIGNED.jws):
            shorter = SIGNED.jws[:position] + SIGNED.jws[position + 1 :]
            assert refusal(shorter) is not None


@settings(max_examples=200)
@given(
    st.binary(max_size=200) | st.lists(st.text(alphabet=BASE64URL.decode(), max_size=40)).map(".".join).map(str.encode)
)
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    """Whatever arrives is refused with a code; it is never an accident."""
    assert refusal(data) is not None


@given(st.binary(max_size=60))
def test_any_payload_under_a_good_signature_gets_a_verdict(payload: bytes) -> None:
    """An agency that signs nonsense is refused like everybody else."""
    signing_input = SIGNED.jws.split(b".")[0] + b"." + b64(payload).encode()
    jws = signing_input + b"." + b64(SIGNER.sign(signing_input)).encode()
    assert refusal(jws) in {Code.JSON, Code.CANONICAL, Code.SCHEMA}


class Randomised(NamedTuple):
    """A signer whose signatures differ each time, as a hardware token's may; they need not be good."""

    kid: str
    signature: bytes
    public: bytes = bytes(32)

    def sign(self, _message: bytes) -> bytes:
        return self.signature


def test_signing_again_mints_no_second_id() -> None:
    """The id depends on what was said, not on the signature bytes."""
    ids = {sign(RECORD, Randomised(material.KID, bytes([number]) * 64)).id for number in range(3)}
    assert ids == {SIGNED.id}


def test_every_field_is_part_of_the_id() -> None:
    """Two records that differ in anything have different ids."""
    changes: list[Record] = [
        RECORD._replace(seq=8),
        RECORD._replace(prev=b"p" * 32),
        RECORD._replace(hlc=Hlc(1, 0)),
        RECORD._replace(dir=2),
        RECORD._replace(to=(material.AUTHOR,)),
        RECORD._replace(seen={}),
        RECORD._replace(tag=b"u" * 16),
        RECORD._replace(cm=b"d" * 32),
        RECORD._replace(ct=b"y" * 32),
        RECORD._replace(log=f"{LOG[:-1]}2"),
    ]
    assert len({sign(record, SIGNER).id for record in [RECORD, *changes]}) == len(changes) + 1
    assert sign(RECORD, SeedSigner("lpsk.protection.2", bytes(32))).id != SIGNED.id


def test_the_id_is_not_a_plain_hash() -> None:
    """Ids live in a space of their own: no other hash of ours over the same bytes equals one."""
    signing_input = SIGNED.jws.rpartition(b".")[0]
    assert event_id(signing_input) == SIGNED.id != EventId(signing_input[:32])


def test_an_unknown_version_is_no_verdict() -> None:
    """A record under a directory that we do not hold yet waits, whether we know its key or not."""
    for kid in (material.KID, material.LATER_KID):
        with pytest.raises(LaterDirectory):
            read(sign(RECORD._replace(dir=2), material.signer(kid)).jws, CHAIN)


def test_nonsense_does_not_wait() -> None:
    """Only a header that some directory could know is worth waiting for; anything else is refused at once."""
    _, payload, signature = sign(RECORD._replace(dir=99), SIGNER).jws.split(b".")
    first = b64(b'{"alg":"none","kid":"lpsk.protection.1","typ":"rajut-rec+jws"}').encode()
    assert refusal(b".".join((first, payload, signature))) == Code.HEADER


def test_a_forged_record_under_a_known_key_does_not_wait() -> None:
    """Naming a directory to come does not spare a record the check of its signature."""
    signing_input = sign(RECORD._replace(dir=99), SIGNER).jws.rpartition(b".")[0]
    assert refusal(signing_input + b"." + b64(bytes(64)).encode()) == Code.SIGNATURE


def test_size_is_checked_before_anything_else() -> None:
    """A flood of bytes costs nothing but counting them."""
    assert refusal(b"." * (MAX_RECORD + 1)) == Code.SIZE
    assert refusal(b"." * MAX_RECORD) == Code.ENCODING


def test_a_signature_of_another_use_is_no_record() -> None:
    """What the same key signs elsewhere (a proof of possession) cannot be presented as a record, nor the reverse."""
    message = b"rajut/possession/v1\0"
    assert refusal(b64(message).encode() + b".e30." + b64(SIGNER.sign(message)).encode()) == Code.HEADER
    assert not SIGNED.jws.startswith(message)


def test_the_agency_is_in_the_origin() -> None:
    """Who wrote a record is said by its log."""
    assert agency_of(LOG) == RECORD.agency == material.AUTHOR


def test_a_signed_record_is_a_value() -> None:
    """Equal bytes are equal records."""
    assert read(SIGNED.jws, CHAIN) == Signed(RECORD, SIGNED.jws, SIGNED.id, material.KID)
