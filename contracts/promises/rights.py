"""Whoever is asked by a person about their data answers within three days, weekends and closed cases too."""

from collections.abc import Iterator
from datetime import datetime

from contracts.encoding import b64
from contracts.events.rights import RequestAnswered, RequestReceived
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import claimed

REQUEST = "HAK_SUBJEK_DATA"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """An answer to each request, from when it was made; never due before it was written down."""
    answered = {body.request for _, body in case.of_type(RequestAnswered)}
    for event, body in case.of_type(RequestReceived):
        due = max(datetime.fromisoformat(body.at) + rules.rights.answer, claimed(event))
        yield Promise(REQUEST, body.right, event.id, event.agency, due, b64(event.id) in answered)
