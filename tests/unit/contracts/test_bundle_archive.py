"""The zip archive that a bundle is: one form only, so that no byte of it can be changed unnoticed."""

import io
import time
import tracemalloc
import zipfile
from struct import Struct

import pytest
from hypothesis import given, settings, strategies as st

from contracts.bundle import verify_archive
from contracts.bundle.archive import ARCHIVE, pack, unpack
from contracts.errors import Code, Rejected

FILES = {"manifest.json": b"{}", "records/lpsk/1/2.jws": b"e30.e30.AA", "casekey": b"00\n"}
PACKED = pack(FILES)
names = st.from_regex(r"[a-z]{1,8}(/[a-z0-9]{1,8}){0,2}", fullmatch=True)


@given(st.dictionaries(names, st.binary(max_size=200), max_size=8))
def test_files_come_out_as_they_went_in(files: dict[str, bytes]) -> None:
    """Whatever is packed is unpacked again, by us and by an ordinary zip reader, whatever order it was given in."""
    data = pack(files)
    assert unpack(data) == (files, ())
    assert pack(dict(reversed(files.items()))) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files)


@pytest.mark.parametrize("at", range(len(PACKED)))
def test_every_changed_byte_is_named(at: int) -> None:
    """One bit flipped anywhere, between the files too: the byte is named, and all other files are still read."""
    damaged = PACKED[:at] + bytes([PACKED[at] ^ 1]) + PACKED[at + 1 :]
    files, (finding,) = unpack(damaged)
    assert "byte" in finding.what
    assert sum(files.get(name) == data for name, data in FILES.items()) >= len(FILES) - 1


@settings(max_examples=200)
@given(st.integers(0, len(PACKED)), st.binary(min_size=1, max_size=20))
def test_bytes_put_in_or_cut_off_are_named(at: int, more: bytes) -> None:
    """Bytes put in anywhere, or an archive that ends early, are found."""
    assert unpack(PACKED[:at] + more + PACKED[at:]).findings
    assert at == len(PACKED) or unpack(PACKED[:at]).findings


def test_another_writer_is_found() -> None:
    """An archive with the same files by an ordinary zip program is not the archive that was exported."""
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", method) as archive:
            for name, data in sorted(FILES.items()):
                archive.writestr(name, data)
        assert unpack(made.getvalue()).findings


def test_a_file_that_stands_twice_is_found() -> None:
    """Readers that take the first and readers that take the last are not shown two different things."""
    local = PACKED[: PACKED.index(b"PK\x03\x04", 1)]
    assert unpack(local + PACKED).findings


def test_what_is_no_archive_has_no_files() -> None:
    """Garbage gives no file and one finding."""
    for garbage in (b"", b"PK\x03\x04", b"\x00" * 100):
        files, findings = unpack(garbage)
        assert not files
        assert [finding.file for finding in findings] == [ARCHIVE]


HEAD = Struct("<4s5H3L2H")
CRAFTED = {
    "heads that give no end": (0xFFFFFFF0, 1),
    "heads that claim what follows them": (240_000, 1),
    "names that reach over other heads": (5, 0xFFFF),
}


@pytest.mark.parametrize("crafted", CRAFTED)
def test_a_crafted_archive_is_read_once(crafted: str) -> None:
    """Half a megabyte of heads that contradict each other, which took 20 seconds, is named for what it is at once."""
    size, name = CRAFTED[crafted]
    head = HEAD.pack(b"PK\x03\x04", 20, 0, 0, 0, 33, 1, size, size, name, 0) + b"ax"
    began = time.perf_counter()
    assert unpack(head * (480_000 // len(head))).findings
    assert time.perf_counter() - began < 2


def test_more_entries_than_the_format_has_room_for_are_refused() -> None:
    """Nobody looks for the end of a million entries; what holds more than any bundle can is refused."""
    heads = (HEAD.pack(b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 5, 0) + b"%05x" % number for number in range(70_000))
    with pytest.raises(Rejected) as refused:
        unpack(b"".join(heads))
    assert refused.value.code is Code.SIZE


@pytest.mark.parametrize(("damaged", "kept"), [(7, 12), (8, 0)])
def test_a_few_damaged_heads_hide_no_other_file(damaged: int, kept: int) -> None:
    """Behind heads that give no end the others are still read; behind too many of them nothing is looked for."""
    whole = {f"{number:02}": b"data" for number in range(damaged + 12)}
    packed = pack(whole)
    length = packed.index(b"PK\x03\x04", 1)
    spoiled = bytearray(packed)
    for at in range(0, damaged * length, length):
        spoiled[at + 18 : at + 22] = b"\xff" * 4
    files, findings = unpack(bytes(spoiled))
    assert findings[0].file == "00"
    assert sum(files.get(name) == data for name, data in list(whole.items())[damaged:]) == kept


def test_more_files_than_the_format_has_room_for_are_refused() -> None:
    """Beyond 65,535 files the archive would need another form, which readers disagree about."""
    with pytest.raises(Rejected) as refused:
        pack({str(number): b"" for number in range(65_536)})
    assert refused.value.code is Code.SIZE


def test_a_bomb_is_named_and_never_goes_off() -> None:
    """Of 64 MiB that another program packed into kilobytes nothing is unpacked: entries lie there as they are."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("manifest.json", bytes(1 << 26))
    tracemalloc.start()
    began = time.perf_counter()
    findings = [finding.file for finding in verify_archive(made.getvalue()).findings]
    took, (_, most) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "manifest.json" in findings
    assert (took < 2, most < 1 << 21) == (True, True)
