"""The emergency path at three desks: by keyboard alone, with one agency cut off in the middle, for everybody to see."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from contracts.codes import LANGUAGES
from tests.browser.desks import AGENCY_OF, REMOTE, Desks
from tests.browser.tabs import Look, Tabs
from tests.e2e.stage import AGENCIES, READERS, desk

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

Axe = Callable[[Page], Awaitable[None]]
Shot = Callable[[Page, str], Awaitable[None]]
MOST_TABS = 120
HEARD_MS = 30_000
KEYS = ("Space", "ArrowDown", "ArrowRight")
PROPOSE, APPROVE = "Usulkan perlindungan darurat", "Setujui perlindungan darurat"
NEWS = "Ada yang baru di kasus ini"
PROPOSED, ACTIVE = "DARURAT DIUSULKAN", "DARURAT AKTIF"
FORMS = {
    "kp-koordinator": "protection.plan.proposed",
    "lpsk-pimpinan-1": "protection.ending.proposed",
    "kh-hrd": "protection.lead.claimed",
}


async def go(page: Page, name: str) -> None:
    """Press Tab until the thing of this name has the focus."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        said = await page.evaluate("`${document.activeElement.name} ${document.activeElement.innerText}`")
        if name in said:
            return
    raise AssertionError(f"no key leads to {name}")


