"""How much of an entry's fills is bare: a table, then what must hold for any orders."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.order import OrderRole, OrderStatus, OrderType, Side
from app.engine.cover import Cover, cover
from app.ports.journal import OrderRecord
from tests.builders import an_order

D = Decimal
STOP, TARGET, EXIT = OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT, OrderRole.EXIT
S = OrderStatus
ENTRY = an_order(S.FILLED, 10, role=OrderRole.ENTRY, side=Side.BUY)


def an_exit(
    role: OrderRole, quantity: int, status: OrderStatus = S.LIVE, filled: int = 0, name: str = "X"
) -> OrderRecord:
    return an_order(
        status,
        filled,
        client_order_id=name,
        parent=ENTRY.client_order_id,
        role=role,
        side=Side.SELL,
        order_type=OrderType.STOP if role is STOP else OrderType.MARKET,
        quantity=D(quantity),
    )


def counted(*orders: OrderRecord, held: int = 10) -> Cover:
    lane = [order for order in orders if not order.status.final]
    return cover(ENTRY, held=D(held), lane=lane, family=orders)


@pytest.mark.parametrize(
    ("orders", "held", "bare"),
    [
        ([], 10, 10),
        ([], 4, 4),
        ([], 0, 0),
        ([], -3, 0),
        ([an_exit(STOP, 10)], 10, 0),
        ([an_exit(STOP, 4)], 10, 6),
        ([an_exit(STOP, 10, S.UNKNOWN)], 10, 0),
        ([an_exit(STOP, 10, S.SUBMITTING)], 10, 0),
        ([an_exit(STOP, 10, S.NEW)], 10, 10),
        ([an_exit(STOP, 10, S.CANCELED)], 10, 10),
        ([an_exit(STOP, 10, S.REJECTED)], 10, 10),
        ([an_exit(STOP, 10, S.CANCELED, filled=4)], 6, 6),
        ([an_exit(EXIT, 4)], 10, 6),
        ([an_exit(EXIT, 4, S.FILLED, filled=4)], 6, 6),
        ([an_exit(TARGET, 10)], 10, 0),
        ([an_exit(TARGET, 10, S.CANCELED, filled=3)], 7, 7),
    ],
)
def test_what_is_bare(orders: list[OrderRecord], held: int, bare: int) -> None:
    assert counted(*orders, held=held).bare == bare


def test_a_target_beside_its_stop_stands_for_the_same_quantity() -> None:
    stop = an_exit(STOP, 10, name="STOP")
    target = an_order(
        S.LIVE,
        client_order_id="TARGET",
        parent="STOP",
        role=TARGET,
        side=Side.SELL,
        order_type=OrderType.LIMIT,
        quantity=D(10),
    )
    assert (counted(stop, target).guarded, counted(stop, target).excess) == (D(10), D(0))


def test_a_target_alone_guards() -> None:
    alone = an_order(
        S.LIVE,
        parent=ENTRY.client_order_id,
        role=TARGET,
        side=Side.SELL,
        order_type=OrderType.LIMIT,
        quantity=D(10),
    )
    assert counted(alone).bare == 0


def test_what_a_close_on_its_way_covers_is_waited_for() -> None:
    assert counted(an_exit(EXIT, 10)).awaits_close
    assert not counted(an_exit(STOP, 10)).awaits_close


def test_stops_beyond_what_is_held_are_in_excess() -> None:
    assert counted(an_exit(STOP, 10), held=6).excess == 4


@given(
    held=st.integers(-20, 20),
    stops=st.lists(st.tuples(st.integers(1, 10), st.sampled_from(S)), max_size=4),
)
def test_invariant_5_what_is_armed_for_what_is_bare_never_exceeds_what_is_held(
    held: int, stops: list[tuple[int, OrderStatus]]
) -> None:
    orders = [an_exit(STOP, size, status, name=f"S{n}") for n, (size, status) in enumerate(stops)]
    count = counted(*orders, held=held)
    assert 0 <= count.bare <= max(0, held)
    assert not count.bare or count.guarded + count.bare <= held
