"""A broker with fewer abilities than the paper broker that it trades through."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.errors import BrokerRejected
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderType
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day
from app.ports.broker import Broker, Hint

ZERO = Decimal(0)


def reserving(paper: Capabilities) -> Capabilities:
    """No bracket goes with an entry and open exits reserve; coins have no pairs either."""
    stocks = replace(
        paper,
        bracket_entries=frozenset(),
        reduce_only_legs=False,
        exits_reserve=True,
        oco=True,
    )
    coins = replace(stocks, oco=False, stop_types=frozenset({OrderType.STOP_LIMIT}))
    return replace(stocks, apart={AssetClass.CRYPTO: coins})


class ReducedBroker:
    """Refuses what its abilities do not have: legs with an entry, and what open exits hold.

    It keeps in `roles`, which outlives it, what each order was for: {id: (role, its pair)}.
    """

    def __init__(self, broker: Broker, roles: dict[str, tuple[OrderRole, str]]) -> None:
        self._broker = broker
        self._roles = roles
        self.account = broker.account
        self.capabilities = reserving(broker.capabilities)

    def instrument(self, ticker: Ticker) -> Instrument | None:
        return self._broker.instrument(ticker)

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        return self._broker.contract(wish, at)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        if self._broker.find(intent.client_order_id) is None:
            self._check(intent)
        self._roles[intent.client_order_id] = intent.role, intent.client_order_id
        for role, leg in intent.legs:
            self._roles[leg.client_order_id] = role, intent.client_order_id
        return self._broker.submit(intent)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        return self._broker.find(client_order_id)

    def orders(self) -> Sequence[BrokerOrder]:
        return self._broker.orders()

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        return self._broker.market_days(asset_class, first, last)

    def skew(self) -> timedelta | None:
        return self._broker.skew()

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        return self._broker.cancel(client_order_id)

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        return self._broker.reprice(client_order_id, limit)

    def position(self, instrument: str) -> Position | None:
        return self._broker.position(instrument)

    def positions(self) -> Sequence[Position]:
        return self._broker.positions()

    def balance(self) -> Balance:
        return self._broker.balance()

    def quote(self, instrument: str) -> Quote | None:
        return self._broker.quote(instrument)

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        return self._broker.take_quote(instrument, price, at)

    def troubles(self) -> Sequence[str]:
        return self._broker.troubles()

    def watch(self, heard: Hint) -> None:
        self._broker.watch(heard)

    def close(self) -> None:
        self._broker.close()

    def _check(self, intent: OrderIntent) -> None:
        able = self.capabilities.for_class(Ticker("", intent.symbol).asset_class)
        if intent.role is OrderRole.ENTRY:
            assert not intent.legs, "nothing goes with an entry"
            return
        assert able.oco or not intent.legs, "it has no pairs"
        if intent.role is OrderRole.STOP_LOSS:
            assert intent.order_type in able.stop_types, intent.order_type
        held = self._broker.position(intent.instrument)
        there = held.quantity if held is not None else ZERO
        free = max(ZERO, -intent.side.sign * there) - self._reserved(intent.symbol)
        if intent.quantity > free:
            why = f"insufficient qty available (requested: {intent.quantity}, available: {free})"
            raise BrokerRejected(why, code="INSUFFICIENT_QUANTITY")

    def _reserved(self, symbol: str) -> Decimal:
        """What open exits hold; the two of a pair hold the same."""
        held: dict[str, Decimal] = defaultdict(Decimal)
        for order in self._broker.orders():
            role, pair = self._roles[order.client_order_id]
            if order.symbol == symbol and role is not OrderRole.ENTRY:
                held[pair] = max(held[pair], order.quantity - order.filled_quantity)
        return sum(held.values(), ZERO)
