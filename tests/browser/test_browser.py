"""The browser that the tests rest on: what it shows, and that it tells on a page that does not behave."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.tabs import Look, Tabs, findings

pytestmark = pytest.mark.asyncio(loop_scope="session")

GOOD = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Kasus</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body><main><h1>Kasus</h1>
<p id="said">tanpa skrip</p></main><script>document.getElementById("said").textContent = "dengan skrip"</script>
</body></html>"""
BAD = GOOD.replace("<h1>", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><h1>')
ELSEWHERE = GOOD.replace("<h1>", '<img alt="" src="http://127.0.0.2:9/seen.gif"><h1>')
LOUD = GOOD.replace("<script>", "<script>nobody.there();")
NIGHT = "<style>@media (prefers-color-scheme: dark) { #said { color: #777; background: #666 } }</style>"
DIM = BAD.replace("</head>", f"{NIGHT}</head>")
PAGES = {"/": GOOD, "/bad": BAD, "/elsewhere": ELSEWHERE, "/loud": LOUD, "/dim": DIM}


class Site(BaseHTTPRequestHandler):
    """Serves the pages above, in the language that the browser asks for."""

    def do_GET(self) -> None:
        language = self.headers["Accept-Language"][:2]
        body = PAGES[self.path].replace("{language}", language).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on standard error."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the pages are."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest_asyncio.fixture(loop_scope="session")
async def suspects(browser: Browser) -> AsyncIterator[Tabs]:
    """Pages of which faults are expected."""
    tabs = Tabs(browser)
    yield tabs
    await tabs.close()


@pytest.mark.parametrize("language", ["id", "en"])
async def test_a_page_is_asked_for_in_a_language(tabs: Tabs, origin: str, language: str) -> None:
    """The browser asks in the language of its officer, and runs the page's script."""
    page = await tabs.open(origin, look=Look(language=language))
    await page.goto("/")
    assert await page.locator("html").get_attribute("lang") == language
    assert await page.locator("#said").inner_text() == "dengan skrip"


async def test_scripts_can_be_switched_off(tabs: Tabs, origin: str) -> None:
    """A page is seen as it is without JavaScript, in a window of the size that was asked for."""
    page = await tabs.open(origin, look=Look(javascript=False, width=360))
    await page.goto("/")
    assert await page.locator("#said").inner_text() == "tanpa skrip"
    assert page.viewport_size == {"width": 360, "height": 800}


async def test_what_keeps_people_out_is_found(tabs: Tabs, origin: str, axe: Callable[[Page], Awaitable[None]]) -> None:
    """A picture without words is a finding that names the picture; the page without it has none."""
    page = await tabs.open(origin)
    await page.goto("/")
    await axe(page)
    await page.goto("/bad")
    assert await findings(page) == ["image-alt: ['img']"]


async def test_what_cannot_be_read_by_night_is_found(tabs: Tabs, origin: str) -> None:
    """Asked for colours alone: text without contrast is named once it is dark, and a picture without words is not."""
    page = await tabs.open(origin)
    await page.goto("/dim")
    assert await findings(page, colours_alone=True) == []
    await page.emulate_media(color_scheme="dark")
    assert await findings(page, colours_alone=True) == ["color-contrast: ['#said']"]


async def test_a_request_to_elsewhere_is_a_fault(suspects: Tabs, origin: str) -> None:
    """A picture from another origin is not fetched, and the page that wanted it is told on."""
    page = await suspects.open(origin)
    await page.goto("/elsewhere")
    assert suspects.faults[0] == "left its origin: http://127.0.0.2:9/seen.gif"


async def test_an_error_of_a_page_is_a_fault(suspects: Tabs, origin: str) -> None:
    """An error in a page's script is told on, unless the test expects it."""
    page = await suspects.open(origin)
    await page.goto("/loud")
    assert suspects.faults == ["nobody is not defined"]
    forgiven = await suspects.open(origin, forgiven=["nobody"])
    await forgiven.goto("/loud")
    assert len(suspects.faults) == 1
