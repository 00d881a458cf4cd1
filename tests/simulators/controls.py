"""The calls by which a test runs a simulator; the same over HTTP, under `/_sim/`.

Over HTTP a call is `POST /_sim/<name>` with its arguments as a JSON object.
"""

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import Any, Protocol

from tests.simulators.faults import Fault, Faults, Kind
from tests.simulators.hours import MarketHours
from tests.simulators.market import Market, Quote
from tests.simulators.streaming import Stream, StreamFault, StreamKind

Number = Decimal | int | str
Call = Callable[..., Any]


class Exchange(Protocol):
    """What follows from prices and from time. Whoever calls holds the market's lock."""

    def pass_time(self) -> None:
        """Do what the clock brought about."""
        ...

    def on_quote(self, symbol: str, quote: Quote) -> None:
        """New prices of an instrument."""
        ...


def number(text: Number) -> Decimal:
    """A number as it was given, without a float between."""
    return Decimal(str(text))


class Controls:
    """What a test does to a simulated exchange, beside trading with it."""

    def __init__(
        self, market: Market, hours: MarketHours, exchange: Exchange, faults: Faults, stream: Stream
    ) -> None:
        self.faults = faults
        self.stream = stream
        self.absences = 0
        """How often nobody could reach it, and can again."""
        self._market = market
        self._hours = hours
        self.__exchange = exchange

    def calls(self) -> dict[str, Call]:
        """The calls by their names; a broker adds its own."""
        return {
            "advance": self.advance,
            "clear_faults": self.clear_faults,
            "drop_stream": self.drop_stream,
            "fault": self.fault,
            "hold": self.hold,
            "market": self.market,
            "quote": self.quote,
            "release": self.release,
            "rules": self.rules,
            "silence_stream": self.silence_stream,
            "stream_fault": self.stream_fault,
            "unreachable": self.unreachable,
        }

    def call(self, name: str, given: dict[str, Any]) -> Any:
        """A call by its name; answers what can be written as JSON.

        Raises:
            KeyError: there is no such call.
        """
        return self._show(self.calls()[name](**given))

    def _show(self, result: Any) -> Any:
        """What a call came to, as JSON."""
        return result

    def _listed(self, symbol: str) -> str:
        """The symbol under which an instrument is quoted.

        Raises:
            ValueError: there is none.
        """
        raise NotImplementedError

    def _rules(self) -> Any:
        """The dataclass of what can be switched."""
        raise NotImplementedError

    # ------------------------------------------------------------------ the market

    def quote(
        self, symbol: str, bid: Number, ask: Number | None = None, *, size: Number | None = None
    ) -> None:
        """Set the best prices; what they reach fills. `size`: no more is traded at them."""
        with self._market.lock:
            self.__exchange.pass_time()
            low = number(bid)
            high = low if ask is None else number(ask)
            much = None if size is None else number(size)
            quote = Quote(low, high, self._market.stamp(), much)
            self.__exchange.on_quote(self._listed(symbol), quote)

    def hold(self, symbol: str) -> None:
        """Let nothing be traded at the present prices: orders stay open."""
        self._resize(symbol, Decimal(0))

    def release(self, symbol: str) -> None:
        """Let anything be traded at the present prices."""
        self._resize(symbol, None)

    def _resize(self, symbol: str, size: Decimal | None) -> None:
        with self._market.lock:
            name = self._listed(symbol)
            self.__exchange.on_quote(name, replace(self._market.quotes[name], size=size))

    def market(self, *, is_open: bool | None = None) -> None:
        """Open or close the market whatever the calendar says; None = as the calendar says."""
        with self._market.lock:
            self._hours.forced = is_open
            self.__exchange.pass_time()

    def advance(self, seconds: float) -> str:
        """Set the clock forward, when it is one that can be set."""
        advance: Callable[[float], object] | None = getattr(self._market.clock, "advance", None)
        if advance is None:
            raise ValueError("this clock cannot be set")
        advance(seconds)
        self.pass_time()
        return self._market.now().isoformat()

    def pass_time(self) -> None:
        """Do what the clock brought about; any request does so too."""
        with self._market.lock:
            self.__exchange.pass_time()

    def rules(self, **changes: Any) -> dict[str, Any]:
        """Switch what is contradicted between sources, or in the way of a test."""
        with self._market.lock:
            rules = self._rules()
            unknown = changes.keys() - {each.name for each in fields(rules)}
            if unknown:
                raise ValueError(f"no such rules: {sorted(unknown)}")
            for name, value in changes.items():
                setattr(rules, name, value)
            return asdict(rules)

    # ------------------------------------------------------------------ faults

    def fault(self, kind: str, route: str = "*", **how: Any) -> None:
        """Let something go wrong with requests; `tests/simulators/faults.py` says what."""
        self.faults.add(Fault(Kind(kind), route, **how))

    def stream_fault(self, kind: str, **how: Any) -> None:
        """Let something go wrong with events of the stream."""
        self.stream.faults.append(StreamFault(StreamKind(kind), **how))

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
        self.stream.faults.clear()
        self.stream.silent = False

    def drop_stream(self) -> None:
        """Break every connection of the stream."""
        self.stream.drop()

    def silence_stream(self, *, silent: bool = True) -> None:
        """Let the connections of the stream stay, and tell them nothing."""
        self.stream.silent = silent

    def unreachable(self, seconds: float) -> None:
        """Refuse every connection for so long."""
        raise NotImplementedError
