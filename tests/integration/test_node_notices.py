"""An emergency calls people by mail, within seconds: who decides it, and whoever is next while nobody answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.mechanism import LATEST
from deploy.dev.cast import ROLES
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from services.notify.mail import SUBJECT
from tests.e2e.stage import RECEIVERS, REPORTS, desk, eventually, servers

PEREMPUAN, LPSK = "komnas-perempuan", "lpsk"
SECONDS = 20.0  # on a machine that does other things, too
LADDER = LATEST.agencies[LPSK].ladder
ESCALATED = "rajut.notify.notice.escalated.v1"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Where the agencies' mail goes."""
    with Mailbox() as box:
        yield box


@pytest.fixture(scope="module")
def machines(server_folder: Path, mailbox: Mailbox) -> Iterator[ThreeNodes]:
    """Two nodes; ten minutes to answer what is critical last a second."""
    settings = "notice_unit_s = 0.1\n"
    with servers(server_folder / "notices", settings, mail_port=mailbox.port) as running:
        running[PEREMPUAN].start("node")
        running[LPSK].start("node")
        yield running


def addresses(*roles: str) -> set[str]:
    """Where LPSK's officers in these roles get their mail."""
    return {f"{officer}@{LPSK}.example" for officer, role in ROLES[LPSK].items() if role in roles}


def called(mailbox: Mailbox) -> set[str]:
    """Who of LPSK has got a mail so far."""
    return {to for to, _ in mailbox.mails() if to.endswith(f"@{LPSK}.example")}


def test_a_proposal_calls_officer_and_leaders_and_then_the_next_by_mail(machines: ThreeNodes, mailbox: Mailbox) -> None:
    """LPSK's duty officers and leaders get their mail within seconds; nobody answers, so the step between them, too.

    A mail carries neither the case nor anything that was said in it, and nobody off the ladder gets one.
    """
    with desk(machines, PEREMPUAN) as theirs, desk(machines, LPSK) as ours:
        case = theirs.post(RECEIVERS[PEREMPUAN], "/reports", REPORTS[PEREMPUAN].read_bytes())["case"]
        theirs.post("kp-upr", f"/cases/{case}/emergency", {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]})
        eventually(lambda: called(mailbox) >= addresses(LADDER[0], LADDER[-1]), SECONDS)
        eventually(lambda: called(mailbox) >= addresses(*LADDER), SECONDS)
        timeline = ours.get("lpsk-darurat", f"/cases/{case}")["timeline"]
    assert LPSK in {line["agency"] for line in timeline if line["type"] == ESCALATED}
    assert called(mailbox) == addresses(*LADDER)
    for _, mail in mailbox.mails():
        assert mail["Subject"] == SUBJECT
        assert case not in mail.as_string()
        assert "ANCAMAN" not in mail.as_string()
