"""The simulator in one piece: `with FyersSimulator() as fyers:`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.simulators.faults import Faults, Kind
from tests.simulators.fyers import tokens
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.app import BODIES, App
from tests.simulators.fyers.controls import Controls
from tests.simulators.fyers.exchange import Exchange
from tests.simulators.fyers.instruments import MASTER
from tests.simulators.fyers.stream import OrderSocket
from tests.simulators.fyers.world import World
from tests.simulators.hosting import Simulator
from tests.simulators.market import Clock, RealClock
from tests.simulators.saving import Saved

APP_ID, SECRET = "SIMULATED-100", "simulated-secret"
FY_ID, PIN, TOTP = "XS00001", "1234", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_KEPT = ("quotes", "accounts", "rules", "random", "dated", "_stamp", "_numbers")
_STREAM = "/trade/v3"


def an_account(app_id: str = APP_ID, secret: str = SECRET, **facts: Any) -> Account:
    """An account of a million rupees."""
    known: dict[str, Any] = {"fy_id": FY_ID, "pin": PIN, "totp": TOTP, **facts}
    return Account(app_id=app_id, secret=secret, **known)


class FyersSimulator(Controls, Simulator):
    """Fyers on loopback: the APIs, the login, the order socket and the symbol master, on one port.

    Attributes:
        app_id, secret, fy_id, pin, totp: those of the first account.
        token: an access token of it, of the day on which the simulator began.
        state: everything that it remembers; hold `state.lock` to look at more than one thing.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        accounts: Sequence[Account] = (),
        port: int = 0,
        seed: int = 0,
        state: Path | None = None,
        symbols: Path = MASTER,
        redates: bool = True,
        **rules: Any,
    ) -> None:
        """`symbols`: a folder of symbol-master files; `redates`: their contracts lie ahead.

        `state`: a file in which it is kept.
        """
        world = World(clock or RealClock(), seed, folder=symbols, redates=redates)
        for account in accounts or (an_account(),):
            world.accounts[account.app_id] = account
            account.day = f"{world.today():%Y-%m-%d}"
        exchange, faults = Exchange(world), Faults(seed, BODIES, [Kind.REJECTED])
        super().__init__(world, exchange, faults, OrderSocket(world, seed))
        self.rules(**rules)
        self._app = App(world, exchange, faults)
        if state is not None:
            self._app.saved = Saved(state, world, *_KEPT).save
        first = self.owner()
        self.app_id, self.secret = first.app_id, first.secret
        self.fy_id, self.pin, self.totp = first.fy_id, first.pin, first.totp
        self.token = next(iter(first.tokens), None) or tokens.issue(world, first)
        self.host(self._app, _STREAM, port=port, beats=clock is None)

    @property
    def api_url(self) -> str:
        """What the vendor's SDK calls `Config.API`."""
        return f"{self.base_url}/api/v3"

    @property
    def data_url(self) -> str:
        """What the vendor's SDK calls `Config.DATA_API`."""
        return f"{self.base_url}/data"

    @property
    def login_url(self) -> str:
        """Where the headless login begins."""
        return f"{self.base_url}/vagator/v2"

    @property
    def symbols_url(self) -> str:
        """The folder of the symbol-master files."""
        return f"{self.base_url}/sym_details"

    def saved(self) -> None:
        self._app.saved()
