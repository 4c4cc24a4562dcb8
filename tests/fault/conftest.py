"""What each fault cost, kept while the tests run and printed as one table when all are over."""

import pytest

HEAD = f"{'fault':<36}{'reports':>9}{'lost':>6}{'doubled':>9}{'first event':>13}{'caught up':>11}"
ROWS = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def table(request: pytest.FixtureRequest) -> dict[str, str]:
    """The rows so far: fault -> what there is to say of it, in the columns of the head or in words."""
    return request.config.stash.setdefault(ROWS, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, past pytest's capture."""
    rows = config.stash.get(ROWS, {})
    if rows:
        terminalreporter.section("what it cost")
        for line in (HEAD, *(f"{name:<36}{said}" for name, said in rows.items())):
            terminalreporter.write_line(line)
