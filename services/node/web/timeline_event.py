"""What one event says, field by field with the words of the forms, and how firmly it stands, in words. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.canonical import Json
from contracts.codes import codes
from contracts.events import Body
from contracts.workflow.erasure import PERSONAL
from services.node.cases import Line
from services.node.web import forms
from services.node.web.panel import NO_LABELS, Labels, Typed
from services.node.web.words import SUBJECTS, Speech

# Lists of codes that no form asks for, since only rules and timers say them.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "activities": ("activity",),
    "actors": ("actor",),
    "because": ("form", "gendered_form", "measure"),
    "code": ("measure", "requirement"),
    "domains": ("domain",),
    "issues": ("issue",),
    "kind": ("work_kind",),
    "legal_status": ("legal_status",),
    "level": ("urgency",),
    "province": ("province",),
    "requested": ("measure",),
    "role": ("role",),
    "subject": SUBJECTS,
    "violence": ("violence",),
}


class Said(NamedTuple):
    """One thing that an event says."""

    word: str  # what it is called: the word `field.<word>`
    values: tuple[str, ...] = ()
    events: tuple[str, ...] = ()  # ids of the events that it names
    rows: tuple[tuple["Said", ...], ...] = ()


def unnamed(_: Typed) -> Labels:
    """Nothing of a matter has a name of its own."""
    return NO_LABELS


def said(body: Body, json: Json, speech: Speech, labels: Callable[[Typed], Labels] = unnamed) -> tuple[Said, ...]:
    """What an event says; nothing of one about who somebody is or what happened to them: that is shown elsewhere.

    `labels` tells what the values of its own matter are called, given all that it says.
    """
    if isinstance(body, PERSONAL):
        return ()
    typed = dict(_flat("", json))
    return tuple(_all(forms.fields(type(body), typed), typed, speech, labels(typed)))


def covered(body: Body) -> bool:
    """Whether an event is about the person, and not shown as part of a timeline."""
    return isinstance(body, PERSONAL)


def confirmed_after(line: Line) -> float | None:
    """Seconds from when an event claims to be made until others had it for certain; None if they have not."""
    if not line.before:
        return None
    passed = datetime.fromisoformat(line.before) - datetime.fromisoformat(line.claimed)
    return max(passed.total_seconds(), 0)


def _flat(under: str, value: Json) -> Iterator[tuple[str, list[str]]]:
    """JSON as a form would send it."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _flat(f"{under}.{name}" if under else name, one)
    elif isinstance(value, bool | int | str):
        yield under, [_text(value)]
    elif any(isinstance(one, Mapping) for one in value):
        for number, one in enumerate(value):
            yield from _flat(f"{under}.{number}", one)
    else:
        yield under, [_text(one) for one in value]


def _text(value: Json) -> str:
    return ("1" if value else "") if isinstance(value, bool) else str(value)


def _all(fields: Sequence[forms.Field], typed: forms.Typed, speech: Speech, labels: Labels) -> Iterator[Said]:
    for field in fields:
        given = tuple(text for text in typed.get(field.name, ()) if text)
        if field.kind == "rows":
            told = (tuple(_all(row, typed, speech, labels)) for row in field.rows)
            if rows := tuple(row for row in told if row):
                yield Said(field.word, rows=rows)
        elif field.kind in {"flag", "either"} and field.name in typed:
            yield Said(field.word, (speech.words("yes" if given else "no"),))
        elif given and field.kind in {"event", "events"}:
            yield Said(field.word, events=given)
        elif given:
            yield Said(field.word, tuple(_called(field, text, speech, labels) for text in given))


def _called(field: forms.Field, text: str, speech: Speech, labels: Labels) -> str:
    return labels.get(field.word, {}).get(text) or _value(field, text, speech)


def _value(field: forms.Field, text: str, speech: Speech) -> str:
    words = speech.words
    match field.kind:
        case "agency" | "agencies":
            return speech.name_of(text)
        case "day":
            return words.day(text)
        case "moment":
            return words.moment(text)
        case "case":
            return words.short(text)
        case _:
            lists = (field.code_list,) if field.code_list else ()
            known = [one for one in (*lists, *_LISTS.get(field.word, ())) if text in codes(one)]
            return words.label([*known, *lists][0], text) if known or lists else text
