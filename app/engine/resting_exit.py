"""An exit that rests at its limit: the stop that made way for it stays beside it. Pure.

The two make a pair at the broker; where there are none, the stop rests and the limit is watched
(trading-rules 33).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.capabilities import Capabilities
from app.domain.instrument import Instrument
from app.domain.order import Guard, Leg, Level, LevelKind, OrderIntent, OrderRole
from app.engine.shields import Shields
from app.ports.journal import OrderRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A stop that made way for an exit, and the entry that it protects, with what that wanted."""

    stop: OrderRecord
    entry: OrderRecord
    wanted: OrderIntent


def beside_its_stop(
    exit_: OrderIntent,
    stops: Sequence[Stopped],
    target_id: str,
    instrument: Instrument,
    abilities: Capabilities,
) -> OrderIntent:
    """The exit as the target beside the stop that was nearest; as it is where there was none.

    Args:
        exit_: what was asked for; its id becomes that of the stop.
        stops: those that made way for it.
        target_id: our id of the target, where the two make a pair.
        instrument: what is held.
        abilities: what its broker can do with it.
    """
    wanted = [each for each in stops if each.wanted.protection.stop_loss is not None]
    if not wanted or exit_.limit_price is None:
        return exit_
    nearest = max(wanted, key=lambda each: -exit_.side.sign * (each.stop.stop_price or Decimal(0)))
    target = Level(LevelKind.PRICE, exit_.limit_price)
    shields = Shields(
        duty=0,
        entry=nearest.entry,
        guard=Guard(nearest.wanted.protection.stop_loss, target),
        family=[nearest.stop],
        instrument=instrument,
        abilities=abilities,
    )
    order = shields.protection(exit_.quantity, None)
    if order is None or order.quantity != exit_.quantity:
        return exit_
    pair = Leg(target_id, target) if order.take_profit is not None else None
    return replace(order, client_order_id=exit_.client_order_id, take_profit=pair)


def rests(exit_: OrderIntent, quote: Decimal | None) -> bool:
    """Whether an exit waits for its limit: the price is not there, or nobody knows."""
    limit = exit_.limit_price
    if limit is None or exit_.role is not OrderRole.EXIT:
        return False
    return quote is None or (quote - limit) * exit_.side.sign > 0
