"""The Order Engine: a signal becomes a complete order, or the reason why there is none."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.domain.alert import Alert, Amount, AmountUnit
from app.domain.capabilities import Capabilities
from app.domain.decision import Denial, Denied, Plan, Signal
from app.domain.identity import client_order_id
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import (
    Guard,
    Leg,
    Level,
    LevelKind,
    OrderIntent,
    OrderRole,
    OrderType,
    Side,
)
from app.domain.protection import check_levels, leg_price
from app.domain.session import INDIA
from app.domain.share import WHOLE, Share
from app.domain.sizing import Means, entry_quantity
from app.domain.strategy import Strategy
from app.domain.ticks import floor_to_step, round_to_tick
from app.engine.accounts import Account
from app.engine.entry_terms import (
    UNPROTECTED,
    Levels,
    time_in_force,
    trail_distance,
    unsupported_protection,
    wanted_levels,
)

CENT = Decimal("0.01")
FARTHEST = Decimal(90)
"""How far from the premium the stop or target of an option may be, in percent of it."""
OF_THE_ACCOUNT = (AmountUnit.PERCENT, AmountUnit.PERCENT_OF_EQUITY, AmountUnit.RISK_CASH)
"""Sizes that depend on the account's money."""
OUTRIGHT = (AmountUnit.UNITS, AmountUnit.LOTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the engine makes an order from.

    `share`: what the account takes of a size that the owner gave. `quoted`: a price that counts as
    the newest quote. `extended_hours`: the order may be executed outside the regular hours of its
    market. `usual`: levels where neither alert nor row gives any.
    """

    alert_id: str
    alert: Alert
    signal: Signal
    instrument: Instrument
    account: Account
    strategy: Strategy | None
    share: Share = WHOLE
    quoted: Decimal | None = None
    extended_hours: bool = False
    usual: Levels = UNPROTECTED

    @property
    def is_option(self) -> bool:
        """Whether a right is traded, whose price is a premium (trading-rules 29 and 30)."""
        return self.instrument.asset_class is AssetClass.OPTION

    @property
    def levels(self) -> Levels:
        """The stop and the target that were asked for."""
        return wanted_levels(self.alert, self.strategy, self.usual)

    @property
    def abilities(self) -> Capabilities:
        """What its account can do with this kind of instrument, under the product it names."""
        of_class = self.account.broker.capabilities.for_class(self.instrument.asset_class)
        return of_class.for_product(self.alert.product_type)


DayEnd = Callable[[Order], datetime | None]
"""When the day of an order that lasts for the day ends (aware UTC); None: never."""


def endless(_: Order) -> None:
    """The day of a market that does not close."""


class OrderEngine:
    """Decides type, price, quantity and protection of an entry.

    `day_end`: when an order that lasts for the day ends. `of_options`: levels of Indian options for
    which nobody gave any (trading-rules 30).
    """

    def __init__(self, day_end: DayEnd = endless, of_options: Levels = UNPROTECTED) -> None:
        self._day_end = day_end
        self._of_options = of_options

    def plan(self, order: Order) -> Plan:
        """The plan of a signal. What forbids the entry never blocks a close that comes first."""
        if not order.signal.enters:
            return Plan(signal=order.signal)
        usual = order.is_option and Ticker.parse(order.instrument.symbol).exchange in INDIA
        entry = self._entry(replace(order, usual=self._of_options if usual else UNPROTECTED))
        if isinstance(entry, Denied):
            return Plan(signal=order.signal, entry=entry)
        intent, budget = entry
        return Plan(signal=order.signal, entry=intent, budget=budget)

    def _entry(self, order: Order) -> tuple[OrderIntent, Decimal | None] | Denied:
        assert order.signal.side is not None  # noqa: S101  # only a cancel has no side
        side = order.signal.side
        refusal = _unfit(order, side) or _beside_the_lot(order)
        if refusal is not None:
            return refusal
        prices = _prices(order, side)
        if isinstance(prices, Denied):
            return prices
        levels = _levels(order, side, prices)
        if isinstance(levels, Denied):
            return levels
        quantity = _quantity(order, side, prices, levels)
        if isinstance(quantity, Denied):
            return quantity
        watched = _is_watched(order, levels, quantity)
        lasts = self._lasts(order, prices, UNPROTECTED if watched else levels)
        if isinstance(lasts, Denied):
            return lasts
        notional = _notional(order, quantity, prices.reference)
        intent = _intent(order, side, quantity, prices, levels, lasts)
        if watched:
            intent = replace(intent, stop_loss=None, take_profit=None, guard=_watch(levels))
        return replace(intent, notional=_worth(order, intent)), notional

    def _lasts(self, order: Order, prices: "_Prices", levels: Levels) -> "_Life | Denied":
        alert, abilities = order.alert, order.abilities
        native = _taken_along(levels, prices.order_type, abilities)
        word = time_in_force(alert, order.instrument, native, abilities)
        if isinstance(word, Denied):
            return word
        ends = [alert.expires_at, self._day_end(order) if word == "day" else None]
        return _Life(word, min((end for end in ends if end is not None), default=None))


@dataclass(frozen=True, slots=True)
class _Prices:
    """How the entry is priced, and the price that sizes and levels refer to (None: no quote)."""

    order_type: OrderType
    limit: Decimal | None
    stop: Decimal | None
    reference: Decimal | None
    trail: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Life:
    time_in_force: str
    expires_at: datetime | None


def _unfit(order: Order, side: Side) -> Denied | None:
    """Why this alert cannot become an entry at all (rules 6, 14, broker restrictions)."""
    alert, abilities = order.alert, order.abilities
    if alert.unusable:
        names = ", ".join(sorted(alert.unusable))
        return Denied(Denial.UNRENDERED_FIELD, f"present but not rendered: {names}")
    if alert.unsupported:
        names = ", ".join(alert.unsupported)
        return Denied(Denial.UNSUPPORTED_PROTECTION, f"not understood as protection: {names}")
    if order.instrument.asset_class not in abilities.asset_classes:
        return Denied(
            Denial.UNKNOWN_SYMBOL, f"{order.instrument.asset_class.value} is not traded there"
        )
    sides = order.strategy.sides if order.strategy is not None else None
    if sides is not None and not sides.allow(side):
        return Denied(Denial.SIDE_NOT_ALLOWED, f"the row allows {sides.value} only")
    if side is Side.SELL and not order.abilities.can_short(order.instrument):
        crypto = order.instrument.asset_class is AssetClass.CRYPTO
        reason = Denial.CRYPTO_SHORT if crypto else Denial.NOT_SHORTABLE
        return Denied(reason, f"{order.instrument.symbol} cannot be sold short there")
    return None


def _beside_the_lot(order: Order) -> Denied | None:
    """Whether what was given outright is no number of lots: no price is needed to tell."""
    size, lot = order.signal.size or _known_size(order), order.instrument.lot
    if size is None or lot is None or size.unit not in OUTRIGHT:
        return None
    sized = entry_quantity(size, _means(order, size, None, None))
    return sized if isinstance(sized, Denied) else None


def _prices(order: Order, side: Side) -> _Prices | Denied:
    alert, instrument = order.alert, order.instrument
    kind = alert.order_type or OrderType.MARKET
    if kind not in order.abilities.order_types:
        return Denied(Denial.UNSUPPORTED_ORDER_TYPE, f"{kind.value} orders are not supported")
    needs_limit = kind in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    if not needs_limit and order.extended_hours and alert.extended_hours:
        return Denied(Denial.NO_PRICE, "an order for extended hours needs a limit price")
    if kind is OrderType.TRAILING_STOP:
        return _trailing_price(order)
    needs_stop = kind in (OrderType.STOP, OrderType.STOP_LIMIT)
    if (needs_limit and alert.limit_price is None) or (needs_stop and alert.stop_price is None):
        return Denied(Denial.NO_PRICE, f"a {kind.value} order needs its price")
    limit = stop = None
    if needs_limit and alert.limit_price is not None:
        limit = round_to_tick(alert.limit_price, instrument.tick, side=side, stop=False)
    if needs_stop and alert.stop_price is not None:
        stop = round_to_tick(alert.stop_price, instrument.tick, side=side, stop=True)
    return _priced(order, kind, limit, stop)


def _trailing_price(order: Order) -> _Prices | Denied:
    trail, reference = order.alert.trail, _newest_price(order)
    if trail is None:
        return Denied(Denial.NO_PRICE, "a trailing_stop order needs its trail")
    if reference is None:
        return Denied(Denial.NO_QUOTE, f"no fresh price of {order.instrument.symbol} is known")
    distance = trail_distance(trail, reference, order.instrument.tick)
    if distance is None:
        return Denied(Denial.NO_PRICE, "a trail is a distance, not a price")
    return _Prices(OrderType.TRAILING_STOP, None, None, reference, distance)


def _priced(
    order: Order, kind: OrderType, limit: Decimal | None, stop: Decimal | None
) -> _Prices | Denied:
    if any(price is not None and price <= 0 for price in (limit, stop)):
        return Denied(Denial.NO_PRICE, f"a {kind.value} order needs a positive price")
    reference = limit if limit is not None else stop
    if reference is None:
        reference = _newest_price(order)
        if reference is None and order.account.broker.capabilities.takes_quotes:
            return Denied(Denial.NO_QUOTE, f"no fresh price of {order.instrument.symbol} is known")
    return _Prices(kind, limit, stop, reference)


def _newest_price(order: Order) -> Decimal | None:
    if order.quoted is not None:
        return order.quoted
    quote = order.account.broker.quote(order.instrument.key)
    return quote.price if quote is not None else None


def _quantity(order: Order, side: Side, prices: _Prices, levels: Levels) -> Decimal | Denied:
    size = order.signal.size or _known_size(order) or _one_lot(order)
    if size is None:
        return Denied(Denial.NO_SIZE, "neither the alert nor a strategy row gives a size")
    stop = _stop_price(order, side, prices.reference, levels.stop_loss)
    quantity = entry_quantity(size, _means(order, size, prices.reference, stop))
    if isinstance(quantity, Denied):
        return quantity
    return _whole_if_needed(order, side, prices.order_type, quantity)


def _known_size(order: Order) -> Amount | None:
    """The size that the owner gave: for this account in the row, for all there, the default."""
    if order.share.size is not None:
        return order.share.size
    of_row = order.strategy.size if order.strategy is not None else None
    default = order.account.default_size
    if of_row is None and default is not None:
        of_row = Amount(default, AmountUnit.CASH)
    return order.share.scaled(of_row)


def _one_lot(order: Order) -> Amount | None:
    """What is meant of an option when nobody says how many."""
    return order.share.scaled(Amount(Decimal(1), AmountUnit.LOTS)) if order.is_option else None


def _stop_price(
    order: Order, side: Side, reference: Decimal | None, stop: Level | None
) -> Decimal | None:
    """Where the stop of the entry will be; a relative one refers to the entry's limit, if any."""
    if stop is None or reference is None:
        return None
    return leg_price(
        stop,
        OrderRole.STOP_LOSS,
        entry_side=side,
        reference=reference,
        tick=order.instrument.tick,
    )


def _means(order: Order, size: Amount, reference: Decimal | None, stop: Decimal | None) -> Means:
    """Money is read only when the size depends on it."""
    equity = buying_power = Decimal(0)
    if size.unit in OF_THE_ACCOUNT:
        balance = order.account.broker.balance()
        equity, buying_power = balance.equity, balance.buying_power
        if order.signal.reduce is not None:
            # A reversal frees what the old position binds before the new one is opened.
            buying_power = equity
    return Means(
        price=reference,
        equity=equity,
        buying_power=buying_power,
        multiplier=order.instrument.multiplier,
        step=order.instrument.step,
        lot=order.instrument.lot,
        stop=stop,
        tick=order.instrument.tick,
    )


def _whole_if_needed(
    order: Order, side: Side, kind: OrderType, quantity: Decimal
) -> Decimal | Denied:
    """Whole units where the broker takes no fractions, or not so: with protection, short (34)."""
    abilities = order.abilities
    allowed = abilities.fractional and kind in abilities.fractional_types
    barred = order.levels and not abilities.fractional_brackets
    short = side is Side.SELL and not abilities.fractional_shorts
    if allowed and not barred and not short:
        return quantity
    whole = floor_to_step(quantity, Decimal(1))
    if whole <= 0 and allowed and not short and _may_be_watched(order, order.levels):
        return quantity
    if whole <= 0:
        return Denied(Denial.TOO_SMALL, f"{quantity} is less than one whole unit")
    return whole


def _may_be_watched(order: Order, levels: Levels) -> bool:
    """Whether the owner wants an entry too small for a stop, which cannot trail then (rule 34)."""
    row, stop = order.strategy, levels.stop_loss
    trails = stop is not None and stop.type == OrderType.TRAILING_STOP
    return row is not None and row.emulated_stop and not trails


def _is_watched(order: Order, levels: Levels, quantity: Decimal) -> bool:
    return bool(levels) and quantity < 1 and not order.abilities.fractional_brackets


def _watch(levels: Levels) -> Guard:
    return Guard(levels.stop_loss, levels.take_profit, watched=True)


def _levels(order: Order, side: Side, prices: _Prices) -> Levels | Denied:
    abilities, levels = order.abilities, order.levels
    if order.is_option and side is Side.SELL and levels.stop_loss is None:
        return Denied(Denial.NAKED_OPTION, "an option is only written with a stop")
    if not levels:
        return levels
    if prices.order_type not in abilities.bracket_entries and not abilities.can_guard:
        return Denied(
            Denial.UNSUPPORTED_PROTECTION,
            f"a {prices.order_type.value} entry cannot be protected there",
        )
    unsupported = unsupported_protection(order.alert, levels, abilities)
    if unsupported is not None:
        return unsupported
    if levels.stop_loss is not None and order.extended_hours and not abilities.stops_never_sleep:
        detail = "its stop would sleep outside regular hours"
        return Denied(Denial.NO_STOP_IN_SESSION, detail)
    if prices.reference is None:
        return _unjudged(order, levels)
    wrong = check_levels(
        levels.stop_loss,
        levels.take_profit,
        entry_side=side,
        reference=prices.reference,
        tick=order.instrument.tick,
        farthest=FARTHEST if order.is_option else None,
    )
    return wrong or levels


def _unjudged(order: Order, levels: Levels) -> Levels | Denied:
    """Levels while no price is known. Those of an option may be meant of its underlying."""
    given = (levels.stop_loss, levels.take_profit)
    if order.is_option and any(level and level.kind is LevelKind.PRICE for level in given):
        detail = f"no premium of {order.instrument.symbol} is known to hold its levels against"
        return Denied(Denial.NO_QUOTE, detail)
    return levels


def _notional(order: Order, quantity: Decimal, reference: Decimal | None) -> Decimal | None:
    return None if reference is None else quantity * reference * order.instrument.multiplier


def _worth(order: Order, intent: OrderIntent) -> Decimal | None:
    """The money of an entry that its broker takes by its worth: a plain purchase of the day.

    Its quantity is what that money buys at the newest price, which limits are held against.
    """
    size = order.signal.size or _known_size(order)
    plain = intent.order_type is OrderType.MARKET and intent.side is Side.BUY
    if not (plain and order.abilities.notional and intent.time_in_force == "day"):
        return None
    if size is None or size.unit is not AmountUnit.CASH or order.instrument.step >= 1:
        return None
    return None if order.levels else _cents(size.value)


def _cents(money: Decimal) -> Decimal | None:
    return floor_to_step(money, CENT) or None


def _intent(  # the parts of an order, one each
    order: Order, side: Side, quantity: Decimal, prices: _Prices, levels: Levels, lasts: _Life
) -> OrderIntent:
    native = _taken_along(levels, prices.order_type, order.abilities)
    stop, target = native.stop_loss, native.take_profit
    return OrderIntent(
        client_order_id=_id(order, "entry"),
        account=order.account.name,
        symbol=order.instrument.symbol,
        instrument=order.instrument.key,
        side=side,
        quantity=quantity,
        role=OrderRole.ENTRY,
        order_type=prices.order_type,
        limit_price=prices.limit,
        stop_price=prices.stop,
        trail=prices.trail,
        time_in_force=lasts.time_in_force,
        expires_at=lasts.expires_at,
        multiplier=order.instrument.multiplier,
        stop_loss=Leg(_id(order, "stop"), stop) if stop else None,
        take_profit=Leg(_id(order, "target"), target) if target else None,
        strategy=order.alert.strategy or "",
        extended_hours=order.extended_hours,
        product=order.alert.product_type or "",
        guard=Guard(levels.stop_loss, levels.take_profit) if levels and not native else None,
    )


def _taken_along(levels: Levels, kind: OrderType, abilities: Capabilities) -> Levels:
    """The protection that goes with the entry's order; what does not is armed once it fills."""
    stop = levels.stop_loss.type if levels.stop_loss is not None else None
    return levels if abilities.takes_along(kind, stop) else UNPROTECTED


def _id(order: Order, leg: str) -> str:
    return client_order_id(order.alert_id, order.account.name, leg)
