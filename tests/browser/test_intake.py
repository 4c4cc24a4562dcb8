"""The intake form as it is met at two in the morning: on a phone, on a bad line, without scripts, in a hurry."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.desks import Desks
from tests.browser.tabs import Look, Tabs
from tests.e2e.stage import desk, until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

Axe = Callable[[Page], Awaitable[None]]
Shot = Callable[[Page, str], Awaitable[None]]
OFFICER, AGENCY = "kp-upr", "komnas-perempuan"
PHONE = Look(width=360, height=740, touch=True)
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 16_000, "uploadThroughput": 4_000}  # ms, bytes a second
FORGIVEN = ("422", "ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")


def field(name: str) -> str:
    """A field of the form, by its place in the report."""
    return f'[id="f-report.{name}"]'


async def go_on(page: Page) -> None:
    """Press the button that goes on."""
    async with page.expect_navigation():
        await page.click("form[data-draft] button.first")


async def enter(desks: Desks, tabs: Tabs, look: Look = PHONE) -> Page:
    """The form's first question, in front of an officer."""
    page = await desks.enter(tabs, OFFICER, look, "/desk/intake")
    await page.get_by_role("button", name="Mulai laporan").click()
    await page.wait_for_url("**/danger")
    return page


async def fill(page: Page) -> None:
    """Answer what a report needs, from the first question to the page before it is sent."""
    await page.check("#f-danger-yes")
    await go_on(page)
    await page.select_option(field("defender.safe_contact.channel"), "phone")
    await page.fill(field("defender.safe_contact.address"), "+62 815-0000-0999")
    await page.fill(field("defender.safe_contact.do_not_contact"), "jangan telepon malam")
    await go_on(page)
    await page.fill(field("defender.name"), "Melati")
    await go_on(page)
    await page.select_option(field("channel"), "walk_in")
    await page.select_option(field("reporter.relation"), "self")
    await go_on(page)
    await page.fill(field("incidents.0.occurred_at"), "2026-11-20T21:30")
    await go_on(page)
    await page.select_option(field("consent.given_by"), "defender")
    await page.select_option(field("consent.form"), "spoken")
    await page.check(field("consent.share_with-lpsk"))
    async with page.expect_navigation():
        await page.click('button[name="_check"]')


async def send(page: Page) -> str:
    """Send what is written; the case that the receipt names."""
    await page.get_by_role("button", name="Kirim laporan").click()
    await page.wait_for_url("**/sent")
    return await page.locator("p.case-id").inner_text()


async def test_a_report_is_taken_on_a_phone_without_scripts(desks: Desks, tabs: Tabs) -> None:
    """Every page is saved as it is left; the receipt names the case, the emergency is a press away, no draft stays."""
    page = await enter(desks, tabs, PHONE._replace(javascript=False))
    await fill(page)
    case = await send(page)
    await expect(page.get_by_role("link", name="Usulkan perlindungan darurat")).to_be_visible()
    with desk(desks.nodes, AGENCY) as door:
        assert {"lpsk", AGENCY} == set(door.case(OFFICER, case)["participants"])
    await page.go_back()
    assert page.url.endswith("/sent")
    await page.goto("/desk/intake")
    assert await page.get_by_text(case[:6]).count() == 0


async def test_a_slow_line_that_breaks_loses_nothing(desks: Desks, tabs: Tabs) -> None:
    """On 128 kbit/s it is saved as it is typed; a lost line is said, what was typed stays and is saved afterwards."""
    page = await desks.enter(tabs, OFFICER, PHONE, "/desk/intake", forgiven=FORGIVEN)
    await page.get_by_role("button", name="Mulai laporan").click()
    await page.wait_for_url("**/danger")
    line = await page.context.new_cdp_session(page)
    await line.send("Network.emulateNetworkConditions", SLOW)
    await page.check("#f-danger-no")
    await expect(page.locator("#saved-at")).to_be_visible()
    await go_on(page)
    address = page.locator(field("defender.safe_contact.address"))
    await line.send("Network.emulateNetworkConditions", SLOW | {"offline": True})
    await address.fill("rumah bibi")
    await expect(page.locator("#unsaved")).to_be_visible()
    await page.click("form[data-draft] button.first")
    await expect(address).to_have_value("rumah bibi")
    await line.send("Network.emulateNetworkConditions", SLOW)
    await expect(page.locator("#unsaved")).to_be_hidden(timeout=20_000)
    await page.reload()
    await expect(page.locator(field("defender.safe_contact.address"))).to_have_value("rumah bibi")


async def test_what_is_missing_is_said_on_top_and_one_press_away(
    desks: Desks, tabs: Tabs, axe: Axe, shot: Shot
) -> None:
    """The summary has the focus, and each of its lines leads to the field; the page keeps nobody out as it stands."""
    page = await desks.enter(tabs, OFFICER, PHONE, "/desk/intake", forgiven=FORGIVEN)
    await axe(page)
    await page.get_by_role("button", name="Mulai laporan").click()
    await page.wait_for_url("**/danger")
    await axe(page)
    await shot(page, "intake-danger")
    await go_on(page)
    await go_on(page)
    await expect(page.locator("div.errors")).to_be_focused()
    await axe(page)
    await shot(page, "intake-missing")
    await page.locator("div.errors a").nth(1).click()
    await expect(page.locator(field("defender.safe_contact.address"))).to_be_focused()


async def test_leaving_is_at_once_and_leaves_no_way_back(desks: Desks, tabs: Tabs) -> None:
    """One press shows an empty page, ends the session, and the way back leads to the login."""
    page = await enter(desks, tabs)
    await page.get_by_role("button", name="Keluar cepat").click()
    await page.wait_for_url("**/away")
    assert "Rajut" not in await page.content()
    await until(lambda: leads_to_the_login(page), 10)  # the word to the server is on its way, and nobody waits for it


async def leads_to_the_login(page: Page) -> bool:
    """Where somebody comes who asks for the desk."""
    await page.goto("/desk")
    return "/desk/login" in page.url


@pytest.mark.parametrize("language", ["id", "en"])
async def test_who_somebody_is_stays_covered_until_asked_for(
    desks: Desks, tabs: Tabs, axe: Axe, shot: Shot, language: str
) -> None:
    """No name, no number until somebody presses; then the rules of safe contact first; a minute later all is gone."""
    case = desks.report(AGENCY)
    page = await desks.enter(tabs, OFFICER, Look(language=language), f"/desk/cases/{case}")
    assert "Yohana" not in await page.content()
    await page.clock.install()
    await page.locator("form[action$='/person'] button").click()
    await page.wait_for_url("**/person")
    await expect(page.locator("main")).to_contain_text("Yohana")
    text = await page.locator("main").inner_text()
    assert text.index("suami") < text.index("+62 812-0000-0102") < text.index("Yohana")
    await axe(page)
    await shot(page, f"person-{language}")
    await page.clock.fast_forward(61_000)
    await expect(page.locator("main")).not_to_contain_text("Yohana")
