"""Alerts on an account at Fyers, from the webhook to the exchange and back; lists and login too."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeAlias

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Server
from tests.contracts.fyers import IN_SESSION, options_of
from tests.data.recorded import RENDERED, message_of
from tests.fakes.clock import FakeClock
from tests.integration.api import SECRET, MakeServer, body_of, client_of, send
from tests.simulators.fyers import FyersSimulator

Trade: TypeAlias = Callable[..., dict[str, Any]]

SBIN = "NSE:SBIN-EQ"
PATIENCE = 60
"""Looks at an alert; each lets half a second pass on the fake clock."""
SEED: dict[str, object] = {
    "symbol": "NIFTY",
    "strikeprice": 24600,
    "optionType": "CE",
    "expiry": "WEEKLY",
    "qty": 65,
    "productType": "BO",
}
"""The alert of seed 000, without its secret and its action."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(IN_SESSION)


@pytest.fixture
def fyers(clock: FakeClock) -> Iterator[FyersSimulator]:
    """The exchange is open, and SBIN trades at 100."""
    with FyersSimulator(clock=clock) as simulator:
        simulator.quote(SBIN, 100)
        yield simulator


@pytest.fixture
def server(make_server: MakeServer, fyers: FyersSimulator) -> Server:
    """A server with today's lists."""
    options = options_of(fyers) | {
        "SECRET_ID": fyers.secret,
        "REDIRECT_URI": "https://novalgo.example/auth/callback",
        "SYMBOLS_URL": fyers.symbols_url,
    }
    keys = {f"FYERS_{name}": value for name, value in options.items()}
    token_key = base64.b64encode(b"k" * 32).decode()
    more = {"DEFAULT_ACCOUNT": "fyers", "TOKEN_KEY": token_key, "ORDERS_PER_SECOND": "100"}
    server = make_server(**more, **keys)
    assert server.lists.refresher is not None
    assert server.lists.refresher.refresh().failed == {}
    return server


@pytest.fixture
def client(server: Server, fyers: FyersSimulator) -> FlaskClient:
    """Somebody has logged in."""
    client = client_of(server)
    log_in(client, fyers)
    server.services.recovery.run()
    return client


@pytest.fixture
def trade(server: Server, client: FlaskClient, clock: FakeClock) -> Trade:
    """Send an alert, and look at it until it is over."""
    ids = count(100_001)

    def send_and_look(action: str, symbol: str = "NSE:SBIN", **fields: object) -> dict[str, Any]:
        told = send(client, action=action, symbol=symbol, id=str(next(ids)), **fields)
        return ended(server, client, clock, str(told["alert_id"]))

    return send_and_look


def log_in(client: FlaskClient, fyers: FyersSimulator) -> None:
    """Hand over the code that a login in a browser ends with."""
    fyers.owner().codes.add("a-code-of-a-login")
    answer = client.post("/generate-token", json={"auth_code": "a-code-of-a-login"})
    assert answer.status_code == 200, answer.text


def ended(server: Server, client: FlaskClient, clock: FakeClock, alert_id: str) -> dict[str, Any]:
    for _ in range(PATIENCE):
        alert = body_of(client, f"/api/v1/alerts/{alert_id}")
        if alert["status"] not in ("accepted", "executing", "waiting", "unknown"):
            return alert
        clock.advance(0.5)
        server.services.lanes.sweep()
    raise AssertionError(f"alert {alert_id} does not end")


def sent(fyers: FyersSimulator) -> list[dict[str, Any]]:
    """The orders that arrived."""
    requests = fyers.state.requests
    return [
        each.body for each in requests if (each.method, each.path[-11:]) == ("POST", "orders/sync")
    ]


def position(client: FlaskClient) -> dict[str, Any]:
    held: list[dict[str, Any]] = body_of(client, "/positions")["positions"]
    assert len(held) == 1
    return held[0]


