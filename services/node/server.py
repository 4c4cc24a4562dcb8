"""A NATS server as its clients know it, ours or a partner's."""

import ssl
from pathlib import Path
from typing import NamedTuple


class Server(NamedTuple):
    """Where a server is, and as whom to speak to it."""

    url: str
    hostname: str  # the name that its certificate must carry
    user: str  # the inbox prefix that is ours there: `_INBOX_<user>`
    seed: str  # NKey seed
    ca: Path
    certificate: Path
    key: Path

    def tls(self) -> ssl.SSLContext:
        """Trust only that server's own authority, and show our certificate; TLS 1.3."""
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.certificate, self.key)
        return context
