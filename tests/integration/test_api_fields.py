"""How an alert shows what it was understood as: the names, forms and precedences of its fields."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.api import SECRET, body_of, send

UNITS: dict[str, object] = {"quantity_type": "fixed_quantity"}
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL"}

SHOWN: dict[str, tuple[object, dict[str, object]]] = {
    "names of other services, words in capitals": (
        {
            "Transaction Type": "B",
            "ticker": "NSE:SBIN",
            "TIME-FRAME": "15 Min",
            "contracts": 3,
            "pricetype": "SL-L",
            "triggerPrice": "101.50",
            "limitPrice": 101,
            "product": "MIS",
            "TIF": "DAY",
            "strategy_name": "My Strategy",
            "sentiment": "Bullish",
        },
        {
            "action": "buy",
            "symbol": "NSE:SBIN",
            "timeframe": "15m",
            "quantity": "3",
            **UNITS,
            "order_type": "stop_limit",
            "limit_price": "101",
            "stop_price": "101.50",
            "product_type": "intraday",
            "sentiment": "long",
            "strategy": "My Strategy",
            "time_in_force": "day",
        },
    ),
    "actions": ({"side": "entryShort", "pair": "X"}, {"action": "sell", "symbol": "X"}),
    "exits": ({"signal": "exitLong", "pair": "X"}, {"action": "close", "symbol": "X"}),
    "states": (
        {"direction": "POSITION_TYPE_SELL", "index": "X"},
        {"action": "sell", "symbol": "X"},
    ),
    "an option": (
        {**BUY, "strikePrice": 48400, "optionType": "put", "expiry": "WEEKLY", "qty": 0.25},
        {
            **BUY,
            "quantity": "0.25",
            **UNITS,
            "strike": "48400",
            "option_type": "PE",
            "expiry": "weekly",
        },
    ),
    "an option by its distance": (
        {**BUY, "offset": "OTM2", "option_type": "call", "expiry_date": "25AUG26"},
        {**BUY, "strike": "otm2", "option_type": "CE", "expiry": "2026-08-25"},
    ),
    "protection as price, percentage and object": (
        {**BUY, "stoploss": "180.50", "takeProfit": {"percent": 4, "type": "limit"}},
        {**BUY, "stop_loss": {"price": "180.50"}, "take_profit": {"percent": "4", "type": "limit"}},
    ),
    "protection by its names": (
        {**BUY, "percentage_sl": "2", "tp_offset": 5},
        {**BUY, "stop_loss": {"percent": "2"}, "take_profit": {"offset": "5"}},
    ),
    "zero is absent": ({**BUY, "sl": 0, "tp": "0", "price": 0}, BUY),
    "the levels of a buy": (
        {**BUY, "long SL": 180, "long TP": 220, "short SL": 210, "short TP": 150},
        {**BUY, "stop_loss": {"price": "180"}, "take_profit": {"price": "220"}},
    ),
    "the levels of a sell": (
        {**BUY, "action": "sell", "long SL": 180, "short SL": 210, "short TP": 150},
        {
            **BUY,
            "action": "sell",
            "stop_loss": {"price": "210"},
            "take_profit": {"price": "150"},
        },
    ),
    "money beside a stub": (
        {**BUY, "stub": "dev", "size": "50"},
        {**BUY, "quantity": "50", "quantity_type": "dollar_amount", "account": "dev"},
    ),
    "a share of the equity": (
        {**BUY, "quantity": "50%"},
        {**BUY, "quantity": "50", "quantity_type": "percent_of_equity"},
    ),
    "a share of the position": (
        {**BUY, "action": "close", "quantity": "50%"},
        {**BUY, "action": "close", "quantity": "50", "quantity_type": "percent_of_position"},
    ),
    "a share that only reduces": (
        {**BUY, "action": "sell", "market_position": "long", "quantity": "25%"},
        {
            **BUY,
            "action": "sell",
            "market_position": "long",
            "quantity": "25",
            "quantity_type": "percent_of_position",
        },
    ),
    "units without one": ({**BUY, "size": "50"}, {**BUY, "quantity": "50", **UNITS}),
    "a volume that is ours": ({**BUY, "volume": "5"}, {**BUY, "quantity": "5", **UNITS}),
    "rule 12: a volume that is the bar's": (
        {**BUY, "volume": "125000", "close": 190},
        {**BUY, "price": "190"},
    ),
    "rule 12: a volume within a bar": (
        {**BUY, "bar": {"volume": 125000, "time": "2026-11-20T15:29:00Z"}},
        {**BUY, "time": "2026-11-20T15:29:00Z"},
    ),
    "containers": (
        {
            "ticker": "AAPL",
            "strategy": {"order_action": "buy", "order_contracts": 2, "market_position": "long"},
            "bar": {"close": "190"},
        },
        {**BUY, "quantity": "2", **UNITS, "price": "190", "market_position": "long"},
    ),
    "data and signal as containers": (
        {"data": {"action": "buy"}, "signal": {"ticker": "AAPL"}},
        BUY,
    ),
    "the first column wins": (
        {"ticker": "B", "symbol": "AAPL", "side": "sell", "action": "buy", "qty": 2, "quantity": 1},
        {**BUY, "quantity": "1", **UNITS},
    ),
    "then the order of the list": (
        {"pair": "B", "ticker": "AAPL", "direction": "sell", "side": "buy"},
        BUY,
    ),
    "the top level before what is nested": (
        {"alert": {"action": "sell", "symbol": "B"}, "side": "sell", **BUY},
        BUY,
    ),
    "empty and unrendered count as absent": (
        {**BUY, "side": "", "timeframe": "{{interval}}", "account": " ", "comment": ""},
        BUY,
    ),
    "times": ({**BUY, "timenow": 1795188604.5}, {**BUY, "time": "2026-11-20T15:30:04.500000Z"}),
    "a time of another zone": (
        {**BUY, "timestamp": "2026-11-20T21:00:03+05:30"},
        {**BUY, "time": "2026-11-20T15:30:03Z"},
    ),
    "a command": (
        {**BUY, "command": "PLACE", "id": "mystrategy"},
        {**BUY, "strategy": "mystrategy"},
    ),
}


def kept(client: FlaskClient, body: object) -> dict[str, Any]:
    answer = client.post(f"/webhook/{SECRET}?wait=0.01", data=json.dumps(body)).get_json()
    return body_of(client, f"/api/v1/alerts/{answer['alert_id']}")


@pytest.mark.parametrize(("body", "fields"), SHOWN.values(), ids=SHOWN.keys())
def test_an_alert_shows_what_it_was_understood_as(
    client: FlaskClient, body: object, fields: dict[str, object]
) -> None:
    assert kept(client, body)["fields"] == fields
    assert client.post("/api/v1/preview", data=json.dumps(body)).get_json()["fields"] == fields


@pytest.mark.parametrize("name", ["breakeven", "tp2", "sl_trigger", "trailing_start", "target 2"])
def test_an_entry_with_protection_that_is_not_understood_is_denied(
    client: FlaskClient, name: str
) -> None:
    alert = kept(client, {**BUY, "quantity": 1, "price": 190, name: 5})
    assert (alert["status"], alert["reason"]) == ("denied", "UNSUPPORTED_PROTECTION")
    assert name in alert["detail"]


@pytest.mark.parametrize(("multiplier", "quantity"), [(2, "2"), ("0.5", "0.5"), (0, "1")])
def test_rule_15_a_quantity_multiplier_is_that_of_its_account(
    client: FlaskClient, multiplier: object, quantity: str
) -> None:
    place = {"account_id": "paper", "quantity_multiplier": multiplier}
    alert = kept(client, {**BUY, "quantity": 1, "price": 190, "multiple_accounts": [place]})
    assert [order["quantity"] for order in alert["orders"]] == [quantity]


def test_rule_15_of_several_accounts_one_that_is_not_known_is_denied(client: FlaskClient) -> None:
    places = [{"account_id": "paper"}, {"account": "other", "quantity_multiplier": 1}]
    alert = kept(client, {**BUY, "quantity": 1, "price": 190, "multiple_accounts": places})
    assert (alert["reason"], alert["fields"]["account"]) == ("UNKNOWN_ACCOUNT", "paper,other")
    assert [each["status"] for each in alert["results"]] == ["success", "denied"]
    send(client, action="close", symbol="AAPL")
    alert = kept(client, {**BUY, "quantity": 1, "price": 190, "multiple_accounts": places[:1]})
    assert (alert["status"], alert["fields"]["account"]) == ("success", "paper")
