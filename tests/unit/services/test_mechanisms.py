"""What an agency declares of its own mechanism is refused at load unless it makes sense; limits are counted right."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.codes import codes
from contracts.events.fields import MAX_CODES
from contracts.mechanism import GENESIS_TEXT, LATEST, Mechanism
from docs.mechanisms.generate import page, write
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.declaration import Limit, Machine, Region, read

MORNING = datetime(2026, 11, 20, 2, tzinfo=UTC)  # a Friday, nine o'clock in Jakarta
STATES = {
    "komnas-ham/PENGADUAN": """
        DITERIMA PEMERIKSAAN_BERKAS TELAAH MENUNGGU_LENGKAP BUKAN_KEWENANGAN DISTRIBUSI PEMANTAUAN_PENYELIDIKAN
        PRA_MEDIASI MEDIASI KESEPAKATAN GAGAL SARAN_LAIN TEMBUSAN REKOMENDASI TIDAK_TERBUKTI TINDAK_LANJUT DITUTUP""",
    "komnas-ham/STATUS_PEMBELA": "PENETAPAN_STATUS_PEMBELA SEMENTARA TERVERIFIKASI DITOLAK DIBANDING DIAKUI",
    "komnas-ham/RESPONS_CEPAT": "RESPONS_CEPAT SURAT_RESPONS_CEPAT SURAT_PERLINDUNGAN",
    "komnas-perempuan/PENGADUAN": """
        DITERIMA VERIFIKASI TIDAK_TERHUBUNGI KLASIFIKASI ASESMEN_KEBUTUHAN SUSUN_RUJUKAN RUJUKAN_DIKIRIM
        DITERIMA_MITRA DITOLAK_MITRA TANPA_JAWABAN RUJUKAN_ULANG ESKALASI_KOMISIONER PENDAMPINGAN_BERJALAN
        LAPORAN_MITRA SELESAI ARSIP_CATAHU""",
    "komnas-perempuan/PENYIKAPAN": "SUSUN_PENYIKAPAN PENYIKAPAN_DIKIRIM DIJAWAB TIDAK_DIJAWAB",
    "lpsk/PERMOHONAN": """
        PERMOHONAN_MASUK TINDAKAN_PROAKTIF PEMERIKSAAN_FORMIL LENGKAP KURANG TELAAH_MATERIIL TIDAK_MEMENUHI RISALAH
        SMPL DITERIMA DITOLAK REKOMENDASI PERNYATAAN_KESEDIAAN TERLINDUNG PERPANJANGAN PENAMBAHAN PENGURANGAN
        PENGHENTIAN""",
    "lpsk/KEDARURATAN": """
        CEK_KEDARURATAN USULAN_DARURAT TIDAK_DARURAT DITOLAK DARURAT_AKTIF DIPERPANJANG DILANJUTKAN_SMPL
        BERAKHIR_TERTULIS""",
}
STEP_TO_SHUT = 'next = [{ to = "TUTUP", by = ["tim_hrd"] }]'
LONELY = f'[regions.BERKAS.states.LAIN]\nid = "L"\nen = "L"\n{STEP_TO_SHUT}\n'
NOWHERE = LONELY.replace("states.LAIN", "states.BELUM_MULAI")
DEAD_END = 'next = [{ to = "TUTUP", by = ["tim_hrd"] }, { to = "MATI", by = ["tim_hrd"] }]\n'
SMALL = """
agency = "komnas-ham"
version = 1
standing = "Contoh."

[regions.BERKAS]
id = "Berkas"
en = "File"
first = [{ to = "BUKA", by = ["petugas_pengaduan"] }]
reacts = [{ event = "intake.case.opened", from = ["BELUM_MULAI"], to = "BUKA" }]

[regions.BERKAS.states.BUKA]
id = "Buka"
en = "Open"
emits = ["triage.status.determined"]
next = [{ to = "TUTUP", by = ["tim_hrd"] }]

[regions.BERKAS.states.TUTUP]
id = "Tutup"
en = "Shut"
end = true
"""


def test_each_agency_of_the_mechanism_has_a_machine_of_its_own() -> None:
    """The three agencies each declare one, and no two are alike."""
    assert set(MACHINES) == set(LATEST.agencies)
    names = [
        frozenset(state for region in one.regions.values() for state in region.states) for one in MACHINES.values()
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("region", STATES)
def test_the_states_are_those_of_the_agency(region: str) -> None:
    """Nobody's state is renamed, merged or left out without this table being changed, too."""
    agency, _, code = region.partition("/")
    assert set(MACHINES[agency].regions[code].states) == set(STATES[region].split())
    assert {f"{agency}/{code}" for agency, one in MACHINES.items() for code in one.regions} == set(STATES)


