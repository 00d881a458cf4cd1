"""Figures of the long tests, printed together at the end."""

import pytest

from tests.e2e.conftest import seed, serve

__all__ = ["seed", "serve"]

FIGURES: list[str] = []


@pytest.fixture
def figures() -> list[str]:
    """Lines for the end of the run."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print them."""
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.line(line)
