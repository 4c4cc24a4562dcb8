"""The words of scenarios: who acts and what they do, and how each stands on the wire. Others are refused."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from contracts.hlc import instant
from contracts.mechanism import LATEST
from contracts.mechanism.calendar import office_day
from deploy.dev import cast

AGENCIES = {"Komnas HAM": "komnas-ham", "Komnas Perempuan": "komnas-perempuan", "LPSK": "lpsk"}
NOTHING = "tidak ada"
DAYS_TO_DO_IT = 20
UNITS_MS = {"menit": 60_000, "jam": 3_600_000, "hari": 86_400_000}
_SPAN = re.compile(r"(\d+) (menit|jam|hari)")
_NAME = re.compile(r"\*([^*]+)\*")
_MEASURE = re.compile(r"([a-z-]+-\d+) ([A-Z_]+) oleh ([\w ]+?)(?: lewat ([\w ]+?))?( tanpa kesediaan)?")


class Unknown(ValueError):
    """A scenario says something that has no meaning here."""


class Now(NamedTuple):
    """What words are read by: the time, and what earlier steps have named."""

    ms: int
    names: Mapping[str, str]

    @property
    def moment(self) -> datetime:
        """The time, aware."""
        return datetime.fromtimestamp(self.ms / 1000, UTC)


Reader = Callable[[str, Now], Any]


def text(said: str, now: Now) -> str:
    """A code or a word as it stands; an agency by its name; what an earlier step named in *asterisks*."""
    if named := _NAME.fullmatch(said):
        if named[1] not in now.names:
            raise Unknown(f"nothing is called {said}")
        return now.names[named[1]]
    if "*" in said or not said:
        raise Unknown(f"not a value: {said!r}")
    return AGENCIES.get(said, said)


def texts(said: str, now: Now) -> list[str]:
    """Several, with commas between them."""
    return [text(one, now) for one in said.split(", ")]


def span_ms(said: str) -> int:
    """A span of time, such as `30 hari`, in milliseconds."""
    if not (read := _SPAN.fullmatch(said)):
        raise Unknown(f"not a span of time: {said!r}")
    return int(read[1]) * UNITS_MS[read[2]]


def agency(said: str) -> str:
    """An agency by its name."""
    if said not in AGENCIES:
        raise Unknown(f"not an agency: {said!r}")
    return AGENCIES[said]


def day(said: str, now: Now) -> str:
    """The offices' day after a span of time."""
    return str(office_day(now.moment + timedelta(milliseconds=span_ms(said))))


def later(said: str, now: Now) -> str:
    """The moment after a span of time, or `sekarang`."""
    return instant(now.ms if said == "sekarang" else now.ms + span_ms(said))


def yes(said: str, _now: Now) -> bool:
    """`ya` or `tidak`."""
    if said not in {"ya", "tidak"}:
        raise Unknown(f"neither ya nor tidak: {said!r}")
    return said == "ya"


def tried(said: str, now: Now) -> list[dict[str, str]]:
    """How long ago the lead was called in vain, by telephone."""
    if not said.endswith(" lalu"):
        raise Unknown(f"not a time ago: {said!r}")
    return [{"channel": "phone", "at": instant(now.ms - span_ms(said.removesuffix(" lalu")))}]


def leaders(said: str, _now: Now) -> list[str]:
    """Leaders of LPSK by their numbers."""
    return [officer("LPSK: pimpinan " + number).name for number in said.split(", ")]


def scores(part: str) -> Reader:
    """One score for all dimensions of a part of the risk."""
    return lambda said, _: [{"dimension": one, "score": int(said)} for one in getattr(LATEST.risk, part)]


def measures(said: str, now: Now) -> list[dict[str, Any]]:
    """Measures of a plan: `komnas-ham-1 PENGAWALAN oleh LPSK`, `... oleh mitra lewat Komnas HAM`.

    The defender wants each of them, unless it says `tanpa kesediaan`.
    """
    return [_measure(one, now) for one in said.split(", ")]