async def press(page: Page, name: str) -> None:
    """Go to a link or button and press Enter; the page that follows is there."""
    await go(page, name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def vote(desks: Desks, tabs: Tabs, case: str, leader: str) -> Page:
    """A leader opens the case, goes to the approval and says yes."""
    page = await desks.enter(tabs, leader, path=f"/desk/cases/{case}")
    await press(page, APPROVE)
    await press(page, APPROVE)
    return page


async def shows(page: Page, state: str) -> None:
    """The case's head, which never scrolls away, says so."""
    await expect(page.locator(".case-head")).to_contain_text(state, timeout=HEARD_MS)


async def news(page: Page) -> None:
    """An open page says that there is news, and shows it only when asked to."""
    await expect(page.locator("#live")).to_contain_text(NEWS, timeout=HEARD_MS)
    await press(page, NEWS)


def triaged(desks: Desks, case: str) -> None:
    """Wait until the rules have said how urgent it is: who opens a form before that is told to look again."""
    with desk(desks.nodes, "komnas-perempuan") as door:
        door.await_case("kp-upr", case, lambda told: "urgency" in told["state"])


def heard(desks: Desks, case: str, state: str) -> None:
    """Wait until every desk knows of it."""
    for agency in AGENCIES:
        with desk(desks.nodes, agency) as door:
            door.await_case(
                READERS[agency], case, lambda told: told["state"].get("emergency", {}).get("in_force") == state
            )


async def answer(page: Page, *answers: tuple[str, str], then: str = "Lanjut") -> None:
    """Go to each field and press its keys, then on; what is not the name of a key is typed."""
    for name, keys in answers:
        await go(page, name)
        for key in keys.split():
            await (page.keyboard.press(key) if key in KEYS else page.keyboard.type(key))
    await press(page, then)


async def handed_in(desks: Desks, tabs: Tabs) -> Page:
    """An officer takes a report by keyboard; the receipt."""
    page = await desks.enter(tabs, "kp-upr", path="/desk/intake")
    await press(page, "Mulai laporan")
    await answer(page, ("danger", "Space"))
    await answer(page, ("safe_contact.channel", "ArrowDown"), ("safe_contact.address", "+62-815-0000-0999"))
    await answer(page, ("defender.name", "Melati"))
    await answer(page, ("report.channel", "ArrowDown"), ("reporter.relation", "ArrowDown"))
    # The day is its month, too, and the hour is before noon: fields for times differ from country to country.
    await answer(page, ("incidents.0.occurred_at", "11 11 2025 ArrowRight 09 30 AM"))
    both = (("share_with", "Space"), ("share_with", "Space"))
    await answer(page, ("consent.given_by", "ArrowDown"), ("consent.form", "ArrowDown"), *both, then="_check")
    await press(page, "Kirim laporan")
    return page


async def proposed(desks: Desks, tabs: Tabs, axe: Axe, shot: Shot) -> tuple[str, Page]:
    """A new case that an officer has taken in, and in which they have proposed protection; their page of it."""
    page = await handed_in(desks, tabs)
    case = await page.locator("p.case-id").inner_text()
    for language in reversed(LANGUAGES):
        await page.goto(f"{page.url}?lang={language}")
        await axe(page)
        await shot(page, f"intake-sent-{language}")
    triaged(desks, case)
    await press(page, PROPOSE)
    await go(page, "ground")
    await page.keyboard.press("ArrowDown")
    await press(page, PROPOSE)
    return case, page


async def test_protection_is_in_force_by_keyboard_alone_while_one_agency_is_cut_off(
    desks: Desks, tabs: Tabs, axe: Axe, shot: Shot
) -> None:
    """Report, proposal, two leaders: in force without the agency that cannot be reached, which learns of it later."""
    case, asking = await proposed(desks, tabs, axe, shot)
    await shows(asking, PROPOSED)
    heard(desks, case, "PROPOSED")
    away = await desks.enter(tabs, READERS[REMOTE], path=f"/desk/cases/{case}")
    with desks.cut_off():
        await vote(desks, tabs, case, "lpsk-pimpinan-1")
        deciding = await vote(desks, tabs, case, "lpsk-pimpinan-2")
        await shows(deciding, ACTIVE)
        await news(asking)
        await shows(asking, ACTIVE)
        await away.reload()
        await shows(away, PROPOSED)
    await news(away)
    await shows(away, ACTIVE)
    for name, page in (("asking", asking), ("deciding", deciding), ("away", away)):
        await shot(page, f"emergency-{name}")


@pytest.mark.parametrize("officer", FORMS)
async def test_nobody_is_kept_out_of_an_emergency(desks: Desks, tabs: Tabs, axe: Axe, shot: Shot, officer: str) -> None:
    """The case at each desk and its gravest form have no serious finding, in both languages, one of them narrow."""
    agency = AGENCY_OF[officer]
    case = desks.report(agency)
    look = Look(width=360 if agency == REMOTE else 1280)
    page = await desks.enter(tabs, officer, look, f"/desk/cases/{case}")
    for language in LANGUAGES:
        for name, path in (("case", ""), (FORMS[officer], f"/act/{FORMS[officer]}")):
            await page.goto(f"/desk/cases/{case}{path}?lang={language}")
            await axe(page)
            await shot(page, f"{agency}-{name}-{language}")


async def test_only_what_people_have_said_meanwhile_is_looked_at_first(desks: Desks, tabs: Tabs) -> None:
    """A form from before a colleague's word is told so and keeps what was typed; what machines said holds up nobody."""
    case = desks.report("komnas-perempuan")
    path = f"/desk/cases/{case}/act/protection.emergency.proposed"
    page = await desks.enter(tabs, "kp-upr", path=path, forgiven=["412"])
    await page.select_option('[name="ground"]', "ANCAMAN_NYATA")
    version = page.locator('[name="_version"]')
    await version.evaluate("field => { field.value = 'old.old' }")
    await page.click("main form > button")
    await expect(page.locator("[role=alert]")).to_contain_text("E_STALE")
    assert await page.input_value('[name="ground"]') == "ANCAMAN_NYATA"
    await version.evaluate("field => { field.value = 'old.' + field.value.split('.')[1] }")
    await page.click("main form > button")
    await shows(page, PROPOSED)


async def test_a_plan_is_made_and_begun_at_the_desk(desks: Desks, tabs: Tabs) -> None:
    """One officer fills in a measure and leaves a row empty that they asked for, another agrees and it has begun."""
    case = desks.report("komnas-perempuan")
    triaged(desks, case)
    page = await desks.enter(tabs, "kp-upr", path=f"/desk/cases/{case}/act/protection.plan.proposed")
    row = {"due_by": "2027-01-08T09:00", "agreement.on": "2026-11-22"}
    chosen = {"owner": "mitra", "responsible": "komnas-perempuan", "risk_answer": "TIDAK_ADA"}
    for name, text in row.items():
        await page.fill(f'[name="measures.0.{name}"]', text)
    for name, option in (chosen | {"code": "BANTUAN_HUKUM", "agreement.given_by": "defender"}).items():
        await page.select_option(f'[name="measures.0.{name}"]', option)
    await expect(page.locator('[name="measures.1.code"]')).to_have_count(0)
    await page.click('[name="_more"]')
    await expect(page.locator('[name="measures.1.code"]')).to_be_in_viewport()
    await page.click("main form > button")
    await expect(page.locator(".said")).to_be_visible()
    other = await desks.enter(tabs, "kp-piket", path=f"/desk/cases/{case}")
    for act, state in (("Setujui rencana", "Rencana yang berlaku"), ("Nyatakan mulai", "berjalan")):
        await other.locator("section", has_text="Rencana dan tindakan").get_by_role("link", name=act).first.click()
        await other.click("main form > button")
        await expect(other.locator("section", has_text="Rencana dan tindakan").first).to_contain_text(state)
