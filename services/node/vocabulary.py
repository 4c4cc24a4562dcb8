"""What an officer of ours says, they say in codes that the lists know, and in words that can be read.

A slip is found before anything is signed.

What others say in codes that this version does not know is kept and shown, never refused. Which list a field draws on
the desk's forms know (`contracts.events.lists`), so the check and what a form offers cannot differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from contracts.codes import codes
from contracts.errors import Code, Rejected
from contracts.events import Body
from services.node.blank import blanks
from services.node.web.forms import Field, fields


def check(body: Body) -> None:
    """Raise Rejected(SCHEMA), naming the field of the body, for a code of no list, and for text that says nothing."""
    told = body.wire()
    for place in blanks(told):
        raise Rejected(Code.SCHEMA, place)
    for field in _asked(type(body)):
        if any(code not in codes(code_list) for code_list, code in _said(field, told)):
            raise Rejected(Code.SCHEMA, field.place[0])


@cache
def _asked(body: type[Body]) -> tuple[Field, ...]:
    return fields(body, {})


def _said(field: Field, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every code under a field, with the list that it should be of."""
    value = _at(told, field.place)
    if field.kind == "choice" and value is not None:
        yield field.code_list, value
    elif field.kind == "choices":
        yield from ((field.code_list, code) for code in value or ())
    elif field.kind == "rows":
        yield from (said for row in value or () for one in field.rows[0] for said in _said(one, row))


def _at(told: Mapping[str, Any], place: Sequence[str]) -> Any:  # noqa: ANN401  a piece of JSON
    *above, last = place
    for part in above:
        told = told.get(part, {})
    return told.get(last)
