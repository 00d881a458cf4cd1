"""What protects an entry's fills: kinds, prices, ids, for every set of abilities."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.capabilities import Capabilities
from app.domain.order import (
    Guard,
    Level,
    LevelKind,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.engine.shields import Shields
from tests.builders import an_instrument, an_order, capabilities, level_at, percent_away
from tests.fakes.broker import COINS, RESERVING

D = Decimal
S = OrderStatus
NO_PAIRS = capabilities(oco=False)
STOP_AND_TARGET = Guard(percent_away(2), percent_away(4))
TRAIL = Guard(Level(LevelKind.OFFSET, D(3), OrderType.TRAILING_STOP))


def shields(
    guard: Guard = STOP_AND_TARGET, abilities: Capabilities = RESERVING, **more: Any
) -> Shields:
    entry = an_order(S.FILLED, 10, side=more.pop("side", Side.BUY))
    fields: dict[str, Any] = {"duty": 7, "family": (), "instrument": an_instrument()}
    return Shields(entry=entry, guard=guard, abilities=abilities, **(fields | more))


def a_stop(status: OrderStatus, price: Decimal | int, **more: Any) -> Any:
    return an_order(status, role=OrderRole.STOP_LOSS, stop_price=D(price), job_id=7, **more)


def made(these: Shields, quantity: object = 10, quote: Decimal | None = None) -> OrderIntent:
    intent = these.protection(D(str(quantity)), quote)
    assert intent is not None
    return intent


def test_rule_31_a_pair_stands_around_the_average_fill() -> None:
    pair = made(shields())
    assert (pair.role, pair.side, pair.quantity) == (OrderRole.STOP_LOSS, Side.SELL, D(10))
    assert (pair.order_type, pair.stop_price) == (OrderType.STOP, D(98))
    assert pair.take_profit is not None
    assert pair.take_profit.level == level_at(104)
    assert (pair.target, pair.time_in_force) == (None, "gtc")


def test_a_short_entry_is_protected_above() -> None:
    pair = made(shields(side=Side.SELL))
    assert (pair.side, pair.stop_price) == (Side.BUY, D(102))
    assert pair.take_profit is not None
    assert pair.take_profit.level.value == D(96)


def test_rule_33_without_pairs_the_stop_rests_and_the_target_is_ours_to_watch() -> None:
    stop = made(shields(abilities=NO_PAIRS))
    assert (stop.take_profit, stop.target) == (None, D(104))


def test_where_stops_need_a_limit_it_lies_one_percent_beyond() -> None:
    stop = made(shields(abilities=COINS))
    assert (stop.order_type, stop.stop_price, stop.limit_price) == (
        OrderType.STOP_LIMIT,
        D(98),
        D("97.02"),
    )


def test_the_limit_that_was_asked_for_is_kept() -> None:
    guard = Guard(Level(LevelKind.PRICE, D(95), "stop_limit", D(90)))
    stop = made(shields(guard))
    assert (stop.order_type, stop.limit_price) == (OrderType.STOP_LIMIT, D(90))


def test_a_target_alone_rests_as_a_limit() -> None:
    target = made(shields(Guard(None, percent_away(4))))
    assert (target.role, target.order_type) == (OrderRole.TAKE_PROFIT, OrderType.LIMIT)
    assert (target.limit_price, target.legs) == (D(104), ())


def test_a_trailing_stop_trails_by_what_was_asked_for() -> None:
    stop = made(shields(TRAIL))
    assert (stop.order_type, stop.trail) == (OrderType.TRAILING_STOP, D(3))
    assert stop.stop_price is None


def test_one_that_comes_back_stands_where_it_was() -> None:
    stop = made(shields(TRAIL, family=[a_stop(S.CANCELED, 104)]))
    assert (stop.order_type, stop.stop_price) == (OrderType.STOP, D(104))


@pytest.mark.parametrize("status", [S.LIVE, S.REJECTED, S.FILLED])
def test_a_leg_that_did_not_make_way_says_nothing_of_the_next_one(status: OrderStatus) -> None:
    assert made(shields(family=[a_stop(status, 50)])).stop_price == D(98)


@pytest.mark.parametrize(("quote", "stop"), [(97, "96.90"), (120, "98")])
def test_a_stop_that_was_refused_lies_beyond_the_price_if_that_has_passed_it(
    quote: int, stop: str
) -> None:
    assert made(shields(), quote=D(quote)).stop_price == D(stop)


def test_only_refusals_of_this_duty_count() -> None:
    other = replace(a_stop(S.REJECTED, 98), job_id=6)
    family = [other, a_stop(S.REJECTED, 98), a_stop(S.CANCELED, 98)]
    assert shields(family=family).refusals == 1


@pytest.mark.parametrize(
    ("quantity", "abilities", "usable"),
    [("10.5", RESERVING, "10"), ("1.23456", COINS, "1.234"), ("0.0004", COINS, None)],
)
def test_quantities_are_whole_where_protection_is_and_on_the_grid_elsewhere(
    quantity: str, abilities: Capabilities, usable: str | None
) -> None:
    these = shields(abilities=abilities, instrument=an_instrument(step=D("0.001")))
    intent = these.protection(D(quantity), None)
    assert (intent.quantity if intent else None) == (D(usable) if usable else None)


def test_each_order_of_a_family_has_its_own_id_and_the_same_again() -> None:
    first, again = made(shields()), made(shields())
    second = made(shields(family=[a_stop(S.LIVE, 98)]))
    assert first.client_order_id == again.client_order_id != second.client_order_id


def test_what_sells_and_what_closes_goes_at_the_market_in_words_that_are_known_there() -> None:
    sale, close = shields(abilities=COINS).sale(D(2)), shields().close(D(10))
    assert sale is not None
    assert close is not None
    assert (sale.role, sale.order_type, sale.time_in_force) == (
        OrderRole.TAKE_PROFIT,
        OrderType.MARKET,
        "gtc",
    )
    assert (close.role, close.order_type, close.time_in_force) == (
        OrderRole.EXIT,
        OrderType.MARKET,
        "day",
    )
