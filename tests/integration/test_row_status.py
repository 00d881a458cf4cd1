"""A row of the playbook follows its order, also after the alert has ended (seed 002)."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.instrument import Ticker
from app.domain.order import OrderRole
from app.domain.strategy import Strategy
from tests.fakes.broker import REST, FakeBroker, reject
from tests.integration.test_crash_points import every_crash
from tests.integration.world import World, fake

BUY: dict[str, object] = {
    "action": "buy",
    "symbol": "AAPL",
    "timeframe": "15m",
    "quantity": 10,
    "price": 100,
}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 90}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "timeframe": "15m"}
STOP = {**BUY, "stop_loss": 95}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    put(world)
    return world


def put(world: World, timeframe: str = "15m", **columns: object) -> None:
    row = Strategy(symbol="AAPL", timeframe=timeframe, **columns)  # type: ignore[arg-type]
    world.server.services.playbook.put(row)


def word(world: World, timeframe: str = "15m") -> str:
    row = world.server.services.playbook.find("AAPL", timeframe)
    assert row is not None
    return row.order_status


def order(world: World, role: OrderRole = OrderRole.ENTRY) -> str:
    found = [order for order in world.orders() if order.role is role]
    return found[-1].client_order_id


def told(world: World) -> None:
    """The broker is asked what became of what rests."""
    world.server.services.recovery.refresh()


def test_a_row_is_ready_before_its_first_alert(world: World) -> None:
    assert word(world) == "READY"


def test_an_entry_goes_from_submitted_to_filled_and_its_exit_to_waiting(world: World) -> None:
    fake(world).script.append(REST)
    world.send(**BUY)
    assert word(world) == "ORDER SUBMITTED"
    fake(world).fill(order(world))
    world.run(seconds=2)
    assert word(world) == "FILLED"
    world.send(**CLOSE)
    assert word(world) == "WAITING"


def test_a_row_follows_a_resting_order_after_its_alert_has_ended(world: World) -> None:
    receipt = world.send(**LIMIT)
    assert world.record(receipt.alert_id).status.final
    assert word(world) == "ORDER SUBMITTED"
    fake(world).fill(order(world), Decimal(4))
    told(world)
    assert word(world) == "PARTIAL FILL"
    fake(world).fill(order(world))
    told(world)
    assert word(world) == "FILLED"


def test_a_new_order_that_rests_is_looked_at_again_after_two_seconds(world: World) -> None:
    world.send(**LIMIT)
    follow_up = world.server.services.follow_up
    fake(world).fill(order(world))
    world.clock.advance(1.9)
    assert follow_up.run() == 0
    world.clock.advance(0.1)
    assert follow_up.run() == 1
    assert word(world) == "FILLED"


def test_an_order_is_looked_at_once_and_again_when_the_broker_did_not_answer(world: World) -> None:
    world.send(**LIMIT)
    world.clock.advance(2)
    fake(world).fail("find", BrokerUnavailable("no answer"))
    follow_up = world.server.services.follow_up
    assert [follow_up.run() for _ in range(3)] == [0, 1, 0]


def test_a_stop_that_closes_the_position_leaves_the_row_waiting(world: World) -> None:
    world.send(**STOP)
    assert word(world) == "FILLED"
    fake(world).fill(order(world, OrderRole.STOP_LOSS))
    told(world)
    assert word(world) == "WAITING"


def test_a_rejected_entry_leaves_the_row_failed(world: World) -> None:
    fake(world).script.extend([reject()] * 3)
    world.send(**BUY)
    assert word(world) == "FAILED"


def test_a_canceled_entry_leaves_the_row_waiting(world: World) -> None:
    world.send(**LIMIT)
    world.send(**{**CLOSE, "action": "cancel"})
    assert word(world) == "WAITING"


def test_what_is_skipped_says_why_until_there_is_news(world: World) -> None:
    world.send(**STOP)
    world.send(**BUY, comment="again")
    assert word(world) == "ALREADY LONG"
    fake(world).fill(order(world, OrderRole.STOP_LOSS))
    told(world)
    assert word(world) == "WAITING"


def test_a_fill_is_told_although_a_later_alert_was_skipped(world: World) -> None:
    world.send(**LIMIT)
    put(world, active=False)
    world.send(**BUY, comment="again")
    assert word(world) == "INACTIVE"
    fake(world).fill(order(world))
    told(world)
    assert word(world) == "FILLED"


def test_a_part_that_is_closed_leaves_the_row_filled(world: World) -> None:
    world.send(**BUY)
    world.send(**CLOSE, quantity=4)
    assert word(world) == "FILLED"
    world.send(**CLOSE, comment="the rest")
    assert word(world) == "WAITING"


def test_late_news_of_an_older_order_does_not_turn_a_row_back(world: World) -> None:
    world.send(**LIMIT)
    old = fake(world).find(order(world))
    world.send(**BUY, comment="instead")
    assert word(world) == "FILLED"
    assert old is not None
    world.server.services.settlement.apply([old])
    assert word(world) == "FILLED"
    with world.server.services.journal.unit() as unit:
        unit.note_word(1, "PARTIAL FILL", by_order=True)
    assert word(world) == "FILLED"


def test_an_exit_of_another_timeframe_leaves_the_row_of_the_entry_waiting(world: World) -> None:
    world.send(**BUY)
    world.send(action="close", symbol="AAPL")
    assert word(world) == "WAITING"


def test_a_position_that_was_closed_by_hand_leaves_the_row_waiting(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(-10))
    for _ in range(2):
        world.server.services.write_down.check()
    assert word(world) == "WAITING"


def test_a_row_without_a_timeframe_follows_alerts_of_any(world: World) -> None:
    put(world, "")
    world.send(**{**BUY, "timeframe": "4h"})
    assert (word(world, ""), word(world)) == ("FILLED", "READY")


def test_an_alert_without_a_row_leaves_no_word(world: World) -> None:
    world.server.services.playbook.delete("AAPL", "15m")
    world.send(**BUY)
    assert world.count("row_words") == 0


def test_a_row_that_was_deleted_begins_anew(world: World) -> None:
    world.send(**BUY)
    world.server.services.playbook.delete("AAPL", "15m")
    put(world)
    assert word(world) == "READY"


def test_a_row_that_is_written_again_keeps_its_word(world: World) -> None:
    world.send(**BUY)
    put(world, pyramiding=True)
    assert word(world) == "FILLED"


@pytest.fixture
def several(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, settings={"ACCOUNTS": "paper,second=paper"})
    world.boot()
    put(world, account="paper, second")
    yield world
    world.server.database.close()


def test_of_several_accounts_a_row_waits_when_all_have_closed(several: World) -> None:
    several.send(**STOP)
    assert word(several) == "FILLED"
    several.send(**CLOSE, account="paper")
    assert word(several) == "WAITING", "it is the word of the latest alert's accounts"
    several.send(**STOP, comment="again")
    assert word(several) == "FILLED"
    several.server.services.quotes.note(Ticker("", "AAPL"), Decimal(90), several.clock.advance(1))
    assert word(several) == "WAITING"


def test_of_several_accounts_a_row_shows_the_most_telling_word(several: World) -> None:
    several.send(**BUY, account="paper,nobody")
    assert word(several) == "FAILED"
    several.send(**BUY, comment="again")
    assert word(several) == "FILLED", "one is long already, one has filled, nobody is asked"


def test_a_crash_at_any_step_leaves_the_word_that_is_true(tmp_path: Path) -> None:
    def make(folder: str) -> World:
        world = World(tmp_path / folder)
        world.broker = FakeBroker(clock=world.clock)
        world.boot()
        put(world)
        world.server.database.close()
        return world

    for world, where in every_crash(make, (BUY,), most=40):
        assert word(world) == "FILLED", where
    for world, where in every_crash(lambda at: make(f"c{at}"), (BUY, CLOSE), most=40):
        assert word(world) == "WAITING", where
