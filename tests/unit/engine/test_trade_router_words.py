"""What is not traded says why in words: what was held, and what was wanted."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.alert import Action
from app.domain.decision import Denial, Denied, Signal
from app.domain.position import Direction
from app.domain.strategy import Sync
from app.engine.trade_router import TradeRouter
from tests.builders import Number, a_situation, a_strategy, an_alert, units

D = Decimal
BUY, SELL, CLOSE = Action.BUY, Action.SELL, Action.CLOSE
REVERSE, ADD = Action.REVERSE, Action.ADD


def words(action: Action | None, held: Number, said: dict[str, Any], **now: Any) -> str:
    """Say why an alert is not traded."""
    meant = TradeRouter().route(an_alert(action, **said), a_situation(held, **now))
    assert not isinstance(meant, Signal)
    return meant.detail


@pytest.mark.parametrize(
    ("action", "held", "said", "why"),
    [
        (None, 5, {}, "the message names no side"),
        (BUY, 5, {}, "5 held already"),
        (SELL, -5, {}, "5 sold short already"),
        (CLOSE, 0, {}, "there is nothing to close"),
        (CLOSE, 5, {"closes": "short"}, "nothing is held on the side to be reduced (held 5)"),
        (REVERSE, 0, {}, "there is no position to reverse"),
        (ADD, 0, {}, "there is no position to add to"),
        (
            ADD,
            -5,
            {"market_position": "long"},
            "it adds to a long position, and a short one is held",
        ),
        (
            SELL,
            5,
            {"market_position": "long"},
            "sell while the position stays long: how much is not said",
        ),
        (
            BUY,
            -5,
            {"quantity": units(3), "prev_market_position": "short"},
            "quantity 3 does not exceed the 5 that the reversal closes",
        ),
        (SELL, 5, {"position_size": D(10)}, "5 held, 10 wanted: nothing to take off"),
        (
            BUY,
            3,
            {"position_size": D(-10), "market_position": "long"},
            "position_size -10 contradicts long",
        ),
        (
            BUY,
            0,
            {"prev_market_position": "long", "market_position": "long"},
            "the alert knew a long position, and flat is what this strategy is",
        ),
    ],
)
def test_a_refusal_says_what_was_held_and_what_was_wanted(
    action: Action | None, held: int, said: dict[str, Any], why: str
) -> None:
    assert words(action, held, said) == why


def test_an_inactive_row_is_named() -> None:
    row = a_strategy(symbol="TSLA", active=False)
    assert words(BUY, 0, {}, strategy=row) == "the row of TSLA is not active"


@pytest.mark.parametrize(
    ("stopped", "action", "word"),
    [(Direction.LONG, SELL, "long"), (Direction.SHORT, BUY, "short")],
)
def test_a_late_exit_is_told_which_position_was_closed(
    stopped: Direction, action: Action, word: str
) -> None:
    why = f"a protective order closed the {word} position; this is taken for its own exit"
    assert words(action, 0, {}, stopped=stopped) == why


@pytest.mark.parametrize(("foreign", "shown"), [("7", "7"), ("100", "100"), ("0.50", "0.5")])
def test_what_belongs_to_others_is_told_in_plain_digits(foreign: str, shown: str) -> None:
    why = f"{shown} held there is not this strategy's, and is not traded against"
    assert words(SELL, 0, {}, foreign=D(foreign)) == why
    nothing = f"this strategy has nothing there to close ({shown} is not its own)"
    assert words(CLOSE, 0, {}, foreign=D(foreign)) == nothing


@pytest.mark.parametrize(
    ("sync", "foreign", "reason", "why"),
    [
        (
            Sync.DENY,
            0,
            Denial.OUT_OF_SYNC,
            "the alert knew a flat position, and short is what this strategy is",
        ),
        (
            Sync.IGNORE,
            -3,
            Denial.FOREIGN_POSITION,
            "-3 held there is not this strategy's, and is not traded against",
        ),
    ],
)
def test_a_reversal_of_which_only_the_close_is_left_says_why(
    sync: Sync, foreign: int, reason: Denial, why: str
) -> None:
    now = a_situation(-5, strategy=a_strategy(sync=sync), foreign=D(foreign))
    meant = TradeRouter().route(an_alert(BUY, prev_market_position="flat"), now)
    assert isinstance(meant, Signal)
    assert meant.barred == Denied(reason, why)
