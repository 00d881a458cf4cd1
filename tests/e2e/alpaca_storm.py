"""A storm at Alpaca."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.e2e.alpaca_books import bare, read_theirs
from tests.e2e.broker_books import Theirs
from tests.e2e.storm import ACTIONS, RATE, RICH, Storm
from tests.simulators.alpaca import AlpacaSimulator, an_account

CALM = {"AAPL": 190, "MSFT": 420}
WILD = {"NVDA": 130, "TSLA": 250}
UNGUARDED = {"F": 11, "SPY": 600, "GME": 25}
"""Their alerts ask for no stop; one of them cannot be sold short."""
GUARDED = {**CALM, **WILD}
PRICES = {**GUARDED, **UNGUARDED}


def simulator(seed: int) -> AlpacaSimulator:
    """A simulator whose market is open."""
    rich = an_account(start=RICH)
    alpaca = AlpacaSimulator(accounts=[rich], seed=seed, rate_limit=None, partial_rate=RATE)
    alpaca.market(is_open=True)
    return alpaca


def settings_of(alpaca: AlpacaSimulator) -> dict[str, str]:
    """What a server needs to trade there."""
    return {
        "ALPACA_API_KEY": alpaca.key,
        "ALPACA_SECRET_KEY": alpaca.secret,
        "ALPACA_BASE_URL": alpaca.trading_url,
        "ALPACA_DATA_URL": alpaca.data_url,
        "ALPACA_STREAM_URL": alpaca.stream_url,
        "ALPACA_SESSION_POLICY": "always",
        "ORDERS_PER_SECOND": "1000",
    }


@dataclass(slots=True, kw_only=True)
class AlpacaStorm(Storm):
    """One server and one simulated Alpaca."""

    alpaca: AlpacaSimulator

    @property
    def simulator(self) -> AlpacaSimulator:
        return self.alpaca

    def symbols(self) -> Sequence[str]:
        return list(PRICES)

    def alert(self, symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
        return an_alert(symbol, number, chance)

    def move(self, chance: random.Random) -> None:
        symbol = chance.choice(list(WILD))
        price = Decimal(WILD[symbol] * chance.randint(90, 110)) / 100
        self.alpaca.quote(symbol, price, price + Decimal("0.02"))

    def orders(self) -> int:
        return len(self.alpaca.owner().orders)

    def calls(self) -> int:
        return len(self.alpaca.state.requests)

    def bare(self) -> Mapping[str, Decimal]:
        with self.alpaca.state.lock:
            return bare(self.alpaca.owner(), GUARDED)

    def theirs(self) -> Theirs:
        return read_theirs(self.alpaca, GUARDED)


def an_alert(symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
    """The next alert of a symbol."""
    action = chance.choice(ACTIONS)
    token = f"{symbol}-{number}"
    alert: dict[str, Any] = {"account": "alpaca", "symbol": symbol, "comment": token, "id": token}
    if action == "close":
        return alert | {"action": action}
    alert["quantity"] = chance.randint(1, 9)
    if symbol in GUARDED:
        alert |= {"stop_loss": "5%", "take_profit": "8%"}
    if action != "limit":
        return alert | {"action": action}
    away = Decimal(PRICES[symbol] * chance.randint(96, 99)) / 100
    return alert | {"action": "buy", "order_type": "limit", "limit_price": str(away)}
