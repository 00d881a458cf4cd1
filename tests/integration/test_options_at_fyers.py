"""An alert for an option, from its words to the simulated Fyers and back (seed's and others')."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.brokers.fyers.broker import FyersBroker
from app.adapters.brokers.fyers.options import read_options
from app.adapters.instruments.master import SymbolMaster
from app.domain.contract import OptionType, Series, Wish
from app.domain.instrument import Instrument, Ticker
from tests.contracts.fyers import IN_SESSION, FyersVenue
from tests.fakes.clock import FakeClock
from tests.integration.test_crash_points_of_fyers import OfTheServer
from tests.integration.world import World
from tests.simulators.fyers.orders import Order
from tests.unit.adapters.instruments.lists import refreshed

INDEX = "NSE:NIFTYBANK-INDEX"
SEED: dict[str, object] = {
    "token": "s3cret-of-the-world",
    "symbol": "BANKNIFTY",
    "strikeprice": "ATM",
    "optionType": "PE",
    "expiry": "WEEKLY",
    "productType": "BO",
    "idempotency_key": "order-20261120-0001",
}


class Stage:
    """A server whose account is at the simulator, by the list that the simulator publishes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.venue = FyersVenue(folder, FakeClock(IN_SESSION))
        answer = refreshed(folder / "lists", self.venue.simulator.symbols_url, IN_SESSION)
        assert answer.generation, answer
        self.master = SymbolMaster(folder / "lists")
        self.world = World(folder, clock=self.venue.clock)
        lent = replace(self.venue.resources(OfTheServer(self.world)), symbols=self.master)
        options = read_options("fyers", self.venue.given())
        self.world.broker = FyersBroker("fyers", options, lent)
        self.world.boot()

    def put_at(self, price: int) -> Instrument:
        """The put that is at the money while the index is at a price; it costs 200."""
        self.venue.simulator.quote(INDEX, Decimal(price))
        wish = Wish(
            underlying=Ticker("NSE", "BANKNIFTY"),
            expiry=Series.WEEKLY,
            option_type=OptionType.PUT,
            strike=Decimal(price),
        )
        found = self.master.contract(wish, self.venue.clock.now(), lambda _: None)
        assert isinstance(found, Instrument), found
        self.venue.simulator.quote(found.symbol, Decimal(200))
        return found

    def ended(self, **fields: object) -> tuple[str, str]:
        receipt = self.world.send(**fields)
        self.world.run(seconds=5)
        outcome = self.world.record(receipt.alert_id).outcome
        return outcome.reason or outcome.status.value, outcome.detail

    def book(self) -> list[tuple[str, str, int, str]]:
        """What stands in Fyers' order book."""
        return [shown(order) for order in self.venue.simulator.owner().orders.values()]

    def close(self) -> None:
        assert self.world.broker is not None
        self.world.broker.close()
        self.world.server.database.close()
        self.venue.close()


def shown(order: Order) -> tuple[str, str, int, str]:
    """Its symbol, its side and quantity, and what became of it."""
    side = "buy" if order.side > 0 else "sell"
    return order.instrument.symbol, side, order.qty, order.status.name


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def test_the_seeds_alert_buys_one_lot_of_the_nearest_expiry_with_its_legs(stage: Stage) -> None:
    put = stage.put_at(55500)
    assert put.lot is not None
    assert stage.ended(**SEED, action="BUY")[0] == "success"
    lot, name = int(put.lot), put.symbol
    assert sorted(stage.book()) == sorted(
        [
            (name, "buy", lot, "TRADED"),
            (name, "sell", lot, "PENDING"),
            (name, "sell", lot, "PENDING"),
        ]
    )
    legs = [order for order in stage.venue.simulator.owner().orders.values() if order.parent]
    prices = sorted(order.limit_price or order.stop_price for order in legs)
    assert prices == [pytest.approx(170, abs=1), pytest.approx(250, abs=1)]


def test_rule_28_the_sell_closes_the_held_put_after_the_money_moved(stage: Stage) -> None:
    put = stage.put_at(55500)
    stage.ended(**SEED, action="BUY")
    stage.put_at(55600)
    later = {**SEED, "idempotency_key": "order-20261120-0002"}
    assert stage.ended(**later, action="SELL")[0] == "success"
    traded = [each for each in stage.book() if each[3] == "TRADED"]
    assert [(each[0], each[1]) for each in traded] == [(put.symbol, "buy"), (put.symbol, "sell")]
    assert stage.world.broker_position() == {}
    assert not [each for each in stage.book() if each[3] == "PENDING"]


def test_a_wrong_number_of_units_names_the_lot_and_sends_nothing(stage: Stage) -> None:
    put = stage.put_at(55500)
    reason, detail = stage.ended(**SEED, action="BUY", qty=25)
    assert (reason, stage.book()) == ("WRONG_LOT", [])
    assert f"the lot of {put.lot}; the nearest: {put.lot}" in detail


def test_a_future_by_its_continuous_name_is_the_front_month(stage: Stage) -> None:
    stage.venue.simulator.quote(INDEX, Decimal(55500))
    words = {"symbol": "NSE:BANKNIFTY1!", "action": "sell", "product": "NRML"}
    assert stage.ended(**words, quantity=1, quantity_type="lots")[0] == "success"
    ((symbol, side, _, status),) = stage.book()
    assert (symbol[-3:], side, status) == ("FUT", "sell", "TRADED")
