"""The base of every body: frozen, strict, closed, and with one wire form only.

Closed means that an added field is a new major version: two readers of one type never see different
things in it. `read` accepts a value only if writing it again gives the same value. So an absent
field is absent (never null), a list is always there, text is in NFC, and nobody can hide a second
meaning in a value that two programs would normalise differently.
"""

import re
from collections.abc import Iterable
from typing import ClassVar, Self, Unpack

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.canonical import Json
from contracts.errors import Code, Rejected

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Value(BaseModel):
    """A frozen part of a body: no field added, no type bent."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    def wire(self) -> dict[str, Json]:
        """The value as canonical JSON takes it: optional fields that are not set are absent."""
        return self.model_dump(mode="json", exclude_none=True)


class Body(Value):
    """What one type of event says. `type` is `<family>.<noun>.<verb>`, `major` its version.

    `of_case` is whether it is said in a case; the others are between nodes, or an agency's own.
    """

    type: ClassVar[str]
    major: ClassVar[int] = 1
    of_case: ClassVar[bool] = True
    wire_type: ClassVar[str]

    def __init_subclass__(cls, **config: Unpack[ConfigDict]) -> None:
        """Derive the type on the wire once, from the two facts that a body declares."""
        super().__init_subclass__(**config)
        cls.wire_type = f"rajut.{cls.type}.v{cls.major}"

    @classmethod
    def read(cls, value: Json) -> Self:
        """The body that `value` writes; Rejected(BODY) naming the first field that does not fit."""
        try:
            body = cls.model_validate(value)
        except ValidationError as error:
            raise Rejected(Code.BODY, fault_path(error)) from None
        if body.wire() != value:
            raise Rejected(Code.BODY, "not the one form of this body")
        return body


def fault_path(error: ValidationError) -> str:
    """Where a value first breaks its model, such as `incidents.0.forms`: never what stood there.

    The name of an unknown field was chosen by the writer; it is repeated only if it looks like a
    field name.
    """
    return place(error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"])


def place(loc: Iterable[int | str]) -> str:
    """A location in a value as text that repeats nothing but field names."""
    return ".".join(_shown(part) for part in loc) or "the whole"


def _shown(part: int | str) -> str:
    return str(part) if isinstance(part, int) or _PLAIN_NAME.fullmatch(part) else "?"
