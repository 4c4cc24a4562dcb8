"""When promises are looked at, and that each is said once whatever clocks and machines do."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.notify import PromiseMissed, ReminderGiven
from contracts.events.protection import RequirementFulfilled
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism import LATEST
from contracts.timeline import claimed
from services.notify import clocks
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.emergencies import START, Emergency

FAR = datetime(2036, 1, 1, tzinfo=UTC)
SILENT = LATEST.notices.silent


def waits(case: Emergency, agency: str) -> dict[tuple[str, str], timedelta]:
    """For how long after it is due an agency leaves each promise alone."""
    return {(one.kind, one.agency): at - one.due for one, at in clocks.looks(case.case, agency)}


def test_whoever_owes_it_says_so_first_then_the_others_in_turn() -> None:
    """At once where it is owed; elsewhere after the time that makes a node a silent one, one agency after the other."""
    case = Emergency()
    paper = ("SYARAT", "komnas-ham")
    found = {agency: waits(case, agency)[paper] for agency in AGENCIES}
    assert found == {"komnas-ham": timedelta(), "komnas-perempuan": SILENT, "lpsk": 2 * SILENT}


def test_whoever_takes_no_part_looks_at_nothing() -> None:
    """Promises of a case are no business of an agency for which it was not opened."""
    case = Emergency(to=("komnas-ham", "lpsk"))
    assert clocks.looks(case.case, "lpsk")
    assert not clocks.looks(case.case, "komnas-perempuan")


def test_a_kept_promise_is_looked_at_no_more() -> None:
    """Its row goes with the event that keeps it."""
    case = Emergency()
    assert ("SYARAT", "lpsk") in waits(case, "lpsk")
    case.say("lpsk", RequirementFulfilled(requirements=b64(case.listed.id), requirement="IDENTITAS"))
    assert ("SYARAT", "lpsk") not in waits(case, "lpsk")


def test_what_only_some_may_read_is_no_reason_to_tell_all() -> None:
    """A promise that somebody keeps or makes in private is looked at as all see it."""
    case = Emergency()
    before = clocks.looks(case.case, "komnas-ham")
    case.add("komnas-ham", UrgencyOverridden(level="KRITIS", reason="x"), to=("komnas-ham",))
    assert clocks.looks(case.case, "komnas-ham") == before


def due(case: Emergency, agency: str, now: datetime) -> list[PromiseMissed]:
    """What an agency says now."""
    return clocks.missed(clocks.looks(case.case, agency), LATEST, now)


def test_what_was_missed_meanwhile_is_said_gravest_first() -> None:
    """After twenty days: what people's lives hang on, before papers that were due earlier."""
    said = [LATEST.notices.missed.get(body.kind) for body in due(Emergency(), "lpsk", START + timedelta(days=20))]
    assert said.count("KRITIS") > 0
    assert said == sorted(said, key=lambda level: level != "KRITIS")


def reminded(case: Emergency, agency: str, days: float) -> list[ReminderGiven]:
    """What an agency says so many days after the papers were deferred."""
    now = claimed(case.listed) + timedelta(days=days)
    return clocks.recalled(case.case, clocks.recalls(case.case, agency), now)


def test_whoever_owes_papers_is_reminded_on_the_days_of_the_rules() -> None:
    """Each owner of their own, once a day that the rules name; what came meanwhile is not asked for again."""
    case = Emergency()
    assert reminded(case, "lpsk", 2.9) == reminded(case, "komnas-perempuan", 3) == []
    (ours,), (theirs,) = reminded(case, "lpsk", 3), reminded(case, "komnas-ham", 3)
    assert (ours.papers, theirs.papers) == (("IDENTITAS",), ("KETERANGAN_STATUS",))
    case.add("lpsk", ours, to=("lpsk",), actor=Actor("system", "rajut"))
    assert reminded(case, "lpsk", 6.9) == []
    (second,) = reminded(case, "lpsk", 7)
    assert datetime.fromisoformat(second.at) - datetime.fromisoformat(ours.at) == timedelta(days=4)
    case.say("lpsk", RequirementFulfilled(requirements=b64(case.listed.id), requirement="IDENTITAS"))
    assert reminded(case, "lpsk", 7) == []


