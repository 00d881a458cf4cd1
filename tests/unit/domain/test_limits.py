"""Limits hold entries back, and say which one did (rule 16)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.decision import Denial, Denied
from app.domain.limits import Limits, check_entry

D = Decimal
AMOUNTS = st.decimals(0, 1000, places=3)
COUNTS = st.integers(0, 5)


def reason(limits: Limits, quantity: str, notional: str | None, open_positions: int) -> str | None:
    """Name the limit that an entry breaks."""
    denied = check_entry(
        limits,
        quantity=D(quantity),
        notional=None if notional is None else D(notional),
        open_positions=open_positions,
    )
    return denied.reason.value if denied is not None else None


def test_without_limits_everything_passes() -> None:
    assert reason(Limits(), "1000000", None, 1000) is None


@pytest.mark.parametrize(
    ("quantity", "notional", "open_positions", "broken"),
    [
        ("10", "1000", 1, None),
        ("10.1", "1000", 1, "LIMIT_QUANTITY"),
        ("10", "1000.01", 1, "LIMIT_NOTIONAL"),
        ("10", None, 1, "LIMIT_NOTIONAL"),
        ("10", "1000", 2, "LIMIT_POSITIONS"),
    ],
)
def test_rule_16_a_limit_may_be_reached_and_not_passed(
    quantity: str, notional: str | None, open_positions: int, broken: str | None
) -> None:
    limits = Limits(max_order_quantity=D(10), max_order_notional=D(1000), max_open_positions=2)
    assert reason(limits, quantity, notional, open_positions) == broken


def test_a_limit_of_zero_stops_every_entry() -> None:
    assert reason(Limits(max_open_positions=0), "1", "1", 0) == "LIMIT_POSITIONS"
    assert reason(Limits(max_order_notional=D(0)), "1", "1", 0) == "LIMIT_NOTIONAL"


def test_the_detail_says_how_much_and_how_much_is_allowed() -> None:
    denied = check_entry(
        Limits(max_order_notional=D(50)), quantity=D(1), notional=D("1E+2"), open_positions=0
    )
    assert denied == Denied(Denial.LIMIT_NOTIONAL, "notional 100 is above the limit of 50")


@given(quantity=AMOUNTS, notional=AMOUNTS, count=COUNTS, most=AMOUNTS, money=AMOUNTS, room=COUNTS)
def test_an_entry_passes_exactly_when_it_is_within_every_limit(
    *, quantity: Decimal, notional: Decimal, count: int, most: Decimal, money: Decimal, room: int
) -> None:
    limits = Limits(max_order_quantity=most, max_order_notional=money, max_open_positions=room)
    denied = check_entry(limits, quantity=quantity, notional=notional, open_positions=count)
    assert (denied is None) == (quantity <= most and notional <= money and count < room)
