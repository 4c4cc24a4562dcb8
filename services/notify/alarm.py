"""What is no matter of a case calls people by mail alone, each of them once: a log with two histories, a missed date.

There is no notice that somebody answers. What it is about stays until people have acted: the proof, the metric and the
mark on every case that has events of a forked log; the next step of the ladder when a date goes on unkept.

A fork calls those who look after this node and its auditor, a date the role whose turn it is.
"""

from collections.abc import Callable, Mapping
from email.message import EmailMessage
from hashlib import sha256
from typing import NamedTuple

from contracts.events.node import ForkFound
from contracts.mechanism import Permission
from contracts.timeline import Event
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection
from services.notify.handlers import SQL, moment
from services.notify.mail import addressed, attempt, pause

FORK, DATE = "FORK", "DATE"
SUBJECT = "Peringatan simpul / Node alarm"
TEXT = """\
Sebuah log mempunyai dua riwayat. Perangkat lunak tidak memilih di antaranya; orang harus bertindak.
Lihat halaman operasi simpul Anda dan petunjuk docs/howto/a-fork.md.

A log has two histories. Software does not choose between them; people have to act.
See the operations page of your node, and docs/howto/a-fork.md.
"""
DATE_SUBJECT = "Tanggal tahunan terlewat / A yearly date was missed"
DATE_TEXT = """\
Hari yang disepakati untuk suatu kewajiban tahunan lembaga sudah lewat, dan belum ada yang menyatakan terpenuhi.
Lihat halaman tanggal tahunan di meja kerja Anda. Yang melaksanakannya menyatakannya di sana.

The day that was agreed for a yearly duty of an agency is over, and nobody has said that it was done.
See the page of yearly dates at your desk. Whoever has done it says so there.
"""


class Kind(NamedTuple):
    """What an alarm says, and who may be told."""

    subject: str
    text: str
    people: Callable[[Desk], list[Officer]]


async def found(desk: Desk, connection: Connection, event: Event) -> None:
    """An agency holds a proof of a fork: call our own people. Of a log that no agency has, anybody can say anything."""
    log = ForkFound.read(event.content.body).log
    if any(log in entry.logs for entry in desk.log.directory.agencies.values()):
        names = [officer.officer for officer in watching(desk)]
        await connection.execute(SQL["add_alarm"], FORK, log, names, moment(desk))


def watching(desk: Desk) -> list[Officer]:
    """Who may look at how the node works."""
    roles = desk.mechanism.of(desk.agency).permissions[Permission.READ_OPERATIONS]
    return [officer for role in roles for officer in desk.officers.with_role(role)]


def climbing(desk: Desk) -> list[Officer]:
    """Who stands on the ladder."""
    return [officer for role in desk.mechanism.of(desk.agency).ladder for officer in desk.officers.with_role(role)]


KINDS: Mapping[str, Kind] = {FORK: Kind(SUBJECT, TEXT, watching), DATE: Kind(DATE_SUBJECT, DATE_TEXT, climbing)}


async def send_next(desk: Desk, connection: Connection) -> bool:
    """Send the next alarm; whether there was one."""
    row = await connection.fetchrow(SQL["waiting_alarm"], moment(desk))
    if row is None:
        return False
    key, sender, kind = (row["kind"], row["matter"], row["officer"]), desk.settings.mail.sender, KINDS[row["kind"]]
    officer = next((one for one in kind.people(desk) if one.officer == row["officer"]), None)
    if officer is None or await attempt(desk, lambda: letter(kind, row["matter"], sender, officer)):
        await connection.execute(SQL["alarm_sent"], *key, moment(desk))
    else:
        await connection.execute(SQL["alarm_failed"], *key, moment(desk) + pause(row["attempts"]))
    return True


def letter(kind: Kind, matter: str, sender: str, officer: Officer) -> EmailMessage:
    """The mail: no case, and not whose log or date it is. ValueError if an address cannot stand in a header."""
    mark = sha256(f"{matter}\n{officer.officer}".encode()).hexdigest()[:32]
    message = addressed(kind.subject, f"<{mark}@{sender.rpartition('@')[2]}>", sender, officer)
    message.set_content(kind.text)
    return message
