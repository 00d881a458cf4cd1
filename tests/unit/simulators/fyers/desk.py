"""The vendor's own SDK on a simulator."""

from typing import Any, cast

import requests
from fyers_apiv3 import fyersModel  # pyright: ignore[reportMissingTypeStubs] (there are none)

from tests.simulators.fyers import FyersSimulator

Shown = dict[str, Any]
vendor: Any = fyersModel

SBIN = "NSE:SBIN-EQ"
AN_ORDER: Shown = {
    "symbol": SBIN,
    "qty": 10,
    "type": 1,
    "side": 1,
    "productType": "INTRADAY",
    "limitPrice": 825,
    "stopPrice": 0,
    "validity": "DAY",
    "disclosedQty": 0,
    "offlineOrder": False,
}
CANCELLED, TRADED, TRANSIT, REJECTED, PENDING, EXPIRED = 1, 2, 4, 5, 6, 7


class Desk:
    """Trades on one account of a simulator; `Config` of the SDK must name the simulator."""

    def __init__(self, fyers: FyersSimulator, token: str = "") -> None:
        self.fyers = fyers
        self.sdk: Any = vendor.FyersModel(client_id=fyers.app_id, token=token or fyers.token)

    def close(self) -> None:
        """Close its connections."""
        self.sdk.service.session.close()

    def place(self, **terms: Any) -> Shown:
        """Place an order to buy 10 SBIN at 825 at most, but for these terms; None leaves one out.

        The SDK gives back one object again and again, so this is a copy.
        """
        body = {name: value for name, value in (AN_ORDER | terms).items() if value is not None}
        return dict(self.sdk.place_order(body))

    def order(self, **terms: Any) -> str:
        """The id of an order that was placed."""
        told = self.place(**terms)
        assert (told["s"], told["code"]) == ("ok", 1101), told
        return str(told["id"])

    def look(self, order_id: str) -> Shown:
        """The row of an order."""
        [row] = self.sdk.orderbook({"id": order_id})["orderBook"]
        return cast("Shown", row)

    def status(self, order_id: str) -> int:
        """The status of an order."""
        return int(self.look(order_id)["status"])

    def book(self) -> list[Shown]:
        """The order book."""
        return list(self.sdk.orderbook()["orderBook"])

    def trades(self) -> list[Shown]:
        """The trade book."""
        return list(self.sdk.tradebook()["tradeBook"])

    def position(self, name: str = f"{SBIN}-INTRADAY") -> Shown:
        """A position."""
        rows = self.sdk.positions()["netPositions"]
        return cast("Shown", next(row for row in rows if row["id"] == name))

    def net(self, name: str = f"{SBIN}-INTRADAY") -> int:
        """How much of it is open."""
        return int(self.position(name)["netQty"])

    def available(self) -> float:
        """What may be spent."""
        return float(self.sdk.funds()["fund_limit"][9]["equityAmount"])

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Ask without the SDK, which hides statuses and headers."""
        headers = {"Authorization": f"{self.fyers.app_id}:{self.fyers.token}"}
        url = f"{self.fyers.base_url}{path}"
        return requests.request(method, url, headers=headers, timeout=20, **how)
