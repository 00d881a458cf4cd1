"""The exchange's day: what a daily limit counts (trading-rules 16)."""

from datetime import datetime

from app.domain.instrument import AssetClass, Ticker
from app.domain.windows import ZoneOf

INDIAN_EXCHANGES = frozenset({"NSE", "BSE", "MCX", "NCDEX"})


def zone_name(ticker: Ticker, asset_class: AssetClass) -> str:
    """Whose clocks an instrument's day follows: India's, those of crypto (UTC), else New York's."""
    if ticker.exchange in INDIAN_EXCHANGES:
        return "Asia/Kolkata"
    return "UTC" if asset_class is AssetClass.CRYPTO else "America/New_York"


def day_start(now: datetime, ticker: Ticker, asset_class: AssetClass, zone_of: ZoneOf) -> datetime:
    """The midnight before `now` (aware) where the instrument is traded."""
    local = now.astimezone(zone_of(zone_name(ticker, asset_class)))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
