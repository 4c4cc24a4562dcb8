"""From an event's body to the fields of a form, and from what was typed back to the body's JSON. Pure.

The body's own JSON Schema says what is asked for, so a field that is added to an event is asked for without a line
here. What the form cannot check the route behind it does: it answers with the place that is wrong, a field's name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from contracts.events import Body
from contracts.events.fields import DAY, MAX_CODES
from contracts.events.lists import code_list
from contracts.mechanism.calendar import ZONES
from services.node.blank import is_blank

MORE = "_more"  # the name of the button that asks for another row; its value is the list's name
Typed = Mapping[str, Sequence[str]]  # as a browser sends it: every name with its values
_CODE = "^[A-Z][A-Z0-9_]{0,63}$"
_NUMBER = re.compile("[0-9]{1,9}")
_BY_PATTERN = {
    f"^{DAY}$": "day",
    "^[a-z0-9-]{1,32}$": "agency",
    "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$": "event",
    "^[0-9a-hjkmnp-tv-z]{26}$": "case",
    "^[a-z0-9-]{1,28}-[1-9][0-9]{0,2}$": "measure",
    "^[0-9a-f]{64}$": "fingerprint",
}
EITHER = {"yes": True, "no": False}  # and nothing for what is not known
NAMES = frozenset({"event", "case", "measure"})  # that machines give: nobody reads or types them
_OWN = "id"  # a row's own name, which the desk gives it: it fills no row


class Field(NamedTuple):
    """One thing that is asked for."""

    name: str  # such as `measures.0.owner`
    place: tuple[str, ...]  # in the body, or in the row that it belongs to
    kind: str  # choice(s), agency, agencies, day, moment, flag, either, number, text, fingerprint, lines, rows, NAMES
    code_list: str = ""  # of choices
    required: bool = True
    most: int = 0  # characters
    rows: tuple[tuple["Field", ...], ...] = ()

    @property
    def new(self) -> bool:
        """Whether it is the name of what is being said here first."""
        return self.kind in NAMES and self.word == _OWN

    @property
    def word(self) -> str:
        """What it is called: the word `field.<word>`."""
        return self.place[-1]


class _Group(NamedTuple):
    """Where fields stand: the event, what they are named under, and the schema's parts."""

    event: str
    under: str
    place: tuple[str, ...]
    parts: Mapping[str, Any]
    code_list: str = ""  # what the rows of this group are about


def fields(body: type[Body], typed: Typed) -> tuple[Field, ...]:
    """What a form asks for; lists of things have the rows that are typed or a first one, and the one of `MORE`."""
    schema = body.model_json_schema()
    return tuple(_fields(schema, _Group(body.type, "", (), schema.get("$defs", {})), typed))


def _fields(schema: Mapping[str, Any], group: _Group, typed: Typed) -> Iterator[Field]:
    required = schema.get("required", ())
    for word, told in schema["properties"].items():
        whole, name, place = _resolved(told, group.parts), f"{group.under}{word}", (*group.place, word)
        field = Field(name, place, "", _listed(group, word, whole), word in required)
        items = _resolved(whole.get("items", {}), group.parts)
        if "properties" in items:
            yield field._replace(kind="rows", rows=tuple(_of_rows(items, field, group, typed)))
        elif "properties" in whole:
            yield from _fields(whole, group._replace(under=f"{name}.", place=place), typed)
        elif items:
            yield field._replace(kind=_many(_kind(items, field.code_list)))
        else:
            kind = _kind(whole, field.code_list)
            open_ = kind == "flag" and "anyOf" in told  # may be unknown, too
            yield field._replace(kind="either" if open_ else kind, most=whole.get("maxLength", 0))


def _listed(group: _Group, word: str, schema: Mapping[str, Any]) -> str:
    """The list that a field draws on: its own, or that of its rows, which say in codes what each is about."""
    about_row = schema.get("pattern") == _CODE and group.code_list
    return code_list(group.event, word) or about_row or ""


def _of_rows(schema: Mapping[str, Any], of: Field, group: _Group, typed: Typed) -> Iterator[tuple[Field, ...]]:
    for row in _rows(of.name, typed):
        inner = group._replace(under=f"{of.name}.{row}.", place=(), code_list=of.code_list)
        yield tuple(_fields(schema, inner, typed))


def _rows(name: str, typed: Typed) -> range:
    more = name in typed.get(MORE, ())  # below all that are shown, whether anything is typed there or not
    begun = (_place(key, name) for key in typed if more or any(typed[key]))
    used = [int(row) for row, *rest in filter(None, begun) if rest != [_OWN] and _NUMBER.fullmatch(row)]
    return range(min(max(max(used, default=-1) + 1 + more, 1), MAX_CODES))


def _place(key: str, name: str) -> list[str]:
    return key.removeprefix(f"{name}.").split(".") if key.startswith(f"{name}.") else []


def _resolved(told: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with its references followed, and without the null of an optional field."""
    if "anyOf" in told:
        return _resolved(next(one for one in told["anyOf"] if one.get("type") != "null"), parts)
    return parts[told["$ref"].rpartition("/")[2]] if "$ref" in told else told


def _kind(schema: Mapping[str, Any], codes: str) -> str:
    if schema.get("type") == "boolean":
        return "flag"
    if schema.get("type") == "integer":
        return "number"
    pattern = schema.get("pattern", "")
    if "T[0-9]{2}" in pattern:
        return "moment"
    free = "maxLength" in schema  # what people write in their own words has one, codes have a pattern
    return _BY_PATTERN.get(pattern) or ("choice" if codes and not free else "text")


def _many(kind: str) -> str:
    return {"choice": "choices", "agency": "agencies", "event": "events"}.get(kind, "lines")


def read(asked: Sequence[Field], typed: Typed, zone: str) -> dict[str, Any]:
    """What was typed, as the route takes it: what is left empty is absent, and a row that is empty is none."""
    told: dict[str, Any] = {}
    for field in asked:
        value = _value(field, typed, zone)
        if value is not None:
            _put(told, field.place, value)
    return told


def _value(field: Field, typed: Typed, zone: str) -> Any:  # noqa: ANN401  a piece of JSON
    given = [text.strip() for text in typed.get(field.name, ()) if not is_blank(text)]
    match field.kind:
        case "rows":
            return [read(row, typed, zone) for row in field.rows if _filled(row, typed)]
        case "choices" | "agencies" | "events":
            return given
        case "lines":
            return [line for text in given for line in text.splitlines() if not is_blank(line)]
        case "flag":
            return bool(given)
        case "either":
            return EITHER.get(given[0]) if given else None
        case _:
            return _single(field.kind, given[0], zone) if given else None


def _single(kind: str, text: str, zone: str) -> int | str:
    """What is none of its kind stays as it is, for the route to refuse."""
    if kind == "number" and text.isascii() and text.isdigit():
        return int(text)
    return _instant(text, zone) if kind == "moment" else text


def _filled(row: Sequence[Field], typed: Typed) -> bool:
    return any(not is_blank(text) for field in row if not field.new for text in typed.get(field.name, ()))


def _put(told: dict[str, Any], place: Sequence[str], value: object) -> None:
    *above, last = place
    for part in above:
        told = told.setdefault(part, {})
    told[last] = value


def _instant(text: str, zone: str) -> str:
    """A local time that a browser sent, as events write instants."""
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=ZONES[zone]).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar have no time elsewhere
        return text
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
