"""Which hints of Alpaca's stream are worth a call."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.adapters.brokers.alpaca.answers import Told, read_order
from app.adapters.brokers.alpaca.news import News

WORKING = read_order(
    {
        "id": "B1",
        "client_order_id": "OURS",
        "created_at": "2026-11-20T15:30:00Z",
        "updated_at": "2026-11-20T15:30:01Z",
        "symbol": "AAPL",
        "qty": "10",
        "filled_qty": "0",
        "type": "market",
        "side": "buy",
        "status": "new",
    }
)
FILLED = replace(
    WORKING,
    word="filled",
    filled=Decimal(10),
    changed_at=WORKING.changed_at + timedelta(seconds=1),
)


def test_an_order_that_was_never_read_is_news() -> None:
    assert not News().is_old(WORKING)


def test_what_was_read_so_is_old_and_what_came_before_it_too() -> None:
    news = News()
    news.note(FILLED)

    assert news.is_old(FILLED)
    assert news.is_old(WORKING)


def test_what_changed_since_it_was_read_is_news() -> None:
    news = News()
    news.note(WORKING)

    assert not news.is_old(FILLED)
    assert not news.is_old(replace(WORKING, stop_price=Decimal(90)))


def test_only_so_many_orders_are_remembered() -> None:
    news = News(most=1)
    news.note(WORKING)
    news.note(replace(WORKING, id="B2"))

    assert not news.is_old(WORKING)


def test_what_is_told_of_an_order_that_is_being_placed_is_heard_when_that_is_done() -> None:
    news, heard = News(), list[Told]()

    with news.changing("OURS", heard.extend):
        assert news.hold("OURS", WORKING)
        assert not news.hold("ANOTHER", WORKING)
        assert heard == []

    assert heard == [WORKING]
    assert not news.hold("OURS", WORKING)


def test_what_has_no_name_waits_for_whatever_is_done_first() -> None:
    news, first, second = News(), list[Told](), list[Told]()

    with news.changing("A", second.extend):
        with news.changing("B", first.extend):
            assert news.hold(None, WORKING)
        assert first == [WORKING]
    assert second == []
    assert not news.hold(None, WORKING)


def test_an_order_that_is_changed_twice_at_once_is_heard_of_after_both() -> None:
    news, heard = News(), list[Sequence[Told]]()

    with news.changing("OURS", heard.append):
        with news.changing("OURS", heard.append):
            news.hold("OURS", WORKING)
        assert heard == [[]]

    assert heard == [[], [WORKING]]


def test_what_was_kept_is_heard_though_the_change_failed() -> None:
    news, heard = News(), list[Told]()

    def fail() -> None:
        with news.changing("OURS", heard.extend):
            news.hold("OURS", WORKING)
            raise TimeoutError

    with pytest.raises(TimeoutError):
        fail()
    assert heard == [WORKING]
