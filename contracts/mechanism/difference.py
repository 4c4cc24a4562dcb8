"""What one version of the mechanism changes of another, for people who are to sign it: each value, with its basis.

It compares the texts as they stand, so it also tells what this software does not apply.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from contracts.mechanism.document import parse

BASIS = "basis"


class Change(NamedTuple):
    """One value that is not the same; empty text for what is not there."""

    place: str
    before: str
    after: str
    basis_before: str
    basis_after: str


def changes(before: bytes, after: bytes) -> list[Change]:
    """All that differs, in the order of the places; Rejected(ENCODING | MECHANISM) for what is no TOML."""
    old, new = parse(before), parse(after)
    was, now = dict(_values("", old)), dict(_values("", new))
    places = sorted(place for place in was.keys() | now.keys() if was.get(place) != now.get(place))
    return [
        Change(place, was.get(place, ""), now.get(place, ""), _basis(old, place), _basis(new, place))
        for place in places
    ]


def _values(place: str, value: object) -> Iterator[tuple[str, str]]:
    """Every value with its place: tables by their names, lists of tables by what each begins with."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _values(f"{place}.{name}" if place else str(name), member)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for item in value:
            first, *rest = item.items()
            yield f"{place}.{first[1]}", ", ".join(f"{name} {_told(member)}" for name, member in rest) or "listed"
    else:
        yield place, _told(value)


def _told(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_told, value)) or "nobody"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _basis(document: Mapping[str, object], place: str) -> str:
    """The basis that a matter gives for the value at a place; "" where it gives none."""
    matter, _, rest = place.partition(".")
    table = document.get(matter)
    reasons = table.get(BASIS) if isinstance(table, Mapping) else None
    reason = reasons.get(rest.partition(".")[0]) if isinstance(reasons, Mapping) else None
    return str(reason) if reason is not None else ""
