"""A wish for a contract: what an alert says of an option or a future, before one is chosen.

A wish is read from words, without looking anything up. Which contract it means at a moment, the
list of contracts says: expiries move with holidays, and exchanges change their days, so that no
date is ever worked out from weekdays.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied
from app.domain.instrument import AssetClass, Ticker

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
FUTURE_MONTHS = "FGHJKMNQUVXZ"
"""The letters of the months in names of futures: `NIFTYF2026`."""
WEEK_MONTHS = "123456789OND"
"""The letters of the months in names of weekly contracts: `NIFTY2670724350CE`."""

_MONEYNESS = re.compile(r"ATM|(ITM|OTM)([1-9][0-9]?)")
_AHEAD = re.compile(r"\+([0-9][0-9]?)")
_NAME = r"(?P<root>[A-Z0-9][A-Z0-9&_-]*?)"
_STRIKE = r"(?P<strike>[0-9]+(?:\.[0-9]+)?)"
_MONTH = "|".join(MONTHS)
_CONTINUOUS = re.compile(_NAME + r"(?P<place>[1-9])!")
_FUTURE = re.compile(_NAME + rf"(?P<yy>[0-9][0-9])(?P<month>{_MONTH})FUT")
_LETTERED = re.compile(_NAME + rf"(?P<letter>[{FUTURE_MONTHS}])20(?P<yy>[0-9][0-9])")
_DAYED = re.compile(
    _NAME + r"(?P<yy>[0-9][0-9])(?P<mm>[0-9][0-9])(?P<dd>[0-9][0-9])(?P<right>[CP])" + _STRIKE
)
_MONTHLY = re.compile(_NAME + rf"(?P<yy>[0-9][0-9])(?P<month>{_MONTH}){_STRIKE}(?P<right>[CP])E")
_WEEKLY = re.compile(
    rf"(?P<root>[A-Z]+)(?P<yy>[0-9][0-9])(?P<week>[{WEEK_MONTHS}])(?P<dd>[0-9][0-9]){_STRIKE}(?P<right>[CP])E"
)


class OptionType(StrEnum):
    """The right that an option gives."""

    CALL = "CE"
    PUT = "PE"


class Series(StrEnum):
    """An expiry by its kind: the nearest of all, the nearest that is the last of its month."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, slots=True)
class Moneyness:
    """A strike by its place: listed strikes from the one at the money into it (negative: out)."""

    steps: int

    def __str__(self) -> str:
        if not self.steps:
            return "ATM"
        return f"{'ITM' if self.steps > 0 else 'OTM'}{abs(self.steps)}"


@dataclass(frozen=True, slots=True)
class Ahead:
    """An expiry by its place: 0 is the nearest, 1 the next one."""

    expiries: int

    def __str__(self) -> str:
        return f"+{self.expiries}"


@dataclass(frozen=True, slots=True)
class Month:
    """The last expiry of a month."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{MONTHS[self.month - 1]} {self.year}"


Strike = Decimal | Moneyness
Expiry = Series | Ahead | Month | date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What contract is wanted of an underlying; without an option type, a future.

    `name`: the name that said all of this by itself (`NIFTY1!`, `NIFTY260127C26000`); None when
    fields did.
    """

    underlying: Ticker
    expiry: Expiry
    option_type: OptionType | None = None
    strike: Strike | None = None
    name: Ticker | None = None

    @property
    def asset_class(self) -> AssetClass:
        """Option or future."""
        return AssetClass.FUTURE if self.option_type is None else AssetClass.OPTION

    def __str__(self) -> str:
        parts = (self.underlying.name, self.expiry, self.strike, self.option_type or "future")
        return " ".join(_plain(part) for part in parts if part is not None)


def wish_of(alert: Alert) -> Wish | Denied | None:
    """The wish of an alert; None when it names no option and no future."""
    ticker = Ticker.parse(alert.symbol, alert.exchange)
    named = wish_named(ticker)
    if not alert.has_option_fields:
        return named
    if named is not None and named.option_type is not None:
        return _unclear(f"{ticker.name} is an option by itself, and there are option fields too")
    if not (alert.strike and alert.option_type and alert.expiry):
        fields = {"strike": alert.strike, "option_type": alert.option_type, "expiry": alert.expiry}
        missing = " and ".join(name for name, value in fields.items() if not value)
        return _unclear(f"an option without {missing}")
    try:
        return Wish(
            underlying=ticker if named is None else named.underlying,
            option_type=OptionType(alert.option_type),
            strike=read_strike(alert.strike),
            expiry=read_expiry(alert.expiry),
        )
    except ValueError as error:
        return _unclear(str(error))


def wish_named(ticker: Ticker) -> Wish | None:
    """The wish that a name says by itself; None when it names no contract.

    `NIFTY1!` (2! is the next one), `NIFTYF2026`, `NIFTY26JANFUT`, `NIFTY260127C26000`,
    `NIFTY26JAN26000CE`, `NIFTY2611326000CE`.
    """
    for pattern in (_CONTINUOUS, _FUTURE, _LETTERED, _DAYED, _MONTHLY, _WEEKLY):
        match = pattern.fullmatch(ticker.name)
        if match is None:
            continue
        parts = match.groupdict()
        expiry = _expiry_of(parts)
        if expiry is None:
            continue
        return Wish(
            underlying=Ticker(ticker.exchange, parts["root"]),
            expiry=expiry,
            option_type=OptionType(f"{parts['right']}E") if "right" in parts else None,
            strike=Decimal(parts["strike"]) if "strike" in parts else None,
            name=ticker,
        )
    return None


def read_strike(text: str) -> Strike:
    """A strike: a positive number, or ATM, ITMn, OTMn.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    word = text.strip().upper()
    match = _MONEYNESS.fullmatch(word)
    if match is not None:
        return Moneyness(int(match[2] or 0) * (-1 if match[1] == "OTM" else 1))
    try:
        number = Decimal(word)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise ValueError(f"the strike {text!r} is no price, nor ATM, ITM1, OTM2")
    return number


def read_expiry(text: str) -> Expiry:
    """An expiry: WEEKLY, MONTHLY, a date like 2026-08-25, or +n.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    word = text.strip().upper()
    if word in Series.__members__:
        return Series(word)
    match = _AHEAD.fullmatch(word)
    if match is not None:
        return Ahead(int(match[1]))
    try:
        return date.fromisoformat(word)
    except ValueError:
        what = "WEEKLY, MONTHLY, a date like 2026-08-25, or +1"
        raise ValueError(f"the expiry {text!r} is not {what}") from None


def _expiry_of(parts: dict[str, str]) -> Expiry | None:
    if "place" in parts:
        return Ahead(int(parts["place"]) - 1)
    year = 2000 + int(parts["yy"])
    if "month" in parts:
        return Month(year, MONTHS.index(parts["month"]) + 1)
    if "letter" in parts:
        return Month(year, FUTURE_MONTHS.index(parts["letter"]) + 1)
    month = int(parts["mm"]) if "mm" in parts else WEEK_MONTHS.index(parts["week"]) + 1
    try:
        return date(year, month, int(parts["dd"]))
    except ValueError:
        return None


def _unclear(detail: str) -> Denied:
    return Denied(Denial.UNCLEAR_CONTRACT, detail)


def _plain(part: object) -> str:
    return f"{part:f}" if isinstance(part, Decimal) else str(part)