def _measure(said: str, now: Now) -> dict[str, Any]:
    if not (read := _MEASURE.fullmatch(said)):
        raise Unknown(f"not a measure: {said!r}")
    name, code, owner, through, unwanted = read.groups()
    due = now.moment + timedelta(days=DAYS_TO_DO_IT)
    told = {
        "id": name,
        "code": code,
        "owner": text(owner, now),
        "responsible": agency(through or owner),
        "due_by": instant(round(due.timestamp() * 1000)),
        "raises_risk": False,
        "risk_answer": "TIDAK_ADA",
    }
    return told if unwanted else told | {"agreement": {"given_by": "defender", "on": str(office_day(now.moment))}}


FIELDS: Mapping[str, tuple[str, Reader]] = {
    "alasan": ("reason", text),
    "ancaman": ("threats", scores("threats")),
    "ancaman seketika": ("present_threat", yes),
    "bentuk": ("forms", texts),
    "berakhir dalam": ("ends_on", day),
    "bidang": ("sphere", text),
    "cara": ("form", text),
    "dalam": ("until", day),
    "darurat": ("emergency", text),
    "dasar": ("ground", text),
    "dibagikan kepada": ("share_with", texts),
    "dijawab dalam": ("answer_by", later),
    "hasil": ("status", text),
    "isi": ("fields", texts),
    "jenis": ("defender_kind", text),
    "kapasitas": ("capacities", scores("capacities")),
    "kategori": ("category", text),
    "kebutuhan": ("needs", texts),
    "kejadian": ("occasion", text),
    "keputusan": ("decision", text),
    "kepada": ("to", text),
    "kepada para": ("to", texts),
    "kerentanan": ("vulnerabilities", scores("vulnerabilities")),
    "landasan": ("basis", text),
    "mendesak": ("urgent", yes),
    "menelepon": ("tried", tried),
    "menggantikan": ("replaces", texts),
    "menggantikan lembaga": ("replaces", text),
    "mitra": ("partner", text),
    "nomor": ("number", text),
    "pada": ("at", later),
    "pemberi": ("given_by", text),
    "pemberitahuan": ("announcement", text),
    "penawaran": ("offer", text),
    "pencatat": ("recorded_by", text),
    "penerima": ("recipients", texts),
    "penetapan": ("determination", text),
    "pengambilalihan": ("claim", text),
    "pengungkapan": ("disclosure", text),
    "penilaian": ("risk", text),
    "penerbit": ("issuer", text),
    "perkembangan": ("progress", text),
    "persetujuan": ("consent", text),
    "pimpinan": ("leaders", leaders),
    "rencana": ("plan", text),
    "rencana keluar": ("exit_plan", texts),
    "rujukan": ("referral", text),
    "sebelum": ("before", text),
    "sesudah": ("after", text),
    "sidik berkas": ("sha256", text),
    "surat": ("letter", text),
    "syarat": ("requirement", text),
    "daftar": ("requirements", text),
    "diberitahukan kepada": ("recipient", text),
    "jenis kebocoran": ("kind", text),
    "keberadaan": ("whereabouts", text),
    "kebocoran": ("breach", text),
    "permintaan": ("request", text),
    "perubahan": ("change", text),
    "bukti lain": ("proof", text),
    "tindakan": ("measure", text),
    "tindakan-tindakan": ("measures", measures),
    "tujuan": ("purpose", text),
    "uji": ("basis", texts),
    "usulan": ("proposal", text),
    "waktu kejadian": ("happened", text),
}


class Doing(NamedTuple):
    """An act: its route below the case, and what its body holds if the scenario says nothing of it."""

    path: str
    unsaid: Mapping[str, Any] = {}


