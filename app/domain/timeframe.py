"""Timeframes in one form: `5s 15m 1h 4h 1d 1w 1M`, however a chart or a sheet writes them."""

import re

_WRITTEN = re.compile(r"([0-9]{0,4}) ?([A-Za-z]*)")
_WORDS = {"hourly": "1h", "daily": "1d", "weekly": "1w", "monthly": "1M"}
_UNITS = {
    "": "m",
    "s": "s",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "m": "m",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "h": "h",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "d": "d",
    "day": "d",
    "days": "d",
    "w": "w",
    "wk": "w",
    "week": "w",
    "weeks": "w",
    "mo": "M",
    "month": "M",
    "months": "M",
    "t": "t",
    "tick": "t",
    "ticks": "t",
    "r": "r",
    "range": "r",
}
_LARGER = {"s": (60, "m"), "m": (60, "h"), "h": (24, "d")}
_LONGEST_IN_MONTHS = 12


def canonical_timeframe(text: str) -> str | None:
    """The canonical form of a timeframe; None when it is not one.

    A bare number counts minutes, as TradingView's `{{interval}}` does, and whole larger units are
    used where there are any (60 = `1h`, 24H = `1d`). A capital `M` counts months up to 12, beyond
    them minutes (`15M` is what people type for 15 minutes). `t` is ticks, `r` a range.
    """
    text = text.strip()
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    match = _WRITTEN.fullmatch(text)
    if match is None or not text:
        return None
    count = int(match[1] or "1")
    unit = _unit(match[2], count)
    return _reduced(count, unit) if unit and count else None


def _unit(word: str, count: int) -> str | None:
    if word == "M" and count <= _LONGEST_IN_MONTHS:
        return "M"
    return _UNITS.get(word.lower())


def _reduced(count: int, unit: str) -> str:
    while unit in _LARGER and count % _LARGER[unit][0] == 0:
        size, larger = _LARGER[unit]
        count, unit = count // size, larger
    return f"{count}{unit}"
