"""A paper account for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contracts.venues import copy_file, new_paper_file
from tests.unit.adapters.brokers.desk import Desk


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and no rows, to be copied."""
    return new_paper_file(tmp_path_factory.mktemp("books") / "empty.db")


@pytest.fixture
def open_desk(empty_books: Path, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open an account with these options."""
    desks: list[Desk] = []

    def opener(**options: str) -> Desk:
        path = copy_file(empty_books, tmp_path / f"books{len(desks)}.db")
        desks.append(Desk(path, options))
        return desks[-1]

    yield opener
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """An account with 100,000 in cash; AAPL trades at 100."""
    desk = open_desk()
    desk.quote("100")
    return desk
