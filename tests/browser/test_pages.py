"""What every page of the desk must be: usable by everybody, in both languages, by night, small, and at home."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import NamedTuple

import pytest
from playwright.async_api import FilePayload, Page, Response, expect

from contracts.codes import LANGUAGES
from services.intake.form import STEPS
from services.node.web.lockout import TRIES
from tests.browser.desks import Desks
from tests.browser.tabs import Look, Tabs, findings
from tests.e2e.stage import desk, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPENER = "komnas-perempuan"
LARGEST = 100_000  # bytes of a page with all that it loads, over the line
NARROW = (360, 320)  # a phone; 1280 pixels at 400 % (WCAG 2.2, 1.4.10)
TABBED = 12  # elements that are reached by the keyboard, one after the other
OFFICERS = {
    "work": "kp-upr",
    "intake": "kp-upr",
    "refused": "kp-upr",
    "act": "kp-koordinator",
    "audit": "kp-auditor",
    "operations": "kp-admin",
    "dates": "kp-koordinator",
}
PAGES = {
    "work": (
        "/desk",
        "/desk/cases",
        "/desk/cases/CASE",
        "/desk/cases/CASE/timeline",
        "/desk/cases/CASE/events/EVENT",
        "/desk/cases/CASE/person",
        "/desk/cases/CASE/duplicates",
    ),
    "intake": (
        "/desk/intake",
        *(f"/desk/intake/DRAFT/{step.name}" for step in STEPS),
        "/desk/intake/DRAFT/check",
        "/desk/away",
    ),
    "refused": ("/desk/nowhere", "/desk/operations"),  # it is not there; it is not for this officer
    "act": ("/desk/cases/CASE/act/protection.emergency.proposed", "/desk/cases/CASE/act/protection.plan.agreed"),
    "audit": ("/desk/audit", "/desk/cases/CASE/access", "/desk/cases/CASE/events/EVENT"),
    "operations": ("/desk/operations",),
    "dates": ("/desk/dates",),
}
PLAIN = {"intake"}  # pages made of the same pieces as those of the other groups: looked at in the light only
REFUSED = ("401", "403", "404", "409", "422", "429")
SHUT = {"id": "seperempat jam", "en": "a quarter of an hour"}
# What a page says, text by text: nothing that is marked as another language's, no ids, no names of people.
SAID = """() => {
  const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const foreign = (node) => node.parentElement.closest("[lang]") !== document.documentElement;
  const kept = (node) => !foreign(node) && !node.parentElement.closest(".case-id, .who, .told, .rules, script, strong");
  while (walker.nextNode()) if (kept(walker.currentNode)) texts.push(walker.currentNode.textContent);
  for (const one of document.querySelectorAll("[aria-label], [title]")) {
    texts.push(one.getAttribute("aria-label") || "", one.getAttribute("title") || "");
  }
  return [document.title, ...texts].map((text) => text.trim()).filter((text) => /[a-z]{3,} [a-z]{3,}/i.test(text));
}"""
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


@pytest.mark.parametrize("group", PAGES)
async def test_every_page_is_for_everybody(
    tabs: Tabs, desks: Desks, place: Place, axe: Axe, shot: Shot, group: str
) -> None:
    """Nothing keeps somebody out, by day or night; each fits a phone and 400 %, is small, and speaks one language."""
    page = await entered(tabs, desks, OFFICERS[group])
    draft = await begun(page) if group == "intake" else ""
    for path in PAGES[group]:
        at, said = place.fill(path).replace("DRAFT", draft), []
        for language in LANGUAGES:
            assert await loaded(page, f"{at}?lang={language}") < LARGEST, path
            assert await page.locator("html").get_attribute("lang") == language
            await axe(page)
            await shot(page, named(group, path, language))
            said.append(set(await page.evaluate(SAID)))
        assert said[0] & said[1] == set(), path
        await by_night_and_narrow(page, path, night=group not in PLAIN)


async def test_what_is_refused_is_for_everybody(tabs: Tabs, desks: Desks, place: Place, axe: Axe, shot: Shot) -> None:
    """A form that lacks something, an act under another's key and a login that is shut say so, in one language each."""
    page, guest = await entered(tabs, desks, "kp-upr"), await tabs.open(desks.url(OPENER), forgiven=REFUSED)
    at = place.fill("/desk/cases/CASE/act/protection.incident.recorded")
    await say(page, at, "SEHARI")
    for _ in range(TRIES):
        await knock(guest)
    found: list[set[str]] = []
    for language in LANGUAGES:
        said = set[str]()
        for one in (page, guest):
            await speak(one, language)
        for name, refused, reach, told in (
            ("empty", page, say(page, at, ""), "E_SCHEMA"),
            ("conflict", page, say(page, at, "SEMINGGU"), "E_CONFLICT"),
            ("shut", guest, knock(guest), SHUT[language]),
        ):
            await reach
            await expect(refused.locator("[role=alert]")).to_contain_text(told)
            assert name != "empty" or await refused.locator("[role=alert] a[href='#f-happened']").is_visible()
            await axe(refused)
            await shot(refused, f"refused-{name}-{language}")
            said |= set(await refused.evaluate(SAID))
        found.append(said)
    assert found[0] & found[1] == set()


