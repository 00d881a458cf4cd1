"""Fees are a share of what is traded. Slippage is tested where it is used, in the matcher."""

from decimal import Decimal

import pytest

from app.domain.costs import PercentFee


@pytest.mark.parametrize(
    ("percent", "notional", "fee"),
    [
        ("0", "1000", "0"),
        ("0.1", "1000", "1"),
        ("0.1", "-1000", "1"),
        ("0.05", "123.45", "0.061725"),
        ("0.000000001", "0.05", "0"),
        ("100", "0.0000000000005", "0"),
        ("100", "0.0000000000015", "0.000000000002"),
    ],
)
def test_a_fee_is_a_share_of_what_is_traded_to_twelve_decimals(
    percent: str, notional: str, fee: str
) -> None:
    assert PercentFee(Decimal(percent)).of(Decimal(notional)) == Decimal(fee)


def test_without_a_rate_nothing_is_charged() -> None:
    assert PercentFee().of(Decimal(10**15)) == 0
