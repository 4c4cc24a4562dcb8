"""Looks into mails for what may not stand there: which case, and anything that a report says of people."""

import re
from collections.abc import Collection, Iterator
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

TELLING = {"name", "aliases", "contact", "address", "codeword", "do_not_contact", "organisation", "text"}
"""Fields of a report that hold people's own words; all others are codes."""

_END_OF_PHRASE = re.compile(r"[.,;:](?:\s|$)")
_SHORTEST = 4


def private_words(report: Any) -> set[str]:  # noqa: ANN401  any part of a report
    """The phrases of a report that nobody outside the case may read."""
    match report:
        case dict():
            found = (_phrases(value) if key in TELLING else private_words(value) for key, value in report.items())
            return set().union(*found)
        case list():
            return set().union(*map(private_words, report))
        case _:
            return set()


def betraying(mails: Collection[Message], words: Collection[str]) -> list[Message]:
    """The mails in whose headers or text one of these words stands."""
    sought = [_plain(word) for word in words]
    return [mail for mail in mails if any(word in _plain(_whole(mail)) for word in sought)]


def _phrases(value: Any) -> set[str]:  # noqa: ANN401  a text or texts
    texts = value if isinstance(value, list) else [value]
    parts = (part for text in texts if isinstance(text, str) for part in _END_OF_PHRASE.split(text))
    return {part.strip() for part in parts if len(part) >= _SHORTEST}


def _whole(mail: Message) -> str:
    return " ".join(_said(mail))


def _said(mail: Message) -> Iterator[str]:
    yield from (str(make_header(decode_header(value))) for value in mail.values())
    for part in mail.walk():
        text = part.get_payload(decode=True)  # None for a part that only holds others
        yield text.decode(errors="replace") if isinstance(text, bytes) else ""


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
