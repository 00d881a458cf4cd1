"""A master that was made once: nobody changes it."""

import pytest

from app.adapters.instruments.master import SymbolMaster
from tests.unit.adapters.instruments.lists import loaded


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> SymbolMaster:
    """The lists of the data, read in August 2025."""
    return loaded(tmp_path_factory.mktemp("symbols"))
