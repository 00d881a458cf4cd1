"""What an account is worth and may still spend."""

from decimal import Decimal

from app.domain.order import OrderType
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.orders import ZERO, Order
from tests.simulators.alpaca.world import World

_DEAR = Decimal(50)
_COLLAR_DEAR = Decimal("1.025")
_COLLAR_CHEAP = Decimal("1.04")
_SHORT_COLLAR = Decimal("1.03")
_MAINTENANCE = Decimal("0.3")


class Purse:
    """The money of one account at the present prices."""

    def __init__(self, world: World, account: Account) -> None:
        self._world = world
        self._account = account

    @property
    def long_value(self) -> Decimal:
        """What the long positions are worth."""
        return sum((value for value in self._values() if value > 0), ZERO)

    @property
    def short_value(self) -> Decimal:
        """What the short positions are worth, below zero."""
        return sum((value for value in self._values() if value < 0), ZERO)

    @property
    def equity(self) -> Decimal:
        """Cash and positions."""
        return self._account.cash + self.long_value + self.short_value

    @property
    def margin(self) -> Decimal:
        """What the positions bind: shares by the account's multiplier, all else wholly."""
        bound = ZERO
        for holding in self._account.holdings.values():
            value = abs(self._world.value(holding.asset, holding.qty))
            if holding.asset.is_option and holding.qty < 0:
                bound += _written(holding.asset, -holding.qty)
            else:
                bound += value / self._account.multiplier if holding.asset.marginable else value
        return bound

    @property
    def maintenance(self) -> Decimal:
        """What must not be fallen below."""
        return sum((abs(value) * _MAINTENANCE for value in self._values()), ZERO)

    @property
    def buying_power(self) -> Decimal:
        """For shares: the free equity times the multiplier, less what open entries will cost."""
        free = (self.equity - self.margin) * self._account.multiplier
        return max(ZERO, free - self.reserved(marginable=True))

    @property
    def cash_power(self) -> Decimal:
        """For what must be paid wholly: crypto and options."""
        own = min(self._account.cash + self.short_value, self.equity - self.margin)
        return max(ZERO, own - self.reserved(marginable=False))

    def reserved(self, *, marginable: bool, but: Order | None = None) -> Decimal:
        """What open entries take away from one power or the other."""
        total = ZERO
        for order in self._account.open_orders():
            if order is but or not order.armed:
                continue
            cost = self.cost(order)
            if order.asset.marginable and not marginable:
                cost /= self._account.multiplier
            elif marginable and not order.asset.marginable:
                cost *= self._account.multiplier
            total += cost
        return total

    def cost(self, order: Order) -> Decimal:
        """What an order would take away from the buying power; nothing when it only closes."""
        held = self._account.held(order.asset)
        if held * order.side < 0:
            return ZERO
        if order.asset.is_option and order.side < 0:
            return _written(order.asset, (order.qty or ZERO) - order.filled_qty)
        if order.notional is not None:
            return order.notional - order.filled_cost
        price = self.price_of(order)
        return order.quantity_at(price) * price * order.asset.multiplier

    def price_of(self, order: Order) -> Decimal:
        """The price at which Alpaca reckons an order before it is filled."""
        quote = self._world.quotes.get(order.asset.symbol)
        ask = quote.ask if quote else ZERO
        if order.side < 0:
            return max(order.limit_price or ZERO, ask * _SHORT_COLLAR)
        if order.limit_price is not None:
            return order.limit_price
        price = max(ask, order.stop_price or ZERO)
        if order.type is OrderType.MARKET and order.asset.is_crypto:
            return price
        return price * (_COLLAR_DEAR if price >= _DEAR else _COLLAR_CHEAP)

    def _values(self) -> list[Decimal]:
        holdings = self._account.holdings.values()
        return [self._world.value(holding.asset, holding.qty) for holding in holdings]


def _written(asset: Asset, contracts: Decimal) -> Decimal:
    """A written put binds the money for its shares; a call stands on shares that are held."""
    contract = asset.contract
    return ZERO if contract.is_call else contract.strike * asset.multiplier * contracts
