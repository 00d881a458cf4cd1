"""contracts.md A.3: what can be paid."""

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk

POOR = "insufficient buying power"
CRYPTO: dict[str, Any] = {"symbol": "BTC/USD", "time_in_force": "gtc"}


@pytest.mark.parametrize(
    ("terms", "cost"),
    [
        ({"type": "limit", "limit_price": "200"}, "200"),  # a limit: its price
        ({}, "194.75"),  # a market order: 2.5 % above the ask from 50 dollars on
        ({"symbol": "F"}, "11.44"),  # and 4 % below
        ({"type": "stop", "stop_price": "200"}, "205"),
        ({"type": "stop_limit", "stop_price": "200", "limit_price": "201"}, "201"),
        ({"side": "sell"}, "195.7"),  # a short: 3 % above the ask
        ({"side": "sell", "type": "limit", "limit_price": "210"}, "210"),  # or its limit
    ],
)
def test_an_entry_costs_what_alpaca_reckons(desk: Desk, terms: dict[str, Any], cost: str) -> None:
    told = desk.refusal(**(terms | {"qty": "20000"}))
    assert (told["status"], told["code"], told["message"]) == (403, 40310000, POOR)
    assert Decimal(told["cost_basis"]) == Decimal(cost) * 20_000
    assert told["buying_power"] == "200000"


def test_open_entries_reserve_what_they_will_cost(desk: Desk) -> None:
    resting = desk.order(type="limit", limit_price="100", qty="1500")
    assert desk.account()["buying_power"] == "50000"
    assert desk.refusal(type="limit", limit_price="100", qty="501")["buying_power"] == "50000"
    desk.client.cancel_order_by_id(resting["id"])
    assert desk.account()["buying_power"] == "200000"


def test_a_position_binds_its_value_by_the_multiplier(desk: Desk) -> None:
    desk.order(qty="100")
    account = desk.account()
    assert (account["cash"], account["long_market_value"]) == ("81000", "19000")
    assert (account["equity"], account["buying_power"]) == ("100000", "181000")


def test_a_short_pays_in_and_binds_its_value(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.order(side="sell", qty="100")
    account = desk.account()
    assert (account["cash"], account["short_market_value"]) == ("119000", "-19000")
    assert (account["equity"], account["buying_power"]) == ("100000", "181000")
    alpaca.quote("AAPL", "200")
    assert desk.account()["equity"] == "99000"


def test_what_closes_costs_nothing(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.order(side="sell", qty="500")
    alpaca.quote("AAPL", "385")  # nothing is left
    assert desk.account()["buying_power"] == "0"
    covered = desk.order(qty="500")
    assert desk.status(covered) == "filled"


def test_crypto_is_paid_wholly_from_cash(desk: Desk) -> None:
    told = desk.refusal(**CRYPTO, qty=None, notional="100001")
    assert (told["message"], told["buying_power"]) == (POOR, "100000")
    desk.order(qty="500")  # 95,000 of shares
    assert desk.account()["non_marginable_buying_power"] == "5000"
    assert desk.refusal(**CRYPTO, qty=None, notional="5001")["message"] == POOR


def test_an_account_without_margin_spends_its_cash(
    clock: FakeClock, desk: Desk, alpaca: AlpacaSimulator
) -> None:
    alpaca.account(multiplier=1)
    assert desk.account()["buying_power"] == "100000"
    assert desk.refusal(type="limit", limit_price="100", qty="1001")["message"] == POOR
