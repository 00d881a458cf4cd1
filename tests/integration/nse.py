"""Contracts of NIFTY, as a broker in tests may know them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.instrument import AssetClass, Instrument

EXPIRY = datetime(2026, 12, 1, 10, tzinfo=UTC)
CALL: dict[str, object] = {
    "symbol": "NIFTY",
    "strike": "ATM",
    "optionType": "CE",
    "expiry": "WEEKLY",
    "qty": 65,
}
PUT = {**CALL, "optionType": "PE"}
FRONT: dict[str, object] = {"symbol": "NSE:NIFTY1!", "quantity": 65}


def option(strike: int, kind: str = "CE", **overrides: object) -> Instrument:
    """An option of NIFTY that expires on Tuesday, December 1."""
    name = f"NSE:NIFTY26D01{strike}{kind}"
    made = Instrument(
        symbol=name,
        key=name,
        asset_class=AssetClass.OPTION,
        tick=Decimal("0.05"),
        step=Decimal(1),
        lot=Decimal(65),
        underlying="NIFTY",
        expiry=EXPIRY,
        strike=Decimal(strike),
        option_type=kind,
    )
    return replace(made, **overrides)  # type: ignore[arg-type]  # fields of the test


def future(month: str, expiry: datetime = EXPIRY, **overrides: object) -> Instrument:
    """A future of NIFTY."""
    name = f"NSE:NIFTY26{month}FUT"
    made = option(1, symbol=name, key=name, asset_class=AssetClass.FUTURE, expiry=expiry)
    return replace(made, strike=None, option_type=None, **overrides)  # type: ignore[arg-type]  # fields of the test
