"""Mail leaves here: from the outbox to the agency's own SMTP server, at least once.

A mail about a notice may be read by whoever holds the phone, so it says that a task waits, which notice, and until
when: nothing of a case, and no agency beyond the sender's own address. Its Message-ID is made from the notice, so
a mail that was sent twice (a crash after SMTP, before the commit) is one mail to the reader's program.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

import aiosmtplib

from contracts.encoding import b64
from contracts.mechanism.calendar import ZONES
from services.node import telemetry
from services.node.cancellation import uncancelled
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection
from services.notify.handlers import SQL, moment

SendNext = Callable[[Desk, Connection], Awaitable[bool]]  # whether there was one
TIMEOUT_S = 10.0
LONGEST_PAUSE_S = 300
SUBJECT = "Ada tugas menunggu / A task is waiting"
TEXT = """\
Ada tugas yang menunggu di meja kerja Anda.
Nomor pemberitahuan: {reference}
Mohon dijawab sebelum: {local}

A task is waiting at your desk.
Notice reference: {reference}
Please answer before: {utc}
"""


async def send_waiting(desk: Desk, send_next: SendNext) -> None:
    """Send what an outbox holds, one mail per transaction; one that fails waits longer each time, for ever."""
    while uncancelled():
        async with desk.pool.acquire() as connection, connection.transaction():
            if not await send_next(desk, connection):
                return


def letter(notice: bytes, respond_by: datetime, zone: timezone, sender: str, officer: Officer) -> EmailMessage:
    """The mail about a notice, with the office's time. ValueError if an address cannot stand in a header."""
    message = addressed(SUBJECT, message_id(notice, sender, officer.officer), sender, officer)
    local = respond_by.astimezone(zone).strftime("%d-%m-%Y %H.%M %Z")
    utc = respond_by.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    message.set_content(TEXT.format(reference=b64(notice), local=local, utc=utc))
    return message


def addressed(subject: str, name: str, sender: str, officer: Officer) -> EmailMessage:
    """A mail without its text; `name` is its Message-ID. ValueError if an address cannot stand in a header."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = officer.email
    message["Subject"] = subject
    message["Message-ID"] = name
    message["Auto-Submitted"] = "auto-generated"
    return message


def message_id(notice: bytes, sender: str, officer: str) -> str:
    """The same for every attempt, different for every officer, and silent about who that is."""
    mark = sha256(notice + officer.encode()).hexdigest()[:16]
    return f"<{b64(notice)}.{mark}@{sender.rpartition('@')[2]}>"


def pause(attempts: int) -> timedelta:
    """How long a mail waits after so many failed attempts."""
    return timedelta(seconds=min(2 ** min(attempts, 16), LONGEST_PAUSE_S))


async def send_next(desk: Desk, connection: Connection) -> bool:
    """Send the next mail about a notice; whether there was one."""
    row = await connection.fetchrow(SQL["waiting_mail"], moment(desk))
    if row is None:
        return False
    key, sender = (row["notice"], row["officer"]), desk.settings.mail.sender
    zone = ZONES[desk.mechanism.of(desk.agency).zone]
    officer = next((one for one in desk.officers.with_role(row["role"]) if one.officer == row["officer"]), None)
    if officer is None or await attempt(desk, lambda: letter(row["notice"], row["respond_by"], zone, sender, officer)):
        await connection.execute(SQL["mail_sent"], *key, moment(desk))
    else:
        await connection.execute(SQL["mail_failed"], *key, moment(desk) + pause(row["attempts"]))
    return True


async def attempt(desk: Desk, write: Callable[[], EmailMessage]) -> bool:
    """Write a mail and hand it to the agency's server; whether that went well."""
    mail = desk.settings.mail
    try:
        message = write()
        message["Date"] = format_datetime(moment(desk))
        await aiosmtplib.send(message, hostname=mail.host, port=mail.port, timeout=TIMEOUT_S)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        telemetry.stumbled("mail", error)
        return False
    return True
