"""What a form is about: told in words where its address says so, else chosen among what the case offers. Pure.

The id of an event or a measure says nothing to anybody, so nobody reads or types one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum

from contracts.codes import codes
from contracts.content import type_name
from contracts.encoding import b64
from contracts.mechanism import PARTNER
from contracts.timeline import Event
from services.node.web.forms import NAMES, Field
from services.node.web.panel import Labels, Look, Offer, Typed
from services.node.web.timeline_event import said
from services.node.web.words import Speech

ONE_OF = " · "


class Detail(Enum):
    """How much of several things is told until they differ."""

    NAMES = "names"
    ALL = "all"
    CONTENT = "content"


def lacking(asked: Sequence[Field], given: Typed, labels: Labels) -> bool:
    """Whether something that only the case can tell is missing."""
    told = (field for field in asked if field.required and (field.kind in NAMES or field.word in labels))
    return not all(any(given.get(field.name, ())) for field in told)


def fitting(offers: Iterable[Offer], given: Typed) -> list[Mapping[str, str]]:
    """What the case offers that agrees with what is given already."""
    told = (offer.given for offer in offers if offer.given)
    return [one for one in told if all(given.get(name, [value]) == [value] for name, value in one.items())]


def told(
    look: Look,
    ways: Sequence[Mapping[str, str]],
    asked: Sequence[Field],
    naming: Callable[[Typed], Labels],
    speech: Speech,
) -> list[str]:
    """Each of several in words that set it apart: what it names, else all that goes along, else what that says too."""

    def words(detail: Detail) -> list[str]:
        named = (naming({name: [value] for name, value in way.items()}) for way in ways)
        return [_words(look, way, asked, labels, speech, detail) for way, labels in zip(ways, named, strict=True)]

    apart = (found for detail in Detail if len(set(found := words(detail))) == len(ways))
    return next(apart, None) or [f"{number}. {one}" for number, one in enumerate(words(Detail.CONTENT), 1)]


def called(look: Look, field: Field, value: str, labels: Labels, speech: Speech) -> str:
    """A settled value in words; "" for an id that names nothing here."""
    known = labels.get(field.word, {}).get(value)
    if known:
        return known
    match field.kind:
        case "event" | "events":
            return _event(look, value, speech)
        case "measure":
            return ""
        case "case":
            return speech.words.short(value)
        case "agency" | "agencies":
            return speech.words("agency.partner") if value == PARTNER else speech.name_of(value)
        case _:
            return speech.words.label(field.code_list, value) if value in _listed(field) else value


def renamed(asked: Sequence[Field], given: Typed, free: Iterator[str]) -> dict[str, Sequence[str]]:
    """What is given, with a free name for every row that has none."""
    new = [field.name for rows in asked for row in rows.rows for field in row if field.new]
    taken = {value for name in new for value in given.get(name, ())}
    unused = (name for name in free if name not in taken)
    nameless = (name for name in new if not any(given.get(name, ())))
    return {**given, **{name: [value] for name, value in zip(nameless, unused, strict=False)}}


def _words(
    look: Look, way: Mapping[str, str], asked: Sequence[Field], labels: Labels, speech: Speech, detail: Detail
) -> str:
    values = [(field, way[field.name]) for field in asked if way.get(field.name)]
    apart = [(field, value) for field, value in values if field.word in labels] if detail is Detail.NAMES else []
    words = [called(look, field, value, labels, speech) for field, value in apart or values]
    if detail is Detail.CONTENT:
        words += [_content(look, value, speech) for field, value in values if field.kind == "event"]
    return ONE_OF.join(dict.fromkeys(filter(None, words)))


def _event(look: Look, name: str, speech: Speech) -> str:
    found = _named(look, name)
    if found is None or found.erased:
        return ""
    title = speech.words.event(type_name(found.content.type))
    return f"{title}, {speech.name_of(found.agency)}, {speech.words.moment(found.content.time)}"


def _content(look: Look, name: str, speech: Speech) -> str:
    found = _named(look, name)
    body = look.case.bodies.get(found.id) if found else None
    values = said(body, found.content.body, speech) if found and body else ()
    return ", ".join(value for one in values for value in one.values)


def _named(look: Look, name: str) -> Event | None:
    return next((event for event in look.case.timeline if b64(event.id) == name), None)


def _listed(field: Field) -> tuple[str, ...]:
    return codes(field.code_list) if field.code_list else ()
