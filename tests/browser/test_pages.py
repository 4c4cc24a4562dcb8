"""What every page of the desk must be: usable by everybody, in both languages, by night, small, and at home."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest
from playwright.async_api import FilePayload, Page, Response

from tests.browser.desks import Desks
from tests.browser.tabs import Look, Tabs, findings
from tests.e2e.stage import desk, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPENER = "komnas-perempuan"
LARGEST = 100_000  # bytes of a page with all that it loads
NARROW = (360, 320)  # a phone; 1280 pixels at 400 % (WCAG 2.2, 1.4.10)
TABBED = 12  # elements that are reached by the keyboard, one after the other
PAGES = {
    "kp-upr": (
        "/desk",
        "/desk/cases",
        "/desk/cases/CASE",
        "/desk/cases/CASE/timeline",
        "/desk/cases/CASE/events/EVENT",
    ),
    "kp-koordinator": ("/desk/cases/CASE/act/protection.emergency.proposed",),
    "kp-auditor": ("/desk/audit", "/desk/cases/CASE/access"),
    "kp-admin": ("/desk/operations",),
}
Axe = Callable[[Page], Awaitable[None]]
Shot = Callable[[Page, str], Awaitable[None]]


class Place(NamedTuple):
    """A case, and one of its events."""

    case: str
    event: str

    def fill(self, path: str) -> str:
        """A path of this case."""
        return path.replace("CASE", self.case).replace("EVENT", self.event)


@pytest.fixture(scope="session")
def place(desks: Desks) -> Place:
    """A case that the other agencies hold, too."""
    case, found = desks.report(OPENER), list[str]()

    def held() -> bool:
        with desk(desks.nodes, OPENER) as door:
            timeline = door.case("kp-upr", case)["timeline"]
        found[:] = [line["id"] for line in timeline if line["type"] == "rajut.triage.urgency.assessed.v1"]
        return bool(found) and all(line["cosigners"] for line in timeline[:3])

    eventually(held)
    return Place(case, found[0])


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("officer", PAGES)
async def test_every_page_is_for_everybody(
    tabs: Tabs, desks: Desks, place: Place, axe: Axe, shot: Shot, officer: str, language: str
) -> None:
    """Nothing keeps somebody out, by day and by night; each fits a phone and a screen at 400 %, and is below 100 kB."""
    page = await entered(tabs, desks, officer, Look(language=language))
    for path in map(place.fill, PAGES[officer]):
        assert await loaded(page, path) < LARGEST, path
        assert await page.locator("html").get_attribute("lang") == language
        await axe(page)
        await shot(
            page,
            "-".join((*path.replace(place.case, "case").replace(place.event, "event").split("/")[2:], language))
            or language,
        )
        if language == "id":  # colours speak no language
            await page.emulate_media(color_scheme="dark")
            assert await findings(page) == [], path
            await page.emulate_media(color_scheme="light")
        for width in NARROW:
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        await page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("officer", PAGES)
async def test_the_keyboard_is_seen_wherever_it_is(tabs: Tabs, desks: Desks, place: Place, officer: str) -> None:
    """Whatever is reached with the Tab key has an outline; the first is the way past what all pages have."""
    page = await entered(tabs, desks, officer, Look())
    await page.goto(place.fill(PAGES[officer][0]))
    for number in range(TABBED):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(
            "[document.activeElement.className, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert focused[1] != "none" or await page.evaluate("document.activeElement === document.body"), number
        assert number or focused[0] == "skip"


async def test_a_timeline_is_filtered_without_a_script(tabs: Tabs, desks: Desks, place: Place) -> None:
    """By what a form sends in the address; what is routine opens at a click, and each event leads to its proof."""
    page = await entered(tabs, desks, "kp-upr", Look(javascript=False))
    await page.goto(place.fill("/desk/cases/CASE/timeline"))
    await page.select_option("#kind", "triage")
    await page.click("form[role=search] button")
    assert await page.locator(".lanes tbody tr:not(.day)").count() == 1
    await page.goto(place.fill("/desk/cases/CASE/timeline"))
    await page.click(".routine summary")
    await page.click(".routine li a >> nth=0")
    assert await page.locator("#proof").is_visible()


async def test_a_bundle_is_fetched_and_checked(tabs: Tabs, desks: Desks, place: Place) -> None:
    """An auditor downloads a case as a file and drags it in: it holds. One byte later it does not, in words."""
    page = await entered(tabs, desks, "kp-auditor", Look())
    await page.goto(place.fill("/desk/cases/CASE/access"))
    async with page.expect_download() as fetching:
        await page.click(f"form[action='{place.fill('/desk/cases/CASE/bundle')}'] button")
    file = (await (await fetching.value).path()).read_bytes()
    for data, mark in ((file, "✓"), (file[:9000] + bytes([file[9000] ^ 1]) + file[9001:], "▲")):
        await page.goto("/desk/audit")
        await page.set_input_files("#bundle", FilePayload(name="case.zip", mimeType="application/zip", buffer=data))
        await page.click("form[enctype] button")
        assert (await page.locator("#verdict ~ p >> nth=0").inner_text()).startswith(mark)


async def entered(tabs: Tabs, desks: Desks, officer: str, look: Look) -> Page:
    """A tab of an officer, at a page that all of them may see."""
    return await desks.enter(tabs, officer, look, "/desk/operations" if officer == "kp-admin" else "/desk/cases")


async def loaded(page: Page, path: str) -> int:
    """Go to a page; the bytes of it and of all that it loads."""
    answers: list[Response] = []

    def answered(answer: Response) -> None:
        answers.append(answer)

    page.on("response", answered)
    await page.goto(path, wait_until="load")
    page.remove_listener("response", answered)
    whole = [answer for answer in answers if answer.ok and "event-stream" not in answer.headers.get("content-type", "")]
    return sum([len(await answer.body()) for answer in whole])
