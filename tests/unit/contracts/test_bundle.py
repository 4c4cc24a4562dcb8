"""The bundle of an honest exporter: nothing to find, until somebody changes a byte of it."""

from collections.abc import Mapping
from functools import lru_cache
from random import Random

import pytest
from nacl.bindings import crypto_sign_open

from contracts import record, signing
from contracts.bundle import Verdict, check, verify, verify_archive
from contracts.bundle.archive import pack, unpack
from contracts.bundle.completeness import COURT, REST, WITHHELD
from contracts.bundle.reading import Files, Ledger, read_chain
from contracts.directory import Chain
from contracts.record import EventId
from contracts.vectors import material
from tests.unit.contracts.dossiers import AGENCIES, CASE, GAP, HAM, LPSK, PEREMPUAN, bundle, dossier, told

THREE = told()
SECRET = b"Nama Rahasia"
PERSONAL: list[EventId] = [id_ for id_, opened in THREE.opened.items() if SECRET in opened.content]
WHOLE = bundle(dossier(THREE))
FOR_COURT = bundle(dossier(THREE, withheld=PERSONAL), "court")
FILES = dict(unpack(WHOLE).files)
COURT_FILES = dict(unpack(FOR_COURT).files)
PIN = material.FIRST.digest()
STRANGE = ("records/lpsk/1/9.jws", "logs/lpsk/1.jws", "more.txt", "../x", "forks/x.json")

_record = lru_cache(record.read)
_opened = lru_cache(crypto_sign_open)


