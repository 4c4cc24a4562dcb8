"""The desks of three agencies for all browser tests of a run, and officers' tabs that are logged in there.

What an officer reads of a partner's log passes a line that a test can cut: one agency (`REMOTE`) reads the others, and
is read by them, through proxies. Whoever cuts it off lets it back before the test ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Page

from deploy.dev import cast
from deploy.dev.ports import free_port
from deploy.dev.proxy import Mode, Proxy
from deploy.dev.runner import ThreeNodes
from tests.browser.tabs import Look, Tabs
from tests.e2e.stage import RECEIVERS, REPORTS, desk, three

REMOTE = "komnas-ham"
AGENCY_OF: Mapping[str, str] = {officer: agency for agency, staff in cast.ROLES.items() for officer in staff}


class Desks(NamedTuple):
    """Three nodes with their desks."""

    nodes: ThreeNodes
    lines: tuple[Proxy, ...]  # every line that ends at REMOTE

    def url(self, agency: str) -> str:
        """Where an agency's desk is, as its pages call it."""
        return f"http://127.0.0.1:{self.nodes[agency].ports.http}"

    def report(self, agency: str) -> str:
        """A sample report is handed in; the case that it opened."""
        with desk(self.nodes, agency) as door:
            case: str = door.post(RECEIVERS[agency], "/reports", REPORTS[agency].read_bytes())["case"]
        return case

    async def enter(
        self,
        tabs: Tabs,
        officer: str,
        look: Look = Look(),  # noqa: B008
        path: str = "/desk",
        forgiven: Sequence[str] = (),
    ) -> Page:
        """A tab of this officer, at a path of their agency's desk, in the language of the look; as `Tabs.open`."""
        agency = AGENCY_OF[officer]
        page = await tabs.open(self.url(agency), look=look, forgiven=forgiven)
        await page.goto(f"/desk/login?lang={look.language}&to={path}")
        await page.fill("#officer", officer)
        await page.fill("#token", cast.token(self.nodes.homes[agency], officer))
        await page.press("#token", "Enter")
        await page.wait_for_url(f"**{path}*")
        return page

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Nothing passes between REMOTE and the others meanwhile."""
        try:
            self._set("cut")
            yield
        finally:
            self._set("up")

    def _set(self, mode: Mode) -> None:
        for line in self.lines:
            line.set(mode)


@contextmanager
def opened(root: Path) -> Iterator[Desks]:
    """The desks, with everything behind them, below `root`."""
    with ExitStack() as stack:
        nodes = three(root)
        pairs = [(REMOTE, other) for other in nodes.homes if other != REMOTE]
        ends = [*pairs, *((other, REMOTE) for _, other in pairs)]
        lines = tuple(stack.enter_context(_line(nodes, reader, author)) for reader, author in ends)
        yield Desks(stack.enter_context(nodes), lines)


def _line(nodes: ThreeNodes, reader: str, author: str) -> Proxy:
    """A line on which one agency reads another, that can be cut."""
    port = nodes[author].ports.nats
    line = Proxy(free_port(), port)
    path = nodes.homes[reader] / "node.toml"
    before = path.read_text()
    after = before.replace(f"tls://127.0.0.1:{port}", f"tls://127.0.0.1:{line.port}")
    assert before != after
    path.write_text(after)
    return line
