"""Says aloud when the vectors of others were not there to be run."""

import pytest

from tests.contract.outside import ABSENT, HERE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HERE:
        terminalreporter.write_line(ABSENT, yellow=True)
