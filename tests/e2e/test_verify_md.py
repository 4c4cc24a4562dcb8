"""A bundle is verified with tools that are not ours: by the steps of its own VERIFY.md, and by a program in Node.js."""

import io
import subprocess
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from contracts.bundle import Line, layout, verify, verify_archive
from contracts.bundle.verdict import Dated
from contracts.vectors import material
from tests.e2e.javascript import NODE
from tests.e2e.test_docs import Step, _agrees, _run, _steps
from tests.unit.contracts.dossiers import KEY, bundle, dossier, erase, told
from tests.unit.contracts.tampering import (
    ATTACKS,
    COURT_FILES,
    EVENTS,
    FILES,
    NOTE,
    THREE,
    headless,
    signed_again,
    under_later_rules,
    without,
)

PIN = material.FIRST.digest().hex()
AFTERWARDS = told()
ENTRIES, GONE = erase(AFTERWARDS)
KEPT = [one for one in THREE.opened if b"Nama Rahasia" not in THREE.opened[one].content]
BUNDLES = {
    "whole": bundle(dossier(THREE)),
    "court": bundle(dossier(THREE, withheld=[one for one in THREE.opened if one not in KEPT]), "court"),
    "after an erasure": bundle(dossier(AFTERWARDS, without=GONE, erasures=ENTRIES)),
}
# What only our own verification looks at.
LEFT_TO_OURS = {"a fork that is none", "a salt without content"}


def unpacked(data: bytes, folder: Path) -> Path:
    """The files of a bundle, as an ordinary zip program takes them out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    """Files in a folder, where they belong."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def program(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Status and output of the program that is in the bundle."""
    command = [NODE, "verify.mjs", *arguments]
    done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def named(lines: list[str]) -> set[str]:
    """The files that the program found something about."""
    return {line.partition(": ")[0] for line in lines if ": " in line}


@pytest.mark.parametrize("kind", BUNDLES)
def test_the_steps_do_what_they_say(kind: str, tmp_path: Path) -> None:
    """Whoever follows VERIFY.md with openssl, GNU tools and Node.js sees what it shows, and leaves nothing behind."""
    folder, work = unpacked(BUNDLES[kind], tmp_path / "bundle"), tmp_path / "work"
    work.mkdir()
    before = sorted(folder.rglob("*"))
    steps = [Step(f"cd {folder}", ""), *_steps(folder / "VERIFY.md")]
    assert len(steps) > 30
    for step, (status, output) in zip(steps, _run(steps, work, {"TMPDIR": str(work)}), strict=True):
        assert (status, output) == (0, output), f"{step.command}\n{output}"
        assert _agrees(step.expected, output), f"{step.command}\nsaid to print:\n{step.expected}\nprints:\n{output}"
    assert sorted(folder.rglob("*")) == before
    assert not [path for path in work.iterdir() if path.is_dir()]


def test_steps_that_a_bundle_has_nothing_for_are_left_out(tmp_path: Path) -> None:
    """Where no content is disclosed nobody is told to check one; every other step stays."""
    whole = (unpacked(BUNDLES["whole"], tmp_path / "whole") / "VERIFY.md").read_text()
    ours = [id_ for id_, one in THREE.opened.items() if one.case_key == KEY]
    withheld = [id_ for id_ in ours if b'"to":["komnas-ham"]' not in THREE.opened[id_].content]
    closed = bundle(dossier(THREE, withheld=withheld), "court")
    told_ = (unpacked(closed, tmp_path / "closed") / "VERIFY.md").read_text()
    titles, fewer = ([line for line in text.splitlines() if line.startswith("## ")] for text in (whole, told_))
    assert [title for title in titles if title not in fewer] == ["## One content is what its record committed to"]
    assert "@" not in told_
    assert verify_archive(closed).findings == ()


