import pytest
from hypothesis import given, strategies as st

from contracts.case import digest, fold
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.intake import ReportReceived
from contracts.events.node import Basis, ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.erasure import executable, graph, remains
from tests.unit.contracts.chronicle import Chronicle, opening
from tests.unit.contracts.test_case import chronicles
from tests.unit.contracts.test_report import read, sample

REPORT = read(sample())
OFFICER, LEADER = Actor("pejabat_pdp", "pdp-1"), Actor("komisioner_pengaduan", "kom-1")


def ask(case: Chronicle, agency: str = "komnas-ham", actor: Actor = OFFICER, events: tuple[Event, ...] = ()) -> str:
    """An officer asks for the erasure of these events, or of all."""
    named = tuple(sorted(b64(event.id) for event in events or case.events))
    body = ErasureAsked(basis="SUBJECT_REQUEST", mechanism=LATEST.version, events=named)
    return b64(case.add(agency, body, actor=actor).id)


def confirm(case: Chronicle, asked: str, agency: str = "komnas-ham", actor: Actor = LEADER) -> Event:
    """Another one confirms it."""
    return case.add(agency, ErasureConfirmed(asked=asked), actor=actor)


def after(case: Chronicle, *erased: EventId) -> list[Event]:
    """The case as a node holds it that has erased these events."""
    return [
        event._replace(content=remains(event.content.case, event.content.to, event.content.parents))
        if event.id in erased
        else event
        for event in case.events
    ]


def orders(events: list[Event]) -> list[str]:
    """The confirmations that count."""
    return [body.asked for _, body in fold(events).of_type(ErasureConfirmed)]


def acted() -> Chronicle:
    """A case with decisions."""
    case = Chronicle()
    case.approve(case.propose(), "leader-1")
    case.add("lpsk", UrgencyOverridden(level="KRITIS", reason="x"))
    return case


def test_two_officers_of_the_opening_agency_order_an_erasure() -> None:
    """One asks, another one in another role confirms: that is an order."""
    case = acted()
    asked = ask(case)
    assert orders(case.events) == []
    confirm(case, asked)
    assert orders(case.events) == [asked]


@pytest.mark.parametrize(
    ("agency", "asking", "confirming"),
    [
        ("komnas-ham", OFFICER, OFFICER),
        ("komnas-ham", OFFICER, Actor("komisioner_pengaduan", "pdp-1")),
        ("komnas-ham", OFFICER, Actor("pejabat_pdp", "pdp-2")),
        ("komnas-ham", OFFICER, Actor("auditor", "o-1")),
        ("komnas-ham", LEADER, LEADER._replace(officer="kom-2")),
        ("lpsk", Actor("pejabat_pdp", "o-1"), Actor("pimpinan", "o-2")),
    ],
    ids=["one-person", "one-person-two-roles", "one-role", "no-permission", "nobody-asked", "not-the-opener"],
)
def test_nothing_less_is_an_order(agency: str, asking: Actor, confirming: Actor) -> None:
    """One person, one role, a role without the permission, or an agency that did not open the case: no order."""
    case = acted()
    confirm(case, ask(case, agency, asking), agency, confirming)
    assert orders(case.events) == []


def test_another_agency_cannot_confirm() -> None:
    """Both officers are of the agency that opened the case."""
    case = acted()
    confirm(case, ask(case), "lpsk", Actor("pimpinan", "o-2"))
    assert orders(case.events) == []


def test_an_order_takes_all_decisions_or_none() -> None:
    """Nobody leaves a case with half of its votes by erasing the other half."""
    case = acted()
    confirm(case, ask(case, events=(case.events[2],)))
    assert orders(case.events) == []


def test_who_somebody_is_can_go_while_the_case_goes_on() -> None:
    """A report is erased alone; what was decided stays in force, before and after."""
    case = acted()
    report = case.add("komnas-ham", ReportReceived(report=REPORT), to=("komnas-ham",))
    asked = ask(case, events=(report,))
    confirm(case, asked)
    assert orders(case.events) == [asked]
    left = fold(after(case, report.id))
    assert orders(after(case, report.id)) == [asked]
    assert left.in_force("urgency") == "KRITIS"
    assert left.participants == case.case.participants


@given(chronicles())
def test_an_order_counts_after_it_was_carried_out(case: Chronicle) -> None:
    """The verdict on an order is the same when what it was judged by is gone, whatever stood in the case."""
    told = [EventId(event.id) for event in case.events]
    asked = ask(case)
    confirm(case, asked)
    left = after(case, *told)
    assert orders(left) == orders(case.events) == [asked]
    assert fold(left).participants == case.case.participants
    assert not fold(left).slots


def test_nodes_that_have_erased_agree() -> None:
    """What is left of a case has one digest everywhere, also where more of it could be read before."""
    case = acted()
    private = case.add("komnas-ham", ReportReceived(report=REPORT), to=("komnas-ham",))
    told = [EventId(event.id) for event in case.events]
    confirm(case, ask(case))
    left = after(case, *told)
    without = [event for event in left if event.id != private.id]
    assert digest(fold(left)) == digest(fold(without)) != digest(case.case)


def test_an_erased_case_is_not_opened_again() -> None:
    """A participant who opens it anew, now that nobody can see who did, changes nothing."""
    case = acted()
    told = [EventId(event.id) for event in case.events]
    confirm(case, ask(case))
    again = case.add("lpsk", opening("lpsk", to=("komnas-ham", "lpsk")))
    left = fold(after(case, *told))
    assert again.id in left.unsupported
    assert not left.in_force("lead")


def test_saying_that_nothing_ordered_was_carried_out_counts_for_nothing() -> None:
    """An agency's word that it has erased rests on an order."""
    case = acted()
    asked = ask(case)
    empty = b64(graph([]))
    made_up = case.add("lpsk", ErasureExecuted(confirmed=asked, events=0, graph=empty))
    confirmed = confirm(case, asked)
    true = case.add("lpsk", ErasureExecuted(confirmed=b64(confirmed.id), events=0, graph=empty))
    assert made_up.id in case.case.unsupported
    assert true.id not in case.case.unsupported


def test_an_order_without_a_known_ground_destroys_nothing() -> None:
    """The list of legal grounds is closed: one that this version does not know is shown, and not obeyed."""
    known = [ErasureAsked(basis=basis, mechanism=1, events=(b64(bytes(32)),)) for basis in Basis]
    assert all(executable(order) for order in known)
    assert not executable(known[0].model_copy(update={"basis": "TIDY_UP"}))


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.lists(st.binary(min_size=32, max_size=32)))))
def test_the_graph_hash_names_every_edge(rows: list[tuple[bytes, list[bytes]]]) -> None:
    """One parent more or less is another hash; the order in which rows come is not."""
    told = [(EventId(id_), [EventId(parent) for parent in parents]) for id_, parents in rows]
    assert graph(told) == graph(reversed(told))
    changed = [(id_, [*parents, EventId(bytes(32))]) for id_, parents in told]
    assert not told or graph(changed) != graph(told)
