"""Staff of an agency log in at its login server, a certified one, and work at the desk as who that says they are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Page, expect

from deploy.dev.ports import free_port
from deploy.dev.process import Process
from services.node.web.id_token import MAX_AGE_S
from tests.browser.chromium import FOLDER
from tests.browser.tabs import Tabs
from tests.e2e import javascript
from tests.e2e.stage import migrate, three

pytestmark = pytest.mark.asyncio(loop_scope="session")

AGENCY = "lpsk"
TYPEFACE = ("fonts.googleapis.com", "ERR_FAILED")  # which the issuer's own pages ask for, in vain
PEOPLE = {
    "pimpinan-1": {"roles": ["lpsk-pimpinan", "mail"], "email": "pimpinan-1@lpsk.example"},
    "tamu": {"roles": ["mail"]},
    "penyamar": {"roles": ["lpsk-pimpinan"], "preferred_username": "pimpinan-1"},
    "rangkap": {"roles": ["lpsk-pimpinan", "lpsk-darurat"]},
}
SETTINGS = """
[web.oidc]
issuer = "{issuer}"
client = "rajut desk"

[web.oidc.roles]
lpsk-pimpinan = "pimpinan"
lpsk-darurat = "petugas_darurat"

[mail]"""


class House(NamedTuple):
    """An agency's desk and its login server; people's browsers may go to both, and to nobody else."""

    desk: str
    issuer: str

    async def visit(self, tabs: Tabs, officer: str, *forgiven: str) -> Page:
        """A browser in which somebody has logged in at the issuer and agreed to tell the desk who they are."""
        page = await tabs.open(self.desk, self.issuer, forgiven=(*TYPEFACE, *forgiven))
        await page.goto("/desk/cases")
        await page.click("a.first")
        await page.fill("input[name=login]", officer)
        await page.fill("input[name=password]", "anything")
        await page.click("button[type=submit]")
        await expect(page.locator("input[name=prompt]")).to_have_value("consent")
        await page.click("button[type=submit]")
        return page

    async def answer(self, address: str, person: str) -> httpx2.URL:
        """Where the issuer sends a browser back to, once somebody has logged in and agreed; nobody goes there yet."""
        async with httpx2.AsyncClient() as client:
            answer = await self._as_far_as_here(client, await client.get(address))
            for form in ({"prompt": "login", "login": person, "password": "anything"}, {"prompt": "consent"}):
                action = re.search(r'action="([^"]+)"', answer.text)
                assert action
                answer = await self._as_far_as_here(client, await client.post(action[1], data=form))
            return answer.url.join(answer.headers["location"])

    async def _as_far_as_here(self, client: httpx2.AsyncClient, answer: httpx2.Response) -> httpx2.Response:
        while answer.is_redirect and not answer.headers["location"].startswith(self.desk):
            answer = await client.get(answer.url.join(answer.headers["location"]))
        return answer


@pytest.fixture(scope="module")
def house(server_folder: Path) -> Iterator[House]:
    """One agency whose node takes logins from its own issuer."""
    nodes, port = three(server_folder / "oidc"), free_port()
    agency, issuer = nodes[AGENCY], f"http://127.0.0.1:{port}"
    desk = f"http://127.0.0.1:{agency.ports.http}"
    server = _issuer(agency.home, port, desk)
    try:
        server.start()
        agency.prepare(migrate)
        _configure(agency.home, issuer)
        agency.start("node")
        yield House(desk, issuer)
    finally:
        nodes.stop_all()
        server.stop()


def _issuer(home: Path, port: int, desk: str) -> Process:
    told = {"port": port, "client": "rajut desk", "secret": "s3cret %&+", "people": PEOPLE}
    told |= {"back": f"{desk}/desk/login/back", "after": f"{desk}/desk/login"}
    command: list[str | Path] = [javascript.NODE, Path(__file__).with_name("issuer.mjs"), json.dumps(told)]
    return Process("issuer", command, home / "issuer.log", folder=FOLDER)


def _configure(home: Path, issuer: str) -> None:
    path = home / "node.toml"
    demo = path.read_text()
    path.write_text(demo.replace('"demo"', '"oidc"').replace("\n[mail]", SETTINGS.format(issuer=issuer)))
    (home / "secrets" / "oidc").write_text("s3cret %&+")


async def test_an_officer_comes_and_goes(house: House, tabs: Tabs) -> None:
    """Sent to the issuer and back to where they wanted to go, in their role; out again at both, and not in any more."""
    page = await house.visit(tabs, "pimpinan-1")
    await page.wait_for_url("**/desk/cases")
    assert "pimpinan-1" in await page.inner_text("header")
    kept = {cookie["name"]: cookie for cookie in await page.context.cookies(house.desk)}
    assert kept["rajut"]["httpOnly"]
    assert kept["rajut"]["sameSite"] == "Strict"
    assert "rajut-login" not in kept
    await page.click("form[action='/desk/logout'] button")
    await page.wait_for_url(f"{house.issuer}/session/end**")
    assert "id_token_hint" in httpx2.URL(page.url).params
    await page.click("button[value=yes]")
    await page.wait_for_url("**/desk/login**")
    await page.goto("/desk/cases")
    assert urlsplit(page.url).path == "/desk/login"


async def test_a_pseudonym_is_one_persons(house: House, tabs: Tabs) -> None:
    """Whoever gives themselves another's pseudonym at the issuer is told that it is taken, and is not let in."""
    first = await house.visit(tabs, "pimpinan-1")
    await first.wait_for_url("**/desk/cases")
    page = await house.visit(tabs, "penyamar", "403")
    await expect(page.locator("main")).to_contain_text("E_BOUND")
    assert "rajut" not in [cookie["name"] for cookie in await page.context.cookies(house.desk)]


@pytest.mark.parametrize("person", ["tamu", "rangkap"])
async def test_whoever_has_no_role_or_two_stays_out(house: House, tabs: Tabs, person: str) -> None:
    """Whom the issuer knows and the desk has no one role for is told so, and is not let in."""
    page = await house.visit(tabs, person, "403")
    await expect(page.locator("main")).to_contain_text("E_FORBIDDEN")
    assert "rajut" not in [cookie["name"] for cookie in await page.context.cookies(house.desk)]


async def test_an_answer_that_nobody_asked_for_is_refused(house: House) -> None:
    """A good code lets in the one browser that was sent away for it, once; no other, and none that was not."""
    async with httpx2.AsyncClient(base_url=house.desk) as officer, httpx2.AsyncClient(base_url=house.desk) as other:
        login, others = [(await client.get("/desk/login/away")).headers["location"] for client in (officer, other)]
        asked = httpx2.URL(login).params
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["max_age"] == str(MAX_AGE_S)
        back = await house.answer(login, "pimpinan-1")
        swapped = back.copy_set_param("state", httpx2.URL(others).params["state"])
        async with httpx2.AsyncClient() as nobody:
            assert (await nobody.get(back)).status_code == 401
        assert (await other.get(back)).status_code == 401  # somebody else's login is pushed upon them
        assert (await officer.get(back.copy_set_param("iss", "http://127.0.0.2"))).status_code == 401
        assert (await officer.get(swapped)).status_code == 401
        entered = await officer.get(back)
        assert (entered.status_code, entered.headers["refresh"]) == (200, "0; url=/desk")
        assert (await officer.get(back)).status_code == 401
        assert (await other.get(swapped)).status_code == 401  # the code was not made for their verifier, nor is it good
