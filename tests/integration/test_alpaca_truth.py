"""The engine held against Alpaca's truth: the real SDK over real sockets, at the simulator."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.events import EventKind
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from tests.contracts.alpaca import options_of
from tests.integration.world import World
from tests.simulators.alpaca import AlpacaSimulator, Fault, Kind, StreamFault, StreamKind

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 90}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
POST = "POST /v2/orders"


class Alpaca(World):
    """A world whose account is at the simulator; they have one clock."""

    simulator: AlpacaSimulator


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[Alpaca]:
    world = Alpaca(tmp_path)
    world.simulator = AlpacaSimulator(clock=world.clock, strict=True, rate_limit=None)
    world.simulator.start()
    world.simulator.quote("AAPL", 100)
    world.settings = {
        "ACCOUNTS": "alpaca=alpaca",
        "DEFAULT_ACCOUNT": "alpaca",
        "ALPACA_SESSION_POLICY": "always",
        **{f"ALPACA_{name}": value for name, value in options_of(world.simulator).items()},
    }
    world.boot()
    yield world
    for account in world.server.services.accounts:
        account.broker.close()
    world.simulator.close()
    assert world.simulator.state.violations == []


def look(world: World, rounds: int = 2) -> None:
    """So many rounds of the check, each long enough after the fills before it."""
    for _ in range(rounds):
        world.run(seconds=6, step=1)
        world.server.services.recovery.refresh()
        world.run(seconds=1)


def told(world: World, kind: str) -> list[Any]:
    return world.rows("SELECT * FROM events WHERE kind = ? ORDER BY id", kind)


def outcome(world: World, **fields: object) -> tuple[str, str]:
    record = world.record(world.send(**fields).alert_id)
    return record.status.value, record.outcome.reason


def one(world: World) -> str:
    return world.orders()[0].client_order_id


def calls(world: Alpaca) -> list[str]:
    """What was asked of the broker since the last time that this was asked."""
    with world.simulator.state.lock:
        asked = [f"{each.method} {each.path}" for each in world.simulator.state.requests]
        world.simulator.state.requests.clear()
    return asked


def agree(world: Alpaca) -> bool:
    with world.simulator.state.lock:
        held = {each.asset.symbol: each.qty for each in world.simulator.owner().holdings.values()}
    return (
        world.journaled_position()
        == held
        == {name: total for (name, _), total in world.stakes().items()}
    )


def test_a_round_in_which_nothing_changed_costs_two_calls(alpaca: Alpaca) -> None:
    alpaca.send(**LIMIT)
    alpaca.send(**{**BUY, "symbol": "MSFT"}, stop_loss="2%", take_profit="4%")
    look(alpaca)
    calls(alpaca)
    look(alpaca, rounds=1)
    assert len(calls(alpaca)) == 2


def test_a_fill_that_the_stream_lost_is_found(alpaca: Alpaca) -> None:
    alpaca.send(**LIMIT)
    alpaca.simulator.quote("AAPL", 89)
    look(alpaca, rounds=1)
    assert alpaca.orders()[0].status is OrderStatus.FILLED
    assert agree(alpaca)


def test_a_market_order_whose_fill_comes_by_the_stream_ends_at_once(alpaca: Alpaca) -> None:
    alpaca.simulator.hold("AAPL")
    receipt = alpaca.send(**BUY)
    assert alpaca.record(receipt.alert_id).status is AlertStatus.WAITING
    ended, heard = threading.Event(), threading.Event()
    alpaca.server.services.bus.subscribe(
        lambda event: ended.set() if event.kind is EventKind.FINISHED else None
    )
    (watch,) = alpaca.server.watches

    def hear(hint: str | None) -> None:
        heard.set()
        watch.hearing.hear(hint)

    watch.loop.start()
    watch.account.broker.watch(hear)
    assert heard.wait(timeout=20), "it tells that it is connected"
    alpaca.simulator.release("AAPL")
    assert ended.wait(timeout=20)
    watch.loop.stop()
    assert alpaca.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert agree(alpaca)


def test_orders_of_others_are_told_once_and_never_touched(alpaca: Alpaca) -> None:
    body = {"symbol": "MSFT", "qty": "3", "side": "buy", "type": "limit", "limit_price": "80"}
    manual = alpaca.simulator.place({**body, "time_in_force": "gtc"})
    look(alpaca, rounds=4)
    receipt = alpaca.send(**{**BUY, "symbol": "MSFT", "action": "cancel"})
    assert alpaca.record(receipt.alert_id).outcome.reason == "NOTHING_TO_CANCEL"
    alpaca.server.services.kill_switch.engage("stop")
    assert len(told(alpaca, "foreign_order")) == 1
    assert manual.is_open


def test_the_legs_of_a_bracket_are_ours_from_the_first_look_on(alpaca: Alpaca) -> None:
    alpaca.send(**BUY, stop_loss="2%", take_profit="4%")
    look(alpaca, rounds=4)
    alpaca.crash_and_boot()
    look(alpaca, rounds=3)
    assert told(alpaca, "foreign_order") == []
    assert told(alpaca, "mismatch") == []
    assert told(alpaca, "unprotected") == []
    legs = [order for order in alpaca.orders() if order.role.protects]
    assert [leg.status for leg in legs] == [OrderStatus.LIVE] * 2


def test_what_is_traded_by_hand_is_foreign_or_keeps_entries_out(alpaca: Alpaca) -> None:
    alpaca.simulator.trade("AAPL", "buy", 7)
    look(alpaca, rounds=3)
    assert alpaca.server.services.journal.foreign("alpaca") == {"AAPL": Decimal(7)}
    alpaca.send(**BUY)
    alpaca.simulator.trade("AAPL", "buy", 5)
    look(alpaca, rounds=3)
    assert outcome(alpaca, **BUY, strategy="b") == ("denied", "MISMATCH")
    alpaca.simulator.trade("AAPL", "sell", 5)
    look(alpaca, rounds=2)
    assert alpaca.server.services.journal.blocks() == []


def test_rule_19_what_is_sold_by_hand_leaves_no_leg_behind(alpaca: Alpaca) -> None:
    alpaca.send(**BUY, stop_loss="2%", take_profit="4%")
    alpaca.simulator.trade("AAPL", "sell", 10)
    look(alpaca, rounds=4)
    assert alpaca.stakes() == {}
    with alpaca.simulator.state.lock:
        orders = alpaca.simulator.owner().orders.values()
        assert [order for order in orders if order.is_open] == []
    assert [order for order in alpaca.orders() if order.status.working] == []


def test_a_stop_that_filled_while_we_were_dead_is_in_the_books_before_entries_go_on(
    alpaca: Alpaca,
) -> None:
    alpaca.send(**BUY, stop_loss="2%")
    alpaca.simulator.quote("AAPL", 97)
    alpaca.crash_and_boot()
    (stop,) = [order for order in alpaca.orders() if order.role is OrderRole.STOP_LOSS]
    assert stop.status is OrderStatus.FILLED
    assert alpaca.stakes() == {}


@pytest.mark.parametrize("kind", StreamKind)
def test_whatever_the_stream_does_the_books_end_the_same(alpaca: Alpaca, kind: StreamKind) -> None:
    alpaca.simulator.stream.faults.append(StreamFault(kind, times=None, rate=0.7))
    listening = threading.Event()
    (watch,) = alpaca.server.watches

    def hear(hint: str | None) -> None:
        listening.set()
        watch.hearing.hear(hint)

    watch.account.broker.watch(hear)
    assert listening.wait(timeout=20)
    market = alpaca.send(**BUY, stop_loss="2%", take_profit="4%")
    limit = alpaca.send(**{**LIMIT, "symbol": "MSFT"})
    alpaca.simulator.quote("MSFT", 89)
    watch.hearing.act()
    alpaca.simulator.quote("AAPL", 97)
    watch.hearing.act()
    look(alpaca, rounds=3)
    assert agree(alpaca)
    assert alpaca.journaled_position() == {"MSFT": Decimal(10)}
    for receipt in (market, limit):
        assert alpaca.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert len({row["fill_id"] for row in alpaca.rows("SELECT fill_id FROM fills")}) == 3


FAULTS = [Kind.LOST, Kind.ERROR, Kind.GATEWAY, Kind.HTML, Kind.CUT, Kind.LATE, Kind.SLOW]


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("taken", [True, False])
def test_an_order_whose_answer_says_nothing_is_found_or_sent_and_never_doubled(
    alpaca: Alpaca, kind: Kind, *, taken: bool
) -> None:
    alpaca.simulator.faults.add(Fault(kind, POST, taken=taken))
    receipt = alpaca.send(**BUY)
    alpaca.run(seconds=20)
    assert alpaca.record(receipt.alert_id).status is AlertStatus.SUCCESS
    look(alpaca)
    assert agree(alpaca)
    assert alpaca.journaled_position() == {"AAPL": Decimal(10)}


@pytest.mark.parametrize("kind", [Kind.DROPPED, Kind.TOO_MANY])
def test_an_order_that_was_not_taken_is_sent_while_it_is_fresh(alpaca: Alpaca, kind: Kind) -> None:
    alpaca.simulator.faults.add(Fault(kind, POST, times=2))
    receipt = alpaca.send(**BUY)
    alpaca.run(seconds=30)
    assert alpaca.record(receipt.alert_id).status is AlertStatus.SUCCESS
    look(alpaca)
    assert alpaca.journaled_position() == {"AAPL": Decimal(10)}
    assert agree(alpaca)


def test_reads_that_fail_are_not_flat(alpaca: Alpaca) -> None:
    alpaca.send(**BUY)
    alpaca.simulator.faults.add(Fault(Kind.ERROR, "GET /v2/positions*", times=3))
    receipt = alpaca.send(**BUY, comment="again")
    assert alpaca.record(receipt.alert_id).status is AlertStatus.WAITING
    alpaca.run(seconds=10)
    assert alpaca.record(receipt.alert_id).outcome.reason == "ALREADY_LONG"


def test_a_broker_that_is_away_takes_entries_when_it_is_back(alpaca: Alpaca) -> None:
    with alpaca.simulator.away():
        receipt = alpaca.send(**BUY)
        alpaca.run(seconds=3)
        assert alpaca.record(receipt.alert_id).status is AlertStatus.WAITING
        assert alpaca.count("fills") == 0
    alpaca.run(seconds=30)
    assert alpaca.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert agree(alpaca)
