"""The risk gate: every limit of an account, asked of every entry and of no exit.

An entry is judged when it is planned (the preview asks the same). What may change until it is sent
is asked again: how many there are in the transaction that journals it, the time and the day's loss
right before the wire write. The limits themselves are in `app.domain.limits`. A fact is read only
when a limit that is set asks for it.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.decision import Denied, Plan
from app.domain.instrument import Instrument, Ticker
from app.domain.limits import (
    Facts,
    Limits,
    check_daily_loss,
    check_entry,
    check_positions,
    check_rate,
    check_windows,
)
from app.domain.order import OrderIntent, OrderType, Side
from app.domain.position import Position, Quote
from app.domain.trading_day import day_start
from app.domain.windows import ZoneOf
from app.engine.accounts import Account
from app.engine.order_engine import Order
from app.ports.clock import Clock
from app.ports.journal import Journal, Unit

SECOND = timedelta(seconds=1)
NOTHING_SET = Limits()

Admit = Callable[[Unit], Denied | None]


class RiskGate:
    """Holds entries against the limits of their account. `zone_of`: time zones by name."""

    def __init__(self, journal: Journal, clock: Clock, zone_of: ZoneOf) -> None:
        self._journal = journal
        self._clock = clock
        self._zone_of = zone_of

    def judge(self, order: Order, plan: Plan) -> Plan:
        """The plan; its entry denied when it breaks a limit. A close before it stays."""
        limits = _limits_of(order)
        if not isinstance(plan.entry, OrderIntent) or limits == NOTHING_SET:
            return plan
        denied = check_entry(limits, self._facts(order, plan.entry, limits, plan.budget))
        return replace(plan, entry=denied, budget=None) if denied is not None else plan

    def look_again(self, account: Account, instrument: Instrument, ticker: Ticker) -> Denied | None:
        """What has changed since the plan: the time, and what the day has lost."""
        limits = account.limits
        denied = check_windows(limits, self._clock.now())
        if denied is not None or limits.max_daily_loss is None:
            return denied
        held = account.broker.positions()
        return check_daily_loss(limits, self._day_result(account, instrument, ticker, held))

    def admission(self, account: Account, intent: OrderIntent) -> Admit:
        """What is asked in the transaction that journals an entry: how many there are.

        Entries are journaled one after the other, so that two of them cannot both be the last for
        which there is room. What that transaction cannot read, the broker's positions, is read
        here; it finds what was entered since by its fills.
        """
        limits, name = account.limits, account.name
        fills, held = 0, frozenset[str]()
        if limits.max_open_positions is not None:
            fills = self._journal.last_fill()
            held = frozenset(position.instrument for position in account.broker.positions())

        def admit(unit: Unit) -> Denied | None:
            if limits.max_open_positions is not None:
                others = (held | unit.being_entered(name, fills)) - {intent.instrument}
                denied = check_positions(limits, len(others))
                if denied is not None:
                    return denied
            if limits.max_orders_per_second is None:
                return None
            since, own = self._clock.now() - SECOND, intent.client_order_id
            return check_rate(limits, unit.entries_since(name, since, without=own))

        return admit

    def _facts(
        self, order: Order, entry: OrderIntent, limits: Limits, budget: Decimal | None
    ) -> Facts:
        account, now = order.account, self._clock.now()
        ticker = Ticker.parse(order.alert.symbol, order.alert.exchange)
        prices, market, spread = _market_facts(order, entry, limits)
        fills = self._journal.last_fill() if limits.max_open_positions is not None else 0
        held: Sequence[Position] = ()
        if limits.max_open_positions is not None or limits.max_daily_loss is not None:
            held = account.broker.positions()
        return Facts(
            names=_names(order.instrument, ticker),
            now=now,
            quantity=entry.quantity,
            notional=_notional(order, entry, limits, budget),
            prices=prices,
            market=market,
            spread=spread,
            has_market_data=not account.broker.capabilities.takes_quotes,
            open_positions=self._others(order, limits, held, fills),
            entries=self._entries(account, now),
            last_entry_at=self._last_entry_at(order, limits, now),
            day_result=self._day_result(account, order.instrument, ticker, held)
            if limits.max_daily_loss is not None
            else Decimal(0),
        )

    def _others(self, order: Order, limits: Limits, held: Sequence[Position], fills: int) -> int:
        if limits.max_open_positions is None:
            return 0
        entered: Set[str] = self._journal.being_entered(order.account.name, fills)
        others = {position.instrument for position in held} | entered
        return len(others - {order.instrument.key})

    def _entries(self, account: Account, now: datetime) -> int:
        if account.limits.max_orders_per_second is None:
            return 0
        return self._journal.entries_since(account.name, now - SECOND)

    def _last_entry_at(self, order: Order, limits: Limits, now: datetime) -> datetime | None:
        if limits.cooldown is None:
            return None
        since = now - limits.cooldown
        return self._journal.last_entry_at(order.account.name, order.instrument.key, since)

    def _day_result(
        self,
        account: Account,
        instrument: Instrument,
        ticker: Ticker,
        held: Sequence[Position],
    ) -> Decimal:
        """Realised since the exchange's day began, and open.

        The positions are read before the journal: what is closed in between counts twice rather
        than not at all.
        """
        if not ticker.exchange:
            ticker = Ticker.parse(instrument.symbol)
        since = day_start(self._clock.now(), ticker, instrument.asset_class, self._zone_of)
        still_open = sum((position.unrealized_pl for position in held), Decimal(0))
        return self._journal.realised(account.name, since) + still_open


def _limits_of(order: Order) -> Limits:
    """The account's limits; the row's `max_quantity` where it is the lower one."""
    limits, row = order.account.limits, order.strategy
    most = row.max_quantity if row is not None else None
    if most is None:
        return limits
    known = limits.max_order_quantity
    return replace(limits, max_order_quantity=most if known is None else min(known, most))


def _names(instrument: Instrument, ticker: Ticker) -> tuple[str, ...]:
    """What a list of symbols may call an instrument."""
    names = (instrument.key, ticker.key)
    with_exchange = (f"{ticker.exchange}:{ticker.key}",) if ticker.exchange else ()
    return tuple(dict.fromkeys(names + with_exchange))


def _notional(
    order: Order, entry: OrderIntent, limits: Limits, budget: Decimal | None
) -> Decimal | None:
    """What the entry can cost: a sell limit or buy stop below the market fills at the market."""
    selling = entry.side is Side.SELL
    passable = OrderType.LIMIT if selling else OrderType.STOP
    if limits.max_order_notional is None or budget is None:
        return budget
    prices = [price for price in (entry.limit_price, entry.stop_price) if price is not None]
    if entry.order_type is passable:
        quote = order.account.broker.quote(order.instrument.key)
        if quote is None and not order.account.broker.capabilities.takes_quotes:
            return None
        prices += [quote.price] if quote is not None else []
    elif not (selling and entry.order_type is OrderType.STOP_LIMIT):
        return budget
    return max(prices) * entry.quantity * order.instrument.multiplier


def _market_facts(
    order: Order, entry: OrderIntent, limits: Limits
) -> tuple[tuple[Decimal, ...], Decimal | None, Decimal | None]:
    """The entry's prices, the market's price to compare them with, the spread in percent."""
    if limits.price_collar_percent is None and limits.max_spread_percent is None:
        return (), None, None
    quote = order.account.broker.quote(order.instrument.key)
    own = tuple(price for price in (entry.limit_price, entry.stop_price) if price is not None)
    if not own and order.alert.price is not None and not order.alert.has_option_fields:
        own = (order.alert.price,)
    market = _independent(order, quote)
    spread = quote.spread if quote is not None else None
    return own, market.price if market is not None else None, spread


def _independent(order: Order, quote: Quote | None) -> Quote | None:
    """The newest quote that did not come with the alert itself.

    Where quotes come from alerts, this one's own price has become the newest by now, unless it was
    only looked at (`order.quoted`).
    """
    own = order.quoted is None and order.account.broker.capabilities.takes_quotes
    if quote is None or not own or quote.price != order.alert.price:
        return quote
    return quote.before
