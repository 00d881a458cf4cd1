"""What is asked of fyers-apiv3 to change something. Each is one method of its FyersModel."""

from typing import Any

from app.adapters.brokers.fyers.bodies import Body
from app.adapters.brokers.fyers.wire import Ask


def place(body: Body) -> Ask:
    """Place an order; with two triggers a GTT order."""

    def ask(fyers: Any) -> Any:
        return (fyers.place_gtt_order if "orderInfo" in body else fyers.place_order)(dict(body))

    return ask


def move(order_id: str, kind: int, limit: float) -> Ask:
    """Make an order one of another type, with another limit."""

    def ask(fyers: Any) -> Any:
        return fyers.modify_order({"id": order_id, "type": kind, "limitPrice": limit})

    return ask


def cancel(order_id: str) -> Ask:
    """Cancel an order."""

    def ask(fyers: Any) -> Any:
        return fyers.cancel_order({"id": order_id})

    return ask


def cancel_gtt(order_id: str) -> Ask:
    """Cancel a GTT order."""

    def ask(fyers: Any) -> Any:
        return fyers.cancel_gtt_order({"id": order_id})

    return ask
