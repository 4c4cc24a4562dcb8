"""What a table of the mechanism is made of: numbers within reason, spans of time, and a basis beside each."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.events.fields import Line

MOST = 10_000  # of any unit: a slip of the pen is no deadline in another century

Number = Annotated[int, Field(ge=1, le=MOST)]


def _span(unit: timedelta, count: object) -> timedelta:
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise ValueError("not a count of this unit")
    return count * unit


def _unit(span: timedelta) -> Callable[[object], timedelta]:
    return partial(_span, span)


Minutes = Annotated[timedelta, BeforeValidator(_unit(timedelta(minutes=1)))]
Hours = Annotated[timedelta, BeforeValidator(_unit(timedelta(hours=1)))]
Days = Annotated[timedelta, BeforeValidator(_unit(timedelta(days=1)))]


class Part(BaseModel):
    """A frozen, closed part of the document."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Rules(Part):
    """A part with numbers: `basis` says for each of them where it comes from."""

    basis: Mapping[str, Line]

    @model_validator(mode="after")
    def _each_rule_has_a_basis(self) -> Self:
        names = {field.alias or name for name, field in type(self).model_fields.items()} - {"basis"}
        if names != set(self.basis):
            raise ValueError("basis and rules must have the same names")
        return self
