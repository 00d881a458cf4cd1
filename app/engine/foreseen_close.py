"""The close of a signal as it would be sent now, for a preview: nothing is canceled or written."""

from decimal import Decimal

from app.domain.alert import Alert
from app.domain.decision import Denied, Signal, TradeType
from app.domain.instrument import Ticker
from app.domain.order import OrderIntent, OrderRole, OrderType, Side
from app.domain.sizing import Means, exit_quantity
from app.domain.ticks import round_to_tick
from app.engine.accounts import Account


def foreseen_close(account: Account, alert: Alert, signal: Signal) -> OrderIntent | Denied | None:
    """What closing comes first; None when nothing does. May raise BrokerError."""
    broker = account.broker
    instrument = broker.instrument(Ticker.parse(alert.symbol, alert.exchange))
    position = broker.position(instrument.key) if instrument is not None else None
    if instrument is None or position is None or signal.reduce is None:
        return None
    quote = broker.quote(instrument.key)
    means = Means(
        price=quote.price if quote is not None else None,
        equity=Decimal(0),
        buying_power=Decimal(0),
        multiplier=instrument.multiplier,
        step=instrument.step,
    )
    quantity = exit_quantity(signal.reduce, position.quantity, means)
    if isinstance(quantity, Denied):
        return quantity
    side = Side.SELL if position.quantity > 0 else Side.BUY
    limit = alert.limit_price if signal.trade_type is TradeType.EXIT else None
    priced = limit is not None and alert.order_type is OrderType.LIMIT
    return OrderIntent(
        client_order_id="",
        account=account.name,
        symbol=instrument.symbol,
        instrument=instrument.key,
        side=side,
        quantity=quantity,
        role=OrderRole.EXIT,
        order_type=OrderType.LIMIT if priced else OrderType.MARKET,
        limit_price=round_to_tick(limit, instrument.tick, side=side, stop=False)
        if limit is not None and priced
        else None,
    )
