"""One case as several nodes tell it: a column for each, every column in that node's own order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

View = Mapping[str, Any]


def merged(columns: Iterable[Sequence[str]]) -> list[str]:
    """Every id once: the longest column, and of the others what it lacks, each behind what stands before it there."""
    order: list[str] = []
    for column in sorted(columns, key=len, reverse=True):
        place = 0
        for id_ in column:
            if id_ not in order:
                order.insert(place, id_)
            place = order.index(id_) + 1
    return order


def table(views: Mapping[str, View]) -> list[str]:
    """The lines of the comparison; `#n` is the place of an event in a node's own timeline."""
    told = {line["id"]: line for view in views.values() for line in view["timeline"]}
    order = merged([line["id"] for line in view["timeline"]] for view in views.values())
    head = f"{'':44}" + "".join(f"{agency:>18}" for agency in views)
    return [head, *(_row(told[id_], views.values()) for id_ in order), _digests(views.values())]


def _row(line: View, views: Iterable[View]) -> str:
    marks = "".join(f"{_mark(view, line['id']):>18}" for view in views)
    return f"{line['agency']:<17} {line['type'][6:-3]:<26.26}{marks}"


def _mark(view: View, id_: str) -> str:
    found = ((place, line) for place, line in enumerate(view["timeline"]) if line["id"] == id_)
    return next((f"#{place} {line['signature']}" for place, line in found), "not for it")


def _digests(views: Iterable[View]) -> str:
    return f"{'digest of what all three share':<44}" + "".join(f"{view['digest'][:12]:>18}" for view in views)
