"""The terms of an entry: what protects it, how it trails, how long it lasts."""

from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.capabilities import Capabilities
from app.domain.decision import Denial, Denied
from app.domain.instrument import AssetClass, Instrument
from app.domain.order import Level, LevelKind, OrderType
from app.domain.protection import HUNDRED
from app.domain.strategy import Strategy
from app.domain.ticks import floor_to_step

PLAIN_STOPS = (None, OrderType.STOP, OrderType.MARKET)
"""Words for a stop that closes at the market."""
TARGET_TYPES = (None, OrderType.LIMIT, OrderType.MARKET)
"""Kinds of take-profit orders that are supported."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The stop and the target of an entry."""

    stop_loss: Level | None
    take_profit: Level | None

    def __bool__(self) -> bool:
        return self.stop_loss is not None or self.take_profit is not None


UNPROTECTED = Levels(None, None)
"""Nothing that goes with an order to its broker."""


def wanted_levels(alert: Alert, row: Strategy | None, usual: Levels = UNPROTECTED) -> Levels:
    """The alert's levels; the row's where the alert gives none, and `usual` where that has none.

    A trail is a stop that follows. The trail of a trailing_stop entry is how it enters, and
    protects nothing.
    """
    stop = alert.stop_loss
    if alert.trail is not None and alert.order_type is not OrderType.TRAILING_STOP:
        stop = replace(alert.trail, type=OrderType.TRAILING_STOP)
    return Levels(
        stop or (row.stop_loss if row else None) or usual.stop_loss,
        alert.take_profit or (row.take_profit if row else None) or usual.take_profit,
    )


def unsupported_protection(alert: Alert, levels: Levels, abilities: Capabilities) -> Denied | None:
    """Refuse protection that the broker, or nobody, can give as it was asked for."""
    problem = None
    if alert.stop_loss is not None and alert.trail is not None:
        problem = "a stop and a trail at once"
    elif levels.stop_loss is not None:
        problem = _stop_problem(levels.stop_loss, abilities)
    target = levels.take_profit
    if problem is None and target is not None and target.type not in TARGET_TYPES:
        problem = f"a {target.type} target"
    if problem is None:
        return None
    return Denied(Denial.UNSUPPORTED_PROTECTION, f"{problem} is not supported")


def _stop_problem(stop: Level, abilities: Capabilities) -> str | None:
    kinds = abilities.stop_types | abilities.lone_stops
    if stop.type not in PLAIN_STOPS and stop.type not in kinds:
        return f"a {stop.type} stop"
    if stop.type == OrderType.TRAILING_STOP and stop.kind is LevelKind.PRICE:
        return "a trailing stop at a price, not a distance,"
    if stop.type == OrderType.STOP_LIMIT and stop.limit_price is None:
        return "a stop_limit stop without its limit_price"
    return None


def trail_distance(trail: Level, reference: Decimal, tick: Decimal) -> Decimal | None:
    """How far an entry trails the price, in whole ticks; None for what is no distance."""
    if trail.kind is LevelKind.PRICE:
        return None
    distance = trail.value
    if trail.kind is LevelKind.PERCENT:
        distance = reference * trail.value / HUNDRED
    return max(floor_to_step(distance, tick), tick)


def time_in_force(
    alert: Alert, instrument: Instrument, levels: Levels, abilities: Capabilities
) -> str | Denied:
    """How long an entry lasts.

    Where nothing is said a plain entry lasts for the day; brackets, whose legs would lapse too, and
    crypto until they are canceled (rule 35).
    """
    word = alert.time_in_force
    if word is None:
        return "gtc" if levels or instrument.asset_class is AssetClass.CRYPTO else "day"
    if word not in abilities.times_in_force:
        return Denied(Denial.UNSUPPORTED_TIME_IN_FORCE, f"{word} orders are not supported there")
    return word
