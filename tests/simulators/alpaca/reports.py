"""What is told of orders: the activities of the account, and the events of the stream."""

from decimal import Decimal

from tests.simulators.alpaca import views
from tests.simulators.alpaca.accounts import Account, Activity
from tests.simulators.alpaca.hours import NEW_YORK
from tests.simulators.alpaca.moments import text_of
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.world import World
from tests.simulators.moments import moment_of


class Reports:
    """Writes down what happened, and tells of it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of_fill(
        self, account: Account, order: Order, qty: Decimal, price: Decimal, fee: Decimal
    ) -> None:
        """A fill, and the fee that it cost in coins or dollars."""
        at = order.updated_at
        done = order.status == "filled"
        row = {
            "id": self._activity_id(at),
            "activity_type": "FILL",
            "transaction_time": text_of(at),
            "type": "fill" if done else "partial_fill",
            "order_id": order.id,
            "order_status": order.status,
            "symbol": order.asset.symbol,
            "side": views.side_of(order.side),
            "qty": views.number(qty),
            "price": views.number(price),
            "cum_qty": views.number(order.filled_qty),
            "leaves_qty": views.number(order.quantity_at(price)),
        }
        account.activities.append(Activity(at, row))
        if fee:
            self._of_fee(account, order, fee)
        self.of(
            account,
            order,
            row["type"],
            price=row["price"],
            qty=row["qty"],
            position_qty=views.number(account.held(order.asset)),
            execution_id=self._world.new_id(),
        )

    def _of_fee(self, account: Account, order: Order, fee: Decimal) -> None:
        in_coins = order.side > 0
        at = self._world.stamp()
        row = {
            "id": self._activity_id(at),
            "activity_type": "CFEE",
            "date": f"{moment_of(at):%Y-%m-%d}T00:00:00Z",
            "created_at": text_of(at),
            "symbol": order.asset.held_as,
            "qty": views.number(-fee) if in_coins else "0",
            "net_amount": "0" if in_coins else views.number(-fee),
            "status": "executed",
        }
        account.activities.append(Activity(at, row))

    def _activity_id(self, at: int) -> str:
        wall = moment_of(at).astimezone(NEW_YORK)
        return f"{wall:%Y%m%d%H%M%S}{wall.microsecond // 1000:03}::{self._world.new_id()}"

    def of(self, account: Account, order: Order, event: str, **facts: str) -> None:
        """What happened to an order, on the stream."""
        told = {
            "event": event,
            "timestamp": text_of(order.updated_at),
            "order": views.order(order, nested=False),
            **facts,
        }
        self._world.tell(account.key, told)
