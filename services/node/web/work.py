"""What waits for an agency, in one order: emergencies first, then by what is left of the time. Pure.

What is an emergency the agreed rules say: what calls people at the gravest level, and whatever else the same case asks
for. Whose work a kind is follows from the permission that doing it takes, so the queue of a role is what it can do.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from contracts.content import type_name
from contracts.mechanism import Mechanism, Permission
from contracts.workflow.triage import GRAVEST

DONE_BY: Mapping[str, Permission] = {
    "TRIASE": Permission.RECEIVE_REPORT,
    "STATUS_PEMBELA": Permission.DETERMINE_STATUS,
    "STATUS_AKHIR": Permission.DETERMINE_STATUS,
    "BANDING_STATUS": Permission.DETERMINE_STATUS,
    "ASESMEN_RISIKO": Permission.ASSESS_RISK,
    "ASESMEN_ULANG": Permission.ASSESS_RISK,
    "KEPUTUSAN_DARURAT": Permission.DECIDE_EMERGENCY,
    "BATAS_KEPUTUSAN_DARURAT": Permission.DECIDE_EMERGENCY,
    "USULAN_DITERIMA": Permission.PROPOSE_EMERGENCY,
    "KEPUTUSAN_TENGGAT": Permission.DECIDE_EMERGENCY,
    "TENGGAT_LEWAT": Permission.DECIDE_EMERGENCY,
    "SURAT": Permission.ISSUE_LETTER,
    "SIDANG_SMPL": Permission.RECORD_SESSION,
    "TINDAK_LANJUT_SMPL": Permission.DECIDE_EMERGENCY,
    "TANGGAPAN_PENGAKHIRAN": Permission.ACKNOWLEDGE_NOTICE,
    "SERAH_TERIMA": Permission.ANSWER_HANDOVER,
    "SYARAT": Permission.FULFIL_REQUIREMENT,
    "RENCANA": Permission.PROPOSE_PLAN,
    "TINDAKAN": Permission.CARRY_OUT_MEASURE,
    "TINDAKAN_PERTAMA": Permission.CARRY_OUT_MEASURE,
    "TINJAUAN": Permission.HOLD_REVIEW,
    "TAWARAN_MEMIMPIN": Permission.LEAD_CASE,
    "LEMBAGA_UTAMA": Permission.LEAD_CASE,
    "TANDA_TANGAN_AMBIL_ALIH": Permission.TAKE_LEAD,
    "TANDA_HADIR_LEMBAGA_UTAMA": Permission.LEAD_CASE,
    "JAWABAN_RUJUKAN": Permission.ANSWER_REFERRAL,
    "LAPORAN_RUJUKAN": Permission.ANSWER_REFERRAL,
    "RUJUKAN_ULANG": Permission.REFER,
    "LANGKAH": Permission.TAKE_STEP,
    "STUDI_RISIKO": Permission.ASSESS_RISK,
    "EVAKUASI": Permission.CARRY_OUT_MEASURE,
    "TINJAUAN_TAHUNAN": Permission.HOLD_REVIEW,
    "LAPORAN_POLISI": Permission.ANSWER_REFERRAL,
    "PERMINTAAN_POLISI": Permission.ANSWER_REFERRAL,
    "HAK_SUBJEK_DATA": Permission.ANSWER_REQUEST,
    "PEMBERITAHUAN_KEBOCORAN": Permission.REPORT_BREACH,
}
CALL = "CALL"  # the kind of a notice that waits for an answer


class Line(NamedTuple):
    """Something that waits: work, or a call that nobody has answered."""

    urgent: bool
    due: datetime
    case: str
    kind: str  # a code of the list `work_kind`, or CALL
    id: str
    subject: str = ""  # what of that kind, such as a paper's code; of a call, the type of what happened
    role: str = ""  # that was called
    level: str = ""  # of a call
    by_hand: bool = False  # done by ticking it off
    mine: bool = False  # whether this role may do it


class Desk(NamedTuple):
    """Whose queue it is, and by which rules."""

    agency: str
    role: str
    rules: Mechanism

    def does(self, kind: str) -> bool:
        """Whether work of a kind is for this role; what no version of this table knows is for everybody."""
        permission = DONE_BY.get(kind)
        return permission is None or self.rules.may(self.agency, self.role, permission)

    def answers(self, step: int, role: str) -> bool:
        """Whether a call to a role is for this one: its own, or one below it on the ladder."""
        return self.role == role or self.role in self.rules.of(self.agency).ladder[step:]


def lines(desk: Desk, work: Iterable[Mapping[str, Any]], calls: Iterable[Mapping[str, Any]]) -> list[Line]:
    """All that waits, as the API tells it, emergencies first."""
    called, asked = list(calls), list(work)
    grave = {kind for kind, level in desk.rules.notices.missed.items() if level == GRAVEST}
    urgent = {one["case"] for one in called if one["level"] == GRAVEST}
    urgent |= {one["case"] for one in asked if one["kind"] in grave}
    found = [*(_call(desk, one, urgent) for one in called), *(_work(desk, one, urgent) for one in asked)]
    return sorted(found, key=lambda line: (not line.urgent, line.due, line.case, line.kind))


def chosen(found: Sequence[Line], *, mine: bool, kind: str) -> list[Line]:
    """Those that an officer wants to see: their own, and of one kind, if one is named."""
    return [line for line in found if (line.mine or not mine) and kind in {"", line.kind}]


def _call(desk: Desk, one: Mapping[str, Any], urgent: set[str]) -> Line:
    return Line(
        urgent=one["case"] in urgent,
        due=datetime.fromisoformat(one["respond_by"]),
        case=one["case"],
        kind=CALL,
        id=one["id"],
        subject=type_name(one["type"]),
        role=one["role"],
        level=one["level"],
        mine=desk.answers(one["step"], one["role"]),
    )


def _work(desk: Desk, one: Mapping[str, Any], urgent: set[str]) -> Line:
    return Line(
        urgent=one["case"] in urgent,
        due=datetime.fromisoformat(one["due_at"]),
        case=one["case"],
        kind=one["kind"],
        id=str(one["id"]),
        subject=one["subject"],
        by_hand=one["by_hand"],
        mine=desk.does(one["kind"]),
    )
