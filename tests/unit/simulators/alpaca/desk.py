"""alpaca-py on a simulator: raw answers, no retries, and a refusal is an answer too."""

import json
from typing import Any, cast

from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient

from tests.simulators.alpaca import AlpacaSimulator

Shown = dict[str, Any]

AN_ORDER = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}


class Client(TradingClient):
    """It asks once, and can be closed."""

    def __init__(self, key: str, secret: str, url: str) -> None:
        super().__init__(key, secret, raw_data=True, url_override=url)
        self._retry = 0

    def close(self) -> None:
        """Close its connections."""
        self._session.close()


class Desk:
    """Trades on one account of a simulator."""

    def __init__(self, alpaca: AlpacaSimulator, key: str = "", secret: str = "") -> None:
        made = Client(key or alpaca.key, secret or alpaca.secret, alpaca.trading_url)
        self.client: Any = made

    def close(self) -> None:
        """Close its connections."""
        self.client.close()

    def order(self, **terms: Any) -> Shown:
        """Place an order to buy 10 AAPL, but for these terms; None leaves one out."""
        body = {name: value for name, value in (AN_ORDER | terms).items() if value is not None}
        return cast("Shown", self.client.post("/orders", body))

    def refusal(self, **terms: Any) -> Shown:
        """What is said of an order that is refused; its HTTP status is among it."""
        return refusal_of(lambda: self.order(**terms))

    def look(self, order: Shown, *, nested: bool = True) -> Shown:
        """The order as it is now."""
        path = f"/orders/{order['id']}"
        return cast("Shown", self.client.get(path, {"nested": str(nested).lower()}))

    def status(self, order: Shown) -> str:
        """The status of an order now."""
        return str(self.look(order)["status"])

    def position(self, symbol: str = "AAPL") -> Shown:
        """A position."""
        return cast("Shown", self.client.get_open_position(symbol))

    def account(self) -> Shown:
        """The account."""
        return cast("Shown", self.client.get_account())

    def get(self, path: str, **query: Any) -> Any:
        """Any other list."""
        return self.client.get(path, query)


def refusal_of(call: Any) -> Shown:
    """What an error's body tells, and the HTTP status."""
    try:
        call()
    except APIError as error:
        failed: Any = error
        told: Shown = json.loads(str(error))
        return {"status": failed.status_code, **told}
    raise AssertionError("it was not refused")
