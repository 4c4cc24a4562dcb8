"""The queue: emergencies first in words and shape, one's own work, filters without scripts, and news that waits."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.desks import Desks
from tests.browser.tabs import Look, Tabs
from tests.e2e.stage import desk, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

Axe = Callable[[Page], Awaitable[None]]
Shot = Callable[[Page, str], Awaitable[None]]
AGENCY, OFFICER = "komnas-perempuan", "kp-upr"
QUEUE = "/desk/"
PLAIN = Look(javascript=False, width=360)


def urgent_case(desks: Desks) -> str:
    """A case whose critical call waits at the desk."""
    case = desks.report(AGENCY)

    def called() -> bool:
        with desk(desks.nodes, AGENCY) as door:
            return any(one["case"] == case and one["level"] == "KRITIS" for one in door.get(OFFICER, "/notices"))

    eventually(called)
    return case


@pytest.mark.parametrize("language", ["id", "en"])
async def test_emergencies_stand_first_in_words_and_shape(
    desks: Desks, tabs: Tabs, axe: Axe, shot: Shot, language: str
) -> None:
    """The first thing on the list is called an emergency, marked with a shape, and has the time that is left."""
    urgent_case(desks)
    page = await desks.enter(tabs, OFFICER, Look(language=language), QUEUE)
    first = page.locator("tbody tr").first
    await expect(first).to_contain_text({"id": "DARURAT", "en": "EMERGENCY"}[language])
    await expect(first.locator(".mark.alarm")).to_have_text("▲")
    await expect(first.locator("time")).to_be_visible()
    await axe(page)
    await shot(page, f"queue-{language}")


async def test_a_call_is_answered_and_the_list_narrowed_without_scripts(desks: Desks, tabs: Tabs) -> None:
    """One press answers a call and comes back to the list; the unit's work is a link, a kind of work a form."""
    case = urgent_case(desks)
    page = await desks.enter(tabs, OFFICER, PLAIN, QUEUE)
    row = page.locator("tr", has=page.locator(f"a[href$='/{case}']")).filter(has_text="Kritis")
    async with page.expect_navigation():
        await row.get_by_role("button", name="Saya sudah melihat").click()
    await expect(row).to_have_count(0)
    async with page.expect_navigation():
        await page.get_by_role("link", name="Seluruh unit").click()
    await page.select_option("#kind", "ASESMEN_RISIKO")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Tampilkan").click()
    kinds = {text.strip() for text in await page.locator("tbody th").all_inner_texts()}
    assert kinds
    assert [kind for kind in kinds if "Asesmen risiko" not in kind] == []


async def test_news_waits_until_it_is_wanted(desks: Desks, tabs: Tabs) -> None:
    """A new case is said on the open list, moves nothing on it, and is shown when somebody presses."""
    page = await desks.enter(tabs, OFFICER, path=QUEUE)
    rows = await page.locator("tbody tr").count()
    case = urgent_case(desks)
    link = page.get_by_role("link", name="Ada yang baru. Tampilkan")
    await expect(link).to_be_visible(timeout=20_000)
    assert await page.locator("tbody tr").count() == rows
    await link.click()
    await expect(page.locator(f"a[href$='/{case}']").first).to_be_visible()
