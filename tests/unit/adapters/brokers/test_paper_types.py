"""Trailing stops, orders with an end, fees and slippage of a paper account, and that they last."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected, ConfigError
from app.domain.order import Level, LevelKind, OrderStatus, OrderType, Side
from tests.fakes.clock import START
from tests.unit.adapters.brokers.desk import Desk, at_price, intent_of, percent

LIMIT, TRAILING_STOP = OrderType.LIMIT, OrderType.TRAILING_STOP
LIVE, CANCELED, EXPIRED = OrderStatus.LIVE, OrderStatus.CANCELED, OrderStatus.EXPIRED


def trail(value: str, kind: LevelKind = LevelKind.OFFSET) -> Level:
    """A stop that trails so far behind."""
    return Level(kind, Decimal(value), "trailing_stop")


def ends_in(seconds: int) -> dict[str, object]:
    """A bid at 90 with an end, so long after the start of the test's time."""
    return {
        "order_type": LIMIT,
        "limit_price": "90",
        "expires_at": START + timedelta(seconds=seconds),
    }


# Trailing stops.


@pytest.mark.parametrize(
    ("level", "first"),
    [(trail("5"), "95"), (trail("2", LevelKind.PERCENT), "98"), (trail("0.001"), "99.99")],
)
def test_a_trailing_stop_begins_behind_the_fill(desk: Desk, level: Level, first: str) -> None:
    order = desk.buy("A", "10", stop=level, target=percent("20"))

    assert [leg.status for leg in order.legs] == [LIVE, LIVE]
    assert order.legs[0].stop_price == Decimal(first)


def test_a_trailing_stop_follows_the_quotes_and_closes_the_position(desk: Desk) -> None:
    desk.buy("A", "10", stop=trail("5"), target=percent("50"))
    (changed,) = desk.quote("108.5")
    assert changed.legs[0].stop_price == Decimal("103.5")
    assert desk.quote("104") == []

    (changed,) = desk.quote("103")
    assert [leg.status for leg in changed.legs] == [OrderStatus.FILLED, CANCELED]
    assert changed.legs[0].average_price == Decimal(103)
    assert desk.held() == 0


def test_a_trailing_stop_of_a_short_position_follows_down(desk: Desk) -> None:
    desk.sell("A", "10", stop=trail("5"))
    desk.quote("90")

    assert desk.look("SA").stop_price == 95
    desk.quote("96")
    assert desk.held() == 0


def test_a_trailing_stop_remembers_its_best_price_in_the_file_only(desk: Desk) -> None:
    desk.buy("A", "10", stop=trail("5"))
    desk.quote("110")
    desk.broker = desk.another()
    desk.quote("107")
    assert desk.look("SA").stop_price == 105

    desk.broker = desk.another()
    desk.quote("104")
    assert desk.held() == 0


def test_a_trailing_stop_of_a_resting_entry_begins_when_it_fills(desk: Desk) -> None:
    order = desk.buy("A", "10", order_type=LIMIT, limit_price="90", stop=trail("5"))
    assert order.legs[0].stop_price is None
    desk.quote("120")
    desk.quote("89")

    assert desk.look("SA").stop_price == 84


def test_an_entry_can_trail_the_price_down(desk: Desk) -> None:
    order = desk.buy("A", "10", order_type=TRAILING_STOP, trail=Decimal(5), stop=percent("10"))
    assert (order.status, order.stop_price) == (LIVE, Decimal(105))
    desk.quote("92")
    assert desk.look("A").stop_price == 97

    desk.quote("98")
    assert desk.held() == 10
    assert desk.look("SA").stop_price == Decimal("88.2")


def test_an_entry_that_trails_needs_a_quote_and_the_money(desk: Desk) -> None:
    with pytest.raises(BrokerRejected, match="insufficient buying power: 105000 needed"):
        desk.buy("A", "1000", order_type=TRAILING_STOP, trail=Decimal(5))
    with pytest.raises(BrokerRejected) as caught:
        desk.buy("B", "1", order_type=TRAILING_STOP, trail=Decimal(5), symbol="MSFT")
    assert caught.value.reason == "NO_QUOTE"


def test_a_trail_that_no_price_can_have_is_refused_or_leaves_the_leg_out(desk: Desk) -> None:
    with pytest.raises(BrokerRejected, match="wrong side"):
        desk.buy("A", "1", stop=trail("100"))
    desk.buy("B", "1", order_type=LIMIT, limit_price="90", stop=trail("60"))
    desk.quote("50")

    assert desk.look("SB").reason == "impossible_price"


def test_a_stop_limit_tells_when_it_was_triggered(desk: Desk) -> None:
    desk.buy("A", "10", stop=at_price("95", "stop_limit", "94"))
    assert desk.look("SA").triggered_at is None
    desk.quote("90")

    assert (desk.look("SA").status, desk.look("SA").triggered_at) == (LIVE, desk.clock.now())
    desk.broker = desk.another()
    desk.quote("94")
    assert desk.held() == 0


# Time in force.


@pytest.mark.parametrize("word", ["ioc", "fok"])
def test_an_order_for_this_moment_fills_or_is_gone(desk: Desk, word: str) -> None:
    more = {"order_type": LIMIT, "time_in_force": word}
    gone = desk.buy("A", "10", limit_price="99", stop=percent("5"), **more)
    assert (gone.status, gone.reason, gone.legs[0].status) == (CANCELED, "not_filled", CANCELED)
    assert desk.quote("98") == []

    assert desk.buy("B", "10", limit_price="98", **more).status is OrderStatus.FILLED


