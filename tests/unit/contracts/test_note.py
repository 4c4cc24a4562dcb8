import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contracts import note
from contracts.directory import Chain, sign as sign_directory
from contracts.errors import Code, Rejected
from contracts.hlc import Hlc
from contracts.note import COSIGNATURE, ED25519, MAX_LINES, Checkpoint, Line, Note, NoteKey, merge, read
from contracts.record import Kind, Record, read as read_record, sign as sign_record
from contracts.signing import verify
from contracts.vectors import material
from tests.unit.contracts import notaries
from tests.unit.contracts.notaries import CHAIN, LOG, LOG_KEY, LOG_SIGNER, WITNESS, WITNESS_KEY, WITNESS_SIGNER

CHECKPOINT = notaries.checkpoint(12)
NOTE = note.sign(CHECKPOINT, LOG_KEY, LOG_SIGNER)
SECONDS = 1_795_312_488
COSIGNED = note.cosign(CHECKPOINT, WITNESS_KEY, WITNESS_SIGNER, SECONDS)
TEXT, BLANK, LINES = NOTE.encode().partition(b"\n\n")
AS_COSIGNER = NoteKey(LOG, COSIGNATURE, LOG_KEY.public)  # the log's key, taken for the other algorithm
STRANGER = Line("example.org/stranger", b"abcd", bytes(2420))  # an algorithm that we do not have
SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes of the key


def refusal(data: bytes) -> Code | None:
    """Why a note is not read, or does not count for its log; None if it does."""
    try:
        note.check_log(read(data), LOG_KEY)
    except Rejected as refused:
        return refused.code
    return None


def vouched(checkpoint: Checkpoint, line: Line, key: NoteKey = WITNESS_KEY) -> int | Code:
    """When a line says that its key vouched for a checkpoint, or why it does not."""
    try:
        return note.cosigned_at(checkpoint, line, key)
    except Rejected as refused:
        return refused.code


def test_the_example_of_the_specification() -> None:
    """The note in C2SP signed-note has our key id, our form of the key, and verifies."""
    vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    key = NoteKey("example.com/foo", ED25519, b64decode(vkey.rpartition("+")[2])[1:])
    line = note._line(
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    assert key.vkey() == vkey
    assert (line.name, line.key_id) == (key.name, key.key_id)
    verify(key.public, b"This is an example message.\n", line.blob)


def test_a_checkpoint_of_another_system() -> None:
    """A Sigsum log's checkpoint, published with its key in a witness's tests, is read, written and verified."""
    log = "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
    public = bytes.fromhex("52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd")
    signature = "7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo="
    data = f"{log}\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— {log} {signature}\n".encode()
    told = read(data)
    assert told.encode() == data
    assert told.checkpoint == Checkpoint(log, 1, bytes((42,)) + bytes(31))
    note.check_log(told, NoteKey(log, ED25519, public))


def test_a_cosignature_is_framed_as_the_specification_shows() -> None:
    """C2SP's example of a cosigned checkpoint is read; time, message and a cosigner's key id are as published."""
    data = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 "
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    ).encode()
    told = read(data)
    text = data.partition(b"\n\n")[0] + b"\n"
    assert told.encode() == data
    assert int.from_bytes(told.lines[1].blob[:8]) == 1679315147
    assert note._timed(told.checkpoint, 1679315147) == b"cosignature/v1\ntime 1679315147\n" + text
    vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    assert NoteKey("remora.n621.de", COSIGNATURE, b64decode(vkey.rpartition("+")[2])[1:]).vkey() == vkey


def test_what_was_signed_is_read_back() -> None:
    """Whoever signs a checkpoint, and whoever vouches for it, is understood, byte for byte."""
    told = Note(CHECKPOINT, (*NOTE.lines, COSIGNED, STRANGER))
    assert read(told.encode()) == told
    note.check_log(told, LOG_KEY)
    assert vouched(CHECKPOINT, COSIGNED) == SECONDS


def openssl_takes(message: bytes, signature: bytes, public: bytes, folder: Path) -> bool:
    for name, data in {"input": message, "signature": signature, "key": SPKI_ED25519 + public}.items():
        (folder / name).write_bytes(data)
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in input -sigfile signature"
    return subprocess.run(command.split(), cwd=folder, capture_output=True, check=False).returncode == 0


