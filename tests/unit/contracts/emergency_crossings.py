"""Decisions of an emergency that can cross on the wire; see `crossings`."""

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.ending import (
    EmergencyEnded,
    EmergencyExtended,
    EndingWithdrawn,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    RequirementFulfilled,
    RequirementWaived,
    WaiverProposed,
)
from contracts.events.session import SessionDecided
from contracts.timeline import Event
from tests.unit.contracts.assessments import PRESENT
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.crossing import Known, Scene, by
from tests.unit.contracts.emergencies import OTHERS, SEATED, Emergency
from tests.unit.contracts.plans import INCIDENT
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN

REVIEW_BY = "2026-11-29T01:54:48.123Z"


def second_proposal_and_activation() -> Scene:
    case = Chronicle()
    proposal = case.propose()
    votes = [case.approve(proposal, leader) for leader in ("p-1", "p-2")]
    active = EmergencyActivated(proposal=proposal, approvals=tuple(votes), review_by=REVIEW_BY)

    def again(known: Known) -> Event:
        second = case.case.acts(EmergencyProposed)[-1].name
        both = tuple(case.approve(second, leader) for leader in ("p-1", "p-2"))
        return case.add(LPSK, EmergencyActivated(proposal=second, approvals=both, review_by=REVIEW_BY), parents=known)

    asked = EmergencyProposed(ground="MEDIS_PSIKOLOGIS", needs=())
    return Scene(case, by(case, PEREMPUAN, asked), by(case, LPSK, active), again)


def second_proposal_and_refusal() -> Scene:
    case = Chronicle()
    proposal = case.propose()
    no = tuple(case.refuse(proposal, f"p-{number}") for number in range(1, 7))
    declined = EmergencyDeclined(proposal=proposal, refusals=no, reason="PERSETUJUAN_TIDAK_TERCAPAI")
    asked = EmergencyProposed(ground="MEDIS_PSIKOLOGIS", needs=())
    return Scene(case, by(case, LPSK, declined), by(case, PEREMPUAN, asked), by(case, HAM, asked))


def _announced() -> tuple[Emergency, str]:
    """An announced end that all have read and whose day has come."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=7)
    return case, b64(announced.id)


def end_and_withdrawal() -> Scene:
    case, name = _announced()
    end, back = EmergencyEnded(announcement=name), EndingWithdrawn(announcement=name, reason="RISIKO_NAIK")
    return Scene(case, by(case, LPSK, end, "p-3"), by(case, LPSK, back, "p-5"), by(case, LPSK, back, "p-1"))


def end_and_session() -> Scene:
    case, name = _announced()
    longer = _session(case, "PERPANJANGAN", "2027-03-01")
    again = EndingWithdrawn(announcement=name, reason="LAINNYA")
    end = by(case, LPSK, EmergencyEnded(announcement=name), "p-3")
    return Scene(case, end, by(case, LPSK, longer), by(case, LPSK, again, "p-1"))


def end_and_incident() -> Scene:
    return _end_and(INCIDENT)


def end_and_threat() -> Scene:
    return _end_and(PRESENT)


def _end_and(told: Body) -> Scene:
    """An end, and what another agency tells of meanwhile."""
    case, name = _announced()
    end, back = EmergencyEnded(announcement=name), EndingWithdrawn(announcement=name, reason="RISIKO_NAIK")
    return Scene(case, by(case, LPSK, end, "p-3"), by(case, HAM, told), by(case, LPSK, back, "p-1"))


def sessions() -> Scene:
    case = Emergency()
    ends, more = _session(case, "PENGHENTIAN"), _session(case, "PENAMBAHAN")
    return Scene(case, by(case, LPSK, ends), by(case, LPSK, more), by(case, LPSK, _session(case, "DITERIMA")))


def deadlines() -> Scene:
    case = Emergency()
    asked = case.ask_to_extend()
    yes = case.agree(asked)
    leaders = EmergencyExtended(extension=b64(asked.id), approvals=(yes,), until="2027-01-29")
    longer, longest = _session(case, "PERPANJANGAN", "2027-03-01"), _session(case, "PERPANJANGAN", "2027-04-01")
    return Scene(case, by(case, LPSK, leaders), by(case, LPSK, longer), by(case, LPSK, longest))


def _session(case: Emergency, decision: str, until: str | None = None) -> SessionDecided:
    return SessionDecided(emergency=case.active, decision=decision, leaders=SEATED, until=until)


def papers() -> Scene:
    case = Emergency()
    listed, code = b64(case.listed.id), "KETERANGAN_STATUS"
    waiver = case.say(LPSK, WaiverProposed(requirements=listed, requirement=code, proof="SAKSI_IDENTITAS"), "p-1")
    yes = case.agree(waiver)
    here = RequirementFulfilled(requirements=listed, requirement=code)
    return Scene(case, by(case, LPSK, RequirementWaived(waiver=b64(waiver.id), approvals=(yes,))), by(case, HAM, here))


def handovers() -> Scene:
    case = Emergency()
    offered = HandoverOffered(emergency=case.active, recipient=HAM, measures=("PENGAWALAN",))
    offer = b64(case.say(LPSK, offered, "p-1").id)
    no = HandoverDeclined(offer=offer, reason="TANPA_KAPASITAS")
    return Scene(case, by(case, HAM, HandoverAccepted(offer=offer)), by(case, HAM, no))
