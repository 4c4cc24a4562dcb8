"""Plans written by hand: a case with versions, agreements and measures, said as a test wants them."""

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.plan import (
    Agreement,
    CaseClosed,
    CircumstancesChanged,
    ClosureAgreed,
    ClosureProposed,
    IncidentRecorded,
    Measure,
    MeasureStarted,
    MeasureUnwanted,
    MeasureWanted,
    PlanAgreed,
    PlanProposed,
    ReviewHeld,
)
from contracts.mechanism import LATEST
from contracts.promises.plan import plans_in_force
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow import rule_for
from tests.unit.contracts.chronicle import Chronicle, opening

Parents = tuple[EventId, ...] | None
LEAD = "komnas-ham"
DUE = "2026-11-25T16:59:59.000Z"
MOVED = CircumstancesChanged(change="PINDAH_ALAMAT")
INCIDENT = IncidentRecorded(forms=("PENGUNTITAN",), gendered_forms=(), sphere="FISIK", happened="SEHARI")


def measure(
    name: str = "komnas-ham-1",
    responsible: str = "komnas-ham",
    *,
    owner: str = "",
    code: str = "PEMANTAUAN",
    wanted: bool = True,
) -> Measure:
    return Measure(
        id=name,
        code=code,
        owner=owner or responsible,
        responsible=responsible,
        due_by=DUE,
        raises_risk=False,
        risk_answer="TIDAK_ADA",
        agreement=Agreement(given_by="defender", on="2026-11-22") if wanted else None,
    )


OURS = measure()
LPSKS = measure("komnas-ham-2", "lpsk", code="PENGAWALAN")
PARTNERS = measure("komnas-ham-3", "lpsk", owner="mitra", code="BANTUAN_HUKUM")
LATER = measure("komnas-ham-4", wanted=False)  # nobody has asked the defender yet


class Planning(Chronicle):
    """A case of Komnas HAM, which leads, with plans."""

    def __init__(self, *, legal_status: str | None = None) -> None:
        super().__init__(opened=False)
        self.add(LEAD, opening(LEAD).model_copy(update={"legal_status": legal_status}))

    @property
    def now(self) -> tuple[EventId, ...]:
        """Everything that has been said so far, as parents."""
        return (self.events[-1].id,)

    def say(self, agency: str, body: Body, *, officer: str = "o-2", parents: Parents = None) -> Event:
        """By an officer who may say this."""
        needed = rule_for(type(body)).permission
        roles = LATEST.agencies[agency].permissions[needed] if needed else ("system",)
        return self.add(agency, body, actor=Actor(roles[0], officer), parents=parents)

    def counts(self, event: Event) -> bool:
        """Whether what somebody said changes anything."""
        return event.id not in self.case.unsupported

    def plan(self, *measures: Measure, by: str = LEAD, replaces: tuple[str, ...] = (), parents: Parents = None) -> str:
        """A version; its name."""
        body = PlanProposed(measures=measures or (OURS,), replaces=replaces)
        return b64(self.say(by, body, officer="o-1", parents=parents).id)

    def agree(self, plan: str, *agencies: str, parents: Parents = None) -> Event:
        """Agencies agree, one after the other; the last one's agreement."""
        return [self.say(agency, PlanAgreed(plan=plan), parents=parents) for agency in agencies or (LEAD,)][-1]

    def agreed_plan(self, *measures: Measure) -> str:
        """A version to which every responsible agency agreed; its name."""
        plan = self.plan(*measures)
        self.agree(plan, *sorted({one.responsible for one in measures or (OURS,)}))
        return plan

    def start(self, plan: str, one: Measure) -> Event:
        """The responsible agency starts a measure."""
        return self.say(one.responsible, MeasureStarted(plan=plan, measure=one.id))

    def want(self, plan: str, one: Measure, *, by: str = LEAD, parents: Parents = None) -> Event:
        """The defender tells an agency that they agree to a measure after all."""
        body = MeasureWanted(
            plan=plan, measure=one.id, given_by="defender", form="spoken", at="2026-11-23T08:54:48+07:00"
        )
        return self.say(by, body, parents=parents)

    def unwant(
        self, plan: str, one: Measure, *, by: str = LEAD, parents: Parents = None, at: str = "2026-11-24T08:54:48+07:00"
    ) -> Event:
        """The defender tells an agency that they take their agreement to a measure back."""
        body = MeasureUnwanted(plan=plan, measure=one.id, given_by="defender", form="spoken", at=at)
        return self.say(by, body, parents=parents)

    def review(self, after: str, *, by: str = LEAD, parents: Parents = None) -> Event:
        """A review that finds a level."""
        return self.say(by, ReviewHeld(occasion="BERKALA", before="SEDANG", after=after), parents=parents)

    def incident(self, *, by: str = "lpsk", parents: Parents = None) -> Event:
        """Something happened again."""
        return self.say(by, INCIDENT, parents=parents)

    def activate_emergency(self) -> Event:
        """Two leaders put protection in force."""
        proposal = self.propose("lpsk")
        return self.activate(proposal, self.approve(proposal, "leader-1"), self.approve(proposal, "leader-2"))

    def propose_closure(self, reason: str = "PERMINTAAN_PEMBELA", *, by: str = LEAD, parents: Parents = None) -> str:
        """A proposal to close; its name."""
        return b64(self.say(by, ClosureProposed(reason=reason), officer="o-1", parents=parents).id)

    def agree_closure(self, proposal: str, *agencies: str, parents: Parents = None) -> list[str]:
        """Agencies agree to close; the names of the agreements."""
        said = [self.say(agency, ClosureAgreed(proposal=proposal), parents=parents) for agency in agencies]
        return [b64(event.id) for event in said]

    def close(self, *agencies: str, by: str = LEAD) -> Event:
        """Propose, agree, close."""
        proposal = self.propose_closure()
        named = tuple(self.agree_closure(proposal, *(agencies or (LEAD,))))
        return self.say(by, CaseClosed(proposal=proposal, agreements=named))


def in_force(case: Planning) -> list[str]:
    """The names of the versions that are in force."""
    return [plan.name for plan in plans_in_force(case.case)]
