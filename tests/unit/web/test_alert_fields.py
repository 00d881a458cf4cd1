"""What an alert's fields are read as: every name, every form, every rule about their meaning."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.alert import Action, Alert, Amount, AmountUnit
from app.domain.errors import MalformedAlert
from app.domain.order import Level, LevelKind, OrderType
from app.web.alert_fields import parse_alert, shown_fields

NOW = datetime(2026, 11, 20, 14, 30, 6, tzinfo=UTC)
FIRED = datetime(2026, 11, 20, 14, 30, 5, tzinfo=UTC)
BAR = datetime(2026, 11, 20, 14, 15, tzinfo=UTC)


def parsed(**fields: object) -> Alert:
    """An alert of fields that need no other name."""
    return parse_alert(fields, now=NOW)


def read(fields: dict[str, object]) -> Alert:
    """An alert of fields under names that Python cannot write as arguments."""
    return parse_alert(fields, now=NOW)


def price(text: str) -> Level:
    return Level(LevelKind.PRICE, Decimal(text))


def percent(text: str) -> Level:
    return Level(LevelKind.PERCENT, Decimal(text))


def offset(text: str) -> Level:
    return Level(LevelKind.OFFSET, Decimal(text))


# -------------------------------------------------------------------- names

NAMES: dict[str, tuple[str, list[str]]] = {
    "symbol": (
        "NSE:SBIN-EQ",
        ["symbol", "ticker", "pair", "instrument", "tv_instrument", "underlying", "index"],
    ),
    "exchange": ("NSE", ["exchange", "tv_exchange"]),
    "timeframe": ("15m", ["timeframe", "interval", "time_frame"]),
    "quantity": (
        "10",
        ["quantity", "qty", "contracts", "size", "volume", "order_contracts", "amount"],
    ),
    "quantity_type": ("lots", ["quantity_type", "quantityType"]),
    "order_type": ("limit", ["order_type", "orderType", "pricetype", "type"]),
    "limit_price": ("99.5", ["limit_price", "limitPrice", "entry_price"]),
    "stop_price": ("101", ["stop_price", "stopPrice", "trigger_price"]),
    "price": ("100.25", ["price", "close", "signalPrice", "marketPrice", "order_price"]),
    "product_type": ("cnc", ["product_type", "product", "productType"]),
    "strike": ("48400", ["strike", "strikeprice", "strikePrice", "strike_price"]),
    "option_type": ("PE", ["option_type", "optionType"]),
    "expiry": ("weekly", ["expiry", "expiration", "expiry_date"]),
    "sentiment": ("long", ["sentiment"]),
    "market_position": ("short", ["market_position", "marketPosition", "Market-Position"]),
    "prev_market_position": ("flat", ["prev_market_position"]),
    "position_size": ("-3", ["position_size"]),
    "account": ("paper", ["account", "accounts", "subaccount", "stub", "account_name"]),
    "strategy": ("trend", ["strategy", "strategy_name", "recorder", "bot"]),
    "id": ("a-1", ["id", "alert_id", "idempotency_key", "alertTimestamp", "ID"]),
    "time": ("2026-11-20T14:30:05Z", ["time", "timenow", "timestamp", "date"]),
    "time_in_force": ("gtc", ["time_in_force", "timeInForce", "tif", "TIF", "validity"]),
    "expires_at": ("2026-11-20T15:00:00Z", ["expires_at"]),
    "comment": ("as sent", ["comment"]),
    "tags": ("a,b", ["tags"]),
}
SYNONYMS = [(field, name, value) for field, (value, names) in NAMES.items() for name in names]


@pytest.mark.parametrize(("field", "name", "value"), SYNONYMS)
def test_a_field_is_known_by_all_its_names(field: str, name: str, value: str) -> None:
    fields: dict[str, object] = {name: value}
    if field == "quantity_type":
        fields["quantity"] = "2"
    assert shown_fields(read(fields))[field] == value


LEVELS = [
    ("stop_loss", "95", price("95")),
    ("sl", "95", price("95")),
    ("stopLoss", "95", price("95")),
    ("sl_price", "95", price("95")),
    ("stoploss", "2%", percent("2")),
    ("stop_loss_percent", "2", percent("2")),
    ("stop_loss_percent", "2.5%", percent("2.5")),
    ("percentage_sl", "2", percent("2")),
    ("sl_offset", "1.5", offset("1.5")),
    ("sl_offset", "1.5%", percent("1.5")),
    ("long SL", "95", price("95")),
    ("take_profit", "105", price("105")),
    ("tp", "105", price("105")),
    ("takeProfit", "3%", percent("3")),
    ("tp_price", "105", price("105")),
    ("target", "105", price("105")),
    ("target_price", "105", price("105")),
    ("takeprofit", "105", price("105")),
    ("take_profit_percent", "3", percent("3")),
    ("percentage_tp", "3", percent("3")),
    ("tp_offset", "2", offset("2")),
    ("long TP", "105", price("105")),
    ("trail", "1", offset("1")),
    ("trailing", "1%", percent("1")),
    ("trail_percent", "1", percent("1")),
    ("trailPercent", "1", percent("1")),
    ("trail_amount", "0.5", offset("0.5")),
    ("trailAmount", "0.5", offset("0.5")),
]


@pytest.mark.parametrize(("name", "value", "level"), LEVELS)
def test_protection_is_known_by_all_its_names(name: str, value: str, level: Level) -> None:
    alert = read({"action": "buy", name: value})
    assert [alert.stop_loss, alert.take_profit, alert.trail].count(level) == 1
    assert alert.unsupported == ()


def test_the_first_column_wins_then_the_order_then_the_top_level() -> None:
    assert read({"ticker": "B", "symbol": "A"}).symbol == "A"
    assert read({"pair": "C", "ticker": "B"}).symbol == "B"
    assert read({"data": {"ticker": "B"}, "ticker": "A"}).symbol == "A"
    assert read({"ticker": "B", "data": {"symbol": "A"}}).symbol == "A"
    assert read({"symbol": "", "ticker": "{{ticker}}", "pair": "C"}).symbol == "C"


@pytest.mark.parametrize(
    "container", ["strategy", "data", "signal", "bar", "strategy_info", "strategyInfo", "alert"]
)
def test_one_level_of_nesting_is_looked_into(container: str) -> None:
    alert = read({container: {"side": "buy", "ticker": "AAPL", "price": Decimal(5)}})
    assert (alert.action, alert.symbol, alert.price) == (Action.BUY, "AAPL", Decimal(5))


def test_a_container_that_holds_a_text_is_the_field() -> None:
    alert = read({"data": "sell", "strategy": "trend", "alert": "fired", "symbol": "NQ"})
    assert (alert.action, alert.strategy) == (Action.SELL, "trend")


def test_a_name_given_twice_in_two_spellings_must_agree() -> None:
    assert read({"stopLoss": "95", "stop_loss": "95"}).stop_loss == price("95")
    with pytest.raises(MalformedAlert, match="'Action' is given twice"):
        read({"action": "buy", "Action": "sell"})


# ------------------------------------------------------------------- action

ACTIONS = [
    ("buy", Action.BUY, False),
    ("BUY", Action.BUY, False),
    (" Sell ", Action.SELL, False),
    ("long", Action.BUY, True),
    ("SHORT", Action.SELL, True),
    ("close", Action.CLOSE, False),
    ("exit", Action.CLOSE, False),
    ("flat", Action.CLOSE, False),
    ("cancel", Action.CANCEL, False),
    ("reverse", Action.REVERSE, False),
    ("add", Action.ADD, False),
    ("entryLong", Action.BUY, True),
    ("entry_short", Action.SELL, True),
    ("exitLong", Action.CLOSE, False),
    ("exitShort", Action.CLOSE, False),
    ("POSITION_TYPE_BUY", Action.BUY, True),
    ("POSITION_TYPE_SELL", Action.SELL, True),
]
ACTION_NAMES = ["action", "side", "data", "direction", "order_action", "signal", "type"]


@pytest.mark.parametrize(("word", "action", "state"), ACTIONS)
def test_rule_11_action_words(word: str, action: Action, state: bool) -> None:
    alert = parsed(action=word)
    assert (alert.action, alert.wants_state) == (action, state)
    assert alert.sent == {"action": word.strip()}


@pytest.mark.parametrize("name", [*ACTION_NAMES, "transactionType", "positionDirection"])
def test_the_action_is_known_by_all_its_names(name: str) -> None:
    assert read({name: "sell"}).action is Action.SELL


def test_letters_are_actions_only_as_a_transaction_type() -> None:
    assert parsed(transactionType="B").action is Action.BUY
    assert parsed(transactionType="S").action is Action.SELL
    with pytest.raises(MalformedAlert, match="'side': 'B' is not understood"):
        parsed(side="B")


def test_an_exit_word_may_name_the_position_that_it_closes() -> None:
    closed = [parsed(action=word).closes for word in ("exitLong", "exitShort", "exit")]
    assert closed == ["long", "short", None]


@pytest.mark.parametrize("fields", [{}, {"action": ""}, {"action": "  "}])
def test_a_message_without_an_action_is_information(fields: dict[str, object]) -> None:
    assert read(fields | {"symbol": "AAPL", "market_position": "long"}).action is None


def test_an_unrendered_action_is_information_and_noted() -> None:
    alert = read({"action": "{{strategy.order.action}}", "position_size": Decimal(5)})
    assert alert.action is None
    assert alert.notes == ("'action' was not rendered",)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "null",
        "hold",
        "buy!",
        "buy sell",
        "b",
        True,
        False,
        Decimal(1),
        ["buy"],
        "NaN",
        "\u017fell",
        "buy\n",
        "b\xa0uy",
    ],
    ids=repr,
)
def test_an_unreadable_action_is_malformed(value: object) -> None:
    with pytest.raises(MalformedAlert, match="'action'"):
        parsed(action=value)


def test_type_is_a_side_or_an_order_type_by_what_it_holds() -> None:
    both = parsed(type="Market", side="Buy")
    assert (both.action, both.order_type) == (Action.BUY, OrderType.MARKET)
    side = parsed(type="sell", price="5")
    assert (side.action, side.order_type, side.notes) == (Action.SELL, None, ())
    other = parsed(type="isolated", action="buy")
    assert (other.action, other.order_type) == (Action.BUY, None)
    assert other.notes == ("'type' is neither a side nor an order type",)


# ---------------------------------------------------------------- positions


@pytest.mark.parametrize("field", ["sentiment", "market_position", "prev_market_position"])
@pytest.mark.parametrize(
    ("word", "position"),
    [
        ("long", "long"),
        ("SHORT", "short"),
        ("flat", "flat"),
        ("bullish", "long"),
        ("Bearish", "short"),
        ("", None),
        ("{{strategy.market_position}}", None),
        (None, None),
    ],
)
def test_rule_6_position_words(field: str, word: object, position: str | None) -> None:
    assert getattr(parsed(**{field: word}), field) == position


@pytest.mark.parametrize(
    "field",
    ["sentiment", "market_position", "prev_market_position", "position_size", "prev_position_size"],
)
def test_rule_14_a_position_that_was_not_rendered_counts_as_absent_like_one_left_empty(
    field: str,
) -> None:
    left = parsed(action="buy", **{field: "{{strategy.market_position}}"})
    assert (left.unusable, len(left.notes)) == (frozenset(), 1)
    assert parsed(action="buy", **{field: ""}).unusable == frozenset()


@pytest.mark.parametrize("field", ["sentiment", "market_position", "prev_market_position"])
@pytest.mark.parametrize("word", ["up", True, Decimal(1), "null"])
def test_rule_6_an_unreadable_position_word_is_malformed(field: str, word: object) -> None:
    with pytest.raises(MalformedAlert, match=field):
        parsed(**{field: word})


def test_rule_8_the_previous_size_is_signed_by_its_word() -> None:
    fields: dict[str, object] = {"prev_market_position_size": "5"}
    assert read(fields | {"prev_market_position": "short"}).prev_position_size == -5
    assert read(fields | {"prev_market_position": "long"}).prev_position_size == 5
    assert read(fields).prev_position_size == 5
    assert read({"prev_position_size": "7"}).prev_position_size == 7


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"position_size": "5"}, Decimal(5)),
        ({"position_size": "-5", "quantity": "10"}, Decimal(-5)),
        ({"position_size": "0"}, Decimal(0)),
        ({"market_position_size": "5", "market_position": "short"}, Decimal(-5)),
        ({"market_position_size": "5", "market_position": "long"}, Decimal(5)),
        ({"market_position_size": "5", "sentiment": "bearish"}, Decimal(-5)),
        ({"market_position_size": "5", "market_position": "flat"}, Decimal(0)),
        ({"market_position_size": "0"}, Decimal(0)),
        ({"market_position_size": "5"}, None),
        ({"position_size": "2", "market_position_size": "5"}, Decimal(2)),
        ({"position_size": "{{strategy.position_size}}"}, None),
    ],
)
def test_rule_9_the_target_position(fields: dict[str, object], target: Decimal | None) -> None:
    assert read({"action": "buy"} | fields).position_size == target


def test_rule_9_a_target_that_is_no_number_is_unusable() -> None:
    alert = parsed(action="buy", position_size="NaN", market_position_size="5")
    assert alert.position_size is None
    assert alert.unusable == {"position_size"}


# ----------------------------------------------------------------- quantity

QUANTITIES: list[tuple[dict[str, object], Amount | None]] = [
    ({"quantity": Decimal(10)}, Amount(Decimal(10))),
    ({"quantity": 10}, Amount(Decimal(10))),
    ({"quantity": "0.01"}, Amount(Decimal("0.01"))),
    ({"quantity": ".5"}, Amount(Decimal("0.5"))),
    ({"quantity": Decimal("1E+2")}, Amount(Decimal(100))),
    ({"quantity": "$500"}, Amount(Decimal(500), AmountUnit.CASH)),
    ({"quantity": "500$"}, Amount(Decimal(500), AmountUnit.CASH)),
    ({"quantity": "50%"}, Amount(Decimal(50), AmountUnit.PERCENT)),
    ({"quantity": "", "qty": "3"}, Amount(Decimal(3))),
    ({"quantity": None, "qty": "3"}, Amount(Decimal(3))),
    ({"quantity": "5", "quantityType": "fixed_quantity"}, Amount(Decimal(5))),
    ({"quantity": "5", "quantityType": "Dollar Amount"}, Amount(Decimal(5), AmountUnit.CASH)),
    (
        {"quantity": "5", "quantity_type": "risk_dollar_amount"},
        Amount(Decimal(5), AmountUnit.RISK_CASH),
    ),
    (
        {"quantity": "5%", "quantity_type": "percent_of_equity"},
        Amount(Decimal(5), AmountUnit.PERCENT_OF_EQUITY),
    ),
    (
        {"quantity": "5", "quantity_type": "percent_of_position"},
        Amount(Decimal(5), AmountUnit.PERCENT_OF_POSITION),
    ),
    ({"quantity": "5", "quantity_type": "lots"}, Amount(Decimal(5), AmountUnit.LOTS)),
    ({"size": "50"}, Amount(Decimal(50))),
    ({"stub": "dev", "size": "50"}, Amount(Decimal(50), AmountUnit.CASH)),
    ({"stub": "dev", "size": "50%"}, Amount(Decimal(50), AmountUnit.PERCENT)),
    ({"stub": "dev", "size": "5", "quantity_type": "lots"}, Amount(Decimal(5), AmountUnit.LOTS)),
    ({"stub": "dev", "qty": "50"}, Amount(Decimal(50))),
    ({}, None),
]


@pytest.mark.parametrize(("fields", "amount"), QUANTITIES)
def test_quantities_in_every_form(fields: dict[str, object], amount: Amount | None) -> None:
    assert read({"action": "buy"} | fields).quantity == amount


NOT_QUANTITIES: list[object] = [
    "0",
    "-5",
    "-5%",
    "0%",
    Decimal(0),
    Decimal(-1),
    True,
    False,
    "true",
    "1_0",
    " 10 ",
    "1e5",
    "+5",
    "5.",
    "1,000",
    "0x10",
    "٣",
    "\uff15",
    "$5$",
    "$5%",
    "5 %",
    "ten",
    "Infinity",
    "-inf",
    "1" * 16,
    "0." + "1" * 19,
    "9" * 5000,
    Decimal("1E+15"),
    Decimal("1E-19"),
    Decimal("Infinity"),
    Decimal("NaN"),
    1.5,
    [Decimal(1)],
    {"value": Decimal(1)},
]


@pytest.mark.parametrize("value", NOT_QUANTITIES, ids=repr)
def test_what_is_no_quantity_is_malformed(value: object) -> None:
    with pytest.raises(MalformedAlert, match="quantity") as refusal:
        parsed(action="buy", quantity=value)
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize("sign", ["$5", "5%"])
def test_a_sign_must_not_contradict_the_quantity_type(sign: str) -> None:
    with pytest.raises(MalformedAlert, match="contradicts"):
        parsed(action="buy", quantity=sign, quantity_type="lots")


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "sell", "market_position": "flat"},
        {"action": "buy", "sentiment": "long"},
        {"action": "sell", "position_size": "0"},
        {"action": "close"},
        {"action": "cancel"},
    ],
)
def test_a_quantity_of_zero_means_nothing_where_other_words_decide(
    fields: dict[str, object],
) -> None:
    assert read(fields | {"quantity": "0"}).quantity is None


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "price", "time", "Close"])
def test_rule_12_volume_beside_a_bar_is_not_bought(name: str) -> None:
    alert = read({"action": "buy", "volume": "125000", name: "5"})
    assert alert.quantity is None
    assert alert.unusable == frozenset()


def test_rule_12_volume_within_bar_is_never_bought() -> None:
    assert read({"action": "buy", "bar": {"volume": "125000"}}).quantity is None


def test_rule_12_volume_alone_is_a_quantity() -> None:
    assert read({"action": "buy", "volume": "2"}).quantity == Amount(Decimal(2))
    nested = read({"action": "buy", "price": "9", "data": {"volume": "2"}})
    assert nested.quantity == Amount(Decimal(2))


# ------------------------------------------------------------------- prices

ORDER_TYPES = [
    ("market", OrderType.MARKET),
    ("MKT", OrderType.MARKET),
    ("Limit", OrderType.LIMIT),
    ("LMT", OrderType.LIMIT),
    ("stop", OrderType.STOP),
    ("SL-M", OrderType.STOP),
    ("stop_limit", OrderType.STOP_LIMIT),
    ("StopLimit", OrderType.STOP_LIMIT),
    ("SL", OrderType.STOP_LIMIT),
    ("SL-L", OrderType.STOP_LIMIT),
    ("trailing_stop", OrderType.TRAILING_STOP),
]


@pytest.mark.parametrize(("word", "order_type"), ORDER_TYPES)
def test_order_types_in_every_spelling(word: str, order_type: OrderType) -> None:
    assert parsed(action="buy", pricetype=word).order_type is order_type


@pytest.mark.parametrize("word", ["iceberg", "null", True, Decimal(1)])
def test_an_unreadable_order_type_is_malformed(word: object) -> None:
    with pytest.raises(MalformedAlert, match="'order_type'"):
        parsed(action="buy", order_type=word)


PRICES = [
    ({"limit_price": "9"}, "limit", "9", None),
    ({"stop_price": "9"}, "stop", None, "9"),
    ({"limit_price": "9", "stop_price": "8"}, "stop_limit", "9", "8"),
    ({"price": "9"}, None, None, None),
    ({"limit_price": "0", "price": "9"}, None, None, None),
    ({"order_type": "limit", "price": "9"}, "limit", "9", None),
    ({"order_type": "limit", "limit_price": "8", "price": "9"}, "limit", "8", None),
    ({"order_type": "limit", "order_price": "8", "close": "9"}, "limit", "8", None),
    ({"order_type": "limit"}, "limit", None, None),
    ({"order_type": "stop", "price": "9"}, "stop", None, "9"),
    ({"order_type": "stop", "entry_price": "8", "price": "9"}, "stop", None, "8"),
    ({"order_type": "stop"}, "stop", None, None),
    ({"pricetype": "SL", "price": "9", "trigger_price": "8"}, "stop_limit", "9", "8"),
    ({"pricetype": "SL", "price": "9"}, "stop_limit", "9", None),
    ({"pricetype": "SL", "limit_price": "9", "price": "8"}, "stop_limit", "9", "8"),
    ({"order_type": "market", "price": "9"}, "market", None, None),
    ({"limit_price": "{{plot_0}}", "price": "9"}, None, None, None),
]


@pytest.mark.parametrize(("fields", "kind", "limit", "stop"), PRICES)
def test_rule_13_order_type_and_prices(
    fields: dict[str, object], kind: str | None, limit: str | None, stop: str | None
) -> None:
    shown = shown_fields(read({"action": "buy"} | fields))
    expected = {"order_type": kind, "limit_price": limit, "stop_price": stop}
    assert {name: shown.get(name) for name in expected} == expected


def test_the_order_price_of_a_market_order_is_the_reference_price() -> None:
    assert parsed(action="buy", order_price="9").price == Decimal(9)
    assert parsed(action="buy", order_price="9", close="8").price == Decimal(8)
    assert parsed(action="buy", order_type="limit", order_price="9").price is None


@pytest.mark.parametrize(
    "name", ["price", "close", "limit_price", "stop_price", "sl", "tp", "trail"]
)
@pytest.mark.parametrize("zero", ["0", "0.0", Decimal(0), "", None])
def test_zero_and_empty_prices_are_absent(name: str, zero: object) -> None:
    assert shown_fields(read({"action": "buy", name: zero})) == {"action": "buy"}


@pytest.mark.parametrize("name", ["price", "limit_price", "stop_price", "sl", "tp", "trail_amount"])
@pytest.mark.parametrize("value", ["-1", "abc", "1_0", True, [Decimal(1)]])
def test_an_unreadable_price_is_malformed(name: str, value: object) -> None:
    with pytest.raises(MalformedAlert):
        read({"action": "buy", name: value})


# --------------------------------------------------------------- protection

OBJECTS: list[tuple[dict[str, object], Level | None]] = [
    ({"type": "stop", "percent": Decimal(5)}, Level(LevelKind.PERCENT, Decimal(5), type="stop")),
    ({"percent": "5%"}, percent("5")),
    ({"amount": "2"}, offset("2")),
    ({"stopPrice": "95"}, price("95")),
    ({"price": "95"}, price("95")),
    (
        {"type": "stop_limit", "stopPrice": "95", "limitPrice": "94"},
        Level(LevelKind.PRICE, Decimal(95), type="stop_limit", limit_price=Decimal(94)),
    ),
    (
        {"stop_price": "95", "limit_price": "94"},
        Level(LevelKind.PRICE, Decimal(95), type="stop_limit", limit_price=Decimal(94)),
    ),
    (
        {"type": "trailing_stop", "trailPercent": "1"},
        Level(LevelKind.PERCENT, Decimal(1), type="trailing_stop"),
    ),
    ({"trailAmount": "1"}, Level(LevelKind.OFFSET, Decimal(1), type="trailing_stop")),
    ({"percent": "0", "amount": "2"}, offset("2")),
    ({"percent": "0"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("parts", "level"), OBJECTS)
def test_a_stop_loss_may_be_an_object(parts: dict[str, object], level: Level | None) -> None:
    alert = parsed(action="buy", stopLoss=parts)
    assert alert.stop_loss == level
    assert (alert.unusable, alert.unsupported) == (frozenset(), ())


def test_a_take_profit_may_be_an_object() -> None:
    assert parsed(action="buy", takeProfit={"percent": "10"}).take_profit == percent("10")
    assert parsed(action="buy", takeProfit={"amount": "10"}).take_profit == offset("10")
    assert parsed(action="buy", takeProfit={"limitPrice": "10"}).take_profit == price("10")


def test_of_several_levels_in_an_object_the_first_is_used_and_it_is_noted() -> None:
    alert = parsed(action="buy", stop_loss={"stopPrice": "95", "percent": "2"})
    assert alert.stop_loss == percent("2")
    assert alert.notes == ("stop_loss gives several levels: percent is used",)


def test_a_stop_loss_object_without_a_level_is_unusable() -> None:
    assert parsed(action="buy", stop_loss={"type": "stop"}).unusable == {"stop_loss"}


def test_parts_that_are_not_understood_are_unsupported() -> None:
    alert = parsed(action="buy", stop_loss={"type": "ticks", "ticks": "20"})
    assert alert.unsupported == ("stop_loss.type", "stop_loss.ticks")


def test_a_part_given_twice_is_malformed() -> None:
    with pytest.raises(MalformedAlert, match="twice"):
        parsed(action="buy", stop_loss={"stopPrice": "95", "stop_price": "94"})


def test_zero_beside_a_percentage_leaves_the_percentage() -> None:
    alert = parsed(action="buy", tp=Decimal(0), percentage_tp=Decimal(100), sl="0", sl_offset="2")
    assert (alert.take_profit, alert.stop_loss) == (percent("100"), offset("2"))


SIDES: dict[str, object] = {"long SL": "95", "long TP": "110", "short SL": "105", "short TP": "90"}


@pytest.mark.parametrize(
    ("fields", "stop", "target"),
    [
        ({"action": "buy"}, "95", "110"),
        ({"action": "long"}, "95", "110"),
        ({"action": "sell"}, "105", "90"),
        ({"action": "reverse", "market_position": "short"}, "105", "90"),
    ],
)
def test_levels_of_a_side_serve_that_side(
    fields: dict[str, object], stop: str, target: str
) -> None:
    alert = read(fields | SIDES)
    assert (alert.stop_loss, alert.take_profit) == (price(stop), price(target))
    assert alert.unsupported == ()


def test_levels_of_a_side_are_unsupported_while_the_side_is_unknown() -> None:
    assert set(read({"action": "reverse"} | SIDES).unsupported) == set(SIDES)


UNSUPPORTED = [
    ("dollar_sl", "50"),
    ("slPips", "5"),
    ("SL2", "5"),
    ("tp1 Mult", "0.6"),
    ("tp Close", "20"),
    ("take_profit_2", "5"),
    ("trail_stop", "5"),
    ("trailing_offset", "5"),
    ("long Breakeven", "5"),
    ("break_even", "1"),
    ("stop", "5"),
    ("stop.loss.pips", "5"),
    ("targets", ["105", "110"]),
    ("triggerprice_sl", "9.55"),
    ("update_sl", True),
    ("trail", True),
    ("trailing", "true"),
    ("sl_pips", "{{plot_3}}"),
    ("sltp", "x"),
]


@pytest.mark.parametrize(("name", "value"), UNSUPPORTED, ids=[name for name, _ in UNSUPPORTED])
def test_what_looks_like_protection_and_has_no_meaning_is_unsupported(
    name: str, value: object
) -> None:
    if isinstance(value, str | bool):
        assert read({"action": "buy", name: value}).unsupported == (name,)
        assert read({"action": "buy", "data": {name: value}}).unsupported == (name,)
    assert read({"action": "buy", "risk": {name: value}}).unsupported == (f"risk.{name}",)


def test_protection_in_a_list_that_has_no_meaning_is_unsupported() -> None:
    alert = read({"action": "buy", "orders": [{"qty": "1"}, {"stop_loss": "95"}]})
    assert alert.unsupported == ("orders.stop_loss",)


@pytest.mark.parametrize(
    "value", [Decimal(0), "0", "0.00", "", None, False, "False", "off", [], {}], ids=repr
)
def test_protection_that_is_zero_or_off_is_absent(value: object) -> None:
    assert read({"action": "buy", "dollar_sl": value, "trail_stop": value}).unsupported == ()


@pytest.mark.parametrize(
    "name",
    [
        "slippage",
        "slow_ma",
        "slack",
        "isLong",
        "islong",
        "is_long",
        "https_url",
        "output",
        "lastprice",
        "fastperiod",
        "crossline",
        "splitsize",
        "leverage",
        "island",
    ],
)
def test_ordinary_words_do_not_look_like_protection(name: str) -> None:
    assert read({"action": "buy", name: "5"}).unsupported == ()


# ------------------------------------------------------- rule 14, unusable

UNRENDERED = ["{{plot_0}}", "NaN", "nan", "na", "N/A", "null", "None", "undefined", "{{x}}%"]
RULE_14 = [
    ("stop_loss", "stop_loss"),
    ("sl", "stop_loss"),
    ("percentage_sl", "stop_loss"),
    ("sl_offset", "stop_loss"),
    ("long SL", "stop_loss"),
    ("takeProfit", "take_profit"),
    ("target", "take_profit"),
    ("long TP", "take_profit"),
    ("trail_percent", "trail"),
    ("quantity", "quantity"),
    ("contracts", "quantity"),
    ("price", "price"),
    ("close", "price"),
    ("order_price", "price"),
]


@pytest.mark.parametrize(("name", "field"), RULE_14)
@pytest.mark.parametrize("value", UNRENDERED)
def test_rule_14_present_but_unusable_is_never_a_default(name: str, field: str, value: str) -> None:
    alert = read({"action": "buy", name: value})
    assert alert.unusable == {field}
    assert shown_fields(alert) == {"action": "buy"}


def test_rule_14_the_first_name_that_is_present_decides() -> None:
    assert parsed(action="buy", quantity="{{x}}", qty="5").unusable == {"quantity"}
    assert parsed(action="buy", quantity="5", qty="{{x}}").unusable == frozenset()
    assert parsed(action="buy", stop_loss={"percent": "NaN"}).unusable == {"stop_loss"}


def test_rule_14_other_numbers_as_text_are_unusable_too() -> None:
    alert = parsed(action="buy", limit_price="NaN", stop_price="na")
    assert alert.unusable == {"limit_price", "stop_price"}


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "close"},
        {"action": "sell", "market_position": "flat"},
        {"action": "sell", "position_size": "0"},
        {"action": "sell", "market_position": "long"},
    ],
)
def test_rule_14_bad_protection_does_not_hold_an_exit_back(fields: dict[str, object]) -> None:
    alert = read(fields | {"stop_loss": "abc", "take_profit": "-5"})
    assert alert.stop_loss is None
    assert len(alert.notes) == 1


# ----------------------------------------------------------------- moments

TIMES = [
    ({"timenow": "2026-11-20T14:30:05Z"}, FIRED, None),
    ({"timestamp": "2026-11-20T14:30:05Z"}, FIRED, None),
    ({"timenow": "2026-11-20T14:15:00Z"}, BAR, None),
    ({"time": "2026-11-20T14:15:00Z"}, None, BAR),
    ({"date": "2026-11-20T14:15:00Z"}, None, BAR),
    ({"time": "2026-11-20T14:30:05Z"}, FIRED, None),
    ({"date": "2026-11-20T14:30:05Z"}, FIRED, None),
    ({"time": "2026-11-20T14:15:00Z", "timenow": "2026-11-20T14:30:05Z"}, FIRED, BAR),
    ({"timestamp": "2020-01-01T00:00:01Z", "timenow": "2026-11-20T14:30:05Z"}, FIRED, None),
    ({"timenow": "{{timenow}}", "timestamp": "2026-11-20T14:30:05Z"}, FIRED, None),
    ({"timenow": "", "time": "0", "date": None}, None, None),
    ({"bar": {"time": "2026-11-20T14:15:00Z"}}, None, BAR),
    ({"timenow": "2026-11-20 14:30:05"}, FIRED, None),
    ({"timenow": "2026-11-20T09:30:05-05:00"}, FIRED, None),
    ({"timenow": "2026-11-20T20:00:05+05:30"}, FIRED, None),
    ({"timenow": "1795185005"}, FIRED, None),
    ({"timenow": Decimal(1795185005)}, FIRED, None),
    ({"timenow": Decimal(1795185005000)}, FIRED, None),
    ({"timenow": "1795185005250"}, FIRED + timedelta(milliseconds=250), None),
    ({"timenow": "1795185005.25"}, FIRED + timedelta(milliseconds=250), None),
    ({"time": Decimal(1795184100000)}, None, BAR),
]


@pytest.mark.parametrize(("fields", "fired_at", "bar_at"), TIMES)
def test_rule_1_fire_time_and_bar_time(
    fields: dict[str, object], fired_at: datetime | None, bar_at: datetime | None
) -> None:
    alert = read(fields)
    assert (alert.fired_at, alert.bar_at) == (fired_at, bar_at)


def test_rule_1_a_time_in_the_future_gives_way_to_the_time_of_receipt() -> None:
    ahead = read({"timenow": (NOW + timedelta(seconds=31)).isoformat()})
    assert ahead.fired_at == NOW
    assert ahead.notes == ("the time is in the future: the time of receipt is used",)
    assert read({"timenow": (NOW + timedelta(seconds=30)).isoformat()}).notes == ()


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "12:30",
        "2026-13-01",
        "9" * 30,
        "5",
        True,
        Decimal(-5),
        Decimal("1E+20"),
        [5],
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1e9",
        {"at": 1},
    ],
)
def test_rule_1_an_unreadable_time_is_ignored_and_noted(value: object) -> None:
    alert = read({"action": "close", "timenow": value})
    assert (alert.fired_at, alert.bar_at) == (None, None)
    assert alert.notes == ("'timenow' is not a time that can be read: ignored",)


def test_a_deadline_must_be_readable() -> None:
    assert parsed(expires_at="2026-11-20T15:00:00+00:00").expires_at is not None
    with pytest.raises(MalformedAlert, match="'expires_at'"):
        parsed(expires_at="soon")


# --------------------------------------------------------------- timeframe


@pytest.mark.parametrize("written", ["15", "15m", "15 Min", "15 minutes", Decimal(15)])
def test_the_timeframe_has_one_form_and_is_kept_as_sent(written: object) -> None:
    alert = parsed(interval=written)
    assert alert.timeframe == "15m"
    assert alert.sent == {"timeframe": str(written)}


@pytest.mark.parametrize("value", ["chart", "0", "15x", True, Decimal("1.5"), "m15"])
def test_an_unreadable_timeframe_is_malformed(value: object) -> None:
    with pytest.raises(MalformedAlert, match="'timeframe'"):
        parsed(timeframe=value)


# -------------------------------------------------------------- instruments


@pytest.mark.parametrize(
    "symbol",
    [
        "AAPL",
        "NASDAQ:AAPL",
        "BTC/USD",
        "NSE:SBIN-EQ",
        "ES1!",
        "NQ 12-24",
        "BRK.B",
        "M&M",
        "^GSPC",
        "6E=F",
        "BTC-PERP",
        "NSE:NIFTY25JAN21500CE",
        "X" * 64,
    ],
)
def test_symbols_are_kept_as_sent(symbol: str) -> None:
    assert parsed(ticker=symbol).symbol == parsed(ticker=symbol).sent["symbol"] == symbol


@pytest.mark.parametrize(
    "symbol",
    ["A" * 65, "AAPL\n", "A\tB", "<b>", "A;B", "A'B", "\u0410APL", "A\u200b", "{AAPL}", True],
)
def test_what_cannot_be_a_symbol_is_malformed(symbol: object) -> None:
    with pytest.raises(MalformedAlert, match="symbol"):
        parsed(symbol=symbol)


def test_a_numeric_symbol_is_a_text() -> None:
    assert parsed(symbol=Decimal(500325)).symbol == "500325"


@pytest.mark.parametrize(
    ("fields", "strike"),
    [
        ({"strike": Decimal(48400)}, "48400"),
        ({"strike": "407.5"}, "407.5"),
        ({"strike": "ATM"}, "atm"),
        ({"strike": "ITM1"}, "itm1"),
        ({"offset": "OTM2"}, "otm2"),
        ({"strike": "0", "offset": "ATM"}, "atm"),
        ({"strike": "", "offset": "5"}, None),
    ],
)
def test_strikes(fields: dict[str, object], strike: str | None) -> None:
    assert read(fields).strike == strike


@pytest.mark.parametrize("strike", ["ITM", "ITM0", "-5", "near", True])
def test_an_unreadable_strike_is_malformed(strike: object) -> None:
    with pytest.raises(MalformedAlert, match="'strike'"):
        parsed(strike=strike)


@pytest.mark.parametrize(
    ("written", "expiry"),
    [
        ("WEEKLY", "weekly"),
        ("Monthly", "monthly"),
        ("2026-08-25", "2026-08-25"),
        ("25AUG26", "2026-08-25"),
        ("25-Aug-2026", "2026-08-25"),
        ("5AUG26", "2026-08-05"),
        ("+1", "+1"),
    ],
)
def test_expiries(written: str, expiry: str) -> None:
    assert parsed(expiry=written).expiry == expiry


@pytest.mark.parametrize("written", ["soon", "31FEB26", "2026-02-30", "25XYZ26", "-1", Decimal(1)])
def test_an_unreadable_expiry_is_malformed(written: object) -> None:
    with pytest.raises(MalformedAlert, match="'expiry'"):
        parsed(expiry=written)


@pytest.mark.parametrize(
    ("written", "option_type"), [("CE", "CE"), ("call", "CE"), ("pe", "PE"), ("PUT", "PE")]
)
def test_option_types(written: str, option_type: str) -> None:
    assert parsed(optionType=written).option_type == option_type


PRODUCTS = [
    ("CNC", "cnc"),
    ("INTRADAY", "intraday"),
    ("MIS", "intraday"),
    ("MARGIN", "margin"),
    ("NRML", "margin"),
    ("M", "margin"),
    ("MTF", "mtf"),
    ("BO", "bo"),
    ("CO", "co"),
]


@pytest.mark.parametrize(("written", "product"), PRODUCTS)
def test_product_types(written: str, product: str) -> None:
    assert parsed(productType=written).product_type == product


@pytest.mark.parametrize("word", ["day", "GTC", "ioc", "FOK", "opg", "Cls"])
def test_times_in_force(word: str) -> None:
    assert parsed(tif=word).time_in_force == word.lower()


@pytest.mark.parametrize("field", ["product_type", "option_type", "time_in_force", "quantity_type"])
@pytest.mark.parametrize("value", ["whatever", "null", True, Decimal(1)])
def test_an_unreadable_word_is_malformed(field: str, value: object) -> None:
    with pytest.raises(MalformedAlert, match=field):
        parsed(**{field: value})


# -------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        ("strategy", 100),
        ("account", 500),
        ("id", 128),
        ("idempotency_key", 128),
        ("comment", 1000),
        ("tags", 1000),
        ("exchange", 64),
    ],
)
def test_texts_are_limited(field: str, longest: int) -> None:
    assert getattr(parsed(**{field: "x" * longest}), field) == "x" * longest
    with pytest.raises(MalformedAlert, match=f"'{field}' has more than {longest}"):
        parsed(**{field: "x" * (longest + 1)})


@pytest.mark.parametrize("field", ["strategy", "account", "id"])
def test_texts_of_one_line_hold_no_control_characters(field: str) -> None:
    assert getattr(parsed(**{field: "हिन्दी, día"}), field) == "हिन्दी, día"
    with pytest.raises(MalformedAlert, match=field):
        parsed(**{field: "a\nb"})


def test_a_comment_may_have_lines() -> None:
    assert parsed(comment="one\n\ttwo").comment == "one\n\ttwo"
    with pytest.raises(MalformedAlert, match="comment"):
        parsed(comment="a\x1b[2Jb")


def test_tags_may_be_a_list() -> None:
    assert parsed(tags=["a", "b"]).tags == "a,b"


@pytest.mark.parametrize("value", [True, "true", "Yes"])
def test_extended_hours_are_yes_or_no(value: object) -> None:
    assert parsed(extended_hours=value).extended_hours is True
    assert parsed(extended_hours="false").extended_hours is False


def test_an_order_id_is_an_id_only_together_with_the_time() -> None:
    assert parsed(order_id="Long").id is None
    timed = parsed(order_id="Long", timenow="2026-11-20T14:30:05Z")
    assert timed.id == "Long@2026-11-20T14:30:05Z"
    ahead = parsed(order_id="Long", timenow="2036-11-20T14:30:05Z")
    assert ahead.id == "Long@2036-11-20T14:30:05Z"
    assert parsed(order_id="Long", id="a-1", timenow="2026-11-20T14:30:05Z").id == "a-1"


def test_only_the_idempotency_key_is_global() -> None:
    alert = parsed(idempotency_key="k-1", id="a-1")
    assert (alert.idempotency_key, alert.id) == ("k-1", "a-1")


def test_the_id_of_a_command_is_the_name_of_its_strategy() -> None:
    alert = parsed(command="PLACE", action="buy", id="mystrategy")
    assert (alert.strategy, alert.id) == ("mystrategy", None)


def test_an_error_names_the_field_and_echoes_little() -> None:
    with pytest.raises(MalformedAlert) as refusal:
        parsed(action="buy", price="x" * 5000)
    assert str(refusal.value) == f"'price': '{'x' * 40}' is not a number"


# -------------------------------------------------------------------- shown


def test_fields_are_shown_under_their_first_names_in_canonical_form() -> None:
    alert = read(
        {
            "side": "LONG",
            "ticker": "NASDAQ:AAPL",
            "interval": "1H",
            "qty": Decimal(10),
            "orderType": "LMT",
            "limitPrice": "143.10",
            "stopLoss": {"type": "stop", "percent": Decimal(5)},
            "tp": "160",
            "sentiment": "Bullish",
            "subaccount": "Main",
            "bot": "Trend 1",
            "TIF": "GTC",
            "extendedHours": True,
            "comment": "As Sent",
            "timestamp": "2026-11-20T09:30:05-05:00",
            "option_type": "call",
        }
    )
    assert shown_fields(alert) == {
        "action": "buy",
        "symbol": "NASDAQ:AAPL",
        "timeframe": "1h",
        "quantity": "10",
        "quantity_type": "fixed_quantity",
        "order_type": "limit",
        "limit_price": "143.10",
        "stop_loss": {"percent": "5", "type": "stop"},
        "take_profit": {"price": "160"},
        "sentiment": "long",
        "account": "Main",
        "strategy": "Trend 1",
        "time_in_force": "gtc",
        "extended_hours": True,
        "comment": "As Sent",
        "time": "2026-11-20T14:30:05Z",
        "option_type": "CE",
    }


def test_only_what_was_given_is_shown() -> None:
    assert shown_fields(parsed()) == {}
    assert shown_fields(parsed(extended_hours=False)) == {"extended_hours": False}
    assert shown_fields(parsed(position_size="0")) == {"position_size": "0"}


# ------------------------------------------------------------------ fuzzing

WORDS = {
    "buy", "sell", "long", "short", "close", "exit", "flat", "cancel", "reverse", "add",
    "entrylong", "entryshort", "exitlong", "exitshort", "positiontypebuy", "positiontypesell",
    "b", "s",
}  # fmt: skip
field_names = st.sampled_from(
    [name for _, name, _ in SYNONYMS] + [name for name, _, _ in LEVELS] + ACTION_NAMES + ["sl_pips"]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.decimals(allow_nan=False)
    | st.integers()
    | st.text(max_size=10)
    | st.sampled_from(["buy", "LONG", "limit", "5", "5%", "$5", "0", "-1", "{{x}}", "NaN", "1e5"])
    | st.datetimes().map(datetime.isoformat),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(field_names, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None, database=None)
@given(st.dictionaries(field_names | st.text(max_size=6), values, max_size=8))
def test_whatever_is_sent_nothing_trades_that_was_not_understood(fields: dict[str, object]) -> None:
    try:
        alert = read(fields)
    except MalformedAlert:
        return
    word = alert.sent.get("action", "").lower().replace("_", "").replace("-", "").replace(" ", "")
    assert (word in WORDS) is (alert.action is not None)
    assert alert.quantity is None or alert.quantity.value > 0
    assert all(value is not None for value in shown_fields(alert).values())


@settings(max_examples=500, deadline=None, database=None)
@given(st.sampled_from(["action", "side", "signal"]), st.text(max_size=12))
def test_an_arbitrary_word_never_becomes_an_action(name: str, word: str) -> None:
    try:
        alert = read({name: word, "symbol": "AAPL"})
    except MalformedAlert:
        return
    assert alert.action is None or alert.sent["action"].lower().strip() in WORDS
