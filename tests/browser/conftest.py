"""A browser for every test below: one process of it for the run, a context of its own for each page.

Tests and fixtures that touch a page say `loop_scope="session"`: a page belongs to the event loop of its browser.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser import chromium
from tests.browser.desks import Desks, opened
from tests.browser.tabs import WITHIN_MS, Tabs, findings


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where pictures are asked for, only the tests that take some are run."""
    if config.getoption("--shots"):
        items[:] = [item for item in items if "shot" in getattr(item, "fixturenames", ())]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One running Chromium."""
    expect.set_options(timeout=WITHIN_MS)
    found = chromium.find()
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=found.path, env=dict(found.environment), args=chromium.FLAGS
        )
        yield running
        await running.close()


@pytest.fixture(scope="session")
def desks(server_folder: Path) -> Iterator[Desks]:
    """The desks of three agencies, for all tests of the run."""
    with opened(server_folder / "desks") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(browser: Browser) -> AsyncIterator[Tabs]:
    """Pages that must not have complained, nor left their origin, by the end of the test."""
    opened = Tabs(browser)
    yield opened
    await opened.close()
    assert opened.faults == []


@pytest.fixture
def axe() -> Callable[[Page], Awaitable[None]]:
    """Fails if a page, as it is now, keeps somebody out who sees, hears or moves differently."""

    async def check(page: Page) -> None:
        assert await findings(page) == []

    return check


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[[Page, str], Awaitable[None]]:
    """Takes a picture of the whole page under a name, if the run was given a folder for them."""
    folder = request.config.getoption("--shots")

    async def take(page: Page, name: str) -> None:
        if folder:
            await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")

    return take
