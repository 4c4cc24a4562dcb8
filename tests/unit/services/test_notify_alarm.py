"""The mail that a log has two histories: who gets it is told what to look at, and nothing of a case or an agency."""

import pytest

from contracts.mechanism import LATEST
from services.node.officers import Officer
from services.notify.alarm import SUBJECT, letter

LOG, SENDER = "rajut.example/lpsk/1", "rajut@lembaga.example"
OFFICER = Officer("jaga-3", "admin_node", "node@lembaga.example")


def test_an_alarm_says_what_to_look_at_and_not_whose_log_it_is() -> None:
    """Both languages and the guide; no agency, no log, no role and no pseudonym beyond the two addresses."""
    mail = letter(LOG, SENDER, OFFICER)
    assert mail["Subject"] == SUBJECT
    assert mail.get_content().count("docs/howto/a-fork.md") == 2
    whole = mail.as_string().lower()
    assert not [word for word in (*LATEST.agencies, LOG, OFFICER.officer, OFFICER.role) if word in whole]


def test_an_alarm_that_is_sent_again_is_the_same_mail() -> None:
    """After a crash the reader's program sees one mail; another officer, or another log, makes another."""
    officers, logs = [OFFICER._replace(officer=who) for who in "ab"], (LOG, LOG[:-1] + "2")
    ids = {letter(log, SENDER, officer)["Message-ID"] for log in logs for officer in officers}
    assert len(ids) == 4
    assert letter(LOG, SENDER, OFFICER)["Message-ID"] == letter(LOG, SENDER, OFFICER)["Message-ID"]


def test_an_alarms_address_cannot_add_headers() -> None:
    """A line break in an officer's address is refused, not sent."""
    with pytest.raises(ValueError, match=r"(?i)header|linefeed"):
        letter(LOG, SENDER, OFFICER._replace(email="a@b.example\nBcc: c@d.example"))
