"""contracts.md A.3 and trading-rules 39: coins."""

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk

COIN: dict[str, Any] = {"symbol": "BTC/USD", "qty": "0.1", "time_in_force": "gtc"}
OFF_TICK = "sub-penny increment does not fulfill minimum pricing criteria"
STOP_LIMIT: dict[str, Any] = {"type": "stop_limit", "stop_price": "80000", "limit_price": "79900"}


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (
            {
                "order_class": "bracket",
                "take_profit": {"limit_price": "95000"},
                "stop_loss": {"stop_price": "80000"},
            },
            "crypto orders not allowed for advanced order_class: otoco",
        ),
        (
            {
                "type": "limit",
                "order_class": "oco",
                "side": "sell",
                "take_profit": {"limit_price": "95000"},
                "stop_loss": {"stop_price": "80000"},
            },
            "crypto orders not allowed for advanced order_class: oco",
        ),
        ({"type": "stop", "stop_price": "95000"}, "invalid order type for crypto order"),
        ({"type": "trailing_stop", "trail_price": "10"}, "invalid order type for crypto order"),
        ({"time_in_force": "day"}, "invalid crypto time_in_force"),
        ({"qty": "0.00009"}, "qty must be >= minimal qty of order 0.0001"),
        ({"symbol": "DOGE/USD", "qty": "100.05"}, "qty increment must be 0.1"),
        (
            {"type": "limit", "limit_price": "90000.001"},
            f"invalid limit_price 90000.001. {OFF_TICK}",
        ),
    ],
)
def test_coins_have_rules_of_their_own(desk: Desk, terms: dict[str, Any], message: str) -> None:
    told = desk.refusal(**(COIN | terms))
    assert (told["status"], told["code"], told["message"]) == (422, 42210000, message)


def test_coins_are_not_sold_short(desk: Desk) -> None:
    told = desk.refusal(**COIN, side="sell")
    assert (told["status"], told["code"]) == (403, 40310000)
    assert told["message"] == "insufficient balance for BTC (requested: 0.1, available: 0)"


def test_rule_39_the_fee_is_taken_from_the_coins_that_were_bought(desk: Desk) -> None:
    placed = desk.order(**COIN)
    assert desk.look(placed)["filled_qty"] == "0.1"
    assert desk.position("BTCUSD")["qty"] == "0.09975"
    assert desk.account()["cash"] == "91000"
    told = desk.refusal(**COIN, side="sell")
    assert told["message"] == "insufficient balance for BTC (requested: 0.1, available: 0.09975)"


def test_rule_39_the_fee_is_taken_from_the_dollars_of_a_sale(desk: Desk) -> None:
    desk.order(**COIN)
    desk.client.close_position("BTCUSD")
    proceeds = Decimal("0.09975") * 90_000 * Decimal("0.9975")
    assert Decimal(desk.account()["cash"]) == 91_000 + proceeds
    assert desk.get("/positions") == []


def test_the_fees_are_among_the_activities(desk: Desk) -> None:
    desk.order(**COIN)
    (fee,) = desk.get("/account/activities/CFEE")
    assert (fee["symbol"], fee["qty"], fee["net_amount"]) == ("BTCUSD", "-0.00025", "0")


def test_a_position_has_no_slash_and_an_order_has(desk: Desk) -> None:
    placed = desk.order(**(COIN | {"symbol": "BTCUSD"}))
    assert placed["symbol"] == "BTC/USD"
    (position,) = desk.get("/positions")
    assert (position["symbol"], position["asset_class"]) == ("BTCUSD", "crypto")
    with pytest.raises(Exception, match="endpoint not found"):
        desk.client.close_position("BTC/USD")  # it sends the slash as it is


def test_coins_trade_at_any_hour(alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk) -> None:
    alpaca.advance(3600 * 24)  # a Saturday
    desk.order(**COIN)
    stop = desk.order(**(COIN | STOP_LIMIT | {"qty": "0.05", "side": "sell"}))
    alpaca.quote("BTC/USD", "79950")
    assert desk.look(stop)["filled_avg_price"] == "79950"


def test_an_amount_below_the_least_is_refused(desk: Desk) -> None:
    told = desk.refusal(**(COIN | {"qty": None, "notional": "9.99"}))
    assert told["message"] == "cost basis must be >= minimal amount of order 10"
