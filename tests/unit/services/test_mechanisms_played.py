"""Each agency's own mechanism, played through on its ordinary path and where things go wrong."""

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.plan import CaseReopened
from contracts.events.protection import EmergencyProposed, LetterIssued
from contracts.events.referral import (
    ReferralAccepted,
    ReferralDeclined,
    ReferralReported,
    ReferralSent,
    ReferralUnanswered,
    ReferralWithdrawn,
)
from contracts.events.triage import (
    AppealDecided,
    EligibilityDetermined,
    StatusAppealed,
    StatusDetermined,
    StatusRecognised,
    StatusRequested,
)
from contracts.timeline import Event
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import Emergency
from tests.unit.contracts.plans import INCIDENT, Planning
from tests.unit.contracts.test_referral import ANSWER_BY, SERVICE, consent
from tests.unit.services.mechanisms import Player

HAM, PEREMPUAN, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
CHECKED = "PEMERIKSAAN_BERKAS TELAAH DISTRIBUSI"
HEARD = "VERIFIKASI KLASIFIKASI ASESMEN_KEBUTUHAN"
PROTECTED = "DITERIMA PERNYATAAN_KESEDIAAN TERLINDUNG"
REVIEWED = "PEMERIKSAAN_FORMIL LENGKAP TELAAH_MATERIIL RISALAH SMPL"
PATHS = {
    "Komnas HAM monitors, recommends, follows up every month, closes and opens again": (
        HAM, "PENGADUAN",
        f"{CHECKED} PEMANTAUAN_PENYELIDIKAN REKOMENDASI TINDAK_LANJUT TINDAK_LANJUT DITUTUP TELAAH DISTRIBUSI",
    ),
    "a file is incomplete, completed, and outside the mandate": (
        HAM, "PENGADUAN",
        "PEMERIKSAAN_BERKAS MENUNGGU_LENGKAP PEMERIKSAAN_BERKAS BUKAN_KEWENANGAN PEMERIKSAAN_BERKAS TELAAH",
    ),
    "nothing is proven": (HAM, "PENGADUAN", f"{CHECKED} PEMANTAUAN_PENYELIDIKAN TIDAK_TERBUKTI DITUTUP"),
    "mediation is agreed": (
        HAM, "PENGADUAN", f"{CHECKED} PRA_MEDIASI MEDIASI KESEPAKATAN TINDAK_LANJUT DITUTUP"
    ),
    "mediation is refused before it begins": (
        HAM, "PENGADUAN", f"{CHECKED} PRA_MEDIASI GAGAL REKOMENDASI TINDAK_LANJUT DITUTUP"
    ),
    "mediation fails": (HAM, "PENGADUAN", f"{CHECKED} PRA_MEDIASI MEDIASI GAGAL REKOMENDASI TINDAK_LANJUT DITUTUP"),
    "other advice": (HAM, "PENGADUAN", f"{CHECKED} SARAN_LAIN DITUTUP"),
    "a copy": (HAM, "PENGADUAN", f"{CHECKED} TEMBUSAN DITUTUP"),
    "the person cannot be reached, is tried again, and is archived in the end": (
        PEREMPUAN, "PENGADUAN", "VERIFIKASI TIDAK_TERHUBUNGI VERIFIKASI TIDAK_TERHUBUNGI SELESAI ARSIP_CATAHU"
    ),
    "no referral is needed": (PEREMPUAN, "PENGADUAN", f"{HEARD} SELESAI ARSIP_CATAHU VERIFIKASI"),
    "LPSK accepts, extends, adds, reduces and ends": (
        LPSK, "PERMOHONAN",
        f"{REVIEWED} {PROTECTED} PERPANJANGAN TERLINDUNG PENAMBAHAN TERLINDUNG PENGURANGAN TERLINDUNG PENGHENTIAN",
    ),
    "papers are missing and stand in no one's way": (
        LPSK, "PERMOHONAN", "TINDAKAN_PROAKTIF PEMERIKSAAN_FORMIL KURANG TELAAH_MATERIIL RISALAH SMPL DITERIMA"
    ),
    "papers are completed": (LPSK, "PERMOHONAN", "PEMERIKSAAN_FORMIL KURANG LENGKAP TELAAH_MATERIIL RISALAH"),
    "the session rejects, and the person applies anew": (LPSK, "PERMOHONAN", f"{REVIEWED} DITOLAK PERMOHONAN_MASUK"),
    "the session recommends": (LPSK, "PERMOHONAN", f"{REVIEWED} REKOMENDASI PERNYATAAN_KESEDIAAN PENGHENTIAN"),
    "there is no emergency, and then it is looked at again": (
        LPSK, "KEDARURATAN", "TIDAK_DARURAT CEK_KEDARURATAN TIDAK_DARURAT"
    ),
}  # fmt: skip
STARTS = {"PENGADUAN": "DITERIMA", "PERMOHONAN": "PERMOHONAN_MASUK", "KEDARURATAN": "CEK_KEDARURATAN"}