def test_openssl_takes_checkpoint_and_cosignature(tmp_path: Path) -> None:
    """Both are checked with a tool that is not ours and the bytes of the note, and not taken for another checkpoint."""
    text, log_blob = TEXT + b"\n", b64decode(LINES.split()[2])[4:]
    blob = b64decode(COSIGNED.encode().split()[2])[4:]
    header = b"cosignature/v1\ntime %d\n" % int.from_bytes(blob[:8])
    for beginning, expected in ((b"", True), (b"x", False)):
        assert openssl_takes(beginning + text, log_blob, LOG_KEY.public, tmp_path) == expected
        assert openssl_takes(beginning + header + text, blob[8:], WITNESS_KEY.public, tmp_path) == expected


@pytest.mark.parametrize("step", range(8))
def test_every_byte_of_a_note_counts(step: int) -> None:
    """A note with a byte changed anywhere is refused."""
    data = NOTE.encode()
    for position in range(step, len(data), 8):
        bent = bytearray(data)
        bent[position] ^= 1
        assert refusal(bytes(bent)) is not None, position


@given(st.binary(max_size=80))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    """Whatever is offered as a note, or as a line of one, is refused with a code, and never an accident."""
    codes = {Code.ENCODING, Code.SCHEMA, Code.CANONICAL, Code.SIZE, Code.SIGNATURE}
    for offered in (data, TEXT + BLANK + data, TEXT + BLANK + data + b"\n", data + BLANK + LINES):
        assert refusal(offered) in codes


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (TEXT + BLANK + LINES[:-1], Code.ENCODING),
        (TEXT + BLANK, Code.ENCODING),
        (TEXT + b"\n", Code.ENCODING),
        (TEXT + BLANK + LINES + b"\n", Code.SCHEMA),
        (TEXT + BLANK + LINES + b"\n" + LINES, Code.SCHEMA),
        (NOTE.encode().replace(b"\n", b"\r\n"), Code.ENCODING),
        (NOTE.encode() + b"\xff", Code.ENCODING),
        (TEXT + b"\nextension" + BLANK + LINES, Code.SCHEMA),
        (TEXT.rpartition(b"\n")[0] + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"\n12\n", b"\n012\n") + BLANK + LINES, Code.CANONICAL),
        (TEXT.replace(b"\n12\n", b"\n+12\n") + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"\n12\n", b"\n-12\n") + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"\n12\n", b"\n1_2\n") + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"\n12\n", "\n\u0661\u0662\n".encode()) + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"\n12\n", b"\n%d\n" % (2**40 + 1)) + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"\n12\n", b"\n" + b"9" * 5000 + b"\n") + BLANK + LINES, Code.SCHEMA),
        (TEXT[:-1] + BLANK + LINES, Code.ENCODING),
        (TEXT.replace(b"=", b"==") + BLANK + LINES, Code.ENCODING),
        (TEXT + b"AAAA" + BLANK + LINES, Code.ENCODING),
        (f"{LOG}\n12\nAAAA".encode() + BLANK + LINES, Code.SCHEMA),
        (f"{LOG}\n12\n{'A' * 42}B=".encode() + BLANK + LINES, Code.CANONICAL),
        (f"{LOG}\n12\n{'_' * 42}8=".encode() + BLANK + LINES, Code.ENCODING),
        (TEXT.replace(b"/lpsk", b" lpsk") + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"/lpsk", b"+lpsk") + BLANK + LINES, Code.SCHEMA),
        (TEXT.replace(b"/lpsk", b"\tlpsk") + BLANK + LINES, Code.SCHEMA),
        (TEXT + BLANK + LINES + LINES, Code.CANONICAL),
        (TEXT + BLANK + LINES.replace("— ".encode(), b"- "), Code.SCHEMA),
        (TEXT + BLANK + LINES.replace("— ".encode(), "—  ".encode()), Code.ENCODING),
        (TEXT + BLANK + LINES.replace(b"/lpsk", "\u00a0lpsk".encode()), Code.SCHEMA),
        (TEXT + BLANK + LINES.replace(b"/lpsk", "\u2003lpsk".encode()), Code.SCHEMA),
        (TEXT + BLANK + LINES.replace(b"/lpsk", b"\0lpsk"), Code.SCHEMA),
        (TEXT + BLANK + LINES[:-1] + b" \n", Code.ENCODING),
        (TEXT + BLANK + "— name AAAAAA==\n".encode(), Code.SCHEMA),
        (TEXT + BLANK + "— name\n".encode(), Code.SCHEMA),
        (TEXT + BLANK + b"x\n" * (MAX_LINES + 1), Code.SIZE),
        (TEXT + BLANK + b"x" * note.MAX_NOTE, Code.SIZE),
    ],
)
def test_a_note_has_one_form(data: bytes, code: Code) -> None:
    """What another reader could understand in another way is not read at all."""
    assert refusal(NOTE.encode()) is None
    assert refusal(data) == code


