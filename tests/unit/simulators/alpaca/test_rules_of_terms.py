"""contracts.md A.3: ids, sizes, parts of shares, ticks, types and what they need."""

from functools import partial
from typing import Any

import pytest

from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk, Shown, refusal_of

HALF: dict[str, Any] = {"qty": "0.5"}
BRACKET: dict[str, Any] = {
    "order_class": "bracket",
    "take_profit": {"limit_price": "200"},
    "stop_loss": {"stop_price": "180"},
}


def told_of(desk: Desk, **terms: Any) -> tuple[int, int, str]:
    told = desk.refusal(**terms)
    return told["status"], told["code"], told["message"]


def test_a_clients_id_is_unique_for_ever(desk: Desk) -> None:
    placed = desk.order(client_order_id="mine", type="limit", limit_price="100")
    twice = (422, 40010001, "client_order_id must be unique")
    assert told_of(desk, client_order_id="mine") == twice
    desk.client.cancel_order_by_id(placed["id"])
    assert told_of(desk, client_order_id="mine") == twice
    assert told_of(desk, client_order_id="x" * 129)[:2] == (422, 40010001)


def test_the_id_of_a_refused_order_may_be_used_again(desk: Desk) -> None:
    desk.refusal(client_order_id="mine", qty="100000")
    assert desk.order(client_order_id="mine")["status"] == "pending_new"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (HALF | {"time_in_force": "gtc"}, "fractional orders must be DAY orders"),
        (HALF | BRACKET, "fractional orders must be simple orders"),
        (HALF | {"symbol": "BRK.A"}, 'asset "BRK.A" is not fractionable'),
        (
            HALF | {"type": "trailing_stop", "trail_price": "1"},
            "fractional orders must be market or limit orders",
        ),
        (
            HALF | {"type": "stop", "stop_price": "195"},
            "fractional orders must be market or limit orders",
        ),
        (
            {"qty": None, "notional": "500", "time_in_force": "gtc"},
            "fractional orders must be DAY orders",
        ),
        (HALF | {"side": "sell"}, "fractional orders cannot be sold short"),
        (
            {"qty": None, "notional": "500", "side": "sell"},
            "fractional orders cannot be sold short",
        ),
        ({"qty": "0"}, "qty must be > 0"),
        ({"qty": "-1"}, "qty must be > 0"),
        ({"symbol": "NOPE"}, 'asset "NOPE" not found'),
        ({"symbol": "GONE"}, 'asset "GONE" is not active'),
    ],
)
def test_parts_of_shares_have_rules_of_their_own(
    desk: Desk, terms: dict[str, Any], message: str
) -> None:
    assert told_of(desk, **terms) == (422, 42210000, message)


@pytest.mark.parametrize("terms", [{}, {"type": "limit", "limit_price": "190"}])
def test_parts_of_shares_are_bought_and_sold_again(desk: Desk, terms: dict[str, Any]) -> None:
    desk.order(**(HALF | terms))
    desk.order(**(HALF | terms | {"side": "sell"}))
    assert desk.get("/positions") == []


def test_rule_34_whether_stops_are_taken_on_parts_of_shares_is_a_switch(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    stop = HALF | {"side": "sell", "type": "stop", "stop_price": "180"}
    desk.order(qty="1.5")
    assert told_of(desk, **stop)[1] == 42210000
    alpaca.rules(fractional_stops=True)
    assert desk.status(desk.order(**stop)) == "new"


def test_an_amount_below_the_least_is_refused(desk: Desk) -> None:
    least = "cost basis must be >= minimal amount of order 1"
    assert told_of(desk, qty=None, notional="0.99") == (403, 40310000, least)


def test_only_one_of_quantity_and_notional_is_taken(desk: Desk) -> None:
    assert desk.refusal(notional="1000")["status"] == 400
    assert desk.refusal(qty=None)["status"] == 422


@pytest.mark.parametrize(
    ("symbol", "terms", "name"),
    [
        ("AAPL", {"type": "limit", "limit_price": "290.123"}, "limit_price 290.123"),
        ("AAPL", {"type": "stop", "stop_price": "290.123"}, "stop_price 290.123"),
        ("SNDL", {"type": "limit", "limit_price": "0.12345"}, "limit_price 0.12345"),
        ("AAPL", BRACKET | {"stop_loss": {"stop_price": "180.001"}}, "stop_price 180.001"),
    ],
)
def test_prices_stand_on_the_tick(
    desk: Desk, symbol: str, terms: dict[str, Any], name: str
) -> None:
    told = told_of(desk, symbol=symbol, **terms)
    assert told == (
        422,
        42210000,
        f"invalid {name}. sub-penny increment does not fulfill minimum pricing criteria",
    )


def test_below_a_dollar_the_tick_is_smaller(desk: Desk) -> None:
    placed = desk.order(symbol="SNDL", type="limit", limit_price="0.4321")
    assert placed["limit_price"] == "0.4321"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"type": "limit"}, "limit orders require limit_price"),
        ({"type": "stop"}, "stop orders require stop_price"),
        ({"type": "stop_limit", "stop_price": "190"}, "stop_limit orders require limit_price"),
        ({"limit_price": "190"}, "market orders require no stop or limit price"),
        (
            {"type": "trailing_stop"},
            "trailing_stop orders require one of trail_price and trail_percent",
        ),
        ({"type": "iceberg"}, "invalid order type"),
        ({"time_in_force": "gtd"}, "invalid time_in_force"),
        ({"side": "long"}, "side must be either buy or sell"),
        ({"qty": "ten"}, "qty is not a number"),
    ],
)
def test_a_type_has_its_own_prices(desk: Desk, terms: dict[str, Any], message: str) -> None:
    assert told_of(desk, **terms) == (422, 40010001, message)


@pytest.mark.parametrize("path", ["/orders/0f1f2f3f-0000-4000-8000-000000000000", "/orders/no-id"])
def test_an_unknown_order_is_not_found(desk: Desk, path: str) -> None:
    told = refusal_of(lambda: desk.get(path))
    assert (told["status"], told["code"]) == (404, 40410000)
    assert told["message"] == f"order not found for {path.removeprefix('/orders/')}"


@pytest.mark.parametrize("old", ["notional", "filled", "canceled"])
def test_what_cannot_change_is_not_replaced(desk: Desk, alpaca: AlpacaSimulator, old: str) -> None:
    if old == "notional":
        alpaca.hold("AAPL")
    terms = {"notional": {"qty": None, "notional": "500"}, "filled": {}}
    placed = desk.order(**terms.get(old, {"type": "limit", "limit_price": "100"}))
    if old == "canceled":
        desk.client.cancel_order_by_id(placed["id"])
    told = refusal_of(lambda: desk.client.patch(f"/orders/{placed['id']}", {"qty": "3"}))
    assert (told["status"], told["code"]) == (422, 42210000)


def test_a_replacement_is_an_order_like_any_other(desk: Desk) -> None:
    placed = desk.order(type="limit", limit_price="100")
    path = f"/orders/{placed['id']}"
    changes: list[tuple[Shown, int]] = [
        ({"limit_price": "100.001"}, 422),
        ({"qty": "2.5"}, 422),
        ({"qty": "3000"}, 403),
        ({"stop_price": "90"}, 422),
    ]
    told = [refusal_of(partial(desk.client.patch, path, change)) for change, _ in changes]
    assert [each["status"] for each in told] == [status for _, status in changes]
    assert desk.status(placed) == "new"
