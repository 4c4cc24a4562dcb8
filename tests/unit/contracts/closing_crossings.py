"""What can cross the closing of a case on the wire; see `crossings`."""

from contracts.events.plan import CaseClosed, CaseReopened, MeasureFailed, MeasureStarted
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import UrgencyOverridden
from tests.unit.contracts.assessments import PRESENT
from tests.unit.contracts.crossing import Scene, by
from tests.unit.contracts.plans import INCIDENT, LPSKS, Planning
from tests.unit.contracts.relay import HAM, LPSK
from tests.unit.contracts.statuses import appealed, determined

REOPENED = CaseReopened(reason="KEJADIAN_BARU")


def _ready(case: Planning) -> CaseClosed:
    """What the lead is about to say, all having agreed who must."""
    proposal = case.propose_closure()
    return CaseClosed(proposal=proposal, agreements=tuple(case.agree_closure(proposal, HAM)))


def _closing() -> tuple[Planning, CaseClosed]:
    case = Planning()
    return case, _ready(case)


def incident() -> Scene:
    case, closed = _closing()
    return Scene(case, by(case, HAM, closed), by(case, LPSK, INCIDENT), by(case, LPSK, REOPENED))


def emergency() -> Scene:
    case, closed = _closing()
    asked = EmergencyProposed(ground="ANCAMAN_NYATA", needs=())
    return Scene(case, by(case, HAM, closed), by(case, LPSK, asked), by(case, LPSK, REOPENED))


def appeal() -> Scene:
    case = Planning()
    rejected = case.say(HAM, determined("DITOLAK"))
    return Scene(case, by(case, HAM, _ready(case)), by(case, LPSK, appealed(rejected)), by(case, LPSK, REOPENED))


def threat() -> Scene:
    case, closed = _closing()
    return Scene(case, by(case, HAM, closed), by(case, LPSK, PRESENT), by(case, LPSK, REOPENED))


def urgency() -> Scene:
    case, closed = _closing()
    grave = UrgencyOverridden(level="KRITIS", reason="x")
    return Scene(case, by(case, HAM, closed), by(case, LPSK, grave), by(case, LPSK, REOPENED))


def measure() -> Scene:
    """One that had failed is begun again by an agency whose agreement nobody needed."""
    case = Planning()
    plan = case.agreed_plan(LPSKS)
    case.start(plan, LPSKS)
    case.say(LPSK, MeasureFailed(plan=plan, measure=LPSKS.id, reason="TANPA_KAPASITAS"))
    again = MeasureStarted(plan=plan, measure=LPSKS.id)
    return Scene(case, by(case, HAM, _ready(case)), by(case, LPSK, again), by(case, LPSK, REOPENED))


def status() -> Scene:
    """The rejected defender is one after all."""
    case = Planning()
    case.say(HAM, determined("DITOLAK"))
    closed, after_all = _ready(case), determined("TERVERIFIKASI")
    return Scene(case, by(case, HAM, closed), by(case, HAM, after_all), by(case, LPSK, REOPENED))