def test_a_share_is_bought_protected_and_sold(
    trade: Trade, client: FlaskClient, fyers: FyersSimulator
) -> None:
    assert trade("buy", quantity=10, stop_loss="2%", take_profit="4%")["status"] == "success"
    held = position(client)
    assert (held["symbol"], held["qty"], held["protected"]) == (SBIN, 10, True)

    assert trade("close")["status"] == "success"
    assert body_of(client, "/positions")["positions"] == []
    assert len(sent(fyers)) == 2


def test_the_alert_of_the_seed_buys_the_right_contract_with_its_protection(
    trade: Trade, client: FlaskClient, fyers: FyersSimulator
) -> None:
    done = trade("BUY", **SEED)

    assert (done["status"], done["reason"]) == ("success", "")
    (order,) = sent(fyers)
    instrument = fyers.state.instrument(order["symbol"])
    assert instrument is not None
    assert (instrument.underlying, instrument.right) == ("NIFTY", "CE")
    assert instrument.strike == 24600
    assert (order["qty"], order["side"], order["productType"]) == (65, 1, "INTRADAY")
    assert order["stopLoss"] > 0
    assert order["takeProfit"] > order["stopLoss"]
    assert position(client)["protected"] is True

    assert trade("close", **{name: SEED[name] for name in SEED if name != "qty"})["status"] == (
        "success"
    )
    assert body_of(client, "/positions")["positions"] == []


def test_an_alert_waits_for_a_login_and_goes_on_by_itself(
    server: Server, clock: FakeClock, fyers: FyersSimulator
) -> None:
    client = client_of(server)
    told = send(client, action="buy", symbol="NSE:SBIN", quantity=10, id="200001")
    assert body_of(client, f"/api/v1/alerts/{told['alert_id']}")["status"] == "waiting"
    clock.advance(5)
    log_in(client, fyers)
    server.services.recovery.run()

    assert ended(server, client, clock, str(told["alert_id"]))["status"] == "success"
    assert len(sent(fyers)) == 1


