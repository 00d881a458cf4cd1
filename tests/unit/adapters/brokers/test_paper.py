"""What only the paper broker promises: its money, its legs, its quotes, its file."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from app.domain.errors import BrokerRejected, BrokerUnavailable, ConfigError
from app.domain.instrument import AssetClass, Ticker
from app.domain.order import BrokerOrder, Leg, OrderRole, OrderStatus, OrderType, Side
from tests.unit.adapters.brokers.desk import Desk, at_price, intent_of, offset, percent

LIMIT, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT


def states(order: BrokerOrder) -> list[str]:
    return [leg.status.value for leg in order.legs]


# Money.


def test_an_account_starts_with_its_cash(open_desk: Callable[..., Desk]) -> None:
    balance = open_desk(CASH="2500.50").broker.balance()

    assert balance.cash == balance.equity == balance.buying_power == Decimal("2500.50")


def test_cash_and_equity_are_exact(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.quote("64123.12345678", "BTCUSDT")
    desk.buy("A", "0.123456789", symbol="BTCUSDT")

    spent = Decimal("7916.43492262463907942")
    assert desk.broker.balance().cash == 100_000 - spent
    assert desk.broker.balance().equity == 100_000


def test_more_digits_than_a_decimal_usually_has_are_exact(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(CASH="999999999999.99")
    desk.quote("12345.678901234567", "BTCUSDT")
    desk.buy("A", "9876543.123456789", symbol="BTCUSDT")

    spent = Fraction("12345.678901234567") * Fraction("9876543.123456789")
    balance = desk.broker.balance()
    assert Fraction(balance.cash) == Fraction("999999999999.99") - spent
    assert balance.equity == Decimal("999999999999.99")
    desk.quote("12345.678901234568", "BTCUSDT")
    gain = Fraction("0.000000000001") * Fraction("9876543.123456789")
    equity = Fraction(desk.broker.balance().equity)
    assert equity == Fraction("999999999999.99") + gain


def test_the_entry_price_is_weighted_when_the_position_grows(desk: Desk) -> None:
    desk.buy("A", "10")
    desk.quote("103")
    desk.buy("B", "20")
    desk.quote("110")
    desk.close_out("C", "5")

    position = desk.broker.position("AAPL")
    assert position is not None
    assert (position.quantity, position.entry_price) == (Decimal(25), Decimal(102))


def test_an_order_that_cannot_be_paid_is_rejected(desk: Desk) -> None:
    with pytest.raises(BrokerRejected, match="insufficient buying power: 100001 needed"):
        desk.buy("A", "1000.01")

    assert desk.broker.find("A") is None
    desk.buy("B", "1000")
    assert desk.broker.balance().buying_power == 0


def test_a_short_position_uses_buying_power_as_well(desk: Desk) -> None:
    desk.sell("A", "600")

    assert desk.broker.balance().cash == 160_000
    assert desk.broker.balance().buying_power == 40_000
    with pytest.raises(BrokerRejected, match="insufficient buying power"):
        desk.sell("B", "401")


def test_buying_power_is_never_negative_and_reductions_are_always_allowed(desk: Desk) -> None:
    desk.sell("A", "1000")
    desk.quote("180")

    assert desk.broker.balance().equity == 20_000
    assert desk.broker.balance().buying_power == 0
    desk.buy("B", "400")
    desk.buy("C", "600", role=OrderRole.EXIT)
    assert desk.broker.balance().cash == 20_000


def test_buying_power_counts_the_positions_in_other_instruments(desk: Desk) -> None:
    desk.quote("50", "MSFT")
    desk.buy("A", "1900", symbol="MSFT")

    with pytest.raises(BrokerRejected, match="insufficient buying power: 5100 needed, 5000 left"):
        desk.buy("B", "51")
    desk.buy("C", "50")


def test_a_resting_order_must_be_payable_when_it_comes(desk: Desk) -> None:
    with pytest.raises(BrokerRejected, match="insufficient buying power"):
        desk.buy("A", "1200", order_type=LIMIT, limit_price="90")


def test_a_resting_entry_that_cannot_be_paid_at_its_price_is_canceled(desk: Desk) -> None:
    desk.buy("A", "1000", order_type=LIMIT, limit_price="90", stop=percent("5"))
    desk.buy("B", "500")
    (changed,) = desk.quote("90")

    assert (changed.status, changed.reason) == (OrderStatus.CANCELED, "insufficient_buying_power")
    assert states(changed) == ["canceled"]
    assert desk.held() == 500


def test_a_resting_entry_is_paid_for_at_the_prices_of_its_moment(desk: Desk) -> None:
    desk.sell("A", "400")
    desk.sell("B", "400", order_type=LIMIT, limit_price="120")
    assert desk.broker.balance().buying_power == 60_000

    (changed,) = desk.quote("120")
    assert changed.reason == "insufficient_buying_power"
    assert desk.broker.balance().buying_power == 44_000


def test_what_can_be_paid_is_filled_beside_what_cannot(desk: Desk) -> None:
    for order_id, quantity in (("A", "600"), ("B", "600"), ("C", "300")):
        desk.buy(order_id, quantity, order_type=LIMIT, limit_price="90")
    desk.quote("90")

    ends = [desk.look(order_id).status.value for order_id in "ABC"]
    assert ends == ["filled", "canceled", "filled"]
    assert desk.broker.balance().cash == 100_000 - 900 * 90


def test_an_order_never_flips_a_position(desk: Desk) -> None:
    desk.buy("A", "10")
    with pytest.raises(BrokerRejected, match="flip the position of 10"):
        desk.sell("B", "25")

    desk.sell("C", "25", order_type=LIMIT, limit_price="105")
    (changed,) = desk.quote("105")
    assert (changed.status, changed.reason) == (OrderStatus.CANCELED, "would_flip")


# Legs.


def test_legs_follow_the_fill_on_the_grid_of_the_asset_class(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk()
    desk.broker.instrument(Ticker.parse("BYBIT:1000PEPEUSDT.P"))
    desk.quote("0.01234567", "1000PEPEUSDT.P")
    order = desk.buy(
        "A", "1000", symbol="1000PEPEUSDT.P", stop=percent("2"), target=offset("0.001")
    )

    stop, target = order.legs
    assert stop.stop_price == Decimal("0.01209875")
    assert target.limit_price == Decimal("0.01334567")


def test_legs_are_priced_from_the_fill_and_not_from_the_limit(desk: Desk) -> None:
    desk.buy("A", "10", order_type=LIMIT, limit_price="95", stop=percent("10"))
    desk.quote("90")

    assert desk.look("SA").stop_price == Decimal(81)


def test_a_stop_limit_leg_becomes_a_limit_when_its_stop_is_reached(desk: Desk) -> None:
    desk.buy("A", "10", stop=at_price("95", "stop_limit", "94.5"))
    desk.quote("94")
    assert desk.look("SA").status is OrderStatus.LIVE

    desk.quote("94.6")
    assert desk.look("SA").average_price == Decimal("94.6")


def test_a_leg_shrinks_with_the_position_in_the_transaction_of_the_exit(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"), target=percent("5"))
    desk.close_out("B", "7.5")

    assert [leg.quantity for leg in desk.look("A").legs] == [Decimal("2.5"), Decimal("2.5")]


def test_an_exit_is_taken_from_the_legs_of_the_oldest_entry(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"), target=percent("5"))
    desk.buy("B", "5", stop=percent("5"), target=percent("5"))
    desk.broker = desk.another()
    desk.close_out("C", "8")

    assert [leg.quantity for leg in desk.look("A").legs] == [2, 2]
    assert [leg.quantity for leg in desk.look("B").legs] == [5, 5]
    desk.close_out("D", "2.5")
    assert states(desk.look("A")) == ["canceled", "canceled"]
    assert [leg.quantity for leg in desk.look("B").legs] == [Decimal("4.5"), Decimal("4.5")]


def test_a_resting_exit_leaves_the_legs_as_they_are_until_it_fills(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"))
    desk.buy("B", "5", stop=percent("5"))
    desk.close_out("C", "8", order_type=LIMIT, limit_price="110")
    assert [desk.look(stop).quantity for stop in ("SA", "SB")] == [10, 5]

    told = desk.quote("110")
    assert [order.client_order_id for order in told] == ["C", "A"]
    assert [desk.look(stop).quantity for stop in ("SA", "SB")] == [2, 5]


def test_a_changed_leg_is_told_with_its_entry(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"), target=percent("5"))
    (changed,) = desk.quote("94")

    assert changed.client_order_id == "A"
    stop, target = changed.legs
    assert (stop.status, stop.fills[0].price) == (OrderStatus.FILLED, Decimal(94))
    assert (target.status, target.reason) == (OrderStatus.CANCELED, "sibling_filled")
    assert stop.fills[0].fill_id == "SA-1"


def test_an_exit_that_rests_shrinks_as_well(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"))
    desk.close_out("B", "8", order_type=LIMIT, limit_price="110")
    desk.close_out("C", "10")

    assert (desk.look("B").status, desk.look("B").reason) == (
        OrderStatus.CANCELED,
        "position_closed",
    )


def test_levels_on_the_wrong_side_are_rejected(desk: Desk) -> None:
    with pytest.raises(BrokerRejected) as caught:
        desk.buy("A", "10", stop=at_price("101"))

    assert caught.value.reason == "IMPLAUSIBLE_STOP"
    assert desk.held() == 0


def test_a_leg_that_cannot_exist_at_the_fill_is_canceled_and_told(desk: Desk) -> None:
    desk.buy("A", "10", order_type=LIMIT, limit_price="90", stop=offset("80"))
    (changed,) = desk.quote("70")

    assert changed.status is OrderStatus.FILLED
    assert [leg.reason for leg in changed.legs] == ["impossible_price"]


def test_a_leg_canceled_before_its_entry_fills_is_not_armed(desk: Desk) -> None:
    desk.buy("A", "10", order_type=LIMIT, limit_price="90", stop=percent("5"), target=percent("5"))
    desk.broker.cancel("TA")
    desk.quote("90")

    assert states(desk.look("A")) == ["live", "canceled"]


def test_an_armed_leg_waits_for_the_next_price(desk: Desk) -> None:
    desk.buy("A", "10", order_type=STOP, stop_price="105", target=at_price("106"))
    desk.quote("107")
    assert states(desk.look("A")) == ["live"]

    desk.quote("107.5")
    assert desk.look("TA").average_price == Decimal("107.5")


# Quotes.


def test_a_market_order_without_a_quote_is_rejected(desk: Desk) -> None:
    with pytest.raises(BrokerRejected, match="no quote of MSFT is known") as caught:
        desk.buy("A", "1", symbol="MSFT")

    assert caught.value.reason == "NO_QUOTE"


def test_a_quote_too_old_is_none_and_its_age_is_named(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(MAX_QUOTE_AGE="60")
    desk.quote("100")
    desk.clock.advance(60)
    assert desk.broker.quote("AAPL") is not None

    desk.clock.advance(1)
    assert desk.broker.quote("AAPL") is None
    with pytest.raises(BrokerRejected, match="61 s old; at most 60 s") as caught:
        desk.buy("A", "1")
    assert caught.value.reason == "NO_QUOTE"


def test_a_quote_knows_the_one_before_it_while_that_is_fresh(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(MAX_QUOTE_AGE="60")
    for price, before in (("100", None), ("101", "100"), ("102", "101")):
        desk.quote(price)
        desk.broker.take_quote("AAPL", Decimal(price), desk.clock.now())  # again: no news
        newest = desk.broker.quote("AAPL")
        assert newest is not None
        assert newest.price == Decimal(price)
        assert (newest.before.price if newest.before else None) == (before and Decimal(before))
    desk.clock.advance(60)
    newest = desk.broker.quote("AAPL")
    assert newest is not None
    assert newest.before is None


def test_a_limit_rests_when_the_quote_is_too_old(desk: Desk) -> None:
    desk.clock.advance(timedelta(hours=1))

    assert desk.buy("A", "1", order_type=LIMIT, limit_price="120").status is OrderStatus.LIVE
    desk.quote("110")
    assert desk.look("A").average_price == Decimal(110)


def test_a_marketable_limit_fills_at_once_at_the_quote(desk: Desk) -> None:
    order = desk.buy("A", "1", order_type=LIMIT, limit_price="120")

    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal(100))


def test_an_older_quote_is_ignored(desk: Desk) -> None:
    newest = desk.clock.now()
    desk.buy("A", "1", order_type=LIMIT, limit_price="90")

    assert desk.broker.take_quote("AAPL", Decimal(80), newest - timedelta(seconds=1)) == ()
    assert desk.held() == 0
    assert len(desk.broker.take_quote("AAPL", Decimal(80), newest)) == 1


def test_the_same_quote_twice_is_one_quote(desk: Desk) -> None:
    desk.buy("A", "1", order_type=STOP, stop_price="105", target=at_price("106"))
    at = desk.clock.advance(1)
    desk.broker.take_quote("AAPL", Decimal(107), at)

    assert desk.broker.take_quote("AAPL", Decimal(107), at) == ()
    assert states(desk.look("A")) == ["live"]


def test_a_quote_of_the_future_is_one_of_now(desk: Desk) -> None:
    desk.broker.take_quote("AAPL", Decimal(101), desk.clock.now() + timedelta(days=1))
    desk.quote("102")

    quote = desk.broker.quote("AAPL")
    assert quote is not None
    assert (quote.price, quote.at) == (Decimal(102), desk.clock.now())


@pytest.mark.parametrize("price", ["0", "-5", "NaN", "Infinity", "1E+15", "1E-13"])
def test_what_cannot_be_a_price_is_ignored(desk: Desk, price: str) -> None:
    desk.quote(price)

    quote = desk.broker.quote("AAPL")
    assert quote is not None
    assert quote.price == 100


def test_a_quote_works_on_its_own_instrument_only(desk: Desk) -> None:
    desk.buy("A", "1", order_type=LIMIT, limit_price="90")

    assert desk.quote("80", "MSFT") == []
    assert desk.look("A").status is OrderStatus.LIVE


# Orders.


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"order_type": LIMIT}, "wrong prices"),
        ({"limit_price": "90"}, "wrong prices"),
        ({"order_type": LIMIT, "limit_price": "0"}, "positive"),
        ({"order_type": LIMIT, "limit_price": "NaN"}, "positive"),
        ({"order_type": LIMIT, "limit_price": "1.0000000000001"}, "not a multiple"),
        ({"order_type": OrderType.TRAILING_STOP, "stop_price": "90"}, "wrong prices"),
        ({"stop": at_price("90", "trailing_stop")}, "no trailing stops at a price"),
        ({"time_in_force": "opg"}, "no opg orders"),
    ],
    ids=str,
)
def test_an_order_that_cannot_be_is_rejected(
    desk: Desk, more: dict[str, object], match: str
) -> None:
    with pytest.raises(BrokerRejected, match=match):
        desk.buy("A", "1", **more)

    assert desk.broker.find("A") is None


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0000000001", "1E+15", "NaN"])
def test_a_quantity_that_cannot_be_is_rejected(desk: Desk, quantity: str) -> None:
    with pytest.raises(BrokerRejected):
        desk.buy("A", quantity)


def test_an_id_names_one_order_for_ever_legs_included(desk: Desk) -> None:
    desk.buy("A", "1", stop=percent("5"))

    assert desk.buy("SA", "5").side is Side.SELL
    with pytest.raises(BrokerRejected, match="used before"):
        desk.broker.submit(
            replace(intent_of("B", Side.BUY, "1"), stop_loss=Leg("SA", percent("5")))
        )


def test_an_entry_may_reduce(desk: Desk) -> None:
    desk.buy("A", "10", stop=percent("5"))
    desk.sell("B", "4", stop=percent("5"))

    assert desk.held() == 6
    assert desk.look("SA").quantity == 6
    assert states(desk.look("B")) == ["canceled"]


def test_a_stop_limit_entry_remembers_that_its_stop_was_reached(desk: Desk) -> None:
    desk.buy("A", "1", order_type=STOP_LIMIT, stop_price="105", limit_price="104")
    desk.quote("106")
    assert desk.look("A").status is OrderStatus.LIVE

    desk.quote("103")
    assert desk.look("A").average_price == Decimal(103)


def test_the_older_of_two_exits_wins(desk: Desk) -> None:
    desk.buy("A", "10", target=at_price("105"))
    desk.close_out("B", "10", order_type=LIMIT, limit_price="105")
    desk.quote("105")

    assert desk.look("TA").status is OrderStatus.FILLED
    assert desk.look("B").reason == "position_closed"


def test_a_leg_is_as_old_as_the_fill_of_its_entry(desk: Desk) -> None:
    desk.buy("A", "10")
    desk.buy("B", "10", order_type=LIMIT, limit_price="95", target=at_price("105"))
    desk.close_out("C", "10", order_type=LIMIT, limit_price="105")
    desk.quote("95")
    desk.close_out("D", "10")
    desk.quote("105")

    assert desk.look("C").status is OrderStatus.FILLED
    assert desk.look("TB").reason == "position_closed"


# Instruments.


@pytest.mark.parametrize(
    ("name", "asset_class", "tick"),
    [
        ("NASDAQ:AAPL", AssetClass.EQUITY, "0.01"),
        ("OANDA:EURUSD", AssetClass.FOREX, "0.00001"),
        ("BINANCE:BTC/USDT", AssetClass.CRYPTO, "0.00000001"),
        ("CME:ES1!", AssetClass.FUTURE, "0.01"),
    ],
)
def test_any_name_is_an_instrument(
    desk: Desk, name: str, asset_class: AssetClass, tick: str
) -> None:
    ticker = Ticker.parse(name)
    instrument = desk.broker.instrument(ticker)

    assert instrument is not None
    assert (instrument.symbol, instrument.key) == (ticker.name, ticker.key)
    assert (instrument.asset_class, instrument.tick) == (asset_class, Decimal(tick))
    assert instrument.step == Decimal("0.000000001")
    assert desk.broker.instrument(ticker) == instrument


def test_a_position_that_a_quote_opens_has_the_name_of_its_order(desk: Desk) -> None:
    desk.buy("A", "1", symbol="FOO/USD", order_type=LIMIT, limit_price="50", stop=percent("1.5"))
    desk.quote("0.123", "FOOUSD")

    (position,) = desk.broker.positions()
    assert (position.symbol, position.instrument) == ("FOO/USD", "FOOUSD")
    assert desk.look("SA").stop_price == Decimal("0.121155")


def test_an_instrument_is_written_down_once(desk: Desk) -> None:
    desk.broker.instrument(Ticker("NASDAQ", "MSFT"))
    desk.statements.clear()
    desk.broker.instrument(Ticker("NASDAQ", "MSFT"))

    assert desk.statements == ["desk"]


# The file.


def test_a_market_bracket_takes_few_statements(desk: Desk) -> None:
    desk.statements.clear()
    desk.buy("A", "1", stop=percent("5"), target=percent("5"))

    assert desk.statements == [
        *("known_ids", "desk", "open_orders", "holdings"),
        *("put_order", "put_order", "put_order", "add_fill", "put_cash", "put_position"),
        *("order_tree", "commit", "committed"),
    ]


def test_a_database_that_is_locked_is_unavailable(desk: Desk) -> None:
    with desk.another_database().transaction(), pytest.raises(BrokerUnavailable):
        desk.buy("A", "1")

    assert desk.buy("A", "1").status is OrderStatus.FILLED


def test_accounts_do_not_see_each_other(desk: Desk) -> None:
    other = desk.another("other")
    desk.buy("A", "1")

    assert other.find("A") is None
    assert other.quote("AAPL") is None
    assert other.balance().cash == 100_000


def test_several_threads_and_connections_share_one_account(desk: Desk) -> None:
    brokers = [desk.broker, desk.another()]

    def trade(number: int) -> None:
        for each in range(20):
            # Both connections send every id: half of them are repeats.
            brokers[number % 2].submit(intent_of(f"O{number // 2}-{each}", Side.BUY, "1"))

    threads = [threading.Thread(target=trade, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.held() == 40
    assert desk.broker.balance().cash == 100_000 - 40 * 100


# Options.


@pytest.mark.parametrize(
    "options", [{"CASH": "much"}, {"CASH": "-1"}, {"CASH": "NaN"}, {"MAX_QUOTE_AGE": "0"}], ids=str
)
def test_an_option_that_cannot_be_used_stops_the_start(
    open_desk: Callable[..., Desk], options: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=f"account paper: {next(iter(options))}"):
        open_desk(**options)


def test_unknown_and_empty_options_are_ignored(open_desk: Callable[..., Desk]) -> None:
    assert open_desk(CASH=" ", COLOR="blue").broker.balance().cash == 100_000
