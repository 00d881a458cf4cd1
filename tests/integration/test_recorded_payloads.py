"""Messages that people published: each ends as its author meant, or says why it does not.

Every message of tests/data/payloads.jsonl goes through the real webhook to a paper account, its
placeholders filled in as TradingView fills them in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.data.recorded import RENDERED, message_of, recorded
from tests.fakes.clock import START
from tests.integration.api import SECRET, MakeServer, body_of, client_of, quote, send

SIZE = {"DEFAULT_POSITION_SIZE": "1000"}
FROSTYBOT = "trade:{stub}:{action} symbol={symbol} size={size} price={limit_price}"
WHOOK = "{account} {symbol} {action} {quantity}"
WHOOK_LIMIT = "{account} {symbol} {action} {quantity} x{_} limit:{id}:{limit_price}"

Expected = tuple[object, ...]


def accounts(*names: str) -> dict[str, str]:
    """Settings with paper accounts of these names beside the default one."""
    return {"ACCOUNTS": ",".join(["paper", *(f"{name}=paper" for name in names)])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is there before a message comes, and what must be there after it.

    `order`: side, quantity, type, price and status of each order that it makes, legs too.
    `status`, `reason`: of the alert, or the code of an answer 400. `detail`: the words beside it,
    or the account that it names.
    """

    number: int
    order: Sequence[Expected] = ()
    status: str = "success"
    reason: str = ""
    settings: dict[str, str] = field(default_factory=dict[str, str])
    quotes: Mapping[str, int] = field(default_factory=dict[str, int])
    row: dict[str, object] | None = None
    before: dict[str, object] | None = None
    detail: str = ""


def market(side: str, quantity: str) -> Expected:
    return (side, quantity, "market", None, "filled")


def limit(side: str, quantity: str, price: str, status: str = "filled") -> Expected:
    return (side, quantity, "limit", price, status)


def stop(side: str, quantity: str, price: str) -> Expected:
    return (side, quantity, "stop", price, "live")


def denied(number: int, reason: str, detail: str = "", **given: Any) -> Case:
    return Case(number=number, status="denied", reason=reason, detail=detail, **given)


def malformed(number: int) -> Case:
    return Case(number=number, status="error", reason="malformed_alert")


