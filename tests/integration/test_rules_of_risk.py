"""Trading-rule 16 through the whole engine: every limit, for every entry, for no exit."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.order import OrderStatus
from app.domain.outcome import AlertStatus
from app.domain.position import Position
from tests.fakes.broker import FILL, UNAVAILABLE, FakeBroker
from tests.integration.api import MakeServer, buy, client_of, quote
from tests.integration.world import World

ENTRY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 100}
LIMIT = {**ENTRY, "order_type": "limit", "limit_price": 90}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., World]:
    """A world on paper with these settings."""

    def boot(**settings: str) -> World:
        world = World(tmp_path, settings=settings)
        world.boot()
        return world

    return boot


def ended(world: World, **fields: object) -> tuple[str, str]:
    """How an alert ends."""
    record = world.record(world.send(**fields).alert_id)
    return record.status.value, record.outcome.reason


def denied(world: World, **fields: object) -> str:
    """Why an alert is denied."""
    status, reason = ended(world, **fields)
    assert status == AlertStatus.DENIED
    return reason


def entered(world: World, **fields: object) -> None:
    """Send an alert that is executed."""
    assert ended(world, **fields) == ("success", "")


def later(world: World, span: float | timedelta) -> None:
    """Let time pass; a number is seconds."""
    world.clock.advance(span)
    world.turn()


# --- each limit ----------------------------------------------------------------------------------


def test_rule_16_no_more_entries_go_out_in_any_second_than_are_allowed(
    make: Callable[..., World],
) -> None:
    world = make(MAX_ORDERS_PER_SECOND="2")
    entered(world, **ENTRY)
    later(world, 0.9)
    entered(world, **{**ENTRY, "symbol": "MSFT"})
    assert denied(world, **{**ENTRY, "symbol": "TSLA"}) == "LIMIT_RATE"
    later(world, 0.1)
    entered(world, **{**ENTRY, "symbol": "TSLA", "quantity": 11})
    assert denied(world, **{**ENTRY, "symbol": "NVDA"}) == "LIMIT_RATE"


def test_rule_16_the_rate_is_kept_by_a_server_that_starts_anew(make: Callable[..., World]) -> None:
    world = make(MAX_ORDERS_PER_SECOND="1")
    entered(world, **ENTRY)
    world.boot()
    assert denied(world, **{**ENTRY, "symbol": "MSFT"}) == "LIMIT_RATE"


def test_an_order_that_never_arrived_does_not_hold_itself_back(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"MAX_ORDERS_PER_SECOND": "1"})
    world.broker = FakeBroker(clock=world.clock, script=[UNAVAILABLE, FILL])
    world.boot()
    receipt = world.send(**ENTRY)
    world.run(seconds=1)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_an_order_that_never_arrived_waits_for_no_place_that_another_took(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"MAX_ORDERS_PER_SECOND": "1"})
    world.broker = FakeBroker(clock=world.clock, script=[UNAVAILABLE, FILL, FILL])
    world.boot()
    first = world.send(**ENTRY)
    world.clock.advance(1)
    entered(world, **{**ENTRY, "symbol": "MSFT"})
    world.turn()
    record = world.record(first.alert_id)
    assert (record.status.value, record.outcome.reason) == ("denied", "LIMIT_RATE")
    (order,) = (order for order in world.orders() if order.symbol == "AAPL")
    assert (order.status, order.reason) == (OrderStatus.CANCELED, "LIMIT_RATE")


def test_rule_16_a_day_that_lost_its_limit_has_no_more_entries(make: Callable[..., World]) -> None:
    world = make(MAX_DAILY_LOSS="100")
    entered(world, **ENTRY)
    entered(world, action="close", symbol="AAPL", price=95)  # 50 realised
    entered(world, **{**ENTRY, "symbol": "MSFT"})
    entered(world, **{**ENTRY, "symbol": "TSLA"})
    world.send(action="cancel", symbol="MSFT", price="95.01")  # and 49.90 open
    entered(world, **{**ENTRY, "symbol": "NVDA", "price": 1})
    world.send(action="cancel", symbol="MSFT", price=95)
    assert denied(world, **{**ENTRY, "symbol": "AMD"}) == "LIMIT_DAILY_LOSS"
    entered(world, action="close", symbol="MSFT", price=95)
    world.boot()
    assert denied(world, **{**ENTRY, "symbol": "AMD", "quantity": 9}) == "LIMIT_DAILY_LOSS"


def test_rule_16_what_was_lost_before_the_exchanges_midnight_counts_no_more(
    make: Callable[..., World],
) -> None:
    world = make(MAX_DAILY_LOSS="100")
    entered(world, **ENTRY)
    entered(world, action="close", symbol="AAPL", price=90)
    assert denied(world, **{**ENTRY, "quantity": 8}) == "LIMIT_DAILY_LOSS"
    later(world, timedelta(hours=8, minutes=30))  # midnight UTC: the next day of crypto
    assert denied(world, **{**ENTRY, "quantity": 9}) == "LIMIT_DAILY_LOSS"
    entered(world, **{**ENTRY, "symbol": "BINANCE:BTCUSDT"})
    later(world, timedelta(hours=5))  # and midnight in New York
    entered(world, **ENTRY)


def test_a_pause_follows_each_entry_of_an_instrument_whatever_the_strategy_is_called(
    make: Callable[..., World],
) -> None:
    world = make(COOLDOWN="60")
    entered(world, **{**ENTRY, "strategy": "trend"})
    entered(world, action="close", symbol="AAPL", strategy="trend", price=101)
    later(world, 59)
    assert denied(world, **{**ENTRY, "strategy": "trend"}) == "LIMIT_COOLDOWN"
    assert denied(world, **{**ENTRY, "strategy": "other"}) == "LIMIT_COOLDOWN"
    entered(world, **{**ENTRY, "symbol": "MSFT"})
    later(world, 1)
    entered(world, **{**ENTRY, "quantity": 11})


def test_an_entry_that_ended_without_a_fill_starts_no_pause(make: Callable[..., World]) -> None:
    world = make(COOLDOWN="60")
    entered(world, **LIMIT)
    assert denied(world, **ENTRY) == "LIMIT_COOLDOWN"
    world.send(action="cancel", symbol="AAPL")
    entered(world, **{**ENTRY, "quantity": 11})


def test_an_entry_that_rests_counts_as_a_position(make: Callable[..., World]) -> None:
    world = make(MAX_OPEN_POSITIONS="1")
    entered(world, **LIMIT)
    assert denied(world, **{**ENTRY, "symbol": "MSFT"}) == "LIMIT_POSITIONS"
    entered(world, **{**LIMIT, "limit_price": 91})  # it takes the place of the first
    world.send(action="cancel", symbol="AAPL")
    entered(world, **{**ENTRY, "symbol": "MSFT", "quantity": 11})


def test_an_alert_whose_price_is_far_from_the_last_one_is_not_traded(
    make: Callable[..., World],
) -> None:
    world = make(PRICE_COLLAR_PERCENT="5")
    entered(world, **ENTRY)
    entered(world, action="close", symbol="AAPL", price=104)
    assert denied(world, **{**ENTRY, "price": 1040}) == "LIMIT_COLLAR"
    later(world, 901)
    entered(world, **{**ENTRY, "price": 500})  # nothing fresh to compare with


def test_a_window_that_closes_while_an_order_waits_stops_it(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"TRADING_WINDOWS": "15:00-15:31"})
    world.broker = FakeBroker(clock=world.clock, script=[UNAVAILABLE] * 9)
    world.boot()
    later(world, 50)
    receipt = world.send(**ENTRY)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    world.run(seconds=20)
    record = world.record(receipt.alert_id)
    assert (record.status.value, record.outcome.reason) == ("denied", "LIMIT_WINDOW")
    assert [order.status for order in world.orders()] == [OrderStatus.CANCELED]


def test_rule_16_a_size_by_risk_loses_that_much_at_its_stop(make: Callable[..., World]) -> None:
    world = make()
    entered(
        world,
        action="buy",
        symbol="AAPL",
        price=100,
        quantity=250,
        quantity_type="risk_dollar_amount",
        stop_loss="5%",
    )
    assert world.broker_position() == {"AAPL": Decimal(50)}
    world.send(action="cancel", symbol="AAPL", price=95)
    (account,) = world.server.services.accounts
    assert (world.broker_position(), account.broker.balance().cash) == ({}, Decimal(99_750))


# --- exits ---------------------------------------------------------------------------------------

FORBIDDEN = {
    "MAX_ORDER_QUANTITY": "0.000001",
    "MAX_ORDER_NOTIONAL": "0.01",
    "MAX_OPEN_POSITIONS": "1",
    "MAX_ORDERS_PER_SECOND": "1",
    "MAX_DAILY_LOSS": "0.01",
    "TRADING_WINDOWS": "03:00-03:01",
    "COOLDOWN": "999999",
    "ALLOWED_SYMBOLS": "NOTHING",
    "MAX_SPREAD_PERCENT": "0.000001",
    "PRICE_COLLAR_PERCENT": "0.000001",
}


@pytest.fixture
def forbidden(make: Callable[..., World]) -> World:
    """Two losing positions, one with a stop, an entry that rests; then everything is forbidden."""
    world = make()
    entered(world, **{**ENTRY, "stop_loss": 80})
    entered(world, **{**ENTRY, "symbol": "MSFT", "action": "sell"})
    entered(world, **{**LIMIT, "symbol": "TSLA"})
    world.send(action="cancel", symbol="AAPL", price=99)
    (world.folder / "stop").touch()
    world.settings = {**FORBIDDEN, "KILL_FILE": str(world.folder / "stop")}
    world.boot()
    return world


@pytest.mark.parametrize(
    ("exit_", "left"),
    [
        ({"action": "close", "symbol": "AAPL"}, {"MSFT": -10}),
        ({"action": "close", "symbol": "AAPL", "price": 81}, {"MSFT": -10}),
        ({"action": "sell", "symbol": "AAPL", "quantity": "50%"}, {"AAPL": 5, "MSFT": -10}),
        ({"action": "sell", "symbol": "AAPL", "position_size": 3}, {"AAPL": 3, "MSFT": -10}),
        (
            {"action": "buy", "symbol": "MSFT", "market_position": "flat", "price": 100},
            {"AAPL": 10},
        ),
        (
            {"action": "close", "symbol": "AAPL", "order_type": "limit", "limit_price": 98},
            {"MSFT": -10},
        ),
    ],
)
def test_rule_16_limits_that_forbid_everything_never_block_an_exit(
    forbidden: World, exit_: dict[str, object], left: dict[str, int]
) -> None:
    entered(forbidden, **exit_)
    assert forbidden.broker_position() == left


def test_rule_16_the_close_of_a_reversal_is_made_and_its_entry_denied(forbidden: World) -> None:
    assert ended(forbidden, action="sell", symbol="AAPL", quantity=10)[0] == "denied"
    assert forbidden.broker_position() == {"MSFT": Decimal(-10)}


def test_rule_16_limits_block_neither_cancels_nor_protection(forbidden: World) -> None:
    entered(forbidden, action="cancel", symbol="TSLA")
    forbidden.send(action="cancel", symbol="AAPL", price=79)
    assert forbidden.broker_position() == {"MSFT": Decimal(-10)}
    assert {order.status.final for order in forbidden.orders()} == {True}


@pytest.mark.parametrize("limit", FORBIDDEN)
def test_rule_16_each_of_them_alone_forbids_the_entry_but_what_paper_cannot_know(
    make: Callable[..., World], limit: str
) -> None:
    world = make()
    entered(world, **{**ENTRY, "symbol": "AAPL"})
    entered(world, action="close", symbol="AAPL", price=99)
    entered(world, **{**ENTRY, "symbol": "MSFT"})
    world.settings = {limit: FORBIDDEN[limit]}
    world.boot()
    status, reason = ended(world, **{**ENTRY, "quantity": 11})
    if limit == "MAX_SPREAD_PERCENT":
        assert status == "success"
    else:
        assert (status, reason.startswith(("LIMIT_", "SYMBOL_"))) == ("denied", True)


# --- the preview ---------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [each for each in FORBIDDEN if each != "MAX_SPREAD_PERCENT"])
def test_a_preview_shows_the_denial_that_the_alert_gets(
    limit: str, make_server: MakeServer
) -> None:
    client = client_of(make_server(**{limit: FORBIDDEN[limit]}))
    free = limit in ("MAX_OPEN_POSITIONS", "MAX_ORDERS_PER_SECOND", "MAX_DAILY_LOSS", "COOLDOWN")
    if free:
        first = buy(client, "AAPL" if limit == "COOLDOWN" else "MSFT")
        assert first["status"] == "success"
    if limit == "MAX_DAILY_LOSS":
        quote(client, "MSFT", 180)
    if limit == "COOLDOWN":
        buy(client, action="close")
    if limit == "PRICE_COLLAR_PERCENT":
        quote(client, "AAPL", 200)
    alert = {"action": "buy", "symbol": "AAPL", "quantity": 11, "price": 190}
    foreseen = client.post("/api/v1/preview", json=alert).get_json()
    told = buy(client, quantity=11)
    assert foreseen["intents"] == []
    assert foreseen["denied"] == {"reason": told["reason"], "detail": told["detail"]}
    assert told["status"] == "denied"


def test_the_default_size_is_that_of_the_account(make_server: MakeServer) -> None:
    settings = {"ACCOUNTS": "paper,sim=paper", "SIM_DEFAULT_POSITION_SIZE": "380"}
    client = client_of(make_server(DEFAULT_POSITION_SIZE="1900", **settings))
    assert buy(client, quantity=None)["quantity"] == 10
    assert buy(client, quantity=None, account="sim")["quantity"] == 2


# --- at the same moment --------------------------------------------------------------------------


@dataclass(slots=True)
class Meanwhile:
    """Something that happens in the middle of a read of the positions, once."""

    read: int
    happens: Callable[[], object]
    reads: int = 0


class Distracted(FakeBroker):
    """A broker that lets something happen while its positions are on the way to whoever asked."""

    meanwhile: Meanwhile | None = None

    def positions(self) -> Sequence[Position]:
        held = super().positions()
        turn = self.meanwhile
        if turn is not None:
            turn.reads += 1
            if turn.reads == turn.read:
                self.meanwhile = None
                turn.happens()
        return held


@pytest.mark.parametrize("read", [1, 2], ids=["when it is planned", "when it is sent"])
@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"MAX_OPEN_POSITIONS": "1"}, "LIMIT_POSITIONS"),
        ({"MAX_OPEN_POSITIONS": "9", "MAX_ORDERS_PER_SECOND": "1"}, "LIMIT_RATE"),
    ],
)
def test_rule_16_an_entry_that_came_in_between_is_counted(
    tmp_path: Path, read: int, limit: dict[str, str], reason: str
) -> None:
    world = World(tmp_path, settings=limit)
    broker = Distracted(clock=world.clock)
    world.broker = broker
    world.boot()
    other = {**ENTRY, "symbol": "MSFT"}
    broker.meanwhile = Meanwhile(read, lambda: entered(world, **other))
    assert denied(world, **ENTRY) == reason
    assert world.broker_position() == {"MSFT": Decimal(10)}


@dataclass(slots=True)
class Crowd:
    """Alerts of different lanes that are posted at the same moment, by two servers in turn."""

    world: World
    statuses: list[str] = field(default_factory=list[str])

    def post(self, symbols: Sequence[str]) -> None:
        start = threading.Barrier(len(symbols))

        def one(number: int, symbol: str) -> None:
            server = self.world.servers[number % 2]
            start.wait()
            receipt = self.world.send_by(server, **{**ENTRY, "symbol": symbol})
            record = server.services.journal.alert(receipt.alert_id)
            assert record is not None
            self.statuses.append(f"{record.status.value} {record.outcome.reason}".strip())

        threads = [threading.Thread(target=one, args=each) for each in enumerate(symbols)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("limit", "reason"),
    [("MAX_OPEN_POSITIONS", "LIMIT_POSITIONS"), ("MAX_ORDERS_PER_SECOND", "LIMIT_RATE")],
)
def test_rule_16_alerts_of_several_lanes_and_servers_at_once_never_exceed_a_limit_together(
    make: Callable[..., World], limit: str, reason: str
) -> None:
    world = make(**{limit: "3"})
    world.boot()
    crowd = Crowd(world)
    crowd.post([f"S{number}" for number in range(12)])
    assert sorted(crowd.statuses) == [f"denied {reason}"] * 9 + ["success"] * 3
    assert len(world.broker_position()) == 3
