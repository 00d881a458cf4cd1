"""Each real broker names the currency of its accounts, whatever is traded there."""

import pytest

from app.adapters.brokers.alpaca.capabilities import STOCKS
from app.adapters.brokers.fyers.capabilities import abilities
from app.domain.instrument import AssetClass


@pytest.mark.parametrize("product", ["intraday", "cnc", "margin", "mtf", "bo", "co"])
def test_money_at_fyers_is_in_rupees(product: str) -> None:
    account = abilities(product)
    assert account.currency == "INR"
    for of_class in (account.for_class(asset_class) for asset_class in AssetClass):
        assert of_class.for_product(product).currency == "INR"


def test_money_at_alpaca_is_in_dollars() -> None:
    assert STOCKS.currency == "USD"
    assert {STOCKS.for_class(asset_class).currency for asset_class in AssetClass} == {"USD"}