@pytest.mark.parametrize("name", ["records/komnas-ham/1/2.jws", "manifest.sig", "directory/1.json", "salts.json", NOTE])
def test_a_step_fails_on_a_changed_byte(name: str, tmp_path: Path) -> None:
    """The tools of others notice it, too: the sums always, and openssl where the byte was signed."""
    data = bytearray(FILES[name])
    data[len(data) // 2] ^= 1
    folder, work = written(FILES | {name: bytes(data)}, tmp_path / "bundle"), tmp_path / "work"
    work.mkdir()
    steps = [Step(f"cd {folder}", ""), *_steps(folder / "VERIFY.md")]
    ran = zip(steps, _run(steps, work, {"TMPDIR": str(work)}), strict=True)
    failed = [step.command for step, (status, _) in ran if status]
    assert any("sha256sum" in command or "manifest.sig" in command for command in failed)
    assert len(failed) >= 2
    assert "verify.mjs" in failed[-1]


@pytest.mark.parametrize("kind", BUNDLES)
def test_the_program_says_the_same_as_ours(kind: str, tmp_path: Path) -> None:
    """Two programs that share no code agree on every event: what it is, its bounds in time, its witnesses."""
    verdict = verify_archive(BUNDLES[kind])
    status, lines = program(unpacked(BUNDLES[kind], tmp_path), "--pin", PIN)
    assert (status, lines[-1]) == (0, "0 findings")
    assert lines[0] == f"pin {PIN}: compared with yours"
    assert lines[1] == f"rules: version 1, sha256 {verdict.rules_sha256}: compare it with the published one"
    said = [line.strip() for line in lines[2:] if not line.startswith("searched ")][:-1]
    ours = [text for line in verdict.lines for text in in_its_words(line)]
    assert sorted(said) == sorted(ours)
    assert sum(line.startswith("searched ") for line in lines) == (0 if kind == "court" else 3)


@pytest.mark.parametrize("roots", [material.AGENCIES, material.AGENCIES[:2]])
def test_the_program_knows_rules_that_all_signed(roots: tuple[str, ...], tmp_path: Path) -> None:
    """A later version of the rules is held against the signatures of all, and against what the case names."""
    files = under_later_rules(*roots)
    status, lines = program(written(files, tmp_path))
    assert (status, lines[-1], layout.RULES in named(lines)) == (1, "1 findings", True)
    assert any("signed by all" in line for line in lines) == (roots != material.AGENCIES)
    assert {finding.file for finding in verify(files).findings} == {layout.RULES}


def in_its_words(line: Line) -> tuple[str, str]:
    """What the program prints of an event."""
    after, before = (f"{one.at} ({one.by})" if one != Dated() else "?" for one in (line.after, line.before))
    by = ", ".join(one.agency for one in line.witnesses) or "nobody yet"
    only = "only " if 0 < len(line.witnesses) < line.others else ""
    return f"{line.place} {line.type or line.content}", f"between {after} and {before}; witnessed {only}by {by}"


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_program_names_a_changed_and_a_removed_file(name: str, tmp_path: Path) -> None:
    """One bit flipped somewhere in a file, or the file taken out: it is named, status 1."""
    place = Random(name).randrange(len(FILES[name]))
    changed = FILES[name][:place] + bytes([FILES[name][place] ^ 1]) + FILES[name][place + 1 :]
    mine = FILES["verify.mjs"]
    for files in (FILES | {name: changed}, {one: data for one, data in FILES.items() if one != name}):
        folder = written({**files, "program.mjs": mine}, tmp_path / str(len(files)))
        (folder / "program.mjs").rename(tmp_path / "program.mjs")
        status, lines = program_at(tmp_path / "program.mjs", folder)
        assert status == 1
        assert name in named(lines) or (name == "manifest.json" and "manifest.sig" in named(lines)), lines


def program_at(path: Path, folder: Path) -> tuple[int, list[str]]:
    """As `program`, with a copy that lies elsewhere."""
    command = [NODE, str(path), str(folder), "--pin", PIN]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("how", ATTACKS)
def test_the_program_sees_through_a_dishonest_exporter(how: str, tmp_path: Path) -> None:
    """What an exporter changes before it signs the list again is named by the other program as well."""
    name, change = ATTACKS[how]
    status, lines = program(written(signed_again(change(FILES)), tmp_path))
    assert how in LEFT_TO_OURS or (status, name in named(lines)) == (1, True), lines


@pytest.mark.parametrize("place", EVENTS)
def test_the_program_finds_what_was_left_out(place: str, tmp_path: Path) -> None:
    """Every record of the case that the logs have and the bundle has not."""
    status, lines = program(written(signed_again(without(FILES, place)), tmp_path))
    assert (status, f"records/{place}.jws" in named(lines)) == (1, True), lines


def test_the_program_misses_the_beginning_of_a_case(tmp_path: Path) -> None:
    """A bundle of the whole case begins with an event that refers to none before, or something is found."""
    status, lines = program(written(headless(), tmp_path))
    assert (status, lines[-1], named(lines) & {"records/lpsk/1/5.jws"}) == (1, "1 findings", {"records/lpsk/1/5.jws"})


def test_the_program_knows_another_directory(tmp_path: Path) -> None:
    """With another pin nothing of the bundle counts; without one the reader is told to compare."""
    folder = written(COURT_FILES, tmp_path)
    status, lines = program(folder, "--pin", "00" * 32)
    assert (status, "directory/1.json: is not the pinned directory" in lines) == (1, True)
    assert program(folder)[1][0] == f"pin {PIN}: compare it with the published one"


def test_the_program_prints_nothing_that_moves_a_cursor(tmp_path: Path) -> None:
    """A hostile name cannot hide what was found from somebody at a terminal."""
    status, lines = program(written(FILES | {"more\x1b[2J": b""}, tmp_path))
    assert (status, "more?[2J: was added" in lines) == (1, True)


def test_the_program_reads_nothing_of_what_unpacks_to_too_much(tmp_path: Path) -> None:
    """More than a bundle may hold, as a small archive can become, is refused before a byte of it is read."""
    folder = written(COURT_FILES, tmp_path)
    with (folder / "casekey").open("r+b") as file:
        file.truncate(1 << 30)
    began = time.monotonic()
    assert program(folder) == (1, ["more than 1 GiB: no bundle is so large"])
    assert time.monotonic() - began < 5
