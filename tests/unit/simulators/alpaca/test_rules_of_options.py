"""contracts.md A.3: options."""

from typing import Any

import pytest

from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk

CALL: dict[str, Any] = {"symbol": "AAPL261218C00190000", "qty": "2"}
PUT: dict[str, Any] = {"symbol": "AAPL261218P00190000", "qty": "2"}


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"time_in_force": "gtc"}, "option orders must be DAY orders"),
        ({"qty": "1.5"}, "qty must be an integer for option orders"),
        ({"qty": None, "notional": "500"}, "qty must be an integer for option orders"),
        (
            {"type": "stop", "stop_price": "6"},
            "options orders must be market or limit orders",
        ),
        (
            {"order_class": "oto", "stop_loss": {"stop_price": "4"}},
            "option orders must be simple orders",
        ),
    ],
)
def test_options_have_rules_of_their_own(desk: Desk, terms: dict[str, Any], message: str) -> None:
    told = desk.refusal(**(CALL | terms))
    assert (told["status"], told["code"], told["message"]) == (422, 42210000, message)


def test_a_contract_is_a_hundred_shares(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.order(**CALL, position_intent="buy_to_open")
    assert desk.account()["cash"] == "99000"
    alpaca.quote(CALL["symbol"], "6")
    position = desk.position(CALL["symbol"])
    assert (position["market_value"], position["unrealized_pl"]) == ("1200", "200")
    desk.order(**CALL, side="sell", position_intent="sell_to_close")
    assert desk.account()["cash"] == "100200"


@pytest.mark.parametrize(
    ("level", "terms", "message"),
    [
        (0, CALL, "account not eligible to trade options"),
        (1, CALL, "account not eligible to buy option contracts"),
    ],
)
def test_the_level_of_the_account_is_a_gate(
    alpaca: AlpacaSimulator, desk: Desk, level: int, terms: dict[str, Any], message: str
) -> None:
    alpaca.account(options_level=level)
    told = desk.refusal(**terms)
    assert (told["status"], told["code"], told["message"]) == (403, 40310000, message)


def test_a_written_call_stands_on_its_shares(desk: Desk) -> None:
    told = desk.refusal(**CALL, side="sell")
    assert (told["status"], told["code"]) == (403, 40310000)
    assert told["message"] == (
        "insufficient underlying qty available for covered call (required: 200, available: 0)"
    )
    desk.order(qty="300")
    desk.order(**CALL, side="sell")
    assert desk.refusal(**CALL, side="sell")["message"].endswith("available: 100)")


def test_a_written_put_binds_the_money_for_its_shares(desk: Desk) -> None:
    desk.order(**PUT, side="sell")
    account = desk.account()
    assert (account["cash"], account["options_buying_power"]) == ("100800", "62000")
    assert desk.refusal(**(PUT | {"qty": "5"}), side="sell")["cost_basis"] == "95000"
