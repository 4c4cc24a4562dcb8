"""An agency's own mechanism: a step that one of its officers took in it.

The machine is the agency's own (declared as data at its node), so nobody else can say whether the step was open to
that officer, and nobody else is moved by it. It is sealed to the own agency; what others must know of it is said in
the shared case, by the event that the step obliges to.
"""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import AgencyId, CodeText, Version


class StepTaken(Body):
    """From here on this region of the agency's own machine stands in this state; `version` is the declaration's."""

    type: ClassVar[str] = "protection.step.taken"
    machine: AgencyId
    version: Version
    region: CodeText
    state: CodeText
    reason: CodeText | None = None