def test_an_order_for_this_moment_needs_a_quote_but_not_the_money_to_rest(desk: Desk) -> None:
    more = {"order_type": LIMIT, "limit_price": "90", "time_in_force": "ioc"}
    assert desk.buy("A", "100000", **more).reason == "not_filled"
    desk.clock.advance(901)

    with pytest.raises(BrokerRejected) as caught:
        desk.buy("B", "1", **more)
    assert caught.value.reason == "NO_QUOTE"


@pytest.mark.parametrize("word", ["opg", "cls", "whenever"])
def test_there_are_no_auctions_on_paper(desk: Desk, word: str) -> None:
    with pytest.raises(BrokerRejected) as caught:
        desk.buy("A", "1", time_in_force=word)

    assert caught.value.reason == "UNSUPPORTED_TIME_IN_FORCE"
    assert word not in desk.broker.capabilities.times_in_force


def test_an_order_ends_when_its_time_is_over_whoever_looks(desk: Desk) -> None:
    order = desk.buy("A", "10", stop=percent("5"), **ends_in(100))
    assert order.expires_at == START + timedelta(seconds=100)
    desk.clock.advance(98)
    assert desk.look("A").status is LIVE
    desk.clock.advance(1)

    assert desk.broker.orders() == []
    found = desk.look("A")
    assert (found.status, found.reason) == (EXPIRED, "expired")
    assert [leg.status for leg in found.legs] == [CANCELED]
    assert desk.broker.cancel("A") == found
    assert desk.quote("80") == []


def test_a_price_of_the_end_or_later_finds_the_order_gone(desk: Desk) -> None:
    desk.buy("A", "10", **ends_in(10))
    desk.clock.advance(8)
    (changed,) = desk.quote("80")

    assert (changed.status, desk.held()) == (EXPIRED, Decimal(0))


def test_a_price_from_before_the_end_still_fills(desk: Desk) -> None:
    desk.buy("A", "10", **ends_in(10))
    late = desk.clock.advance(30)
    (changed,) = desk.broker.take_quote("AAPL", Decimal(80), late - timedelta(seconds=25))

    assert (changed.status, desk.held()) == (OrderStatus.FILLED, Decimal(10))


def test_a_cancel_that_comes_too_late_finds_the_order_expired(desk: Desk) -> None:
    desk.buy("A", "10", **ends_in(10))
    desk.clock.advance(9)
    desk.broker = desk.another()

    order = desk.broker.cancel("A")
    assert order is not None
    assert order.status is EXPIRED


def test_a_filled_order_has_no_end(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"), expires_at=START + timedelta(seconds=10))
    desk.clock.advance(60)

    assert (desk.look("A").status, desk.look("SA").status) == (OrderStatus.FILLED, LIVE)


# What trading costs.


def test_each_fill_pays_its_fee_from_the_cash(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(FEE_PERCENT="0.1")
    desk.quote("100")
    (entry,) = desk.buy("A", "10").fills
    desk.quote("110")
    (done,) = desk.close_out("B", "10").fills

    assert (entry.fee, done.fee) == (Decimal(1), Decimal("1.1"))
    assert desk.broker.balance().cash == 100_000 + 100 - Decimal("2.1")


def test_the_fee_is_part_of_what_an_entry_costs(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(FEE_PERCENT="1", CASH="1010")
    desk.quote("100")
    assert desk.broker.balance().buying_power == 1000
    with pytest.raises(BrokerRejected, match=r"buying power: 1010\.000000101 needed, 1010 left"):
        desk.buy("A", "10.000000001")

    desk.buy("B", "10")
    assert desk.broker.balance().cash == 0


def test_a_position_can_be_closed_without_the_money_for_the_fee(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(FEE_PERCENT="50", CASH="150")
    desk.quote("100")
    desk.sell("A", "1")
    desk.quote("300")
    desk.buy("B", "1", role=intent_of("B", Side.BUY, "1").role)

    assert desk.held() == 0
    assert desk.broker.balance().cash == 150 + 100 - 50 - 300 - 150


@pytest.mark.parametrize(
    ("symbol", "tick"), [("AAPL", "0.01"), ("BTCUSDT", "0.00000001"), ("EURUSD", "0.00001")]
)
def test_what_fills_at_the_market_slips_by_ticks_of_its_class(
    open_desk: Callable[..., Desk], symbol: str, tick: str
) -> None:
    desk = open_desk(SLIPPAGE_TICKS="3")
    desk.quote("100", symbol)
    bought = desk.buy("A", "10", symbol=symbol, stop=percent("5"), target=percent("10"))
    worse = 3 * Decimal(tick)
    assert bought.average_price == 100 + worse

    desk.quote("94", symbol)
    assert desk.look("SA").average_price == 94 - worse


def test_a_limit_does_not_slip_and_the_legs_lie_at_the_average_fill(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(SLIPPAGE_TICKS="100")
    desk.quote("100")
    desk.buy("A", "10", stop=trail("5"), target=percent("10"))
    assert desk.look("SA").stop_price == 96
    assert desk.look("TA").limit_price == Decimal("111.1")
    desk.quote("112")

    assert desk.look("TA").average_price == 112


def test_a_sale_brings_at_least_a_tick(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(SLIPPAGE_TICKS="500")
    desk.quote("4")
    assert desk.sell("A", "1").average_price == Decimal("0.01")


@pytest.mark.parametrize(
    "options",
    [
        {"FEE_PERCENT": "-1"},
        {"FEE_PERCENT": "101"},
        {"FEE_PERCENT": "NaN"},
        {"SLIPPAGE_TICKS": "-1"},
        {"SLIPPAGE_TICKS": "0.5"},
    ],
    ids=str,
)
def test_a_cost_that_cannot_be_is_refused_at_the_start(
    open_desk: Callable[..., Desk], options: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        open_desk(**options)
