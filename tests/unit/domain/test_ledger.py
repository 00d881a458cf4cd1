"""Fills are matched first in, first out, and nothing is lost: checked against a naive ledger."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, groupby
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.grains import grains, money_grains
from app.domain.ledger import AT_ONCE, Book, BookedFill, ClosedTrade, Ledger, OpenLot
from app.domain.order import Fill, Side
from app.domain.position import Direction, Position
from app.domain.tally import Of, Tally, TallyKey
from tests.builders import a_fill, booked

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
FILLS = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.integers(1, 12),
        st.decimals("0.000001", 100_000, places=12),
        st.decimals(-5, 50, places=18),
    ),
    max_size=12,
)
ONE = D(1)
MULTIPLIERS = st.sampled_from([D(1), D(50), D("0.1")])
GRAIN = D("0.001")
"""The naive ledger keeps single grains; a quantity of n is n grains."""


class Pair(NamedTuple):
    """A grain that was opened by one fill and closed by another, or is still open."""

    opened: Fill
    closed: Fill | None
    sign: int


def naive(fills: Sequence[Fill]) -> tuple[list[Pair], list[Pair]]:
    """Match grain by grain: the oldest open grain of the other side, else a new one."""
    closed: list[Pair] = []
    open_grains: deque[Pair] = deque()
    for fill in fills:
        for _ in range(int(fill.quantity / GRAIN)):
            if open_grains and open_grains[0].sign != fill.side.sign:
                closed.append(open_grains.popleft()._replace(closed=fill))
            else:
                open_grains.append(Pair(fill, None, fill.side.sign))
    return closed, list(open_grains)


def made(drawn: Sequence[tuple[Side, int, Decimal, Decimal]]) -> list[Fill]:
    """Turn what Hypothesis drew into fills, one a minute."""
    return [
        a_fill(side, n * GRAIN, price, fee, minute=minute)
        for minute, (side, n, price, fee) in enumerate(drawn)
    ]


def journaled(*fills: Fill, multiplier: Decimal = ONE) -> list[BookedFill]:
    """Number fills in their order."""
    times = grains(multiplier)
    return [booked(fill, number, multiplier=times) for number, fill in enumerate(fills)]


def run(fills: Sequence[BookedFill]) -> tuple[Book, list[ClosedTrade]]:
    """Run fills through a book."""
    book = Book()
    return book, [trade for fill in fills for trade in book.apply(fill)]


# --- examples ------------------------------------------------------------------------------------


def test_the_oldest_lot_is_closed_first() -> None:
    fills = journaled(a_fill(BUY, 10, 100), a_fill(BUY, 10, 110), a_fill(SELL, 15, 120))
    book, trades = run(fills)
    assert [(t.quantity, t.entry_price) for t in trades] == [(D(10), D(100)), (D(5), D(110))]
    assert [trade.pnl for trade in trades] == [D(200), D(50)]
    assert [(lot.quantity, lot.entry) for lot in book.lots] == [(D(5), fills[1])]


def test_a_short_earns_when_the_price_falls_and_its_quantity_is_negative() -> None:
    book, trades = run(journaled(a_fill(SELL, 10, 100), a_fill(BUY, 4, 90)))
    assert [(t.quantity, t.pnl) for t in trades] == [(D(-4), D(40))]
    assert book.quantity == -6


@pytest.mark.parametrize("side", Side)
def test_a_fill_larger_than_the_position_flips_it(side: Side) -> None:
    book, trades = run(journaled(a_fill(side, 10, 100, 2), a_fill(side.opposite, 25, 100, 5)))
    assert [trade.quantity for trade in trades] == [10 * side.sign]
    assert [(lot.quantity, lot.fee) for lot in book.lots] == [(D(-15) * side.sign, D(3))]
    assert (trades[0].pnl, trades[0].fees) == (D(-4), D(4))


def test_profit_is_after_the_fees_of_both_sides_in_proportion() -> None:
    book, trades = run(journaled(a_fill(BUY, 10, 100, 3), a_fill(SELL, 4, 110, 2)))
    assert trades[0].fees == D("3.2")
    assert trades[0].pnl == 4 * 10 - D("3.2")
    assert book.lots[0].fee == D("1.8")


def test_a_fee_that_does_not_divide_evenly_is_not_lost() -> None:
    thirds = [a_fill(SELL, 1, 100) for _ in range(3)]
    _, trades = run(journaled(a_fill(BUY, 3, 100, 1), *thirds))
    assert [trade.fees for trade in trades] == [D("0.333333333333")] * 2 + [D("0.333333333334")]
    assert sum(trade.pnl for trade in trades) == -1


def test_the_multiplier_makes_points_money() -> None:
    two = journaled(a_fill(BUY, 2, 100, 1), a_fill(SELL, 2, 101, 1), multiplier=D(50))
    assert run(two)[1][0].pnl == 98


def test_a_trade_knows_the_fills_that_made_it() -> None:
    entry, way_out = journaled(a_fill(BUY, minute=1), a_fill(SELL, minute=9))
    _, (trade,) = run([entry, way_out])
    assert (trade.entry, trade.exit) == (entry, way_out)


@pytest.mark.parametrize("side", Side)
def test_a_lot_of_a_single_grain_is_closed_like_any_other(side: Side) -> None:
    grain = D("1E-18")
    book, trades = run(journaled(a_fill(side, grain, 100), a_fill(side.opposite, grain, 101)))
    assert [(trade.quantity, trade.pnl) for trade in trades] == [(grain * side.sign,) * 2]
    assert not book.lots


# --- against the naive ledger --------------------------------------------------------------------


@given(FILLS)
def test_trades_and_lots_are_those_of_the_naive_ledger(
    drawn: list[tuple[Side, int, Decimal, Decimal]],
) -> None:
    fills = made(drawn)
    book, trades = run(journaled(*fills))
    pairs, open_grains = naive(fills)
    expected = [
        (opened.at, closed.at, sign * len(list(same)) * GRAIN)
        for (opened, closed, sign), same in groupby(pairs)
        if closed is not None
    ]
    left = [(pair.opened.at, len(list(same)) * pair.sign) for pair, same in groupby(open_grains)]
    assert [(t.entry.at, t.exit.at, t.quantity) for t in trades] == expected
    lots = [(lot.entry.at, lot.quantity) for lot in book.lots]
    assert lots == [(at, n * GRAIN) for at, n in left]


@given(FILLS, MULTIPLIERS)
def test_profit_is_that_of_the_naive_ledger_to_a_billionth(
    drawn: list[tuple[Side, int, Decimal, Decimal]], multiplier: Decimal
) -> None:
    fills = made(drawn)
    _, trades = run(journaled(*fills, multiplier=multiplier))
    gain = Fraction(0)
    for opened, closed, sign in naive(fills)[0]:
        assert closed is not None
        points = (Fraction(closed.price) - Fraction(opened.price)) * sign * Fraction(GRAIN)
        gain += points * Fraction(multiplier)
        gain -= sum(
            Fraction(fill.fee) / Fraction(fill.quantity / GRAIN) for fill in (opened, closed)
        )
    assert abs(sum(Fraction(trade.pnl) for trade in trades) - gain) < Fraction(1, 10**9)


@given(FILLS, MULTIPLIERS)
def test_what_was_closed_and_what_is_open_add_up_to_the_fills_exactly(
    drawn: list[tuple[Side, int, Decimal, Decimal]], multiplier: Decimal
) -> None:
    fills = made(drawn)
    book, trades = run(journaled(*fills, multiplier=multiplier))
    paid = sum(
        Fraction(f.quantity) * f.side.sign * Fraction(f.price) * Fraction(multiplier)
        + Fraction(f.fee)
        for f in fills
    )
    prices = {number: Fraction(fill.price) for number, fill in enumerate(fills)}
    invested = sum(
        Fraction(lot.quantity) * prices[lot.entry.number] * Fraction(multiplier) + Fraction(lot.fee)
        for lot in book.lots
    )
    assert invested - sum(Fraction(trade.pnl) for trade in trades) == paid
    charged = sum(Fraction(trade.fees) for trade in trades)
    assert charged + sum(Fraction(lot.fee) for lot in book.lots) == sum(
        Fraction(fill.fee) for fill in fills
    )
    assert book.quantity == sum(f.quantity * f.side.sign for f in fills)


@given(FILLS)
def test_all_open_lots_are_on_one_side(drawn: list[tuple[Side, int, Decimal, Decimal]]) -> None:
    book, _ = run(journaled(*made(drawn)))
    assert len({lot.units > 0 for lot in book.lots}) <= 1


@given(FILLS, MULTIPLIERS)
def test_a_book_that_was_put_away_as_decimals_goes_on_as_if_it_had_not(
    drawn: list[tuple[Side, int, Decimal, Decimal]], multiplier: Decimal
) -> None:
    fills = journaled(*made(drawn), multiplier=multiplier)
    whole, trades = run(fills)
    lots: list[OpenLot] = []
    found: list[ClosedTrade] = []
    for fill in fills:
        book = Book(OpenLot(lot.entry, grains(lot.quantity), money_grains(lot.fee)) for lot in lots)
        found += book.apply(fill)
        lots = list(book.lots)
    assert found == trades
    assert lots == list(whole.lots)


# --- figures -------------------------------------------------------------------------------------


def a_tally(*pnls: int) -> Tally:
    """Count trades of these profits."""
    tally = Tally()
    for minute, pnl in enumerate(pnls):
        way_out = a_fill(SELL, 1, 100 + pnl, minute=minute)
        _, trades = run(journaled(a_fill(BUY, 1, 100), way_out))
        tally.add(way_out.at, trades)
    return tally


def test_figures_count_winners_losers_and_the_best_and_worst() -> None:
    tally = a_tally(30, -10, 0, 20)
    assert (tally.total_trades, tally.winning_trades, tally.losing_trades) == (4, 2, 1)
    assert (tally.total_pnl, tally.average_pnl, tally.win_rate) == (D(40), D(10), D(50))
    assert (tally.best_trade, tally.worst_trade) == (D(30), D(-10))
    assert tally.last_updated == a_fill(minute=3).at


def by_definition(pnls: list[int]) -> dict[str, Any]:
    """The figures of trades of one book, by their definitions."""
    sums = list(accumulate(pnls, initial=0))
    signs = [(pnl > 0) - (pnl < 0) for pnl in pnls if pnl]
    runs = [sign * len(list(group)) for sign, group in groupby(signs)]
    wins, losses = [p for p in pnls if p > 0], [-p for p in pnls if p < 0]
    return {
        "gross": (D(sum(wins)), D(sum(losses))),
        "averages": (D(sum(wins)) / (len(wins) or 1), D(sum(losses)) / (len(losses) or 1)),
        "factor": D(sum(wins)) / sum(losses) if losses else None,
        "drawdown": max(max(sums[: at + 1]) - each for at, each in enumerate(sums)),
        "streaks": (runs[-1] if runs else 0, max([0, *runs]), -min([0, *runs])),
    }


@given(st.lists(st.integers(-9, 9), max_size=12))
def test_figures_are_what_their_definitions_say(pnls: list[int]) -> None:
    tally = a_tally(*pnls)
    assert by_definition(pnls) == {
        "gross": (tally.gross_profit, tally.gross_loss),
        "averages": (tally.average_win, tally.average_loss),
        "factor": tally.profit_factor,
        "drawdown": tally.max_drawdown,
        "streaks": tally.streaks,
    }


def test_figures_sum_the_fees_of_both_sides() -> None:
    tally = Tally()
    fills = journaled(a_fill(BUY, 1, 100, 2), a_fill(SELL, 1, 110, 3))
    tally.add(fills[1].at, run(fills)[1])
    assert (tally.total_fees, tally.total_pnl) == (D(5), D(5))


@given(st.lists(st.integers(-9, 9), min_size=1), st.lists(st.integers(-9, 9), min_size=1))
def test_tallies_of_two_accounts_are_summed_without_their_order(
    one: list[int], other: list[int]
) -> None:
    both, whole = a_tally(*one).merge(a_tally(*other)), a_tally(*one, *other)
    names = ["total_trades", "winning_trades", "losing_trades", "total_pnl", "gross_profit"]
    names += ["gross_loss", "best_trade", "worst_trade", "total_fees", "average_win"]
    assert [getattr(both, name) for name in names] == [getattr(whole, name) for name in names]
    assert (both.max_drawdown, both.streaks) == (None, None)
    assert both.last_updated == a_fill(minute=max(len(one), len(other)) - 1).at


def test_a_tally_beside_an_empty_one_stays_as_it_is() -> None:
    tally = a_tally(1, -2)
    assert tally.merge(Tally()) == Tally().merge(tally) == tally


def test_a_fee_before_the_first_trade_is_not_lost_among_accounts() -> None:
    fee, other = Tally(), a_tally(-1, -2)
    taken = a_fill(SELL, 1, 0)
    fee.add(taken.at, run(journaled(a_fill(BUY, 5, 100), taken))[1])
    assert (fee.total_trades, fee.total_pnl) == (0, D(-100))

    assert Tally().merge(fee) == fee.merge(Tally()) == fee
    both = fee.merge(other)
    assert both.total_pnl == D(-103)
    assert (both.total_trades, both.best_trade, both.worst_trade) == (2, D(-1), D(-2))


@pytest.mark.parametrize(("grain", "counted"), [(1, (1, 0)), (-1, (0, 1))])
def test_a_trade_that_earned_a_single_grain_won_and_one_that_lost_it_lost(
    grain: int, counted: tuple[int, int]
) -> None:
    tally = Tally()
    _, (trade,) = run(journaled(a_fill(BUY, 1, 100), a_fill(SELL, 1, 100)))
    tally.add(trade.exit.at, [replace(trade, pnl_grains=grain)])
    assert (tally.winning_trades, tally.losing_trades) == counted


def test_a_late_exit_does_not_turn_the_clock_back() -> None:
    tally = a_tally(1, 2)
    _, trades = run(journaled(a_fill(BUY, 1, 100), a_fill(SELL, 1, 100)))
    tally.add(a_fill(minute=0).at, trades)
    assert tally.last_updated == a_fill(minute=1).at


def test_the_ledger_keeps_accounts_and_instruments_apart_and_counts_by_day() -> None:
    ledger = Ledger()
    entry, way_out = a_fill(BUY, 2, 100, 2), a_fill(SELL, 1, 103, 1, minute=600)
    closes = {2: way_out, 3: way_out}
    for number, account in enumerate(["one", "two", "one", "one"]):
        ledger.apply(booked(closes.get(number, entry), number, account=account))
    assert ledger.books["two", "AAPL"].quantity == 2
    assert list(ledger.tallies) == [
        TallyKey("one", Of.ACCOUNT),
        TallyKey("one", Of.SYMBOL, "AAPL"),
        TallyKey("one", Of.STRATEGY, ""),
    ]
    assert ledger.tallies[TallyKey("one", Of.SYMBOL, "AAPL")].last_updated == way_out.at
    ((account, day), figures) = next(iter(ledger.days.items()))
    assert (account, day) == ("one", way_out.at.date())
    assert (figures.trades, figures.realised, figures.fees) == (
        2,
        money_grains(D(2)),
        money_grains(D(4)),
    )


MIXED = st.lists(
    st.tuples(
        st.sampled_from(["one", "two"]),
        st.sampled_from(["AAPL", "ES1!"]),
        st.sampled_from(["", "trend"]),
        st.integers(-3, 3).filter(bool),
        st.integers(0, 4),
        st.integers(0, 3000),
        st.booleans(),
    ),
    max_size=30,
)
"""Account, symbol, strategy, units, price, minute, and whether somebody asks for the figures."""


def one_by_one(closed: Sequence[ClosedTrade]) -> dict[TallyKey, Tally]:
    """The figures of trades that are counted alone, as they come."""
    tallies: defaultdict[TallyKey, Tally] = defaultdict(Tally)
    for trade in closed:
        account, symbol, strategy = trade.exit.account, trade.exit.symbol, trade.entry.strategy
        for key in (
            TallyKey(account, Of.ACCOUNT),
            TallyKey(account, Of.SYMBOL, symbol),
            TallyKey(account, Of.STRATEGY, strategy),
        ):
            tallies[key].add(trade.exit.at, [trade])
    return tallies


@given(MIXED)
def test_trades_counted_together_come_to_what_they_come_to_one_by_one(
    drawn: list[tuple[str, str, str, int, int, int, bool]],
) -> None:
    ledger, closed = Ledger(), list[ClosedTrade]()
    for number, (account, symbol, strategy, units, price, minute, asked) in enumerate(drawn):
        fill = a_fill(BUY if units > 0 else SELL, abs(units), price, minute=minute)
        names = {"account": account, "symbol": symbol, "instrument": symbol, "strategy": strategy}
        closed += ledger.apply(booked(fill, number, **names))
        assert not asked or ledger.tallies == one_by_one(closed)
    assert ledger.tallies == one_by_one(closed)
    assert {key: (day.trades, day.realised, day.fees) for key, day in ledger.days.items()} == {
        key: (
            sum(not trade.is_fee for trade in trades),
            sum(trade.pnl_grains for trade in trades),
            sum(-trade.pnl_grains if trade.is_fee else trade.fee_grains for trade in trades),
        )
        for key, trades in by_day(closed).items()
    }


def by_day(closed: Sequence[ClosedTrade]) -> dict[tuple[str, date], list[ClosedTrade]]:
    """Trades by their account and the day (UTC) of their exit."""
    days: defaultdict[tuple[str, date], list[ClosedTrade]] = defaultdict(list)
    for trade in closed:
        days[trade.exit.account, trade.exit.at.date()].append(trade)
    return days


def test_nothing_is_counted_twice_or_left_out_when_there_is_more_than_is_counted_at_once() -> None:
    ledger, pairs = Ledger(), 2 * AT_ONCE + 1
    for number in range(pairs):
        ledger.apply(booked(a_fill(BUY, 1, 100), 2 * number))
        ledger.apply(booked(a_fill(SELL, 1, 101), 2 * number + 1))
    tally = ledger.tallies[TallyKey("paper", Of.ACCOUNT)]
    assert (tally.total_trades, tally.total_pnl, tally.streak) == (pairs, D(pairs), pairs)


def test_the_first_trade_is_the_best_and_the_worst_even_when_it_lost() -> None:
    tally = a_tally(-10)
    assert (tally.best_trade, tally.worst_trade) == (D(-10), D(-10))


def test_without_trades_all_figures_are_zero() -> None:
    tally = Tally()
    assert (tally.win_rate, tally.average_pnl, tally.last_updated) == (D(0), D(0), None)


@pytest.mark.parametrize(
    ("quantity", "direction", "profit", "percent"),
    [(10, Direction.LONG, 100, 10), (-10, Direction.SHORT, -100, -10)],
)
def test_a_position_is_worth_and_earns_what_closing_it_now_would_bring(
    quantity: int, direction: Direction, profit: int, percent: int
) -> None:
    position = Position(
        symbol="ES1!",
        instrument="ES1!",
        quantity=D(quantity),
        entry_price=D(50),
        current_price=D(55),
        multiplier=D(2),
    )
    assert position.direction is direction
    assert (position.unrealized_pl, position.unrealized_plpc) == (D(profit), D(percent))
    assert position.market_value == 110 * quantity


def test_a_position_that_cost_nothing_earns_no_percentage() -> None:
    free = Position(symbol="A", instrument="A", quantity=D(1), entry_price=D(0), current_price=D(5))
    assert free.unrealized_plpc == 0
