"""Which changes of the directory can wait until all others know of them, and which must not."""

from collections.abc import Callable

import pytest

from contracts.directory import Chain, Directory, sign
from contracts.encoding import b64
from contracts.roster import AgencyEntry
from contracts.succession import may_wait, must_know
from contracts.vectors import material

Change = Callable[[AgencyEntry], AgencyEntry]


def chain() -> Chain:
    """The first version alone."""
    return Chain(material.chain()[0], pin=material.FIRST.digest())


def follow(held: Chain, **agencies: AgencyEntry | None) -> int:
    """Adopt a version in which these agencies are otherwise, or are no more; its number."""
    last = held.latest
    entries = {name: entry for name, entry in {**last.agencies, **agencies}.items() if entry}
    changed = {"version": last.version + 1, "previous": b64(last.digest()), "agencies": entries}
    directory = Directory.model_validate(last.model_dump() | changed)
    held.adopt(sign(directory, [material.root(agency) for agency in material.AGENCIES]))
    return directory.version


def with_keys(entry: AgencyEntry, *numbers: int, **how: object) -> AgencyEntry:
    """The entry with these keys of triage besides all others."""
    others = [key for key in entry.keys if key.purpose != "triage"]
    keys = [material.signing_key(f"lpsk.triage.{number}").model_copy(update=how) for number in numbers]
    return entry.model_copy(update={"keys": [*others, *keys]})


def nothing(entry: AgencyEntry) -> AgencyEntry:
    """The same."""
    return entry


def new_key(entry: AgencyEntry) -> AgencyEntry:
    """One key more."""
    return with_keys(entry, 1, 7)


def key_gone(entry: AgencyEntry) -> AgencyEntry:
    """One key less."""
    return with_keys(entry)


def more_grants(entry: AgencyEntry) -> AgencyEntry:
    """A key that may sign what it might not."""
    return with_keys(entry, 1, grants=["triage.*", "protection.*"])


def stolen(entry: AgencyEntry) -> AgencyEntry:
    """A key revoked, and its successor."""
    entry = with_keys(entry, 1, revoked=True, to_seq=9)
    return entry.model_copy(update={"keys": [*entry.keys, material.signing_key("lpsk.triage.7")]})


def dated(entry: AgencyEntry) -> AgencyEntry:
    """Keys with a note to people."""
    return with_keys(entry, 1, expires="2027-01-01T00:00:00.000Z")


def new_reader(entry: AgencyEntry) -> AgencyEntry:
    """Another sealing key."""
    other = material.FIRST.agencies["komnas-ham"].sealing
    return entry.model_copy(update={"sealing": other.model_copy(update={"kid": "lpsk.sealing.7"})})


@pytest.mark.parametrize(
    ("change", "waits"),
    [
        (nothing, False),
        (new_key, True),
        (key_gone, False),
        (more_grants, True),
        (stolen, False),
        (dated, False),
        (new_reader, True),
    ],
)
def test_what_brings_something_new_can_wait_and_what_takes_away_does_not(change: Change, *, waits: bool) -> None:
    """A key, a right or a reader more can wait; less of them, a date or nothing at all does not; nor does a theft."""
    held = chain()
    number = follow(held, lpsk=change(held.latest.agencies["lpsk"]))
    assert may_wait(held, 1, number) == waits


def test_a_theft_waits_for_no_version_before_or_behind_it() -> None:
    """Between two versions that could wait, one that revokes takes all of them along; once named, it no longer does."""
    held = chain()
    for change in (new_key, stolen, new_reader):
        follow(held, lpsk=change(held.latest.agencies["lpsk"]))
    assert [may_wait(held, 1, version) for version in (2, 3, 4)] == [True, False, False]
    assert may_wait(held, 3, 4)


def test_who_left_and_who_just_came_are_not_waited_for() -> None:
    """An agency that is in one of the two versions alone can neither block the change nor be asked about it."""
    held = chain()
    gone = follow(held, lpsk=None)
    assert must_know(held, 1, gone) == set(material.AGENCIES) - {"lpsk"}
    assert not may_wait(held, 1, gone)
    back = follow(held, lpsk=material.FIRST.agencies["lpsk"])
    assert must_know(held, gone, back) == set(material.AGENCIES) - {"lpsk"}
    assert may_wait(held, gone, back)