def test_lines_of_unknown_keys_are_kept_and_passed_over() -> None:
    """Signatures that we cannot check, of algorithms to come too, neither help nor harm a note."""
    assert refusal(Note(CHECKPOINT, (STRANGER, *NOTE.lines)).encode()) is None
    assert refusal(Note(CHECKPOINT, (STRANGER,)).encode()) == Code.SIGNATURE
    same_name = Line(LOG, b"abcd", bytes(64))
    assert refusal(Note(CHECKPOINT, (same_name, *NOTE.lines)).encode()) is None


def test_a_false_line_of_a_known_key_condemns_the_note() -> None:
    """If a key's own line is false, a second one that is good does not help."""
    false = NOTE.lines[0]._replace(blob=bytes(64))
    assert refusal(Note(CHECKPOINT, (*NOTE.lines, false)).encode()) == Code.SIGNATURE


def test_a_service_signs_no_checkpoint() -> None:
    """A checkpoint is refused if a service's, a witness's or another log's key signed it, under whatever name."""
    service, chain = material.signer(notaries.SERVICE_KID), notaries.chain()
    other_log = note.checkpoint_keys(chain, material.origin("komnas-ham"))[0]
    for key, signer in (
        (notaries.SERVICE_KEY, service),
        (LOG_KEY, service),
        (WITNESS_KEY, WITNESS_SIGNER),
        (other_log, material.signer("komnas-ham.checkpoint.1")),
        (LOG_KEY, material.signer("lpsk.witness.1")),
    ):
        assert refusal(note.sign(CHECKPOINT, key, signer).encode()) == Code.SIGNATURE
    # Nor does it help to be asked with the wrong key.
    for key, signer in ((other_log, material.signer("komnas-ham.checkpoint.1")), (AS_COSIGNER, LOG_SIGNER)):
        made = note.sign(CHECKPOINT, key, signer)
        for line in (made.lines[0], made.lines[0]._replace(name=LOG)):
            with pytest.raises(Rejected):
                note.check_log(Note(CHECKPOINT, (line,)), key)


@pytest.mark.parametrize("kid", ["lpsk.checkpoint.1", "lpsk.witness.1"])
@pytest.mark.parametrize("kind", ["case", "ctl", "hb"])
def test_a_notary_signs_no_record(kid: str, kind: Kind) -> None:
    """A record of any kind that is signed with a key for notes is refused, also by whoever may not read its content."""
    blank = Record(log=LOG, seq=0, prev=bytes(32), hlc=Hlc(1, 0), dir=1, kind="hb", to=(), seen={})
    content = blank._replace(kind=kind, to=("lpsk",), cm=bytes(32), ct=bytes(32))
    record = {"hb": blank, "ctl": content, "case": content._replace(tag=bytes(16))}[kind]
    with pytest.raises(Rejected) as caught:
        read_record(sign_record(record, material.signer(kid)).jws, CHAIN)
    assert caught.value.code == Code.GRANT


def test_records_and_notes_are_not_taken_for_each_other() -> None:
    """A signature on one kind of thing is none on another, whatever key made it."""
    heartbeat = Record(log=LOG, seq=0, prev=bytes(32), hlc=Hlc(1, 0), dir=1, kind="hb", to=(), seen={})
    jws = sign_record(heartbeat, material.signer("lpsk.node.1")).jws
    assert refusal(jws) == Code.ENCODING
    with pytest.raises(Rejected):
        read_record(NOTE.encode(), CHAIN)
    untimed = Line(LOG, AS_COSIGNER.key_id, bytes(8) + NOTE.lines[0].blob)
    assert vouched(CHECKPOINT, untimed, AS_COSIGNER) == Code.SIGNATURE


