"""Every document beside this file is played on three running nodes, and ends in one story."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import servers
from tests.scenarios.play import Play, World, world
from tests.scenarios.reading import read
from tests.scenarios.words import Unknown

DOCUMENTS = sorted(Path(__file__).parent.glob("*.md"))
STORY = "# Judul\n\nCerita.\n\n> *In English.* Story.\n\n"
TABLE = "| Siapa | Melakukan | Lalu terlihat |\n|---|---|---|\n"


@pytest.fixture(scope="module")
def machines(server_folder: Path) -> Iterator[ThreeNodes]:
    """The servers of three agencies."""
    with servers(server_folder / "scenarios") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(machines: ThreeNodes) -> AsyncIterator[World]:
    """Their nodes, shared by all scenarios: starting them costs more than playing one."""
    async with world(machines) as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
async def test_a_scenario(three: World, document: Path) -> None:
    """Every step of the document does what it says, every agency sees what it says, and all digests are equal."""
    await Play(world=three).run(read(document))


@pytest.mark.parametrize(
    "row",
    [
        "| Waktu | 3 jam berlalu | |",
        "| Waktu | tiga jam berlalu | darurat = ACTIVE |",
        "| Waktu | 3 jam | darurat = ACTIVE |",
        "| Jaringan | LPSK | darurat = ACTIVE |",
        "| Waktu | 3 jam berlalu | janji BERSANTAI = tidak ada |",
        "| Waktu | 3 jam berlalu | tidak tercatat = Petugas bersantai |",
        "| Jaringan | Polri terputus | darurat = ACTIVE |",
        "| LPSK: kepala dinas | menilai risiko: ancaman: 4 | risiko = TINGGI |",
        "| LPSK: petugas darurat | bersantai | risiko = TINGGI |",
        "| LPSK: petugas darurat | menilai risiko: cuaca: 4 | risiko = TINGGI |",
        "| LPSK: petugas darurat | menilai risiko: ancaman: 4 | cuaca = TINGGI |",
        "| LPSK: petugas darurat | menilai risiko: ancaman: 4 | darurat |",
        "| LPSK: petugas darurat | menilai risiko: ancaman: 4 | di Polri: risiko = TINGGI |",
    ],
)
def test_a_word_without_meaning_is_refused(row: str, tmp_path: Path) -> None:
    """A document cannot say something that would not be played, or a step that checks nothing."""
    document = tmp_path / "document.md"
    document.write_text(STORY + TABLE + row + "\n")
    with pytest.raises(Unknown):
        read(document)
