"""What is asked and answered conforms to Alpaca's documents and to the catalogue of errors."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
from alpaca.common.exceptions import APIError

from tests.simulators.alpaca import AlpacaSimulator
from tests.simulators.alpaca.app import App
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.spec import DOCUMENTS, Spec
from tests.simulators.alpaca.world import World
from tests.simulators.faults import Faults
from tests.simulators.market import RealClock
from tests.unit.simulators.alpaca.desk import Desk, Shown, refusal_of

WALK: list[tuple[str, str, Shown | None]] = [
    ("POST", "/v2/orders", {"symbol": "AAPL", "qty": "10", "side": "buy"}),
    ("POST", "/v2/orders", {"symbol": "AAPL", "qty": "2.5", "side": "buy"}),
    ("POST", "/v2/orders", {"symbol": "AAPL", "notional": "50.5", "side": "buy"}),
    ("POST", "/v2/orders", {"symbol": "F", "qty": "3", "side": "sell"}),
    (
        "POST",
        "/v2/orders",
        {"symbol": "BTC/USD", "qty": "1", "side": "buy", "time_in_force": "gtc"},
    ),
    ("POST", "/v2/orders", {"symbol": "AAPL261218C00190000", "qty": "1", "side": "buy"}),
    (
        "POST",
        "/v2/orders",
        {
            "symbol": "MSFT",
            "qty": "1",
            "side": "buy",
            "order_class": "bracket",
            "take_profit": {"limit_price": "500"},
            "stop_loss": {"stop_price": "400", "limit_price": "399"},
        },
    ),
    (
        "POST",
        "/v2/orders",
        {"symbol": "AAPL", "qty": "1", "side": "sell", "type": "trailing_stop", "trail_price": "3"},
    ),
    (
        "POST",
        "/v2/orders",
        {
            "symbol": "TSLA",
            "qty": "1",
            "side": "buy",
            "type": "limit",
            "limit_price": "9.5",
            "client_order_id": "mine",
        },
    ),
    ("GET", "/v2/account", None),
    ("GET", "/v2/account/configurations", None),
    ("GET", "/v2/account/activities?activity_types=FILL,CFEE", None),
    ("GET", "/v2/account/activities/FILL?direction=asc&page_size=3", None),
    ("GET", "/v2/account/activities/CFEE", None),
    ("GET", "/v2/assets?asset_class=crypto&status=active", None),
    ("GET", "/v2/assets", None),
    ("GET", "/v2/assets/AAPL", None),
    ("GET", "/v2/clock", None),
    ("GET", "/v2/calendar?start=2026-11-20T00:00:00Z&end=2026-12-31T00:00:00Z", None),
    ("GET", "/v2/options/contracts?underlying_symbols=AAPL", None),
    ("GET", "/v2/options/contracts/AAPL261218C00190000", None),
    ("GET", "/v2/orders?status=all&nested=true&limit=500", None),
    ("GET", "/v2/orders?status=all&after=2026-11-20T15:00:00Z", None),
    ("GET", "/v2/orders:by_client_order_id?client_order_id=mine", None),
    ("GET", "/v2/orders/{mine}?nested=true", None),
    ("PATCH", "/v2/orders/{mine}", {"limit_price": "9.6"}),
    ("DELETE", "/v2/orders/{first}", None),
    ("GET", "/v2/positions", None),
    ("GET", "/v2/positions/BTCUSD", None),
    ("DELETE", "/v2/positions/F", None),
    ("DELETE", "/v2/positions/BTCUSD?percentage=50", None),
    ("DELETE", "/v2/orders", None),
    ("DELETE", "/v2/positions?cancel_orders=true", None),
    ("GET", "/v2/stocks/quotes/latest?symbols=AAPL,MSFT", None),
    ("GET", "/v2/stocks/trades/latest?symbols=AAPL&feed=iex", None),
    ("GET", "/v2/stocks/AAPL/quotes/latest", None),
    ("GET", "/v2/stocks/AAPL/trades/latest", None),
    ("GET", "/v1beta3/crypto/us/latest/quotes?symbols=BTC/USD", None),
    ("GET", "/v1beta3/crypto/us/latest/trades?symbols=BTC/USD", None),
    ("GET", "/v1beta1/options/quotes/latest?symbols=AAPL261218C00190000", None),
    ("GET", "/v1beta1/options/trades/latest?symbols=AAPL261218C00190000", None),
]
CATALOGUE: dict[str, list[str]] = json.loads((DOCUMENTS / "error_catalog.json").read_text())
CALL: Shown = {"symbol": "AAPL261218C00190000", "qty": "2", "side": "sell"}
COIN: Shown = {"symbol": "BTC/USD", "qty": "1", "time_in_force": "gtc"}
OCO: Shown = {
    "type": "limit",
    "order_class": "oco",
    "take_profit": {"limit_price": "95000"},
    "stop_loss": {"stop_price": "80000"},
}


def test_every_endpoint_answers_as_the_documents_say(alpaca: AlpacaSimulator) -> None:
    headers = {"APCA-API-KEY-ID": alpaca.key, "APCA-API-SECRET-KEY": alpaca.secret}
    names = {"first": "", "mine": ""}
    with requests.Session() as session:
        for method, path, body in WALK:
            whole = None if body is None else {"type": "market", "time_in_force": "day"} | body
            if method == "PATCH":
                whole = body
            url = f"{alpaca.trading_url}{path.format(**names)}"
            answer = session.request(method, url, json=whole, headers=headers)
            assert answer.status_code in (200, 204, 207), answer.text
            if whole and "client_order_id" in whole:
                names["mine"] = answer.json()["id"]
            names["first"] = next((each.id for each in alpaca.owner().open_orders()), "")
    assert alpaca.state.violations == []
    assert alpaca.state.wrong_answers == []


def test_every_endpoint_is_walked() -> None:
    world = World(RealClock())
    app = App(world, Exchange(world), Faults(), None)
    book = {f"{method} {path}" for method, path in Spec().endpoints()}
    walked = {
        f"{method} {app.route_of(method, re.sub('{.*}', 'x', path.partition('?')[0]))}"
        for method, path, _ in WALK
    }
    assert walked == book


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("/orders", {"notional": 5000.0}, 'body/notional: 5000.0 is not of type "string"'),
        ("/orders", {"price": "1"}, "body: Additional properties are not allowed"),
        ("/orders", {"type": "iceberg"}, "body/type:"),
        ("/orders", {"time_in_force": None}, "body/time_in_force:"),
        ("/orders", {"client_order_id": "x" * 129}, "body/client_order_id:"),
        ("/clock?now=1", None, "query now is unknown"),
        ("/orders?limit=many", None, "query limit:"),
        ("/orders?direction=up", None, "query direction:"),
        ("/orders:by_client_order_id", None, "query client_order_id is missing"),
        ("/stocks/quotes/latest", None, "query symbols is missing"),
    ],
)
def test_what_does_not_conform_is_written_down(
    alpaca: AlpacaSimulator, desk: Desk, path: str, body: Shown | None, complaint: str
) -> None:
    base: Shown = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day"}
    with suppress(APIError):
        desk.client.get(path) if body is None else desk.client.post(path, base | body)
    assert complaint in "".join(alpaca.state.violations)


def test_what_conforms_is_not_written_down(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.order(client_order_id="mine")
    desk.get("/orders", status="all", nested="true", limit=500, direction="asc")
    assert alpaca.state.violations == []


def of_stranger(alpaca: AlpacaSimulator, key: str, secret: str) -> Shown:
    stranger = Desk(alpaca, key, secret)
    told = refusal_of(stranger.account)
    stranger.close()
    return told


def beside_a_sale(desk: Desk, *, held: bool, side: str) -> Shown:
    if held:
        desk.order()
    desk.order(side="sell", type="limit", limit_price="200")
    return desk.refusal(side=side)


def of_a_filled_order(desk: Desk) -> Shown:
    placed = desk.order()
    return refusal_of(lambda: desk.client.cancel_order_by_id(placed["id"]))


def of_a_second_id(desk: Desk) -> Shown:
    desk.order(client_order_id="mine")
    return desk.refusal(client_order_id="mine")


def of_a_busy_minute(alpaca: AlpacaSimulator, desk: Desk) -> Shown:
    alpaca.rules(rate_limit=1)
    desk.account()
    return refusal_of(desk.account)


def pattern_day_trade(alpaca: AlpacaSimulator, desk: Desk) -> Shown:
    alpaca.rules(pattern_day_trading=True)
    alpaca.owner().cash -= 80_000
    for symbol in ("AAPL", "MSFT", "TSLA"):
        desk.order(symbol=symbol, qty="1")
        desk.order(symbol=symbol, qty="1", side="sell")
    desk.order(symbol="F")
    return desk.refusal(symbol="F", side="sell")


def with_flag(alpaca: AlpacaSimulator, desk: Desk, terms: Shown, **flags: Any) -> Shown:
    alpaca.account(**flags)
    return desk.refusal(**terms)


HALF: Shown = {"qty": "0.5", "time_in_force": "gtc"}
PROVOKED: dict[str, Callable[[AlpacaSimulator, Desk], Shown]] = {
    "insufficient buying power": lambda _, desk: desk.refusal(qty="10000"),
    "insufficient qty": lambda _, desk: beside_a_sale(desk, held=True, side="sell"),
    "potential wash trade": lambda _, desk: beside_a_sale(desk, held=True, side="buy"),
    "cannot open a long buy": lambda _, desk: beside_a_sale(desk, held=False, side="buy"),
    "new orders are rejected": lambda alpaca, desk: with_flag(
        alpaca, desk, {}, trade_suspended_by_user=True
    ),
    "insufficient underlying": lambda _, desk: desk.refusal(**CALL),
    "trade denied": pattern_day_trade,
    "client_order_id": lambda _, desk: of_a_second_id(desk),
    "us_equity orders": lambda alpaca, desk: with_flag(alpaca, desk, {}, equities_allowed=False),
    "crypto orders not allowed for account": lambda alpaca, desk: with_flag(
        alpaca, desk, COIN, crypto_status="INACTIVE"
    ),
    "fractional orders must be DAY": lambda _, desk: desk.refusal(**HALF),
    "fractional orders must be simple": lambda _, desk: desk.refusal(**(HALF | OCO)),
    "invalid limit_price": lambda _, desk: desk.refusal(type="limit", limit_price="290.123"),
    "invalid stop_price": lambda _, desk: desk.refusal(type="stop", stop_price="290.123"),
    "crypto orders not allowed for advanced": lambda _, desk: desk.refusal(**(COIN | OCO)),
    "asset": lambda _, desk: desk.refusal(symbol="BRK.A", qty="0.5"),
    "order is not cancelable": lambda _, desk: of_a_filled_order(desk),
    "qty must be": lambda _, desk: desk.refusal(qty="0"),
    "order not found": lambda _, desk: refusal_of(lambda: desk.get("/orders/x")),
    "position does not exist": lambda _, desk: refusal_of(desk.position),
    "request is not authorized": lambda alpaca, _: of_stranger(alpaca, "PKNOBODY", "x"),
    "forbidden": lambda alpaca, _: of_stranger(alpaca, "", "wrong"),
    "rate limit exceeded": of_a_busy_minute,
}
"""How to be refused with each message of the catalogue, by its beginning."""


@pytest.mark.parametrize(
    ("code", "message"),
    [(code, message) for code, messages in CATALOGUE.items() for message in messages],
)
def test_every_error_of_the_catalogue_can_be_had(
    alpaca: AlpacaSimulator, desk: Desk, code: str, message: str
) -> None:
    (begins,) = [begins for begins in PROVOKED if message.startswith(begins)]
    told = PROVOKED[begins](alpaca, desk)
    status, _, number = code.partition("/")
    assert told["status"] == int(status)
    assert told.get("code") == (int(number) if number.isdigit() else None)
    assert told["message"].startswith("too many requests" if code == "429" else begins)
