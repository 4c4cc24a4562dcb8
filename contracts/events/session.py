"""The leaders' session (SMPL): it sees every emergency, and what it decides is recorded with who sat there.

No decision of a session ends protection by itself: a rejection or a termination obliges the leaders to hand over or
to write an end (`contracts.events.ending`).
"""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import CodeText, Day, EventId, SomeOfficers


class SessionTabled(Body):
    """An emergency is on the agenda of the next session, as a consequence of its activation."""

    type: ClassVar[str] = "protection.session.tabled"
    emergency: EventId


class SessionDecided(Body):
    """What a session decided on an emergency, and which leaders sat in it; `until` belongs to an extension alone."""

    type: ClassVar[str] = "protection.session.decided"
    emergency: EventId
    decision: CodeText
    leaders: SomeOfficers
    until: Day | None = None
