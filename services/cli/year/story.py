"""One case of a synthetic year, from its report to its closure, as officers of the agencies do it at their desks."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.hlc import instant
from contracts.mechanism import LATEST, Permission
from contracts.promises.triage import HUMAN_TRIAGE
from contracts.report import gender_lens, read_report
from services.cli.year.calendar import Calendar
from services.cli.year.desk import Desk
from services.cli.year.plan import Fate, judgement, report

OPEN_FOR = 45  # days until an ordinary case ends
AGAIN = 28  # days between reviews, and between assessments
BASIS = ("KERJA_HAM", "UNIVERSALITAS", "CARA_DAMAI")
Step = Callable[[], Awaitable[None]]


class Story:
    """One case in the making."""

    def __init__(self, fate: Fate, desks: Mapping[str, Desk], calendar: Calendar, days: int) -> None:
        """`days` is how long the year is: what would happen later does not."""
        self._fate = fate
        self._desks = desks
        self._calendar = calendar
        self._days = days
        self._own = self._lead = desks[fate.agency]
        self._among = {fate.agency, *fate.share_with}
        self._kind = self._proposal = self._plan = self._sent = ""
        self.case = ""

    async def play(self) -> None:
        """From the report on, each step on its day. Refused by a desk that says no."""
        await self._calendar.until(self._fate.day)
        told = report(self._fate, self._now())
        self._kind = "PPHAM" if gender_lens(read_report(json.dumps(told).encode())) else "PEMBELA"
        self.case = (await self._own.say(Permission.RECEIVE_REPORT, "/reports", told))["case"]
        for day, _, step in sorted(self._steps(), key=lambda one: one[:2]):
            if self._fate.day + day < self._days:
                await self._calendar.until(self._fate.day + day)
                await step()

    def _steps(self) -> list[tuple[int, int, Step]]:
        """Day of the case, order within a day, and what is done."""
        when = self._fate.days
        steps: list[tuple[int, Step]] = self._emergencies() if self._is_emergency else []
        steps += [(when["triage"], self._triage), (when["risk"], self._assess)]
        decided_by, determines = LATEST.emergency.decided_by, LATEST.status.owners[self._kind]
        if determines in self._among:
            steps += [(when["provisional"], self._status("SEMENTARA")), (when["final"], self._status("TERVERIFIKASI"))]
        if decided_by in self._among:
            steps.append((when["eligibility"], self._eligibility))
        if not (self._fate.refused and self._among == {decided_by}):  # a plan then needs somebody else
            steps += self._protection()
        if self._fate.referred and self._fate.share_with:
            steps += self._referral()
        if not self._in_force:
            steps.append((max(OPEN_FOR, max(day for day, _ in steps) + 1), self._close))
        return [(day, number, step) for number, (day, step) in enumerate(steps)]

    def _emergencies(self) -> list[tuple[int, Step]]:
        """Proposed at once, decided in time or not, and if it is in force the papers and the session."""
        when = self._fate.days
        asked: list[tuple[int, Step]] = [(0, self._emergency), (when["approval"], self._vote)]
        return asked + ([(when["session"], self._session), (when["paper"], self._papers)] if self._in_force else [])

    def _referral(self) -> list[tuple[int, Step]]:
        """Sent, after a refusal once more, taken on, and ended."""
        took = self._fate.days["referral"]
        sent: list[tuple[int, Step]] = [(1, self._refer)]
        answered = 1 + took
        if self._fate.declined:
            sent += [(answered, self._answer("decline", {"reason": "TANPA_KAPASITAS"})), (answered, self._refer)]
            answered += took
        ended = answered + self._fate.days["report"]
        return [*sent, (answered, self._answer("accept", {})), (ended, self._answer("complete", {}))]

    def _protection(self) -> list[tuple[int, Step]]:
        """The plan, its measure, and as long as protection is in force the risk again and again."""
        when = self._fate.days
        planned = when["approval"] if self._in_force else when["plan"]
        begun = planned + when["measure"]
        steps: list[tuple[int, Step]] = [(planned, self._agree), (planned, self._hand_over)]
        steps += [(begun, self._measure("start")), (begun + 20, self._measure("complete"))]
        if not self._in_force:
            return steps
        reviews = range(when["review"], self._days, AGAIN)
        return [*steps, *((day, self._review) for day in reviews), *((day + 1, self._assess) for day in reviews[1:])]

    @property
    def _is_emergency(self) -> bool:
        return self._fate.emergency and LATEST.emergency.decided_by in self._among

    @property
    def _in_force(self) -> bool:
        return self._is_emergency and not self._fate.refused

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._own.clock.now_ms() / 1000, UTC)

    def _later(self, days: int) -> str:
        return instant(round((self._now() + timedelta(days=days)).timestamp() * 1000))

    async def _say(self, desk: Desk, may: Permission, path: str, body: Any = None, *, officer: int = 0) -> Any:  # noqa: ANN401
        return await desk.say(may, f"/cases/{self.case}/{path}", body, officer=officer)

    async def _triage(self) -> None:
        reader = self._own.officers(Permission.READ_CASE)[0]
        place = f"/tasks?case={self.case}"
        work = await self._own.until(reader, place, lambda told: any(map(self._is_triage, told["items"])))
        item = next(filter(self._is_triage, work["items"]))
        await self._own.say(Permission.RECEIVE_REPORT, f"/tasks/{item['id']}/done")

    def _is_triage(self, item: Mapping[str, str]) -> bool:
        return (item["case"], item["kind"]) == (self.case, HUMAN_TRIAGE)

    async def _assess(self) -> None:
        await self._say(self._own, Permission.ASSESS_RISK, "risk", judgement(self._fate))

    def _status(self, status: str) -> Step:
        async def determine() -> None:
            desk = self._desks[LATEST.status.owners[self._kind]]
            body = {"defender_kind": self._kind, "status": status, "basis": [*BASIS]}
            await self._say(desk, Permission.DETERMINE_STATUS, "status", body)

        return determine

    async def _emergency(self) -> None:
        body = {"ground": "ANCAMAN_NYATA", "needs": [self._fate.need]}
        self._proposal = (await self._say(self._own, Permission.PROPOSE_EMERGENCY, "emergency", body))["proposal"]

    async def _vote(self) -> None:
        rules = LATEST.emergency
        votes = rules.leaders - rules.approvals + 1 if self._fate.refused else rules.approvals
        vote, given = ("refuse", {"reason": "LAINNYA"}) if self._fate.refused else ("approve", None)
        for leader in range(votes):
            path = f"emergency/{self._proposal}/{vote}"
            await self._say(self._desks[rules.decided_by], Permission.DECIDE_EMERGENCY, path, given, officer=leader)

    async def _session(self) -> None:
        desk = self._desks[LATEST.emergency.decided_by]
        leaders = desk.officers(Permission.DECIDE_EMERGENCY)[: LATEST.session.quorum]
        tabled = await self._emergency_view(desk)
        if tabled["deferred"]:
            body = {"emergency": tabled["deferred"][0]["emergency"], "decision": "DITERIMA", "leaders": sorted(leaders)}
            await self._say(desk, Permission.RECORD_SESSION, "session", body)

    async def _papers(self) -> None:
        for agency in sorted(self._among):
            desk = self._desks[agency]
            papers = (await self._emergency_view(desk))["standing"]["papers"]
            for paper in papers:
                if (paper["owner"], paper["state"]) == (agency, "OPEN"):
                    body = {"requirements": paper["requirements"], "requirement": paper["requirement"]}
                    await self._say(desk, Permission.FULFIL_REQUIREMENT, "requirements/fulfil", body)

    async def _emergency_view(self, desk: Desk) -> Any:  # noqa: ANN401
        return await desk.get(desk.officers(Permission.READ_CASE)[0], f"/cases/{self.case}/emergency")

    async def _eligibility(self) -> None:
        desk = self._desks[LATEST.emergency.decided_by]
        category = "TIDAK_MEMENUHI" if self._fate.refused else "KORBAN"
        await self._say(desk, Permission.DETERMINE_ELIGIBILITY, "eligibility", {"category": category})

    async def _agree(self) -> None:
        measures = [self._promised(number, agency) for number, agency in enumerate(sorted(self._among), start=1)]
        said = await self._say(self._own, Permission.PROPOSE_PLAN, "plan", {"measures": measures, "replaces": []})
        self._plan = said["events"][0]
        for agency in sorted(self._among):
            await self._say(self._desks[agency], Permission.AGREE_PLAN, "plan/agree", {"plan": self._plan}, officer=1)

    async def _hand_over(self) -> None:
        """Once all are heard to agree, the lead goes to whom the case needs most, if that is another agency."""
        reader = self._own.officers(Permission.READ_CASE)[0]
        await self._own.until(reader, f"/cases/{self.case}/plan", lambda told: not told["versions"][0]["waits_for"])
        needed = (await self._own.get(reader, f"/cases/{self.case}/lead"))["by_need"]
        if needed and self._desks[needed["agency"]] is not self._own:
            body = {"to": needed["agency"], "reason": needed["reason"]}
            offered = await self._say(self._own, Permission.LEAD_CASE, "lead/offer", body)
            self._lead = self._desks[needed["agency"]]
            await self._say(self._lead, Permission.LEAD_CASE, "lead/accept", {"offer": offered["events"][0]})

    def _promised(self, number: int, agency: str) -> dict[str, Any]:
        day = str(LATEST.office_day(self._now(), self._fate.agency))
        return {
            "id": f"{self._fate.agency}-{number}",
            "code": self._fate.need,
            "owner": agency,
            "responsible": agency,
            "due_by": self._later(10),
            "raises_risk": False,
            "risk_answer": "TIDAK_ADA",
            "agreement": {"given_by": "defender", "on": day},
        }

    def _measure(self, what: str) -> Step:
        async def act() -> None:
            for number, agency in enumerate(sorted(self._among), start=1):
                body = {"plan": self._plan, "measure": f"{self._fate.agency}-{number}"}
                await self._say(self._desks[agency], Permission.CARRY_OUT_MEASURE, f"measures/{what}", body)

        return act

    async def _review(self) -> None:
        body = {"occasion": "BERKALA", "before": "SEDANG", "after": "SEDANG"}
        await self._say(self._lead, Permission.HOLD_REVIEW, "reviews", body)

    async def _refer(self) -> None:
        reader = self._own.officers(Permission.READ_CASE)[0]
        consents = (await self._own.get(reader, f"/cases/{self.case}/consent"))["consents"]
        to = min(self._fate.share_with)
        body = {"to": to, "needs": [self._fate.need], "urgent": False, "answer_by": self._later(1)}
        said = await self._say(self._own, Permission.REFER, "referrals", body | {"consent": consents[0]["event"]})
        self._sent = said["events"][0]

    def _answer(self, what: str, more: Mapping[str, str]) -> Step:
        async def act() -> None:
            desk, body = self._desks[min(self._fate.share_with)], {"referral": self._sent, **more}
            await self._say(desk, Permission.ANSWER_REFERRAL, f"referrals/{what}", body)

        return act

    async def _close(self) -> None:
        body = {"reason": "PERMINTAAN_PEMBELA"}
        said = await self._say(self._lead, Permission.PROPOSE_CLOSURE, "closure", body)
        agreed = {"proposal": said["events"][0]}
        for agency in sorted(self._among):
            await self._say(self._desks[agency], Permission.AGREE_CLOSURE, "closure/agree", agreed)
