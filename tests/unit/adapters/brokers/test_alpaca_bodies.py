"""Orders of ours as Alpaca takes them."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.brokers.alpaca.assets import option_of
from app.adapters.brokers.alpaca.bodies import needs_reference, order_body, plain
from app.domain.instrument import AssetClass, Instrument
from app.domain.order import Leg, Level, LevelKind, OrderIntent, OrderRole, OrderType, Side

D = Decimal
AAPL = Instrument(symbol="AAPL", key="AAPL", asset_class=AssetClass.EQUITY)
BTC = Instrument(
    symbol="BTC/USD", key="BTCUSD", asset_class=AssetClass.CRYPTO, tick=D("0.1"), step=D("0.0001")
)
CALL = option_of("AAPL261218C00200000")
BUY = OrderIntent(
    client_order_id="ID",
    account="alpaca",
    symbol="AAPL",
    instrument="AAPL",
    side=Side.BUY,
    quantity=D(10),
    role=OrderRole.ENTRY,
)
SELL = replace(BUY, side=Side.SELL, role=OrderRole.EXIT)
STOP = Leg("STOP", Level(LevelKind.PRICE, D(180)))
STOP_LIMIT = Leg("STOP", Level(LevelKind.PRICE, D(180), "stop_limit", D("179.5")))
TARGET = Leg("TARGET", Level(LevelKind.PERCENT, D(5)))
PAIR = replace(
    SELL,
    role=OrderRole.STOP_LOSS,
    order_type=OrderType.STOP,
    stop_price=D(180),
    time_in_force="gtc",
    take_profit=Leg("TARGET", Level(LevelKind.PRICE, D("199.5"))),
)
PLAIN = {
    "symbol": "AAPL",
    "qty": "10",
    "side": "buy",
    "type": "market",
    "time_in_force": "day",
    "client_order_id": "ID",
}


def body(intent: OrderIntent, instrument: Instrument = AAPL, reference: str = "190") -> Any:
    return order_body(intent, instrument, D(reference))


def test_a_market_order() -> None:
    assert body(BUY) == PLAIN


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "limit": (
        {"order_type": OrderType.LIMIT, "limit_price": D("189.50")},
        {"type": "limit", "limit_price": "189.5"},
    ),
    "stop": (
        {"order_type": OrderType.STOP, "stop_price": D(195)},
        {"type": "stop", "stop_price": "195"},
    ),
    "stop limit": (
        {"order_type": OrderType.STOP_LIMIT, "stop_price": D(195), "limit_price": D(196)},
        {"type": "stop_limit", "stop_price": "195", "limit_price": "196"},
    ),
    "trailing": (
        {"order_type": OrderType.TRAILING_STOP, "trail": D("1.50")},
        {"type": "trailing_stop", "trail_price": "1.5"},
    ),
    "for long": ({"time_in_force": "gtc"}, {"time_in_force": "gtc"}),
    "for this moment": ({"time_in_force": "ioc"}, {"time_in_force": "ioc"}),
    "a market order has no price": ({"limit_price": D(1), "stop_price": D(1)}, {}),
    "after hours with a limit": (
        {"order_type": OrderType.LIMIT, "limit_price": D(189), "extended_hours": True},
        {"type": "limit", "limit_price": "189", "extended_hours": True},
    ),
    "after hours without one": ({"extended_hours": True}, {}),
    "a part of a share lasts for the day": (
        {"quantity": D("0.123456789"), "time_in_force": "gtc"},
        {"qty": "0.123456789"},
    ),
    "many shares": ({"quantity": D("1E+3")}, {"qty": "1000"}),
}


@pytest.mark.parametrize(("given_", "told"), KINDS.values(), ids=KINDS)
def test_each_kind_of_order_has_its_fields(given_: dict[str, Any], told: dict[str, Any]) -> None:
    assert body(replace(BUY, **given_)) == PLAIN | told


def test_an_order_by_its_worth_names_no_quantity() -> None:
    told = body(replace(BUY, quantity=D("26.3"), notional=D("5000.50")))
    assert told == {name: value for name, value in PLAIN.items() if name != "qty"} | {
        "notional": "5000.5"
    }


def test_a_stop_and_a_target_make_a_bracket() -> None:
    assert body(replace(BUY, stop_loss=STOP, take_profit=TARGET)) == PLAIN | {
        "order_class": "bracket",
        "stop_loss": {"stop_price": "180"},
        "take_profit": {"limit_price": "199.5"},
    }


def test_one_of_them_makes_an_oto() -> None:
    assert body(replace(BUY, stop_loss=STOP_LIMIT)) == PLAIN | {
        "order_class": "oto",
        "stop_loss": {"stop_price": "180", "limit_price": "179.5"},
    }


def test_rule_31_relative_legs_refer_to_the_price_at_sending() -> None:
    stop = Leg("STOP", Level(LevelKind.OFFSET, D(3)))
    short = replace(BUY, side=Side.SELL, stop_loss=stop, take_profit=TARGET)
    told = body(short, reference="200")

    assert told["stop_loss"] == {"stop_price": "203"}
    assert told["take_profit"] == {"limit_price": "190"}
    with pytest.raises(ValueError, match="no price of AAPL is known for its stop_loss"):
        order_body(short, AAPL, None)


def test_of_a_pair_the_target_is_the_order_and_the_stop_its_leg() -> None:
    assert body(PAIR) == PLAIN | {
        "side": "sell",
        "type": "limit",
        "time_in_force": "gtc",
        "order_class": "oco",
        "stop_loss": {"stop_price": "180"},
        "take_profit": {"limit_price": "199.5"},
    }


def test_the_stop_of_a_pair_may_have_a_limit() -> None:
    limited = replace(PAIR, order_type=OrderType.STOP_LIMIT, limit_price=D(179))
    assert body(limited)["stop_loss"] == {"stop_price": "180", "limit_price": "179"}


@pytest.mark.parametrize(
    "intent",
    [
        replace(BUY, stop_loss=Leg("S", Level(LevelKind.OFFSET, D(3), "trailing_stop"))),
        replace(PAIR, take_profit=TARGET),
    ],
    ids=["a stop of a bracket that trails", "a relative target of a pair"],
)
def test_what_alpaca_has_no_order_for_is_not_sent_as_something_else(intent: OrderIntent) -> None:
    with pytest.raises(ValueError, match=r"cannot trail|has to be a price"):
        body(intent)


@pytest.mark.parametrize(("word", "told"), [("day", "gtc"), ("gtc", "gtc"), ("ioc", "ioc")])
def test_crypto_knows_no_days(word: str, told: str) -> None:
    intent = replace(SELL, quantity=D("0.5"), time_in_force=word)
    assert body(intent, BTC)["time_in_force"] == told
    assert body(intent, BTC)["symbol"] == "BTC/USD"


@pytest.mark.parametrize(
    ("intent", "told"),
    [(BUY, "buy_to_open"), (SELL, "sell_to_close"), (replace(SELL, side=Side.BUY), "buy_to_close")],
)
def test_an_option_says_whether_it_opens_or_closes(intent: OrderIntent, told: str) -> None:
    found = body(replace(intent, time_in_force="gtc"), CALL)
    assert (found["position_intent"], found["time_in_force"]) == (told, "day")


@pytest.mark.parametrize(
    ("price", "side", "told"),
    [
        ("190.123", Side.BUY, "190.12"),
        ("190.123", Side.SELL, "190.13"),
        ("0.54321", Side.BUY, "0.5432"),
        ("0.54321", Side.SELL, "0.5433"),
        ("1.0001", Side.BUY, "1"),
    ],
)
def test_a_price_is_on_the_grid_that_a_stock_has_there(price: str, side: Side, told: str) -> None:
    intent = replace(BUY, side=side, order_type=OrderType.LIMIT, limit_price=D(price))
    assert body(intent)["limit_price"] == told


@given(st.decimals(D("0.000000001"), D(10) ** 9, places=9))
def test_no_float_and_no_exponent_is_on_the_wire(quantity: Decimal) -> None:
    intent = replace(BUY, quantity=quantity, order_type=OrderType.LIMIT, limit_price=quantity + 1)
    sent = body(intent)

    assert json.loads(json.dumps(sent), parse_float=pytest.fail) == sent
    assert D(sent["qty"]) == quantity
    assert "E" not in plain(quantity)


def test_only_legs_of_an_entry_depend_on_its_price() -> None:
    intents = (BUY, PAIR, replace(BUY, stop_loss=STOP))
    assert [needs_reference(intent) for intent in intents] == [False, False, True]
