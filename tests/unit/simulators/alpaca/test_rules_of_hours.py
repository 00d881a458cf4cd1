"""contracts.md A.3: sessions, extended hours, the auctions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk

EARLY = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)  # 8:00 in New York
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
LATE = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
OPENS = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
LIMIT: dict[str, Any] = {"type": "limit", "limit_price": "195"}
EXTENDED: dict[str, Any] = LIMIT | {"extended_hours": True}


def set_to(clock: FakeClock, at: datetime) -> None:
    clock.jump(at - clock.now())


def test_a_market_order_after_the_close_waits_for_the_open(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    set_to(clock, EVENING)
    placed = desk.order()
    assert (placed["status"], desk.status(placed)) == ("accepted", "accepted")
    alpaca.quote("AAPL", "180")
    set_to(clock, datetime(2026, 11, 23, 14, 30, tzinfo=UTC))
    assert desk.look(placed)["filled_avg_price"] == "180"


def test_an_order_that_waits_for_the_open_can_be_canceled_and_not_replaced(
    clock: FakeClock, desk: Desk
) -> None:
    set_to(clock, EARLY)
    placed = desk.order(**LIMIT)
    assert desk.status(placed) == "accepted"
    path = f"/orders/{placed['id']}"
    with pytest.raises(Exception, match="unable to replace order in status accepted"):
        desk.client.patch(path, {"limit_price": "194"})
    desk.client.cancel_order_by_id(placed["id"])
    assert desk.status(placed) == "canceled"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"extended_hours": True}, "extended hours order must be DAY or GTC limit orders"),
        (
            EXTENDED | {"time_in_force": "ioc"},
            "extended hours order must be DAY or GTC limit orders",
        ),
        (
            {"type": "stop", "stop_price": "195", "extended_hours": True},
            "extended hours order must be DAY or GTC limit orders",
        ),
    ],
)
def test_extended_hours_are_for_limits_only(
    desk: Desk, terms: dict[str, Any], message: str
) -> None:
    told = desk.refusal(**terms)
    assert (told["status"], told["code"], told["message"]) == (422, 42210000, message)


@pytest.mark.parametrize("time_in_force", ["day", "gtc"])
@pytest.mark.parametrize("at", [EARLY, EVENING])
def test_a_limit_for_extended_hours_trades_before_and_after(
    clock: FakeClock, desk: Desk, at: datetime, time_in_force: str
) -> None:
    set_to(clock, at)
    plain = desk.order(**LIMIT, time_in_force=time_in_force)
    extended = desk.order(**EXTENDED, time_in_force=time_in_force)
    assert (desk.status(plain), desk.status(extended)) == ("accepted", "filled")
    set_to(clock, LATE)
    assert desk.status(desk.order(**EXTENDED)) == "accepted"


def test_stops_sleep_outside_regular_hours(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    desk.order()
    stop = desk.order(side="sell", type="stop", stop_price="180", time_in_force="gtc")
    set_to(clock, EVENING)
    alpaca.quote("AAPL", "170")
    assert desk.status(stop) == "new"
    set_to(clock, datetime(2026, 11, 23, 14, 30, tzinfo=UTC))
    alpaca.quote("AAPL", "171")
    assert desk.look(stop)["filled_avg_price"] == "171"


@pytest.mark.parametrize(
    ("time_in_force", "hour", "minute", "refused"),
    [
        ("opg", 9, 27, False),
        ("opg", 9, 28, True),
        ("opg", 18, 59, True),
        ("opg", 19, 0, False),
        ("cls", 15, 49, False),
        ("cls", 15, 50, True),
        ("cls", 18, 59, True),
        ("cls", 19, 0, False),
    ],
)
def test_the_auctions_take_orders_until_just_before_them(
    clock: FakeClock, desk: Desk, time_in_force: str, hour: int, minute: int, refused: bool
) -> None:
    set_to(clock, EARLY.replace(hour=5, minute=0) + timedelta(hours=hour, minutes=minute))
    if refused:
        told = desk.refusal(time_in_force=time_in_force)
        assert (told["status"], told["code"]) == (422, 42210000)
    else:
        assert desk.order(time_in_force=time_in_force)["status"] == "accepted"


def test_an_opening_order_trades_at_the_open(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    set_to(clock, EARLY)
    market = desk.order(time_in_force="opg")
    missed = desk.order(time_in_force="opg", type="limit", limit_price="100")
    set_to(clock, OPENS)
    assert (desk.status(market), desk.status(missed)) == ("filled", "canceled")


def test_a_closing_order_trades_at_the_close(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    market = desk.order(time_in_force="cls")
    missed = desk.order(time_in_force="cls", type="limit", limit_price="100")
    assert desk.status(market) == "accepted"
    alpaca.quote("AAPL", "188")
    clock.advance(timedelta(hours=6))
    assert desk.look(market)["filled_avg_price"] == "188"
    assert desk.status(missed) == "expired"


def test_a_test_may_open_and_close_the_market(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.market(is_open=False)
    placed = desk.order()
    assert (desk.status(placed), desk.client.get_clock()["is_open"]) == ("accepted", False)
    alpaca.market(is_open=True)
    assert desk.status(placed) == "filled"
