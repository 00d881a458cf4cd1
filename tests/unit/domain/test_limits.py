"""Limits hold entries back, and say which one did (rule 16)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.limits import Facts, Limits, check_entry
from app.domain.windows import parse_windows
from tests.fakes.clock import START

D = Decimal
AMOUNTS = st.decimals(0, 1000, places=3)
COUNTS = st.integers(0, 5)
SECOND = timedelta(seconds=1)
NIGHT = parse_windows("20:00-21:00", ZoneInfo)
"""START is at 15:30."""

ENTRY = Facts(
    names=("AAPL", "NASDAQ:AAPL"),
    now=START,
    quantity=D(10),
    notional=D(1000),
    prices=(D(100),),
    market=D(100),
    spread=D("0.5"),
    has_market_data=True,
    open_positions=2,
    entries=3,
    last_entry_at=START - timedelta(seconds=60),
    day_result=D(-200),
)


def reason(limits: Limits, **facts: Any) -> str | None:
    """Name the limit that an entry breaks."""
    denied = check_entry(limits, replace(ENTRY, **facts))
    return denied.reason.value if denied is not None else None


def test_without_limits_everything_passes() -> None:
    assert reason(Limits(), quantity=D(10**9), notional=None, day_result=D(-(10**9))) is None


REACHED = [
    ("LIMIT_QUANTITY", {"max_order_quantity": D(10)}, {"quantity": D("10.001")}),
    ("LIMIT_NOTIONAL", {"max_order_notional": D(1000)}, {"notional": D("1000.01")}),
    ("LIMIT_SPREAD", {"max_spread_percent": D("0.5")}, {"spread": D("0.501")}),
    ("LIMIT_COLLAR", {"price_collar_percent": D(5)}, {"market": D("95.2")}),
    ("LIMIT_COLLAR", {"price_collar_percent": D(5)}, {"market": D("105.3")}),
    ("LIMIT_COOLDOWN", {"cooldown": 60 * SECOND}, {"last_entry_at": START - 59 * SECOND}),
    ("LIMIT_POSITIONS", {"max_open_positions": 3}, {"open_positions": 3}),
    ("LIMIT_RATE", {"max_orders_per_second": 4}, {"entries": 4}),
    ("LIMIT_DAILY_LOSS", {"max_daily_loss": D("200.01")}, {"day_result": D("-200.01")}),
]


@pytest.mark.parametrize(("broken", "limits", "beyond"), REACHED)
def test_rule_16_each_limit_lets_pass_what_keeps_it_and_names_itself_to_what_does_not(
    broken: str, limits: dict[str, Any], beyond: dict[str, Any]
) -> None:
    assert reason(Limits(**limits)) is None
    assert reason(Limits(**limits), **beyond) == broken


@pytest.mark.parametrize(
    ("limits", "unknown", "broken"),
    [
        ({"max_order_notional": D(10**9)}, {"notional": None}, "LIMIT_NOTIONAL"),
        ({"max_spread_percent": D(99)}, {"spread": None}, "LIMIT_SPREAD"),
        ({"price_collar_percent": D(99)}, {"market": None}, "LIMIT_COLLAR"),
    ],
)
def test_a_limit_lets_nothing_pass_that_cannot_be_told(
    limits: dict[str, Any], unknown: dict[str, Any], broken: str
) -> None:
    assert reason(Limits(**limits), **unknown) == broken


@pytest.mark.parametrize("limit", ["max_spread_percent", "price_collar_percent"])
def test_where_prices_come_from_alerts_an_unknown_market_refuses_nothing(limit: str) -> None:
    limits: dict[str, Any] = {limit: D("0.001")}
    unknown = {"spread": None, "market": None, "has_market_data": False}
    assert reason(Limits(**limits), **unknown) is None


def test_a_collar_holds_every_price_of_a_stop_limit_and_passes_an_entry_without_any() -> None:
    collar = Limits(price_collar_percent=D(5))
    assert reason(collar, prices=(D(101), D(106))) == "LIMIT_COLLAR"
    assert reason(collar, prices=(), market=None) is None


def test_a_price_at_the_edge_of_the_collar_passes_on_both_sides() -> None:
    collar = Limits(price_collar_percent=D(5))
    assert reason(collar, prices=(D(95), D(105))) is None
    assert reason(collar, prices=(D("94.99"),)) == "LIMIT_COLLAR"
    assert reason(collar, prices=(D("105.01"),)) == "LIMIT_COLLAR"


def test_a_strategy_that_never_entered_needs_no_pause() -> None:
    assert reason(Limits(cooldown=60 * SECOND), last_entry_at=None) is None


def test_a_gain_is_no_loss() -> None:
    assert reason(Limits(max_daily_loss=D(1)), day_result=D(5000)) is None


def test_outside_of_the_trading_windows_nothing_is_entered() -> None:
    assert reason(Limits(trading_windows=NIGHT)) == "LIMIT_WINDOW"
    assert reason(Limits(trading_windows=NIGHT), now=START + timedelta(hours=5)) is None


@pytest.mark.parametrize("pattern", ["AAPL", "AA*", "A?PL", "NASDAQ:*", "*"])
def test_a_symbol_is_allowed_by_its_name_or_a_pattern(pattern: str) -> None:
    assert reason(Limits(allowed_symbols=("MSFT", pattern))) is None


@pytest.mark.parametrize("pattern", ["AAP", "AAPL.US", "NYSE:AAPL", "aapl", "A?"])
def test_a_symbol_that_no_pattern_names_is_not_allowed(pattern: str) -> None:
    assert reason(Limits(allowed_symbols=(pattern,))) == "SYMBOL_NOT_ALLOWED"


def test_a_limit_of_zero_stops_every_entry() -> None:
    assert reason(Limits(max_open_positions=0), open_positions=0) == "LIMIT_POSITIONS"
    assert reason(Limits(max_order_notional=D(0)), notional=D(1)) == "LIMIT_NOTIONAL"


@pytest.mark.parametrize(
    ("limits", "facts", "words"),
    [
        ({"allowed_symbols": ("MSFT",)}, {}, "AAPL is not among the allowed symbols"),
        ({"trading_windows": NIGHT}, {}, f"{START:%a} 15:30 UTC is outside of the trading windows"),
        ({"max_order_quantity": D(5)}, {}, "quantity 10 is above the limit of 5"),
        (
            {"max_order_quantity": D("5.0")},
            {"quantity": D("101.000000000")},
            "quantity 101 is above the limit of 5",
        ),
        (
            {"max_order_notional": D(50)},
            {"notional": D("5100.5000")},
            "notional 5100.5 is above the limit of 50",
        ),
        (
            {"max_order_notional": D(50)},
            {"notional": D("1E+2")},
            "notional 100 is above the limit of 50",
        ),
        (
            {"max_order_notional": D(50)},
            {"notional": None},
            "notional unknown is above the limit of 50",
        ),
        (
            {"max_spread_percent": D("0.1")},
            {},
            "the spread is 0.5000 %, at most 0.1 % are allowed",
        ),
        (
            {"max_spread_percent": D(1)},
            {"spread": None},
            "the spread is unknown, at most 1 % are allowed",
        ),
        (
            {"price_collar_percent": D(5)},
            {"market": D(90)},
            "100 is more than 5 % away from the market's 90",
        ),
        (
            {"price_collar_percent": D(5)},
            {"market": None},
            "no price of the market is known to compare with",
        ),
        ({"cooldown": 90 * SECOND}, {}, "30 s are left of the pause after its last entry"),
        ({"max_open_positions": 2}, {}, "2 others are open or being entered, 2 allowed"),
        ({"max_orders_per_second": 2}, {}, "3 entries within the last second, 2 allowed"),
        ({"max_daily_loss": D("1E+2")}, {}, "200 lost today, the limit is 100"),
    ],
)
def test_the_detail_says_how_much_and_how_much_is_allowed(
    limits: dict[str, Any], facts: dict[str, Any], words: str
) -> None:
    denied = check_entry(Limits(**limits), replace(ENTRY, **facts))
    assert denied is not None
    assert denied.detail == words


def test_limits_are_checked_in_the_order_of_the_documentation() -> None:
    """An entry that breaks all is told the first; without that limit, the next."""
    everything: dict[str, Any] = {
        "allowed_symbols": ("MSFT",),
        "trading_windows": NIGHT,
        "max_order_quantity": D(1),
        "max_order_notional": D(1),
        "max_spread_percent": D("0.1"),
        "price_collar_percent": D("0.1"),
        "cooldown": timedelta(hours=1),
        "max_open_positions": 1,
        "max_orders_per_second": 1,
        "max_daily_loss": D(1),
    }
    told: list[str | None] = []
    for first in range(len(everything)):
        left = dict(list(everything.items())[first:])
        told.append(reason(Limits(**left), market=D(50)))
    assert told == [
        "SYMBOL_NOT_ALLOWED",
        "LIMIT_WINDOW",
        "LIMIT_QUANTITY",
        "LIMIT_NOTIONAL",
        "LIMIT_SPREAD",
        "LIMIT_COLLAR",
        "LIMIT_COOLDOWN",
        "LIMIT_POSITIONS",
        "LIMIT_RATE",
        "LIMIT_DAILY_LOSS",
    ]


@given(quantity=AMOUNTS, notional=AMOUNTS, count=COUNTS, most=AMOUNTS, money=AMOUNTS, room=COUNTS)
def test_an_entry_passes_exactly_when_it_is_within_every_limit(
    *, quantity: Decimal, notional: Decimal, count: int, most: Decimal, money: Decimal, room: int
) -> None:
    limits = Limits(max_order_quantity=most, max_order_notional=money, max_open_positions=room)
    passes = quantity <= most and notional <= money and count < room
    told = reason(limits, quantity=quantity, notional=notional, open_positions=count)
    assert (told is None) is passes
