"""Amounts become quantities on the grid: never above the budget, never above what is held."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alert import Amount, AmountUnit
from app.domain.decision import Denial, Denied
from app.domain.sizing import Means, beyond_one_order, entry_quantity, exit_quantity
from tests.builders import cash, lots, of_equity, of_position, percent, risk, units

D = Decimal
STEPS = st.sampled_from([D(1), D("0.5"), D("0.001"), D("0.000000001"), D(75), D("0.03")])
MONEY = st.decimals("0.01", 10**14, places=18)
PRICES = st.decimals("0.000000000001", 10**6, places=12)
MULTIPLIERS = st.sampled_from([D(1), D(50), D("0.1")])
PERCENTS = st.decimals("0.000001", 100, places=6)


def means(
    price: Decimal | int | None = 100,
    step: Decimal | int = 1,
    *,
    equity: Decimal | int = 10_000,
    buying_power: Decimal | int = 10_000,
    multiplier: Decimal | int = 1,
    lot: Decimal | int | None = None,
    stop: Decimal | int | None = None,
) -> Means:
    """An account of 10,000 in cash that trades whole shares at 100."""
    return Means(
        price=None if price is None else D(price),
        equity=D(equity),
        buying_power=D(buying_power),
        multiplier=D(multiplier),
        step=D(step),
        lot=None if lot is None else D(lot),
        stop=None if stop is None else D(stop),
    )


def reason(quantity: Decimal | Denied) -> Denial | None:
    """Say why there is no quantity."""
    return quantity.reason if isinstance(quantity, Denied) else None


# --- entries -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "known", "quantity"),
    [
        (units("7.9"), means(None), 7),
        (cash(1050), means(), 10),
        (cash(1050), means(step=D("0.1")), D("10.5")),
        (cash(1050), means(multiplier=2), 5),
        (cash(100_000), means(), 1000),
        (percent(25), means(), 25),
        (of_equity(25), means(), 25),
        (of_equity(25), means(buying_power=1000), 10),
        (of_equity(400), means(buying_power=20_000), 200),
        (cash(1050), means(lot=4), 8),
        (percent(25), means(lot=4), 24),
        (units(150), means(None, lot=75), 150),
        (lots(2), means(None, lot=75), 150),
        (lots(2), means(None), 2),
        (lots("2.7"), means(None), 2),
        (risk(100), means(stop=98), 50),
        (risk(100), means(stop=102), 50),
        (risk(100), means(stop=98, multiplier=50, equity=10**6, buying_power=10**6), 1),
        (risk(100), means(stop=98, buying_power=3000), 30),
        (risk(100), means(stop=D("97.01")), 33),
        (risk(100), means(stop=98, lot=20), 40),
        (risk("0.05"), means(stop=D("99.98"), step=D("0.1")), D("2.5")),
    ],
)
def test_every_unit_becomes_a_quantity_that_is_floored_to_the_step(
    size: Amount, known: Means, quantity: Decimal
) -> None:
    assert entry_quantity(size, known) == quantity


@pytest.mark.parametrize(
    ("size", "known", "why"),
    [
        (cash(1000), means(None), Denial.NO_QUOTE),
        (cash(1000), means(0), Denial.NO_QUOTE),
        (percent(10), means(None), Denial.NO_QUOTE),
        (units("0.9"), means(), Denial.TOO_SMALL),
        (cash("99.99"), means(), Denial.TOO_SMALL),
        (percent("0.9"), means(), Denial.TOO_SMALL),
        (percent(50), means(buying_power=0), Denial.TOO_SMALL),
        (percent(50), means(buying_power=-250), Denial.TOO_SMALL),
        (percent(50), means(equity=-250), Denial.TOO_SMALL),
        (of_position(50), means(), Denial.UNSUPPORTED_QUANTITY),
        (risk(100), means(), Denial.NO_STOP),
        (risk(100), means(None), Denial.NO_QUOTE),
        (risk(100), means(0, stop=98), Denial.NO_QUOTE),
        (risk(100), means(stop=D("99.99")), Denial.IMPLAUSIBLE_STOP),
        (risk(100), means(stop=D("100.01")), Denial.IMPLAUSIBLE_STOP),
        (risk(1), means(stop=90), Denial.TOO_SMALL),
        (risk(100), means(stop=98, buying_power=0), Denial.TOO_SMALL),
        (units(100), means(lot=75), Denial.WRONG_LOT),
        (units("0.5"), means(lot=75), Denial.WRONG_LOT),
        (lots("0.5"), means(lot=75), Denial.WRONG_LOT),
        (cash(5000), means(lot=75), Denial.TOO_SMALL),
    ],
)
def test_what_cannot_be_sized_says_why(size: Amount, known: Means, why: Denial) -> None:
    assert reason(entry_quantity(size, known)) is why


@pytest.mark.parametrize(
    ("size", "known", "words"),
    [
        (cash(1000), means(None), "a size in money needs a price, and none is known"),
        (risk(100), means(), "a size by risk needs a stop loss"),
        (
            risk(100),
            means(stop=D("99.99")),
            "the stop 99.99 is less than 2 ticks away from 100",
        ),
        (cash("99.5"), means(), "0.995000000 is less than one step of 1"),
        (
            of_position(50),
            means(),
            "a percentage of the position says how much to close, not how much to enter",
        ),
    ],
)
def test_what_cannot_be_sized_says_why_in_words(size: Amount, known: Means, words: str) -> None:
    denied = entry_quantity(size, known)
    assert isinstance(denied, Denied)
    assert denied.detail == words


@given(money=MONEY, price=PRICES, step=STEPS, multiplier=MULTIPLIERS)
def test_rule_16_a_quantity_in_money_never_exceeds_its_budget_and_one_step_more_would(
    *, money: Decimal, price: Decimal, step: Decimal, multiplier: Decimal
) -> None:
    quantity = entry_quantity(cash(money), means(price, step, multiplier=multiplier))
    steps = Fraction(0 if isinstance(quantity, Denied) else quantity) / Fraction(step)
    cost_of_one = Fraction(step) * Fraction(price) * Fraction(multiplier)
    assert steps.denominator == 1
    assert steps * cost_of_one <= Fraction(money) < (steps + 1) * cost_of_one


def test_a_budget_just_short_of_a_share_does_not_buy_it() -> None:
    known = means(price=D("99999999999999.999999999999999999"))
    assert reason(entry_quantity(cash("99999999999999.999999999999999998"), known)) is (
        Denial.TOO_SMALL
    )


@given(share=PERCENTS, equity=MONEY, power=MONEY, price=PRICES)
def test_rule_16_a_percentage_exceeds_neither_its_part_of_the_equity_nor_the_buying_power(
    *, share: Decimal, equity: Decimal, power: Decimal, price: Decimal
) -> None:
    known = means(price, D("0.001"), equity=equity, buying_power=power)
    quantity = entry_quantity(of_equity(share), known)
    cost = 0 if isinstance(quantity, Denied) else Fraction(quantity) * Fraction(price)
    assert cost <= Fraction(power)
    assert cost <= Fraction(equity) * Fraction(share) / 100


def test_a_quantity_beside_the_lot_is_told_the_nearest_that_fit() -> None:
    for quantity, nearest in (("100", "75 or 150"), ("20", "75"), ("150.5", "150 or 225")):
        denied = entry_quantity(units(quantity), means(None, lot=75))
        assert isinstance(denied, Denied)
        assert denied.detail.endswith(f"nearest: {nearest}")


@given(
    money=MONEY,
    price=PRICES,
    ticks=st.integers(2, 10**6),
    power=MONEY,
    step=STEPS,
    multiplier=MULTIPLIERS,
    above=st.booleans(),
)
def test_rule_16_a_size_by_risk_loses_no_more_than_the_risk_and_costs_no_more_than_there_is(
    *,
    money: Decimal,
    price: Decimal,
    ticks: int,
    power: Decimal,
    step: Decimal,
    multiplier: Decimal,
    above: bool,
) -> None:
    distance = ticks * D("0.01")
    stop = price + distance if above else price - distance
    known = means(price, step, buying_power=power, multiplier=multiplier, stop=stop)
    quantity = entry_quantity(risk(money), known)
    steps = Fraction(0 if isinstance(quantity, Denied) else quantity) / Fraction(step)
    loss = Fraction(step) * Fraction(distance) * Fraction(multiplier)
    cost = Fraction(step) * Fraction(price) * Fraction(multiplier)
    assert steps.denominator == 1
    assert steps * loss <= Fraction(money)
    assert steps * cost <= Fraction(power)
    one_more = steps + 1
    assert one_more * loss > Fraction(money) or one_more * cost > Fraction(power)


@given(
    unit=st.sampled_from(
        [AmountUnit.UNITS, AmountUnit.CASH, AmountUnit.PERCENT, AmountUnit.RISK_CASH]
    ),
    sizes=st.tuples(MONEY, MONEY),
    price=st.decimals(1, 10**6, places=2),
    step=STEPS,
)
def test_a_larger_size_never_makes_a_smaller_quantity(
    *, unit: AmountUnit, sizes: tuple[Decimal, Decimal], price: Decimal, step: Decimal
) -> None:
    known = means(price, step, equity=10**12, buying_power=10**12, stop=price * D("0.9"))
    small, large = (entry_quantity(Amount(each, unit), known) for each in sorted(sizes))
    assert isinstance(small, Denied) or (not isinstance(large, Denied) and small <= large)


@given(number=st.integers(1, 10**6), lot=st.integers(1, 10**4))
def test_lots_are_so_many_times_the_lot(*, number: int, lot: int) -> None:
    assert entry_quantity(lots(number), means(None, lot=lot)) == number * lot
    assert entry_quantity(units(number * lot), means(None, lot=lot)) == number * lot


# --- exits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "held", "quantity"),
    [
        (units(4), 10, 4),
        (units("4.7"), 10, 4),
        (units(10), 10, 10),
        (units(11), 10, 10),
        (units(4), -10, 4),
        (cash(450), 10, 4),
        (cash(5000), 10, 10),
        (percent(50), 10, 5),
        (percent(55), 10, 5),
        (percent(100), 10, 10),
        (percent(250), 10, 10),
        (of_position(50), -10, 5),
        (of_position(100), D("10.123"), D("10.123")),
        (units(11), D("10.123"), D("10.123")),
        (units("10.123"), D("10.123"), D("10.123")),
        (lots(4), 10, 4),
    ],
)
def test_rule_10_an_exit_is_floored_to_the_step_and_capped_at_what_is_held(
    share: Amount, held: Decimal, quantity: Decimal
) -> None:
    assert exit_quantity(share, D(held), means()) == quantity


@pytest.mark.parametrize(
    ("share", "known", "why"),
    [
        (percent(9), means(), Denial.TOO_SMALL),
        (units("0.5"), means(), Denial.TOO_SMALL),
        (cash(50), means(), Denial.TOO_SMALL),
        (cash(500), means(None), Denial.NO_QUOTE),
        (of_equity(50), means(), Denial.UNSUPPORTED_QUANTITY),
        (risk(50), means(), Denial.UNSUPPORTED_QUANTITY),
        (lots("0.5"), means(), Denial.TOO_SMALL),
        (units(4), means(lot=5), Denial.TOO_SMALL),
    ],
)
def test_rule_10_nothing_left_after_rounding_is_too_small(
    share: Amount, known: Means, why: Denial
) -> None:
    assert reason(exit_quantity(share, D(10), known)) is why


def test_an_exit_cannot_be_sized_by_equity_and_says_so() -> None:
    denied = exit_quantity(of_equity(50), D(10), means())
    words = "quantity_type percent_of_equity cannot size an exit"
    assert denied == Denied(Denial.UNSUPPORTED_QUANTITY, words)


@given(
    value=st.decimals("0.000001", 10**6, places=6),
    unit=st.sampled_from([AmountUnit.UNITS, AmountUnit.CASH, AmountUnit.PERCENT]),
    held=st.decimals("0.000000001", 10**6, places=9),
    step=STEPS,
    short=st.booleans(),
)
def test_rule_17_an_exit_never_exceeds_what_is_held(
    *, value: Decimal, unit: AmountUnit, held: Decimal, step: Decimal, short: bool
) -> None:
    quantity = exit_quantity(Amount(value, unit), -held if short else held, means(step=step))
    if not isinstance(quantity, Denied):
        assert 0 < quantity <= held
        assert quantity == held or Fraction(quantity) % Fraction(step) == 0


@given(held=st.decimals("0.000000000000000001", 10**9, places=18), step=STEPS)
def test_rule_10_a_hundred_percent_closes_exactly(*, held: Decimal, step: Decimal) -> None:
    assert exit_quantity(percent(100), held, means(None, step)) == held
    assert exit_quantity(of_position(100), -held, means(None, step)) == held


@given(
    value=st.decimals("0.01", 10**6, places=2),
    unit=st.sampled_from([AmountUnit.UNITS, AmountUnit.CASH, AmountUnit.PERCENT]),
    held=st.integers(1, 40),
    lot=st.sampled_from([1, 25, 65, 1250]),
)
def test_an_exit_takes_whole_lots_and_says_the_lot_when_it_is_less(
    *, value: Decimal, unit: AmountUnit, held: int, lot: int
) -> None:
    quantity = exit_quantity(Amount(value, unit), D(held * lot), means(lot=lot))
    if isinstance(quantity, Denied):
        assert quantity.reason is Denial.TOO_SMALL
        assert f"one lot of {lot}" in quantity.detail
    else:
        assert quantity % lot == 0
        assert 0 < quantity <= held * lot


@given(quantity=st.integers(1, 10**6), lot=st.integers(2, 2000))
def test_a_wrong_multiple_is_told_the_two_beside_it(*, quantity: int, lot: int) -> None:
    sized = entry_quantity(units(quantity), means(None, lot=lot))
    below = quantity // lot * lot
    if below == quantity:
        assert sized == quantity
    else:
        assert isinstance(sized, Denied)
        told = f"the lot of {lot}; the nearest: " + (f"{below} or " if below else "")
        assert sized.detail.endswith(f"{told}{below + lot}")


@pytest.mark.parametrize(
    ("quantity", "lot", "freeze", "most"),
    [
        (17_550, 65, 1800, None),
        (17_615, 65, 1800, "10 orders of 1755 units hold: at most 17550"),
        (6000, 30, 600, None),
        (6030, 30, 600, "10 orders of 600 units hold: at most 6000"),
        (65, 65, 64, "10 orders of 0 units hold: at most 0"),
        (10_001, None, 1000, "10 orders of 1000 units hold: at most 10000"),
        (10**9, 65, None, None),
    ],
)
def test_one_order_holds_ten_times_what_an_exchange_takes_at_once_in_whole_lots(
    quantity: int, lot: int | None, freeze: int | None, most: str | None
) -> None:
    amounts = [None if amount is None else D(amount) for amount in (lot, freeze)]
    denied = beyond_one_order(D(quantity), *amounts)

    assert (denied.detail.partition("more than ")[2] if denied else None) == most
