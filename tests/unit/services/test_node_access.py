from contracts.content import Actor
from contracts.events.access import CaseRead, Door, Purpose, View, named_in
from contracts.events.fields import MAX_CASES
from contracts.events.node import DirectoryAdopted
from services.node.access import SAID_BY, Reader, Shown, _bodies
from services.node.keys import SERVICES

READER = Reader(Actor("auditor", "a-1"), Door.API, Purpose.AUDIT, "2026-11-22T01:54:48.123Z")


def case(number: int) -> str:
    """A case id."""
    return f"{number:026d}"


def test_however_many_cases_are_shown_every_one_is_named() -> None:
    """A list longer than an entry can name becomes several entries; each is a body that can be read again."""
    cases = [case(number) for number in range(2 * MAX_CASES + 1)]
    bodies = _bodies(CaseRead, READER, Shown(View.CASES, [*reversed(cases), *cases], 7))
    assert [len(body.cases) for body in bodies] == [MAX_CASES, MAX_CASES, 1]
    assert [one for body in bodies for one in body.cases] == cases
    assert all(CaseRead.read(body.wire()) == body for body in bodies)


def test_what_shows_no_case_is_no_entry() -> None:
    """An empty list leaves nothing behind."""
    assert _bodies(CaseRead, READER, Shown(View.WORK, [], 0)) == []


def test_every_service_has_a_body_of_its_own_family() -> None:
    """Whichever service shows something can say so with its own key."""
    assert {service: body.type for service, body in SAID_BY.items()} == {name: f"{name}.case.read" for name in SERVICES}


def test_only_an_entry_names_cases() -> None:
    """The index is held against entries of every family, and against nothing else."""
    for body in (
        *_bodies(SAID_BY["notify"], READER, Shown(View.NOTICES, [case(1)], 1)),
        DirectoryAdopted(version=1, digest="A" * 43),
    ):
        assert named_in(body.wire_type, body.wire()) == ([case(1)] if isinstance(body, CaseRead) else None)
