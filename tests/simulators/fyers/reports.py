"""What is told of what happened: the versions that readers see, the trade book, the order socket.

The socket has names of its own; `map.json` of the vendor's SDK says which are which.
"""

from decimal import Decimal

from tests.simulators.fyers import views
from tests.simulators.fyers.accounts import Account, Position
from tests.simulators.fyers.orders import Order, Row
from tests.simulators.fyers.world import World

ORDER_NAMES = {
    "clientId": "client_id",
    "id": "id",
    "parentId": "id_parent",
    "exchOrdId": "id_exchange",
    "qty": "qty",
    "remainingQuantity": "qty_remaining",
    "filledQty": "qty_filled",
    "limitPrice": "price_limit",
    "stopPrice": "price_stop",
    "tradedPrice": "price_traded",
    "type": "ord_type",
    "fyToken": "fy_token",
    "exchange": "exchange",
    "segment": "segment",
    "symbol": "symbol",
    "instrument": "instrument",
    "message": "oms_msg",
    "offlineOrder": "offline_flag",
    "orderDateTime": "time_oms",
    "orderValidity": "validity",
    "productType": "product_type",
    "side": "tran_side",
    "status": "org_ord_status",
    "source": "ord_source",
    "ex_sym": "symbol_exch",
    "description": "symbol_desc",
    "orderTag": "ordertag",
    "takeProfit": "take_profit",
    "stopLoss": "stop_loss",
    "legType": "leg_type",
}
TRADE_NAMES = {
    "clientId": "client_id",
    "tradeNumber": "id_fill",
    "orderNumber": "id",
    "tradedQty": "qty_traded",
    "tradePrice": "price_traded",
    "tradeValue": "traded_val",
    "productType": "product_type",
    "exchangeOrderNo": "id_exchange",
    "orderType": "ord_type",
    "side": "tran_side",
    "symbol": "symbol",
    "orderDateTime": "fill_time",
    "fyToken": "fy_token",
    "exchange": "exchange",
    "segment": "segment",
    "orderTag": "ordertag",
}
POSITION_NAMES = {
    "symbol": "symbol",
    "id": "id",
    "buyAvg": "buy_avg",
    "buyQty": "buy_qty",
    "buyVal": "buy_val",
    "sellAvg": "sell_avg",
    "sellQty": "sell_qty",
    "sellVal": "sell_val",
    "netAvg": "net_avg",
    "netQty": "net_qty",
    "side": "tran_side",
    "qty": "qty",
    "productType": "product_type",
    "realized_profit": "pl_realized",
    "unrealized_profit": "pl_unrealized",
    "pl": "pl_total",
    "rbiRefRate": "rbirefrate",
    "crossCurrency": "cross_curr_flag",
    "fyToken": "fy_token",
    "exchange": "exchange",
    "segment": "segment",
    "dayBuyQty": "day_buy_qty",
    "daySellQty": "day_sell_qty",
    "cfBuyQty": "cf_buy_qty",
    "cfSellQty": "cf_sell_qty",
    "qtyMulti_com": "qty_multiplier",
}


class Reports:
    """Writes down what happened, and tells of it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, account: Account, order: Order) -> None:
        """An order changed: readers see it after the lag, who listens hears it at once."""
        order.updated_at = self._world.stamp()
        row = views.order(self._world, account, order)
        order.versions.append((self._world.seen_from(order.lag), row))
        self._tell(account, "orders", row, ORDER_NAMES)

    def of_fill(self, account: Account, order: Order, qty: int, price: Decimal) -> None:
        """A trade."""
        self.of(account, order)
        order.fills += 1
        row = views.trade(self._world, account, order, qty, price, f"{order.id}-{order.fills}")
        account.trades.append((self._world.seen_from(order.lag), row))
        self._tell(account, "trades", row, TRADE_NAMES)
        self.of_position(account, account.position(order.instrument, order.product))

    def of_position(self, account: Account, held: Position) -> None:
        """A position changed."""
        self._tell(account, "positions", views.position(self._world, held), POSITION_NAMES)

    def _tell(self, account: Account, topic: str, row: Row, names: dict[str, str]) -> None:
        raw = {names[name]: value for name, value in row.items() if name in names}
        self._world.tell(account.app_id, {"s": "ok", topic: raw})
