"""What the contract suites run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.alpaca import AlpacaVenue
from tests.contracts.fyers import IN_SESSION, FyersVenue
from tests.contracts.venues import (
    FakeVenue,
    MeteredVenue,
    PaperVenue,
    Venue,
    copy_file,
    new_paper_file,
)
from tests.fakes.clock import FakeClock

IN_MEMORY = {"fake": FakeVenue, "metered": MeteredVenue}


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and no rows, to be copied."""
    return new_paper_file(tmp_path_factory.mktemp("books") / "empty.db")


FYERS = ("fyers", "fyers not settled", "fyers delivery")


@pytest.fixture(
    params=["paper", "paper with fees", "fake", "metered", "alpaca", "alpaca not settled", *FYERS]
)
def venue(request: pytest.FixtureRequest, empty_books: Path, tmp_path: Path) -> Iterator[Venue]:
    """A broker under test; a new broker joins by its name here and a Venue of its own."""
    clock = FakeClock()
    if request.param in IN_MEMORY:
        yield IN_MEMORY[request.param](clock)
        return
    if request.param.startswith("alpaca"):
        alpaca = AlpacaVenue(tmp_path, clock, settles=request.param == "alpaca")
        yield alpaca
        alpaca.close()
        return
    if request.param in FYERS:
        settles, product = "not" not in request.param, "CNC" if "deliv" in request.param else ""
        fyers = FyersVenue(tmp_path, FakeClock(IN_SESSION), settles=settles)
        fyers.options = {"PRODUCT": product}
        yield fyers
        fyers.close()
        return
    fee = "0.25" if request.param == "paper with fees" else "0"
    file = copy_file(empty_books, tmp_path / "books.db")
    paper = PaperVenue(file, clock, FEE_PERCENT=fee)
    yield paper
    paper.close()
