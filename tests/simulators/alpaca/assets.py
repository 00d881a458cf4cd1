"""What can be traded: a few of each kind, and whatever a test adds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

_NAMES = UUID("8ac1e9a5-1c6e-4d0b-9a0e-6f2f6c1d7a11")
_OPTION = re.compile(r"([A-Z]{1,6})(\d{6})([CP])(\d{8})", re.ASCII)
CENT = Decimal("0.01")

EQUITY = "us_equity"
CRYPTO = "crypto"
OPTION = "us_option"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One instrument. The three sizes are those of crypto."""

    symbol: str
    name: str = ""
    asset_class: str = EQUITY
    exchange: str = "NASDAQ"
    active: bool = True
    tradable: bool = True
    marginable: bool = True
    shortable: bool = True
    fractionable: bool = True
    min_order_size: Decimal | None = None
    min_trade_increment: Decimal | None = None
    price_increment: Decimal | None = None

    @property
    def id(self) -> str:
        """The same for a symbol in every simulator."""
        return str(uuid5(_NAMES, self.symbol))

    @property
    def is_crypto(self) -> bool:
        """Whether it is a coin."""
        return self.asset_class == CRYPTO

    @property
    def is_option(self) -> bool:
        """Whether it is an option contract."""
        return self.asset_class == OPTION

    @property
    def multiplier(self) -> int:
        """How many units of the underlying one of it is."""
        return 100 if self.is_option else 1

    @property
    def held_as(self) -> str:
        """Its symbol among the positions, where crypto has no slash."""
        return self.symbol.replace("/", "")

    @property
    def contract(self) -> "Contract":
        """What an option's symbol tells."""
        found = _OPTION.fullmatch(self.symbol)
        if not found:
            raise ValueError(f"{self.symbol} is no option")
        root, day, right, strike = found.groups()
        expires = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
        return Contract(root, expires, right == "C", Decimal(strike) / 1000)


@dataclass(frozen=True, slots=True)
class Contract:
    """The terms of an option."""

    underlying: str
    expires: date
    is_call: bool
    strike: Decimal


def is_option_symbol(text: str) -> bool:
    """Whether it is written as an option is."""
    return _OPTION.fullmatch(text) is not None


def coin(symbol: str, name: str, *, size: str, step: str, tick: str) -> Asset:
    """A pair of crypto."""
    return Asset(
        symbol=symbol,
        name=name,
        asset_class=CRYPTO,
        exchange="CRYPTO",
        marginable=False,
        shortable=False,
        min_order_size=Decimal(size),
        min_trade_increment=Decimal(step),
        price_increment=Decimal(tick),
    )


def option(symbol: str) -> Asset:
    """An option contract."""
    return Asset(
        symbol=symbol,
        name=symbol,
        asset_class=OPTION,
        exchange="OPRA",
        marginable=False,
        fractionable=False,
    )


def usual() -> Iterator[tuple[Asset, Decimal]]:
    """What every simulator knows from the start, with its first price."""
    for symbol, name, price in (
        ("AAPL", "Apple Inc. Common Stock", "190"),
        ("MSFT", "Microsoft Corporation Common Stock", "420"),
        ("NVDA", "NVIDIA Corporation Common Stock", "130"),
        ("TSLA", "Tesla, Inc. Common Stock", "250"),
        ("F", "Ford Motor Company", "11"),
    ):
        yield Asset(symbol=symbol, name=name), Decimal(price)
    yield Asset(symbol="SPY", name="SPDR S&P 500 ETF Trust", exchange="ARCA"), Decimal(600)
    yield Asset(symbol="SNDL", name="A share below a dollar"), Decimal("0.5")
    yield Asset(symbol="GME", name="Hard to borrow", exchange="NYSE", shortable=False), Decimal(25)
    whole = Asset(symbol="BRK.A", name="Whole shares only", exchange="NYSE", fractionable=False)
    yield whole, Decimal(700_000)
    yield Asset(symbol="GONE", name="No longer traded", active=False, tradable=False), Decimal(1)
    yield coin("BTC/USD", "Bitcoin", size="0.0001", step="1e-9", tick="0.01"), Decimal(90_000)
    yield coin("ETH/USD", "Ethereum", size="0.001", step="1e-9", tick="0.01"), Decimal(3_000)
    yield coin("DOGE/USD", "Dogecoin", size="1", step="0.1", tick="0.00001"), Decimal("0.2")
    yield option("AAPL261218C00190000"), Decimal(5)
    yield option("AAPL261218P00190000"), Decimal(4)
