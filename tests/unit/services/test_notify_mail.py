from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest

from contracts.encoding import b64
from contracts.mechanism import LATEST
from contracts.mechanism.calendar import ZONES
from services.node.officers import Officer
from services.notify.mail import SUBJECT, letter, message_id, pause

NOTICE = bytes(range(32))
DUE = datetime.fromisoformat("2026-11-22T18:04:48.123Z")
WIB = ZONES["WIB"]
SENDER = "rajut@lembaga.example"
OFFICER = Officer("siaga-7", "petugas_darurat", "duty@lembaga.example")


def test_a_mail_says_that_a_task_waits_and_until_when() -> None:
    """Both languages, the reference to answer with, the deadline in local time and in UTC."""
    text = letter(NOTICE, DUE, WIB, SENDER, OFFICER).get_content()
    assert text.count(b64(NOTICE)) == 2
    assert "23-11-2026 01.04 WIB" in text
    assert "2026-11-22 18:04 UTC" in text


@pytest.mark.parametrize(("zone", "local"), [("WITA", "23-11-2026 02.04 WITA"), ("WIT", "23-11-2026 03.04 WIT")])
def test_a_mail_tells_the_time_of_the_office(zone: str, local: str) -> None:
    """An officer in Makassar or Jayapura need not reckon from Jakarta's clock."""
    assert local in letter(NOTICE, DUE, ZONES[zone], SENDER, OFFICER).get_content()


def test_a_mail_says_nothing_else() -> None:
    """Take away reference and deadline, and the same words are left for every notice of every case."""
    one, other = (
        letter(NOTICE, DUE, WIB, SENDER, OFFICER),
        letter(bytes(32), DUE + timedelta(days=9), WIB, SENDER, OFFICER),
    )
    texts = [
        message.get_content().replace(b64(id_), "").replace(local, "").replace(utc, "")
        for message, id_, local, utc in [
            (one, NOTICE, "23-11-2026 01.04 WIB", "2026-11-22 18:04 UTC"),
            (other, bytes(32), "02-12-2026 01.04 WIB", "2026-12-01 18:04 UTC"),
        ]
    ]
    assert texts[0] == texts[1]
    assert one["Subject"] == other["Subject"] == SUBJECT


def test_a_mail_betrays_no_agency_and_no_role() -> None:
    """Whoever sees the screen learns no agency, no role, no pseudonym beyond the two addresses."""
    whole = letter(NOTICE, DUE, WIB, SENDER, OFFICER).as_string().lower()
    words = {*LATEST.agencies, "komnas", "pembela", "darurat", "emergency", "kasus", OFFICER.role, OFFICER.officer}
    assert not [word for word in words if word in whole]


def test_a_second_attempt_is_the_same_mail() -> None:
    """After a crash the reader's program sees one mail, not two; two officers get one each."""
    assert message_id(NOTICE, SENDER, "a") == message_id(NOTICE, SENDER, "a")
    ids = {message_id(notice, SENDER, officer) for notice in (NOTICE, bytes(32)) for officer in ("a", "b")}
    assert len(ids) == 4
    assert all(b64(NOTICE) in one or b64(bytes(32)) in one for one in ids)


def test_a_mail_is_well_formed() -> None:
    """What leaves is ASCII, marked as sent by a machine, and reads back as written."""
    raw = letter(NOTICE, DUE, WIB, SENDER, OFFICER).as_bytes()
    read = message_from_bytes(raw, policy=policy.default)
    assert raw.isascii()
    assert (read["From"], read["To"], read["Auto-Submitted"]) == (SENDER, OFFICER.email, "auto-generated")
    assert read["Message-ID"] == message_id(NOTICE, SENDER, OFFICER.officer)


def test_an_address_cannot_add_headers() -> None:
    """A line break in an officer's address is refused, not sent."""
    with pytest.raises(ValueError, match=r"(?i)header|linefeed"):
        letter(NOTICE, DUE, WIB, SENDER, OFFICER._replace(email="a@b.example\nBcc: c@d.example"))


def test_a_mail_that_fails_is_tried_for_ever_but_not_faster() -> None:
    """Pauses grow up to five minutes and stay there."""
    pauses = [pause(attempts).total_seconds() for attempts in range(100)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1, 300)
