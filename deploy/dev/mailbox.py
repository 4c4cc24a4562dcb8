"""A real SMTP server that keeps what it gets: the mail room of demos and tests."""

from email import message_from_bytes
from email.message import Message
from threading import Lock
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.dev.ports import free_port


class Mailbox:
    """Listens on a free port of this machine until stopped; a context manager."""

    def __init__(self) -> None:
        self.port = free_port()
        self._mails: list[tuple[str, Message]] = []
        self._lock = Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd for every mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        with self._lock:
            self._mails += [(recipient, message_from_bytes(content)) for recipient in envelope.rcpt_tos]
        return "250 kept"

    def mails(self) -> list[tuple[str, Message]]:
        """Recipient and mail, in the order of arrival."""
        with self._lock:
            return list(self._mails)
