"""A lane keeps the order of its alerts, also while one of them waits."""

from decimal import Decimal

from app.domain.errors import BrokerUnavailable
from app.domain.outcome import AlertStatus
from tests.fakes.broker import REST, UNAVAILABLE, FakeBroker
from tests.integration.world import Fuse, World, fake

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 100}
SELL = {**BUY, "action": "sell", "quantity": 4}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 90}


def word(world: World, alert_id: str) -> str:
    record = world.record(alert_id)
    return record.outcome.reason or record.status.value


def test_an_entry_that_takes_the_place_of_a_resting_one_is_not_overtaken(paper: World) -> None:
    paper.send(**LIMIT)
    paper.send(**BUY)
    paper.send(**SELL)
    paper.run(seconds=1)
    assert paper.broker_position() == {"AAPL": Decimal(-4)}


def test_an_entry_that_takes_the_place_of_a_resting_one_is_not_canceled_by_a_later_close(
    paper: World,
) -> None:
    paper.send(**LIMIT)
    buy = paper.send(**BUY)
    close = paper.send(**CLOSE)
    paper.run(seconds=1)
    assert (word(paper, buy.alert_id), word(paper, close.alert_id)) == ("success", "success")


def test_an_entry_that_did_not_arrive_is_not_overtaken_by_a_later_one(world: World) -> None:
    fake(world).script.append(UNAVAILABLE)
    first = world.send(**BUY)
    assert world.record(first.alert_id).status is AlertStatus.WAITING
    world.send(**SELL)
    world.run(seconds=3)
    assert world.broker_position() == {"AAPL": Decimal(-4)}


def test_an_entry_is_decided_after_the_close_before_it_has_filled(world: World) -> None:
    world.send(**BUY)
    fake(world).script.append(REST)
    close = world.send(**CLOSE)
    assert not world.record(close.alert_id).status.final
    again = world.send(**BUY, comment="again")
    assert not world.record(again.alert_id).status.final
    exit_order = world.orders()[-1]
    fake(world).fill(exit_order.client_order_id)
    world.run(seconds=3)
    assert word(world, again.alert_id) == "success"
    assert world.broker_position() == {"AAPL": Decimal(10)}


def test_a_close_goes_before_an_entry_that_waits_for_its_broker(world: World) -> None:
    fake(world).script.append(UNAVAILABLE)
    entry = world.send(**BUY)
    close = world.send(**CLOSE)
    assert word(world, close.alert_id) == "NO_POSITION"
    world.run(seconds=8)
    assert word(world, entry.alert_id) == "CANCELED_BY_EXIT"
    assert world.broker_position() == {}


def test_an_entry_that_never_left_us_is_withdrawn_without_asking_its_broker(world: World) -> None:
    fake(world).script.append(UNAVAILABLE)
    entry = world.send(**BUY)
    fake(world).fail("find", *[BrokerUnavailable("the budget of calls is spent", after=9.0)] * 99)
    world.send(**CLOSE)
    fake(world).calls.clear()
    world.run(seconds=8)
    assert word(world, entry.alert_id) == "CANCELED_BY_EXIT"
    assert [call for call, _ in fake(world).calls if call == "find"] == []


class StopsOut(Fuse):
    """The stop fills just before the next order reaches the broker."""

    def __init__(self, broker: FakeBroker) -> None:
        super().__init__()
        self._broker = broker

    def __call__(self, name: str) -> None:
        stops = [order for order in self._broker.working if order.stop_price is not None]
        if name == "before submit" and stops:
            self._broker.fill(stops[0].client_order_id)


class StopsOutOnceDecided(StopsOut):
    """The stop fills between the decision to reverse and the close."""

    def __call__(self, name: str) -> None:
        if name == "before position":
            self.step += 1
        super().__call__("before submit" if self.step > 1 else name)


def test_a_reversal_goes_on_when_a_stop_left_nothing_to_close(world: World) -> None:
    world.send(**BUY, stop_loss="2%")
    world.fuse = StopsOutOnceDecided(fake(world))
    turn = world.send(**SELL)
    assert word(world, turn.alert_id) == "success"
    assert world.broker_position() == {"AAPL": Decimal(-4)}


def test_a_reversal_goes_on_when_a_stop_was_faster_than_its_close(world: World) -> None:
    world.send(**BUY, stop_loss="2%")
    world.fuse = StopsOut(fake(world))
    turn = world.send(**SELL)
    world.run(seconds=3)
    assert word(world, turn.alert_id) == "success"
    assert world.broker_position() == {"AAPL": Decimal(-4)}
