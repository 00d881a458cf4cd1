"""What Alpaca trades: its list of assets, and the instruments that names mean there."""

import difflib
import logging
import re
import threading
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import quote

from app.adapters.brokers.alpaca.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, number, rows_of, understood
from app.domain.contract import Wish
from app.domain.errors import BrokerError
from app.domain.instrument import COIN_QUOTES, COINS, AssetClass, Instrument, Ticker
from app.ports.clock import Clock

log = logging.getLogger(__name__)

GOOD_FOR = timedelta(days=1).total_seconds()
ASK_AGAIN = 60.0
"""Seconds after which a name that was not known is asked for again."""

CENT, WHOLE = Decimal("0.01"), Decimal(1)
FRACTION = Decimal("0.000000001")
CONTRACT = Decimal(100)
"""Shares that an option contract is for."""

HIGHEST_STRIKE = Decimal(100_000)
"""From here on a strike has no room in an OCC symbol."""

NEAREST = 3
"""So many names are told that look like one which is not there."""

_HARD = "hard_to_borrow"
_CLASSES = {"us_equity": AssetClass.EQUITY, "crypto": AssetClass.CRYPTO}
_DOLLARS = ("USDT", "USDC", "BUSD")
_OCC = re.compile(r"([A-Z]{1,6}\d?)(\d{6})([CP])(\d{8})")
_OPRA = re.compile(r"([A-Z]{1,6}\d?)(\d{6})([CP])(\d{1,5})(?:\.(\d{1,3}))?")


class Assets:
    """The instruments of an account, by their names there, read once a day."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._found: dict[str, Instrument] = {}
        self._missing: dict[str, float] = {}
        self._read_at: float | None = None
        self._tried_at = float("-inf")
        self._reading = threading.Lock()

    def read(self) -> None:
        """Read the whole list.

        Raises:
            BrokerError: it could not be read.
        """
        with self._reading:
            found: dict[str, Instrument] = {}
            for kind in _CLASSES:
                params = {"status": "active", "asset_class": kind}
                for instrument in _instruments(self._wire.get("/assets", params)):
                    found[instrument.key] = instrument
            self._found = found
            self._read_at = self._clock.monotonic()

    def of(self, ticker: Ticker) -> Instrument | None:
        """The instrument that a TradingView name means here.

        Raises:
            BrokerError: it is not known yet, and could not be asked for.
        """
        option = occ_symbol(ticker.name)
        if option is not None:
            return option_of(option)
        name = alpaca_name(ticker)
        return self.by_key(name.replace("/", ""), name) if name else None

    def by_key(self, key: str, name: str = "") -> Instrument | None:
        """The instrument of a key; None when there is none.

        Raises:
            BrokerError: it is not known yet, and could not be asked for.
        """
        if occ_symbol(key) == key:
            return option_of(key)
        self._renew()
        found = self._found.get(key)
        return found if found is not None else self._ask(key, name or key)

    def near(self, ticker: Ticker) -> Sequence[str]:
        """The names that look most like one that there is not, as far as the list was read.

        Of those with its first letter: twelve thousand would take a tenth of a second.
        """
        name = alpaca_name(ticker).replace("/", "")
        alike = [key for key in list(self._found) if key[:1] == name[:1]]
        likely = difflib.get_close_matches(name, alike, NEAREST)
        return [self._found[key].symbol for key in likely]

    def _renew(self) -> None:
        """The first list is waited for; a day old it is still good while the next is read.

        While it cannot be read, and while somebody else reads it, names are asked for one by one.
        """
        now = self._clock.monotonic()
        if self._reading.locked():
            return
        if self._read_at is None and now - self._tried_at >= ASK_AGAIN:
            self._tried_at = now
            self._read_quietly()
        elif self._read_at is not None and now - self._read_at > GOOD_FOR:
            threading.Thread(target=self._read_quietly, name="alpaca-assets", daemon=True).start()

    def _read_quietly(self) -> None:
        try:
            self.read()
        except BrokerError as error:
            log.warning("the list of assets could not be read", extra={"why": str(error)})

    def _ask(self, key: str, name: str) -> Instrument | None:
        """Ask for a name that is not on the list: it may be new."""
        now = self._clock.monotonic()
        if now - self._missing.get(key, float("-inf")) < ASK_AGAIN:
            return None
        raw = self._wire.find(f"/assets/{quote(name, safe='')}")
        found = next(iter(_instruments([] if raw is None else [raw])), None)
        if found is None:
            self._missing[key] = now
        else:
            self._found[found.key] = found
        return found


def alpaca_name(ticker: Ticker) -> str:
    """What Alpaca calls it: `BTC/USD` for every coin priced in dollars or in one of their coins."""
    if ticker.asset_class is not AssetClass.CRYPTO:
        return ticker.name
    units = [unit for unit in COIN_QUOTES if ticker.key.endswith(unit) and ticker.key != unit]
    known = [unit for unit in units if ticker.key.removesuffix(unit) in COINS]
    for unit in known or units:  # BNBUSD is no BN
        return f"{ticker.key.removesuffix(unit)}/{'USD' if unit in _DOLLARS else unit}"
    return ticker.name


def occ_symbol(name: str) -> str | None:
    """The OCC symbol of an option, which TradingView writes `AAPL250620C100.0`; else None."""
    if _OCC.fullmatch(name):
        return name
    match = _OPRA.fullmatch(name)
    if match is None:
        return None
    root, expiry, kind, whole, rest = match.groups(default="")
    return f"{root}{expiry}{kind}{int(whole):05d}{rest:0<3}"


def occ_symbol_of(wish: Wish) -> str | None:
    """The OCC symbol of an option that is named outright; None of any other wish."""
    root, day, strike = wish.underlying.name, wish.expiry, wish.strike
    if wish.option_type is None or not isinstance(day, date) or not isinstance(strike, Decimal):
        return None
    if strike >= HIGHEST_STRIKE:
        return None
    return occ_symbol(f"{root}{day:%y%m%d}{wish.option_type.value[0]}{strike.normalize():f}")


def option_of(symbol: str) -> Instrument:
    """The instrument of an option contract. Whether there is such a contract, the broker says."""
    root, right, strike = symbol[:-15], symbol[-9], symbol[-8:]
    return Instrument(
        symbol=symbol,
        key=symbol,
        asset_class=AssetClass.OPTION,
        tick=CENT,
        step=WHOLE,
        multiplier=CONTRACT,
        shortable=False,
        underlying=root,
        strike=Decimal(strike) / 1000,
        option_type=f"{right}E",
    )


def _instruments(raw: Any) -> Iterable[Instrument]:
    try:
        assets = cast("list[dict[str, Any]]", rows_of(raw))
        return [_instrument(asset) for asset in assets if asset.get("class") in _CLASSES]
    except UNREADABLE as error:
        raise understood(error, writes=False) from error


def _instrument(asset: dict[str, Any]) -> Instrument:
    symbol = str(asset["symbol"])
    if asset["class"] == "crypto":
        return Instrument(
            symbol=symbol,
            key=symbol.replace("/", ""),
            asset_class=AssetClass.CRYPTO,
            tick=number(asset.get("price_increment") or FRACTION),
            step=number(asset.get("min_trade_increment") or FRACTION),
            shortable=False,
            least=number(asset["min_order_size"]) if asset.get("min_order_size") else None,
        )
    return Instrument(
        symbol=symbol,
        key=symbol,
        asset_class=AssetClass.EQUITY,
        tick=CENT,
        step=FRACTION if asset.get("fractionable") is True else WHOLE,
        shortable=asset.get("shortable") is True and asset.get("borrow_status") != _HARD,
    )
