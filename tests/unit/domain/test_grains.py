"""Grains are exact both ways, and round only what is finer than any market."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.grains import from_grains, from_money_grains, grains, money_grains

ANY = st.decimals("-1E15", "1E15", places=18)


@given(ANY)
def test_a_number_comes_back_as_it_went_in(number: Decimal) -> None:
    assert from_grains(grains(number)) == number
    assert from_money_grains(money_grains(number)) == number


@given(ANY, ANY, ANY)
def test_products_of_grains_are_grains_of_money(a: Decimal, b: Decimal, c: Decimal) -> None:
    with localcontext(prec=200):
        assert from_money_grains(grains(a) * grains(b) * grains(c)) == a * b * c


@pytest.mark.parametrize(
    ("finer", "rounded"),
    [("1.0000000000000000004", "1"), ("-0.0000000000000000006", "-0.000000000000000001")],
)
def test_what_is_finer_than_a_grain_is_rounded(finer: str, rounded: str) -> None:
    assert from_grains(grains(Decimal(finer))) == Decimal(rounded)


def test_the_decimal_context_of_the_caller_does_not_matter() -> None:
    with localcontext(prec=3):
        assert from_grains(grains(Decimal("123456.789"))) == Decimal("123456.789")
