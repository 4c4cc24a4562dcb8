"""The documents say what is so: every command in them is run, every link and every test that they name exists.

A fenced block of kind `console` is run by bash in the order of its document, and what stands below a `$ ` line is
compared with what comes out: numbers and ids may differ, `...` stands for anything, on a line of its own for any lines.
A block marked `console demo` needs three running agencies; `DEMO` is the folder of their homes.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from contracts.codes import CATALOGUES, LANGUAGES
from contracts.errors import Code
from deploy.dev import cast, ceremony
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from deploy.dev.trio import migrate
from tests.e2e import javascript

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = (
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "contracts" / "README.md",
    ROOT / "tests" / "cases" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
COMMON_WORDS = {
    "agency": "lembaga",
    "node": "simpul",
    "log": "log",
    "record": "catatan",
    "content": "isi",
    "case": "kasus",
    "timeline": "linimasa",
    "lead": "lembaga utama",
    "measure": "tindakan",
    "partner": "mitra",
    "mechanism": "mekanisme",
}
LISTS_IN_GLOSSARY = ("urgency", "ground", "defender_kind", "status", "risk", "eligibility")

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SLOW = re.compile(r"`(tests/[\w/]+\.py)`")
_TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_HERE_DOCUMENT = re.compile(r"<<'(\w+)'")
_VARYING = re.compile(r"(?<![\w-])(?=[\w-]*[0-9A-Z])[\w-]{12,}|[0-9]+")
_THREAT = ("number", "attack", "seen by whom", "how fast", "what is left", "shown by")
_BIN = ROOT / ".venv" / "bin"


class Step(NamedTuple):
    """One command of a document, and what it is said to print."""

    command: str
    expected: str


def _name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def _steps(document: Path) -> list[Step]:
    blocks = [text for kind, text in _FENCE.findall(document.read_text()) if kind.startswith("console")]
    return [step for text in blocks for step in _commands(text)]


def _commands(block: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        opened = _HERE_DOCUMENT.search(lines[0])
        size = lines.index(opened[1]) + 1 if opened else 1
        yield Step("\n".join(lines[:size]), "\n".join(lines[size:]))


def _run(steps: list[Step], folder: Path, environment: Mapping[str, str]) -> list[tuple[int, str]]:
    """Status and output of every step, all run by one shell that starts in the checkout."""
    script = "".join(
        f"{{ {step.command}\n}} >{folder}/{number}.out 2>&1 </dev/null; echo $? >{folder}/{number}.status\n"
        for number, step in enumerate(steps)
    )
    (folder / "script").write_text(script)
    path = f"{_BIN}:{javascript.FOLDER}:{os.environ['PATH']}"
    told = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **environment}
    subprocess.run(["bash", folder / "script"], cwd=ROOT, env=told, check=True, timeout=240)
    return [
        (int((folder / f"{number}.status").read_text()), (folder / f"{number}.out").read_text())
        for number in range(len(steps))
    ]


def _plain(text: str) -> list[str]:
    """Lines without what differs from run to run."""
    return [" ".join(_VARYING.sub("#", line).split()) for line in text.splitlines() if line.strip()]


def _agrees(expected: str, output: str) -> bool:
    lines = (re.escape(line).replace(r"\.\.\.", ".*") + r"\n" for line in _plain(expected))
    pattern = "".join(r"(?:.*\n)*?" if line == r".*\n" else line for line in lines)
    return not expected or re.fullmatch(pattern, "".join(f"{line}\n" for line in _plain(output))) is not None


def check(document: Path, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Run a document's commands, hold what they print to what it shows, and give it back."""
    steps = _steps(document)
    done = _run(steps, folder, environment)
    for step, (status, output) in zip(steps, done, strict=True):
        assert status == 0, f"{step.command}\n{output}"
        assert _agrees(step.expected, output), f"{step.command}\nsaid to print:\n{step.expected}\nprints:\n{output}"
    return [output for _, output in done]


def _found(homes: Mapping[str, Path]) -> None:
    ceremony.found(homes)
    cast.seat(homes)


@pytest.fixture(scope="session")
def demo(server_folder: Path) -> Iterator[Path]:
    """The homes of three running agencies, as `make demo` leaves them up."""
    root = server_folder / "documented"
    with Mailbox() as mailbox, ThreeNodes(root, ceremony=_found, migrate=migrate, mail_port=mailbox.port):
        yield root


def _documents() -> list[Path]:
    """Those with commands. The README's are run by `tests/e2e/test_demo.py`, beside another demo."""
    return [path for path in DOCUMENTS[1:] if _steps(path)]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", _documents(), ids=_name)
