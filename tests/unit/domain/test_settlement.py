"""An order's status only moves forward, whatever order the messages come in (invariant I11)."""

from decimal import Decimal
from functools import reduce
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.order import FINAL_STATUSES, OrderRole, OrderStatus
from app.domain.settlement import advance, is_old_news, leg_quantity
from tests.builders import an_answer

S = OrderStatus
LIFE = (S.NEW, S.SUBMITTING, S.UNKNOWN, S.LIVE, S.PARTIALLY_FILLED)
ENDS = (S.CANCELED, S.REJECTED, S.EXPIRED)
MESSAGES = st.lists(st.sampled_from(OrderStatus), max_size=8)


def after(messages: list[OrderStatus], start: OrderStatus = S.NEW) -> OrderStatus:
    """Take all messages in."""
    return reduce(advance, messages, start)


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(LIFE)))
def test_an_order_goes_on_and_not_back(earlier: OrderStatus, later: OrderStatus) -> None:
    assert advance(earlier, later) is later
    assert advance(later, earlier) is later


@pytest.mark.parametrize("end", ENDS)
def test_an_order_that_ended_stays_so_except_that_a_fill_wins(end: OrderStatus) -> None:
    assert {advance(end, told) for told in (*LIFE, *ENDS)} == {end}
    assert advance(end, S.FILLED) is S.FILLED


@pytest.mark.parametrize("told", OrderStatus)
def test_a_filled_order_stays_filled(told: OrderStatus) -> None:
    assert advance(S.FILLED, told) is S.FILLED


@pytest.mark.parametrize("status", OrderStatus)
def test_a_repeated_message_changes_nothing(status: OrderStatus) -> None:
    assert advance(status, status) is status


@given(MESSAGES, MESSAGES)
def test_messages_that_come_again_change_nothing(
    messages: list[OrderStatus], more: list[OrderStatus]
) -> None:
    known = after(messages + more)
    assert after(messages, known) is known


@given(st.lists(st.sampled_from([*LIFE, S.CANCELED, S.FILLED]), max_size=6))
def test_the_order_of_the_messages_does_not_matter(messages: list[OrderStatus]) -> None:
    assert len({after(list(shuffled)) for shuffled in permutations(messages)}) == 1


@given(MESSAGES, st.sampled_from(OrderStatus))
def test_what_is_final_stays_final(messages: list[OrderStatus], told: OrderStatus) -> None:
    known = after(messages)
    assert known.final == bool(FINAL_STATUSES & set(messages))
    assert advance(known, told).final >= known.final


def test_only_stop_and_target_protect() -> None:
    protective = {role for role in OrderRole if role.protects}
    assert protective == {OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT}


def test_only_live_and_partly_filled_orders_work() -> None:
    assert {status for status in S if status.working} == {S.LIVE, S.PARTIALLY_FILLED}


@pytest.mark.parametrize(
    ("known", "filled", "message", "old"),
    [
        (OrderStatus.LIVE, 0, (OrderStatus.LIVE, 0), False),
        (OrderStatus.LIVE, 0, (OrderStatus.PARTIALLY_FILLED, 4), False),
        (OrderStatus.PARTIALLY_FILLED, 4, (OrderStatus.LIVE, 0), True),
        (OrderStatus.PARTIALLY_FILLED, 4, (OrderStatus.PARTIALLY_FILLED, 3), True),
        (OrderStatus.CANCELED, 0, (OrderStatus.LIVE, 0), True),
        (OrderStatus.CANCELED, 0, (OrderStatus.PARTIALLY_FILLED, 4), False),
        (OrderStatus.FILLED, 10, (OrderStatus.CANCELED, 10), True),
    ],
)
def test_a_message_that_knows_less_is_old_news(
    known: OrderStatus, filled: int, message: tuple[OrderStatus, int], old: bool
) -> None:
    status, told = message
    answer = an_answer(status, filled_quantity=Decimal(told))
    assert is_old_news(known, Decimal(filled), answer) is old


def test_a_leg_grows_with_the_fills_of_its_entry_only() -> None:
    assert leg_quantity(Decimal(4), Decimal(10), entry_grew=False) == 4
    assert leg_quantity(Decimal(4), Decimal(3), entry_grew=False) == 3
    assert leg_quantity(Decimal(4), Decimal(10), entry_grew=True) == 10
