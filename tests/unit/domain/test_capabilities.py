"""What an account can do may differ by asset class, and shorting by instrument."""

from dataclasses import replace

import pytest

from app.domain.instrument import AssetClass
from tests.builders import an_instrument, capabilities

COINS = capabilities(short_asset_classes=frozenset(), oco=False)
MIXED = capabilities(oco=True, apart={AssetClass.CRYPTO: COINS})


def test_a_class_apart_has_its_own_abilities() -> None:
    assert MIXED.for_class(AssetClass.CRYPTO) is COINS


def test_any_other_class_has_those_of_the_account() -> None:
    assert MIXED.for_class(AssetClass.EQUITY) is MIXED


@pytest.mark.parametrize(
    ("asset_class", "shortable", "expected"),
    [
        (AssetClass.EQUITY, None, True),
        (AssetClass.EQUITY, True, True),
        (AssetClass.EQUITY, False, False),
        (AssetClass.CRYPTO, None, False),
        (AssetClass.CRYPTO, True, False),
    ],
)
def test_an_instrument_is_sold_short_where_its_class_is_and_it_is_no_exception(
    asset_class: AssetClass, *, shortable: bool | None, expected: bool
) -> None:
    instrument = an_instrument(asset_class=asset_class, shortable=shortable)
    assert MIXED.can_short(instrument) is expected


def test_no_class_is_apart_unless_it_is_said() -> None:
    assert replace(MIXED, apart={}).for_class(AssetClass.CRYPTO).oco
