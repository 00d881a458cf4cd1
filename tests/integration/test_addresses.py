"""The address book tells what the journal knows of our orders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.journal.addresses import SqlAddresses
from app.domain.order import Leg, OrderRole, OrderStatus
from tests.builders import percent_away
from tests.integration.till import Till

STOP = Leg("STOP", percent_away(2))
TARGET = Leg("TARGET", percent_away(4))


@pytest.fixture
def till(migrated: Path, tmp_path: Path) -> Iterator[Till]:
    till = Till.on(migrated, tmp_path)
    yield till
    till.database.close()


def test_an_order_has_its_intent_and_once_settled_the_brokers_id(till: Till) -> None:
    book, order_id = SqlAddresses(till.database), till.order(stop_loss=STOP)
    page = book.address(order_id)
    assert page is not None
    assert (page.broker_order_id, page.role, page.parent) == (None, OrderRole.ENTRY, None)
    assert page.intent is not None
    assert page.intent.stop_loss == STOP

    till.settle(order_id)
    page = book.address(order_id)
    assert page is not None
    assert page.broker_order_id == f"B{order_id}"


def test_an_order_has_ended_once_that_is_written_down(till: Till) -> None:
    book, order_id = SqlAddresses(till.database), till.order()
    page = book.address(order_id)
    assert page is not None
    assert not page.ended

    with till.journal.unit() as unit:
        unit.mark_order(order_id, OrderStatus.CANCELED)
    page = book.address(order_id)
    assert page is not None
    assert page.ended


def test_a_leg_went_with_its_entry(till: Till) -> None:
    book, order_id = SqlAddresses(till.database), till.order(take_profit=TARGET, stop_loss=STOP)
    page = book.address("TARGET")

    assert page is not None
    assert (page.role, page.parent, page.intent) == (OrderRole.TAKE_PROFIT, order_id, None)


def test_an_order_is_found_by_what_its_broker_calls_it(till: Till) -> None:
    book, order_id = SqlAddresses(till.database), till.order()
    assert book.named("paper", f"B{order_id}") is None

    till.settle(order_id)
    assert book.named("paper", f"B{order_id}") == order_id
    assert book.named("other", f"B{order_id}") is None


def test_what_was_never_written_down_has_no_address(till: Till) -> None:
    assert SqlAddresses(till.database).address("NEVER") is None