@pytest.mark.parametrize("group", PAGES)
async def test_the_keyboard_is_seen_wherever_it_is(tabs: Tabs, desks: Desks, place: Place, group: str) -> None:
    """Whatever is reached with the Tab key has an outline; the first is the way past what all pages have."""
    page = await entered(tabs, desks, OFFICERS[group])
    await page.goto(place.fill(PAGES[group][0]))
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
    await expect(page.locator(".lanes tbody tr:not(.day)")).to_have_count(1)
    await page.goto(place.fill("/desk/cases/CASE/timeline"))
    await page.click(".routine summary")
    await page.click(".routine li a >> nth=0")
    await expect(page.locator("#proof")).to_be_visible()


async def test_a_timeline_on_paper_says_who_printed_it(tabs: Tabs, desks: Desks, place: Place) -> None:
    """A print names officer and state of the case, and leaves out what only a screen can do."""
    page = await entered(tabs, desks, "kp-upr")
    await page.goto(place.fill("/desk/cases/CASE/timeline"))
    seen = {}
    for medium in ("screen", "print"):
        await page.emulate_media(media=medium)
        seen[medium] = [
            await page.locator(part).first.is_visible() for part in (".lanes", ".printed", ".top", ".filter")
        ]
    assert seen == {"screen": [True, False, True, True], "print": [True, True, False, False]}
    assert "kp-upr" in await page.locator(".printed").inner_text()


async def test_a_bundle_is_fetched_and_checked(tabs: Tabs, desks: Desks, place: Place) -> None:
    """An auditor downloads a case as a file and drags it in: it holds. One byte later it does not, in words."""
    page = await entered(tabs, desks, "kp-auditor")
    await page.goto(place.fill("/desk/cases/CASE/access"))
    async with page.expect_download() as fetching:
        await page.click(f"form[action='{place.fill('/desk/cases/CASE/bundle')}'] button")
    file = (await (await fetching.value).path()).read_bytes()
    for data, mark in ((file, "✓"), (file[:9000] + bytes([file[9000] ^ 1]) + file[9001:], "▲")):
        await page.goto("/desk/audit")
        await page.set_input_files("#bundle", FilePayload(name="case.zip", mimeType="application/zip", buffer=data))
        await page.click("form[enctype] button")
        assert (await page.locator("#verdict ~ p >> nth=0").inner_text()).startswith(mark)


async def test_the_fingerprint_of_a_letter_is_worked_out_where_the_letter_lies(tabs: Tabs, desks: Desks) -> None:
    """Nobody copies 64 digits: the file is chosen, its fingerprint stands in the form, and no request follows."""
    page, letter = await entered(tabs, desks, "kp-piket"), b"Surat keterangan"
    await page.goto(f"/desk/cases/{desks.report(OPENER)}/act/protection.letter.issued")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    file = FilePayload(name="surat.pdf", mimeType="application/pdf", buffer=letter)
    await page.set_input_files("[data-prints]", file)
    await expect(page.locator("[name=sha256]")).to_have_value(sha256(letter).hexdigest())
    assert not asked


async def entered(tabs: Tabs, desks: Desks, officer: str, look: Look = Look()) -> Page:  # noqa: B008
    """A tab of an officer, at a page that all of them may see."""
    path = "/desk/operations" if officer == "kp-admin" else "/desk/cases"
    return await desks.enter(tabs, officer, look, path, forgiven=REFUSED)


def named(group: str, path: str, language: str) -> str:
    """What a picture is called."""
    return "-".join(filter(None, (group, *path.lower().split("/")[2:], language)))


async def begun(page: Page) -> str:
    """A report is begun; the name of its draft."""
    await page.goto("/desk/intake")
    await page.click("main form[action='/desk/intake'] button")
    await page.wait_for_url("**/danger", wait_until="load")
    return page.url.split("/")[-2]


async def speak(page: Page, language: str) -> None:
    """The desk speaks this language from here on."""
    await page.goto(f"/desk/login?lang={language}")


async def by_night_and_narrow(page: Page, path: str, *, night: bool) -> None:
    """Dark colours keep nobody out, and nothing is wider than a narrow screen."""
    if night:
        await page.emulate_media(color_scheme="dark")
        assert await findings(page, colours_alone=True) == [], path  # nothing else of a page knows of the night
        await page.emulate_media(color_scheme="light")
    for width in NARROW:
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    await page.set_viewport_size({"width": 1280, "height": 800})


async def say(page: Page, at: str, happened: str) -> None:
    """An incident is recorded, always under the same key; without a time it lacks something."""
    await page.goto(at)
    await page.check("[name=forms] >> nth=0")
    await page.select_option("[name=sphere]", "FISIK")
    await page.select_option("[name=happened]", happened)
    await page.eval_on_selector("[name=_key]", "field => { field.value = 'ours'; field.form.noValidate = true }")
    async with page.expect_navigation():
        await page.click("main form > button")


async def knock(page: Page) -> None:
    """A login with a wrong word."""
    await page.goto("/desk/login")
    await page.fill("#officer", "nobody")
    await page.fill("#token", "wrong")
    async with page.expect_navigation():
        await page.press("#token", "Enter")


async def loaded(page: Page, path: str) -> int:
    """Go to a page; the bytes of it and of all that it loads, as they come over the line."""
    answers: list[Response] = []

    def answered(answer: Response) -> None:
        answers.append(answer)

    page.on("response", answered)
    await page.goto(path, wait_until="load")
    page.remove_listener("response", answered)
    whole = [answer for answer in answers if answer.ok and "event-stream" not in answer.headers.get("content-type", "")]
    return sum([(await answer.request.sizes())["responseBodySize"] for answer in whole])
