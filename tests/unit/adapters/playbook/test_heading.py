"""The first line of `Config` tells which column is what."""

import pytest

from app.adapters.playbook.cells import name_of
from app.adapters.playbook.sheets.heading import TITLES, Heading
from app.domain.errors import PlaybookRefused

SEED = ["symbol", "position_size", "active", "Time Frame", "Order Status", "Last Updated"]


def test_the_columns_of_the_seed_are_understood() -> None:
    assert Heading.read(SEED).at == {
        "symbol": 1,
        "position_size": 2,
        "active": 3,
        "timeframe": 4,
        "order_status": 5,
        "last_updated": 6,
    }


@pytest.mark.parametrize("title", ["Stop Loss", "stop_loss", " STOP-LOSS ", "stop loss?"])
def test_a_column_may_be_written_in_many_ways(title: str) -> None:
    assert Heading.read([*SEED, title]).at["stop_loss"] == 7


def test_columns_may_stand_in_any_order() -> None:
    assert Heading.read(["Notes", *reversed(SEED)]).at["symbol"] == 7


@pytest.mark.parametrize("gone", SEED)
def test_a_sheet_without_one_of_its_columns_is_not_understood(gone: str) -> None:
    with pytest.raises(PlaybookRefused, match=rf"no column {gone} .*sheets init"):
        Heading.read([title for title in SEED if title != gone])


def test_a_column_that_stands_there_twice_is_not_understood() -> None:
    with pytest.raises(PlaybookRefused, match="two columns Timeframe"):
        Heading.read([*SEED, "Timeframe"])


@pytest.mark.parametrize("title", ["stop_los", "SL", "target", "Trailing", "acount", "tp 1"])
def test_a_column_that_may_be_meant_for_one_of_ours_is_strange(title: str) -> None:
    assert Heading.read([*SEED, title]).strange == {title: 7}


@pytest.mark.parametrize("title", ["Notes", "my own", "Sector", "slope", ""])
def test_a_column_of_the_owner_is_left_alone(title: str) -> None:
    assert not Heading.read([*SEED, title]).strange


def test_the_titles_that_init_writes_are_read_as_what_they_stand_for() -> None:
    assert {name_of(title): title for title in TITLES.values()} == TITLES