@pytest.mark.parametrize("path", PATHS)
def test_officers_lead_a_case_along_their_own_way(path: str) -> None:
    """The opening begins it by itself; then step by step, each by somebody who may, with a reason if one is asked."""
    agency, region, states = PATHS[path]
    player = Player(agency)
    assert player.at(region) == STARTS[region]
    player.walk(region, states)


def test_regions_run_side_by_side() -> None:
    """LPSK checks the papers beside the emergency: one waits for nothing in the other."""
    player = Player(LPSK)
    player.walk("PERMOHONAN", "PEMERIKSAAN_FORMIL KURANG")
    assert player.at("KEDARURATAN") == "CEK_KEDARURATAN"
    player.say(EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), HAM)
    assert (player.at("PERMOHONAN"), player.at("KEDARURATAN")) == ("KURANG", "USULAN_DARURAT")


def test_the_rapid_response_runs_beside_the_file() -> None:
    """Komnas HAM issues its letters while the file is still looked at; either letter may come first, or alone."""
    player = Player(HAM)
    assert player.at("RESPONS_CEPAT") == ""
    player.step("RESPONS_CEPAT", "RESPONS_CEPAT")
    for letter in ("SURAT_RESPONS_CEPAT", "SURAT_PERLINDUNGAN"):
        player.say(LetterIssued(letter=letter, number="1/2026", sha256="0" * 64))
        assert player.at("RESPONS_CEPAT") == letter
    assert player.at("PENGADUAN") == "DITERIMA"


def determined(status: str, kind: str = "PEMBELA") -> StatusDetermined:
    return StatusDetermined(defender_kind=kind, status=status, basis=("KERJA_HAM",))


def test_the_status_goes_from_the_request_to_an_appeal() -> None:
    """What Komnas HAM says of the status in the shared case is where its own machine stands: nobody enters it twice."""
    player = Player(HAM)
    player.say(StatusRequested(defender_kind="PPHAM"), PEREMPUAN)
    assert player.at("STATUS_PEMBELA") == ""
    player.say(StatusRequested(defender_kind="PEMBELA"), LPSK)
    assert player.at("STATUS_PEMBELA") == "PENETAPAN_STATUS_PEMBELA"
    player.say(determined("SEMENTARA"))
    assert player.at("STATUS_PEMBELA") == "SEMENTARA"
    rejected = player.say(determined("DITOLAK"))
    appeal = player.say(StatusAppealed(determination=b64(rejected.id), appealed_by="defender", reason="INFORMASI_BARU"))
    assert player.at("STATUS_PEMBELA") == "DIBANDING"
    outcome = AppealDecided(appeal=b64(appeal.id), status="TERVERIFIKASI", basis=("KERJA_HAM",))
    player.say(outcome, actor=Actor("tim_hrd", "o-7"))
    assert player.at("STATUS_PEMBELA") == "TERVERIFIKASI"


def test_what_another_agency_determines_is_recognised_or_nothing() -> None:
    """Komnas Perempuan's determination moves Komnas HAM's machine only once Komnas HAM recognises it."""
    player = Player(HAM)
    ruling = player.say(determined("TERVERIFIKASI", "PPHAM"), PEREMPUAN)
    assert player.at("STATUS_PEMBELA") == ""
    player.say(StatusRecognised(determination=b64(ruling.id)))
    assert player.at("STATUS_PEMBELA") == "DIAKUI"