def test_reasons_and_levels_are_codes_that_people_can_read() -> None:
    """Every reason has a text in both languages, and limits are narrowed to levels of urgency that exist."""
    for machine in MACHINES.values():
        assert len(machine.reasons) <= MAX_CODES
        limits = [
            limit for region in machine.regions.values() for one in region.states.values() for limit in one.limits
        ]
        assert {level for limit in limits for level in limit.urgency} <= set(codes("urgency"))


def test_what_nobody_has_seen_in_a_document_says_so() -> None:
    """LPSK's seven days, its session and its programme period are marked as not verified, and nothing else is."""
    marked = {
        (agency, code)
        for agency, machine in MACHINES.items()
        for region in machine.regions.values()
        for code, state in region.states.items()
        if any(limit.unverified for limit in state.limits)
    }
    assert marked == {("lpsk", "DARURAT_AKTIF"), ("lpsk", "SMPL"), ("lpsk", "TERLINDUNG")}


@pytest.mark.parametrize("region", [region for one in MACHINES.values() for region in one.regions.values()])
def test_from_every_state_an_end_can_be_reached(region: Region) -> None:
    """No case is caught anywhere, whatever was decided before."""
    ends = {code for code, state in region.states.items() if state.end}
    assert all(region.reach(code) & ends for code in region.states)


def test_no_end_has_a_clock_and_no_clock_has_an_end() -> None:
    """A limit can name no state to go to; and what has ended owes nothing."""
    assert not {"to", "then", "next"} & Limit.model_fields.keys()
    with pytest.raises(ValidationError):
        read(SMALL + 'limits = [{ hours = 1, basis = "x" }]\n', LATEST)


WRONG: Mapping[str, tuple[str, str]] = {
    "a state to which nothing leads": ("[regions.BERKAS.states.TUTUP]", f"{LONELY}[regions.BERKAS.states.TUTUP]"),
    "a state without a way to an end": (STEP_TO_SHUT, f'{DEAD_END}[regions.BERKAS.states.MATI]\nid = "M"\nen = "M"'),
    "a region that ends nowhere": ("end = true", "end = false"),
    "a region that nothing begins": ('"BELUM_MULAI"', '"TUTUP"'),
    "a step to a state that is not there": ('to = "TUTUP"', 'to = "HILANG"'),
    "a reaction from a state that is not there": ('from = ["BELUM_MULAI"]', 'from = ["HILANG"]'),
    "a state of the name that means none": ("[regions.BERKAS.states.TUTUP]", f"{NOWHERE}[regions.BERKAS.states.TUTUP]"),
    "a role that the agency does not have": ('"tim_hrd"', '"tim_lain"'),
    "a role that may take no step": ('"tim_hrd"', '"auditor"'),
    "a role of another agency": ('"tim_hrd"', '"petugas_upr"'),
    "nobody to take a step": ('by = ["tim_hrd"]', "by = []"),
    "an event that does not exist": ('"intake.case.opened"', '"intake.case.closed"'),
    "a step that moves itself": ('"intake.case.opened"', '"protection.step.taken"'),
    "an obligation to say what does not exist": ('"triage.status.determined"', '"triage.status.guessed"'),
    "a field that the event does not have": ('to = "BUKA" }]\n\n', 'to = "BUKA", where = { status = ["X"] } }]\n\n'),
    "a name that the event does not have": ('to = "BUKA" }]\n\n', 'to = "BUKA", names_own = "referral" }]\n\n'),
    "a reason without a text": ('by = ["tim_hrd"] }', 'by = ["tim_hrd"], reasons = ["SEBAB"] }'),
    "a text that no step asks for": ("[regions.BERKAS]", '[reasons]\nSEBAB = { id = "S", en = "S" }\n[regions.BERKAS]'),
    "a limit with two clocks": ("emits =", 'limits = [{ hours = 1, days = 1, basis = "x" }]\nemits ='),
    "a limit without a basis": ("emits =", "limits = [{ hours = 1 }]\nemits ="),
    "a day that no year has": ("emits =", 'limits = [{ before = "02-30", basis = "x" }]\nemits ='),
    "a word that nobody reads": ("version = 1", "version = 1\ncolour = 1"),
    "no TOML": ("version = 1", "version = "),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_a_machine_that_makes_no_sense_is_refused(why: str) -> None:
    """A node does not start with a declaration in which officers could be lost: the fault is named at load."""
    old, new = WRONG[why]
    text = SMALL if why != "a region that nothing begins" else SMALL.replace("first =", "# first =")
    assert old in text
    with pytest.raises(ValueError, match=r".+"):
        read(text.replace(old, new), LATEST)


def test_a_machine_that_makes_sense_is_read() -> None:
    """The example that is spoilt above is whole: what is refused there is refused for its fault."""
    assert set(read(SMALL, LATEST).regions["BERKAS"].states) == {"BUKA", "TUTUP"}


def limit(**told: object) -> Limit:
    return Limit.model_validate({"basis": "Contoh."} | told)


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ({"hours": 24}, MORNING + timedelta(days=1)),
        ({"days": 0}, datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC)),
        ({"days": 14}, datetime(2026, 12, 4, 16, 59, 59, tzinfo=UTC)),
        ({"working_days": 1}, datetime(2026, 11, 23, 16, 59, 59, tzinfo=UTC)),
        ({"months": 3}, datetime(2027, 2, 20, 16, 59, 59, tzinfo=UTC)),
        ({"before": "03-01"}, datetime(2027, 2, 28, 16, 59, 59, tzinfo=UTC)),
        ({}, None),
    ],
)
def test_each_clock_counts_as_its_office_does(told: dict[str, Any], due: datetime | None) -> None:
    """Hours run through the weekend; days and working days end in Jakarta; a limit in words has no end."""
    assert limit(**told).due(MORNING, LATEST, "lpsk") == due


