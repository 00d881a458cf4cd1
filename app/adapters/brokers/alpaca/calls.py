"""The calls of an account at Alpaca, counted before they are made: it refuses more than so many."""

from collections.abc import Sequence

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.options import AlpacaOptions
from app.domain.rates import Purpose, Rate
from app.ports.budget import Budget

MINUTE, SECOND = 60.0, 1.0


class Calls:
    """What may still be asked of an account, in all processes together.

    Of its requests in a minute, at each of the two hosts for itself, and of orders in a second.
    """

    def __init__(self, account: str, options: AlpacaOptions, resources: Resources) -> None:
        budgets, second = resources.budgets, Rate(resources.orders_per_second, SECOND)
        self._orders = budgets.of(f"{account}-orders", [second])
        self._trading = _minute(resources, account, options.most(options.trading_host))
        self._data = _minute(resources, f"{account}-data", options.most(options.data_host))

    def order(self, purpose: Purpose) -> None:
        """Count an order that is sent or changed.

        Raises:
            BrokerUnavailable: it has to wait; nothing was sent.
        """
        self._orders.spend(purpose)
        self.request(purpose)

    def request(self, purpose: Purpose) -> None:
        """Count any other request to the host that takes orders.

        Raises:
            BrokerUnavailable: it has to wait.
        """
        for budget in self._trading:
            budget.spend(purpose)

    def price(self) -> None:
        """Count a request to the host that knows prices.

        Raises:
            BrokerUnavailable: it has to wait.
        """
        for budget in self._data:
            budget.spend(Purpose.LOOK)


def _minute(resources: Resources, name: str, most: int) -> Sequence[Budget]:
    return [resources.budgets.of(name, [Rate(most, MINUTE)])] if most else []