AAPL, PERP = {"AAPL": 125}, {"ETH-PERP": 25}
LONG_PERP: dict[str, object] = {
    "action": "buy",
    "symbol": "ETH-PERP",
    "quantity": 8,
    "price": 25,
    "account": "dev",
}
LONG: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 125}
DEV = accounts("dev")
CASES = [
    # Fyers, an option by its fields
    denied(0, "UNKNOWN_SYMBOL", "no option contracts"),
    # a row's size
    Case(number=2, quotes=AAPL, row={"position_size": 1250}, order=[market("buy", "10")]),
    Case(number=3, quotes=AAPL, row={"position_size": 1250}, order=[market("buy", "10")]),
    denied(2, "NO_SIZE", quotes=AAPL),
    # a symbol that only the sender's server knew
    denied(4, "UNKNOWN_SYMBOL", "names no symbol", settings=SIZE),
    # OpenAlgo
    Case(number=5, quotes=AAPL, order=[market("buy", "3")]),
    Case(
        number=5,
        before={**LONG, "quantity": 5, "strategy": "Long"},
        order=[market("sell", "2")],
    ),
    Case(
        number=5,
        before={**LONG, "quantity": 3, "strategy": "Long"},
        status="skipped",
        reason="ALREADY_LONG",
    ),
    Case(number=6, order=[limit("buy", "100", "143.1")]),
    Case(number=7, quotes={"NIFTY25JAN21500CE": 80}, order=[market("buy", "50")]),
    denied(7, "NO_QUOTE"),
    Case(number=8, quotes={"SBIN": 800}, order=[market("buy", "1")]),
    denied(11, "UNKNOWN_SYMBOL", "no option contracts"),
    denied(12, "UNSUPPORTED_PROTECTION", "triggerprice_sl"),
    # TradersPost
    Case(
        number=13,
        order=[
            market("buy", "1"),
            stop("sell", "1", "135.96"),
            limit("sell", "1", "157.44", "live"),
        ],
    ),
    Case(number=15, settings={"DEFAULT_POSITION_SIZE": "841.38"}, order=[market("buy", "2")]),
    denied(15, "NO_SIZE"),
    Case(number=16, settings=SIZE, quotes=AAPL, order=[market("buy", "8")]),
    Case(number=18, order=[limit("buy", "100", "100", "live")]),
    Case(
        number=19,
        before=LONG,
        order=[market("sell", "5")],
    ),
    Case(number=19, quotes=AAPL, status="info", reason="NO_POSITION"),
    Case(number=20, quotes=AAPL, order=[market("buy", "8")]),
    Case(number=21, order=[("buy", "5", "stop_limit", "200", "live")], settings=SIZE),
    # PickMyTrade
    denied(23, "UNKNOWN_ACCOUNT", "BG28198"),
    Case(
        number=23,
        settings=accounts("bg28198"),
        order=[
            market("buy", "10"),
            stop("sell", "10", "71.56"),
            limit("sell", "10", "286.24", "live"),
        ],
    ),
    denied(24, "UNKNOWN_ACCOUNT", "your_account_id,FFFF"),
    denied(24, "UNKNOWN_ACCOUNT", settings=accounts("ffff"), order=[market("buy", "3")]),
    Case(
        number=24,
        settings=accounts("ffff", "your_account_id"),
        order=[market("buy", "3"), market("buy", "3")],
    ),
    malformed(25),
    # TradingView alerts processor: a stub's size is money
    denied(27, "UNKNOWN_ACCOUNT", "dev", quotes=PERP),
    Case(number=27, settings=DEV, quotes=PERP, order=[market("buy", "2")]),
    Case(number=28, settings=DEV, quotes=PERP, order=[market("buy", "200")]),
    Case(number=29, settings=DEV, before=LONG_PERP, order=[market("sell", "4")]),
    Case(number=30, settings=DEV, quotes=PERP, order=[market("buy", "2")]),
    Case(number=30, settings=DEV, before=LONG_PERP, status="skipped", reason="ALREADY_LONG"),
    Case(
        number=31,
        settings=DEV,
        quotes={**PERP, "BTC-PERP": 100},
        status="accepted",
        order=[market("buy", "2"), market("buy", "0.5")],
    ),
    # others
    Case(
        number=32,
        order=[
            market("buy", "1"),
            stop("sell", "1", "1114.4"),
            limit("sell", "1", "1131.2", "live"),
        ],
    ),
    denied(34, "UNSUPPORTED_PROTECTION", "tp1 Mult", settings={**accounts("testing"), **SIZE}),
    Case(
        number=35,
        settings={**accounts("testing"), "DEFAULT_POSITION_SIZE": "1431.2"},
        order=[
            limit("buy", "10", "143.12"),
            stop("sell", "10", "140"),
            limit("sell", "10", "150", "live"),
        ],
    ),
    Case(number=36, settings={"DEFAULT_POSITION_SIZE": "866.04"}, order=[market("sell", "2")]),
    Case(
        number=36,
        before={**LONG, "symbol": "MSFT", "quantity": 2, "strategy": "Directional Movement Index"},
        row={"sides": "long"},
        order=[market("sell", "2")],
    ),
    Case(number=37, settings={"DEFAULT_POSITION_SIZE": "1431.2"}, order=[market("buy", "10")]),
    Case(number=40, status="info", reason="NO_ACTION"),
    malformed(41),
    malformed(42),
    Case(
        number=42,
        settings={**accounts("mystub"), "TEXT_TEMPLATES": FROSTYBOT},
        order=[("sell", "0.263157894", "limit", "7600", "live")],
    ),
    malformed(43),
    denied(45, "UNKNOWN_ACCOUNT", "sim101"),
    Case(
        number=45, settings=accounts("sim101"), quotes={"NQ 12-24": 500}, order=[market("buy", "1")]
    ),
    Case(number=47, settings=SIZE, quotes=AAPL, order=[market("buy", "8")]),
    Case(number=51, quotes={"BTC-PERP": 64000}, order=[market("buy", "0.01")]),
    Case(number=52, status="info", reason="NO_ACTION"),
    Case(number=53, settings={"DEFAULT_POSITION_SIZE": "286.24"}, order=[market("buy", "2")]),
    denied(53, "NO_SIZE"),
    Case(number=54, order=[market("buy", "3")]),
    Case(number=64, quotes={"NIFTY1!": 25000}, order=[market("sell", "1")]),
    Case(number=67, status="info", reason="NO_ACTION"),
    # whook: programs of their own, with leverage; what the owner writes a template for is read
    malformed(71),
    malformed(72),
    Case(
        number=72,
        settings={**accounts("mykucoina"), "TEXT_TEMPLATES": WHOOK_LIMIT},
        order=[("buy", "0.296442687", "limit", "1012", "live")],
    ),
    malformed(73),
    malformed(74),
    Case(
        number=74,
        settings={**accounts("mykucoina"), "TEXT_TEMPLATES": WHOOK},
        before={
            "action": "buy",
            "symbol": "ETHUSD",
            "quantity": 3,
            "price": 1000,
            "account": "mykucoina",
        },
        order=[market("sell", "0.9999")],
    ),
]


def test_every_recorded_message_has_its_end() -> None:
    assert {case.number for case in CASES} == set(recorded())


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{at}-of-{case.number}-{case.reason}" for at, case in enumerate(CASES)]
)
def test_a_recorded_message_ends_as_it_was_meant(case: Case, make_server: MakeServer) -> None:
    client = client_of(make_server(**case.settings))
    prepare(client, case)
    answer = client.post(f"/webhook/{SECRET}?wait=1", data=message_of(case.number, NOW_RENDERED))
    body = answer.get_json()
    ids = [each["alert_id"] for each in body.get("alerts", [body])]
    alerts = [body_of(client, f"/api/v1/alerts/{id_}") for id_ in ids]
    assert (body["status"], body.get("reason") or body.get("code") or "") == (
        case.status,
        case.reason,
    ), body
    told = [(alert["detail"], alert["fields"].get("account", "")) for alert in alerts]
    assert case.detail in str(told)
    made = [order for alert in alerts for order in map(shown, alert["orders"])]
    assert sorted(made, key=str) == sorted(case.order, key=str)


NOW_RENDERED = {
    **RENDERED,
    "{{timenow}}": START.isoformat(),
    "2021-06-15T23:31:22Z": START.isoformat(),
}


def prepare(client: FlaskClient, case: Case) -> None:
    """A row, a price, a position."""
    if case.row is not None:
        symbol = message_symbol(case)
        row = json.dumps(case.row)
        assert client.put(f"/api/v1/strategies/{symbol}/-", data=row).status_code == 200
    for symbol, price in case.quotes.items():
        quote(client, symbol, price)
    if case.before is not None:
        assert send(client, **case.before)["status"] == "success"


def message_symbol(case: Case) -> str:
    return "MSFT" if case.number == 36 else "AAPL"


def shown(order: dict[str, Any]) -> Expected:
    """An order as the table has it."""
    price = order.get("limit_price") or order.get("stop_price")
    return order["side"], order["quantity"], order["order_type"], price, order["status"]