def test_a_day_of_a_limit_ends_at_the_office_that_declared_it() -> None:
    """At 22.30 in Jakarta it is tomorrow in Jayapura, and that day ends there two hours before it does in Jakarta."""
    east = Mechanism.read(GENESIS_TEXT.replace(b'zone = "WIB"', b'zone = "WIT"', 1))
    since = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    assert limit(days=0).due(since, east, "lpsk") == datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC)
    assert limit(days=0).due(since, east, "komnas-ham") == datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begun", "last"), [("2026-11-30", (2027, 2, 28)), ("2027-11-30", (2028, 2, 29)), ("2026-12-31", (2027, 3, 31))]
)
def test_a_month_ends_with_its_last_day(begun: str, last: tuple[int, int, int]) -> None:
    """Three months after the end of November is the end of February, whatever the year."""
    since = datetime.fromisoformat(f"{begun}T05:00:00+00:00")
    assert limit(months=3).due(since, LATEST, "lpsk") == datetime(*last, 16, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begun", "last"), [("2027-02-28", (2027, 2, 28)), ("2027-03-01", (2028, 2, 29)), ("2027-02-01", (2027, 2, 28))]
)
def test_before_march_is_the_next_march(begun: str, last: tuple[int, int, int]) -> None:
    """What is finished in March waits for the next yearly record, and not for one that is past."""
    since = datetime.fromisoformat(f"{begun}T05:00:00+00:00")
    assert limit(before="03-01").due(since, LATEST, "lpsk") == datetime(*last, 16, 59, 59, tzinfo=UTC)


def _named(machine: Machine) -> list[str]:
    return [code for region in machine.regions.values() for code in region.states]


@pytest.mark.parametrize("agency", MACHINES)
def test_the_page_of_a_machine_shows_all_of_it(agency: str) -> None:
    """Every state, role, reason and unverified limit is in it, and it is written alike each time."""
    machine = MACHINES[agency]
    text = page(machine)
    assert all(f"| `{code}`" in text for code in _named(machine))
    assert all(role in text for step in machine.steps() for role in (*step.by, *step.with_gender_lens))
    assert all(f"| `{code}` | {label.id} | {label.en} |" in text for code, label in machine.reasons.items())
    assert ("Belum dipastikan" in text) == (agency == "lpsk")
    assert text == page(machine)


@pytest.mark.parametrize("agency", MACHINES)
def test_arrows_are_such_as_the_diagrams_language_reads(agency: str) -> None:
    """Mermaid takes one colon in a line and no semicolon: with more of them the whole diagram is not drawn."""
    arrows = [line for line in page(MACHINES[agency]).splitlines() if " --> " in line]
    assert len(arrows) > len(_named(MACHINES[agency]))
    assert [line for line in arrows if line.count(":") > 1 or ";" in line] == []


def pages(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_pages_of_machines_that_are_gone_go(tmp_path: Path) -> None:
    """The folder holds the pages of the machines that there are, and its own introduction."""
    (tmp_path / "README.md").write_text("kept")
    write(MACHINES, tmp_path)
    assert pages(tmp_path) == {"README.md", *(f"{name}.md" for name in MACHINES)}
    write({"lpsk": MACHINES["lpsk"]}, tmp_path)
    assert pages(tmp_path) == {"README.md", "lpsk.md"}
