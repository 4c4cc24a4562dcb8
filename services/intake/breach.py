"""Breaches of what this agency keeps: that there was one, and who has been told of it."""

from contracts.case import Case
from contracts.encoding import b64
from contracts.events.breach import BreachFound, BreachTold, BreachWithdrawn
from services.node.acts import Act
from services.node.http import Answer


class Breach(Answer):
    """A breach of what an agency keeps of the case; `told` and `waits` are who was told, and who is still to be.

    `withdrawn` is why it was taken back, "" if it was not.
    """

    event: str
    by: str
    kind: str
    whereabouts: str
    at: str
    told: list[str]
    waits: list[str]
    withdrawn: str


ACTS = (
    Act("breaches", BreachFound, "Record a breach of the person's data at this agency"),
    Act("breaches/tell", BreachTold, "Say that the person, or who supervises, was told"),
    Act("breaches/withdraw", BreachWithdrawn, "Take back a breach that was recorded in error, as a second officer"),
)


def breaches(case: Case) -> list[Breach]:
    """All of them, in timeline order; nobody waits while the rules of the case are not here."""
    recipients = case.judged_by.breach.recipients if case.judged_by else ()
    told: dict[str, list[str]] = {}
    for _, body in case.of_type(BreachTold):
        told.setdefault(body.breach, []).append(body.recipient)
    withdrawn = {body.breach: body.reason for _, body in case.of_type(BreachWithdrawn)}
    found = [(b64(event.id), event, body) for event, body in case.of_type(BreachFound)]
    return [
        Breach(
            event=name,
            by=event.agency,
            kind=body.kind,
            whereabouts=body.whereabouts,
            at=body.at,
            told=[*dict.fromkeys(told.get(name, ()))],
            waits=[one for one in recipients if name not in withdrawn and one not in told.get(name, ())],
            withdrawn=withdrawn.get(name, ""),
        )
        for name, event, body in found
    ]
