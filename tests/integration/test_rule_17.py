"""Trading-rule 17, whose position it is, through the whole engine."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.journal.rebuild import SqlLedger
from app.domain.errors import BrokerUnavailable
from app.domain.instrument import Ticker
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from app.domain.stake import ZERO
from app.engine.adoption import Hindrance
from tests.fakes.broker import ACCEPT, EVERYTHING, REPLY_LOST, REST, FakeBroker, late
from tests.integration.world import World, fake

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 90}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
SELL: dict[str, object] = {"action": "sell", "symbol": "AAPL", "quantity": 4}


def ended(world: World, **fields: object) -> tuple[str, str]:
    """What becomes of an alert: its status and its reason."""
    record = world.record(world.send(**fields).alert_id)
    return record.status.value, record.outcome.reason


def held(world: World) -> Decimal:
    return world.broker_position().get("AAPL", Decimal(0))


def test_rule_17_a_close_takes_what_this_strategy_bought_and_no_more(world: World) -> None:
    fake(world).hold("AAPL", Decimal(7))
    world.send(**BUY)
    assert ended(world, **CLOSE) == ("success", "")
    assert held(world) == 7


def test_rule_17_two_strategies_on_one_symbol_close_their_own(world: World) -> None:
    world.send(**BUY, strategy="a")
    world.send(**{**BUY, "quantity": 5}, strategy="b")
    assert held(world) == 15
    world.send(**CLOSE, strategy="b")
    assert world.stakes() == {("AAPL", "a"): Decimal(10)}
    again = {**CLOSE, "comment": "again"}
    assert ended(world, **again, strategy="b") == ("info", "NO_POSITION")
    assert held(world) == 10


def test_rule_17_foreign_quantity_is_never_sold(world: World) -> None:
    fake(world).hold("AAPL", Decimal(7))
    assert ended(world, **SELL) == ("denied", "FOREIGN_POSITION")
    assert ended(world, **CLOSE) == ("info", "NO_POSITION")
    assert held(world) == 7
    assert fake(world).orders_placed == 0


def test_rule_17_a_reversal_closes_its_own_and_does_not_enter_against_the_rest(
    world: World,
) -> None:
    fake(world).hold("AAPL", Decimal(7))
    world.send(**BUY)
    receipt = world.send(**SELL)
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.DENIED, "FOREIGN_POSITION")
    assert "10 closed first" in record.outcome.detail
    assert held(world) == 7
    assert world.stakes() == {}
    assert world.orders()[-1].filled_quantity == 10


def test_rule_17_a_strategy_does_not_sell_short_what_another_one_holds(world: World) -> None:
    world.send(**BUY, strategy="a")
    assert ended(world, **SELL, strategy="b") == ("denied", "FOREIGN_POSITION")
    assert held(world) == 10


def test_rule_17_beside_foreign_quantity_of_the_same_side_a_strategy_enters(world: World) -> None:
    fake(world).hold("AAPL", Decimal(7))
    assert ended(world, **BUY) == ("success", "")
    assert held(world) == 17


def test_rule_17_adopted_quantity_is_the_strategys_own(world: World) -> None:
    world.own("AAPL", 7, "a")
    assert ended(world, **CLOSE, strategy="b") == ("info", "NO_POSITION")
    assert ended(world, **CLOSE, strategy="a") == ("success", "")
    assert held(world) == 0


def test_rule_17_adopted_quantity_is_in_the_ledger_at_what_was_paid_for_it(world: World) -> None:
    fake(world).hold("AAPL", Decimal(7), Decimal(90))
    world.server.services.adoption.adopt("fake", "AAPL", "a")
    assert ended(world, **CLOSE, strategy="a") == ("success", "")
    ((entered, left, pnl),) = [
        (Decimal(row["entry_price"]), row["quantity"], Decimal(row["pnl"]))
        for row in world.rows("SELECT * FROM trades")
    ]
    assert (entered, Decimal(left), pnl) == (Decimal(90), Decimal(7), Decimal(70))
    assert world.rows("SELECT * FROM open_lots") == []


@pytest.mark.parametrize("foreign", [7, -7])
def test_rule_17_after_an_adoption_the_books_are_what_the_fills_come_to(
    foreign: int, world: World
) -> None:
    if foreign > 0:
        world.send(**BUY, strategy="a")  # adopted on top of what is its own
    own = held(world)
    fake(world).hold("AAPL", Decimal(foreign))
    assert world.server.services.adoption.adopt("fake", "AAPL", "a") == foreign
    query = "SELECT sum(quantity * CASE side WHEN 'buy' THEN 1 ELSE -1 END) AS sum FROM fills"
    assert world.rows(query)[0]["sum"] == own + foreign
    assert world.stakes() == {("AAPL", "a"): own + foreign}
    assert not SqlLedger(world.server.database).rebuild()
    assert ended(world, **CLOSE, strategy="a") == ("success", "")
    assert world.rows("SELECT * FROM open_lots") == []
    assert world.stakes() == {}


def test_rule_17_only_what_nobody_holds_can_be_adopted(world: World) -> None:
    world.send(**BUY, strategy="a")
    adoption = world.server.services.adoption
    assert adoption.adopt("fake", "AAPL", "b") is Hindrance.NOTHING_FOREIGN
    fake(world).hold("AAPL", Decimal(3))
    assert adoption.adopt("fake", "NASDAQ:AAPL", "b") == 3
    assert world.stakes() == {("AAPL", "a"): Decimal(10), ("AAPL", "b"): Decimal(3)}
    assert adoption.adopt("fake", "AAPL", "b") is Hindrance.NOTHING_FOREIGN


def test_rule_17_nothing_is_adopted_while_an_order_of_ours_may_fill(world: World) -> None:
    world.send(**LIMIT)
    fake(world).hold("AAPL", Decimal(3))
    adoption = world.server.services.adoption
    assert adoption.adopt("fake", "AAPL") is Hindrance.BUSY
    assert adoption.adopt("nobody", "AAPL") is Hindrance.UNKNOWN_ACCOUNT
    assert adoption.adopt("fake", ":") is Hindrance.UNKNOWN_SYMBOL


def test_rule_17_a_fill_that_nobody_told_us_of_is_ours_and_not_adopted(world: World) -> None:
    world.send(**LIMIT, strategy="a")
    fake(world).fill(world.orders()[0].client_order_id)
    assert world.server.services.adoption.adopt("fake", "AAPL") is Hindrance.NOTHING_FOREIGN
    assert world.stakes() == {("AAPL", "a"): Decimal(10)}


def test_rule_17_a_fill_that_nobody_told_us_of_is_closed_too(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fill(world.orders()[0].client_order_id)
    assert ended(world, **CLOSE) == ("success", "")
    assert held(world) == 0


def test_rule_17_legs_belong_to_the_strategy_of_their_entry(paper: World) -> None:
    paper.send(**BUY, strategy="a", price=100, stop_loss="2%")
    paper.send(**{**BUY, "quantity": 5}, strategy="b", price=100)
    paper.server.services.quotes.note(Ticker.parse("AAPL"), Decimal(97), paper.clock.now())
    assert paper.stakes() == {("AAPL", "b"): Decimal(5)} == paper.filled()


def test_rule_17_what_is_held_survives_a_restart(world: World) -> None:
    world.send(**BUY, strategy="a")
    world.crash_and_boot()
    assert ended(world, **CLOSE, strategy="a") == ("success", "")
    assert held(world) == 0


def test_rule_17_what_went_by_hand_is_not_sold_again(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(-6))
    assert ended(world, **CLOSE) == ("success", "")
    assert held(world) == 0


def test_an_exit_without_a_name_closes_the_one_strategy_that_holds_it(world: World) -> None:
    world.send(**BUY, strategy="a")
    assert ended(world, **CLOSE) == ("success", "")
    assert world.stakes() == {} == world.broker_position()


def test_an_exit_without_a_name_does_not_choose_between_two_strategies(world: World) -> None:
    world.send(**BUY, strategy="a")
    world.send(**BUY, strategy="b")
    receipt = world.send(**CLOSE)
    assert world.record(receipt.alert_id).outcome.reason == "NO_POSITION"
    assert "foreign_position" in world.events(receipt.alert_id)
    assert held(world) == 20


def test_an_exit_without_a_name_is_the_unnamed_strategys_once_there_is_one(world: World) -> None:
    world.send(**BUY)
    world.send(**{**CLOSE, "sentiment": "flat"})
    world.send(**BUY, strategy="a")
    late = world.send(**{**CLOSE, "comment": "late"})
    assert world.record(late.alert_id).outcome.reason == "NO_POSITION"
    assert "foreign_position" not in world.events(late.alert_id)
    assert held(world) == 10


def test_an_entry_without_a_name_is_never_another_strategys(world: World) -> None:
    world.send(**BUY, strategy="a")
    assert ended(world, **SELL) == ("denied", "FOREIGN_POSITION")


def test_rule_11_cancel_takes_back_the_strategys_own_entries_only(world: World) -> None:
    world.send(**LIMIT, strategy="a")
    assert ended(world, action="cancel", symbol="AAPL", strategy="b") == (
        "info",
        "NOTHING_TO_CANCEL",
    )
    assert [order.status for order in world.orders()] == [OrderStatus.LIVE]
    assert ended(world, action="cancel", symbol="AAPL", strategy="a") == ("success", "")
    assert [order.status for order in world.orders()] == [OrderStatus.CANCELED]


def test_rule_11_cancel_leaves_protection_alone(paper: World) -> None:
    paper.send(**BUY, price=100, stop_loss="2%")
    assert ended(paper, action="cancel", symbol="AAPL") == ("info", "NOTHING_TO_CANCEL")
    (stop,) = [order for order in paper.orders() if order.role is OrderRole.STOP_LOSS]
    assert stop.status is OrderStatus.LIVE


def test_rule_22_a_close_leaves_the_resting_entry_of_another_strategy(world: World) -> None:
    world.send(**BUY, strategy="a")
    world.send(**LIMIT, strategy="b")
    world.send(**CLOSE, strategy="a")
    assert [order.strategy for order in world.orders() if order.status.working] == ["b"]


def test_rule_22_a_close_halts_its_own_waiting_entry_and_no_other(world: World) -> None:
    fake(world).script.append(REST)
    world.send(**BUY, strategy="a")
    other = world.send(**BUY, strategy="b")
    world.send(**CLOSE, strategy="a")
    world.run(seconds=15)
    assert world.record(other.alert_id).status is AlertStatus.SUCCESS
    assert world.stakes() == world.filled() == {("AAPL", "b"): Decimal(10)}


def test_rule_19_what_went_by_hand_and_is_bought_by_hand_again_is_not_sold(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(-10))
    recovery = world.server.services.recovery
    recovery.refresh()
    assert world.stakes() == {("AAPL", ""): Decimal(10)}, "once may be a fill not told of yet"
    recovery.refresh()
    assert world.stakes() == {}
    fake(world).hold("AAPL", Decimal(10))
    assert ended(world, **CLOSE) == ("info", "NO_POSITION")
    assert held(world) == 10


@pytest.mark.parametrize(("missing", "problem"), [("0.02", 0), ("0.2", 1)])
def test_rule_39_fees_that_are_taken_out_of_what_was_bought_are_no_problem(
    tmp_path: Path, missing: str, problem: int
) -> None:
    world = World(tmp_path)
    abilities = replace(EVERYTHING, fees_in_units=True)
    world.broker = FakeBroker(clock=world.clock, capabilities=abilities)
    world.boot()
    world.send(**BUY)
    fake(world).hold("AAPL", -Decimal(missing))
    world.server.services.recovery.refresh()
    world.server.services.recovery.refresh()
    assert world.stakes() == {("AAPL", ""): 10 - Decimal(missing)}
    (event,) = world.rows("SELECT problem FROM events WHERE kind = 'written_down'")
    assert event["problem"] == problem


@pytest.mark.parametrize("before_its_exit", [True, False])
def test_rule_39_the_ledger_books_a_fee_that_is_taken_in_units(
    tmp_path: Path, *, before_its_exit: bool
) -> None:
    world = World(tmp_path)
    abilities = replace(EVERYTHING, fees_in_units=True)
    world.broker = broker = FakeBroker(clock=world.clock, capabilities=abilities)
    broker.least = Decimal(1)
    world.boot()
    refresh = world.server.services.recovery.refresh
    world.send(**BUY)
    broker.hold("AAPL", -Decimal("0.02"))
    for _ in range(2 * before_its_exit):
        refresh()
    broker.prices["AAPL"] = Decimal(110)
    world.send(**CLOSE)
    refresh()
    refresh()

    figures = world.server.services.performance.figures("fake").total
    assert (figures.total_trades, figures.winning_trades) == (1, 1)
    assert (figures.total_pnl, figures.total_fees) == (Decimal("97.8"), Decimal(2))
    assert world.stakes() == {}
    assert not world.rows("SELECT * FROM open_lots")
    assert not world.rows("SELECT * FROM events WHERE kind = 'written_down' AND problem")
    assert not SqlLedger(world.server.database).rebuild()


def test_rule_19_a_stake_is_not_written_down_for_an_order_whose_outcome_is_open(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock, script=[ACCEPT, late(9, then=REPLY_LOST)])
    world.boot()
    world.send(**BUY)
    world.send(**CLOSE)
    for _ in range(3):
        world.server.services.recovery.refresh()
    assert world.stakes() == {("AAPL", ""): Decimal(10)}
    world.run(seconds=30)
    assert world.stakes() == {} == world.filled()


def test_rule_19_what_a_leg_closed_meanwhile_is_a_fill_and_not_written_down(paper: World) -> None:
    paper.send(**BUY, price=100, stop_loss="2%")
    (account,) = paper.server.services.accounts
    account.broker.take_quote("AAPL", Decimal(97), paper.clock.now())
    for _ in range(3):
        paper.server.services.recovery.refresh()
    assert paper.stakes() == {} == paper.filled()
    assert not paper.rows("SELECT 1 FROM events WHERE kind = 'written_down'")


def test_rule_10_a_percentage_is_of_the_strategys_own_part(world: World) -> None:
    fake(world).hold("AAPL", Decimal(30))
    world.send(**BUY)
    assert ended(world, **{**CLOSE, "quantity": "50%"}) == ("success", "")
    assert world.stakes() == {("AAPL", ""): Decimal(5)}


def test_rule_17_no_leg_is_left_behind_to_sell_what_others_hold(paper: World) -> None:
    paper.send(**BUY, strategy="a", price=100)
    paper.send(**BUY, strategy="b", price=100, stop_loss="2%", take_profit="4%")
    paper.send(**CLOSE, strategy="b", price=100)
    assert [order for order in paper.orders() if order.status.working] == []
    paper.server.services.quotes.note(Ticker.parse("AAPL"), Decimal(90), paper.clock.now())
    assert paper.stakes() == {("AAPL", "a"): Decimal(10)}


def test_rule_17_the_exit_of_one_strategy_leaves_the_stop_of_another(paper: World) -> None:
    for strategy in ("a", "b"):
        paper.send(**{**BUY, "price": 100, "strategy": strategy, "stop_loss": "5%"})
    paper.send(**CLOSE, strategy="b")
    query = "SELECT strategy FROM orders WHERE role = 'stop_loss' AND status = 'live'"
    assert [row["strategy"] for row in paper.rows(query)] == ["a"]


def test_rule_17_after_a_part_was_closed_beside_others_the_stop_covers_the_rest(
    paper: World,
) -> None:
    paper.send(**BUY, strategy="a", price=100)
    paper.send(**BUY, strategy="b", price=100, stop_loss="2%")
    paper.send(**{**CLOSE, "quantity": 4}, strategy="b", price=100)
    (stop,) = [order for order in paper.orders() if order.status.working]
    assert (stop.role, stop.quantity, stop.strategy) == (OrderRole.STOP_LOSS, Decimal(6), "b")
    paper.server.services.quotes.note(Ticker.parse("AAPL"), Decimal(90), paper.clock.now())
    assert paper.stakes() == paper.filled() == {("AAPL", "a"): Decimal(10)}


ACTIONS = st.sampled_from(["buy", "sell", "close", "add", "reverse", "cancel"])
STEPS = st.lists(
    st.tuples(ACTIONS, st.sampled_from(["a", "b"]), st.integers(1, 9), st.integers(95, 105)),
    max_size=14,
)


@given(STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rule_17_stakes_are_the_sum_of_the_fills_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int, int]]
) -> None:
    world = World(tmp_path_factory.mktemp("stakes"))
    world.boot()
    for number, (action, strategy, quantity, price) in enumerate(steps):
        fields = {"quantity": quantity, "price": price, "id": f"order-1000{number:03}"}
        before = world.stakes()
        world.send(action=action, symbol="AAPL", strategy=strategy, stop_loss="2%", **fields)
        assert world.stakes() == world.filled()
        assert sum(world.stakes().values()) == sum(world.broker_position().values())
        if action == "close":
            other = ("AAPL", "b" if strategy == "a" else "a")
            assert abs(world.stakes().get(other, ZERO)) <= abs(before.get(other, ZERO))
    world.server.database.close()


def test_rule_17_a_close_leaves_the_stop_of_another_strategy_in_place(paper: World) -> None:
    paper.send(**BUY, price=100, stop_loss="2%", strategy="a")
    paper.send(**BUY, price=100, stop_loss="5%", strategy="b")
    paper.send(**{**CLOSE, "quantity": 4}, strategy="b")
    assert stops(paper) == {"a": Decimal(10), "b": Decimal(6)}
    paper.send(**CLOSE, strategy="b")
    assert stops(paper) == {"a": Decimal(10)}


def stops(world: World) -> dict[str, Decimal]:
    """How much the stops that rest would close, by strategy."""
    return {order.strategy: order.quantity for order in world.orders() if order.status.working}


def test_rule_19_a_stake_is_not_written_down_while_orders_cannot_be_looked_up(
    world: World,
) -> None:
    world.send(**BUY, stop_loss="2%")
    (stop,) = [order for order in world.orders() if order.role is OrderRole.STOP_LOSS]
    fake(world).fill(stop.client_order_id)
    fake(world).fail("find", *[BrokerUnavailable("no route")] * 9)
    for _ in range(3):
        world.server.services.recovery.refresh()
    fake(world).mend("find")
    world.server.services.recovery.refresh()
    world.server.services.recovery.refresh()
    assert world.stakes() == world.filled() == {}
