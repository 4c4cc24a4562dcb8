"""Every act that one officer cannot do alone: how it is proposed, who then has to agree, and who cannot.

`docs/who-decides.md` is written from these; a test plays each and holds the page to it.
"""

from collections.abc import Callable
from typing import NamedTuple

from contracts.codes import CATALOGUES
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import REGISTRY, Body
from contracts.events.ending import DecisionApproved, HandoverAccepted, HandoverOffered
from contracts.events.plan import ClosureAgreed, PlanAgreed
from contracts.events.protection import EmergencyApproved, EmergencyProposed
from contracts.events.session import SessionDecided, SessionTabled
from contracts.events.triage import OfficerReadmitted, OfficerRecused
from contracts.mechanism import LATEST, Permission
from contracts.timeline import Event
from contracts.workflow import rule_for
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import SEATED, Emergency
from tests.unit.contracts.plans import LEAD, Planning
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay, in_emergency
from tests.unit.contracts.statuses import FIRST, SECOND, decided, under_appeal
from tests.unit.contracts.test_breach import FIRST as FIRST_SECOND, back, breach
from tests.unit.contracts.test_consent import ENDED, Desk
from tests.unit.contracts.test_duplicate import LINKED, REOPENED
from tests.unit.contracts.test_erasure import LEADER, OFFICER, ask, confirm
from tests.unit.contracts.test_outside import SECOND as OUTSIDES_SECOND, Outside
from tests.unit.contracts.test_paper import proposed
from tests.unit.contracts.test_record_afterwards import Earlier, Outage
from tests.unit.contracts.test_referral import consent

_TEST = "tests/unit/contracts/test_duties.py::test_nobody_agrees_to_what_they_proposed"


class Trial(NamedTuple):
    """What was proposed, the proposer's own word for it, and the word of somebody who may agree."""

    case: Chronicle
    proposal: Event
    own: Event | None  # None where one officer is enough
    agreed: Event


class Duty(NamedTuple):
    """An act that takes more than one person: its name in tests, how it is played, who agrees."""

    name: str
    trial: Callable[[], Trial]
    who: str


def row(duty: Duty) -> tuple[str, ...]:
    """A line of the page."""
    trial = duty.trial()
    alone = "*one officer is enough*" if trial.own is None else _titled(trial.agreed)
    return (_titled(trial.proposal), alone, duty.who, f"`{_TEST}[{duty.name}]`")


def permissions() -> list[Permission]:
    """Every permission that the page names."""
    events = (event for duty in DUTIES for event in duty.trial()[1:] if isinstance(event, Event))
    return sorted({needed for event in events if (needed := _rule(event))})


def _titled(event: Event) -> str:
    title, needed = CATALOGUES["en"].events[REGISTRY[event.content.type].type], _rule(event)
    return f"{title} (`{needed}`)" if needed else title


def _rule(event: Event) -> Permission | None:
    return rule_for(REGISTRY[event.content.type]).permission


def _emergency() -> Trial:
    case = Chronicle()
    asked = case.add(LPSK, EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), actor=Actor("pimpinan", "p-1"))
    yes = EmergencyApproved(proposal=b64(asked.id))
    own, other = (case.add(LPSK, yes, actor=Actor("pimpinan", who)) for who in ("p-1", "p-2"))
    return Trial(case, asked, own, other)


def _decision(ask_for: Callable[[Emergency], Event]) -> Trial:
    case = Emergency()
    asked = ask_for(case)
    yes = DecisionApproved(decision=b64(asked.id))
    return Trial(case, asked, case.say(LPSK, yes, "p-1"), case.say(LPSK, yes, "p-2"))


def _handover() -> Trial:
    case = Emergency()
    offer = HandoverOffered(emergency=case.active, recipient=HAM, measures=("PENGAWALAN",))
    offered = case.say(LPSK, offer, "p-1")
    yes = HandoverAccepted(offer=b64(offered.id))
    return Trial(case, offered, case.say(LPSK, yes, "p-1"), case.say(HAM, yes))


def _erasure() -> Trial:
    case = Chronicle()
    name = ask(case)
    asked = case.events[-1]
    own = confirm(case, name, actor=LEADER._replace(officer=OFFICER.officer))
    return Trial(case, asked, own, confirm(case, name))


def _disclosure() -> Trial:
    case = Desk()
    made = case.disclose()
    own = case.confirm(made, actor=Actor("komisioner_pengaduan", made.content.actor.officer))
    return Trial(case, made, own, case.confirm(made))


def _outside() -> Trial:
    case = Outside()
    named = case.name()
    own = case.second(named, actor=OUTSIDES_SECOND._replace(officer=named.content.actor.officer))
    return Trial(case, named, own, case.second(named))


def _breach() -> Trial:
    case, second = Chronicle(), Actor("komisioner_pengaduan", "o-2")
    found = case.add(HAM, breach(FIRST_SECOND), actor=Actor("pejabat_pdp", "o-1"))
    own = case.add(HAM, back(found), actor=second._replace(officer="o-1"))
    return Trial(case, found, own, case.add(HAM, back(found), actor=second))


