"""What only Alpaca has: its faults, its fills one by one, its stream, its symbols."""

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from app.adapters.brokers import patience
from app.domain.contract import OptionType, Wish
from app.domain.decision import Denied
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import (
    BrokerOrder,
    Leg,
    Level,
    LevelKind,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.rejection import Rejection
from tests.contracts.alpaca import AlpacaVenue, WrittenDown
from tests.fakes.clock import FakeClock

D = Decimal
BUY = OrderIntent(
    client_order_id="ENTRY00000000000000000000A",
    account="alpaca",
    symbol="AAPL",
    instrument="AAPL",
    side=Side.BUY,
    quantity=D(10),
    role=OrderRole.ENTRY,
)
STOP = Leg("STOP000000000000000000000A", Level(LevelKind.PERCENT, D(5)))
TARGET = Leg("TARGET0000000000000000000A", Level(LevelKind.PERCENT, D(10)))
PATIENCE = 20.0
"""Seconds that a busy machine is given; nothing waits so long."""


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[AlpacaVenue]:
    venue = AlpacaVenue(tmp_path, FakeClock())
    venue.trade_at(D(100))
    yield venue
    venue.close()


@pytest.fixture
def broker(venue: AlpacaVenue) -> Iterator[WrittenDown]:
    broker = venue.open_alpaca()
    broker.instrument(venue.ticker)  # the list of assets is read when the server starts
    yield broker
    broker.close()


def sell(quantity: Decimal | int = 10, **changes: Any) -> OrderIntent:
    """An exit."""
    changes.setdefault("client_order_id", "EXIT000000000000000000000A")
    return replace(BUY, side=Side.SELL, quantity=D(quantity), role=OrderRole.EXIT, **changes)


def asked(venue: AlpacaVenue, method: str = "", since: int = 0) -> list[str]:
    """The requests that arrived, as method and path."""
    requests = venue.simulator.state.requests[since:]
    return [f"{each.method} {each.path}" for each in requests if each.method.startswith(method)]


def look(broker: WrittenDown, client_order_id: str) -> BrokerOrder:
    found = broker.find(client_order_id)
    assert found is not None
    return found


# ------------------------------------------------------------------------------ outcomes

FAULTS = {
    "lost": (OutcomeUnknown, True),
    "dropped": (OutcomeUnknown, False),
    "cut": (OutcomeUnknown, True),
    "error": (OutcomeUnknown, False),
    "gateway": (OutcomeUnknown, False),
    "html": (OutcomeUnknown, False),
    "too_many": (BrokerUnavailable, False),
}


@pytest.mark.parametrize(("kind", "error", "placed"), [(k, *v) for k, v in FAULTS.items()])
def test_a_fault_tells_whether_the_order_may_be_there_and_nothing_is_sent_twice(
    venue: AlpacaVenue,
    broker: WrittenDown,
    kind: str,
    error: type[BrokerError],
    placed: bool,
) -> None:
    venue.simulator.fault(kind, "POST /v2/orders")
    with pytest.raises(BrokerError) as caught:
        broker.submit(BUY)

    assert type(caught.value) is error
    assert asked(venue, "POST") == ["POST /v2/orders"]
    venue.clock.advance(60)
    assert (broker.find(BUY.client_order_id) is not None) == placed


def test_an_order_that_may_be_there_is_sent_again_and_is_still_one(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.simulator.fault("lost", "POST /v2/orders")
    with pytest.raises(OutcomeUnknown):
        broker.submit(BUY)

    again = broker.submit(BUY)
    assert (again.status, again.filled_quantity) == (OrderStatus.FILLED, D(10))
    position = broker.position("AAPL")
    assert position is not None
    assert position.quantity == D(10)


def test_an_order_that_shows_late_is_not_lost(venue: AlpacaVenue, broker: WrittenDown) -> None:
    venue.simulator.fault("late", "POST /v2/orders", seconds=2)
    broker.submit(BUY)
    assert broker.find(BUY.client_order_id) is None
    with pytest.raises(OutcomeUnknown):
        broker.submit(BUY)

    venue.clock.advance(3)
    assert look(broker, BUY.client_order_id).status is OrderStatus.FILLED


def test_who_cannot_connect_has_sent_nothing(venue: AlpacaVenue, broker: WrittenDown) -> None:
    with venue.simulator.away(), pytest.raises(BrokerUnavailable):
        broker.submit(BUY)
    assert broker.find(BUY.client_order_id) is None


def test_who_waits_too_long_does_not_know(
    venue: AlpacaVenue, broker: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "READ_SECONDS", 0.05)
    venue.simulator.fault("slow", "POST /v2/orders", seconds=0.5)
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        broker.submit(BUY)


READS: dict[str, Callable[[WrittenDown], object]] = {
    "find": lambda broker: broker.find("ENTRY00000000000000000000A"),
    "orders": lambda broker: broker.orders(),
    "position": lambda broker: broker.position("AAPL"),
    "positions": lambda broker: broker.positions(),
    "balance": lambda broker: broker.balance(),
    "quote": lambda broker: broker.quote("AAPL"),
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_that_fails_in_any_way_is_an_error(
    venue: AlpacaVenue, broker: WrittenDown, kind: str, read: Callable[[WrittenDown], object]
) -> None:
    venue.clock.advance(1)  # no quote is remembered
    venue.simulator.fault(kind, "GET *", times=None)
    with pytest.raises(BrokerUnavailable):
        read(broker)


def test_wrong_keys_are_a_matter_of_logging_in(venue: AlpacaVenue, broker: WrittenDown) -> None:
    venue.simulator.owner().secret = "another"
    for call in (broker.balance, broker.troubles, lambda: broker.submit(BUY)):
        with pytest.raises(BrokerLoginNeeded, match=r"forbidden\."):
            call()


def test_after_too_many_calls_there_is_none_until_the_reset(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.simulator.rules(rate_limit=1)
    broker.balance()
    with pytest.raises(BrokerUnavailable, match="too many requests"):
        broker.balance()
    count = len(asked(venue))
    with pytest.raises(BrokerUnavailable, match="none for another"):
        broker.submit(BUY)
    assert len(asked(venue)) == count

    venue.clock.advance(60)
    assert broker.balance().cash == D(100_000)


def test_what_is_blocked_is_named(venue: AlpacaVenue, broker: WrittenDown) -> None:
    venue.simulator.account(trading_blocked=True)
    assert list(broker.troubles()) == ["trading blocked"]


# ------------------------------------------------------------------------------ refusals

Prepare: TypeAlias = Callable[[AlpacaVenue, WrittenDown], object]


def nothing(_venue: AlpacaVenue, _broker: WrittenDown) -> None:
    """The account as it is."""


def protected(_venue: AlpacaVenue, broker: WrittenDown) -> None:
    broker.submit(replace(BUY, client_order_id="BRACKET", stop_loss=STOP, take_profit=TARGET))


def resting(side: str, price: int) -> Prepare:
    def place(venue: AlpacaVenue, _broker: WrittenDown) -> None:
        venue.simulator.place(
            {"symbol": "AAPL", "qty": "1", "side": side, "type": "limit", "limit_price": price}
            | {"time_in_force": "gtc"}
        )

    return place


def account(**flags: Any) -> Prepare:
    return lambda venue, _: venue.simulator.account(**flags)


def asset(**facts: Any) -> Prepare:
    return lambda venue, _: venue.simulator.add_asset("AAPL", 100, **facts)


def late_in_the_day(venue: AlpacaVenue, _broker: WrittenDown) -> None:
    venue.clock.advance(5.4 * 3600)


REFUSED: dict[str, tuple[Prepare, OrderIntent, Rejection]] = {
    "too dear": (nothing, replace(BUY, quantity=D(9000)), Rejection.INSUFFICIENT_BUYING_POWER),
    "held by its legs": (protected, sell(), Rejection.QUANTITY_HELD),
    "nothing to close": (nothing, sell(), Rejection.NO_POSITION),
    "washed": (resting("sell", 120), BUY, Rejection.OPPOSITE_ORDER),
    "not to be borrowed": (
        asset(shortable=False),
        replace(BUY, side=Side.SELL),
        Rejection.NOT_SHORTABLE,
    ),
    "an account that does not short": (
        account(shorting_enabled=False),
        replace(BUY, side=Side.SELL),
        Rejection.NOT_SHORTABLE,
    ),
    "half a share short": (
        nothing,
        replace(BUY, side=Side.SELL, quantity=D("0.5")),
        Rejection.FRACTION_REFUSED,
    ),
    "half of what is whole": (
        asset(fractionable=False),
        replace(BUY, quantity=D("0.5")),
        Rejection.FRACTION_REFUSED,
    ),
    "half a bracket": (
        nothing,
        replace(BUY, quantity=D("0.5"), stop_loss=STOP),
        Rejection.FRACTION_REFUSED,
    ),
    "a stop above the price": (
        nothing,
        replace(BUY, stop_loss=Leg("S", Level(LevelKind.PRICE, D(101)))),
        Rejection.INVALID_PRICE,
    ),
    "a bracket for this moment": (
        nothing,
        replace(BUY, stop_loss=STOP, time_in_force="ioc"),
        Rejection.UNSUPPORTED_ORDER,
    ),
    "at the close, too late": (
        late_in_the_day,
        replace(BUY, time_in_force="cls"),
        Rejection.MARKET_CLOSED,
    ),
    "at the market, after hours": (
        late_in_the_day,
        replace(BUY, extended_hours=True),
        Rejection.MARKET_CLOSED,
    ),
    "suspended by its owner": (
        account(trade_suspended_by_user=True),
        BUY,
        Rejection.ACCOUNT_RESTRICTED,
    ),
    "blocked": (account(trading_blocked=True), BUY, Rejection.ACCOUNT_RESTRICTED),
    "no crypto": (
        account(crypto_status="INACTIVE"),
        replace(BUY, symbol="BTC/USD", instrument="BTCUSD", quantity=D("0.1")),
        Rejection.ACCOUNT_RESTRICTED,
    ),
    "delisted": (asset(active=False), BUY, Rejection.NOT_TRADABLE),
    "unknown": (nothing, replace(BUY, instrument="NOSUCH"), Rejection.NOT_TRADABLE),
}


@pytest.mark.parametrize(("prepare", "intent", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_has_its_own_reason_and_places_nothing(
    venue: AlpacaVenue,
    broker: WrittenDown,
    prepare: Prepare,
    intent: OrderIntent,
    reason: Rejection,
) -> None:
    prepare(venue, broker)
    with pytest.raises(BrokerRejected) as caught:
        broker.submit(intent)

    assert caught.value.reason == reason
    assert broker.find(intent.client_order_id) is None


# ------------------------------------------------------------------------------ calls and fills


def test_a_market_order_takes_one_post_and_at_most_two_gets(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    before = len(asked(venue))
    broker.submit(BUY)
    assert look(broker, BUY.client_order_id).status is OrderStatus.FILLED

    calls = asked(venue, since=before)
    assert calls[0] == "POST /v2/orders"
    assert [call.split()[0] for call in calls] == ["POST", "GET", "GET"]


def test_what_the_stream_told_saves_the_call_for_the_fills(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    heard = watching(broker)
    broker.submit(BUY)
    while look(broker, BUY.client_order_id).status is not OrderStatus.FILLED:
        heard.get(timeout=PATIENCE)
    before = len(asked(venue))
    look(broker, BUY.client_order_id)

    assert not [call for call in asked(venue, since=before) if "activities" in call]


def test_the_price_of_a_market_is_asked_for_once_an_alert(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.clock.advance(1)
    before = len(asked(venue))
    broker.instrument(venue.ticker)
    broker.quote("AAPL")
    broker.submit(replace(BUY, stop_loss=STOP))

    assert len([call for call in asked(venue, since=before) if "quotes" in call]) == 1


def fill_in_parts(venue: AlpacaVenue, broker: WrittenDown) -> None:
    """An order that is filled with 4 at 100 and with 6 at 101."""
    venue.simulator.hold("AAPL")
    broker.submit(BUY)
    venue.simulator.fill(BUY.client_order_id, qty=4, price=100)
    venue.simulator.fill(BUY.client_order_id, price=101)


def in_parts(venue: AlpacaVenue, broker: WrittenDown) -> str:
    """The same, and its name at Alpaca."""
    fill_in_parts(venue, broker)
    return look(broker, BUY.client_order_id).broker_order_id


def test_each_fill_has_its_own_price_and_an_id_that_says_how_much_was_filled_by_then(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    order_id = in_parts(venue, broker)

    order = look(broker, BUY.client_order_id)
    assert order.average_price == D("100.6")
    assert [(fill.fill_id, fill.quantity, fill.price) for fill in order.fills] == [
        (f"{order_id}:4", D(4), D(100)),
        (f"{order_id}:10", D(6), D(101)),
    ]


def test_the_stream_and_the_activities_tell_of_the_same_fills(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    heard = watching(broker)
    venue.simulator.fault("error", "GET /v2/account/activities/*", times=None)
    fill_in_parts(venue, broker)
    by_stream = None
    while by_stream is None:
        heard.get(timeout=PATIENCE)
        with suppress(BrokerUnavailable):  # not all of it was told yet
            by_stream = broker.find(BUY.client_order_id)

    venue.simulator.clear_faults()
    assert look(venue.open_alpaca(), BUY.client_order_id) == by_stream


def test_fills_are_found_behind_pages_of_others(venue: AlpacaVenue, broker: WrittenDown) -> None:
    resting = replace(BUY, order_type=OrderType.LIMIT, limit_price=D(90))
    broker.submit(resting)
    venue.simulator.fill(resting.client_order_id, qty=4, price=90)
    for _ in range(130):
        venue.simulator.trade("MSFT", "buy", 1)
    venue.simulator.fill(resting.client_order_id, price=89)

    order = look(venue.open_alpaca(), resting.client_order_id)
    assert (order.status, [fill.price for fill in order.fills]) == (
        OrderStatus.FILLED,
        [D(90), D(89)],
    )


def test_an_order_is_not_over_before_its_fills_are_told_of(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    broker.submit(BUY)
    activities = venue.simulator.owner().activities
    late = list(activities)
    activities.clear()
    order = look(broker, BUY.client_order_id)
    assert (order.status, order.filled_quantity) == (OrderStatus.LIVE, D(0))

    activities.extend(late)
    order = look(broker, BUY.client_order_id)
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, D(10))


def test_a_moved_order_keeps_its_id_and_what_it_was_filled_with(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    resting = replace(BUY, order_type=OrderType.LIMIT, limit_price=D(90))
    order_id = broker.submit(resting).broker_order_id
    venue.simulator.fill(resting.client_order_id, qty=4, price=90)
    broker.reprice(resting.client_order_id, D(101))
    order = look(venue.open_alpaca(), resting.client_order_id)

    assert (order.status, order.broker_order_id) == (OrderStatus.FILLED, order_id)
    assert [(fill.quantity, fill.price) for fill in order.fills] == [(D(4), D(90)), (D(6), D(100))]


def test_the_seeds_order_is_one_by_its_worth(venue: AlpacaVenue, broker: WrittenDown) -> None:
    venue.trade_at(D(190))
    venue.simulator.hold("AAPL")
    intent = replace(BUY, quantity=D("26.31"), notional=D(5000))
    resting = broker.submit(intent)
    assert (resting.status, resting.quantity) == (OrderStatus.LIVE, D("26.31"))

    venue.simulator.release("AAPL")
    order = look(venue.open_alpaca(), intent.client_order_id)
    assert (order.status, order.quantity) == (OrderStatus.FILLED, order.filled_quantity)
    assert D("4999.99") < order.filled_quantity * D(190) <= D(5000)


def test_an_exit_is_no_larger_than_the_position(venue: AlpacaVenue, broker: WrittenDown) -> None:
    broker.submit(BUY)
    order = broker.submit(sell(25))

    assert order.quantity == D(10)
    assert look(broker, order.client_order_id).status is OrderStatus.FILLED
    assert broker.position("AAPL") is None


def test_what_waits_to_be_canceled_still_works(venue: AlpacaVenue, broker: WrittenDown) -> None:
    resting = replace(BUY, order_type=OrderType.LIMIT, limit_price=D(90))
    broker.submit(resting)
    venue.simulator.rules(holds_cancels=True)
    order = broker.cancel(resting.client_order_id)
    assert order is not None
    assert order.status is OrderStatus.LIVE

    venue.simulator.let_cancels_through()
    assert look(broker, resting.client_order_id).status is OrderStatus.CANCELED


def test_an_order_ends_when_its_alert_said_so(venue: AlpacaVenue, broker: WrittenDown) -> None:
    end = venue.clock.now() + timedelta(minutes=5)
    resting = replace(BUY, order_type=OrderType.LIMIT, limit_price=D(90), expires_at=end)
    broker.submit(resting)
    venue.clock.advance(299)
    assert look(broker, resting.client_order_id).status is OrderStatus.LIVE

    venue.clock.advance(1)
    order = look(broker, resting.client_order_id)
    assert (order.status, order.reason) == (OrderStatus.EXPIRED, "expired")
    assert not list(broker.orders())


def test_what_others_placed_is_listed_under_the_name_that_alpaca_has_for_it(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    resting("buy", 90)(venue, broker)
    order = next(iter(venue.simulator.owner().orders.values()))

    (found,) = broker.orders()
    assert (found.client_order_id, found.broker_order_id) == (order.client_order_id, order.id)


def test_the_list_tells_how_far_an_order_is_filled_and_a_moved_one_by_our_name(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    resting = replace(BUY, order_type=OrderType.LIMIT, limit_price=D(90))
    broker.submit(resting)
    venue.simulator.fill(resting.client_order_id, qty=4, price=90)
    (listed,) = broker.orders()
    assert (listed.status, listed.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, D(4))

    broker.reprice(resting.client_order_id, D(91))
    for each in (broker, venue.open_alpaca()):
        assert [order.client_order_id for order in each.orders()] == [resting.client_order_id]


def test_the_list_tells_of_a_stop_that_was_reached(venue: AlpacaVenue, broker: WrittenDown) -> None:
    stop = replace(STOP, level=Level(LevelKind.PRICE, D(95), "stop_limit", D(94)))
    broker.submit(replace(BUY, stop_loss=stop))
    look(broker, BUY.client_order_id)
    assert [order.triggered_at for order in broker.orders()] == [None]

    venue.trade_at(D(90))
    (listed,) = broker.orders()
    assert listed.triggered_at is not None


def test_an_order_that_cannot_be_read_again_has_arrived_all_the_same(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    broker.submit(BUY)
    venue.simulator.fault("error", "GET *", times=None)
    with pytest.raises(OutcomeUnknown, match="must be unique"):
        broker.submit(BUY)


def test_a_list_of_orders_is_read_to_its_end(
    venue: AlpacaVenue, broker: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.brokers.alpaca.orders.PAGE", 2)
    for _ in range(5):
        resting("buy", 90)(venue, broker)

    assert len({order.broker_order_id for order in broker.orders()}) == 5


# ------------------------------------------------------------------------------ the stream


def watching(broker: WrittenDown) -> "queue.Queue[str | None]":
    """What the broker tells of; the connection is made."""
    heard: queue.Queue[str | None] = queue.Queue()
    broker.watch(heard.put)
    assert heard.get(timeout=PATIENCE) is None
    return heard


def test_the_stream_tells_of_our_orders_by_our_ids(venue: AlpacaVenue, broker: WrittenDown) -> None:
    heard = watching(broker)
    broker.submit(replace(BUY, stop_loss=STOP))
    assert heard.get(timeout=PATIENCE) == BUY.client_order_id

    venue.trade_at(D(94))
    while heard.get(timeout=PATIENCE) != STOP.client_order_id:
        pass


def test_the_stream_tells_once_of_an_entry_and_what_comes_with_it(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    heard = watching(broker)
    broker.submit(replace(BUY, stop_loss=STOP))
    assert heard.get(timeout=PATIENCE) == BUY.client_order_id
    assert broker.find(BUY.client_order_id) is not None

    venue.trade_at(D(94))
    assert heard.get(timeout=PATIENCE) == STOP.client_order_id


def test_after_each_connection_everything_is_to_be_looked_at(
    venue: AlpacaVenue, broker: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(*_: object) -> float:
        return 0.01

    monkeypatch.setattr("alpaca.trading.stream.reconnect_delay", at_once)
    heard = watching(broker)
    venue.simulator.drop_stream()
    assert heard.get(timeout=PATIENCE) is None


def test_the_stream_ends_when_the_account_is_closed(broker: WrittenDown) -> None:
    before = set(threading.enumerate())
    watching(broker)
    new = set(threading.enumerate()) - before
    (thread,) = [each for each in new if each.name == "novalgo-alpaca-alpaca"]
    broker.close()
    thread.join(PATIENCE)

    assert not thread.is_alive()


# ------------------------------------------------------------------------------ instruments

NAMES = {
    "NASDAQ:AAPL": ("AAPL", AssetClass.EQUITY),
    "AAPL": ("AAPL", AssetClass.EQUITY),
    "BINANCE:BTCUSDT": ("BTC/USD", AssetClass.CRYPTO),
    "COINBASE:BTCUSD": ("BTC/USD", AssetClass.CRYPTO),
    "BTC/USD": ("BTC/USD", AssetClass.CRYPTO),
    "BTCUSD": ("BTC/USD", AssetClass.CRYPTO),
    "AAPL261218C00200000": ("AAPL261218C00200000", AssetClass.OPTION),
    "OPRA:AAPL261218C200.0": ("AAPL261218C00200000", AssetClass.OPTION),
}


@pytest.mark.parametrize(("name", "symbol", "kind"), [(k, *v) for k, v in NAMES.items()])
def test_a_name_of_tradingview_means_an_instrument_of_alpaca(
    broker: WrittenDown, name: str, symbol: str, kind: AssetClass
) -> None:
    found = broker.instrument(Ticker.parse(name))
    assert found is not None
    assert (found.symbol, found.key, found.asset_class) == (symbol, symbol.replace("/", ""), kind)


def test_names_that_are_like_one_that_there_is_not(broker: WrittenDown) -> None:
    assert broker.instrument(Ticker.parse("NASDAQ:AAPLE")) is None
    assert broker.near(Ticker.parse("NASDAQ:AAPLE"))[0] == "AAPL"
    assert broker.near(Ticker.parse("BITSTAMP:BTCDUSD"))[0] == "BTC/USD"
    assert broker.near(Ticker.parse("QQXXZZ")) == []


def test_what_is_listed_during_the_day_is_asked_for(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    newcomer = Ticker("NYSE", "NEWCO")
    assert broker.instrument(newcomer) is None
    venue.simulator.add_asset("NEWCO", 20)
    assert broker.instrument(newcomer) is None  # asked a moment ago

    venue.clock.advance(61)
    assert broker.instrument(newcomer) is not None


def test_without_the_list_each_name_is_asked_for(venue: AlpacaVenue) -> None:
    broker = venue.open_alpaca()
    venue.simulator.fault("error", "GET /v2/assets", times=None)
    for _ in range(2):
        assert broker.instrument(venue.ticker) is not None

    calls = asked(venue)
    assert [calls.count(f"GET /v2/assets{rest}") for rest in ("", "/AAPL")] == [1, 1]


def test_the_list_of_yesterday_is_good_until_the_next_is_read(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.clock.advance(timedelta(days=1, seconds=1))
    before = len(asked(venue))
    assert broker.instrument(venue.ticker) is not None
    for thread in threading.enumerate():
        if thread.name == "alpaca-assets":
            thread.join(PATIENCE)

    assert asked(venue, since=before).count("GET /v2/assets") == 2


def test_the_grid_of_a_stock_follows_its_price_and_its_abilities(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.simulator.add_asset("PENNY", "0.5", fractionable=False, shortable=False)
    penny, apple = (broker.instrument(Ticker("", name)) for name in ("PENNY", "AAPL"))

    assert penny is not None
    assert apple is not None
    assert (penny.tick, penny.step, penny.shortable) == (D("0.0001"), D(1), False)
    assert (apple.tick, apple.step, apple.shortable) == (D("0.01"), D("1E-9"), True)


def test_crypto_is_bought_held_and_sold_in_its_own_steps(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    coin = broker.instrument(Ticker("BINANCE", "BTCUSDT"))
    assert coin is not None
    buy = replace(BUY, symbol=coin.symbol, instrument=coin.key, quantity=D("0.1"))
    broker.submit(buy)
    position = broker.position(coin.key)
    assert position is not None
    assert (position.instrument, position.quantity <= D("0.1")) == ("BTCUSD", True)

    out = replace(sell(), symbol=coin.symbol, instrument=coin.key, quantity=position.quantity)
    assert look_after(broker, out).status is OrderStatus.FILLED
    assert broker.position(coin.key) is None


@pytest.mark.parametrize(
    ("strike", "symbol"),
    [
        ("100", "AAPL260116C00100000"),
        ("7.5", "AAPL260116C00007500"),
        ("1E2", "AAPL260116C00100000"),
    ],
)
def test_an_option_by_its_day_and_strike_is_a_contract(
    broker: WrittenDown, strike: str, symbol: str
) -> None:
    wish = Wish(
        underlying=Ticker("NASDAQ", "AAPL"),
        expiry=date(2026, 1, 16),
        option_type=OptionType.CALL,
        strike=Decimal(strike),
    )
    found = broker.contract(wish, datetime(2026, 1, 5, tzinfo=UTC))
    assert isinstance(found, Instrument)
    assert (found.symbol, found.asset_class) == (symbol, AssetClass.OPTION)


@pytest.mark.parametrize("strike", ["25000000", "0.0001"])
def test_a_strike_that_has_no_room_in_an_occ_symbol_is_no_contract(
    broker: WrittenDown, strike: str
) -> None:
    wish = Wish(
        underlying=Ticker("", "AAPL"),
        expiry=date(2026, 1, 16),
        option_type=OptionType.CALL,
        strike=Decimal(strike),
    )
    assert isinstance(broker.contract(wish, datetime(2026, 1, 5, tzinfo=UTC)), Denied)


def test_an_option_is_bought_and_closed(venue: AlpacaVenue, broker: WrittenDown) -> None:
    call = "AAPL261218C00200000"
    venue.simulator.add_asset(call, 5)
    venue.simulator.account(options_level=3)
    buy = replace(BUY, symbol=call, instrument=call, quantity=D(2))
    assert look_after(broker, buy).status is OrderStatus.FILLED
    position = broker.position(call)
    assert position is not None
    assert position.market_value == D(1000)

    out = replace(sell(2), symbol=call, instrument=call)
    assert look_after(broker, out).status is OrderStatus.FILLED
    assert broker.position(call) is None


def look_after(broker: WrittenDown, intent: OrderIntent) -> BrokerOrder:
    broker.submit(intent)
    return look(broker, intent.client_order_id)


def test_the_last_quote_of_a_market_counts_until_there_is_another(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.clock.advance(timedelta(days=2))
    quote = broker.quote("AAPL")
    assert quote is not None
    assert venue.clock.now() - quote.at == timedelta(days=2)


def test_where_nobody_bids_or_asks_there_is_no_price(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    venue.trade_at(D(0))
    assert broker.quote("AAPL") is None
    del venue.simulator.state.quotes["AAPL"]
    venue.clock.advance(1)
    assert broker.quote("AAPL") is None


# ------------------------------------------------------------------------------ loading

OPEN_ONE = """
import sys
from pathlib import Path
from app.adapters.brokers.registry import Resources, open_broker
from app.adapters.clock import SystemClock

options = {"API_KEY": "key", "SECRET_KEY": "s", "BASE_URL": "http://x", "DATA_URL": "http://x"}
lent = Resources(database=None, clock=None, addresses=None, budgets=None)
open_broker("alpaca", "alpaca", options, lent)
print(sorted({"alpaca", "pandas", "numpy", "websockets"} & sys.modules.keys()))
"""


def test_opening_an_account_loads_nothing_heavy() -> None:
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", OPEN_ONE], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_alpacas_clock_says_whether_shares_are_traded(
    venue: AlpacaVenue, broker: WrittenDown
) -> None:
    for is_open in (True, False):
        venue.simulator.market(is_open=is_open)
        assert broker.is_open(AssetClass.EQUITY) is is_open
        assert broker.is_open(AssetClass.CRYPTO) is None
