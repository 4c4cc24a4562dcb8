"""What somebody may type, send or answer beside a report, each with a word of its own, planted at nodes that run.

A word must end where it was meant to, in front of its reader, and nowhere else: `test_canaries` looks for each.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from zipfile import ZipFile

import httpx2
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.dev import cast
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import RECEIVERS, REPORTS, desk, eventually

PEREMPUAN, LPSK = "komnas-perempuan", "lpsk"
NEED = "JEMPUT_BU_RATNA_DI_KALIGESING"  # a code that no list has: kept, and shown to who may read it
REASON = "Bu Ratna bersembunyi di gudang Pak Lurah"
OUTSIDE = "Klinik tempat Bu Ratna dirawat"
DRAFT = "Sekar Wulandari, di atas toko roti"
NEARLY = "pintu belakang sesudah azan isya"
NAME = "sekar.wulandari"
CODE = "tokorotipintubelakang"
KEY = "laporan-dari-adik-sekar"
HEADER = "telepon-genggam-milik-sekar"
QUERY = "Sekar-alias-Mbak-Wulan"
REPLY = "kotak surat Ratna Kaligesing penuh"
PLANTED = (NEED, REASON, OUTSIDE, DRAFT, NEARLY, NAME, CODE, KEY, HEADER, QUERY, REPLY)


class Gossip(Mailbox):
    """A mail server that refuses one officer's mail, with somebody's name in its answer."""

    def __init__(self, refused: str) -> None:
        super().__init__()
        self._refused = refused
        self.told = 0

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Called by aiosmtpd for every recipient."""
        if address.startswith(f"{self._refused}@"):
            self.told += 1
            return f"550 {REPLY}"
        envelope.rcpt_tos.append(address)
        return "250 go on"


def plant(nodes: ThreeNodes, shared: str, secret: str) -> None:
    """Plant every word: in a case that all may read, in one of LPSK alone, and beside both."""
    decide(nodes, shared)
    say_beside(nodes)
    with browser(nodes, PEREMPUAN, RECEIVERS[PEREMPUAN]) as officer:
        write(officer)
    with browser(nodes, PEREMPUAN, "kp-koordinator") as officer:
        mistype(officer, shared)
    hand_over(nodes, secret)


def decide(nodes: ThreeNodes, case: str) -> None:
    """In what officers say of a case: a code, and texts of their own."""
    needs = {"ground": "ANCAMAN_NYATA", "needs": [NEED]}
    urgent = {"level": "TINGGI", "reason": REASON}
    told = {"ground": "KEPENTINGAN_VITAL", "kind": "RUMAH_SAKIT", "recipient": OUTSIDE, "fields": ["identity"]}
    with desk(nodes, PEREMPUAN) as client:
        client.post("kp-upr", f"/cases/{case}/emergency", needs)
        client.post("kp-koordinator", f"/cases/{case}/urgency", urgent)
        client.post("kp-upr", f"/cases/{case}/outsiders", told | {"reason": REASON})
    with desk(nodes, LPSK) as client:
        eventually(lambda: NEED in json.dumps(client.get("lpsk-pimpinan-1", f"/cases/{case}/emergency")))


def say_beside(nodes: ThreeNodes) -> None:
    """In what goes along with a request that is granted: its key, headers that programs send, a question."""
    headers = dict.fromkeys(("User-Agent", "X-Request-Id", "Referer", "Cookie", HEADER), HEADER)
    headers |= {"tracestate": f"a={HEADER}", "baggage": f"who={HEADER}", "Idempotency-Key": KEY}
    headers["traceparent"] = f"00-{'7' * 32}-{'7' * 16}-01"
    with desk(nodes, LPSK) as client:
        taken = client.post(RECEIVERS[LPSK], f"/reports?{QUERY}={QUERY}", REPORTS[LPSK].read_bytes(), **headers)
        assert taken == client.post(RECEIVERS[LPSK], "/reports", REPORTS[LPSK].read_bytes(), **{"Idempotency-Key": KEY})
        assert client.get("lpsk-darurat", f"/cases?search={QUERY}")


@contextmanager
def browser(nodes: ThreeNodes, agency: str, officer: str) -> Iterator[httpx2.Client]:
    """A browser in which an officer is logged in, after somebody typed something else there."""
    url, token = f"http://127.0.0.1:{nodes[agency].ports.http}/desk", cast.token(nodes.homes[agency], officer)
    with httpx2.Client(base_url=url, timeout=30) as client:
        wrong = client.post("/login", data={"officer": NAME, "token": CODE, "to": f"/desk/{QUERY}"})
        assert wrong.status_code == 401
        assert client.post("/login", data={"officer": officer, "token": token}).status_code == 303
        yield client


def write(officer: httpx2.Client) -> None:
    """In a report that somebody begins and does not send: a page that is in order, and one that lacks something."""
    begun = officer.post("/intake", data=form(officer, "/intake")).headers["location"].removeprefix("/desk")
    for step, typed, status in (("person", "defender.name", 303), ("contact", "defender.safe_contact.address", 422)):
        page = f"{begun.rpartition('/')[0]}/{step}"
        saved = officer.post(page, data=form(officer, page) | {f"report.{typed}": DRAFT})
        assert saved.status_code == status
        assert officer.get(page).text.count(DRAFT) == 1


def mistype(officer: httpx2.Client, case: str) -> None:
    """In forms that are refused: the page has what was typed, so that it can be mended."""
    act = f"/cases/{case}/act/triage.urgency.overridden"
    refused = officer.post(act, data=form(officer, act) | {"reason": NEARLY, "level": NEARLY})
    assert refused.status_code == 422
    assert NEARLY in refused.text
    assert officer.post(act, data={"_csrf": NEARLY, "reason": NEARLY}).status_code == 403


def hand_over(nodes: ThreeNodes, case: str) -> None:
    """In a bundle that LPSK exports, all of it readable, and that is checked at the desk of a stranger to it."""
    with desk(nodes, LPSK) as client:
        headers = {"Authorization": f"Bearer {cast.token(client.home, 'lpsk-auditor')}"}
        bundle = client._http.get(f"/cases/{case}/bundle?scope=whole", headers=headers)
    with ZipFile(BytesIO(bundle.content)) as whole:
        assert any(b"servis genset" in whole.read(name) for name in whole.namelist())
    with browser(nodes, PEREMPUAN, "kp-auditor") as auditor:
        given = {"bundle": (f"{QUERY}.zip", bundle.content)}
        assert auditor.post("/audit", data=form(auditor, "/audit"), files=given).status_code == 200


def form(officer: httpx2.Client, page: str) -> dict[str, str]:
    """What the form of a page carries unseen."""
    return dict(re.findall('<input type="hidden" name="([^"]+)" value="([^"]*)"', officer.get(page).text))
