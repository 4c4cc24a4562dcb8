"""A promise: who must do what by when, as a case and the agreed rules give it. Whether it was kept shows in the case.

Promises are no events: every node derives the same ones. What is an event is that one was missed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from contracts.case import Case
from contracts.mechanism import Mechanism
from contracts.record import EventId


class Promise(NamedTuple):
    """One promise; the first four fields say which."""

    kind: str  # a code of the list `work_kind`
    subject: str  # what of that kind: a requirement's code, a measure's id; "" if there can be just one
    source: EventId  # the event that made it
    agency: str  # who owes it
    due: datetime  # aware
    kept: bool  # whether the case shows that it was done


Promises = Callable[[Case, Mechanism], Iterable[Promise]]
"""What one matter of the workflow promises in a case."""
