"""Shields: the orders that protect what an entry filled, and those that close it instead. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.capabilities import Capabilities
from app.domain.identity import client_order_id
from app.domain.instrument import Instrument
from app.domain.order import (
    Guard,
    Leg,
    Level,
    LevelKind,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
)
from app.domain.protection import leg_price, leg_type
from app.domain.ticks import floor_to_step, round_to_tick
from app.ports.journal import OrderRecord

ONE = Decimal(1)
BAND = Decimal("0.01")
"""How far the limit of a stop lies beyond it, where a broker has no stops that close at market."""
NEAREST = Decimal("0.001")
"""How far from the quote a stop is put that was refused where it was wanted."""
MADE_WAY = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED})
"""How a leg ends that has to come back where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shields:
    """Makes orders for what one entry filled.

    `family`: those that were made before, the oldest first; `duty`: the job that makes them.
    """

    duty: int
    entry: OrderRecord
    guard: Guard
    family: Sequence[OrderRecord]
    instrument: Instrument
    abilities: Capabilities

    def protection(self, quantity: Decimal, quote: Decimal | None) -> OrderIntent | None:
        """The stop, beside its target where both can rest; None when it is too small for one.

        Args:
            quantity: how much is bare.
            quote: a price that the stop must not have passed; None where it may be anywhere.
        """
        usable, target = self._on_grid(quantity), self._target_price()
        if not usable:
            return None
        if self.guard.stop_loss is None:
            return self._target_alone(usable, target)
        stop = self._priced(self._order("stop", OrderRole.STOP_LOSS, usable), quote)
        if target is None or not self.abilities.oco or stop.order_type in self.abilities.lone_stops:
            return replace(stop, target=target)
        leg = Leg(self._id("target"), Level(LevelKind.PRICE, target))
        return replace(stop, take_profit=leg)

    def sale(self, quantity: Decimal) -> OrderIntent | None:
        """What sells at the market once a watched target was reached."""
        usable = self._on_grid(quantity)
        return self._order("sale", OrderRole.TAKE_PROFIT, usable) if usable else None

    def at_level(self, quantity: Decimal, price: Decimal) -> OrderIntent | None:
        """What closes at the market once a price is at a level, where no stop rests."""
        role = reached(self.entry, self.guard, self.instrument.tick, price)
        usable = floor_to_step(quantity, self.instrument.step)
        return self._order("watched", role, usable) if role is not None and usable else None

    def close(self, quantity: Decimal) -> OrderIntent | None:
        """What closes at the market what cannot be protected."""
        usable = self._on_grid(quantity)
        return self._order("bail", OrderRole.EXIT, usable) if usable else None

    @property
    def refusals(self) -> int:
        """How many stops of this duty the broker has refused."""
        refused = [order for order in self.family if order.status is OrderStatus.REJECTED]
        return sum(order.job_id == self.duty and order.role is self._role for order in refused)

    @property
    def _role(self) -> OrderRole:
        stop = self.guard.stop_loss is not None
        return OrderRole.STOP_LOSS if stop else OrderRole.TAKE_PROFIT

    def _on_grid(self, quantity: Decimal) -> Decimal:
        return protectable(quantity, self.instrument, self.abilities)

    def _target_alone(self, quantity: Decimal, price: Decimal | None) -> OrderIntent | None:
        if price is None:
            return None
        order = self._order("target", OrderRole.TAKE_PROFIT, quantity)
        lasts = self._lasts("gtc")
        return replace(order, order_type=OrderType.LIMIT, limit_price=price, time_in_force=lasts)

    def _priced(self, order: OrderIntent, quote: Decimal | None) -> OrderIntent:
        """A stop of the kind that was asked for, or the next best that its broker has.

        One that comes back stays where it was, also one that had trailed.
        """
        level = self.guard.stop_loss
        assert level is not None  # noqa: S101  # asked by the only caller
        order = replace(order, time_in_force=self._lasts("gtc"))
        price, known = self._price(level, OrderRole.STOP_LOSS), self._ended(OrderRole.STOP_LOSS)
        kind = leg_type(level, OrderRole.STOP_LOSS)
        if kind is OrderType.TRAILING_STOP and not known:
            return replace(order, order_type=kind, trail=abs(self._reference - price))
        if kind is OrderType.TRAILING_STOP:
            kind = OrderType.STOP
        if kind not in self.abilities.stop_types:
            kind = OrderType.STOP_LIMIT
        stop = self._possible(known[-1] if known else price, quote)
        limit = self._limit_of(stop) if kind is OrderType.STOP_LIMIT else None
        return replace(order, order_type=kind, stop_price=stop, limit_price=limit)

    def _possible(self, stop: Decimal, quote: Decimal | None) -> Decimal:
        """Where a stop is put that was refused: beyond the quote, if it was reached."""
        if quote is None:
            return stop
        sign = self.entry.side.sign
        nearest = quote * (1 - sign * NEAREST)
        return self._rounded(nearest, stop=True) if (stop - nearest) * sign > 0 else stop

    def _limit_of(self, stop: Decimal) -> Decimal:
        """The limit that was asked for, where it still lets the stop fill; else one beyond it."""
        level, sign = self.guard.stop_loss, self.entry.side.sign
        asked = level.limit_price if level is not None else None
        if asked is not None and (stop - asked) * sign >= 0:
            return self._rounded(asked, stop=False)
        return self._rounded(stop * (1 - sign * BAND), stop=False)

    def _target_price(self) -> Decimal | None:
        if self.guard.take_profit is None:
            return None
        known = self._ended(OrderRole.TAKE_PROFIT)
        return known[-1] if known else self._price(self.guard.take_profit, OrderRole.TAKE_PROFIT)

    def _price(self, level: Level, role: OrderRole) -> Decimal:
        return leg_price(
            level,
            role,
            entry_side=self.entry.side,
            reference=self._reference,
            tick=self.instrument.tick,
        )

    @property
    def _reference(self) -> Decimal:
        average = self.entry.average_price
        assert average is not None  # noqa: S101  # it has filled
        return average

    def _ended(self, role: OrderRole) -> Sequence[Decimal]:
        """The prices of the legs that made way, or lapsed."""
        ended = [leg for leg in self.family if leg.role is role and leg.status in MADE_WAY]
        stops = role is OrderRole.STOP_LOSS
        prices = [leg.stop_price if stops else leg.limit_price for leg in ended]
        return [price for price in prices if price is not None]

    def _rounded(self, price: Decimal, *, stop: bool) -> Decimal:
        side = self.entry.side.opposite
        return round_to_tick(price, self.instrument.tick, side=side, stop=stop)

    def _id(self, word: str) -> str:
        number = len(self.family) + 1
        return client_order_id(self.entry.alert_id, self.entry.account, f"{word} {number}")

    def _lasts(self, word: str) -> str:
        words = self.abilities.times_in_force
        return word if word in words else ("day" if "day" in words else "gtc")

    def _order(self, word: str, role: OrderRole, quantity: Decimal) -> OrderIntent:
        """An order at the market against the entry."""
        return OrderIntent(
            client_order_id=self._id(word),
            account=self.entry.account,
            symbol=self.entry.symbol,
            instrument=self.entry.instrument,
            side=self.entry.side.opposite,
            quantity=quantity,
            role=role,
            time_in_force=self._lasts("day"),
            multiplier=self.entry.multiplier,
            strategy=self.entry.strategy,
            parent=self.entry.client_order_id,
        )


def protectable(quantity: Decimal, instrument: Instrument, abilities: Capabilities) -> Decimal:
    """How much of a quantity is on the grid of what a broker takes protection for."""
    parts = abilities.fractional and abilities.fractional_brackets
    return floor_to_step(quantity, instrument.step if parts else max(instrument.step, ONE))


def reached(entry: OrderRecord, guard: Guard, tick: Decimal, price: Decimal) -> OrderRole | None:
    """Which of an entry's levels a price is at, or beyond."""
    if entry.average_price is None:
        return None
    for role, level in (
        (OrderRole.STOP_LOSS, guard.stop_loss),
        (OrderRole.TAKE_PROFIT, guard.take_profit),
    ):
        if level is None:
            continue
        at = leg_price(level, role, entry_side=entry.side, reference=entry.average_price, tick=tick)
        sign = entry.side.sign if role is OrderRole.TAKE_PROFIT else -entry.side.sign
        if (price - at) * sign >= 0:
            return role
    return None
