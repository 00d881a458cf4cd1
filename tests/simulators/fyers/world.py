"""The state of the simulator: what there is, what it costs, who owns it, what was asked of it."""

from dataclasses import dataclass, field
from datetime import UTC, date, time, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from app.domain.session import Calendar, Day, Hours
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.instruments import IST, MASTER, Instrument, instruments_of
from tests.simulators.fyers.orders import ZERO
from tests.simulators.hours import MarketHours
from tests.simulators.market import Market, Quote
from tests.simulators.moments import NANOS, moment_of, nanos_of

_SPOTS = {
    "NSE:NIFTY50-INDEX": "24650",
    "NSE:NIFTYBANK-INDEX": "55400",
    "NSE:FINNIFTY-INDEX": "26400",
    "NSE:MIDCPNIFTY-INDEX": "12600",
    "NSE:NIFTYNXT50-INDEX": "67000",
    "NSE:NIFTYIT-INDEX": "36000",
    "NSE:INDIAVIX-INDEX": "12.5",
    "BSE:SENSEX-INDEX": "83600",
    "NSE:SBIN-EQ": "825",
    "NSE:RELIANCE-EQ": "1375",
    "NSE:TCS-EQ": "3050",
    "NSE:INFY-EQ": "1450",
    "NSE:HDFCBANK-EQ": "990",
    "NSE:ICICIBANK-EQ": "1370",
    "NSE:M&M-EQ": "3650",
    "NSE:ITC-EQ": "405",
    "NSE:TMPV-EQ": "405",
    "NSE:BAJAJ-AUTO-EQ": "8900",
    "NSE:NYKAA-EQ": "250",
    "NSE:NIFTYBEES-EQ": "280",
    "NSE:IDEA-EQ": "9.5",
}
_SPOT_OF = {
    "BANKEX": "62000",
    "BANKNIFTY": _SPOTS["NSE:NIFTYBANK-INDEX"],
    "NIFTY": _SPOTS["NSE:NIFTY50-INDEX"],
}
_CHEAP = Decimal(100)
_TIME_VALUE = Decimal("0.008")


def usual_hours() -> MarketHours:
    """Every weekday from 09:15 to 15:30 in India; this market has no holidays."""
    usual = Day((Hours(time(9, 15), time(15, 30)),))
    return MarketHours(Calendar(name="fyers", zone=IST, usual=usual))


@dataclass(slots=True)
class Rules:
    """What is not certain of Fyers, or may be switched off.

    Attributes:
        lag: for how many seconds readers of the order book and the trade book do not see what
            happened.
        rate_limits: 10 requests a second, 200 a minute, 100,000 a day, 10 orders a second; and the
            day is over for who breaks the limit of a minute more than three times.
        market_protection: market orders and stops without a limit are refused.
        static_ip: orders are taken from this address only; empty = from anywhere.
        holds_in_transit: orders stay in transit until they are let through.
        refuses_reached_stops: a stop on the wrong side of the last price is refused.
        squares_off: positions for the day are closed ten minutes before its end.
        gtt_tells: the book of GTT orders shows their tags, and what they place names its parent.
        partial_rate: how often a fill comes in two parts.
        approved: the app was approved once in a browser, so that it may log in without one.
        logins: how many headless logins a minute are taken.
    """

    lag: float = 0.0
    rate_limits: bool = False
    market_protection: bool = True
    static_ip: str = ""
    holds_in_transit: bool = False
    refuses_reached_stops: bool = True
    squares_off: bool = True
    gtt_tells: bool = False
    partial_rate: float = 0.0
    approved: bool = True
    logins: int = 5


@dataclass
class World(Market):
    """Everything that is remembered. Whoever looks or changes holds `lock`.

    Attributes:
        folder: where the files of the symbol master are.
        redates: whether their contracts are put into the months to come.
    """

    folder: Path = MASTER
    redates: bool = True
    rules: Rules = field(default_factory=Rules)
    hours: MarketHours = field(default_factory=usual_hours)
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])

    def __post_init__(self) -> None:
        super().__post_init__()
        self._numbers = 0
        self.dated = self.today() if self.redates else None

    def today(self) -> date:
        """The day in India."""
        return self.now().astimezone(IST).date()

    def new_id(self) -> str:
        """A number that begins with the day, the same in the same order."""
        self._numbers += 1
        return f"{self.today():%y%m%d}{self._numbers:08}"

    def redate(self) -> None:
        """Put the contracts of the master into the months from now on."""
        self.dated = self.today()

    @property
    def instruments(self) -> dict[str, Instrument]:
        """What is in the master."""
        return instruments_of(self.folder, self.dated)

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument of a symbol."""
        return self.instruments.get(symbol)

    def quote(self, instrument: Instrument) -> Quote:
        """Its best prices; what never had any gets a likely one."""
        found = self.quotes.get(instrument.symbol)
        if found is None:
            price = self._likely(instrument)
            found = self.quotes[instrument.symbol] = Quote(price, price, self.stamp())
        return found

    def last(self, instrument: Instrument) -> Decimal:
        """The price of the last trade: between bid and ask."""
        ticks = self.quote(instrument).middle / instrument.tick
        return ticks.to_integral_value(ROUND_DOWN) * instrument.tick

    def seen_from(self, lag: int) -> int:
        """From when on readers see what happens now."""
        return self.nanos() + int(self.rules.lag * NANOS) + lag

    def nanos(self) -> int:
        """The present in nanoseconds, as the clock has it."""
        return nanos_of(self.now())

    def wall(self, stamp: int) -> str:
        """A moment as it stands in an answer, by the clocks of India."""
        return moment_of(stamp).replace(tzinfo=UTC).astimezone(IST).strftime("%d-%b-%Y %H:%M:%S")

    def _likely(self, instrument: Instrument) -> Decimal:
        """The spot for what is no option; for an option what it is worth, and some time value."""
        spot = self._spot(instrument)
        if instrument.strike is None:
            return spot
        side = 1 if instrument.right == "CE" else -1
        inner = max(ZERO, side * (spot - instrument.strike))
        days = max(1, ((instrument.expires or self.now()) - self.now()) / timedelta(days=1))
        away = abs(spot - instrument.strike) / 2
        more = max(ZERO, spot * _TIME_VALUE * Decimal(days).sqrt() / 2 - away)
        ticks = ((inner + more) / instrument.tick).to_integral_value(ROUND_DOWN)
        return max(ticks, Decimal(1)) * instrument.tick

    def _spot(self, instrument: Instrument) -> Decimal:
        if instrument.symbol in _SPOTS:
            return Decimal(_SPOTS[instrument.symbol])
        for symbol in self._underlying(instrument.underlying):
            if symbol in self.quotes:
                return self.quotes[symbol].middle
            if symbol in _SPOTS:
                return Decimal(_SPOTS[symbol])
        return Decimal(_SPOT_OF.get(instrument.underlying, _CHEAP))

    def _underlying(self, name: str) -> list[str]:
        """What an underlying's name may be quoted as."""
        indices = [
            each.symbol
            for each in self.instruments.values()
            if each.is_index and each.underlying == name
        ]
        return [*indices, f"NSE:{name}-EQ"]