class Referring(Player):
    """Komnas Perempuan, about to refer somebody who consented to it."""

    def __init__(self) -> None:
        super().__init__(PEREMPUAN)
        self.consent = self.say(consent(), HAM)
        self.walk("PENGADUAN", f"{HEARD} SUSUN_RUJUKAN")

    def refer(self, by: str = PEREMPUAN) -> str:
        body = ReferralSent(
            partner=SERVICE, needs=("BANTUAN_HUKUM",), urgent=True, answer_by=ANSWER_BY, consent=b64(self.consent.id)
        )
        return b64(self.say(body, by).id)

    def hear(self, body: Body) -> str:
        """An answer that counts; where the machine stands after it."""
        answer: Event = self.say(body, time=ANSWER_BY)
        assert self.counts(answer)
        return self.at("PENGADUAN")


def test_a_referral_is_accepted_and_reported_on_until_it_is_over() -> None:
    """Every report of the partner starts its two weeks anew, and the file ends in the yearly record."""
    player = Referring()
    sent = player.refer()
    assert player.at("PENGADUAN") == "RUJUKAN_DIKIRIM"
    assert player.hear(ReferralAccepted(referral=sent)) == "DITERIMA_MITRA"
    player.walk("PENGADUAN", "PENDAMPINGAN_BERJALAN")
    for _ in range(2):
        assert player.hear(ReferralReported(referral=sent, progress="BERJALAN")) == "LAPORAN_MITRA"
    assert [one.kept for one in player.owed("PENGADUAN", "LAPORAN_MITRA")] == [True, False]
    player.walk("PENGADUAN", "PENDAMPINGAN_BERJALAN SELESAI ARSIP_CATAHU")


@pytest.mark.parametrize("first", ["DITOLAK_MITRA", "TANPA_JAWABAN"])
@pytest.mark.parametrize("second", ["DITOLAK_MITRA", "TANPA_JAWABAN"])
def test_the_second_failure_goes_to_the_commissioner(first: str, second: str) -> None:
    """A partner declines or is silent, another one as well: the commissioner decides, and the need is not lost."""
    player = Referring()

    def fails(how: str, sent: str) -> str:
        if how == "DITOLAK_MITRA":
            return player.hear(ReferralDeclined(referral=sent, reason="TANPA_KAPASITAS"))
        return player.hear(ReferralUnanswered(referral=sent))

    assert fails(first, player.refer()) == first
    again = player.refer()
    assert player.at("PENGADUAN") == "RUJUKAN_ULANG"
    assert fails(second, again) == "ESKALASI_KOMISIONER"
    assert {role for one in player.options("PENGADUAN").values() for role in one.roles} == {"komisioner_piket"}
    player.refer()
    assert player.at("PENGADUAN") == "RUJUKAN_ULANG"


def test_a_partner_that_stops_and_a_referral_taken_back() -> None:
    """A partner that gives up later is a failure like one at once; what is taken back is prepared anew."""
    player = Referring()
    sent = player.refer()
    player.hear(ReferralAccepted(referral=sent))
    player.walk("PENGADUAN", "PENDAMPINGAN_BERJALAN")
    assert player.hear(ReferralDeclined(referral=sent, reason="TANPA_KAPASITAS")) == "DITOLAK_MITRA"
    again = player.refer()
    assert player.hear(ReferralWithdrawn(referral=again, reason="KELIRU")) == "SUSUN_RUJUKAN"


def test_another_agency_s_referral_is_its_own() -> None:
    """That Komnas HAM refers somebody, and is answered, leaves Komnas Perempuan's machine where it stood."""
    player = Referring()
    theirs = player.refer(HAM)
    assert player.at("PENGADUAN") == "SUSUN_RUJUKAN"
    player.refer()
    assert player.hear(ReferralAccepted(referral=theirs)) == "RUJUKAN_DIKIRIM"


def test_an_official_response_is_sent_reminded_of_and_answered() -> None:
    """The letter of Komnas Perempuan is what moves it, and no answer is followed by a reminder, however often."""
    player = Player(PEREMPUAN)
    player.step("PENYIKAPAN", "SUSUN_PENYIKAPAN")
    player.say(LetterIssued(letter="SURAT_PENYIKAPAN", number="2/2026", sha256="0" * 64))
    assert player.at("PENYIKAPAN") == "PENYIKAPAN_DIKIRIM"
    player.walk("PENYIKAPAN", "TIDAK_DIJAWAB PENYIKAPAN_DIKIRIM TIDAK_DIJAWAB PENYIKAPAN_DIKIRIM DIJAWAB")
    assert [one.kept for one in player.owed("PENYIKAPAN", "PENYIKAPAN_DIKIRIM")] == [True] * 3


