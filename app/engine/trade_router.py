"""The Trade Router: an alert and what is held become a signal, or a reason why not.

Trading-rules 6 to 11 and 14 are decided here. Pure: it reads nothing and changes nothing.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.alert import Action, Alert, Amount, AmountUnit
from app.domain.capabilities import Capabilities
from app.domain.decision import (
    Denial,
    Denied,
    Note,
    Noted,
    Refusal,
    Signal,
    Skip,
    Skipped,
    TradeType,
)
from app.domain.instrument import AssetClass
from app.domain.order import Side
from app.domain.strategy import Sides, Strategy

ALL = Amount(Decimal(100), AmountUnit.PERCENT_OF_POSITION)
PERCENTS = (AmountUnit.PERCENT, AmountUnit.PERCENT_OF_POSITION)
ENTRY_UNITS = (AmountUnit.PERCENT_OF_EQUITY, AmountUnit.RISK_CASH)
"""What sizes entries only: beside a close it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the router judges an alert against. Quantities in units, negative when short.

    `held` is the strategy's own, `foreign` what else there is, `unexplained` the part of the
    position that no fill in the journal accounts for. `newcomer`: the strategy never traded it.
    """

    asset_class: AssetClass
    held: Decimal
    strategy: Strategy | None
    capabilities: Capabilities
    foreign: Decimal = Decimal(0)
    unexplained: Decimal = Decimal(0)
    newcomer: bool = False

    @property
    def sides(self) -> Sides:
        """Which positions may be opened: the row's word, else both where the broker can short."""
        if self.strategy is not None and self.strategy.sides is not None:
            return self.strategy.sides
        can_short = self.asset_class in self.capabilities.short_asset_classes
        return Sides.BOTH if can_short else Sides.LONG

    @property
    def word(self) -> str:
        """What is held, in the alert's words."""
        return "flat" if not self.held else "long" if self.held > 0 else "short"


class TradeRouter:
    """Finds out what an alert means: asset class, trade type, side, how much goes and comes."""

    def route(self, alert: Alert, now: Situation) -> Signal | Refusal:
        """The signal of an alert in a situation."""
        strategy = now.strategy
        if strategy is not None and not strategy.active and not alert.only_reduces:
            return Skipped(Skip.INACTIVE, f"the row of {strategy.symbol} is not active")
        if alert.action is None:
            return Noted(Note.NO_ACTION, "the message names no side")
        if alert.action is Action.CANCEL:
            return Signal(asset_class=now.asset_class, trade_type=TradeType.CANCEL, side=None)
        return _move(alert, now)


def _move(alert: Alert, now: Situation) -> Signal | Refusal:
    if alert.closes is not None and alert.closes != now.word:
        return _nothing_held(now)
    if alert.position_size is not None:
        return _to_target(alert, now)
    if alert.action is Action.CLOSE or alert.position_word == "flat":
        return _close(now, _share(alert) if alert.action is Action.CLOSE else ALL)
    if alert.action is Action.REVERSE:
        return _turn(alert, now)
    if alert.action is Action.ADD:
        return _add(alert, now)
    return _by_side(alert, now)


def _by_side(alert: Alert, now: Situation) -> Signal | Refusal:
    """BUY goes long, SELL goes short, the opposite is closed first, within the position words."""
    side = Side.BUY if alert.action is Action.BUY else Side.SELL
    if alert.opposes_its_position:
        return _only_reduce(alert, now, side)
    if now.held * side.sign > 0:
        return _grow(alert, now, side)
    if now.held == 0:
        if alert.quantity is not None and alert.quantity.unit is AmountUnit.PERCENT_OF_POSITION:
            return _nothing_held(now)
        return _enter(now, side, _new_size(alert, now, side))
    return _against(alert, now, side)


def _only_reduce(alert: Alert, now: Situation, side: Side) -> Signal | Refusal:
    """The words name the other side: this order takes something off and never crosses (rule 6)."""
    if now.held * side.sign >= 0:
        return _nothing_held(now)
    if alert.quantity is None or alert.quantity.unit in ENTRY_UNITS:
        return Denied(
            Denial.AMBIGUOUS_QUANTITY,
            f"{side.value} while the position stays {alert.position_word}: how much is not said",
        )
    return _close(now, alert.quantity)


def _grow(alert: Alert, now: Situation, side: Side) -> Signal | Refusal:
    pyramiding = now.strategy is not None and now.strategy.pyramiding
    if alert.wants_state or not pyramiding:
        return _already(now.held)
    return _enter(now, side, _new_size(alert, now, side), TradeType.ADD)


def _against(alert: Alert, now: Situation, side: Side) -> Signal | Refusal:
    """An order against what is held: a percentage only reduces (rule 10), else it turns."""
    if alert.quantity is not None and alert.quantity.unit in PERCENTS:
        return _close(now, alert.quantity)
    if not now.sides.allow(side) and alert.position_word is None:
        return _close(now, _share(alert))
    return _reverse(now, side, _new_size(alert, now, side))


