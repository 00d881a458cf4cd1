"""What an alert means against what is held: a table for each rule, then what must always hold."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alert import Action, Alert, Amount, AmountUnit
from app.domain.decision import Denied, Expired, Noted, Refusal, Signal, Skipped, TradeType
from app.domain.instrument import AssetClass
from app.domain.order import Side
from app.domain.position import Direction
from app.domain.sizing import Means, exit_quantity
from app.domain.strategy import AfterStop, Sides, Strategy, Sync
from app.engine.trade_router import ALL, Situation, TradeRouter
from tests.builders import (
    Number,
    a_situation,
    a_strategy,
    an_alert,
    cash,
    level_at,
    of_equity,
    of_position,
    percent,
    units,
)

D = Decimal
BUY, SELL, CLOSE = Action.BUY, Action.SELL, Action.CLOSE
REVERSE, ADD, CANCEL = Action.REVERSE, Action.ADD, Action.CANCEL
RISK = Amount(D(100), AmountUnit.RISK_CASH)

LONG_ONLY = a_strategy(sides=Sides.LONG)
SHORT_ONLY = a_strategy(sides=Sides.SHORT)
PYRAMIDS = a_strategy(pyramiding=True)
INACTIVE = a_strategy(active=False)


def told(meant: Signal | Refusal) -> str:
    """Say it in words: `reverse sell, close all, enter 5`, or the reason why not."""
    if not isinstance(meant, Signal):
        kind = {Denied: "denied", Skipped: "skipped", Noted: "info", Expired: "expired"}
        return f"{kind[type(meant)]} {meant.reason.value}"
    side = f" {meant.side.value}" if meant.side else ""
    close = f", close {_amount(meant.reduce)}" if meant.reduce else ""
    enter = f", enter {_amount(meant.size)}" if meant.enters else ""
    enter = f", barred {meant.barred.reason.value}" if meant.barred else enter
    return f"{meant.trade_type.value}{side}{close}{enter}"


def _amount(amount: Amount | None) -> str:
    if amount is None:
        return "default"
    if amount == ALL:
        return "all"
    return f"{amount.value.normalize():f}" + (
        "" if amount.unit is AmountUnit.UNITS else f" {amount.unit.value}"
    )


def route(held: Number, action: Action | None, situation: Any = None, **said: Any) -> str:
    """Route an alert while so much is held."""
    now = a_situation(held, **({"strategy": situation} if situation else {}))
    return told(TradeRouter().route(an_alert(action, **said), now))


# --- the seed's rules: no position words ---------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "action", "meant"),
    [
        (0, BUY, "entry buy, enter default"),
        (0, SELL, "entry sell, enter default"),
        (5, BUY, "skipped ALREADY_LONG"),
        (-5, SELL, "skipped ALREADY_SHORT"),
        (5, SELL, "reverse sell, close all, enter default"),
        (-5, BUY, "reverse buy, close all, enter default"),
        (5, CLOSE, "exit sell, close all"),
        (-5, CLOSE, "exit buy, close all"),
        (0, CLOSE, "info NO_POSITION"),
        (5, CANCEL, "cancel"),
        (0, CANCEL, "cancel"),
        (5, None, "info NO_ACTION"),
    ],
)
def test_rule_6_without_position_words_the_seeds_rules_decide(
    held: int, action: Action | None, meant: str
) -> None:
    assert route(held, action) == meant


@pytest.mark.parametrize(
    ("held", "said", "meant"),
    [
        (0, {"action": BUY}, "skipped INACTIVE"),
        (5, {"action": SELL}, "skipped INACTIVE"),
        (5, {"action": ADD}, "skipped INACTIVE"),
        (5, {"action": SELL, "position_size": D(-5)}, "skipped INACTIVE"),
        (5, {"action": CLOSE}, "exit sell, close all"),
        (5, {"action": CANCEL}, "cancel"),
        (5, {"action": SELL, "market_position": "flat"}, "exit sell, close all"),
        (5, {"action": SELL, "position_size": D(0)}, "exit sell, close all"),
        (5, {"action": SELL, "sentiment": "long", "quantity": units(2)}, "exit sell, close 2"),
        (5, {"action": SELL, "position_size": D(3)}, "exit sell, close 2"),
    ],
)
def test_an_inactive_row_enters_nothing_and_what_only_reduces_goes_on(
    held: int, said: dict[str, Any], meant: str
) -> None:
    assert route(held, situation=INACTIVE, **said) == meant


@pytest.mark.parametrize(
    ("held", "said", "meant"),
    [
        (5, {}, "exit sell, close all"),
        (5, {"quantity": units(2)}, "exit sell, close 2"),
        (5, {"quantity": percent(50)}, "exit sell, close 50 percent"),
        (5, {"quantity": cash(200)}, "exit sell, close 200 dollar_amount"),
        (5, {"quantity": of_equity(10)}, "exit sell, close all"),
        (5, {"quantity": RISK}, "exit sell, close all"),
        (5, {"market_position": "short"}, "reverse sell, close all, enter default"),
    ],
)
def test_rule_6_where_the_side_is_not_allowed_the_opposite_is_closed_and_nothing_entered(
    held: int, said: dict[str, Any], meant: str
) -> None:
    # With a position word the entry is still tried, so that its denial is told.
    assert route(held, SELL, LONG_ONLY, **said) == meant


def test_rule_6_where_the_opposite_side_is_the_allowed_one_the_position_turns() -> None:
    assert route(5, SELL, SHORT_ONLY) == "reverse sell, close all, enter default"
    assert route(-5, BUY, LONG_ONLY) == "reverse buy, close all, enter default"


@pytest.mark.parametrize("action", [BUY, SELL, CLOSE, REVERSE, ADD, CANCEL])
def test_a_signal_has_the_asset_class_of_what_it_trades(action: Action) -> None:
    now = a_situation(5, strategy=PYRAMIDS, asset_class=AssetClass.CRYPTO)
    meant = TradeRouter().route(an_alert(action), now)
    assert isinstance(meant, Signal)
    assert meant.asset_class is AssetClass.CRYPTO


@pytest.mark.parametrize(
    ("strategy", "can_short", "sides"),
    [
        (LONG_ONLY, True, Sides.LONG),
        (SHORT_ONLY, True, Sides.SHORT),
        (a_strategy(sides=Sides.BOTH), False, Sides.BOTH),
        (a_strategy(), True, Sides.BOTH),
        (a_strategy(), False, Sides.LONG),
        (None, True, Sides.BOTH),
        (None, False, Sides.LONG),
    ],
)
def test_rule_6_the_row_says_which_sides_else_both_where_the_broker_can_short(
    strategy: Any, *, can_short: bool, sides: Sides
) -> None:
    now = a_situation(strategy=strategy, can_short=can_short)
    assert now.sides is sides


def test_each_word_of_sides_allows_its_side() -> None:
    allowed = {sides: [side for side in Side if sides.allow(side)] for sides in Sides}
    assert allowed == {
        Sides.LONG: [Side.BUY],
        Sides.SHORT: [Side.SELL],
        Sides.BOTH: [Side.BUY, Side.SELL],
    }


# --- rule 6: position words decide ---------------------------------------------------------------


@pytest.mark.parametrize("word", ["market_position", "sentiment"])
@pytest.mark.parametrize(
    ("held", "action", "position", "quantity", "meant"),
    [
        # flat closes only, whatever the side
        (5, SELL, "flat", units(2), "exit sell, close all"),
        (5, BUY, "flat", None, "exit sell, close all"),
        (-5, BUY, "flat", units(9), "exit buy, close all"),
        (0, BUY, "flat", units(9), "info NO_POSITION"),
        (5, REVERSE, "flat", None, "exit sell, close all"),
        # a side opposite to it only reduces
        (5, SELL, "long", units(2), "exit sell, close 2"),
        (5, SELL, "long", units(9), "exit sell, close 9"),
        (5, SELL, "long", percent(40), "exit sell, close 40 percent"),
        (5, SELL, "long", None, "denied AMBIGUOUS_QUANTITY"),
        (5, SELL, "long", of_equity(10), "denied AMBIGUOUS_QUANTITY"),
        (0, SELL, "long", units(2), "info NO_POSITION"),
        (0, SELL, "long", None, "info NO_POSITION"),
        (-5, SELL, "long", units(2), "info NO_POSITION"),
        (-5, BUY, "short", units(2), "exit buy, close 2"),
        (5, BUY, "short", units(2), "info NO_POSITION"),
        # the same side enters, through flat
        (0, BUY, "long", units(2), "entry buy, enter 2"),
        (0, SELL, "short", units(2), "entry sell, enter 2"),
        (-5, BUY, "long", units(2), "reverse buy, close all, enter 2"),
        (5, BUY, "long", units(2), "skipped ALREADY_LONG"),
        # the other actions are held to it too
        (5, REVERSE, "long", None, "skipped ALREADY_LONG"),
        (-5, REVERSE, "long", None, "reverse buy, close all, enter 5"),
        (-5, ADD, "long", units(2), "denied CONFLICT"),
        (5, ADD, "long", units(2), "add buy, enter 2"),
    ],
)
def test_rule_6_position_words_decide(
    word: str, held: int, action: Action, position: str, quantity: Amount | None, meant: str
) -> None:
    assert route(held, action, quantity=quantity, **{word: position}) == meant


def test_rule_6_the_market_position_wins_over_the_sentiment() -> None:
    assert route(5, SELL, market_position="flat", sentiment="long") == "exit sell, close all"


# --- rule 8: the size of a reversal --------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "said", "meant"),
    [
        # old + new, the old size given or what is held
        (-5, {"quantity": units(15), "prev_position_size": D(-4)}, "enter 11"),
        (-5, {"quantity": units(15)}, "enter 10"),
        (-5, {"quantity": units(5)}, "AMBIGUOUS_QUANTITY"),
        (-5, {"quantity": units(3)}, "AMBIGUOUS_QUANTITY"),
        (-5, {"quantity": units(4), "prev_position_size": D(-4)}, "AMBIGUOUS_QUANTITY"),
        # without a previous position that is opposite, the quantity as it is
        (-5, {"quantity": units(15), "prev_market_position": "long"}, "enter 15"),
        (-5, {"quantity": units(15), "prev_market_position": "flat"}, "enter 15"),
        (-5, {"quantity": units(15), "prev_market_position": None}, "enter 15"),
        # only units count contracts
        (-5, {"quantity": cash(1500)}, "enter 1500 dollar_amount"),
        (-5, {"quantity": of_equity(10)}, "enter 10 percent_of_equity"),
        (-5, {}, "enter default"),
        # our position is not what the strategy thinks: the old part is not bought all the same
        (0, {"quantity": units(15), "prev_position_size": D(-5)}, "enter 10"),
        (0, {"quantity": units(15)}, "enter 15"),
        (0, {"quantity": units(5), "prev_position_size": D(-5)}, "AMBIGUOUS_QUANTITY"),
    ],
)
def test_rule_8_contracts_of_a_reversal_are_old_and_new(
    held: int, said: dict[str, Any], meant: str
) -> None:
    said = {"prev_market_position": "short"} | said
    assert route(held, BUY, a_strategy(sync=Sync.IGNORE), **said).endswith(meant)


def test_rule_8_holds_for_shorts_too() -> None:
    said = {"quantity": units(15), "prev_market_position": "long"}
    assert route(5, SELL, **said) == "reverse sell, close all, enter 10"


def test_rule_8_holds_for_pyramids_that_are_on_the_new_side_already() -> None:
    said = {"quantity": units(15), "prev_market_position": "short", "prev_position_size": D(-5)}
    row = a_strategy(pyramiding=True, sync=Sync.IGNORE)
    assert route(5, BUY, row, **said) == "add buy, enter 10"
    said.pop("prev_position_size")  # what is held is the new side's: nothing of it is the old part
    assert route(5, BUY, row, **said) == "add buy, enter 15"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, "reverse sell, close all, enter 5"),
        ({"quantity": units(3)}, "reverse sell, close all, enter 3"),
        (
            {"quantity": units(8), "prev_market_position": "long"},
            "reverse sell, close all, enter 3",
        ),
        (
            {"quantity": units(4), "prev_market_position": "long"},
            "denied AMBIGUOUS_QUANTITY",
        ),
    ],
)
def test_reverse_turns_the_position_into_one_of_its_size_or_the_given_one(
    said: dict[str, Any], meant: str
) -> None:
    assert route(5, REVERSE, **said) == meant


def test_reverse_without_a_position_is_denied() -> None:
    assert route(0, REVERSE, quantity=units(3)) == "denied NO_POSITION"


# --- rule 9: the target position -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "action", "target", "meant"),
    [
        (0, BUY, 10, "entry buy, enter 10"),
        (0, SELL, -10, "entry sell, enter 10"),
        (4, BUY, 10, "add buy, enter 6"),
        (-4, SELL, -10, "add sell, enter 6"),
        (15, SELL, 10, "exit sell, close 5"),
        (15, BUY, 10, "exit sell, close 5"),
        (-15, BUY, -10, "exit buy, close 5"),
        (-5, BUY, 10, "reverse buy, close all, enter 10"),
        (5, SELL, -10, "reverse sell, close all, enter 10"),
        (5, SELL, 0, "exit sell, close all"),
        (-5, BUY, 0, "exit buy, close all"),
        (0, SELL, 0, "info NO_POSITION"),
        (10, BUY, 10, "skipped ALREADY_LONG"),
        (-10, SELL, -10, "skipped ALREADY_SHORT"),
        (5, REVERSE, -8, "reverse sell, close all, enter 8"),
        (5, ADD, 8, "add buy, enter 3"),
    ],
)
def test_rule_9_only_the_difference_to_the_target_is_traded_through_flat(
    held: int, action: Action, target: int, meant: str
) -> None:
    assert route(held, action, quantity=units(99), position_size=D(target)) == meant


@pytest.mark.parametrize(("held", "target"), [(15, 10), (-15, -10)])
def test_rule_9_an_exit_toward_a_target_knows_what_is_to_be_left(held: int, target: int) -> None:
    meant = TradeRouter().route(an_alert(CLOSE, position_size=D(target)), a_situation(held))
    assert isinstance(meant, Signal)
    assert meant.target == target


@pytest.mark.parametrize(
    ("held", "action", "target", "meant"),
    [
        # TradingView sells from 15 to 10; we never bought, or hold less, or are short
        (0, SELL, 10, "info NO_POSITION"),
        (5, SELL, 10, "info AT_TARGET"),
        (-5, SELL, 10, "exit buy, close all"),
        (0, BUY, -10, "info NO_POSITION"),
        (-5, BUY, -10, "info AT_TARGET"),
        # a close never opens, grows or crosses
        (15, CLOSE, 10, "exit sell, close 5"),
        (0, CLOSE, 10, "info NO_POSITION"),
        (5, CLOSE, 10, "info AT_TARGET"),
        (5, CLOSE, -10, "exit sell, close all"),
    ],
)
def test_rules_6_and_9_an_alert_against_its_target_and_a_close_only_reduce_toward_it(
    held: int, action: Action, target: int, meant: str
) -> None:
    assert route(held, action, position_size=D(target)) == meant


@pytest.mark.parametrize(
    ("target", "word", "conflict"),
    [
        (10, "short", True),
        (1, "short", True),
        (-10, "long", True),
        (-1, "long", True),
        (10, "flat", True),
        (-10, "flat", True),
        (10, "long", False),
        (0, "long", False),
        (0, "short", False),
        (0, "flat", False),
    ],
)
def test_rule_9_a_target_of_the_other_sign_than_the_word_is_a_conflict(
    target: int, word: str, *, conflict: bool
) -> None:
    meant = route(3, BUY, position_size=D(target), market_position=word)
    assert (meant == "denied CONFLICT") is conflict


def test_rule_9_a_target_beats_already_long_and_the_lack_of_pyramiding() -> None:
    said = {"position_size": D(7), "wants_state": True}
    assert route(5, BUY, **said) == "add buy, enter 2"


# --- rule 10: percentages ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "action", "quantity", "meant"),
    [
        (0, BUY, percent(50), "entry buy, enter 50 percent"),
        (5, SELL, percent(50), "exit sell, close 50 percent"),
        (-5, BUY, percent(50), "exit buy, close 50 percent"),
        (5, SELL, of_position(50), "exit sell, close 50 percent_of_position"),
        (0, SELL, of_position(50), "info NO_POSITION"),
        (5, CLOSE, percent(50), "exit sell, close 50 percent"),
        (5, SELL, percent(100), "exit sell, close 100 percent"),
        (5, SELL, of_equity(50), "reverse sell, close all, enter 50 percent_of_equity"),
    ],
)
def test_rule_10_a_percentage_against_the_position_only_reduces_it(
    held: int, action: Action, quantity: Amount, meant: str
) -> None:
    assert route(held, action, quantity=quantity) == meant


# --- rule 11: add, and words of state ------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "action", "state", "meant"),
    [
        (5, BUY, False, "add buy, enter 2"),
        (-5, SELL, False, "add sell, enter 2"),
        (5, BUY, True, "skipped ALREADY_LONG"),
        (-5, SELL, True, "skipped ALREADY_SHORT"),
        (0, BUY, True, "entry buy, enter 2"),
        (-5, BUY, True, "reverse buy, close all, enter 2"),
    ],
)
def test_rule_11_only_buy_and_sell_pyramid_and_words_of_state_do_not(
    held: int, action: Action, *, state: bool, meant: str
) -> None:
    assert route(held, action, PYRAMIDS, quantity=units(2), wants_state=state) == meant


@pytest.mark.parametrize(
    ("held", "meant"),
    [(5, "add buy, enter 2"), (-5, "add sell, enter 2"), (0, "denied NO_POSITION")],
)
def test_rule_11_add_grows_the_position_in_its_own_direction(held: int, meant: str) -> None:
    assert route(held, ADD, quantity=units(2)) == meant


def test_rule_11_add_without_a_size_takes_the_default() -> None:
    assert route(5, ADD) == "add buy, enter default"


@pytest.mark.parametrize(
    ("held", "closes", "meant"),
    [
        (5, "long", "exit sell, close all"),
        (-5, "short", "exit buy, close all"),
        (5, "short", "info NO_POSITION"),
        (-5, "long", "info NO_POSITION"),
        (0, "long", "info NO_POSITION"),
    ],
)
def test_rule_11_exit_long_closes_a_long_position_only(held: int, closes: str, meant: str) -> None:
    assert route(held, CLOSE, closes=closes) == meant


# --- rule 7: the strategy's own exit, after a leg was faster -------------------------------------

LONG, SHORT = Direction.LONG, Direction.SHORT
TRADES_AFTER_STOP = a_strategy(after_stop=AfterStop.TRADE)


@pytest.mark.parametrize(
    ("stopped", "held", "said", "meant"),
    [
        (LONG, 0, {"action": SELL}, "skipped STOPPED_OUT"),
        (LONG, 0, {"action": SELL, "quantity": units(5)}, "skipped STOPPED_OUT"),
        (LONG, 0, {"action": SELL, "quantity": percent(50)}, "skipped STOPPED_OUT"),
        (LONG, 0, {"action": SELL, "prev_market_position": "long"}, "skipped STOPPED_OUT"),
        (SHORT, 0, {"action": BUY}, "skipped STOPPED_OUT"),
        # the original direction, or a position again
        (LONG, 0, {"action": BUY}, "entry buy, enter default"),
        (SHORT, 0, {"action": SELL}, "entry sell, enter default"),
        (LONG, 5, {"action": SELL}, "reverse sell, close all, enter default"),
        # words that name the position decide
        (LONG, 0, {"action": SELL, "market_position": "short"}, "entry sell, enter default"),
        (LONG, 0, {"action": SELL, "sentiment": "short"}, "entry sell, enter default"),
        (LONG, 0, {"action": SELL, "wants_state": True}, "entry sell, enter default"),
        (LONG, 0, {"action": SELL, "position_size": D(-3)}, "entry sell, enter 3"),
        (LONG, 0, {"action": SELL, "market_position": "flat"}, "info NO_POSITION"),
        (LONG, 0, {"action": CLOSE}, "info NO_POSITION"),
        (LONG, 0, {"action": CANCEL}, "cancel"),
        (LONG, 0, {"action": REVERSE}, "denied NO_POSITION"),
    ],
)
def test_rule_7_after_a_stop_the_opposite_alert_is_taken_for_the_exit(
    stopped: Direction, held: int, said: dict[str, Any], meant: str
) -> None:
    now = a_situation(held, stopped=stopped)
    assert told(TradeRouter().route(an_alert(**said), now)) == meant


def test_rule_7_the_row_may_want_it_traded() -> None:
    now = a_situation(stopped=LONG, strategy=TRADES_AFTER_STOP)
    assert told(TradeRouter().route(an_alert(SELL), now)) == "entry sell, enter default"


# --- rule 17: what is not the strategy's own -----------------------------------------------------


@pytest.mark.parametrize(
    ("held", "foreign", "said", "meant"),
    [
        (0, 7, {"action": SELL}, "denied FOREIGN_POSITION"),
        (0, 7, {"action": SELL, "position_size": D(-3)}, "denied FOREIGN_POSITION"),
        (0, 7, {"action": BUY}, "entry buy, enter default"),
        (0, 7, {"action": CLOSE}, "info NO_POSITION"),
        (0, -7, {"action": BUY}, "denied FOREIGN_POSITION"),
        (0, -7, {"action": SELL}, "entry sell, enter default"),
        (5, 7, {"action": CLOSE}, "exit sell, close all"),
        (5, 7, {"action": SELL, "quantity": percent(50)}, "exit sell, close 50 percent"),
        (5, 7, {"action": ADD, "quantity": units(2)}, "add buy, enter 2"),
        (5, 7, {"action": SELL}, "reverse sell, close all, barred FOREIGN_POSITION"),
        (5, -2, {"action": SELL}, "reverse sell, close all, enter default"),
    ],
)
def test_rule_17_nothing_is_entered_against_what_is_not_its_own(
    held: int, foreign: int, said: dict[str, Any], meant: str
) -> None:
    now = a_situation(held, foreign=D(foreign))
    assert told(TradeRouter().route(an_alert(**said), now)) == meant


# --- rule 20: the alert knew another position ----------------------------------------------------

GROWS = {"action": BUY, "market_position": "long", "quantity": units(4)}
SHRINKS = {"action": SELL, "market_position": "long", "quantity": units(4)}
TURNS = {"action": BUY, "market_position": "long", "quantity": units(9)}
OUT = {"action": SELL, "market_position": "flat", "quantity": units(4)}


LOST: list[tuple[Sync, int, str, dict[str, Any], str]] = [
    # it goes from flat to long, or crosses to it: whatever we hold, it enters, once
    (Sync.RESYNC, -5, "flat", GROWS, "reverse buy, close all, enter 4"),
    (Sync.RESYNC, 5, "flat", GROWS, "skipped ALREADY_LONG"),
    (Sync.RESYNC, 0, "short", TURNS, "entry buy, enter 9"),
    (Sync.RESYNC, 5, "short", TURNS, "skipped ALREADY_LONG"),
    # it grows what is lost: never opened to match, what is against it is closed
    (Sync.RESYNC, 0, "long", GROWS, "denied OUT_OF_SYNC"),
    (Sync.RESYNC, -5, "long", GROWS, "reverse buy, close all, barred OUT_OF_SYNC"),
    (Sync.RESYNC, 0, "long", {"action": ADD}, "denied OUT_OF_SYNC"),
    (
        Sync.RESYNC,
        -5,
        "long",
        {"action": BUY, "position_size": D(9)},
        "reverse buy, close all, barred OUT_OF_SYNC",
    ),
    (Sync.RESYNC, 0, "long", {"action": BUY, "position_size": D(9)}, "denied OUT_OF_SYNC"),
    (Sync.RESYNC, 0, "long", {"action": BUY, "position_size": D(1)}, "denied OUT_OF_SYNC"),
    (Sync.RESYNC, 0, "long", {"action": BUY}, "denied OUT_OF_SYNC"),
    (Sync.RESYNC, 5, "flat", {"action": ADD}, "denied OUT_OF_SYNC"),
    # it only takes something off
    (Sync.RESYNC, 0, "long", SHRINKS, "info NO_POSITION"),
    (Sync.RESYNC, -5, "long", SHRINKS, "exit buy, close all"),
    (Sync.RESYNC, 0, "long", OUT, "info NO_POSITION"),
    (Sync.RESYNC, -5, "long", OUT, "exit buy, close all"),
    (Sync.RESYNC, 5, "short", {"action": CLOSE, "quantity": units(2)}, "exit sell, close 2"),
    # a target is traded to, where the alert itself goes there
    (Sync.RESYNC, 5, "flat", {"action": BUY, "position_size": D(9)}, "add buy, enter 4"),
    (Sync.RESYNC, 0, "short", {"action": BUY, "position_size": D(9)}, "entry buy, enter 9"),
    (Sync.RESYNC, 5, "long", GROWS, "skipped ALREADY_LONG"),
    # a reversal of what we are the other side of already
    (Sync.RESYNC, 5, "short", {"action": REVERSE}, "skipped ALREADY_LONG"),
    (Sync.RESYNC, 0, "short", {"action": REVERSE}, "denied NO_POSITION"),
    (Sync.RESYNC, 5, "flat", {"action": REVERSE}, "denied OUT_OF_SYNC"),
    (Sync.RESYNC, 0, "long", {"action": CANCEL}, "cancel"),
    (Sync.FLATTEN, -5, "long", GROWS, "exit buy, close all"),
    (Sync.FLATTEN, 5, "flat", GROWS, "exit sell, close all"),
    (Sync.FLATTEN, 5, "short", {"action": CLOSE, "quantity": units(2)}, "exit sell, close all"),
    (Sync.FLATTEN, 0, "short", TURNS, "denied OUT_OF_SYNC"),
    (Sync.FLATTEN, 0, "long", OUT, "info NO_POSITION"),
    (Sync.FLATTEN, 0, "flat", GROWS, "entry buy, enter 4"),
    (Sync.IGNORE, 0, "long", GROWS, "entry buy, enter 4"),
    (Sync.IGNORE, -5, "long", GROWS, "reverse buy, close all, enter 4"),
    (Sync.DENY, 0, "short", TURNS, "denied OUT_OF_SYNC"),
    (Sync.DENY, -5, "flat", GROWS, "reverse buy, close all, barred OUT_OF_SYNC"),
    (Sync.DENY, 5, "short", {"action": CLOSE, "quantity": units(2)}, "exit sell, close 2"),
    (Sync.DENY, 5, "flat", GROWS, "skipped ALREADY_LONG"),
]


@pytest.mark.parametrize(("sync", "held", "knew", "said", "meant"), LOST)
def test_rule_20_a_position_that_the_alert_did_not_know(
    sync: Sync, held: int, knew: str, said: dict[str, Any], meant: str
) -> None:
    row = a_strategy(sync=sync)
    assert route(held, situation=row, prev_market_position=knew, **said) == meant


@pytest.mark.parametrize(("sync", "held", "knew", "said", "meant"), LOST)
def test_rule_20_holds_for_shorts_too(
    sync: Sync, held: int, knew: str, said: dict[str, Any], meant: str
) -> None:
    alert = mirrored(an_alert(said["action"], prev_market_position=knew, **without_action(said)))
    row = a_strategy(sync=sync)

    assert told(TradeRouter().route(alert, a_situation(-held, strategy=row))) == turned(meant)


def without_action(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "action"}


def test_rule_20_a_lost_position_does_not_pyramid() -> None:
    assert route(5, BUY, PYRAMIDS, prev_market_position="flat") == "skipped ALREADY_LONG"


# --- rule 14: exits trade, whatever else could not be read ---------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"unusable": frozenset({"stop_loss", "take_profit", "price"})},
        {"unusable": frozenset({"quantity"})},
        {"unsupported": ("trail_offset",)},
        {"stop_loss": level_at(1), "limit_price": D(5)},
        {"quantity": of_equity(10)},
        {"quantity": RISK},
    ],
)
def test_rule_14_on_an_exit_what_is_meant_for_entries_is_ignored(said: dict[str, Any]) -> None:
    assert route(5, CLOSE, **said) == "exit sell, close all"
    assert route(5, SELL, market_position="flat", **said) == "exit sell, close all"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"quantity": units(2)}, "reverse sell, close 2, enter 2"),
        ({"quantity": units(9)}, "reverse sell, close 9, enter 9"),
        ({}, "reverse sell, close all, enter default"),
    ],
)
def test_rule_14_a_target_that_is_no_number_takes_off_what_is_said_and_no_more(
    said: dict[str, Any], meant: str
) -> None:
    # The Order Engine refuses the entry: UNRENDERED_FIELD.
    assert route(5, SELL, unusable=frozenset({"position_size"}), **said) == meant


# --- what must always hold -----------------------------------------------------------------------

WORDS = st.sampled_from([None, "long", "short", "flat"])
SIZES = st.one_of(st.none(), st.integers(-9, 9).map(Decimal))
AMOUNTS = st.builds(
    Amount,
    st.decimals("0.5", 200, places=1),
    st.sampled_from([None, *AmountUnit]).map(lambda unit: unit or AmountUnit.UNITS),
)
ALERTS = st.builds(
    Alert,
    action=st.sampled_from(Action),
    wants_state=st.booleans(),
    closes=st.sampled_from([None, None, "long", "short"]),
    quantity=st.none() | AMOUNTS,
    sentiment=WORDS,
    market_position=WORDS,
    prev_market_position=WORDS,
    position_size=SIZES,
    prev_position_size=SIZES,
)
SITUATIONS = st.builds(
    a_situation,
    held=st.integers(-9, 9),
    foreign=st.sampled_from([0, 0, 4, -4]).map(Decimal),
    stopped=st.sampled_from([None, *Direction]),
    strategy=st.none()
    | st.builds(
        a_strategy,
        sides=st.sampled_from([None, *Sides]),
        pyramiding=st.booleans(),
        active=st.booleans(),
        sync=st.sampled_from(Sync),
        after_stop=st.sampled_from(AfterStop),
    ),
)
GRID = Means(price=D(10), equity=D(1000), buying_power=D(1000), multiplier=D(1), step=D("0.1"))


def orders_of(signal: Signal, held: Decimal) -> list[Decimal]:
    """Execute a signal literally: the signed quantities of its orders."""
    orders: list[Decimal] = []
    if signal.side is None:
        return orders
    if signal.reduce is not None:
        closed = exit_quantity(signal.reduce, held, GRID)
        orders.append(D(0) if isinstance(closed, Denied) else -closed if held > 0 else closed)
    if signal.enters and signal.barred is None:
        units_of = signal.size is not None and signal.size.unit is AmountUnit.UNITS
        size = signal.size.value if signal.size is not None and units_of else D(1)
        orders.append(size * signal.side.sign)
    return orders


@given(ALERTS, SITUATIONS)
def test_no_order_ever_crosses_zero(alert: Alert, now: Situation) -> None:
    signal, position = TradeRouter().route(alert, now), now.held
    for order in orders_of(signal, position) if isinstance(signal, Signal) else []:
        assert position * (position + order) >= 0
        position += order


@given(ALERTS, SITUATIONS)
def test_only_signals_that_enter_make_the_position_larger_and_those_that_reduce_smaller(
    alert: Alert, now: Situation
) -> None:
    signal = TradeRouter().route(alert, now)
    if isinstance(signal, Signal):
        after = now.held + sum(orders_of(signal, now.held))
        assert signal.enters or abs(after) <= abs(now.held)
        assert signal.barred is None or after == 0
        assert signal.reduces or abs(after) >= abs(now.held)
        assert (signal.reduce is not None) == signal.reduces


@given(ALERTS, SITUATIONS)
def test_rule_6_the_word_flat_never_enters_and_long_never_ends_short(
    alert: Alert, now: Situation
) -> None:
    signal = TradeRouter().route(alert, now)
    if not isinstance(signal, Signal) or not signal.enters or signal.barred is not None:
        return
    assert alert.position_word != "flat"
    assert (alert.position_word, signal.side) not in (("long", Side.SELL), ("short", Side.BUY))


@given(ALERTS, SITUATIONS)
def test_an_alert_that_only_reduces_never_enters(alert: Alert, now: Situation) -> None:
    signal = TradeRouter().route(alert, now)
    if alert.only_reduces and isinstance(signal, Signal):
        assert not signal.enters


@given(ALERTS, SITUATIONS)
def test_rule_9_a_target_is_reached_exactly(alert: Alert, now: Situation) -> None:
    signal = TradeRouter().route(alert, now)
    target = alert.position_size
    if target is None or not isinstance(signal, Signal) or signal.side is None:
        return
    if signal.barred is not None or now.differs_from(alert):
        return
    after = now.held + sum(orders_of(signal, now.held))
    # What only reduces closes a position on the wrong side, and goes no further.
    assert after == (0 if alert.only_reduces and now.held * target < 0 else target)


@given(ALERTS, SITUATIONS)
def test_rule_17_no_entry_is_against_what_is_not_its_own(alert: Alert, now: Situation) -> None:
    signal = TradeRouter().route(alert, now)
    if isinstance(signal, Signal) and signal.enters and signal.barred is None:
        assert signal.side is not None
        assert now.foreign * signal.side.sign >= 0


@given(ALERTS, SITUATIONS)
def test_rule_20_a_lost_position_is_never_opened_again(alert: Alert, now: Situation) -> None:
    if now.sync is not Sync.RESYNC or not now.differs_from(alert):
        return
    signal = TradeRouter().route(alert, now)
    if isinstance(signal, Signal) and signal.enters and signal.barred is None:
        assert (signal.side is Side.BUY) == (wanted_of(alert) == "long")
        assert wanted_of(alert) != alert.prev_market_position


def wanted_of(alert: Alert) -> str | None:
    """The side that an alert leads to, by its words, its target, its action."""
    size = alert.position_size or 0
    by_size = "long" if size > 0 else "short" if size < 0 else None
    by_action = {BUY: "long", SELL: "short"}
    return alert.position_word or by_size or by_action.get(alert.action or CLOSE)


TURNED = {"long": "short", "short": "long"}


def mirrored(alert: Alert) -> Alert:
    """The same alert of somebody who buys where this one sells."""
    sides = {BUY: SELL, SELL: BUY}
    words = ("closes", "sentiment", "market_position", "prev_market_position")
    sizes = ("position_size", "prev_position_size")
    other = {name: TURNED.get(word := getattr(alert, name), word) for name in words}
    negated = {name: size and -size for name in sizes for size in [getattr(alert, name)]}
    action = sides.get(alert.action or CLOSE, alert.action)
    return replace(alert, action=action, **other, **negated)


def mirrored_row(row: Strategy | None) -> Strategy | None:
    """The row of somebody who goes short where this one goes long."""
    turned = {Sides.LONG: Sides.SHORT, Sides.SHORT: Sides.LONG}
    return row and replace(row, sides=row.sides and turned.get(row.sides, row.sides))


def turned(meant: str) -> str:
    """The same said of somebody who sells where this one buys."""
    swapped = {"buy": "sell", "sell": "buy", "ALREADY_LONG": "ALREADY_SHORT"}
    swapped |= {new: old for old, new in swapped.items()}
    return re.sub("|".join(swapped), lambda word: swapped[word[0]], meant)


@given(ALERTS, SITUATIONS)
def test_shorts_are_treated_as_longs_are(alert: Alert, now: Situation) -> None:
    other = replace(
        now,
        held=-now.held,
        foreign=-now.foreign,
        stopped={LONG: SHORT, SHORT: LONG}.get(now.stopped) if now.stopped else None,
        strategy=mirrored_row(now.strategy),
    )
    here = told(TradeRouter().route(alert, now))
    assert told(TradeRouter().route(mirrored(alert), other)) == turned(here)


@pytest.mark.parametrize(
    ("held", "said", "meant"),
    [
        ("0.5", {"action": BUY}, "skipped ALREADY_LONG"),
        ("-0.5", {"action": SELL}, "skipped ALREADY_SHORT"),
        ("0.5", {"action": CLOSE}, "exit sell, close all"),
        ("0.5", {"action": ADD}, "add buy, enter default"),
        ("0.5", {"action": REVERSE}, "reverse sell, close all, enter 0.5"),
        ("0.5", {"action": CLOSE, "position_size": D("0.7")}, "info AT_TARGET"),
        ("0.5", {"action": CLOSE, "position_size": D("0.2")}, "exit sell, close 0.3"),
        ("0.5", {"action": SELL, "position_size": D("-0.2")}, "reverse sell, close all, enter 0.2"),
    ],
)
def test_less_than_a_unit_is_a_position_like_any_other(
    held: str, said: dict[str, Any], meant: str
) -> None:
    assert route(held, **said) == meant


def test_rule_8_less_than_a_unit_on_the_new_side_is_no_old_part_either() -> None:
    row = a_strategy(pyramiding=True, sync=Sync.IGNORE)
    said = {"quantity": units(15), "prev_market_position": "short"}
    assert route("0.5", BUY, row, **said) == "add buy, enter 15"


TINY = D("0.001")


def shrunk(amount: Amount | None) -> Amount | None:
    """A thousandth of so many units; what is a share or money stays."""
    counts = amount is not None and amount.unit is AmountUnit.UNITS
    return Amount(amount.value * TINY) if amount is not None and counts else amount


@given(ALERTS, SITUATIONS)
def test_a_thousandth_of_everything_is_traded_as_the_whole_is(alert: Alert, now: Situation) -> None:
    small = replace(
        alert,
        quantity=shrunk(alert.quantity),
        position_size=None if alert.position_size is None else alert.position_size * TINY,
        prev_position_size=alert.prev_position_size and alert.prev_position_size * TINY,
    )
    little = replace(now, held=now.held * TINY, foreign=now.foreign * TINY)
    meant = TradeRouter().route(alert, now)
    if isinstance(meant, Signal):
        meant = replace(meant, reduce=shrunk(meant.reduce), size=shrunk(meant.size))
    assert told(TradeRouter().route(small, little)) == told(meant)


@given(ALERTS, SITUATIONS)
def test_only_a_cancel_has_no_side(alert: Alert, now: Situation) -> None:
    signal = TradeRouter().route(alert, now)
    if isinstance(signal, Signal):
        assert (signal.side is None) == (signal.trade_type is TradeType.CANCEL)


# --- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "action", "said", "meant"),
    [
        (0, BUY, {}, "entry buy, enter default"),
        (0, SELL, {}, "entry sell, enter default"),
        (65, SELL, {}, "exit sell, close all"),
        (130, SELL, {"quantity": units(65)}, "exit sell, close 65"),
        (65, SELL, {"quantity": units(130)}, "exit sell, close 130"),
        (65, SELL, {"market_position": "short"}, "exit sell, close all"),
        (65, SELL, {"wants_state": True}, "exit sell, close all"),
        (65, SELL, {"quantity": cash(500)}, "exit sell, close 500 dollar_amount"),
        (-65, BUY, {}, "exit buy, close all"),
        (65, BUY, {}, "skipped ALREADY_LONG"),
        (-65, SELL, {}, "skipped ALREADY_SHORT"),
        (65, CLOSE, {}, "exit sell, close all"),
        (65, REVERSE, {}, "reverse sell, close all, enter 65"),
    ],
)
def test_rule_29_an_option_is_never_turned_by_an_order_of_the_other_side(
    held: Number, action: Action, said: dict[str, Any], meant: str
) -> None:
    now = a_situation(held, asset_class=AssetClass.OPTION)
    assert told(TradeRouter().route(an_alert(action, **said), now)) == meant
