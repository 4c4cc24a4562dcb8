"""What the person asks about their own data: received at any desk of the agency, answered by who watches over data."""

from contracts.case import Case
from contracts.encoding import b64
from contracts.events.rights import RequestAnswered, RequestReceived
from services.node.acts import Act
from services.node.http import Answer


class Request(Answer):
    """What was asked of an agency, and its answer; "" while it waits."""

    event: str
    by: str
    right: str
    at: str
    answer: str


ACTS = (
    Act("requests", RequestReceived, "Record what the person asks about their own data"),
    Act("requests/answer", RequestAnswered, "Say that the person was answered"),
)


def requests(case: Case) -> list[Request]:
    """All of them, in timeline order."""
    answers = {body.request: body.answer for _, body in case.of_type(RequestAnswered)}
    asked = [(b64(event.id), event, body) for event, body in case.of_type(RequestReceived)]
    return [
        Request(event=name, by=event.agency, right=body.right, at=body.at, answer=answers.get(name, ""))
        for name, event, body in asked
    ]
