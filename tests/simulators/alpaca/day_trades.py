"""The pattern-day-trader protection, which ended in July 2026: off unless it is asked for."""

from datetime import timedelta
from decimal import Decimal

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.money import Purse
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.refusals import Refusal
from tests.simulators.alpaca.world import World

_RICH = Decimal(25_000)
_ALLOWED = 3
_FIVE_TRADING_DAYS = timedelta(days=7)


def check_day_trades(world: World, account: Account, order: Order) -> None:
    """Refuse the fourth day trade in five days of an account below 25,000 dollars.

    Raises:
        Refusal: it would be.
    """
    closes = account.held(order.asset) * order.side < 0
    if not (world.rules.pattern_day_trading and closes) or order.asset.is_crypto:
        return
    sides = _sides(account, since=f"{world.now() - _FIVE_TRADING_DAYS:%Y-%m-%d}")
    done = sum(1 for both in sides.values() if len(both) > 1)
    today = (f"{world.now():%Y-%m-%d}", order.asset.symbol)
    if done >= _ALLOWED and today in sides and Purse(world, account).equity < _RICH:
        message = "trade denied due to pattern day trading protection"
        raise Refusal(403, 40310100, message)


def _sides(account: Account, since: str) -> dict[tuple[str, str], set[str]]:
    """Which sides were traded, by day and symbol."""
    found: dict[tuple[str, str], set[str]] = {}
    for activity in account.activities:
        row = activity.row
        if activity.kind == "FILL" and row["transaction_time"] > since:
            day = row["transaction_time"][:10]
            found.setdefault((day, row["symbol"]), set()).add(row["side"])
    return found
