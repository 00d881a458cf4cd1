"""An instrument as one account trades it, and how TradingView writes its name."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.ticks import floor_to_step

CRYPTO_EXCHANGES = frozenset(
    {"BINANCE", "BINANCEUS", "BITFINEX", "BITGET", "BITSTAMP", "BYBIT", "COINBASE", "CRYPTO"}
    | {"CRYPTOCAP", "GEMINI", "HUOBI", "KRAKEN", "KUCOIN", "MEXC", "OKX", "POLONIEX"}
)
FOREX_EXCHANGES = frozenset(
    {"FX", "FX_IDC", "FOREXCOM", "OANDA", "FXCM", "ICMARKETS", "PEPPERSTONE"}
)
CURRENCIES = frozenset(
    {"USD", "EUR", "GBP", "JPY", "CHF", "AUD", "NZD", "CAD", "INR", "SGD", "HKD"}
)
COINS = frozenset(
    {"BTC", "XBT", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "BCH", "DOT", "AVAX", "LINK", "UNI"}
    | {
        "MATIC",
        "SHIB",
        "TRX",
        "XLM",
        "ATOM",
        "ETC",
        "FIL",
        "NEAR",
        "APT",
        "ARB",
        "OP",
        "SUI",
        "PEPE",
    }
    | {"AAVE", "MKR", "ALGO", "BNB", "TON"}
)
PERPETUAL = ".P"
USUAL_SERIES = "-EQ"
"""What Indian brokers append to a share of the series that is traded usually."""
COIN_QUOTES = ("USDT", "USDC", "BUSD", "USD", "EUR", "GBP", "BTC", "ETH")
_FUTURE = re.compile(r"^[A-Z0-9&_]+\d!$")
_SOUND = re.compile(r"[A-Z0-9._!&^*$][A-Z0-9 ._!&^*=+@$#-]{0,63}")


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    EQUITY = "equity"
    CRYPTO = "crypto"
    FOREX = "forex"
    FUTURE = "future"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Ticker:
    """A TradingView name in its parts: `BINANCE:BTC/USDT` is exchange BINANCE, name BTC/USDT."""

    exchange: str
    name: str

    @classmethod
    def parse(cls, symbol: str, exchange: str | None = None) -> "Ticker":
        """Split `EXCHANGE:NAME`; a prefix in the symbol wins over a separate exchange field."""
        prefix, _, name = symbol.strip().upper().rpartition(":")
        return cls(exchange=prefix.strip() or (exchange or "").strip().upper(), name=name.strip())

    @property
    def key(self) -> str:
        """The name that spellings of one instrument share: BTC/USD and BTCUSD, SBIN-EQ and SBIN."""
        return self.name.replace("/", "").removesuffix(USUAL_SERIES)

    @property
    def is_sound(self) -> bool:
        """Whether an alert may name it: no formula of a spreadsheet, and no fault of one."""
        return _SOUND.fullmatch(self.key) is not None

    @property
    def delayed(self) -> bool:
        """Whether the data of this exchange is delayed: not to be traded on."""
        return self.exchange.endswith(("_DL", "_DLY"))

    @property
    def asset_class(self) -> AssetClass:
        """The asset class as far as the name tells it; equity when nothing speaks against it."""
        if _FUTURE.match(self.name):
            return AssetClass.FUTURE
        if self.exchange in FOREX_EXCHANGES or self._is_pair_of(CURRENCIES):
            return AssetClass.FOREX
        if self.exchange in CRYPTO_EXCHANGES or "/" in self.name or self._is_coin():
            return AssetClass.CRYPTO
        return AssetClass.EQUITY

    def _is_pair_of(self, words: frozenset[str]) -> bool:
        return self.key[:3] in words and self.key[3:] in words

    def _is_coin(self) -> bool:
        pair = self.key.removesuffix(PERPETUAL)
        return any(
            pair.endswith(quote) and pair.removesuffix(quote) in COINS for quote in COIN_QUOTES
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What an account trades: its name there, its grid of prices (`tick`) and quantities (`step`).

    `key` identifies it within the account; `multiplier` = money per unit and point of price;
    `lot` = the units that are traded together, where the broker knows of any; `shortable`: whether
    it can be sold short, None where nothing is known but its class; `least`: the smallest order.

    Of a contract: its `underlying`, the moment of its `expiry` (aware UTC), and for an option its
    `strike` and `option_type` (`CE` or `PE`). `freeze`: the most units that the exchange takes in
    one order, None where nothing is known. `delivered`: who holds it at its expiry gives or takes
    shares.
    """

    symbol: str
    key: str
    asset_class: AssetClass
    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.000000001")
    multiplier: Decimal = Decimal(1)
    lot: Decimal | None = None
    shortable: bool | None = None
    least: Decimal | None = None
    underlying: str | None = None
    expiry: datetime | None = None
    strike: Decimal | None = None
    option_type: str | None = None
    freeze: Decimal | None = None
    delivered: bool = False

    def tradable(self, quantity: Decimal) -> Decimal:
        """What of a holding can be closed; dust counts as flat (trading-rules 39)."""
        if self.least is None:
            return quantity
        whole = floor_to_step(abs(quantity), self.step)
        usable = whole if whole >= self.least else Decimal(0)
        return usable if quantity > 0 else -usable
