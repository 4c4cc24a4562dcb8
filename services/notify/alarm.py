"""A log with two histories calls those who look after this node and its auditor: once for each log, by mail alone.

It is no matter of a case, so there is no notice that somebody answers and that climbs. What it is about stays until
people have acted: the proof, the metric and the mark on every case that has events of that log.
"""

from email.message import EmailMessage
from hashlib import sha256

from contracts.events.node import ForkFound
from contracts.mechanism import Permission
from contracts.timeline import Event
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection
from services.notify.handlers import SQL, moment
from services.notify.mail import addressed, attempt, pause

SUBJECT = "Peringatan simpul / Node alarm"
TEXT = """\
Sebuah log mempunyai dua riwayat. Perangkat lunak tidak memilih di antaranya; orang harus bertindak.
Lihat halaman operasi simpul Anda dan petunjuk docs/howto/a-fork.md.

A log has two histories. Software does not choose between them; people have to act.
See the operations page of your node, and docs/howto/a-fork.md.
"""


async def found(desk: Desk, connection: Connection, event: Event) -> None:
    """An agency holds a proof of a fork: call our own people. Of a log that no agency has, anybody can say anything."""
    log = ForkFound.read(event.content.body).log
    if any(log in entry.logs for entry in desk.log.directory.agencies.values()):
        names = [officer.officer for officer in watching(desk)]
        await connection.execute(SQL["add_alarm"], log, names, moment(desk))


def watching(desk: Desk) -> list[Officer]:
    """Who may look at how the node works."""
    roles = desk.mechanism.of(desk.agency).permissions[Permission.READ_OPERATIONS]
    return [officer for role in roles for officer in desk.officers.with_role(role)]


async def send_next(desk: Desk, connection: Connection) -> bool:
    """Send the next alarm; whether there was one."""
    row = await connection.fetchrow(SQL["waiting_alarm"], moment(desk))
    if row is None:
        return False
    key, sender = (row["log"], row["officer"]), desk.settings.mail.sender
    officer = next((one for one in watching(desk) if one.officer == row["officer"]), None)
    if officer is None or await attempt(desk, lambda: letter(row["log"], sender, officer)):
        await connection.execute(SQL["alarm_sent"], *key, moment(desk))
    else:
        await connection.execute(SQL["alarm_failed"], *key, moment(desk) + pause(row["attempts"]))
    return True


def letter(log: str, sender: str, officer: Officer) -> EmailMessage:
    """The mail: no case, and not whose log it is. ValueError if an address cannot stand in a header."""
    mark = sha256(f"{log}\n{officer.officer}".encode()).hexdigest()[:32]
    message = addressed(SUBJECT, f"<{mark}@{sender.rpartition('@')[2]}>", sender, officer)
    message.set_content(TEXT)
    return message
