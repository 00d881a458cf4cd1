"""The simulator in one piece: `with AlpacaSimulator() as alpaca:`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.app import BODIES, App
from tests.simulators.alpaca.controls import Controls
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.spec import Spec
from tests.simulators.alpaca.stream import TradeUpdates
from tests.simulators.alpaca.world import World
from tests.simulators.faults import Faults
from tests.simulators.hosting import Simulator
from tests.simulators.market import Clock, RealClock
from tests.simulators.saving import Saved

KEY, SECRET = "PKSIMULATED", "simulated-secret"
_KEPT = ("assets", "quotes", "accounts", "rules", "random", "_stamp")


def an_account(key: str = KEY, secret: str = SECRET, **facts: Any) -> Account:
    """An account of 100,000 dollars."""
    return Account(key=key, secret=secret, **facts)


class AlpacaSimulator(Controls, Simulator):
    """Alpaca on loopback: both APIs and the stream, on one port.

    Attributes:
        key, secret: those of the first account.
        state: everything that it remembers; hold `state.lock` to look at more than one thing.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        accounts: Sequence[Account] = (),
        port: int = 0,
        strict: bool = False,
        seed: int = 0,
        state: Path | None = None,
        **rules: Any,
    ) -> None:
        """`strict`: requests are held against the OpenAPI documents, see `state.violations`.

        `state`: a file in which it is kept.
        """
        world = World(clock or RealClock(), seed)
        for account in accounts or (an_account(),):
            world.accounts[account.key] = account
            account.created_at = world.stamp()
        exchange, faults = Exchange(world), Faults(seed, BODIES)
        super().__init__(world, exchange, faults, TradeUpdates(world, seed))
        self.rules(**rules)
        self.key, self.secret = self.owner().key, self.owner().secret
        self._app = App(world, exchange, faults, Spec() if strict else None)
        if state is not None:
            self._app.saved = Saved(state, world, *_KEPT).save
        self.host(self._app, "/stream", port=port, beats=clock is None)

    @property
    def trading_url(self) -> str:
        """What alpaca-py's TradingClient takes as `url_override`."""
        return self.base_url

    @property
    def data_url(self) -> str:
        """What alpaca-py's data clients take as `url_override`."""
        return self.base_url

    def saved(self) -> None:
        self._app.saved()