def _readmission() -> Trial:
    case, chief = Chronicle(), Actor("komisioner_pengaduan", "o-2")
    said = case.add(HAM, OfficerRecused(officer="o-1", role="tim_hrd", reason="KERABAT"), actor=chief)
    back = OfficerReadmitted(recusal=b64(said.id))
    own, other = (case.add(HAM, back, actor=chief._replace(officer=who)) for who in ("o-2", "o-3"))
    return Trial(case, said, own, other)


def _record() -> Trial:
    case = Outage()
    record = case.write("p-1", "p-2")
    return Trial(case, record, case.confirm(record, "o-1"), case.confirm(record, "o-2"))


def _earlier() -> Trial:
    case = Earlier()
    noted = case.date()
    return Trial(case, noted, case.confirm(noted, "o-1", HAM), case.confirm(noted, "o-2", HAM))


def _session() -> Trial:
    case = Emergency()
    tabled = next(event for event in case.events if event.content.type == SessionTabled.wire_type)
    minutes = SessionDecided(emergency=case.active, decision="DITERIMA", leaders=SEATED)
    return Trial(case, tabled, case.say(LPSK, minutes, SEATED[0]), case.say(LPSK, minutes, "o-1"))


def _planning(propose: Callable[[Planning], str], agreement: Callable[[str], Body]) -> Trial:
    case = Planning()
    yes = agreement(propose(case))
    asked = case.events[-1]
    own, other = (case.say(LEAD, yes, officer=who) for who in ("o-1", "o-2"))
    return Trial(case, asked, own, other)


def _take_over() -> Trial:
    case = in_emergency()
    claim = case.claim(PEREMPUAN, HAM)
    return Trial(case, claim, case.support(PEREMPUAN, claim), case.support(LPSK, claim))


def _lead() -> Trial:
    case = Relay()
    offer = case.offer(HAM, LPSK)
    return Trial(case, offer, case.accept(HAM, offer), case.accept(LPSK, offer))


def _appeal() -> Trial:
    case, appeal = under_appeal()
    own = case.add(HAM, decided(appeal), actor=SECOND._replace(officer=FIRST.officer))
    return Trial(case, case.events[1], own, case.add(HAM, decided(appeal), actor=SECOND))


def _duplicate() -> Trial:
    case = Relay()
    return Trial(case, case.say(LPSK, LINKED), None, case.say(HAM, REOPENED))


def _withdrawal() -> Trial:
    case = Desk()
    return Trial(case, case.say(LPSK, ENDED), None, case.say(HAM, consent()))


_RULES = LATEST.emergency
_LEADERS = f"{_RULES.approvals} different leaders (`{_RULES.role}`) of {_RULES.decided_by}"

DUTIES = (
    Duty("emergency", _emergency, f"{_LEADERS}, neither of them the proposer; any agency may propose"),
    Duty("waiver", lambda: _decision(proposed), f"{_LEADERS}; the one who proposes is one of them"),
    Duty("extension", lambda: _decision(Emergency.ask_to_extend), f"{_LEADERS}; the one who proposes is one of them"),
    Duty(
        "ending",
        lambda: _decision(lambda case: case.ask_to_end(basis="PERMINTAAN_PEMBELA")),
        f"{_LEADERS}; the one who proposes is one of them. Every other agency says that it has heard before it ends",
    ),
    Duty("handover", _handover, "the agency to which the measures are offered"),
    Duty("session", _session, f"at least {LATEST.session.quorum} leaders by name, none of whom writes it down"),
    Duty("record", _record, "another officer of the same agency; neither is one of the leaders who decided by phone"),
    Duty("time of a decision", _earlier, "another officer of the same agency; the decision itself counts meanwhile"),
    Duty(
        "plan",
        lambda: _planning(Planning.plan, lambda name: PlanAgreed(plan=name)),
        "each agency that answers for a measure, by another officer than the proposer",
    ),
    Duty(
        "closure",
        lambda: _planning(Planning.propose_closure, lambda name: ClosureAgreed(proposal=name)),
        "another officer of the lead, and each agency with an active measure",
    ),
    Duty("lead", _lead, "the agency to which it is offered"),
    Duty("take-over", _take_over, "another agency than the claimant and than the lead that is replaced"),
    Duty("appeal", _appeal, "another officer than the one who rejected, of the agency that owns the status"),
    Duty("disclosure", _disclosure, "another officer of the same agency, in another role; the auditor is told at once"),
    Duty("outsider", _outside, "another officer of the same agency, in another role; the auditor is told at once"),
    Duty("breach", _breach, "to take it back another officer of the same agency, in another role; else nobody"),
    Duty("readmission", _readmission, "to say it of others or take it back another officer there; to step back nobody"),
    Duty("erasure", _erasure, "another officer of the agency that opened the case, in another role"),
    Duty(
        "withdrawal",
        _withdrawal,
        "nobody: a person's word counts at every desk. The lead and all who know them are called, and who protects "
        "them in an emergency reads on until it is over; the agency that took the report records a new consent",
    ),
    Duty("duplicate", _duplicate, "nobody: it merges nothing, and any agency in the case takes it back"),
)