@pytest.fixture(autouse=True)
def what_held_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of bundles differ from one in a single byte: what was found good is not read again."""
    monkeypatch.setattr(check, "read_chain", lambda files, ledger: _sound_chain(files) or read_chain(files, ledger))
    monkeypatch.setattr(record, "read", _record)
    monkeypatch.setattr(signing, "crypto_sign_open", _opened)


def _sound_chain(files: Files) -> Chain | None:
    return _chain(tuple((name, data) for name, data in files.items() if name.startswith("directory/")))


@lru_cache
def _chain(directory: tuple[tuple[str, bytes], ...]) -> Chain | None:
    """The chain of a directory of which nothing is to be found."""
    ledger = Ledger()
    chain = read_chain(dict(directory), ledger)
    return None if ledger.findings else chain


def named(verdict: Verdict) -> set[str]:
    """The files that something was found about."""
    return {finding.file for finding in verdict.findings}


def judged(files: Mapping[str, bytes]) -> Verdict:
    return verify(files, PIN)


def test_an_honest_bundle_holds() -> None:
    """Nothing is found, by the pin or without one, and the verdict says whose bundle it is."""
    verdict = verify_archive(WHOLE, PIN)
    assert verdict.findings == ()
    assert (verdict.case, verdict.scope, verdict.agency, verdict.pinned) == (CASE, "whole", LPSK, True)
    assert (verdict.role, verdict.officer, verdict.purpose) == ("operator", "root", "AUDIT")
    without = verify_archive(WHOLE)
    assert (without.findings, without.pinned, without.pin, without.versions) == ((), False, PIN.hex(), 3)


def test_the_same_holdings_give_the_same_bytes() -> None:
    """Two exports of one state are the same file, byte for byte."""
    assert bundle(dossier(told())) == WHOLE


def test_every_event_is_said_to_be_authentic_complete_dated_and_witnessed() -> None:
    """One line for each record of the case, of no other, with all that is proven of it."""
    lines = {line.place: line for line in verify_archive(WHOLE).lines}
    assert list(lines) == ["komnas-ham/1/2", "komnas-ham/1/3", "komnas-perempuan/1/1", "lpsk/1/1", "lpsk/1/2"]
    for line in lines.values():
        assert (line.authentic, line.remarks, line.others) == ("yes", (), 2)
        assert "" < line.after.at < line.claimed < line.before.at
        assert line.agency not in (line.after.by, line.before.by)
        assert {witness.agency for witness in line.witnesses} == {*AGENCIES} - {line.agency}
    own = lines.pop("komnas-ham/1/3")
    assert (own.content, own.type, own.complete[:11]) == ("sealed to others", "", "not visible")
    assert {(line.content, line.complete) for line in lines.values()} == {("disclosed", "yes")}


def test_a_whole_bundle_was_searched() -> None:
    """The verdict names what was looked through with the case key, and what a search cannot find."""
    verdict = verify_archive(WHOLE)
    assert [words.split(":")[0] for words in verdict.completeness] == ["Searched with the case key"] * 3 + [REST]
    searched = "rajut.example/lpsk/1, records 1 to 4, the first 5 cosigned at 2026-11-22T01:55:01.000Z."
    assert verdict.completeness[2].endswith(searched)


def test_a_bundle_for_a_court_shows_no_more_than_it_should() -> None:
    """Withheld events keep their record, and neither content nor salt; logs stay at home, and the verdict says so."""
    verdict = verify_archive(FOR_COURT, PIN)
    assert verdict.findings == ()
    assert SECRET in WHOLE
    assert SECRET not in FOR_COURT
    (salt,) = [THREE.opened[id_].salt for id_ in PERSONAL]
    assert salt.hex().encode() not in FOR_COURT
    assert not [name for name in COURT_FILES if name.startswith("logs/")]
    assert verdict.completeness == (COURT, WITHHELD)
    assert [line.place for line in verdict.lines if line.content == "withheld"] == ["lpsk/1/2"]


def test_a_bundle_that_discloses_nothing_has_no_case_key() -> None:
    """Without any content even the key that links records to the case stays at home; what is left still holds."""
    everything = [id_ for id_, opened in THREE.opened.items() if opened.case_key == b"\x05" * 32]
    readable = [id_ for id_ in everything if b'"to":["komnas-ham"]' not in THREE.opened[id_].content]
    data = bundle(dossier(THREE, withheld=readable), "court")
    assert "casekey" not in unpack(data).files
    verdict = verify_archive(data, PIN)
    assert verdict.findings == ()
    assert {line.content for line in verdict.lines} == {"withheld", "sealed to others"}


def test_what_the_exporter_lacked_is_shown() -> None:
    """Gaps stand in the verdict as the exporter tells them."""
    (gap,) = verify_archive(WHOLE).gaps
    assert gap._asdict() == GAP.model_dump()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_changed_file_is_named(name: str) -> None:
    """A bit flipped anywhere in a file: that file is named. Some places for every file, all of them for small ones."""
    data = FILES[name]
    places = range(len(data)) if len(data) < 40 else Random(name).sample(range(len(data)), 12)
    for place in places:
        changed = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        found = named(judged(FILES | {name: changed}))
        assert name in found or (name == "manifest.json" and "manifest.sig" in found), place


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_removed_file_is_named(name: str) -> None:
    """Whatever is taken out of the bundle is missed by name."""
    assert name in named(judged({one: data for one, data in FILES.items() if one != name}))


@pytest.mark.parametrize("name", [*sorted(COURT_FILES), *STRANGE])
def test_an_added_or_emptied_file_is_named(name: str) -> None:
    """What was put in is named, also under a name that bundles know; so is a file whose bytes are gone."""
    found = named(judged(COURT_FILES | {name: b""}))
    assert name in found or (name == "manifest.json" and found)


def test_a_byte_of_the_archive_is_named() -> None:
    """A bit flipped in the file as it lies on a disk is found, wherever it is, and its file is named."""
    spans, at = {}, 0
    for name in sorted(FILES):
        spans[name] = range(at, at + 30 + len(name) + len(FILES[name]))
        at = spans[name].stop
    chance = Random(1)
    for place in chance.sample(range(len(WHOLE)), 100):
        damaged = WHOLE[:place] + bytes([WHOLE[place] ^ 1 << chance.randrange(8)]) + WHOLE[place + 1 :]
        owner = next((name for name, span in spans.items() if place in span), "the archive")
        assert owner in named(verify_archive(damaged, PIN)), place


def test_another_directory_is_not_the_pinned_one() -> None:
    """A bundle that is whole in itself, but begins with another directory, is refused by whoever has the pin."""
    found = verify_archive(WHOLE, b"\x01" * 32)
    assert ("directory/1.json", "is not the pinned directory") in found.findings
    assert not found.pinned


@pytest.mark.parametrize("names", [{"manifest.json"}, {"directory/1.json"}, {"directory/2.json"}, set(FILES)])
def test_a_bundle_that_cannot_be_read_is_a_finding_and_no_accident(names: set[str]) -> None:
    """Without its manifest or its directory there are no lines, and what is missing is named."""
    verdict = judged({name: data for name, data in FILES.items() if name not in names})
    assert verdict.lines == ()
    assert names & named(verdict)


def test_a_repacked_archive_is_found() -> None:
    """The same files in an archive by another program are the same case, and not the same file."""
    assert verify_archive(pack(FILES)).findings == ()
    assert verify_archive(b"x" + WHOLE).findings


def test_each_agency_exports_what_it_may_read() -> None:
    """The bundle of another participant holds as well, and shows the event that it kept to itself."""
    verdict = verify_archive(bundle(dossier(THREE, agency=HAM), agency=HAM), PIN)
    assert verdict.findings == ()
    assert {line.content for line in verdict.lines} == {"disclosed"}
    assert verify_archive(bundle(dossier(THREE, agency=PEREMPUAN), agency=PEREMPUAN), PIN).findings == ()