def test_commands_beside_a_demo_do_what_the_document_says(document: Path, tmp_path: Path, demo: Path) -> None:
    """Whoever copies the commands of a guide while a demo runs sees what the guide shows."""
    check(document, tmp_path, {"TMPDIR": str(tmp_path), "DEMO": str(demo)})


def test_a_wrong_document_is_noticed() -> None:
    """The comparison can fail: other words, a missing line and a line too many do not agree."""
    assert _agrees(
        "78 records\n...\ncase 0qhpaj7rctdq788sdtwjsdpej2", "9 records\nand\nmore\ncase 6xgz7aqhw237rb9p219dy099m2\n"
    )
    assert not _agrees("9 records, 0 findings", "9 records, 0 contents\n")
    assert not _agrees("one\ntwo", "one\n")
    assert not _agrees("one", "one\ntwo\n")


def test_only_known_kinds_of_blocks() -> None:
    """No command hides in a block that nobody runs."""
    kinds = {kind for path in DOCUMENTS for kind, _ in _FENCE.findall(path.read_text())}
    assert kinds <= {"console", "console demo", "json", "mermaid", "text", "toml"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    """A reader who follows a link arrives."""
    links = [link.split("#")[0] for link in _LINK.findall(document.read_text()) if "://" not in link]
    missing = [link for link in links if link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_test_that_is_named_as_evidence_exists(document: Path) -> None:
    """A promise points to the test that shows it, and the test is there."""
    named = _TEST_NAME.findall(document.read_text())
    missing = [
        name for file, name in named if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text()
    ]
    assert missing == []


def test_every_threat_has_a_test_that_carries_it_out() -> None:
    """The table of threats has every number once, four facts to each, and a test; it says which run does not try it."""
    security = (ROOT / "docs" / "security.md").read_text()
    rows = [row.split(" | ") for row in re.findall(r"^\| ([0-9]+ \| .*) \|$", security, re.MULTILINE)]
    assert [int(row[0]) for row in rows] == list(range(1, 34))
    assert [row[0] for row in rows if len(row) != len(_THREAT) or not all(row) or not _TEST_NAME.search(row[-1])] == []
    named = {file for row in rows for file, _ in _TEST_NAME.findall(row[-1])}
    assert {file for file in named if "pytest.mark.slow" in (ROOT / file).read_text()} == set(_SLOW.findall(security))


def test_every_decision_is_in_the_index() -> None:
    """Each ADR is listed once, under the title that it has, and the numbers have no hole."""
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    for adr in ADRS:
        assert index.count(f"[{adr.read_text().splitlines()[0].removeprefix('# ')}]({adr.name})") == 1
    assert [adr.name[:4] for adr in ADRS] == [f"{number:04d}" for number in range(1, len(ADRS) + 1)]


def test_every_dependency_has_its_reason() -> None:
    """Each package that a node needs is in ADR 2, and ADR 2 lists no other."""
    needed = re.findall(r"^([a-z][a-z0-9-]*)", (ROOT / "requirements" / "runtime.in").read_text(), re.MULTILINE)
    listed = re.findall(
        r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text(), re.MULTILINE
    )
    assert sorted(listed) == sorted(needed)


def test_the_readme_lists_the_targets_as_make_does() -> None:
    """The excerpt of `make help` in the README is what `make help` prints, to the letter."""
    shown = next(step.expected for step in _steps(README) if step.command == "make help")
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.strip("\n") == printed.strip("\n")


@pytest.mark.parametrize("english", COMMON_WORDS)
def test_the_glossary_has_the_words(english: str) -> None:
    """Each word of the common language has an entry of its own, in both languages, once."""
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    assert glossary.count(f"\n| {english} | {COMMON_WORDS[english]} | ") == 1


def test_the_glossary_names_events_and_codes_as_the_screens_do() -> None:
    """Titles of events and the central codes stand in the glossary as people see them, in both languages."""
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    indonesian, english = (CATALOGUES[language] for language in LANGUAGES)
    rows = [(name, title, english.events[name]) for name, title in indonesian.events.items()]
    rows += [
        (code, text, english.codes[name][code])
        for name in LISTS_IN_GLOSSARY
        for code, text in indonesian.codes[name].items()
    ]
    assert [row for row in rows if "| `{}` | {} | {} |".format(*row) not in glossary] == []


def test_the_contract_lists_every_code() -> None:
    """Each code that a verdict may carry is in the normative document."""
    contract = (ROOT / "contracts" / "README.md").read_text()
    assert [code for code in Code if f"| `{code}` |" not in contract] == []
