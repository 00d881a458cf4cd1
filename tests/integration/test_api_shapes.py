"""Every route of the API: what it is asked, what it answers, and of which form the answer is."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import pytest
from flask.testing import FlaskClient

from tests.integration.api import SECRET, body_of, buy

Shape = Any
"""A type, a tuple of types, None, a list of one shape, or a mapping of names to shapes."""

NUMBER = (int, float)
TEXT_OR_NOTHING = (str, type(None))
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

ORDER = {
    "client_order_id": str,
    "broker_order_id": TEXT_OR_NOTHING,
    "alert_id": str,
    "account": str,
    "symbol": str,
    "side": str,
    "quantity": str,
    "filled_quantity": str,
    "order_type": str,
    "limit_price": TEXT_OR_NOTHING,
    "stop_price": TEXT_OR_NOTHING,
    "average_price": TEXT_OR_NOTHING,
    "role": str,
    "status": str,
    "reason": str,
    "parent": TEXT_OR_NOTHING,
    "submitted_at": TEXT_OR_NOTHING,
    "updated_at": MOMENT,
    "foreign": bool,
}
FILL = {"fill_id": str, "quantity": str, "price": str, "fee": str, "at": MOMENT}
WHOLE_ORDER = {**ORDER, "legs": [ORDER], "fills": [FILL]}
ALERT = {
    "alert_id": str,
    "received_at": MOMENT,
    "status": str,
    "reason": str,
    "detail": str,
    "account": TEXT_OR_NOTHING,
    "fields": dict,
}
WHOLE_ALERT = {
    **ALERT,
    "request_id": str,
    "raw": str,
    "notes": [str],
    "orders": [ORDER],
    "timeline": [{"at": MOMENT, "event": str, "ms": NUMBER, "problem": bool, ...: object}],
}
STRATEGY = {
    "symbol": str,
    "timeframe": str,
    "position_size": (*NUMBER, type(None)),
    "sizing_type": str,
    "active": bool,
    "account": TEXT_OR_NOTHING,
    "sides": TEXT_OR_NOTHING,
    "stop_loss": (dict, type(None)),
    "take_profit": (dict, type(None)),
    "pyramiding": bool,
    "max_quantity": (*NUMBER, type(None)),
    "shared": bool,
    "sync": str,
    "after_stop": str,
    "session_policy": TEXT_OR_NOTHING,
    "when_closed": str,
    "emulated_stop": bool,
    "order_status": str,
    "last_updated": TEXT_OR_NOTHING,
}
TALLY = {
    "total_trades": int,
    "winning_trades": int,
    "losing_trades": int,
    "win_rate": NUMBER,
    "total_pnl": NUMBER,
    "avg_pnl_per_trade": NUMBER,
    "best_trade": NUMBER,
    "worst_trade": NUMBER,
    "last_updated": TEXT_OR_NOTHING,
}
NUMBER_OR_NOTHING = (*NUMBER, type(None))
FIGURES = {
    **TALLY,
    "gross_profit": NUMBER,
    "gross_loss": NUMBER,
    "fees": NUMBER,
    "avg_win": NUMBER,
    "avg_loss": NUMBER,
    "profit_factor": NUMBER_OR_NOTHING,
    "max_drawdown": NUMBER_OR_NOTHING,
    "streak": NUMBER_OR_NOTHING,
    "longest_winning_streak": NUMBER_OR_NOTHING,
    "longest_losing_streak": NUMBER_OR_NOTHING,
}
RATIOS = {
    "account": str,
    "days": int,
    "sharpe": NUMBER_OR_NOTHING,
    "sortino": NUMBER_OR_NOTHING,
    "sharpe_tradingview": NUMBER_OR_NOTHING,
    "sortino_tradingview": NUMBER_OR_NOTHING,
}
TRADE = {
    "trade_id": str,
    "account": str,
    "symbol": str,
    "instrument": str,
    "side": str,
    "quantity": str,
    "entry_price": str,
    "exit_price": str,
    "entered_at": MOMENT,
    "exited_at": MOMENT,
    "multiplier": str,
    "fees": str,
    "pnl": str,
    "mae": str,
    "mfe": str,
    "strategy": str,
    "exit_strategy": str,
    "entry_alert_id": str,
    "exit_alert_id": str,
}
LISTED_FILL = {
    **FILL,
    "client_order_id": str,
    "alert_id": str,
    "strategy": str,
    "account": str,
    "symbol": str,
    "instrument": str,
    "side": str,
    "multiplier": str,
}
DAY = {
    "account": str,
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
    "trades": int,
    "realised": str,
    "fees": str,
    "cumulative": str,
    "equity": TEXT_OR_NOTHING,
    "equity_at": TEXT_OR_NOTHING,
}
EVENT = {
    "at": MOMENT,
    "event": str,
    "problem": bool,
    "account": TEXT_OR_NOTHING,
    "symbol": TEXT_OR_NOTHING,
    "alert_id": TEXT_OR_NOTHING,
    "client_order_id": TEXT_OR_NOTHING,
    "facts": dict,
}
LOG_LINE = {"ts": MOMENT, "level": str, "event": str, "logger": str, ...: object}
POSITION = {
    "account": str,
    "symbol": str,
    "qty": NUMBER,
    "side": str,
    "market_value": NUMBER,
    "unrealized_pl": NUMBER,
    "unrealized_plpc": NUMBER,
    "entry_price": NUMBER,
    "current_price": NUMBER,
    "protected": bool,
}
CHECK = {"ok": bool, "detail": str}
SWITCH = {"active": bool, "reason": str, "since": TEXT_OR_NOTHING}


class Call(NamedTuple):
    """A request, and the form of its answer."""

    method: str
    path: str
    shape: Shape
    body: object = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


CALLS = [
    Call("GET", "/health", {"status": str, "version": str}),
    Call(
        "GET",
        "/ready",
        {
            "status": str,
            "checks": {
                "database": CHECK,
                "engine": CHECK,
                "recovery": CHECK,
                "brokers": CHECK,
                "token": CHECK,
                "disk": CHECK,
                "backup": CHECK,
            },
        },
    ),
    Call("GET", "/positions", {"positions": [POSITION]}),
    Call("GET", "/config", {"strategies": [STRATEGY], "settings": dict}),
    Call("GET", "/performance", {"symbols": [{"symbol": str, **TALLY}], "total": TALLY}),
    Call(
        "GET",
        "/api/v1/performance",
        {
            "symbols": [{"symbol": str, **FIGURES}],
            "strategies": [{"strategy": str, **FIGURES}],
            "total": FIGURES,
            "ratios": [RATIOS],
        },
    ),
    Call("GET", "/api/v1/alerts", {"alerts": [ALERT], "next_cursor": TEXT_OR_NOTHING}),
    Call("GET", "/api/v1/alerts/<alert_id>", WHOLE_ALERT),
    Call(
        "GET",
        "/api/v1/notifications",
        {
            "sinks": [
                {
                    "sink": str,
                    "title": TEXT_OR_NOTHING,
                    "tries": int,
                    "error": str,
                    "sent_at": TEXT_OR_NOTHING,
                    "next_at": TEXT_OR_NOTHING,
                }
            ],
            "dead_letters": [
                {
                    "id": int,
                    "sink": str,
                    "at": str,
                    "title": str,
                    "text": str,
                    "events": int,
                    "tries": int,
                    "error": str,
                }
            ],
        },
    ),
    Call("GET", "/api/v1/fills", {"fills": [LISTED_FILL], "next_cursor": TEXT_OR_NOTHING}),
    Call("GET", "/api/v1/trades", {"trades": [TRADE], "next_cursor": TEXT_OR_NOTHING}),
    Call("GET", "/api/v1/equity", {"equity": [DAY], "next_cursor": TEXT_OR_NOTHING}),
    Call("GET", "/api/v1/order-log", {"events": [EVENT], "next_cursor": TEXT_OR_NOTHING}),
    Call("GET", "/api/v1/logs", {"logs": [LOG_LINE], "next_cursor": TEXT_OR_NOTHING}),
    Call(
        "POST",
        "/api/v1/preview",
        {
            "fields": dict,
            "account": str,
            "signal": {"asset_class": str, "trade_type": str, "side": str},
            "intents": [
                {
                    "account": str,
                    "symbol": str,
                    "role": str,
                    "side": str,
                    "quantity": str,
                    "order_type": str,
                    "time_in_force": str,
                }
            ],
        },
        {"action": "buy", "symbol": "MSFT", "quantity": 1},
    ),
    Call(
        "POST",
        "/api/v1/alerts/<alert_id>/replay?dry_run=1",
        {"fields": dict, "account": str, "denied": {"reason": str, "detail": str}},
    ),
    Call("GET", "/api/v1/orders", {"orders": [ORDER], "next_cursor": TEXT_OR_NOTHING}),
    Call("GET", "/api/v1/orders/<client_order_id>", WHOLE_ORDER),
    Call("DELETE", "/api/v1/orders/<client_order_id>", WHOLE_ORDER),
    Call("GET", "/api/v1/strategies", {"strategies": [STRATEGY], "next_cursor": type(None)}),
    Call("GET", "/api/v1/strategies/<symbol>/<timeframe>", STRATEGY),
    Call("PUT", "/api/v1/strategies/<symbol>/<timeframe>", STRATEGY, {"active": False}),
    Call("DELETE", "/api/v1/strategies/<symbol>/<timeframe>", STRATEGY),
    Call("GET", "/api/v1/kill-switch", SWITCH),
    Call("POST", "/api/v1/kill-switch", SWITCH, {"reason": "lunch"}),
    Call("DELETE", "/api/v1/kill-switch", SWITCH),
    Call(
        "POST",
        "/api/v1/flatten",
        {"dry_run": bool, "positions": [dict], "foreign": [dict], "unreadable": [str]},
        {"dry_run": True},
    ),
    Call("POST", "/api/v1/quotes", {"quotes": int}, [{"symbol": "AAPL", "price": 191}]),
]
ELSEWHERE = {
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("POST", "/webhook"),
    ("POST", "/webhook/<path:token>"),
    ("GET", "/auth-url"),
    ("GET", "/auth/callback"),
    ("GET", "/token-status"),
    ("POST", "/generate-token"),
    ("POST", "/refresh-token"),
}
"""Routes that answer something else than a form of their own, or nothing here; tested elsewhere."""


def fits(value: object, shape: Shape) -> bool:
    if isinstance(shape, re.Pattern):
        pattern = cast("re.Pattern[str]", shape)
        return isinstance(value, str) and pattern.fullmatch(value) is not None
    if isinstance(shape, list):
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        return all(fits(item, shape[0]) for item in items)
    if isinstance(shape, Mapping):
        named = cast("dict[Any, Any]", shape)
        return isinstance(value, dict) and fits_all(cast("dict[str, object]", value), named)
    if isinstance(value, bool):  # a kind of int to Python, not to JSON
        return shape in (bool, object)
    return isinstance(value, shape)


def fits_all(value: dict[str, object], shape: Mapping[Any, Shape]) -> bool:
    """Exactly these names; with `...` others too."""
    names = {name for name in shape if name is not ...}
    others = value.keys() - names
    return (not others or ... in shape) and all(
        name in value and fits(value[name], shape[name]) for name in names
    )


@pytest.fixture
def ids(client: FlaskClient) -> dict[str, str]:
    """A position that is protected, a trade that ended, a limit order that rests, and a row."""
    buy(client, "TSLA")
    buy(client, "TSLA", action="close", price=200)
    told = buy(client, stop_loss="2%", take_profit="4%", timeframe="15")
    resting = buy(client, "BTC/USD", quantity="0.5", limit_price=20000, price=30000)
    client.put("/api/v1/strategies/AAPL/15m", json={"stop_loss": "2%", "position_size": 1000})
    return {
        "alert_id": told["alert_id"],
        "client_order_id": resting["client_order_id"],
        "symbol": "AAPL",
        "timeframe": "15m",
    }


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_route_answers_in_its_form(call: Call, client: FlaskClient, ids: dict[str, str]) -> None:
    client.post("/api/v1/quotes", json={"symbol": "MSFT", "price": 400})
    path = re.sub("<(.+?)>", lambda match: ids[match[1]], call.path)
    body = None if call.body is None else json.dumps(call.body)
    answer = client.open(path, method=call.method, data=body)
    assert answer.status_code == 200, answer.text
    assert fits(answer.get_json(), call.shape), answer.text
    assert answer.content_type == "application/json"
    assert answer.headers["X-Request-ID"]


def test_the_lists_of_these_forms_were_not_empty(client: FlaskClient, ids: dict[str, str]) -> None:
    for path, plural in (
        ("/positions", "positions"),
        ("/config", "strategies"),
        ("/performance", "symbols"),
        ("/api/v1/alerts", "alerts"),
        ("/api/v1/orders", "orders"),
        ("/api/v1/fills", "fills"),
        ("/api/v1/trades", "trades"),
        ("/api/v1/equity", "equity"),
        ("/api/v1/order-log", "events"),
        ("/api/v1/strategies", "strategies"),
    ):
        assert body_of(client, path)[plural], path
    told = body_of(client, f"/api/v1/alerts/{ids['alert_id']}")
    assert told["orders"]
    assert told["timeline"]
    filled = body_of(client, f"/api/v1/orders/{told['orders'][0]['client_order_id']}")
    assert filled["legs"]
    assert filled["fills"]


def test_every_route_has_its_form_here(client: FlaskClient) -> None:
    served = {
        (method, rule.rule)
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(call.method, call.path.partition("?")[0]) for call in CALLS} | ELSEWHERE == served


@pytest.mark.parametrize("path", ["/webhook", f"/webhook/{SECRET}"])
def test_a_delivery_is_answered_with_its_alert(path: str, client: FlaskClient) -> None:
    answer = client.post(path, json={"secret": SECRET, "action": "buy", "symbol": "AAPL"})
    assert answer.status_code == 202
    shape = {"status": str, "alert_id": str, "request_id": str, "duplicate": bool}
    assert fits(answer.get_json(), shape), answer.text


def test_words_of_enumerations_are_lower_case(client: FlaskClient, ids: dict[str, str]) -> None:
    for order in body_of(client, "/api/v1/orders")["orders"]:
        for name in ("side", "role", "status", "order_type"):
            assert order[name] == order[name].lower()


def test_a_request_id_is_echoed(client: FlaskClient) -> None:
    answer = client.get("/positions", headers={"X-Request-ID": "mine-1"})
    assert answer.headers["X-Request-ID"] == "mine-1"


def test_an_exact_decimal_is_not_rounded_on_its_way(client: FlaskClient) -> None:
    buy(client, "ETH/USD", quantity="0.123456789", price="3012.12345678")
    (order,) = body_of(client, "/api/v1/orders")["orders"]
    assert order["quantity"] == "0.123456789"
    assert order["average_price"] == "3012.12345678"
    (position,) = body_of(client, "/positions")["positions"]
    assert position["qty"] == 0.123456789


@pytest.mark.parametrize("path", ["/health", "/positions", "/metrics", "/nowhere"])
def test_no_browser_may_run_frame_guess_or_keep_an_answer(path: str, client: FlaskClient) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
