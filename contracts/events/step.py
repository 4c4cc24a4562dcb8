"""An agency's own mechanism: a step that one of its officers took in it.

The machine is the agency's own (declared as data at its node), so nobody else can say whether the step was open to
that officer, and nobody else is moved by it. It is sealed to the own agency; what others must know of it is said in
the shared case, by the event that the step obliges to.
"""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import AgencyId, CodeText, EventId, Instant, Version


class StepTaken(Body):
    """From here on this region of the agency's own machine stands in this state; `version` is the declaration's."""

    type: ClassVar[str] = "protection.step.taken"
    machine: AgencyId
    version: Version
    region: CodeText
    state: CodeText
    reason: CodeText | None = None


class StepOverdue(Body):
    """A region of the agency's own machine should have left this state by `due`, in which it stands by `source`.

    Said by the agency's own node to itself. It moves nothing: it calls the agency's people, and climbs there.
    """

    type: ClassVar[str] = "protection.step.overdue"
    machine: AgencyId
    version: Version
    region: CodeText
    state: CodeText
    source: EventId
    due: Instant
