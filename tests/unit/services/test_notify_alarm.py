"""Mails of what is of no case: who gets one is told what to look at, and nothing of a case or an agency."""

import pytest

from contracts.mechanism import LATEST
from services.node.officers import Officer
from services.notify.alarm import DATE, FORK, KINDS, letter

LOG, SENDER = "rajut.example/lpsk/1", "rajut@lembaga.example"
DAY = "komnas-perempuan CATAHU_TERBIT 2027-03-08"
OFFICER = Officer("jaga-3", "admin_node", "node@lembaga.example")


@pytest.mark.parametrize(
    ("kind", "matter", "says"), [(FORK, LOG, "docs/howto/a-fork.md"), (DATE, DAY, "yearly dates at your desk")]
)
def test_an_alarm_says_what_to_look_at_and_not_whose_it_is(kind: str, matter: str, says: str) -> None:
    """Both languages and where to look; no agency, log or date, no role and no pseudonym beyond the two addresses."""
    mail = letter(KINDS[kind], matter, SENDER, OFFICER)
    assert mail["Subject"] == KINDS[kind].subject
    assert says in mail.get_content()
    whole = mail.as_string().lower()
    words = (*LATEST.agencies, *matter.split(), OFFICER.officer, OFFICER.role)
    assert not [word for word in words if word.lower() in whole]


def test_an_alarm_that_is_sent_again_is_the_same_mail() -> None:
    """After a crash the reader's program sees one mail; another officer, or another log, makes another."""
    officers, logs = [OFFICER._replace(officer=who) for who in "ab"], (LOG, LOG[:-1] + "2")
    ids = {letter(KINDS[FORK], log, SENDER, officer)["Message-ID"] for log in logs for officer in officers}
    assert len(ids) == 4
    first, second = (letter(KINDS[FORK], LOG, SENDER, OFFICER) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]


def test_an_alarms_address_cannot_add_headers() -> None:
    """A line break in an officer's address is refused, not sent."""
    with pytest.raises(ValueError, match=r"(?i)header|linefeed"):
        letter(KINDS[FORK], LOG, SENDER, OFFICER._replace(email="a@b.example\nBcc: c@d.example"))
