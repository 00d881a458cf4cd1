"""What was taken is taken, whatever else cannot be read."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.fills import Fills
from app.adapters.brokers.alpaca.orders import Orders
from app.adapters.sql import Database
from app.domain.errors import BrokerUnavailable, OutcomeUnknown
from app.domain.order import Leg, Level, LevelKind, OrderIntent, OrderRole, OrderStatus, Side
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock

INTENT = OrderIntent(
    client_order_id="OURS",
    account="alpaca",
    symbol="AAPL",
    instrument="AAPL",
    side=Side.BUY,
    quantity=Decimal(10),
    role=OrderRole.ENTRY,
)
TAKEN: dict[str, Any] = {
    "id": "B1",
    "client_order_id": "OURS",
    "created_at": "2026-11-20T15:30:00Z",
    "symbol": "AAPL",
    "qty": "10",
    "filled_qty": "0",
    "type": "market",
    "side": "buy",
    "status": "accepted",
}


class OneWay:
    """It takes orders, and cannot be read."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def write(self, *_: Any) -> Any:
        return self.answer

    def get(self, *_: Any) -> Any:
        raise BrokerUnavailable("the line is dead")

    find = get


def orders(answer: Any, file: Path) -> Orders:
    wire: Any = OneWay(answer)
    resources = Resources(
        database=Database(file), clock=FakeClock(), addresses=AddressPages(), budgets=NoLimit()
    )
    return Orders("alpaca", resources, wire, Fills(wire), lambda _: None)


BRACKET = replace(INTENT, stop_loss=Leg("STOP", Level(LevelKind.PRICE, Decimal(90))))


@pytest.mark.parametrize(
    ("intent", "answer"),
    [
        (INTENT, TAKEN),
        (INTENT, TAKEN | {"status": "filled", "filled_qty": "10"}),
        (BRACKET, TAKEN | {"order_class": "oto", "legs": None}),
    ],
    ids=["plain", "filled at once", "its legs are not shown"],
)
def test_an_order_that_was_taken_is_live_until_more_can_be_read(
    tmp_path: Path, intent: OrderIntent, answer: dict[str, Any]
) -> None:
    order = orders(answer, tmp_path / "books.db").place(intent, {})

    assert (order.client_order_id, order.broker_order_id) == ("OURS", "B1")
    assert (order.status, order.quantity) == (OrderStatus.LIVE, Decimal(10))
    assert order.fills == ()


@pytest.mark.parametrize("answer", [None, [], {}, "OK", TAKEN | {"side": "both"}])
def test_an_answer_that_makes_no_sense_may_be_that_of_an_order_that_was_taken(
    tmp_path: Path, answer: Any
) -> None:
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        orders(answer, tmp_path / "books.db").place(INTENT, {})