ACTS: Mapping[str, Doing] = {
    "mengusulkan perlindungan darurat": Doing("emergency", {"needs": []}),
    "menyetujui usulan darurat": Doing("emergency/{proposal}/approve"),
    "menolak usulan darurat": Doing("emergency/{proposal}/refuse"),
    "mencatat keputusan sidang": Doing("session"),
    "mengusulkan perpanjangan": Doing("emergency/extend"),
    "mengusulkan dispensasi": Doing("requirements/waive"),
    "mengusulkan pengakhiran darurat": Doing("emergency/end"),
    "menyetujui keputusan pimpinan": Doing("emergency/decisions"),
    "menyatakan telah membaca pengakhiran": Doing("emergency/end/acknowledge"),
    "melaksanakan pengakhiran": Doing("emergency/end/carry-out"),
    "meminta surat": Doing("letters/request"),
    "menerbitkan surat": Doing("letters"),
    "memenuhi syarat": Doing("requirements/fulfil"),
    "menetapkan status": Doing("status"),
    "mengakui status": Doing("status/recognise"),
    "menyanggah status": Doing("status/dispute"),
    "menilai risiko": Doing("risk"),
    "menetapkan kelayakan": Doing("eligibility"),
    "mengusulkan rencana": Doing("plan", {"replaces": []}),
    "menyetujui rencana": Doing("plan/agree"),
    "mencatat kesediaan pembela": Doing("measures/want"),
    "mencatat pencabutan kesediaan": Doing("measures/unwant"),
    "memulai tindakan": Doing("measures/start"),
    "menyelesaikan tindakan": Doing("measures/complete"),
    "mencatat kejadian baru": Doing("incidents", {"gendered_forms": []}),
    "mencatat perubahan keadaan": Doing("circumstances"),
    "meninjau risiko": Doing("reviews"),
    "mengusulkan penutupan": Doing("closure"),
    "menyetujui penutupan": Doing("closure/agree"),
    "membuka kembali kasus": Doing("reopening"),
    "menawarkan kepemimpinan": Doing("lead/offer"),
    "menerima kepemimpinan": Doing("lead/accept"),
    "mengambil alih kepemimpinan": Doing("lead/claim"),
    "menandatangani pengambilalihan": Doing("lead/support"),
    "menguatkan keputusan": Doing("lead/confirm"),
    "mencatat persetujuan pembela": Doing("consent"),
    "mencatat pencabutan persetujuan": Doing("consent/withdraw"),
    "membagikan identitas": Doing("identity"),
    "mengungkapkan dalam keadaan darurat": Doing("disclosures"),
    "menguatkan pengungkapan": Doing("disclosures/confirm"),
    "mencatat kebocoran data": Doing("breaches"),
    "mencatat pemberitahuan kebocoran": Doing("breaches/tell"),
    "menarik catatan kebocoran": Doing("breaches/withdraw"),
    "merujuk": Doing("referrals"),
    "menerima rujukan": Doing("referrals/accept"),
    "menolak rujukan": Doing("referrals/decline"),
    "melaporkan rujukan": Doing("referrals/report"),
    "menyelesaikan rujukan": Doing("referrals/complete"),
}


class Seat(NamedTuple):
    """An officer at a desk."""

    agency: str
    name: str


def officer(said: str) -> Seat:
    """`Komnas HAM: komisioner pengaduan`; where several hold a role they have numbers: `LPSK: pimpinan 3`."""
    house, _, whole = said.partition(": ")
    number = whole.rpartition(" ")[2] if whole[-1:].isdigit() else ""
    code = whole.removesuffix(f" {number}").replace(" ", "_").lower()
    named = re.compile(rf".*-{number}" if number else r".*\D")
    sitting = [name for name, their in cast.ROLES[agency(house)].items() if their == code and named.fullmatch(name)]
    if len(sitting) != 1:
        raise Unknown(f"no such officer: {said!r}")
    return Seat(agency(house), sitting[0])
