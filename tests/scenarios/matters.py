"""What can be seen in a scenario: slots of the case, and what the desks' views show."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# A matter that is a slot of the case: its word, and the slot; what follows the word goes where the slot has {}.
SLOTS: Mapping[str, str] = {
    "darurat": "emergency",
    "urgensi": "urgency",
    "risiko": "risk",
    "tinjauan": "review",
    "penutupan": "closure",
    "kelayakan": "eligibility",
    "persetujuan": "consent",
    "status": "status/{}",
    "syarat": "requirement/{}",
    "tindakan": "measure/{}",
    "rujukan": "referral/{}",
    "pengakhiran": "ending/{}",
    "sidang": "session/{}",
    "tenggat": "deadline/{}",
    "pengakuan PPHAM oleh": "recognition/PPHAM/{}",
    "pengakuan PEMBELA oleh": "recognition/PEMBELA/{}",
}
# What may follow these words is a code of a list: one that no list has would never be seen, and "tidak ada" be true.
SUBJECTS: Mapping[str, str] = {"janji": "work_kind", "status": "defender_kind", "syarat": "requirement"}


def _in_force(plan: Any) -> list[str]:
    return [one["plan"] for one in plan["versions"] if one["in_force"]]


def _untried(told: Any) -> list[str]:
    return [name for one in told["escalations"] for name in one["untried"]]


# A matter that one of the desk's views shows: its word, the view, and what is read there.
VIEWS: Mapping[str, tuple[str, Callable[[Any], Sequence[str]]]] = {
    "lembaga utama": ("lead", lambda told: [told["lead"]]),
    "sebaiknya memimpin": ("lead", lambda told: [told["by_need"]["agency"]] if told["by_need"] else []),
    "perlu dikuatkan": ("lead", lambda told: [one["event"] for one in told["to_confirm"]]),
    "rencana berlaku": ("plan", _in_force),
    "penutupan menunggu": ("plan", lambda told: [name for one in told["endings"] for name in one["waits_for"]]),
    "rencana terakhir menunggu": ("plan", lambda told: told["versions"][-1]["waits_for"]),
    "pengakhiran belum dibaca": ("emergency", lambda told: told["standing"]["endings"][-1]["unheard"]),
    "lembaga berselisih tentang status": ("status", lambda told: ["ya" if told["disagreement"] else "tidak"]),
    "status pembela": ("status", lambda told: [told["status"]]),
    "belum dicoba": ("referrals", _untried),
    "data orang menurut": ("person", lambda told: [one["by"] for one in told.get("told", ())]),
    "pengungkapan berlaku": ("consent", lambda told: [one["event"] for one in told["disclosures"] if one["in_force"]]),
    "berselisih": ("", lambda told: told["conflicts"]),
    "mungkin orang yang sama": ("duplicates", lambda told: [one["case"] for one in told["duplicates"]]),
}