def test_a_token_that_dies_between_two_alerts_is_waited_for(
    server: Server, trade: Trade, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    trade("buy", quantity=10)
    fyers.revoke_tokens()
    clock.advance(1)
    told = send(client, action="close", symbol="NSE:SBIN", id="300001")
    assert body_of(client, f"/api/v1/alerts/{told['alert_id']}")["status"] == "waiting"
    log_in(client, fyers)

    assert ended(server, client, clock, str(told["alert_id"]))["status"] == "success"
    assert body_of(client, "/positions")["positions"] == []


def test_an_answer_that_was_lost_is_looked_up_and_the_order_is_still_one(
    trade: Trade, client: FlaskClient, fyers: FyersSimulator
) -> None:
    fyers.rules(lag=0.1)
    fyers.fault("unacknowledged", "POST /api/v3/orders/sync")

    assert trade("buy", quantity=10, stop_loss="2%")["status"] == "success"
    assert len(sent(fyers)) == 1
    assert position(client)["qty"] == 10


def test_a_refusal_of_the_risk_check_ends_the_alert_with_its_reason(
    trade: Trade, fyers: FyersSimulator
) -> None:
    fyers.money(100)
    refused = trade("buy", quantity=10)

    assert (refused["status"], refused["reason"]) == ("rejected", "INSUFFICIENT_BUYING_POWER")
    assert "Margin Shortfall" in refused["detail"]


@pytest.mark.parametrize("product", ["MIS", None])
def test_rule_27_an_entry_for_the_day_comes_too_late(
    server: Server, trade: Trade, clock: FakeClock, fyers: FyersSimulator, product: str | None
) -> None:
    clock.advance(timedelta(hours=4, minutes=45))
    server.services.ownership.beat()
    fyers.quote(SBIN, 100)
    more = {} if product is None else {"product": product}
    assert trade("buy", quantity=10, **more)["reason"] == "MARKET_CLOSED"

    assert trade("buy", quantity=10, product="CNC")["status"] == "success"


def test_what_is_taken_home_is_protected_by_a_pair(
    trade: Trade, server: Server, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    fields = {"order_type": "limit", "limit_price": 101, "stop_loss": "2%", "take_profit": "4%"}
    trade("buy", quantity=10, product="CNC", **fields)
    look(server, clock)

    assert [gtt.product for gtt in fyers.owner().gtts.values()] == ["CNC"]
    assert position(client)["protected"] is True
    assert trade("close")["status"] == "success"
    assert [int(gtt.status) for gtt in fyers.owner().gtts.values()] == [1]


def test_a_pair_whose_answer_was_lost_is_not_sent_a_second_time(
    trade: Trade, server: Server, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    look(server, clock)
    fyers.fault("lost", "POST /api/v3/gtt/orders/sync")
    fields = {"order_type": "limit", "limit_price": 101, "stop_loss": "2%", "take_profit": "4%"}
    trade("buy", quantity=10, product="CNC", **fields)
    look(server, clock)

    assert len(fyers.owner().gtts) == 1
    assert position(client)["protected"] is True


def test_a_name_without_its_exchange_is_one_of_india(trade: Trade, client: FlaskClient) -> None:
    assert trade("buy", symbol="SBIN", quantity=10)["status"] == "success"
    assert position(client)["symbol"] == SBIN


def test_of_an_index_alone_it_is_told_how_it_is_traded(trade: Trade) -> None:
    denied = trade("buy", "NSE:NIFTY", quantity=65)
    assert denied["reason"] == "UNKNOWN_SYMBOL"
    assert denied["detail"] == (
        "'NIFTY' itself is not traded, only contracts of it: NIFTY1!, or what strike, "
        "option_type and expiry name"
    )
    assert "is not known to fyers" in trade("buy", "NSE:SBINN", quantity=1)["detail"]


def test_rule_26_a_day_that_is_broken_off_takes_no_entries(
    trade: Trade, server: Server, fyers: FyersSimulator
) -> None:
    fyers.market(is_open=False)
    (account,) = [each for each in server.services.accounts if each.name == "fyers"]
    server.services.sessions.learn(account)
    denied = trade("buy", quantity=10)

    assert (denied["status"], denied["reason"]) == ("denied", "MARKET_CLOSED")
    assert "its broker says" in denied["detail"]
    assert sent(fyers) == []


def test_rule_19_a_pair_goes_with_the_shares_that_were_sold_by_hand(
    trade: Trade, server: Server, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    fields = {"order_type": "limit", "limit_price": 101, "stop_loss": "2%", "take_profit": "4%"}
    trade("buy", quantity=10, product="CNC", **fields)
    look(server, clock)
    assert position(client)["protected"] is True
    fyers.trade(SBIN, "sell", 10, product="CNC")
    for _ in range(3):
        look(server, clock)

    assert body_of(client, "/positions")["positions"] == []
    assert [int(gtt.status) for gtt in fyers.owner().gtts.values()] == [1]


def test_rule_36_a_close_whose_limit_the_price_ran_through_is_walked_after_it(
    trade: Trade, server: Server, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    trade("buy", quantity=10)
    fyers.hold(SBIN)
    send(client, action="close", symbol="NSE:SBIN", id="400001")
    assert sent(fyers)[-1]["limitPrice"] == 98
    clock.advance(4)
    server.services.ownership.beat()
    fyers.quote(SBIN, 90)
    assert server.services.stop_watch.run() == 1

    assert body_of(client, "/positions")["positions"] == []
    assert len(sent(fyers)) == 2


def test_rule_36_each_limit_that_a_close_is_walked_to_has_its_time(
    trade: Trade, server: Server, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    trade("buy", quantity=10)
    fyers.hold(SBIN)  # nobody buys at any price
    send(client, action="close", symbol="NSE:SBIN", id="400001")
    clock.advance(2)
    close = list(fyers.owner().orders.values())[-1]
    limits: list[Decimal] = []
    for second in range(7):
        clock.advance(1)
        server.services.ownership.beat()
        fyers.quote(SBIN, 90 - second)
        fyers.hold(SBIN)
        assert server.services.stop_watch.run() == 1
        limits.append(close.limit_price)

    assert limits == [Decimal("89.1")] * 3 + [Decimal("86.15")] * 3 + [Decimal("83.2")]


def look(server: Server, clock: FakeClock) -> None:
    """What the background does within ten seconds."""
    clock.advance(10)
    server.services.ownership.beat()
    server.services.recovery.refresh()
    server.services.lanes.sweep()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recorded message, some of its words changed, and what must come of it.

    `sent`: symbol, units, side, product, type and whether a stop goes with it, of what arrived.
    """

    number: int
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    ends: str = "success"
    detail: str = ""
    sent: tuple[object, ...] = ()


PUT, CALL = "NSE:BANKNIFTY26NOV55300PE", "NSE:NIFTY26NOV24600CE"
LISTED, ONE_LOT = {"48400": "55300"}, {'"qty": 25': '"qty": 30'}
A_CALL = {"NIFTY25JAN21500CE": "NIFTY26NOV24600CE"}
AT_100 = {"{{ticker}}": "SBIN", "{{strategy.order.price}}": "99"}
CASES = [
    Case(number=0, ends="UNKNOWN_SYMBOL", detail="no such strike of 2026-11-26; the nearest:"),
    Case(number=0, words=LISTED, ends="WRONG_LOT", detail="the lot of 30; the nearest: 30"),
    Case(number=0, words=LISTED | ONE_LOT, sent=(PUT, 30, -1, "INTRADAY", 1, True)),
    Case(number=5, words=AT_100, sent=(SBIN, 3, 1, "INTRADAY", 1, False)),
    Case(number=6, words=AT_100, sent=(SBIN, 100, 1, "INTRADAY", 1, False)),
    Case(number=7, ends="UNKNOWN_SYMBOL", detail="no such expiry; the nearest: 2026-11-26"),
    Case(number=7, words=A_CALL, ends="WRONG_LOT", detail="the lot of 65; the nearest: 65"),
    Case(number=7, words=A_CALL | {'"50"': '"130"'}, sent=(CALL, 130, 1, "MARGIN", 1, True)),
    Case(number=8, sent=(SBIN, 1, 1, "INTRADAY", 1, False)),
    Case(number=11, ends="UNKNOWN_SYMBOL", detail="no such expiry; the nearest: 2026-11-26"),
    Case(number=11, words={"25AUG26": "26NOV26"}, sent=(CALL, 65, 1, "MARGIN", 1, True)),
    Case(number=12, ends="UNSUPPORTED_PROTECTION", detail="triggerprice_sl"),
    Case(number=64, ends="WRONG_LOT", detail="the lot of 65; the nearest: 65"),
    Case(number=67, ends="NO_ACTION"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}-{case.ends}")
def test_a_recorded_message_of_india_trades_its_contract_or_is_told_which_there_are(
    case: Case, server: Server, client: FlaskClient, clock: FakeClock, fyers: FyersSimulator
) -> None:
    fyers.quote("NSE:NIFTY50-INDEX", 24610)
    message = message_of(case.number, {**RENDERED, **case.words})
    told = client.post(f"/webhook/{SECRET}?wait=0.01", data=message).get_json()

    alert = ended(server, client, clock, told.get("alerts", [told])[0]["alert_id"])

    assert (alert["reason"] or alert["status"]) == case.ends, alert
    assert case.detail in alert["detail"]
    assert [brief(order) for order in sent(fyers)] == ([case.sent] if case.sent else [])


def brief(order: dict[str, Any]) -> tuple[object, ...]:
    names = ("symbol", "qty", "side", "productType", "type")
    return (*(order[name] for name in names), order["stopLoss"] > 0)
