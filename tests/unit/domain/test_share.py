"""On which accounts an alert trades, and how much of it each takes (trading-rules 15)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alert import Amount, AmountUnit
from app.domain.share import Share, shares_of, written
from tests.builders import an_alert, cash, lots, of_equity, of_position, percent, risk, units

D = Decimal
HALF = Share("a", D("0.5"))


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("paper", [Share("paper")]),
        ("Paper , SECOND", [Share("paper"), Share("second")]),
        ("a*0.5", [HALF]),
        ("a * 2,b", [Share("a", D(2)), Share("b")]),
        ("a=$2000", [Share("a", size=cash(2000))]),
        ("a = 12.5", [Share("a", size=units("12.5"))]),
        ("a=5%", [Share("a", size=of_equity(5))]),
        ("a*1", [Share("a")]),
        ("a,,b,", [Share("a"), Share("b")]),
        ("a,A,a*0.5", [HALF]),
        ("a*0.5,a", [HALF]),
        ("a*0.5,a*0.50", [HALF]),
    ],
)
def test_accounts_are_listed_each_with_its_share(text: str, shares: list[Share]) -> None:
    assert list(shares_of(text)) == shares


@pytest.mark.parametrize(
    "text", ["a*0", "a*-1", "a*x", "a=", "a*2*3", "a=$0", "a=$5%", "my account", "*2", "", ","]
)
def test_rule_15_what_is_no_share_is_an_account_that_there_is_not(text: str) -> None:
    (share,) = shares_of(text)
    assert share == Share(text)


def test_one_account_has_one_size() -> None:
    with pytest.raises(ValueError, match="the account a is given two sizes"):
        shares_of("a*2, b, A*3")


@pytest.mark.parametrize(
    ("size", "half"),
    [
        (units(3), units("1.5")),
        (lots(4), lots(2)),
        (cash(1000), cash(500)),
        (risk(50), risk(25)),
        (percent(10), percent(10)),
        (of_equity(10), of_equity(10)),
        (of_position(50), of_position(50)),
        (None, None),
    ],
)
def test_rule_15_an_absolute_size_is_multiplied_and_a_percentage_is_not(
    size: Amount | None, half: Amount | None
) -> None:
    assert HALF.scaled(size) == half
    assert HALF.of(an_alert(quantity=size)).quantity == half


def test_rule_9_a_target_is_multiplied_with_the_position_before_it() -> None:
    alert = HALF.of(an_alert(position_size=D(-3), prev_position_size=D(5)))
    assert (alert.position_size, alert.prev_position_size) == (D("-1.5"), D("2.5"))


def test_a_plain_share_leaves_an_alert_as_it_is() -> None:
    alert = an_alert(quantity=units(3), position_size=D(3))
    assert Share("a").of(alert) is alert
    assert Share("a", size=cash(5)).of(alert) is alert


numbers = st.decimals(min_value="0.000001", max_value=10**9, places=6)
names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
written_units = st.sampled_from([AmountUnit.CASH, AmountUnit.UNITS, AmountUnit.PERCENT_OF_EQUITY])
multiples = st.builds(Share, names, numbers)
sized = st.builds(Share, names, size=st.builds(Amount, numbers, written_units))
shares = multiples | sized


@given(st.lists(shares, min_size=1, max_size=5, unique_by=lambda share: share.account))
def test_what_is_written_is_read_again(some: list[Share]) -> None:
    assert list(shares_of(written(tuple(some)))) == some


@given(st.text(max_size=30))
def test_any_text_names_an_account_and_reads_as_it_is_written(text: str) -> None:
    try:
        found = shares_of(text)
    except ValueError:
        return
    for share in found:
        assert shares_of(str(share)) == (share,)


@given(multiples, numbers)
def test_rule_15_a_multiplied_size_is_exact(share: Share, value: Decimal) -> None:
    scaled = share.scaled(Amount(value))
    assert scaled is not None
    assert Fraction(scaled.value) == Fraction(value) * Fraction(share.multiplier)