def _new_size(alert: Alert, now: Situation, side: Side) -> Amount | Denied | None:
    """The new entry's size: TradingView's contracts are old + new on a reversal (rule 8)."""
    quantity = alert.quantity
    if quantity is None or quantity.unit is not AmountUnit.UNITS:
        return quantity
    if alert.prev_market_position != ("short" if side is Side.BUY else "long"):
        return quantity
    previous = alert.prev_position_size
    if previous is None:
        previous = now.held if now.held * side.sign < 0 else Decimal(0)
    old = abs(previous)
    if quantity.value <= old:
        return Denied(
            Denial.AMBIGUOUS_QUANTITY,
            f"quantity {quantity.value} does not exceed the {old} that the reversal closes",
        )
    return Amount(quantity.value - old)


def _to_target(alert: Alert, now: Situation) -> Signal | Refusal:
    """Trade the difference to the target position, crossing zero through flat (rule 9)."""
    target = _signed_target(alert)
    if isinstance(target, Denied):
        return target
    if target == 0:
        return _close(now, ALL)
    if target == now.held:
        return _already(now.held)
    change = Amount(abs(target - now.held))
    if now.held * target > 0 and abs(target) < abs(now.held):
        return _close(now, change)
    if alert.only_reduces:
        return _toward(target, now)
    side = Side.BUY if target > now.held else Side.SELL
    if now.held * target < 0:
        return _reverse(now, side, Amount(abs(target)))
    return _enter(now, side, change, TradeType.ADD if now.held else TradeType.ENTRY)


def _toward(target: Decimal, now: Situation) -> Signal | Refusal:
    """What an alert that only reduces can do for a target beyond what is held (rules 6 and 20)."""
    if now.held * target > 0:
        return Noted(Note.AT_TARGET, f"{now.held} held, {target} wanted: nothing to take off")
    return _close(now, ALL)


def _signed_target(alert: Alert) -> Decimal | Denied:
    target, word = alert.position_size or Decimal(0), alert.position_word
    opposite = (word == "long" and target < 0) or (word == "short" and target > 0)
    if opposite or (word == "flat" and target != 0):
        return Denied(Denial.CONFLICT, f"position_size {target} contradicts {word}")
    return target


def _turn(alert: Alert, now: Situation) -> Signal | Refusal:
    if now.held == 0:
        return Denied(Denial.NO_POSITION, "there is no position to reverse")
    if alert.position_word == now.word:
        return _already(now.held)
    side = Side.SELL if now.held > 0 else Side.BUY
    return _reverse(now, side, _new_size(alert, now, side) or Amount(abs(now.held)))


def _add(alert: Alert, now: Situation) -> Signal | Refusal:
    """`add` grows the position in its own direction (rule 11)."""
    if now.held == 0:
        return Denied(Denial.NO_POSITION, "there is no position to add to")
    if alert.position_word not in (None, now.word):
        detail = f"it adds to a {alert.position_word} position, and a {now.word} one is held"
        return Denied(Denial.CONFLICT, detail)
    side = Side.BUY if now.held > 0 else Side.SELL
    return _enter(now, side, alert.quantity, TradeType.ADD)


def _enter(
    now: Situation, side: Side, size: Amount | Denied | None, kind: TradeType = TradeType.ENTRY
) -> Signal | Denied:
    if isinstance(size, Denied):
        return size
    return Signal(asset_class=now.asset_class, trade_type=kind, side=side, size=size)


def _reverse(now: Situation, side: Side, size: Amount | Denied | None) -> Signal | Denied:
    if isinstance(size, Denied):
        return size
    return Signal(
        asset_class=now.asset_class,
        trade_type=TradeType.REVERSE,
        side=side,
        reduce=ALL,
        size=size,
    )


def _close(now: Situation, share: Amount) -> Signal | Refusal:
    if now.held == 0:
        return _nothing_held(now)
    side = Side.SELL if now.held > 0 else Side.BUY
    return Signal(asset_class=now.asset_class, trade_type=TradeType.EXIT, side=side, reduce=share)


def _share(alert: Alert) -> Amount:
    """How much a close takes: all, unless it says less. An unusable quantity closes all."""
    quantity = alert.quantity
    return ALL if quantity is None or quantity.unit in ENTRY_UNITS else quantity


def _already(held: Decimal) -> Skipped:
    if held > 0:
        return Skipped(Skip.ALREADY_LONG, f"{held} held already")
    return Skipped(Skip.ALREADY_SHORT, f"{-held} sold short already")


def _nothing_held(now: Situation) -> Noted:
    if now.held == 0 and now.foreign:
        others = f"{now.foreign.normalize():f} is not its own"
        return Noted(Note.NO_POSITION, f"this strategy has nothing there to close ({others})")
    if now.held == 0:
        return Noted(Note.NO_POSITION, "there is nothing to close")
    return Noted(Note.NO_POSITION, f"nothing is held on the side to be reduced (held {now.held})")