def test_a_case_seen_through_the_gender_lens_is_classified_by_the_commissioner() -> None:
    """An analyst classifies the others; a woman defender's case goes to the commissioner on duty."""
    for lens, roles in ((False, ("analis_kasus", "komisioner_piket")), (True, ("komisioner_piket",))):
        player = Player(PEREMPUAN, Chronicle(gender_lens=lens))
        player.walk("PENGADUAN", "VERIFIKASI KLASIFIKASI")
        assert player.options("PENGADUAN")["ASESMEN_KEBUTUHAN"].roles == roles


def test_who_is_no_subject_of_lpsk_is_not_dropped() -> None:
    """The machine says that the plan needs others; the session still decides, and a better look is possible."""
    player = Player(LPSK)
    player.walk("PERMOHONAN", "PEMERIKSAAN_FORMIL LENGKAP TELAAH_MATERIIL")
    player.say(EligibilityDetermined(category="TIDAK_MEMENUHI"))
    assert player.at("PERMOHONAN") == "TIDAK_MEMENUHI"
    player.say(EligibilityDetermined(category="KORBAN"))
    assert player.at("PERMOHONAN") == "TELAAH_MATERIIL"
    player.say(EligibilityDetermined(category="TIDAK_MEMENUHI"))
    player.walk("PERMOHONAN", "RISALAH SMPL DITOLAK")


def test_an_emergency_is_declined_and_proposed_again() -> None:
    """A declined proposal ends nothing: somebody looks again, or it is proposed again, also after new incidents."""
    player = Player(LPSK)
    proposal = player.story.propose(HAM)
    assert player.at("KEDARURATAN") == "USULAN_DARURAT"
    player.story.decline(proposal, *(player.story.refuse(proposal, f"p-{number}") for number in range(1, 7)))
    assert player.at("KEDARURATAN") == "DITOLAK"
    player.walk("KEDARURATAN", "TIDAK_DARURAT")
    player.say(INCIDENT, HAM)
    assert player.at("KEDARURATAN") == "CEK_KEDARURATAN"
    player.story.propose(HAM)
    assert player.at("KEDARURATAN") == "USULAN_DARURAT"


def test_an_emergency_is_extended_continued_and_ended_in_writing() -> None:
    """Only what leaders and the session said moves it on; a session that rejects ends nothing by itself."""
    story = Emergency()
    player = Player(LPSK, story)
    assert player.at("KEDARURATAN") == "DARURAT_AKTIF"
    story.sit("DITOLAK")
    assert player.at("KEDARURATAN") == "DARURAT_AKTIF"
    story.extend()
    assert player.at("KEDARURATAN") == "DIPERPANJANG"
    story.sit("DITERIMA")
    assert player.at("KEDARURATAN") == "DILANJUTKAN_SMPL"
    ended = story.announced()
    story.hear(ended, HAM, PEREMPUAN)
    story.later(days=8)
    story.end(ended)
    assert player.at("KEDARURATAN") == "BERAKHIR_TERTULIS"


def test_the_session_of_an_emergency_decides_an_application_that_waits_for_it() -> None:
    """The secretary records the session once, in the shared case: LPSK's own file follows by itself."""
    story = Emergency()
    player = Player(LPSK, story)
    player.walk("PERMOHONAN", REVIEWED)
    story.sit("DITERIMA")
    assert player.at("PERMOHONAN") == "DITERIMA"


def test_own_files_go_on_when_the_shared_case_is_closed_and_open_with_it() -> None:
    """Closing the shared case closes nobody's own file: it is archived after that; reopening opens it again."""
    story = Planning()
    player = Player(PEREMPUAN, story)
    player.walk("PENGADUAN", f"{HEARD} SELESAI")
    player.story.events[:] = [*player.story.events]
    story.close()
    player.walk("PENGADUAN", "ARSIP_CATAHU")
    player.say(CaseReopened(reason="ANCAMAN_BARU"), HAM)
    assert player.at("PENGADUAN") == "VERIFIKASI"
