"""Pages in a real browser that may do nothing behind our backs.

Each is a browser context of its own: no cookie, no cache and no storage of another. Whatever a page asks of an origin
that it was not opened for is not sent and is a fault, and so is every error that it or the browser complains of.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Route

from tests.browser.chromium import PACKAGES

_LOCALES = {"id": "id-ID", "en": "en-GB"}
WITHIN_MS = 10_000
_INSIDE = ("about", "blob", "data")
_GRAVE = ("serious", "critical")


class Look(NamedTuple):
    """How somebody looks at a page."""

    language: str = "id"
    width: int = 1280
    height: int = 800
    javascript: bool = True
    dark: bool = False
    touch: bool = False


class Tabs:
    """The pages of one test, and what was wrong with them."""

    def __init__(self, browser: Browser) -> None:
        """All are opened in this browser."""
        self.faults: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def open(self, *origins: str, look: Look = Look(), forgiven: Sequence[str] = ()) -> Page:  # noqa: B008
        """An empty page that may ask these origins, such as `http://127.0.0.1:8080`; paths are of the first one.

        `forgiven` are pieces of complaints that are expected, such as `403` where an officer is refused.
        """
        context = await self._browser.new_context(
            base_url=origins[0],
            locale=_LOCALES[look.language],
            timezone_id="Asia/Jakarta",
            viewport={"width": look.width, "height": look.height},
            java_script_enabled=look.javascript,
            color_scheme="dark" if look.dark else "light",
            has_touch=look.touch,
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        context.set_default_timeout(WITHIN_MS)
        await context.route("**/*", lambda route: self._within(route, origins, forgiven))
        page = await context.new_page()
        page.on("console", lambda message: self._said(message, forgiven))
        page.on("pageerror", lambda error: self._failed(error, forgiven))
        return page

    async def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            await context.close()

    async def _within(self, route: Route, origins: Sequence[str], forgiven: Sequence[str]) -> None:
        asked = urlsplit(route.request.url)
        if asked.scheme in _INSIDE or f"{asked.scheme}://{asked.netloc}" in origins:
            await route.continue_()
        else:
            self._complained(f"left its origin: {route.request.url}", forgiven)
            await route.abort()

    def _said(self, message: ConsoleMessage, forgiven: Sequence[str]) -> None:
        if message.type in {"error", "warning"}:
            self._complained(message.text, forgiven)

    def _failed(self, error: Error, forgiven: Sequence[str]) -> None:
        self._complained(error.message, forgiven)

    def _complained(self, text: str, forgiven: Sequence[str]) -> None:
        if not any(piece in text for piece in forgiven):
            self.faults.append(text)


async def findings(page: Page, *, colours_alone: bool = False) -> list[str]:
    """What axe-core finds seriously or critically wrong with a page as it is now: the rule, and where."""
    await _equip(page)
    only = {"runOnly": {"type": "tag", "values": ["cat.color"]}} if colours_alone else {}
    options = {"resultTypes": ["violations"], **only}
    found: dict[str, Any] = await page.evaluate("options => axe.run(document, options)", options)
    grave = [one for one in found["violations"] if one["impact"] in _GRAVE]
    return [f"{one['id']}: {node['target']}" for one in grave for node in one["nodes"]]


async def _equip(page: Page) -> None:
    """Bring axe-core into a page, and into all that follow it in its context: it is sent once, since it is large."""
    if not await page.evaluate("'axe' in window"):
        script = (PACKAGES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
        await page.context.add_init_script(script)
        await page.evaluate(script)