def test_a_cosignature_is_for_one_checkpoint_and_one_time() -> None:
    """It cannot be moved to another log, size, root or time, nor be taken for another agency's."""
    assert vouched(CHECKPOINT, COSIGNED) == SECONDS
    for other in (notaries.checkpoint(11), notaries.checkpoint(12, other_from=3), CHECKPOINT._replace(log="a/b/1")):
        assert vouched(other, COSIGNED) == Code.SIGNATURE
    later = (SECONDS + 1).to_bytes(8) + COSIGNED.blob[8:]
    far = note.cosign(CHECKPOINT, WITNESS_KEY, WITNESS_SIGNER, 2**63).blob
    for blob in (later, far, COSIGNED.blob[:-1], COSIGNED.blob + b"\0", b""):
        assert vouched(CHECKPOINT, COSIGNED._replace(blob=blob)) == Code.SIGNATURE
    for key in (*note.witness_keys(CHAIN, "lpsk"), LOG_KEY, WITNESS_KEY._replace(public=bytes(32))):
        assert vouched(CHECKPOINT, COSIGNED, key) == Code.KEY
    as_log = WITNESS_KEY._replace(algorithm=ED25519)
    assert vouched(CHECKPOINT, note.cosign(CHECKPOINT, as_log, WITNESS_SIGNER, SECONDS), as_log) == Code.KEY
    assert vouched(CHECKPOINT, NOTE.lines[0]) == Code.KEY


def test_a_replaced_key_still_speaks_for_its_time() -> None:
    """Keys are those of all versions held, each once; before the version that brings it a key is unknown."""
    grown = notaries.chain(2)
    old, new = note.checkpoint_keys(grown, LOG)
    assert (old, len(note.checkpoint_keys(CHAIN, LOG))) == (LOG_KEY, 1)
    renewed = note.sign(CHECKPOINT, new, material.signer("lpsk.checkpoint.2"))
    for made in (NOTE, renewed, merge(NOTE, renewed)):
        note.check_log(made, old, new)
    assert refusal(renewed.encode()) == Code.SIGNATURE
    assert note.witness_keys(grown, "komnas-ham") == (WITNESS_KEY,)
    assert (WITNESS_KEY.name, LOG_KEY.name) == (WITNESS, LOG)
    assert note.checkpoint_keys(grown, "rajut.example/mitra/1") == note.witness_keys(grown, "mitra") == ()


def test_a_key_with_more_rights_is_no_notary() -> None:
    """Grants are exactly one kind of note: a key that also signs events signs no notes."""
    both = material.signing_key("lpsk.checkpoint.1", grants=["checkpoint", "node.*"])
    agencies = {**notaries.FIRST.agencies, "lpsk": material.entry("lpsk", [both])}
    bent = notaries.FIRST.model_copy(update={"agencies": agencies})
    held = Chain(sign_directory(bent, notaries.ROOT_KEYS), pin=bent.digest())
    assert note.checkpoint_keys(held, LOG) == note.witness_keys(held, "lpsk") == ()


def test_notes_are_joined_to_the_same_one_in_any_order() -> None:
    """Whoever joins what several witnesses added gets the same bytes, no line lost or doubled, the log's own first."""
    one, two, three = (Note(CHECKPOINT, (*NOTE.lines, line)) for line in (COSIGNED, STRANGER, Line("a", b"abcd", b"x")))
    joined = merge(merge(one, two), three)
    assert joined == merge(three, merge(two, one)) == merge(joined, joined) == read(joined.encode())
    assert joined.lines[0] == NOTE.lines[0]
    assert set(joined.lines) == {*one.lines, *two.lines, *three.lines}


def test_notes_are_not_joined_beyond_bounds() -> None:
    """Lines of another checkpoint are not mixed in, and strangers' lines do not grow a note beyond what is read."""
    with pytest.raises(Rejected) as caught:
        merge(NOTE, note.sign(notaries.checkpoint(11), LOG_KEY, LOG_SIGNER))
    assert caught.value.code == Code.SCHEMA
    many = [Line(f"stranger-{number}", b"abcd", bytes(2)) for number in range(MAX_LINES)]
    large = [STRANGER._replace(name=f"stranger-{number}") for number in range(6)]
    assert read(merge(NOTE, Note(CHECKPOINT, tuple(many[1:]))).encode()).lines[0] == NOTE.lines[0]
    for lines in (many, large):
        with pytest.raises(Rejected) as caught:
            merge(NOTE, Note(CHECKPOINT, tuple(lines)))
        assert caught.value.code == Code.SIZE
