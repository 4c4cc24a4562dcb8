"""A promise: who must do what by when, as a case and the agreed rules give it. Whether it was kept shows in the case.

Promises are no events: every node derives the same ones. What is an event is that one was missed.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.encoding import b64
from contracts.events.notify import PromiseMissed
from contracts.mechanism import Mechanism
from contracts.record import EventId
from contracts.state import Case


class Promise(NamedTuple):
    """One promise; the first four fields say which."""

    kind: str  # a code of the list `work_kind`
    subject: str  # what of that kind: a requirement's code, a measure's id; "" if there can be just one
    source: EventId  # the event that made it
    agency: str  # who owes it
    due: datetime  # aware
    kept: bool  # whether the case shows that it was done

    def missed(self) -> PromiseMissed:
        """What is said when it was not kept in time."""
        due = self.due.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return PromiseMissed(kind=self.kind, subject=self.subject, source=b64(self.source), due=due, agency=self.agency)


Promises = Callable[[Case, Mechanism], Iterable[Promise]]
"""What one matter of the workflow promises in a case."""