def test_a_machine_that_stood_still_reminds_once() -> None:
    """Of three days that passed meanwhile the last one is said, and the two before it never."""
    case = Emergency()
    (late,) = reminded(case, "lpsk", 15)
    assert datetime.fromisoformat(late.at) == claimed(case.listed) + timedelta(days=14)
    case.add("lpsk", late, to=("lpsk",), actor=Actor("system", "rajut"))
    assert reminded(case, "lpsk", 20.9) == []


def test_emergencies_are_looked_at_before_the_others() -> None:
    """While protection is asked for or in force, or the case is critical; an ordinary case takes its turn."""
    assert clocks.pressing(Emergency().case)
    assert not clocks.pressing(Chronicle().case)


class Clocks(RuleBasedStateMachine):
    """Three nodes over one case, each with its own clock, which jumps; nodes die at any moment and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Emergency()
        self.now = dict.fromkeys(AGENCIES, START)
        self.table = {agency: clocks.looks(self.case.case, agency) for agency in AGENCIES}

    def heard(self) -> None:
        """Every node derives its table anew."""
        self.table = {agency: clocks.looks(self.case.case, agency) for agency in AGENCIES}

    def say(self, agency: str, body: PromiseMissed) -> None:
        """A record at the node's own time, never before the last one."""
        self.case.now = self.now[agency]
        event, last = self.case.say(agency, body, "rajut", role="system"), self.case.events[-2].hlc
        self.case.events[-1] = event._replace(hlc=last.next(event.hlc.ms))
        assert self.case.counts(self.case.events[-1])

    @rule(agency=st.sampled_from(AGENCIES), hours=st.integers(-3000, 3000))
    def jump(self, agency: str, hours: int) -> None:
        """A clock is set back or forward."""
        self.now[agency] = min(max(self.now[agency] + timedelta(hours=hours), START), FAR)

    @rule(agency=st.sampled_from(AGENCIES), dies=st.booleans())
    def look(self, agency: str, dies: bool) -> None:  # noqa: FBT001
        """The timer fires if the table says so; a node that dies before its commit has said nothing."""
        if not any(look.at <= self.now[agency] for look in self.table[agency]):
            return
        said = due(self.case, agency, self.now[agency])
        assert said
        if dies:
            return
        for body in said:
            self.say(agency, body)
        self.heard()
        assert not due(self.case, agency, self.now[agency])

    @rule(code=st.sampled_from(["IDENTITAS", "KETERANGAN_STATUS"]))
    def keep(self, code: str) -> None:
        """A paper comes."""
        self.case.now = START
        owner = "lpsk" if code == "IDENTITAS" else "komnas-ham"
        event = self.case.say(owner, RequirementFulfilled(requirements=b64(self.case.listed.id), requirement=code))
        self.case.events[-1] = event._replace(hlc=self.case.events[-2].hlc.next(0))
        self.heard()
        assert ("SYARAT", code) not in {(one.promise.kind, one.promise.subject) for one in self.table["lpsk"]}

    @invariant()
    def each_is_said_once_and_only_when_due(self) -> None:
        """No promise with one due time stands twice, none before its time, none that was kept by then."""
        said = [(event, body) for event, body in self.case.case.of_type(PromiseMissed)]
        assert len({body for _, body in said}) == len(said)
        assert all(body.due <= event.content.time for event, body in said)

    @invariant()
    def what_is_due_is_in_the_table(self) -> None:
        """Nothing is due that no timer would find."""
        for agency in AGENCIES:
            missed = due(self.case, agency, FAR + timedelta(days=365))
            assert {look.promise.missed() for look in self.table[agency]} == set(missed)


Clocks.TestCase.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
TestClocks = Clocks.TestCase


def test_the_clock_of_a_record_never_runs_back() -> None:
    """What the stories above lean on: a node whose clock is set back writes on from its last record."""
    assert Hlc(10, 0).next(5) > Hlc(10, 0)
