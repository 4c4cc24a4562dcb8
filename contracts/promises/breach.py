"""Whoever had a breach tells the person and who supervises it within three days, weekends and closed cases too."""

from collections.abc import Iterator
from datetime import datetime

from contracts.encoding import b64
from contracts.events.breach import BreachFound, BreachTold, BreachWithdrawn
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import claimed

NOTICE = "PEMBERITAHUAN_KEBOCORAN"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """A notice to each recipient, from when the breach was known; never due before it was written down.

    Nobody is owed one of a breach that was taken back.
    """
    told = {(body.breach, body.recipient) for _, body in case.of_type(BreachTold)}
    withdrawn = {body.breach for _, body in case.of_type(BreachWithdrawn)}
    for event, body in case.of_type(BreachFound):
        due = max(datetime.fromisoformat(body.at) + rules.breach.notice, claimed(event))
        for recipient in rules.breach.recipients:
            kept = b64(event.id) in withdrawn or (b64(event.id), recipient) in told
            yield Promise(NOTICE, recipient, event.id, event.agency, due, kept)
